/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide_pod.h"

#include <inttypes.h>

#include "base/str.h"
#include "domain/attempt.h"
#include "domain/gates.h"
#include "domain/jobstate.h"
#include "domain/podgate.h"
#include "domain/transition.h"

/* The pod of a Job that was just let go comes within milliseconds: what was judged for it still holds. */
#define JUDGED_FOR_S 30

bool decide_pod_is_ending(const struct turn *turn)
{
    return turn->job->active_deadline_s == JOB_ENDED_DEADLINE_S &&
           turn->migration->timeout_s != JOB_ENDED_DEADLINE_S;
}

bool decide_pod_is_missed(const struct turn *turn)
{
    return str_eq(turn->migration->status.reason, REASON_START_MISSED);
}

bool decide_pod_may_note(const struct turn *turn)
{
    return turn->job != NULL && !job_is_over(turn->job);
}

int64_t decide_pod_deadline_s(const struct turn *turn)
{
    int64_t timeout_s = turn->migration->start_timeout_s;
    return timeout_s == 0 ? 0 : turn->attempt->start_s + timeout_s;
}

/* Its controller deletes what it has made: terminal, stopped by hand, or told to end. */
static bool is_halted(const struct turn *turn)
{
    const struct job *job = turn->job;
    return job != NULL && (decide_pod_is_ending(turn) ||
                           (job->meta.deleted_s == 0 && (job_is_over(job) || job_is_stopped(job))));
}

/* The pod that is next to be noted or, when one is noted, opened. */
static const struct pod *next_pod(const struct turn *turn)
{
    const struct observed *seen = turn->seen;
    if (turn->attempt->pod_uid != NULL) {
        return turn->noted != NULL && podgate_is_waiting(turn->noted) ? turn->noted : NULL;
    }
    return decide_pod_may_note(turn) ? podgate_to_note(seen->pods, seen->pod_count) : NULL;
}

static void note(struct turn *turn, const struct pod *pod)
{
    struct migration_status *status = &turn->plan->status;
    status_begin(turn->arena, turn->migration, status);
    status->attempt.pod_uid = pod->meta.uid;
    plan_act(turn->plan, ACTION_WRITE_STATUS, "J15");
}

/* ---- a start that comes late ---- */

/* Why what was judged once does not hold any more; NULL: it does. The Job itself was accepted. */
static const char *objection(struct turn *turn)
{
    const struct migration *migration = turn->migration;
    struct gates gates;
    if (migration->meta.deleted_s != 0) {
        return "the migration is being deleted";
    }
    if (attempt_spec_changed(migration)) {
        return "the spec was edited";
    }
    if (!turn->is_claimed) {
        return "the claim was taken off the Database";
    }
    gates_judge(turn->arena, turn->seen, &gates);
    turn->last_breach = gates.are_applications_judged ? gates.last_breach : turn->last_breach;
    gates.verdicts[GATE_JOB_VALID].status = CONDITION_TRUE;
    return gates_are_open(&gates) ? NULL : gates_message(turn->arena, &gates);
}

static void miss(struct turn *turn, const char *why)
{
    struct migration_status *status = &turn->plan->status;
    struct move move = {
        .phase = PHASE_RUNNING,
        .reason = REASON_START_MISSED,
        .message = arena_printf(turn->arena,
                                "attempt %" PRId64 " had not started after %d s, and meanwhile: %s",
                                turn->attempt->number, JUDGED_FOR_S, why),
        .is_accepted = true,
    };
    status_begin(turn->arena, turn->migration, status);
    status->last_breach = turn->last_breach; /* it may be over when the gates are judged again */
    status_move(turn->arena, turn->migration, status, &move, turn->seen->now_s);
    plan_act(turn->plan, ACTION_WRITE_STATUS, "J19");
}

/*
 * Nobody followed for a while after the attempt was begun, or the Job could have no pod: what its gates
 * depend on is looked at again, as it is now. True: the plan says what is to be done before, or instead.
 */
static bool is_put_off(struct turn *turn)
{
    const struct observed *seen = turn->seen;
    if (seen->now_s < turn->attempt->start_s + JUDGED_FOR_S) {
        return false;
    }
    if (!turn->is_claimed && seen->is_database_cached) {
        plan_act(turn->plan, ACTION_READ_DATABASE, "J4");
        return true;
    }
    if (turn->is_claimed && !seen->is_fresh) {
        plan_act(turn->plan, ACTION_READ_FRESH, "J18");
        return true;
    }
    const char *why = objection(turn);
    if (why != NULL) {
        miss(turn, why);
    }
    return why != NULL;
}

bool decide_pod_is_too_late(const struct turn *turn)
{
    int64_t deadline_s = decide_pod_deadline_s(turn);
    return (deadline_s != 0 && turn->seen->now_s >= deadline_s) || decide_pod_is_missed(turn);
}

/* Also one that is being deleted: its controller still looks at the deadline. */
static bool can_be_ended(const struct turn *turn)
{
    return turn->job != NULL && !turn->job->is_complete && !turn->job->is_failed;
}

bool decide_pod_is_to_be_ended(const struct turn *turn)
{
    return turn->noted != NULL && podgate_is_waiting(turn->noted) && decide_pod_is_too_late(turn) &&
           can_be_ended(turn) && !decide_pod_is_ending(turn);
}

/*
 * Lets one pod start, the one that is noted. As the run goes on without its Job (R5), so it begins: a pod
 * that is behind the gate and not being deleted would else stay for ever, since only a Job that is there can
 * be ended.
 */
bool decide_pod(struct turn *turn)
{
    const struct pod *next = is_halted(turn) ? NULL : next_pod(turn);
    if (next == NULL || (can_be_ended(turn) && decide_pod_is_too_late(turn))) {
        return false;
    }
    if (can_be_ended(turn) && is_put_off(turn)) {
        return true;
    }
    if (turn->attempt->pod_uid == NULL) {
        note(turn, next);
    } else {
        plan_act(turn->plan, ACTION_OPEN_POD, "J16");
    }
    return true;
}
