/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 8 to 10 of the run protocol: the migration says Running, attempt n, Job UID u. */
#include "domain/decide_run.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "domain/attempt.h"
#include "domain/condition.h"
#include "domain/gates.h"
#include "domain/podstate.h"
#include "domain/transition.h"

/* A pod appears within milliseconds; after this long its absence has a reason worth reading. */
#define NO_POD_ASKED_AFTER_S 3

struct turn {
    struct arena *arena;
    const struct observed *seen;
    const struct migration *migration;
    const struct attempt *attempt;
    const struct job *job; /* NULL while it is not known, or gone */
    struct run_state run;
    bool is_claimed;
    struct plan *plan;
};

static void act(struct turn *turn, unsigned actions, const char *case_id)
{
    turn->plan->actions = actions;
    turn->plan->case_id = case_id;
}

/* Nothing to do but wait; the Event of the start is recorded meanwhile. */
static void idle(struct turn *turn, const char *case_id)
{
    act(turn, turn->seen->is_event_due ? ACTION_RECORD_EVENT : 0, case_id);
}

/* ---- the end: step 10 ---- */

static void write_outcome(struct turn *turn, const char *case_id)
{
    const struct migration *migration = turn->migration;
    struct migration_status *status = &turn->plan->status;
    int64_t now_s = turn->seen->now_s;
    struct attempt_end end = {
        .job = turn->job,
        .run = &turn->run,
        .last_reason = migration->status.reason,
        .last_message = migration->status.message,
    };

    status_begin(turn->arena, migration, status);
    attempt_close(turn->arena, &end, now_s, &status->attempt);
    struct move move = {
        .phase = status->attempt.outcome == OUTCOME_SUCCEEDED ? PHASE_SUCCEEDED : PHASE_FAILED,
        .reason = status->attempt.reason,
        .message = status->attempt.message,
        .is_accepted = true,
    };
    int64_t left = attempt_retries_left(migration, &status->attempt);
    if (move.phase == PHASE_FAILED && left > 0 && migration->meta.deleted_s == 0) {
        move.phase = PHASE_WAITING;
        move.reason = "RetryBackoff";
        move.message = arena_printf(turn->arena, "%s; %" PRId64 " of %" PRId64 " retries left",
                                    status->attempt.message, left, migration->retries);
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

/* R5: neither a reason to run again nor the end of the run. */
static void decide_vanished(struct turn *turn)
{
    if (!turn->seen->are_pods_fresh) {
        act(turn, ACTION_READ_PODS, "R8");
    } else if (may_still_run(turn)) {
        idle(turn, "R9");
    } else {
        write_outcome(turn, "R10");
    }
}

/* The Job is terminal, or is being deleted and will never be. */
static void decide_ended(struct turn *turn)
{
    bool needs_proof = turn->run.pods == 0 || !turn->run.proven_ended;
    if (needs_proof && !turn->seen->are_pods_fresh) {
        act(turn, ACTION_READ_PODS, "R5");
    } else if (may_still_run(turn)) {
        idle(turn, "R6");
    } else {
        write_outcome(turn, "R7");
    }
}

/* ---- parked: step 8 ---- */

static bool is_parked(const struct job *job)
{
    return job->parallelism == 0 && !job->meta.has_finalizer && !job->is_complete &&
           !job->is_failed;
}

static void decide_parked(struct turn *turn)
{
    bool is_wanted = turn->is_claimed && turn->migration->meta.deleted_s == 0;
    if (!turn->seen->is_job_fresh) {
        act(turn, ACTION_READ_JOB, "R1");
    } else if (turn->job->meta.deleted_s != 0) {
        idle(turn, "R2");
    } else if (is_wanted) {
        act(turn, ACTION_ARM, "R3");
    } else {
        act(turn, ACTION_DELETE_JOB, "R4");
    }
}

/* ---- active ---- */

static int64_t start_deadline_s(const struct turn *turn)
{
    int64_t timeout_s = turn->migration->start_timeout_s;
    return timeout_s == 0 ? 0 : turn->attempt->start_s + timeout_s;
}

/* R4a: why a run of which nothing ever started is ended; NULL: it is not. */
static const char *reason_to_end(const struct turn *turn)
{
    int64_t deadline_s = start_deadline_s(turn);
    if (turn->run.ever_started || turn->job->active_deadline_s == 1) {
        return NULL;
    }
    if (deadline_s != 0 && turn->seen->now_s >= deadline_s) {
        return "startTimeout";
    }
    if (turn->migration->meta.deleted_s != 0) {
        return "deletion";
    }
    if (turn->migration->retry == turn->attempt->number) {
        return "retry";
    }
    return attempt_spec_changed(turn->migration) ? "edit" : NULL;
}

static void describe(const struct turn *turn, struct move *move)
{
    const char *why = NULL;
    move->phase = PHASE_RUNNING;
    move->is_accepted = true;
    if (turn->run.ever_started) {
        char at[CLOCK_TEXT_MAX];
        clock_format(turn->run.start_s != 0 ? turn->run.start_s : turn->attempt->start_s, at);
        move->reason = turn->migration->meta.deleted_s != 0 ? "DeletionWaits" : "JobRunning";
        move->message = arena_printf(turn->arena, "attempt %" PRId64 " runs as Job %s since %s",
                                     turn->attempt->number, turn->attempt->job, at);
        return;
    }
    if (turn->run.waiting_reason != NULL) {
        move->reason = turn->run.waiting_reason;
        why = turn->run.waiting_message;
    } else if (turn->run.pods == 0 && turn->seen->no_pod_reason != NULL) {
        move->reason = "FailedCreate";
        why = turn->seen->no_pod_reason;
    } else {
        move->reason = "Started";
    }
    move->message = why == NULL
                        ? arena_printf(turn->arena, "attempt %" PRId64 " starts as Job %s",
                                       turn->attempt->number, turn->attempt->job)
                        : arena_printf(turn->arena, "attempt %" PRId64 " cannot start yet: %s",
                                       turn->attempt->number, why);
}

static void show(struct turn *turn)
{
    struct migration_status *status = &turn->plan->status;
    struct move move = {0};
    describe(turn, &move);
    status_begin(turn->arena, turn->migration, status);
    if (turn->run.image_id != NULL) {
        status->attempt.image = turn->run.image_id;
    }
    status_move(turn->arena, turn->migration, status, &move, turn->seen->now_s);
    enum status_change change = status_compare(&turn->migration->status, status);
    if (change == STATUS_SAME) {
        idle(turn, "R13");
        return;
    }
    act(turn, ACTION_WRITE_STATUS, "R12");
    turn->plan->is_status_minor = change == STATUS_MINOR;
}

static void decide_active(struct turn *turn)
{
    int64_t now_s = turn->seen->now_s;
    int64_t deadline_s = start_deadline_s(turn);
    bool is_late = turn->run.pods == 0 && now_s >= turn->attempt->start_s + NO_POD_ASKED_AFTER_S;

    if (reason_to_end(turn) != NULL) {
        act(turn, turn->seen->are_pods_fresh ? ACTION_END_JOB : ACTION_READ_PODS, "R11");
        return;
    }
    if (is_late && turn->seen->no_pod_reason == NULL) {
        act(turn, ACTION_READ_JOB_EVENTS, "R14");
        return;
    }
    show(turn);
    if (!turn->run.ever_started) {
        turn->plan->wake_at_s = deadline_s > now_s ? deadline_s : 0;
        if (turn->run.pods == 0 && !is_late) {
            turn->plan->wake_at_s = turn->attempt->start_s + NO_POD_ASKED_AFTER_S;
        }
    }
}

/* Suspended by hand after it started: an interruption. Deleted, so that nobody can resume it. */
static void decide_suspended(struct turn *turn)
{
    if (may_still_run(turn)) {
        idle(turn, "R15");
    } else if (!turn->seen->are_pods_fresh) {
        act(turn, ACTION_READ_PODS, "R16");
    } else if (!turn->seen->is_job_fresh) {
        act(turn, ACTION_READ_JOB, "R16");
    } else {
        act(turn, ACTION_DELETE_JOB, "R17");
    }
}

void decide_run(struct arena *arena, const struct observed *seen, bool is_claimed,
                struct plan *plan)
{
    struct turn turn = {
        .arena = arena,
        .seen = seen,
        .migration = seen->migration,
        .attempt = &seen->migration->status.attempt,
        .job = seen->job_presence == PRESENCE_PRESENT ? seen->job : NULL,
        .is_claimed = is_claimed,
        .plan = plan,
    };
    const char *container = seen->pod_count > 0 ? seen->pods[0].facts.default_container : NULL;
    run_state_judge(arena, seen->pods, seen->pod_count, container, &turn.run);

    if (seen->job_presence == PRESENCE_UNKNOWN) {
        act(&turn, ACTION_READ_JOB, "R1");
    } else if (turn.job == NULL) {
        decide_vanished(&turn);
    } else if (is_parked(turn.job)) {
        decide_parked(&turn);
    } else if (turn.job->is_complete || turn.job->is_failed || turn.job->meta.deleted_s != 0) {
        decide_ended(&turn);
    } else if (turn.job->is_suspended) {
        decide_suspended(&turn);
    } else {
        decide_active(&turn);
    }
}
