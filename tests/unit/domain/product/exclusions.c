/* SPDX-License-Identifier: Apache-2.0 */
/* Which points of the product cannot be, and which are the same as others to the rules: all in this place. */
#include "base/attrs.h"
#include "scene.h"

static bool is_open(const unsigned char *at)
{
    return at[DIM_ATTEMPT] == ATTEMPT_OPEN;
}

/* Its end is still to be proven before its claim, and what it held, may go. */
static bool is_unproven(const unsigned char *at)
{
    return at[DIM_ATTEMPT] == ATTEMPT_UNPROVEN &&
           (at[DIM_CLAIM] == CLAIM_RECORDED || at[DIM_CLAIM] == CLAIM_NONE);
}

static bool is_known_to_none(const unsigned char *at)
{
    return at[DIM_ATTEMPT] == ATTEMPT_NONE || scene_is_starting(at);
}

/* ---- what cannot be ---- */

static bool phase_without_its_attempt(const unsigned char *at)
{
    switch ((enum phase)at[DIM_PHASE]) {
    case PHASE_PENDING:
        return at[DIM_ATTEMPT] != ATTEMPT_NONE;
    case PHASE_WAITING:
        return is_open(at) || at[DIM_ATTEMPT] == ATTEMPT_SUCCEEDED;
    case PHASE_RUNNING:
        return !is_open(at);
    case PHASE_SUCCEEDED:
        return at[DIM_ATTEMPT] != ATTEMPT_NONE && at[DIM_ATTEMPT] != ATTEMPT_SUCCEEDED;
    case PHASE_FAILED:
    case PHASE_MAX:
        break;
    }
    return at[DIM_ATTEMPT] == ATTEMPT_NONE || is_open(at) || at[DIM_ATTEMPT] == ATTEMPT_SUCCEEDED;
}

static bool runs_and_the_next_was_withdrawn(const unsigned char *at)
{
    return at[DIM_WITHDRAWN] == WITHDRAWN_NEXT && is_open(at);
}

static bool claim_of_an_attempt_that_never_was(const unsigned char *at)
{
    enum claim_seen claim = at[DIM_CLAIM];
    bool is_earlier = claim == CLAIM_RECORDED || claim == CLAIM_OLDER;
    return (is_earlier && at[DIM_ATTEMPT] == ATTEMPT_NONE) ||
           (claim == CLAIM_WITHDRAWN && at[DIM_WITHDRAWN] == WITHDRAWN_NONE);
}

bool scene_is_possible(const unsigned char *point)
{
    return !phase_without_its_attempt(point) && !runs_and_the_next_was_withdrawn(point) &&
           !claim_of_an_attempt_that_never_was(point);
}

static bool looked_for_no_start(const unsigned char *at)
{
    bool may_come_late = at[DIM_ATTEMPT] == ATTEMPT_OPEN && at[DIM_CLAIM] == CLAIM_RECORDED;
    return at[DIM_LOOK] == LOOK_FRESH && !scene_is_starting(at) && !may_come_late;
}

static bool is_late_look(const unsigned char *at)
{
    return at[DIM_LOOK] == LOOK_FRESH && !scene_is_starting(at);
}

static bool looked_at_what_does_not_wait(const unsigned char *at)
{
    bool is_waiting = at[DIM_PODS] == PODS_GATED || at[DIM_STRAY] == STRAY_GATED;
    bool is_over = scene_is_job_over(at) && at[DIM_JOB] != JOB_DELETED;
    return is_late_look(at) && (!is_waiting || is_over || scene_is_job_gone(at));
}

static bool job_of_no_attempt(const unsigned char *at)
{
    return at[DIM_ATTEMPT] == ATTEMPT_NONE && !scene_is_starting(at) && at[DIM_JOB] != JOB_UNKNOWN;
}

