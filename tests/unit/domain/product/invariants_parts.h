/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants by the steps that they are about, and the words that they have in common. */
#ifndef INTERLUDE_TESTS_INVARIANTS_PARTS_H
#define INTERLUDE_TESTS_INVARIANTS_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/plan.h"
#include "scene.h"

struct invariant {
    const char *rule;
    bool (*holds)(const struct scene *scene, const struct plan *plan);
};

#define INVARIANTS_OF(part)                                                                        \
    extern const struct invariant invariants_##part[];                                             \
    extern const size_t invariants_##part##_count
INVARIANTS_OF(start);
INVARIANTS_OF(run);
INVARIANTS_OF(gate);
INVARIANTS_OF(end);
INVARIANTS_OF(status);

/* What a plan does; any of the actions. */
bool does(const struct plan *plan, unsigned actions);
bool writes(const struct plan *plan);

/* R7: it says that the start of what still stands behind its gate came too late. */
bool misses_start(const struct scene *scene, const struct plan *plan);

/* It ended, and nothing of it had started: NeverStarted, or StartMissed. */
bool never_ran(const struct attempt *attempt);
bool begins_attempt(const struct scene *scene, const struct plan *plan);
bool notes_pod(const struct scene *scene, const struct plan *plan);
bool ends_attempt(const struct scene *scene, const struct plan *plan);

/* The status as it is before the plan. */
const struct migration_status *before(const struct scene *scene);

/* Steps 8 to 10 are looked at: an open attempt, neither abandoned nor with another attempt's claim. */
bool is_watched(const struct scene *scene);

/* What the scene shows, and whether the server has just said so. */
bool is_deleted(const struct scene *scene);
bool is_database_fresh(const struct scene *scene);
bool is_job_fresh(const struct scene *scene);
bool are_pods_fresh(const struct scene *scene);

/* Everything that steps 3 and 4 ask for before a Job may exist, or be let go. */
bool may_start(const struct scene *scene);

#endif
