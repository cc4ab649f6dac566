/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/turn.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"
#include "domain/attempt.h"
#include "domain/decide_pod.h"
#include "domain/jobstate.h"

/* Why a run that may go on is none that anybody watches over; NULL: all is as it should be. */
static const char *trouble(const struct turn *turn, const char **ret_reason)
{
    if (turn->job == NULL) {
        *ret_reason = "JobVanished";
        return "is gone";
    }
    if (turn->job->meta.deleted_s != 0) {
        *ret_reason = "JobDeleted";
        return "is being deleted";
    }
    if (turn->job->is_suspended) {
        *ret_reason = "Suspended";
        return "was suspended by hand";
    }
    if (job_is_stopped(turn->job)) {
        *ret_reason = "JobEdited";
        return "was edited by hand (parallelism 0)";
    }
    return NULL;
}

static void describe_running(const struct turn *turn, struct move *move)
{
    struct arena *arena = turn->arena;
    const struct attempt *attempt = turn->attempt;
    const char *edits = turn->job == NULL ? NULL : job_edits(arena, turn->job);
    char at[CLOCK_TEXT_MAX];
    clock_format(turn->run.start_s != 0 ? turn->run.start_s : attempt->start_s, at);
    if (turn->run.silent_node != NULL) {
        move->reason = "NodeLost";
        move->message =
            arena_printf(arena,
                         "attempt %" PRId64
                         " ran as Job %s when its node %s was last heard of; only the node, or "
                         "its removal, tells the end",
                         attempt->number, attempt->job, turn->run.silent_node);
        return;
    }
    move->reason = turn->migration->meta.deleted_s != 0 ? "DeletionWaits" : "JobRunning";
    move->message = arena_printf(arena, "attempt %" PRId64 " runs as Job %s since %s",
                                 attempt->number, attempt->job, at);
    if (edits != NULL) {
        move->reason = "JobEdited";
        move->message =
            arena_printf(arena, "%s; the Job was edited by hand: %s", move->message, edits);
    }
}

static void describe_start(const struct turn *turn, struct move *move)
{
    const char *why = NULL;
    if (turn->run.waiting_reason != NULL) {
        move->reason = turn->run.waiting_reason;
        why = str_is_empty(turn->run.waiting_message) ? turn->run.waiting_reason
                                                      : turn->run.waiting_message;
    } else if (turn->run.pods == 0 && !str_is_empty(turn->seen->no_pod_reason)) {
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

void turn_describe(const struct turn *turn, struct move *ret_move)
{
    const char *what = trouble(turn, &ret_move->reason);
    ret_move->phase = PHASE_RUNNING;
    ret_move->is_accepted = true;
    if (decide_pod_is_missed(turn) && !turn->run.ever_started) {
        ret_move->reason = REASON_START_MISSED; /* the word that keeps its pod from being opened */
        ret_move->message = turn->migration->status.message;
    } else if (what != NULL) {
        ret_move->message = arena_printf(turn->arena, "Job %s %s; waiting for its pod to end",
                                         turn->attempt->job, what);
    } else if (turn->run.ever_started) {
        describe_running(turn, ret_move);
    } else {
        describe_start(turn, ret_move);
    }
}
