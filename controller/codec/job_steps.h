/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs around the run, in its own image and environment: run.recover before it, run.verify after it.
 * Init containers run one after the other, each only when the one before has exited with 0; so recover is
 * an init container, and with verify the run is the last one and the check the pod's container. Native
 * sidecars come before all of these. On the pod, annotations name both, as one names the run.
 */
#ifndef INTERLUDE_CODEC_JOB_STEPS_H
#define INTERLUDE_CODEC_JOB_STEPS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"

/*
 * Changes the template, whose run's container is otherwise complete. run is spec.run. recover comes in
 * only when is_recovery_due. False with an INVALID err where another container, or a field of the run's,
 * stands in the way.
 */
bool job_steps_add(json_t *template, const json_t *run, bool is_recovery_due,
                   struct err *err) MUST_CHECK;

#endif