static bool job_known_before_the_look(const unsigned char *at)
{
    bool is_known = at[DIM_JOB] != JOB_UNKNOWN;
    bool is_read = at[DIM_JOB] == JOB_ABSENT;
    return scene_is_starting(at) && is_known && (at[DIM_LOOK] == LOOK_NONE || is_read);
}

static bool job_runs_and_attempt_is_closed(const unsigned char *at)
{
    enum job_seen job = at[DIM_JOB];
    bool is_past = !is_open(at) && !is_known_to_none(at);
    return is_past && scene_is_recorded_job(at) && !scene_is_job_over(at) && job != JOB_UNKNOWN;
}

static bool nothing_read_fresh(const unsigned char *at)
{
    bool is_there = at[DIM_JOB] != JOB_UNKNOWN && at[DIM_JOB] != JOB_ABSENT;
    return at[DIM_JOB_READ] == READ_FRESH && !is_there;
}

static bool starting_job_from_a_cache(const unsigned char *at)
{
    return scene_is_starting(at) && at[DIM_JOB] != JOB_UNKNOWN && at[DIM_JOB_READ] == READ_CACHED;
}

static bool pods_of_no_job(const unsigned char *at)
{
    bool never_had_any = at[DIM_JOB] == JOB_PARKED || at[DIM_JOB] == JOB_PARKED_DELETED;
    return at[DIM_PODS] != PODS_NONE && (is_known_to_none(at) || never_had_any);
}

static bool pod_runs_and_attempt_is_closed(const unsigned char *at)
{
    return !is_open(at) && at[DIM_ATTEMPT] != ATTEMPT_UNPROVEN &&
           (scene_pods(at).may_run || scene_pods(at).is_lost);
}

static bool pods_read_of_no_job(const unsigned char *at)
{
    return at[DIM_PODS_READ] == READ_FRESH && is_known_to_none(at);
}

static bool claim_on_no_database(const unsigned char *at)
{
    return at[DIM_DATABASE] == DATABASE_ABSENT && at[DIM_CLAIM] != CLAIM_NONE;
}

static bool names_no_attempt(const unsigned char *at)
{
    bool is_named = at[DIM_RETRY] != RETRY_NONE || at[DIM_CONFIRM] != CONFIRM_NONE;
    return is_named && at[DIM_ATTEMPT] == ATTEMPT_NONE;
}

static bool name_taken_before_it_is_asked_for(const unsigned char *at)
{
    return at[DIM_JOB_NAME] != NAME_FREE &&
           (!scene_is_starting(at) || at[DIM_LOOK] == LOOK_NONE || at[DIM_JOB] != JOB_UNKNOWN);
}

static bool pod_is_there_and_asked_about(const unsigned char *at)
{
    return at[DIM_SILENCE] != SILENCE_NOT_ASKED && (!is_open(at) || at[DIM_PODS] != PODS_NONE);
}

/* ---- what is the same as another to the rules ---- */

static bool other_claim_during_a_run(const unsigned char *at)
{
    enum claim_seen claim = at[DIM_CLAIM];
    return is_open(at) &&
           (claim == CLAIM_NEXT || claim == CLAIM_NEXT_OF_OTHER_SPEC || claim == CLAIM_LATER ||
            claim == CLAIM_OF_NAMESAKE || claim == CLAIM_OF_ANOTHER);
}

/* One that failed by itself is tried with all of them. */
static bool other_claim_after_an_interruption(const unsigned char *at)
{
    enum claim_seen claim = at[DIM_CLAIM];
    bool is_interruption =
        at[DIM_ATTEMPT] == ATTEMPT_CUT_OFF || at[DIM_ATTEMPT] == ATTEMPT_UNPROVEN;
    return is_interruption && claim != CLAIM_NONE && claim != CLAIM_RECORDED &&
           claim != CLAIM_NEXT && claim != CLAIM_OF_ANOTHER;
}

