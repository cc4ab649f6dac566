/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate Soaked: how long versions and rollout must have held without a break before a run starts. What is
 * counted stands in the status, so that a restart of the controller neither shortens nor begins it anew: for each
 * workload since when it has been what is asked of it, with the UID and the revision of which that is said; and
 * the last breach. Whatever happened while nobody looked shows in the workload's own UID and revision: a rollout
 * to another version and back leaves another revision behind. Times are the API server's. Pure.
 *
 * Breaches are all that closes VersionsCompatible, and with rollout Settled a rollout that is under way. That
 * pods are added, removed or replaced in one and the same revision closes RolloutSettled, and is no breach: an
 * application that is scaled every hour would never have soaked for a day.
 */
#ifndef INTERLUDE_DOMAIN_SOAK_H
#define INTERLUDE_DOMAIN_SOAK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/types.h"

struct gates;
struct observed;

/*
 * What is asked of the application, in words: status.applications[].needs. It changes with whatever decides
 * whether a workload is held.
 */
const char *soak_needs(struct arena *arena, const struct application *application,
                       bool must_settle);

/* One workload as it is judged now. */
struct soak_sight {
    const struct workload *workload;
    const struct application_status *status; /* workload, uid, revision and needs of this sight */
    bool is_broken;
    const struct application_status *last; /* status.applications as it was written last */
    size_t last_count;
    int64_t now_s;
};

/*
 * status.applications[].compatibleSince; 0 while it is broken. Seen for the first time, or as another UID or
 * revision than last: since its rollout was complete and it was created, where it tells that (a Deployment's
 * condition Progressing, by the clock of its controller), else since now. Never later than now.
 */
int64_t soak_since(const struct soak_sight *sight);

/*
 * Judges the gate, sets gates->last_breach, and brings gates->wake_at_s forward. The applications are judged
 * before, if they are known; current is the breach that is there now, reason NULL: none.
 */
void soak_judge(struct arena *arena, const struct observed *seen, const struct breach *current,
                struct gates *gates);

/* The same breach, as far as it has come. */
bool breach_same(const struct breach *a, const struct breach *b);

#endif
