/* SPDX-License-Identifier: Apache-2.0 */
#include "invariants.h"

#include <string.h>

#include "base/attrs.h"
#include "base/str.h"
#include "domain/condition.h"

#define STARTS (ACTION_CLAIM | ACTION_CREATE_JOB | ACTION_ARM)

static bool does(const struct plan *plan, unsigned actions)
{
    return (plan->actions & actions) != 0;
}

static bool writes(const struct plan *plan)
{
    return does(plan, ACTION_WRITE_STATUS);
}

static const struct migration_status *before(const struct scene *scene)
{
    return &scene->migration.status;
}

static bool ends_attempt(const struct scene *scene, const struct plan *plan)
{
    return writes(plan) && scene->at[DIM_ATTEMPT] == ATTEMPT_OPEN &&
           plan->status.attempt.outcome != OUTCOME_NONE;
}

static bool begins_attempt(const struct scene *scene, const struct plan *plan)
{
    return writes(plan) && plan->status.attempt.number != before(scene)->attempt.number;
}

static bool is_deleted(const struct scene *scene)
{
    return scene->at[DIM_DELETION] == DELETION_ASKED;
}

static bool is_database_fresh(const struct scene *scene)
{
    return scene->at[DIM_DATABASE_READ] == READ_FRESH;
}

static bool are_pods_fresh(const struct scene *scene)
{
    return scene->at[DIM_PODS_READ] == READ_FRESH;
}

static bool is_job_fresh(const struct scene *scene)
{
    return scene->at[DIM_JOB_READ] == READ_FRESH;
}

/* Everything that steps 3 and 4 ask for before a Job may exist, or be let go. */
static bool may_start(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    return at[DIM_CLAIM] == CLAIM_NEXT && at[DIM_LOOK] == LOOK_FRESH && at[DIM_HOLD] == HOLD_ON &&
           scene_are_gates_open(at) && scene_is_wanted(at) && at[DIM_JOB_NAME] == NAME_FREE;
}

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
    bool waits_for_start = is_idle && at[DIM_ATTEMPT] == ATTEMPT_OPEN &&
                           scene_claimed(at) == SCENE_RECORDED && at[DIM_JOB] == JOB_ACTIVE &&
                           !scene_pods(at).has_started &&
                           (at[DIM_HOLD] == HOLD_ON || at[DIM_ABANDON] == ABANDON_NONE);
    bool is_woken = plan->wake_at_s > SCENE_NOW && plan->wake_at_s <= SCENE_NOW + 600;
    return is_woken || !(waits_for_retry || waits_for_answer || waits_for_start);
}

/* ---- steps 9 and 10: the end of a run ---- */

static bool deletes_no_job_that_may_run(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    struct pods_truth pods = scene_pods(at);
    bool is_never_started = at[DIM_JOB] == JOB_PARKED;
    /* Suspended: what is asked to stop stops with the Job or without it. */
    bool has_ended = at[DIM_JOB] == JOB_SUSPENDED && are_pods_fresh(scene) && !pods.is_lost &&
                     (!pods.may_run || at[DIM_PODS] == PODS_STOPPING);
    return !does(plan, ACTION_DELETE_JOB) ||
           (is_job_fresh(scene) && (is_never_started || has_ended));
}

static bool deletes_what_nothing_wants(const struct scene *scene, const struct plan *plan)
{
    bool is_armable = scene->at[DIM_CLAIM] == CLAIM_RECORDED && !is_deleted(scene);
    bool may_be_claimed = scene->at[DIM_CLAIM] != CLAIM_RECORDED && !is_database_fresh(scene);
    return !does(plan, ACTION_DELETE_JOB) || scene->at[DIM_JOB] != JOB_PARKED ||
           (!is_armable && (is_deleted(scene) || !may_be_claimed));
}

