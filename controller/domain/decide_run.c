/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 8 to 10 of the run protocol: the migration says Running, attempt n, Job UID u. */
#include "domain/decide_run.h"

#include <inttypes.h>

#include "base/str.h"
#include "domain/attempt.h"
#include "domain/condition.h"
#include "domain/decide_pod.h"
#include "domain/gates.h"
#include "domain/jobstate.h"
#include "domain/podgate.h"
#include "domain/podstate.h"
#include "domain/tenancy.h"
#include "domain/transition.h"
#include "domain/turn.h"

/* A pod appears within milliseconds; after this long its absence has a reason worth reading. */
#define NO_POD_ASKED_AFTER_S 3
/* That a run has started is worth a write of its own only if it does not end at once. */
#define RUNNING_TOLD_AFTER_S 5
/* The Job controller ends the Job within milliseconds of its pod. Later than that, we may have lost sight. */
#define JOB_ENDS_WITHIN_S 2
/* And later than that it never counts that pod: somebody took its finalizer off it. */
#define JOB_ENDS_AT_LAST_S 60

static void act(struct turn *turn, unsigned actions, const char *case_id)
{
    plan_act(turn->plan, actions, case_id);
}

/* ---- what it does, for the status ---- */

/* The versions of an edited spec are not those that this run was started on. */
static void judge_skew(struct turn *turn)
{
    struct gates gates;
    const struct conditions *told = &turn->migration->status.conditions;
    if (!turn->seen->are_applications_known || attempt_spec_changed(turn->migration)) {
        return;
    }
    gates_judge(turn->arena, turn->seen, &gates);
    turn->last_breach = gates.last_breach;
    const struct gate_verdict *versions = &gates.verdicts[GATE_VERSIONS_COMPATIBLE];
    if (gates.is_skewed) {
        turn->skew =
            (struct gate_verdict){CONDITION_TRUE, versions->reason,
                                  arena_printf(turn->arena, "while attempt %" PRId64 " runs, %s",
                                               turn->attempt->number, versions->message)};
    } else if (condition_get(told, CONDITION_VERSION_SKEW) != NULL && !gates.is_unread) {
        turn->skew = (struct gate_verdict){CONDITION_FALSE, versions->reason, versions->message};
    }
}

static bool is_skew_news(const struct turn *turn)
{
    return turn->skew.reason != NULL &&
           condition_is_true(&turn->migration->status.conditions, CONDITION_VERSION_SKEW) !=
               (turn->skew.status == CONDITION_TRUE);
}

/* Told, and nothing is stopped. */
static void tell_skew(const struct turn *turn, struct migration_status *status)
{
    if (turn->skew.reason != NULL) {
        condition_set(turn->arena, &status->conditions,
                      &(struct condition){
                          .type = CONDITION_VERSION_SKEW,
                          .status = turn->skew.status,
                          .reason = turn->skew.reason,
                          .message = turn->skew.message,
                          .observed_generation = status->observed_generation,
                      },
                      turn->seen->now_s);
        status->last_breach = turn->last_breach; /* the next attempt's soak begins after it */
    }
}

static void show(struct turn *turn)
{
    struct migration_status *status = &turn->plan->status;
    struct move move = {0};
    turn_describe(turn, &move);
    status_begin(turn->arena, turn->migration, status);
    if (turn->run.image_id != NULL) {
        status->attempt.image = turn->run.image_id;
    }
    tell_skew(turn, status);
    status_move(turn->arena, turn->migration, status, &move, turn->seen->now_s);
    enum status_change change = status_compare(&turn->migration->status, status);
    if (change == STATUS_SAME) {
        plan_idle(turn->seen, turn->plan, "J13");
        return;
    }
    act(turn, ACTION_WRITE_STATUS, "J12");
    turn->plan->is_status_minor = change == STATUS_MINOR;
}

/* ---- the noted pod ---- */

/*
 * The noted pod is gone, or can run no more and its Job does not count it: what the Job makes in its place is
 * never let start, so the Job would never end.
 */
