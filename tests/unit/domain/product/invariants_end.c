/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 11 and 12: what an attempt held is let go. */
#include "base/attrs.h"
#include "base/str.h"
#include "invariants_parts.h"

static bool releases_what_is_closed(const struct scene *scene, const struct plan *plan)
{
    int64_t claimed = scene_claimed(scene->at);
    return !does(plan, ACTION_RELEASE) || (claimed > 0 && scene_is_closed(scene->at, claimed));
}

static bool releases_what_has_ended(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    return !does(plan, ACTION_RELEASE) || at[DIM_CLAIM] != CLAIM_RECORDED ||
           scene_is_end_certain(at);
}

/* Whoever took the claim off: pods that nobody saw end are held, and nothing follows them. */
static bool holds_what_may_still_run(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_abandoned = is_deleted(scene) && at[DIM_ABANDON] == ABANDON_ASKED;
    unsigned ends = ACTION_CLAIM | ACTION_LET_GO_JOB | ACTION_LET_GO_PODS |
                    (is_abandoned ? 0 : ACTION_LET_GO_MIGRATION);
    return !does(plan, ends) || scene_is_end_certain(at);
}

static bool moves_the_ledger_with_a_success(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool has_succeeded = at[DIM_ATTEMPT] == ATTEMPT_SUCCEEDED && at[DIM_CLAIM] == CLAIM_RECORDED;
    bool is_same_spec = at[DIM_EDIT] != EDIT_REAL && at[DIM_EDIT] != EDIT_IN_HASH;
    bool is_version_known =
        at[DIM_RECORD] == RECORD_OF_VERSION || is_same_spec || scene_is_recorded_job(at);
    bool moves = plan->passage != NULL;
    return moves == (does(plan, ACTION_RELEASE) && has_succeeded && is_version_known);
}

static bool ledger_says_what_was_recorded(const struct scene *scene, const struct plan *plan)
{
    const struct passage *passage = plan->passage;
    const struct attempt *attempt = &before(scene)->attempt;
    return passage == NULL ||
           (str_eq(passage->version, "3") && str_eq(passage->uid, SCENE_UID) &&
            str_eq(passage->migration, scene->migration.meta.name) &&
            str_eq(passage->spec_hash, attempt->spec_hash) && str_eq(passage->job, attempt->job) &&
            passage->start_s == attempt->start_s && passage->completion_s == attempt->completion_s);
}

static bool loses_no_ledger_that_can_be_read(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool must_be_read = at[DIM_ATTEMPT] == ATTEMPT_SUCCEEDED && at[DIM_CLAIM] == CLAIM_RECORDED &&
                        at[DIM_RECORD] == RECORD_WITHOUT && at[DIM_EDIT] == EDIT_REAL &&
                        at[DIM_JOB] == JOB_UNKNOWN;
    return !does(plan, ACTION_RELEASE) || !must_be_read;
}

static bool gives_back_what_it_holds(const struct scene *scene, const struct plan *plan)
{
    bool is_name_taken = scene->at[DIM_JOB] != JOB_UNKNOWN && scene->at[DIM_JOB] != JOB_PARKED;
    bool gives_back = writes(plan) && plan->status.withdrawn != before(scene)->withdrawn;
    return !gives_back ||
           (scene_is_starting(scene->at) && plan->status.withdrawn == scene_claimed(scene->at) &&
            plan->status.withdrawn > before(scene)->withdrawn &&
            (!may_start(scene) || is_name_taken));
}

/* One that took over must ask what the one before it had asked: that alone is no reason to begin again. */
static bool gives_nothing_back_unchecked(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool gives_back = writes(plan) && plan->status.withdrawn != before(scene)->withdrawn;
    return !gives_back || at[DIM_GATES] != GATES_NOT_CHECKED || at[DIM_CLAIM] != CLAIM_NEXT ||
           !scene_is_wanted(at) || at[DIM_JOB_NAME] != NAME_FREE;
}

static bool gives_back_by_its_number(const struct scene *scene, const struct plan *plan)
{
    bool is_given_back =
        scene_is_starting(scene->at) && writes(plan) && !begins_attempt(scene, plan);
    return !is_given_back || (plan->status.withdrawn == scene_claimed(scene->at) &&
                              plan->status.withdrawn_s == SCENE_NOW);
}

static bool gives_back_on_a_fresh_look(const struct scene *scene, const struct plan *plan)
{
    bool gives_back = writes(plan) && plan->status.withdrawn != before(scene)->withdrawn;
    return !gives_back || scene->at[DIM_LOOK] == LOOK_FRESH;
}

static bool lets_go_when_released(const struct scene *scene, const struct plan *plan)
{
    bool is_closed = scene_is_closed(scene->at, before(scene)->attempt.number);
    return !does(plan, ACTION_LET_GO_JOB | ACTION_LET_GO_PODS) ||
           (is_closed && scene_claimed(scene->at) == 0 && is_database_fresh(scene));
}

static bool lets_go_of_what_it_holds(const struct scene *scene, const struct plan *plan)
{
    bool is_job_held = scene->seen.job != NULL && scene->seen.job->meta.has_finalizer;
    return (!does(plan, ACTION_LET_GO_JOB) || is_job_held) &&
           (!does(plan, ACTION_LET_GO_PODS) || scene_pods(scene->at).have_finalizer) &&
           (!does(plan, ACTION_LET_GO_MIGRATION) || scene->at[DIM_HOLD] == HOLD_ON);
}

static bool lets_go_of_the_migration_last(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_abandoned = is_deleted(scene) && at[DIM_ABANDON] == ABANDON_ASKED;
    bool is_job_held = scene->seen.job != NULL && scene->seen.job->meta.has_finalizer;
    bool is_last = at[DIM_ATTEMPT] != ATTEMPT_OPEN && scene_claimed(at) == 0 &&
                   is_database_fresh(scene) && !is_job_held && !scene_pods(at).have_finalizer &&
                   at[DIM_EVENT] == EVENT_RECORDED && !scene_is_wanted(at);
    return !does(plan, ACTION_LET_GO_MIGRATION) || is_abandoned || is_last;
}

const struct invariant invariants_end[] = {
    {"step 12: what may not start is given back by its number", gives_back_by_its_number},
    {"R6, step 11: only the claim of a closed attempt is released", releases_what_is_closed},
    {"R8b: a claim is released when the end is proven or confirmed", releases_what_has_ended},
    {"R8b: nothing is let go, and nothing follows, while nobody knows of its end",
     holds_what_may_still_run},
    {"R6: the ledger moves with the release, just when the attempt succeeded",
     moves_the_ledger_with_a_success},
    {"R6: the ledger says what the attempt recorded", ledger_says_what_was_recorded},
    {"R6: the Job is asked before a version is given up", loses_no_ledger_that_can_be_read},
    {"step 12: only what was claimed and may not start is given back", gives_back_what_it_holds},
    {"step 12: what is only not checked yet is kept", gives_nothing_back_unchecked},
    {"R7, step 12: it is given back on a fresh look", gives_back_on_a_fresh_look},
    {"step 11: Job and pods are let go when the server says that the claim is gone",
     lets_go_when_released},
    {"step 11: only what is held is let go", lets_go_of_what_it_holds},
    {"steps 11 and 15: the migration is let go last, or abandoned", lets_go_of_the_migration_last},
};
const size_t invariants_end_count = ARRAY_LEN(invariants_end);