static bool let_go_during_a_run(const unsigned char *at)
{
    return is_open(at) && (at[DIM_JOB] == JOB_LET_GO || at[DIM_PODS] == PODS_SUCCEEDED_LET_GO);
}

static bool over_read_again(const unsigned char *at)
{
    bool is_past = !is_open(at) && !is_known_to_none(at);
    return is_past && at[DIM_JOB_READ] == READ_FRESH && scene_is_job_over(at);
}

static bool over_in_another_way(const unsigned char *at)
{
    enum job_seen job = at[DIM_JOB];
    bool is_past = !is_open(at) && !is_known_to_none(at);
    return is_past && (job == JOB_LATE || job == JOB_PARKED_DELETED);
}

static bool closed_pods_read_again(const unsigned char *at)
{
    return at[DIM_PODS_READ] == READ_FRESH && !is_open(at) && !is_unproven(at);
}

static bool ended_in_another_way(const unsigned char *at)
{
    enum pods_seen pods = at[DIM_PODS];
    return !is_open(at) && !is_unproven(at) && pods != PODS_NONE && pods != PODS_SUCCEEDED &&
           pods != PODS_SUCCEEDED_LET_GO;
}

/* A person's word aside, all that counts of it is whether it may run, nobody knows, or it has ended. */
static bool unproven_in_another_way(const unsigned char *at)
{
    switch ((enum pods_seen)at[DIM_PODS]) {
    case PODS_STUCK:
    case PODS_STOPPING:
    case PODS_SUCCEEDED_THEN_DELETED:
    case PODS_DELETED_THEN_SUCCEEDED:
    case PODS_EVICTED:
    case PODS_CHECKED:
    case PODS_UNCHECKED:
    case PODS_NEVER:
        return at[DIM_ATTEMPT] == ATTEMPT_UNPROVEN;
    case PODS_NONE:
    case PODS_PENDING:
    case PODS_RUNNING:
    case PODS_SUCCEEDED:
    case PODS_SUCCEEDED_LET_GO:
    case PODS_FAILED:
    case PODS_LOST:
    case PODS_TWO:
    case PODS_GATED:
    case PODS_WITHDRAWN:
        break;
    }
    return false;
}

static bool stray_beside_none(const unsigned char *at)
{
    return at[DIM_STRAY] != STRAY_NONE && (at[DIM_PODS] == PODS_NONE || at[DIM_PODS] == PODS_TWO);
}

static bool stray_of_what_is_closed(const unsigned char *at)
{
    return at[DIM_STRAY] == STRAY_WITHDRAWN && !is_open(at);
}

static bool notes_a_pod_without_a_run(const unsigned char *at)
{
    return at[DIM_NOTED] != NOTED_FIRST && !is_open(at) && !is_unproven(at);
}

static bool notes_what_there_is_not(const unsigned char *at)
{
    return (at[DIM_NOTED] == NOTED_STRAY && at[DIM_STRAY] == STRAY_NONE) ||
           (at[DIM_NOTED] == NOTED_NONE && at[DIM_PODS] == PODS_NONE);
}

/* What was closed as unproven had been let start. */
static bool unproven_behind_the_gate(const unsigned char *at)
{
    bool is_gated = at[DIM_PODS] == PODS_GATED || at[DIM_PODS] == PODS_WITHDRAWN;
    return !is_open(at) &&
           ((is_gated && at[DIM_NOTED] != NOTED_GONE) || (at[DIM_NOTED] == NOTED_STRAY) ||
            (at[DIM_NOTED] == NOTED_NONE && at[DIM_STRAY] == STRAY_GATED));
}

static bool timeout_of_no_deadline(const unsigned char *at)
{
    return at[DIM_TIMEOUT] != TIMEOUT_NONE && (at[DIM_JOB] != JOB_ENDING || !is_open(at));
}