static bool ends_only_what_never_started(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_stuck = at[DIM_PODS] == PODS_STUCK ||
                    (at[DIM_PODS] == PODS_NONE && at[DIM_SILENCE] == SILENCE_REASON);
    bool is_asked =
        is_deleted(scene) || at[DIM_EDIT] == EDIT_REAL || at[DIM_RETRY] == RETRY_RECORDED;
    return !does(plan, ACTION_END_JOB) ||
           ((at[DIM_JOB] == JOB_ACTIVE || at[DIM_JOB] == JOB_STRIPPED) && are_pods_fresh(scene) &&
            !scene_pods(at).has_started &&
            (at[DIM_TIME] == TIME_TOO_LONG || (is_stuck && is_asked)));
}

static bool changes_only_the_recorded_job(const struct scene *scene, const struct plan *plan)
{
    return !does(plan, ACTION_ARM | ACTION_END_JOB | ACTION_DELETE_JOB | ACTION_READ_JOB_EVENTS) ||
           (scene->at[DIM_ATTEMPT] == ATTEMPT_OPEN && scene_is_recorded_job(scene->at));
}

static bool ends_when_no_pod_may_run(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool has_pods = at[DIM_PODS] != PODS_NONE;
    bool is_told_by_pods = has_pods && scene_is_job_over(at) && !scene_pods(at).is_lost;
    return !ends_attempt(scene, plan) ||
           (!scene_pods(at).may_run && (scene_is_job_over(at) || scene_is_job_gone(at)) &&
            (is_told_by_pods || are_pods_fresh(scene)));
}

static bool waits_for_a_pod_that_may_come(const struct scene *scene, const struct plan *plan)
{
    enum job_seen job = scene->at[DIM_JOB];
    bool is_just_now = scene->at[DIM_TIME] == TIME_JUST_NOW && scene->at[DIM_PODS] == PODS_NONE;
    bool may_come = job == JOB_DELETED || job == JOB_PARKED_DELETED || scene_is_job_gone(scene->at);
    return !ends_attempt(scene, plan) || !is_just_now || !may_come;
}

static bool succeeds_with_proof(const struct scene *scene, const struct plan *plan)
{
    bool is_proven = scene_pods(scene->at).has_proof && scene_is_job_over(scene->at);
    return !ends_attempt(scene, plan) ||
           (plan->status.attempt.outcome == OUTCOME_SUCCEEDED) == is_proven;
}

static bool succeeds_by_its_outcome(const struct scene *scene, const struct plan *plan)
{
    bool is_told = plan->status.phase == PHASE_SUCCEEDED &&
                   before(scene)->phase != PHASE_SUCCEEDED && writes(plan);
    bool is_applied = scene->at[DIM_ATTEMPT] == ATTEMPT_NONE &&
                      scene->at[DIM_LEDGER] == LEDGER_NAMES_US &&
                      scene->at[DIM_CLAIM] != CLAIM_NEXT;
    return !is_told || is_applied ||
           (ends_attempt(scene, plan) && plan->status.attempt.outcome == OUTCOME_SUCCEEDED);
}

static bool has_namespace_ended(const struct scene *scene)
{
    return scene->at[DIM_NAMESPACE] == NAMESPACE_ENDS;
}

static bool blames_the_namespace_that_ends(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *attempt = &plan->status.attempt;
    bool is_blamed = str_eq(attempt->reason, "NamespaceDeleted");
    bool is_asked = scene->at[DIM_NAMESPACE] != NAMESPACE_IS_UNKNOWN;
    return !ends_attempt(scene, plan) ||
           ((is_asked || !attempt->is_interrupted) &&
            is_blamed == (has_namespace_ended(scene) && attempt->is_interrupted));
}

/* Of a pod that was cut off after its Job's own deadline nothing is said here. */
static bool knows_an_interruption(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    enum pods_seen pods = at[DIM_PODS];
    bool is_cut_off = pods == PODS_EVICTED || pods == PODS_DELETED_THEN_SUCCEEDED;
    bool was_interrupted = scene_pods(at).is_lost || (is_cut_off && at[DIM_JOB] != JOB_LATE);
    bool succeeded = scene_pods(at).has_proof && scene_is_job_over(at);
    bool is_interrupted = plan->status.attempt.is_interrupted;
    return !ends_attempt(scene, plan) || ((!was_interrupted || is_interrupted) &&
                                          (!(succeeded || pods == PODS_FAILED) || !is_interrupted));
}

