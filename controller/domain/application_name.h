/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the workloads of spec.applications are called: to a person "Rollout orders-api", in status.applications
 * "Rollout.argoproj.io/orders-api", without a version, as an object is the same in each that it is served in. Pure.
 */
#ifndef INTERLUDE_DOMAIN_APPLICATION_NAME_H
#define INTERLUDE_DOMAIN_APPLICATION_NAME_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/types.h"

/* "Rollout" */
const char *application_kind(const struct application *application);

/* One of the entry's workloads, as the status has it. In the arena. */
const char *application_workload(struct arena *arena, const struct application *application,
                                 const struct workload *workload);

/* The entry names this one of a status. */
bool application_names(const struct application *application, const char *workload);

/* The entry is about workloads of its kind. */
bool application_selects_kind(const struct application *application, const char *workload);

/* The remembered workload is this one of the entry's: a new one of the same name may select other pods. */
bool application_is_same(struct arena *arena, const struct application *application,
                         const struct workload *workload,
                         const struct application_status *remembered);

#endif