static bool gate_during_a_run(const unsigned char *at)
{
    enum gates_seen gates = at[DIM_GATES];
    bool is_tried = gates == GATES_OPEN || gates == GATES_INCOMPATIBLE || gates == GATES_UNKNOWN ||
                    gates == GATES_SUSPENDED;
    bool is_judged = is_late_look(at) && scene_gate(at, GATE_JOB_VALID).status == CONDITION_TRUE;
    return is_open(at) && !is_tried && !is_judged;
}

static bool gate_of_what_is_closed(const unsigned char *at)
{
    bool is_closed_claim = scene_claimed(at) != 0 && !is_open(at) && !scene_is_starting(at);
    bool has_succeeded = at[DIM_PHASE] == PHASE_SUCCEEDED && !scene_is_starting(at);
    return at[DIM_GATES] != GATES_OPEN && (is_closed_claim || has_succeeded);
}

static bool time_of_what_is_closed(const unsigned char *at)
{
    return at[DIM_TIME] != TIME_LONG_AGO && (!is_open(at) || is_late_look(at));
}

static bool missed_what_is_closed(const unsigned char *at)
{
    return at[DIM_MISSED] != MISSED_NO && (!is_open(at) || at[DIM_TIME] == TIME_JUST_NOW);
}

static bool version_of_no_success(const unsigned char *at)
{
    return at[DIM_RECORD] == RECORD_WITHOUT && at[DIM_ATTEMPT] != ATTEMPT_SUCCEEDED;
}

static bool given_back_when_nothing_was(const unsigned char *at)
{
    return at[DIM_GIVEN_BACK] == GIVEN_BACK_JUST_NOW && at[DIM_WITHDRAWN] == WITHDRAWN_NONE;
}

static bool queue_of_one_that_holds_the_claim(const unsigned char *at)
{
    return at[DIM_QUEUE] != QUEUE_FIRST && (is_open(at) || scene_claimed(at) != 0);
}

static bool retries_of_no_failure(const unsigned char *at)
{
    enum attempt_seen attempt = at[DIM_ATTEMPT];
    return at[DIM_RETRIES] != RETRIES_NONE &&
           (attempt == ATTEMPT_NONE || attempt == ATTEMPT_SUCCEEDED ||
            (attempt == ATTEMPT_OPEN && at[DIM_RETRIES] == RETRIES_LATER));
}

static bool namespace_of_what_has_ended(const unsigned char *at)
{
    return at[DIM_NAMESPACE] != NAMESPACE_IS_UNKNOWN && !is_open(at) && !is_unproven(at);
}

static bool interruption_of_none(const unsigned char *at)
{
    return at[DIM_INTERRUPTION] != INTERRUPTION_FAILS &&
           (at[DIM_ATTEMPT] == ATTEMPT_NONE || at[DIM_ATTEMPT] == ATTEMPT_SUCCEEDED);
}

static bool recovery_of_no_attempt(const unsigned char *at)
{
    return at[DIM_RECOVERY] != RECOVERY_NONE && at[DIM_ATTEMPT] == ATTEMPT_NONE;
}

static bool skew_of_no_run(const unsigned char *at)
{
    return at[DIM_SKEW] != SKEW_UNTOLD && at[DIM_ATTEMPT] == ATTEMPT_NONE;
}