static bool is_over_without_job(const struct turn *turn)
{
    const struct observed *seen = turn->seen;
    const struct run_state *run = &turn->run;
    const struct pod *noted = turn->noted;
    if (turn->attempt->pod_uid == NULL || decide_pod_is_ending(turn)) {
        return false;
    }
    if (run->pods == 0 || !run->proven_ended) {
        return run->pods == 0;
    }
    bool has_others = seen->pod_count > run->pods;
    int64_t within_s = has_others ? JOB_ENDS_WITHIN_S : JOB_ENDS_AT_LAST_S;
    bool has_end = run->end_s != 0 || noted == NULL;
    return seen->now_s >= (has_end ? run->end_s : noted->meta.deleted_s) + within_s;
}

/* ---- the end: step 10 ---- */

/* A failed attempt that another follows by itself is no failure of the migration yet. */
static void say_whether_tried_again(const struct turn *turn, const struct attempt *ended,
                                    struct move *move)
{
    const struct migration *migration = turn->migration;
    int64_t left = attempt_retries_left(migration, ended);
    bool is_interruption = attempt_is_tried_again(migration, ended);
    if (ended->outcome != OUTCOME_FAILED || migration->meta.deleted_s != 0 ||
        (left == 0 && !is_interruption)) {
        return;
    }
    move->phase = PHASE_WAITING;
    move->reason = "RetryBackoff";
    move->message = is_interruption
                        ? arena_printf(turn->arena, "%s; it is tried again", ended->message)
                        : arena_printf(turn->arena, "%s; %" PRId64 " of %" PRId64 " retries left",
                                       ended->message, left, migration->retries);
}

static void write_outcome(struct turn *turn, const char *case_id)
{
    const struct migration *migration = turn->migration;
    struct migration_status *status = &turn->plan->status;
    int64_t now_s = turn->seen->now_s;
    struct attempt_end end = {
        .job = turn->job,
        .run = &turn->run,
        .is_noted_gone = turn->attempt->pod_uid != NULL && turn->noted == NULL,
        .last_reason = migration->status.reason,
        .last_message = migration->status.message,
        .on_interruption = migration->on_interruption,
    };

    status_begin(turn->arena, migration, status);
    attempt_close(turn->arena, &end, now_s, &status->attempt);
    bool is_lost = turn->seen->namespace_state == NAMESPACE_TERMINATING;
    if (status->attempt.is_interrupted) {
        if (turn->seen->namespace_state == NAMESPACE_UNKNOWN) {
            act(turn, ACTION_READ_NAMESPACE, "J14"); /* its pods go first, before the migration */
            return;
        }
        /* A Database of another namespace stays, and its claim until the end is certain. */
        bool holds_on = attempt_end_is_unproven(&status->attempt) && !tenancy_is_at_home(migration);
        if (is_lost && !holds_on) {
            attempt_blame_namespace(turn->arena, &status->attempt);
        }
    }
    struct move move = {
        .phase = status->attempt.outcome == OUTCOME_SUCCEEDED ? PHASE_SUCCEEDED : PHASE_FAILED,
        .reason = status->attempt.reason,
        .message = status->attempt.message,
        .is_accepted = true,
    };
    if (!is_lost) {
        say_whether_tried_again(turn, &status->attempt, &move);
    }
    condition_set(turn->arena, &status->conditions,
                  &(struct condition){
                      .type = gate_name(GATE_LOCK_HELD),
                      .status = CONDITION_FALSE,
                      .reason = "Ended",
                      .message = "the attempt has ended",
                      .observed_generation = status->observed_generation,
                  },
                  now_s);
    status_move(turn->arena, migration, status, &move, now_s);
    act(turn, ACTION_WRITE_STATUS, case_id);
}

static bool may_still_run(const struct turn *turn)
{
    return turn->run.pods > 0 && (turn->run.end == RUN_RUNNING || turn->run.end == RUN_PENDING);
}

/*
 * No Job of the attempt can start anything any more: it is terminal, is being deleted and will never be,
 * or has vanished (R5: neither a reason to run again nor the end of the run). Its pods decide.
 */
