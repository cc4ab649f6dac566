/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 9 and 10: a run, and its end. */
#include "base/attrs.h"
#include "base/str.h"
#include "domain/attempt.h"
#include "domain/condition.h"
#include "invariants_parts.h"

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

static bool is_active(const unsigned char *at)
{
    return at[DIM_JOB] == JOB_ACTIVE || at[DIM_JOB] == JOB_STRIPPED ||
           (at[DIM_JOB] == JOB_ENDING && at[DIM_TIMEOUT] == TIMEOUT_OF_A_SECOND);
}

/* What was let start is gone, or has ended and another stands in its place: nothing of the Job will run. */
static bool is_spent(const unsigned char *at)
{
    struct pods_truth pods = scene_pods(at);
    /* When it ended is not known of one that never started: long ago, then. */
    bool is_replaced =
        at[DIM_STRAY] != STRAY_NONE || at[DIM_NOTED] == NOTED_GONE || at[DIM_PODS] == PODS_NEVER;
    return scene_has_note(at) && !pods.may_run && !pods.is_lost && is_replaced;
}

static bool ends_only_what_never_started(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_stuck = at[DIM_PODS] == PODS_STUCK ||
                    (at[DIM_PODS] == PODS_NONE && at[DIM_SILENCE] == SILENCE_REASON);
    bool is_asked =
        is_deleted(scene) || at[DIM_EDIT] == EDIT_REAL || at[DIM_RETRY] == RETRY_RECORDED;
    /* Its controller looks at the deadline, and at nothing else, also while it is being deleted. */
    bool can_be_ended = is_active(at) || (at[DIM_JOB] == JOB_DELETED && scene_is_noted_waiting(at));
    return !does(plan, ACTION_END_JOB) ||
           (can_be_ended && are_pods_fresh(scene) &&
            (is_spent(at) || (!scene_pods(at).has_started &&
                              (at[DIM_TIME] == TIME_TOO_LONG || at[DIM_MISSED] == MISSED_TOLD ||
                               (is_stuck && is_asked)))));
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
    bool is_noted_gone = at[DIM_NOTED] == NOTED_GONE;
    bool was_interrupted = scene_pods(at).is_lost || (is_cut_off && at[DIM_JOB] != JOB_LATE);
    bool succeeded = scene_pods(at).has_proof && scene_is_job_over(at);
    bool is_interrupted = plan->status.attempt.is_interrupted;
    return !ends_attempt(scene, plan) ||
           ((!was_interrupted || is_interrupted) &&
            (!(succeeded || pods == PODS_FAILED) || is_noted_gone || !is_interrupted));
}

static bool says_when_the_end_is_unproven(const struct scene *scene, const struct plan *plan)
{
    bool is_lost = scene_pods(scene->at).is_lost && !has_namespace_ended(scene);
    return !ends_attempt(scene, plan) ||
           str_eq(plan->status.attempt.reason, "EndUnproven") == is_lost;
}

static bool says_when_the_job_vanished(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool had_none =
        !scene_has_note(at) && !scene_pods(at).has_started &&
        (at[DIM_PODS] == PODS_NONE || at[DIM_PODS] == PODS_GATED || at[DIM_PODS] == PODS_WITHDRAWN);
    bool is_gone = scene_is_job_gone(at) && !scene_pods(at).is_lost && !had_none;
    const char *reason = plan->status.attempt.reason;
    bool with_namespace = has_namespace_ended(scene) && str_eq(reason, "NamespaceDeleted");
    return !ends_attempt(scene, plan) || with_namespace || str_eq(reason, "JobVanished") == is_gone;
}

static bool retries_what_failed_by_itself(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_retried = plan->status.phase == PHASE_WAITING;
    bool by_itself = at[DIM_PODS] == PODS_FAILED || at[DIM_PODS] == PODS_NEVER ||
                     at[DIM_PODS] == PODS_NONE || at[DIM_PODS] == PODS_WITHDRAWN ||
                     at[DIM_PODS] == PODS_GATED;
    bool was_seen_to_end = scene_is_job_over(at) && !scene_pods(at).is_lost &&
                           !str_eq(plan->status.attempt.reason, "JobDeleted") &&
                           !str_eq(plan->status.attempt.reason, "PodVanished");
    bool is_known = was_seen_to_end || at[DIM_CONFIRM] == CONFIRM_RECORDED;
    bool is_interrupted = plan->status.attempt.is_interrupted;
    /* What never started changed nothing, whoever kept it from that. */
    bool is_missed = str_eq(plan->status.attempt.reason, REASON_START_MISSED);
    bool is_own_retry = (!is_interrupted || never_ran(&plan->status.attempt)) &&
                        at[DIM_RETRIES] != RETRIES_NONE && by_itself;
    bool is_own_interruption = is_interrupted && at[DIM_INTERRUPTION] == INTERRUPTION_RETRIES &&
                               is_known && at[DIM_NAMESPACE] == NAMESPACE_STAYS;
    bool is_its_own = is_own_retry || is_own_interruption || is_missed;
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
            (!is_told || scene->at[DIM_NOTED] == NOTED_GONE ||
             str_eq(attempt->reason, "VerifyFailed") == has_failed));
}

static bool knows_whether_to_recover(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *old = &before(scene)->attempt;
    const struct attempt *new = &plan->status.attempt;
    /* Of what is not there, or was left out as never let start, nobody knows whether it is all. */
    enum pods_seen pods = scene->at[DIM_PODS];
    bool is_left_out = !scene_has_note(scene->at) && (pods == PODS_GATED || pods == PODS_WITHDRAWN);
    bool may_have_begun = scene_pods(scene->at).has_started || pods == PODS_NONE || is_left_out ||
                          scene->at[DIM_NOTED] == NOTED_GONE;
    bool has_begun = may_have_begun && !never_ran(new);
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
    bool is_judged = at[DIM_ATTEMPT] == ATTEMPT_OPEN && are_versions_known(scene) &&
                     !ends_attempt(scene, plan) && !notes_pod(scene, plan) &&
                     !misses_start(scene, plan);
    return is_told == (is_judged ? at[DIM_GATES] == GATES_INCOMPATIBLE : was_told);
}

const struct invariant invariants_run[] = {
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
};
const size_t invariants_run_count = ARRAY_LEN(invariants_run);