const struct product_exclusion scene_exclusions[] = {
    {DIM_ATTEMPT, "phase and attempt are written together (steps 7 and 10)",
     phase_without_its_attempt},
    {DIM_WITHDRAWN, "the next one is never claimed while one runs",
     runs_and_the_next_was_withdrawn},
    {DIM_CLAIM, "nobody claims for an attempt that never was", claim_of_an_attempt_that_never_was},
    {DIM_CLAIM, "a run without its claim is the same whose ever it is", other_claim_during_a_run},
    {DIM_CLAIM, "how it was interrupted matters not to a claim that is not of it",
     other_claim_after_an_interruption},
    {DIM_LOOK, "a fresh look is taken for a start, or for one that comes late",
     looked_for_no_start},
    {DIM_JOB, "without an attempt there is no Job to look at", job_of_no_attempt},
    {DIM_JOB, "the Job of a start is known from the server, after the look",
     job_known_before_the_look},
    {DIM_JOB, "R8: what is closed has no Job that goes on", job_runs_and_attempt_is_closed},
    {DIM_JOB, "once closed it matters no more how the Job ended", over_in_another_way},
    {DIM_JOB_READ, "only what is there was read as such", nothing_read_fresh},
    {DIM_JOB_READ, "the Job of a start is known from the server", starting_job_from_a_cache},
    {DIM_JOB_READ, "what is over stays over: a cache says it as well", over_read_again},
    {DIM_PODS, "a parked Job never had a pod, an attempt to come has none", pods_of_no_job},
    {DIM_PODS, "R8, R8b: what is closed and proven has no pod that runs",
     pod_runs_and_attempt_is_closed},
    {DIM_PODS, "once closed it matters no more how the pod ended", ended_in_another_way},
    {DIM_PODS, "what is let go before its time is let go no more: one without finalizer is tried",
     let_go_during_a_run},
    {DIM_PODS, "R8b: how it ended after all matters no more", unproven_in_another_way},
    {DIM_STRAY, "a stray is a second pod, and there are two at most", stray_beside_none},
    {DIM_STRAY, "once closed a stray is let go as it is", stray_of_what_is_closed},
    {DIM_NOTED, "steps 9a, 11: the note matters until the end is certain",
     notes_a_pod_without_a_run},
    {DIM_NOTED, "R7: a start that comes late is that of a pod behind the gate",
     looked_at_what_does_not_wait},
    {DIM_NOTED, "what is noted was there", notes_what_there_is_not},
    {DIM_NOTED, "step 10: what was closed has no noted pod behind the gate",
     unproven_behind_the_gate},
    {DIM_TIMEOUT, "the user's own deadline of a second is to tell from ours",
     timeout_of_no_deadline},
    {DIM_PODS_READ, "there is no Job whose pods could be read", pods_read_of_no_job},
    {DIM_PODS_READ, "what has ended stays so: a cache says it as well", closed_pods_read_again},
    {DIM_DATABASE, "a claim stands on a Database", claim_on_no_database},
    {DIM_GATES,
     "R4, R22: a gate that closes during a run ends nothing; some try it, and all a late start",
     gate_during_a_run},
    {DIM_GATES, "what has succeeded, or holds the claim of a closed attempt, asks no gate",
     gate_of_what_is_closed},
    {DIM_CONFIRM, "an annotation names an attempt", names_no_attempt},
    {DIM_RETRIES, "only what failed is retried", retries_of_no_failure},
    {DIM_QUEUE, "who holds the claim stands in no queue", queue_of_one_that_holds_the_claim},
    {DIM_JOB_NAME, "the name is asked for by the creation", name_taken_before_it_is_asked_for},
    {DIM_MISSED, "R7: a start is missed by a run that began long ago", missed_what_is_closed},
    {DIM_TIME, "when it began matters while it runs", time_of_what_is_closed},
    {DIM_SILENCE, "Events are asked for while it runs and there is no pod",
     pod_is_there_and_asked_about},
    {DIM_RECORD, "only a success records a version", version_of_no_success},
    {DIM_NAMESPACE, "the namespace is asked about at an end that is open",
     namespace_of_what_has_ended},
    {DIM_INTERRUPTION, "there was no interruption", interruption_of_none},
    {DIM_RECOVERY, "nothing was begun that could have left anything behind",
     recovery_of_no_attempt},
    {DIM_SKEW, "versions are told of during a run", skew_of_no_run},
    {DIM_GIVEN_BACK, "nothing was given back", given_back_when_nothing_was},
};
const size_t scene_exclusion_count = ARRAY_LEN(scene_exclusions);