static void decide_over(struct turn *turn)
{
    int64_t until_s = job_pod_may_come_until_s(turn->job, turn->attempt->start_s);
    bool is_proven = turn->job != NULL && turn->run.pods > 0 && turn->run.proven_ended;

    if (decide_pod_is_to_be_ended(turn)) {
        act(turn, turn->seen->are_pods_fresh ? ACTION_END_JOB : ACTION_READ_PODS, "J10");
    } else if (!is_proven && !turn->seen->are_pods_fresh) {
        act(turn, ACTION_READ_PODS, "J5");
    } else if (turn->run.pods == 0 && turn->seen->now_s < until_s) {
        plan_idle(turn->seen, turn->plan, "J6");
        turn->plan->wake_at_s = until_s;
    } else if (may_still_run(turn)) {
        show(turn);
    } else {
        write_outcome(turn, turn->job == NULL ? "J7" : "J8");
    }
}

/* ---- parked: step 8 ---- */

static void decide_parked(struct turn *turn)
{
    bool is_deleted = turn->migration->meta.deleted_s != 0;
    if (!is_deleted && !turn->is_claimed && turn->seen->is_database_cached) {
        act(turn, ACTION_READ_DATABASE, "J4"); /* a claim stands as long as its attempt is open */
    } else if (!turn->seen->is_job_fresh) {
        act(turn, ACTION_READ_JOB, "J1");
    } else if (!is_deleted && turn->is_claimed) {
        act(turn, ACTION_ARM, "J2");
    } else {
        act(turn, ACTION_DELETE_JOB, "J3");
    }
}

/* ---- active ---- */

/* R4a: a run of which nothing ever started is ended. */
static bool is_start_given_up(const struct turn *turn)
{
    bool has_started = turn->run.ever_started || turn->job->ready > 0;
    if (has_started || turn->job->active_deadline_s == JOB_ENDED_DEADLINE_S) {
        return false;
    }
    if (decide_pod_is_too_late(turn)) {
        return true;
    }
    /*
     * A kubelet tells of a start up to a second late: but for a reason that keeps the run from starting,
     * it may have started. Only the user's own deadline is taken at its word.
     */
    bool is_stuck = turn->run.waiting_reason != NULL ||
                    (turn->run.pods == 0 && !str_is_empty(turn->seen->no_pod_reason));
    return is_stuck && (turn->migration->meta.deleted_s != 0 ||
                        turn->migration->retry == turn->attempt->number ||
                        attempt_spec_changed(turn->migration));
}

/* When a run that has not started yet is looked at again: its deadline, or to ask for its pod. */
static int64_t next_look_s(const struct turn *turn, bool is_late)
{
    int64_t now_s = turn->seen->now_s;
    int64_t deadline_s = decide_pod_deadline_s(turn);
    int64_t look_s = deadline_s > now_s ? deadline_s : 0;
    if (turn->run.ever_started) {
        return turn->run.proven_ended ? now_s + JOB_ENDS_WITHIN_S : 0;
    }
    if (turn->run.pods > 0) {
        return look_s;
    }
    int64_t stands_s =
        str_is_empty(turn->seen->no_pod_reason) ? NO_POD_SILENCE_STANDS_S : NO_POD_REASON_STANDS_S;
    int64_t ask_s = is_late ? now_s + stands_s : turn->attempt->start_s + NO_POD_ASKED_AFTER_S;
    return look_s == 0 || ask_s < look_s ? ask_s : look_s;
}

