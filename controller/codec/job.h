/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Job of an attempt as a manifest, parked: parallelism 0, no owner, no TTL, no deadline. It carries
 * what the run needs of the application's template, if the migration inherits one (codec/inherit.h), and
 * nothing that would make it part of the application. What happens to it later is in codec/job_patch.h.
 */
#ifndef INTERLUDE_CODEC_JOB_H
#define INTERLUDE_CODEC_JOB_H

#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"
#include "domain/types.h"

/*
 * "orders-0003-1f0c2d3e-1": the migration's name (dots become dashes, cut to fit), the first 8
 * characters of its UID, the attempt. At most 63 characters and a DNS label, because it becomes a label.
 */
char *job_name(struct arena *arena, const struct meta *migration, int64_t attempt) MUST_CHECK;

/*
 * A new reference, or NULL with err: ERR_INVALID (the spec's mistake, with field and remedy) or
 * ERR_NOT_FOUND (inheritFrom names a workload, and `workload` is NULL). `workload` is the JSON of the
 * object that inheritFrom names, borrowed; NULL when nothing is inherited. m->run must be there.
 * The arena holds texts for the call only.
 */
json_t *job_build(struct arena *arena, const struct migration *m, int64_t attempt,
                  const json_t *workload, struct err *err) MUST_CHECK;

/*
 * The container whose exit code is the run's. Borrowed from the Job. On the run's pods the same name is
 * the annotation kubectl.kubernetes.io/default-container (struct version_facts).
 */
const char *job_run_container(const json_t *job);

/* A Pod as the Job would make it, to be created with dryRun=All. New. */
json_t *job_dry_run_pod(const json_t *job) MUST_CHECK;

#endif
