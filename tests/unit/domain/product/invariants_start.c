/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 2 to 8: what starts a run, and that it does start. */
#include "base/attrs.h"
#include "base/str.h"
#include "invariants_parts.h"

#define STARTS (ACTION_CLAIM | ACTION_CREATE_JOB | ACTION_ARM)

/* ---- steps 2 to 8: what starts a run ---- */

static bool claims_what_is_free(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    return !does(plan, ACTION_CLAIM) ||
           (at[DIM_CLAIM] == CLAIM_NONE && at[DIM_DATABASE] == DATABASE_HELD &&
            at[DIM_QUEUE] == QUEUE_FIRST && scene_are_gates_open(at) && scene_is_wanted(at));
}

static bool claims_the_next_attempt(const struct scene *scene, const struct plan *plan)
{
    const struct claim *claim = &plan->claim;
    return does(plan, ACTION_CLAIM)
               ? claim->attempt == scene_next(scene->at) && str_eq(claim->uid, SCENE_UID) &&
                     str_eq(claim->migration, scene->migration.meta.name) &&
                     str_eq(claim->spec_hash, scene->migration.spec_hash) &&
                     claim->since_s == SCENE_NOW
               : claim->migration == NULL;
}

static bool claims_when_the_last_one_is_let_go(const struct scene *scene, const struct plan *plan)
{
    const struct job *job = scene->seen.job;
    bool is_job_held = job != NULL && job->meta.has_finalizer;
    return !does(plan, ACTION_CLAIM) || (!is_job_held && !scene_pods(scene->at).have_finalizer);
}

static bool waits_before_another_try(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_asked_for = at[DIM_EDIT] == EDIT_REAL || at[DIM_RETRY] == RETRY_RECORDED;
    bool is_too_soon = at[DIM_RETRIES] == RETRIES_LATER && !is_asked_for;
    bool was_given_back =
        at[DIM_GIVEN_BACK] == GIVEN_BACK_JUST_NOW && at[DIM_OBSERVED] == GENERATION_OBSERVED;
    return !does(plan, ACTION_CLAIM) || (!is_too_soon && !was_given_back);
}

static bool creates_after_a_fresh_look(const struct scene *scene, const struct plan *plan)
{
    return !does(plan, ACTION_CREATE_JOB) ||
           (may_start(scene) && scene->at[DIM_JOB] == JOB_UNKNOWN);
}

static bool runs_after_a_fresh_look(const struct scene *scene, const struct plan *plan)
{
    return !begins_attempt(scene, plan) ||
           (may_start(scene) && scene->at[DIM_JOB] == JOB_PARKED && is_job_fresh(scene));
}

static bool runs_what_was_claimed(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *attempt = &plan->status.attempt;
    return !begins_attempt(scene, plan) ||
           (plan->status.phase == PHASE_RUNNING && attempt->number == scene_next(scene->at) &&
            attempt->outcome == OUTCOME_NONE && str_eq(attempt->job_uid, scene->job.meta.uid) &&
            str_eq(attempt->job, scene->job.meta.name) &&
            str_eq(attempt->spec_hash, scene->database.claim.spec_hash) &&
            str_eq(attempt->to_version, scene->migration.to_version) &&
            attempt->generation == scene->migration.meta.generation);
}

/* Whoever takes it back later: it was there. */
static bool remembers_its_approval(const struct scene *scene, const struct plan *plan)
{
    const char *approver = scene->at[DIM_GATES] == GATES_ASKED_FOR ? SCENE_APPROVER : NULL;
    return !begins_attempt(scene, plan) || str_eq(plan->status.attempt.approval.by, approver);
}

static bool remembers_the_attempt_before(const struct scene *scene, const struct plan *plan)
{
    bool had_one = scene->at[DIM_ATTEMPT] != ATTEMPT_NONE;
    return !begins_attempt(scene, plan) ||
           (plan->status.attempt_count == (had_one ? 1 : 0) &&
            (!had_one || plan->status.attempts[0].number == SCENE_RECORDED));
}

static bool arms_the_recorded_job(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    return !does(plan, ACTION_ARM) ||
           (at[DIM_PHASE] == PHASE_RUNNING && at[DIM_CLAIM] == CLAIM_RECORDED &&
            at[DIM_JOB] == JOB_PARKED && is_job_fresh(scene) && !is_deleted(scene));
}

static bool starts_nothing_that_is_done(const struct scene *scene, const struct plan *plan)
{
    bool is_done =
        scene->at[DIM_PHASE] == PHASE_SUCCEEDED || scene->at[DIM_LEDGER] == LEDGER_NAMES_US;
    return !is_done ||
           (!does(plan, STARTS & ~(unsigned)ACTION_ARM) && !begins_attempt(scene, plan));
}

static bool starts_nothing_that_is_deleted(const struct scene *scene, const struct plan *plan)
{
    return !is_deleted(scene) || (!does(plan, STARTS) && !begins_attempt(scene, plan));
}

/* ---- and that it does start, once all holds ---- */