static void decide_active(struct turn *turn)
{
    int64_t now_s = turn->seen->now_s;
    bool is_late = turn->run.pods == 0 && now_s >= turn->attempt->start_s + NO_POD_ASKED_AFTER_S;
    int64_t told_s = turn->attempt->start_s + RUNNING_TOLD_AFTER_S;

    if (is_over_without_job(turn)) {
        act(turn, turn->seen->are_pods_fresh ? ACTION_END_JOB : ACTION_READ_PODS, "J17");
    } else if (is_start_given_up(turn)) {
        act(turn, turn->seen->are_pods_fresh ? ACTION_END_JOB : ACTION_READ_PODS, "J10");
    } else if (is_late && turn->seen->no_pod_reason == NULL) {
        /* A watch that tells nothing must not keep the run's only pod behind its gate. */
        act(turn, turn->seen->are_pods_fresh ? ACTION_READ_JOB_EVENTS : ACTION_READ_PODS, "J11");
    } else if (turn->job->active_deadline_s == JOB_ENDED_DEADLINE_S && !turn->run.ever_started) {
        plan_idle(turn->seen, turn->plan,
                  "J13"); /* what kept it from starting is told already, and stays */
    } else if (turn->run.ever_started && str_eq(turn->migration->status.reason, "Started") &&
               now_s < told_s && !is_skew_news(turn)) {
        plan_idle(turn->seen, turn->plan, "J13");
        turn->plan->wake_at_s = told_s;
    } else {
        show(turn);
        turn->plan->wake_at_s = next_look_s(turn, is_late);
    }
}

/*
 * Stopped by hand after it started: an interruption. Deleted, so that nobody can resume it, as soon as that
 * kills nothing (R4): its pods have ended, or are asked to stop as it is.
 */
static void decide_stopped(struct turn *turn)
{
    if (turn->run.pods > 0 && !turn->run.is_stopping) {
        show(turn);
    } else if (!turn->seen->is_job_fresh) {
        act(turn, ACTION_READ_JOB,
            "J1"); /* before its pods: resumed since, it is another version */
    } else if (!turn->seen->are_pods_fresh) {
        act(turn, ACTION_READ_PODS, "J5");
    } else {
        act(turn, ACTION_DELETE_JOB, "J9");
    }
}

/* The Job with the UID that the attempt recorded; NULL: there is none, as far as seen. */
static const struct job *job_of(const struct observed *seen)
{
    const char *uid = seen->migration->status.attempt.job_uid;
    bool is_its = seen->job_presence == PRESENCE_PRESENT && str_eq(seen->job->meta.uid, uid);
    return is_its ? seen->job : NULL;
}

/* As long as none is noted, those behind the gate may start; later, of them only the noted one. */
static void judge_pods(struct turn *turn)
{
    const struct observed *seen = turn->seen;
    const struct pod *pods = seen->pods;
    size_t count = seen->pod_count;
    if (turn->attempt->pod_uid != NULL || !decide_pod_may_note(turn)) {
        count = podgate_select(turn->arena, pods, count, turn->attempt->pod_uid, &pods);
    }
    run_state_judge(turn->arena, pods, count, seen->run_container, &turn->run);
}

void decide_run(struct arena *arena, const struct observed *seen, bool is_claimed,
                struct plan *plan)
{
    struct turn turn = {
        .arena = arena,
        .seen = seen,
        .migration = seen->migration,
        .attempt = &seen->migration->status.attempt,
        .job = job_of(seen),
        .noted = podgate_find(seen->pods, seen->pod_count, seen->migration->status.attempt.pod_uid),
        .last_breach = seen->migration->status.last_breach,
        .is_claimed = is_claimed,
        .plan = plan,
    };
    judge_pods(&turn);
    judge_skew(&turn);

    /* That another has its name is no proof that it is gone, unless the server says so now. */
    bool is_gone = seen->job_presence == PRESENCE_ABSENT ||
                   (seen->job_presence == PRESENCE_PRESENT && seen->is_job_fresh);
    if (turn.job == NULL && !is_gone) {
        act(&turn, ACTION_READ_JOB, "J1");
    } else if (decide_pod(&turn)) {
        return;
    } else if (turn.job == NULL || job_is_over(turn.job)) {
        decide_over(&turn);
    } else if (job_is_parked(turn.job) && turn.run.pods == 0) {
        decide_parked(&turn);
    } else if (job_is_stopped(turn.job)) {
        decide_stopped(&turn);
    } else {
        decide_active(&turn);
    }
}