static bool says_when_the_end_is_unproven(const struct scene *scene, const struct plan *plan)
{
    bool is_lost = scene_pods(scene->at).is_lost && !has_namespace_ended(scene);
    return !ends_attempt(scene, plan) ||
           str_eq(plan->status.attempt.reason, "EndUnproven") == is_lost;
}

static bool says_when_the_job_vanished(const struct scene *scene, const struct plan *plan)
{
    bool is_gone = scene_is_job_gone(scene->at) && !scene_pods(scene->at).is_lost;
    const char *reason = plan->status.attempt.reason;
    bool with_namespace = has_namespace_ended(scene) && str_eq(reason, "NamespaceDeleted");
    return !ends_attempt(scene, plan) || with_namespace || str_eq(reason, "JobVanished") == is_gone;
}

static bool retries_what_failed_by_itself(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_retried = plan->status.phase == PHASE_WAITING;
    bool by_itself =
        at[DIM_PODS] == PODS_FAILED || at[DIM_PODS] == PODS_NEVER || at[DIM_PODS] == PODS_NONE;
    bool was_seen_to_end = scene_is_job_over(at) && !scene_pods(at).is_lost &&
                           !str_eq(plan->status.attempt.reason, "JobDeleted");
    bool is_known = was_seen_to_end || at[DIM_CONFIRM] == CONFIRM_RECORDED;
    bool is_its_own = plan->status.attempt.is_interrupted
                          ? at[DIM_INTERRUPTION] == INTERRUPTION_RETRIES && is_known &&
                                at[DIM_NAMESPACE] == NAMESPACE_STAYS
                          : at[DIM_RETRIES] != RETRIES_NONE && by_itself;
    return !ends_attempt(scene, plan) || !is_retried ||
           (is_its_own && !is_deleted(scene) && plan->status.attempt.outcome == OUTCOME_FAILED &&
            at[DIM_EDIT] != EDIT_REAL);
}

static bool phase_follows_the_outcome(const struct scene *scene, const struct plan *plan)
{
    bool succeeded = plan->status.attempt.outcome == OUTCOME_SUCCEEDED;
    enum phase phase = plan->status.phase;
    return !ends_attempt(scene, plan) ||
           (succeeded ? phase == PHASE_SUCCEEDED : phase == PHASE_FAILED || phase == PHASE_WAITING);
}

static bool fails_by_its_check(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *attempt = &plan->status.attempt;
    enum job_seen job = scene->at[DIM_JOB];
    /* A Job that was ended from outside, or is Complete against its pod, has another reason. */
    bool is_told = job == JOB_FAILED || job == JOB_DELETED;
    bool has_failed = scene->at[DIM_PODS] == PODS_UNCHECKED;
    bool is_checked = has_failed || scene->at[DIM_PODS] == PODS_CHECKED;
    return !ends_attempt(scene, plan) ||
           ((!has_failed || attempt->exit_code == 0) && attempt->verify.has_ended == is_checked &&
            (attempt->verify.exit_code != 0) == has_failed &&
            (!is_told || str_eq(attempt->reason, "VerifyFailed") == has_failed));
}

static bool knows_whether_to_recover(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *old = &before(scene)->attempt;
    const struct attempt *new = &plan->status.attempt;
    bool may_have_begun = scene_pods(scene->at).has_started || scene->at[DIM_PODS] == PODS_NONE;
    bool has_begun = may_have_begun && !str_eq(new->reason, "NeverStarted");
    if (begins_attempt(scene, plan)) {
        return new->is_recovery_due == old->is_recovery_due;
    }
    if (!ends_attempt(scene, plan)) {
        return !writes(plan) || new->is_recovery_due == old->is_recovery_due;
    }
    return new->is_recovery_due == (has_begun ? new->is_interrupted : old->is_recovery_due);
}

/* ---- what runs beside the run ---- */

