/* SPDX-License-Identifier: Apache-2.0 */
#include "invariants.h"

#include "base/attrs.h"
#include "base/str.h"
#include "domain/attempt.h"
#include "invariants_parts.h"

bool does(const struct plan *plan, unsigned actions)
{
    return (plan->actions & actions) != 0;
}

bool writes(const struct plan *plan)
{
    return does(plan, ACTION_WRITE_STATUS);
}

bool misses_start(const struct scene *scene, const struct plan *plan)
{
    return writes(plan) && plan->status.attempt.outcome == OUTCOME_NONE &&
           str_eq(plan->status.reason, REASON_START_MISSED) &&
           !str_eq(before(scene)->reason, REASON_START_MISSED);
}

bool never_ran(const struct attempt *attempt)
{
    return str_eq(attempt->reason, "NeverStarted") || str_eq(attempt->reason, REASON_START_MISSED);
}

const struct migration_status *before(const struct scene *scene)
{
    return &scene->migration.status;
}

bool ends_attempt(const struct scene *scene, const struct plan *plan)
{
    return writes(plan) && scene->at[DIM_ATTEMPT] == ATTEMPT_OPEN &&
           plan->status.attempt.outcome != OUTCOME_NONE;
}

bool begins_attempt(const struct scene *scene, const struct plan *plan)
{
    return writes(plan) && plan->status.attempt.number != before(scene)->attempt.number;
}

bool notes_pod(const struct scene *scene, const struct plan *plan)
{
    return writes(plan) && !begins_attempt(scene, plan) &&
           !str_eq(plan->status.attempt.pod_uid, before(scene)->attempt.pod_uid);
}

bool is_watched(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    bool is_abandoned = is_deleted(scene) && at[DIM_ABANDON] == ABANDON_ASKED;
    return at[DIM_ATTEMPT] == ATTEMPT_OPEN && at[DIM_CLAIM] != CLAIM_OLDER && !is_abandoned;
}

bool is_deleted(const struct scene *scene)
{
    return scene->at[DIM_DELETION] == DELETION_ASKED;
}

bool is_database_fresh(const struct scene *scene)
{
    return scene->at[DIM_DATABASE_READ] == READ_FRESH;
}

bool are_pods_fresh(const struct scene *scene)
{
    return scene->at[DIM_PODS_READ] == READ_FRESH;
}

bool is_job_fresh(const struct scene *scene)
{
    return scene->at[DIM_JOB_READ] == READ_FRESH;
}

bool may_start(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    return at[DIM_CLAIM] == CLAIM_NEXT && at[DIM_LOOK] == LOOK_FRESH && at[DIM_HOLD] == HOLD_ON &&
           scene_are_gates_open(at) && scene_is_wanted(at) && at[DIM_JOB_NAME] == NAME_FREE;
}

static const char *first_broken(const struct invariant *invariants, size_t count,
                                const struct scene *scene, const struct plan *plan)
{
    for (size_t i = 0; i < count; i++) {
        if (!invariants[i].holds(scene, plan)) {
            return invariants[i].rule;
        }
    }
    return NULL;
}

const char *invariants_broken(const struct scene *scene, const struct plan *plan)
{
    const struct {
        const struct invariant *invariants;
        size_t count;
    } parts[] = {
        {invariants_start, invariants_start_count},   {invariants_run, invariants_run_count},
        {invariants_gate, invariants_gate_count},     {invariants_end, invariants_end_count},
        {invariants_status, invariants_status_count},
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const char *rule = first_broken(parts[i].invariants, parts[i].count, scene, plan);
        if (rule != NULL) {
            return rule;
        }
    }
    return NULL;
}