static bool claims_when_all_holds(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_asked_for = at[DIM_EDIT] == EDIT_REAL || at[DIM_RETRY] == RETRY_RECORDED;
    bool is_too_soon = at[DIM_RETRIES] == RETRIES_LATER && !is_asked_for;
    bool was_given_back =
        at[DIM_GIVEN_BACK] == GIVEN_BACK_JUST_NOW && at[DIM_OBSERVED] == GENERATION_OBSERVED;
    bool is_job_held = scene->seen.job != NULL && scene->seen.job->meta.has_finalizer;
    bool all_holds = at[DIM_CLAIM] == CLAIM_NONE && at[DIM_DATABASE] == DATABASE_HELD &&
                     at[DIM_QUEUE] == QUEUE_FIRST && scene_are_gates_open(at) &&
                     scene_is_wanted(at) && scene_is_end_certain(at) && !is_job_held &&
                     !scene_pods(at).have_finalizer && !is_too_soon && !was_given_back;
    return !all_holds || does(plan, ACTION_CLAIM);
}

static bool goes_on_when_all_holds(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool may_create = may_start(scene) && at[DIM_JOB] == JOB_UNKNOWN;
    bool may_run = may_start(scene) && at[DIM_JOB] == JOB_PARKED;
    bool may_arm = at[DIM_PHASE] == PHASE_RUNNING && at[DIM_CLAIM] == CLAIM_RECORDED &&
                   at[DIM_JOB] == JOB_PARKED && is_job_fresh(scene) && !is_deleted(scene);
    return (!may_create || does(plan, ACTION_CREATE_JOB)) &&
           (!may_run || begins_attempt(scene, plan)) && (!may_arm || does(plan, ACTION_ARM));
}

static bool succeeds_by_the_ledger(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_known = at[DIM_ATTEMPT] == ATTEMPT_NONE && at[DIM_LEDGER] == LEDGER_NAMES_US &&
                    at[DIM_GATES] != GATES_TAKEN && scene_claimed(at) == 0 &&
                    at[DIM_DATABASE] != DATABASE_ABSENT && scene_is_wanted(at);
    /* A cache's ledger may be of a Database that is gone. */
    bool is_asked = does(plan, ACTION_READ_DATABASE) && !is_database_fresh(scene);
    return !is_known || is_asked || (writes(plan) && plan->status.phase == PHASE_SUCCEEDED);
}

/* A wait that nobody but the clock ends. */
static bool is_woken_when_it_is_time(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_idle = (plan->actions & ~(unsigned)(ACTION_WRITE_STATUS | ACTION_RECORD_EVENT)) == 0;
    bool is_waiting = is_idle && scene_claimed(at) == 0 && scene_is_wanted(at) &&
                      scene_is_end_certain(at) && at[DIM_LEDGER] != LEDGER_NAMES_US;
    bool is_asked_for = at[DIM_EDIT] == EDIT_REAL || at[DIM_RETRY] == RETRY_RECORDED;
    bool is_too_soon = at[DIM_RETRIES] == RETRIES_LATER && !is_asked_for;
    bool waits_for_retry = is_waiting && is_too_soon && scene_are_gates_open(at);
    bool waits_for_answer = is_waiting && at[DIM_GATES] == GATES_REFUSED_FOR_NOW;
    bool waits_for_gate =
        is_waiting && (at[DIM_GATES] == GATES_SOAKING || at[DIM_GATES] == GATES_OUTSIDE_WINDOW);
    bool waits_for_start =
        is_idle && at[DIM_ATTEMPT] == ATTEMPT_OPEN && scene_claimed(at) == SCENE_RECORDED &&
        at[DIM_JOB] == JOB_ACTIVE && !scene_pods(at).has_started && !notes_pod(scene, plan) &&
        !misses_start(scene, plan) && (at[DIM_HOLD] == HOLD_ON || at[DIM_ABANDON] == ABANDON_NONE);
    bool is_woken = plan->wake_at_s > SCENE_NOW && plan->wake_at_s <= SCENE_NOW + 600;
    return is_woken || !(waits_for_retry || waits_for_answer || waits_for_gate || waits_for_start);
}

const struct invariant invariants_start[] = {
    {"R2, step 2: a claim only on a free Database, first in the queue, all gates open",
     claims_what_is_free},
    {"step 2: a claim is of the next attempt and of this spec", claims_the_next_attempt},
    {"step 11: nothing of the last attempt is held when the next is claimed",
     claims_when_the_last_one_is_let_go},
    {"R21: a backoff is waited for, unless somebody asks", waits_before_another_try},
    {"R6, R7, step 5: a Job only after a fresh look, held, claimed, all gates open",
     creates_after_a_fresh_look},
    {"R7, step 7: Running only after a fresh look, with our own parked Job",
     runs_after_a_fresh_look},
    {"R1, step 7: Running names the claim's attempt and spec, and one Job UID",
     runs_what_was_claimed},
    {"step 7: the attempt before is remembered", remembers_the_attempt_before},
    {"step 7: an attempt says who approved it", remembers_its_approval},
    {"R1, R2, step 8: only the recorded Job is armed, claimed, parked and read fresh",
     arms_the_recorded_job},
    {"R3: what has succeeded, or the ledger knows, starts nothing", starts_nothing_that_is_done},
    {"R4, step 4: what is being deleted starts nothing", starts_nothing_that_is_deleted},
    {"step 1: it is claimed when all holds, and at once when somebody asks", claims_when_all_holds},
    {"steps 5 to 8: it goes on when all holds", goes_on_when_all_holds},
    {"R3: what the ledger knows has succeeded", succeeds_by_the_ledger},
    {"what the clock alone ends has a time", is_woken_when_it_is_time},
};
const size_t invariants_start_count = ARRAY_LEN(invariants_start);