static bool is_skew_told(const struct migration_status *status)
{
    return condition_is_true(&status->conditions, CONDITION_VERSION_SKEW);
}

/* What may be judged: the versions of an edited spec are not those that the run was started on. */
static bool are_versions_known(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    return at[DIM_GATES] != GATES_UNKNOWN && at[DIM_GATES] != GATES_UNKNOWN_YET &&
           at[DIM_EDIT] != EDIT_REAL;
}

static bool tells_of_a_skew_at_once(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_watched = at[DIM_ATTEMPT] == ATTEMPT_OPEN && are_versions_known(scene) &&
                      (at[DIM_JOB] == JOB_ACTIVE || at[DIM_JOB] == JOB_STRIPPED) &&
                      (!is_deleted(scene) || at[DIM_ABANDON] == ABANDON_NONE);
    bool is_idle = (plan->actions & ~(unsigned)ACTION_RECORD_EVENT) == 0;
    bool is_told = at[DIM_SKEW] == SKEW_TOLD;
    return !is_watched || !is_idle || is_told == (at[DIM_GATES] == GATES_INCOMPATIBLE);
}

static bool tells_of_a_skew_as_it_is(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_told = is_skew_told(&plan->status);
    bool was_told = is_skew_told(before(scene));
    if (!writes(plan)) {
        return true;
    }
    if (begins_attempt(scene, plan)) {
        return condition_get(&plan->status.conditions, CONDITION_VERSION_SKEW) == NULL;
    }
    bool is_judged =
        at[DIM_ATTEMPT] == ATTEMPT_OPEN && are_versions_known(scene) && !ends_attempt(scene, plan);
    return is_told == (is_judged ? at[DIM_GATES] == GATES_INCOMPATIBLE : was_told);
}

/* ---- steps 11 and 12: the end of a claim ---- */

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

