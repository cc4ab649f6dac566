/* SPDX-License-Identifier: Apache-2.0 */
/* The versions that run in an application's pods, as its status lists them: counted and put in order. Pure. */
#ifndef INTERLUDE_DOMAIN_RUNNING_H
#define INTERLUDE_DOMAIN_RUNNING_H

#include "base/arena.h"
#include "domain/types.h"

/* One pod more of the version, which is borrowed. The list is in the arena. */
void running_add(struct arena *arena, struct application_status *status, const char *version);

/* Pods of all versions. */
int64_t running_pods(const struct application_status *status);

/* Most pods first, then by version, so that the same pods always read the same. */
void running_sort(struct application_status *status);

#endif