static bool gives_back_by_its_number(const struct scene *scene, const struct plan *plan)
{
    bool is_given_back =
        scene_is_starting(scene->at) && writes(plan) && !begins_attempt(scene, plan);
    return !is_given_back || plan->status.withdrawn == scene_claimed(scene->at);
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

/* ---- the status ---- */

static bool success_stays(const struct scene *scene, const struct plan *plan)
{
    return before(scene)->phase != PHASE_SUCCEEDED || !writes(plan) ||
           (plan->status.phase == PHASE_SUCCEEDED &&
            str_eq(plan->status.spec_hash, before(scene)->spec_hash));
}

static bool outcome_stays(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *old = &before(scene)->attempt;
    const struct attempt *new = &plan->status.attempt;
    return !writes(plan) || begins_attempt(scene, plan) || old->outcome == OUTCOME_NONE ||
           (new->outcome == old->outcome &&str_eq(new->reason, old->reason) &&
            str_eq(new->job_uid, old->job_uid) && str_eq(new->spec_hash, old->spec_hash));
}

static bool an_open_attempt_stays_what_it_is(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *old = &before(scene)->attempt;
    const struct attempt *new = &plan->status.attempt;
    return !writes(plan) || scene->at[DIM_ATTEMPT] != ATTEMPT_OPEN ||
           (new->number == old->number &&str_eq(new->job_uid, old->job_uid) &&
            str_eq(new->spec_hash, old->spec_hash) && new->start_s == old->start_s &&
            (new->outcome != OUTCOME_NONE || plan->status.phase == PHASE_RUNNING));
}

static bool numbers_only_grow(const struct scene *scene, const struct plan *plan)
{
    return !writes(plan) || (plan->status.withdrawn >= before(scene)->withdrawn &&
                             plan->status.attempt.number >= before(scene)->attempt.number);
}

static bool history_tells_each_change_once(const struct scene *scene, const struct plan *plan)
{
    const struct migration_status *old = before(scene);
    const struct migration_status *new = &plan->status;
    if (!writes(plan)) {
        return true;
    }
    bool is_change = new->phase != old->phase || old->history_count == 0;
    if (new->history_count != old->history_count + (is_change ? 1 : 0)) {
        return false;
    }
    for (size_t i = 0; i < old->history_count; i++) {
        if (new->history[i].phase != old->history[i].phase ||
            new->history[i].at_s != old->history[i].at_s) {
            return false;
        }
    }
    const struct transition *last = &new->history[new->history_count - 1];
    return last->phase == new->phase && (!is_change || last->at_s == SCENE_NOW);
}

static bool phase_tells_of_the_attempt(const struct scene *scene, const struct plan *plan)
{
    (void)scene;
    const struct attempt *attempt = &plan->status.attempt;
    bool is_open = attempt->number > 0 && attempt->outcome == OUTCOME_NONE;
    return !writes(plan) || (plan->status.phase == PHASE_RUNNING) == is_open;
}

static bool status_is_of_this_generation(const struct scene *scene, const struct plan *plan)
{
    return !writes(plan) || plan->status.observed_generation == scene->migration.meta.generation;
}

static bool failure_is_left_when_asked(const struct scene *scene, const struct plan *plan)
{
    bool leaves =
        writes(plan) && before(scene)->phase == PHASE_FAILED && plan->status.phase != PHASE_FAILED;
    return !leaves || scene_is_wanted(scene->at);
}

static bool writes_what_is_new(const struct scene *scene, const struct plan *plan)
{
    const struct migration_status *old = before(scene);
    bool is_same = plan->status.phase == old->phase && str_eq(plan->status.reason, old->reason) &&
                   str_eq(plan->status.message, old->message) &&
                   plan->status.withdrawn == old->withdrawn &&
                   plan->status.observed_generation == old->observed_generation &&
                   plan->status.attempt.outcome == old->attempt.outcome &&
                   plan->status.conditions.count == old->conditions.count &&
                   str_eq(plan->status.attempt.image, old->attempt.image);
    return !writes(plan) || !is_same || old->conditions.count > 0;
}

/* ---- Events ---- */

static bool records_what_is_due(const struct scene *scene, const struct plan *plan)
{
    return !does(plan, ACTION_RECORD_EVENT) || scene->at[DIM_EVENT] == EVENT_DUE;
}

static bool forgets_no_event(const struct scene *scene, const struct plan *plan)
{
    bool is_transition = writes(plan) && plan->status.phase != before(scene)->phase;
    return !is_transition || scene->at[DIM_EVENT] == EVENT_RECORDED ||
           does(plan, ACTION_RECORD_EVENT);
}

/* ---- one step at a time, and always one ---- */

static bool takes_one_step(const struct scene *scene, const struct plan *plan)
{
    (void)scene;
    unsigned step = plan->actions;
    if ((step & ACTION_WRITE_STATUS) != 0) {
        step &= ~(unsigned)ACTION_RECORD_EVENT; /* of the transition before this one */
    }
    const unsigned prepares = ACTION_DRY_RUN | ACTION_CREATE_DATABASE | ACTION_HOLD_DATABASE;
    bool is_one = (step & (step - 1)) == 0;
    return is_one || (step & ~prepares) == 0;
}

static bool asks_for_what_is_not_known(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    enum gates_seen gates = at[DIM_GATES];
    bool is_held = at[DIM_HOLD] == HOLD_ON || is_deleted(scene);
    return (!does(plan, ACTION_READ_FRESH) || at[DIM_LOOK] == LOOK_NONE || !is_held) &&
           (!does(plan, ACTION_READ_JOB) || (!is_job_fresh(scene) && at[DIM_JOB] != JOB_ABSENT)) &&
           (!does(plan, ACTION_READ_PODS) || !are_pods_fresh(scene)) &&
           (!does(plan, ACTION_READ_DATABASE) || !is_database_fresh(scene)) &&
           (!does(plan, ACTION_READ_NAMESPACE) || at[DIM_NAMESPACE] == NAMESPACE_IS_UNKNOWN) &&
           (!does(plan, ACTION_READ_JOB_EVENTS) || at[DIM_SILENCE] == SILENCE_NOT_ASKED) &&
           (!does(plan, ACTION_DRY_RUN) || gates == GATES_NOT_CHECKED ||
            gates == GATES_REFUSED_UNTIL_NOW) &&
           (!does(plan, ACTION_CREATE_DATABASE) || at[DIM_DATABASE] == DATABASE_ABSENT) &&
           (!does(plan, ACTION_HOLD_DATABASE) || at[DIM_DATABASE] == DATABASE_UNHELD);
}

static bool asks_for_a_start_alone(const struct scene *scene, const struct plan *plan)
{
    return (!does(plan, ACTION_READ_FRESH) || scene_is_starting(scene->at)) &&
           (!does(plan, ACTION_DRY_RUN | ACTION_CREATE_DATABASE | ACTION_HOLD_DATABASE) ||
            scene_is_wanted(scene->at)) &&
           (!does(plan, ACTION_READ_JOB_EVENTS) || scene->at[DIM_ATTEMPT] == ATTEMPT_OPEN);
}

static bool is_woken_later(const struct scene *scene, const struct plan *plan)
{
    (void)scene;
    return plan->wake_at_s == 0 || plan->wake_at_s > SCENE_NOW;
}

static bool stands_in_the_queue_when_ready(const struct scene *scene, const struct plan *plan)
{
    return !plan->is_ready || (scene_are_gates_open(scene->at) && scene_is_wanted(scene->at));
}

/* What a plan without an action waits for: each is ended by a watch event, or by the clock. */
static bool waits_for_its_pods(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    enum job_seen job = at[DIM_JOB];
    bool is_active = job == JOB_ACTIVE || job == JOB_STRIPPED || job == JOB_ENDING;
    bool is_lost = at[DIM_JOB] == JOB_SUSPENDED && scene_pods(at).is_lost;
    return at[DIM_ATTEMPT] == ATTEMPT_OPEN && (is_active || scene_pods(at).may_run || is_lost);
}

static bool waits_for_a_person(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    return at[DIM_ATTEMPT] == ATTEMPT_UNPROVEN && !scene_is_starting(at) &&
           !scene_is_end_certain(at);
}

static bool waits_for_nothing(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    bool is_told = at[DIM_OBSERVED] == GENERATION_OBSERVED &&
                   (at[DIM_PHASE] == PHASE_SUCCEEDED || at[DIM_PHASE] == PHASE_FAILED);
    bool is_over = is_told || is_deleted(scene);
    return is_over && at[DIM_ATTEMPT] != ATTEMPT_OPEN && scene_claimed(at) == 0 &&
           at[DIM_HOLD] == HOLD_OFF && (!scene_is_wanted(at) || is_deleted(scene));
}

static bool never_stands_still(const struct scene *scene, const struct plan *plan)
{
    return plan->actions != 0 || plan->wake_at_s > SCENE_NOW || waits_for_its_pods(scene) ||
           waits_for_a_person(scene) || waits_for_nothing(scene);
}

static bool tells_its_case(const struct scene *scene, const struct plan *plan)
{
    (void)scene;
    return plan->case_id != NULL;
}

static const struct {
    const char *rule;
    bool (*holds)(const struct scene *scene, const struct plan *plan);
} invariants[] = {
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
    {"R1, R2, step 8: only the recorded Job is armed, claimed, parked and read fresh",
     arms_the_recorded_job},
    {"R3: what has succeeded, or the ledger knows, starts nothing", starts_nothing_that_is_done},
    {"R4, step 4: what is being deleted starts nothing", starts_nothing_that_is_deleted},
    {"step 1: it is claimed when all holds, and at once when somebody asks", claims_when_all_holds},
    {"steps 5 to 8: it goes on when all holds", goes_on_when_all_holds},
    {"R3: what the ledger knows has succeeded", succeeds_by_the_ledger},
    {"what the clock alone ends has a time", is_woken_when_it_is_time},
    {"step 12: what may not start is given back by its number", gives_back_by_its_number},
    {"R4, step 9: no Job is deleted with a pod that may live and was not asked to stop",
     deletes_no_job_that_may_run},
    {"R6, step 9: a parked Job is deleted only when nothing may arm it",
     deletes_what_nothing_wants},
    {"R4a: only a run that never started is ended, for a reason", ends_only_what_never_started},
    {"step 5: no Job but the recorded one is touched", changes_only_the_recorded_job},
    {"R5, R8, step 10: an outcome only when no pod may run, by fresh or final word",
     ends_when_no_pod_may_run},
    {"R5, step 10: a pod may come a moment later", waits_for_a_pod_that_may_come},
    {"R8a: Succeeded with proof, and then always", succeeds_with_proof},
    {"R3: the phase is Succeeded by an outcome or by the ledger alone", succeeds_by_its_outcome},
    {"R8b: an end that nobody saw is EndUnproven", says_when_the_end_is_unproven},
    {"R5: a Job that is gone is JobVanished", says_when_the_job_vanished},
    {"R4: a run that was cut off with its namespace says so", blames_the_namespace_that_ends},
    {"R21: what was cut off from outside is known as such", knows_an_interruption},
    {"R21: run.retries is for what failed by itself, onInterruption for what was cut off",
     retries_what_failed_by_itself},
    {"step 10: the phase follows the outcome", phase_follows_the_outcome},
    {"R20: a check that fails is the reason, beside the run's own exit code", fails_by_its_check},
    {"R21: a recovery is due after a run that was cut off, until one has run",
     knows_whether_to_recover},
    {"R22: versions that leave the constraint are told at once", tells_of_a_skew_at_once},
    {"R22: what is told of versions is so, and of this attempt", tells_of_a_skew_as_it_is},
    {"R6, step 11: only the claim of a closed attempt is released", releases_what_is_closed},
    {"R8b: a claim is released when the end is proven or confirmed", releases_what_has_ended},
    {"R8b: nothing is let go, and nothing follows, while nobody knows of its end",
     holds_what_may_still_run},
    {"R6: the ledger moves with the release, just when the attempt succeeded",
     moves_the_ledger_with_a_success},
    {"R6: the ledger says what the attempt recorded", ledger_says_what_was_recorded},
    {"R6: the Job is asked before a version is given up", loses_no_ledger_that_can_be_read},
    {"step 12: only what was claimed and may not start is given back", gives_back_what_it_holds},
    {"R7, step 12: it is given back on a fresh look", gives_back_on_a_fresh_look},
    {"step 11: Job and pods are let go when the server says that the claim is gone",
     lets_go_when_released},
    {"step 11: only what is held is let go", lets_go_of_what_it_holds},
    {"steps 11 and 15: the migration is let go last, or abandoned", lets_go_of_the_migration_last},
    {"R3: Succeeded is never left", success_stays},
    {"step 10: an outcome is never changed", outcome_stays},
    {"R1, R5: an open attempt stays Running with its Job until it ends",
     an_open_attempt_stays_what_it_is},
    {"step 0: no number is used twice", numbers_only_grow},
    {"R9: the history tells each change of phase once, at its end", history_tells_each_change_once},
    {"R3: the phase is Running just while an attempt is open", phase_tells_of_the_attempt},
    {"section Gates: observedGeneration follows in every phase", status_is_of_this_generation},
    {"R3: Failed is left when somebody asks for it", failure_is_left_when_asked},
    {"a status is written only if it says something new", writes_what_is_new},
    {"R9: an Event is recorded when it is due", records_what_is_due},
    {"R9: no transition is forgotten by the next", forgets_no_event},
    {"a plan is one step, or preparations", takes_one_step},
    {"what is known already is not asked for again", asks_for_what_is_not_known},
    {"what a start needs is asked for a start alone", asks_for_a_start_alone},
    {"it is woken in the future", is_woken_later},
    {"step 1: a place in the queue is for what may start", stands_in_the_queue_when_ready},
    {"no state without an action, or something to wait for", never_stands_still},
    {"each plan names its case", tells_its_case},
};

const char *invariants_broken(const struct scene *scene, const struct plan *plan)
{
    for (size_t i = 0; i < ARRAY_LEN(invariants); i++) {
        if (!invariants[i].holds(scene, plan)) {
            return invariants[i].rule;
        }
    }
    return NULL;
}
