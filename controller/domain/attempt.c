/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/attempt.h"

#include <inttypes.h>

#include "base/backoff.h"
#include "base/str.h"
#include "domain/condition.h"
#include "domain/gates.h"
#include "domain/jobstate.h"

/* As the Job controller waits between its own retries. */
#define RETRY_FIRST_S   10
#define RETRY_LARGEST_S 360

/* The caches say that a run may start, and the server that it may not: they need a moment to agree. */
#define GIVEN_BACK_FIRST_S   2
#define GIVEN_BACK_LARGEST_S 60

bool attempt_is_closed(const struct migration *migration, int64_t number)
{
    const struct migration_status *status = &migration->status;
    if (status->attempt.number == number) {
        return status->attempt.outcome != OUTCOME_NONE;
    }
    return status->attempt.number > number || status->withdrawn >= number;
}

int64_t attempt_next(const struct migration *migration)
{
    const struct migration_status *status = &migration->status;
    int64_t highest =
        status->attempt.number > status->withdrawn ? status->attempt.number : status->withdrawn;
    return highest + 1;
}

bool attempt_is_running(const struct migration *migration)
{
    const struct attempt *attempt = &migration->status.attempt;
    return attempt->number > 0 && attempt->outcome == OUTCOME_NONE;
}

bool attempt_spec_changed(const struct migration *migration)
{
    const struct attempt *attempt = &migration->status.attempt;
    return attempt->number > 0 && migration->meta.generation != attempt->generation &&
           !str_eq(migration->spec_hash, attempt->spec_hash);
}

/*
 * A run that failed by itself, or never ran. What was cut off, or took too long, may have left a lock
 * behind (R21); where another container than the run's failed, the run may have done its work.
 */
static bool may_be_retried(const struct attempt *attempt)
{
    return attempt->outcome == OUTCOME_FAILED &&
           (str_eq(attempt->reason, "ExitCode") || str_eq(attempt->reason, "OOMKilled") ||
            str_eq(attempt->reason, "InitContainerFailed") ||
            str_eq(attempt->reason, "NeverStarted"));
}

/* Attempts in a row, newest first, that ran this spec and failed by themselves. */
static int64_t failures(const struct migration *migration, const struct attempt *newest)
{
    int64_t count = 0;
    if (!may_be_retried(newest)) {
        return 0;
    }
    count++;
    for (size_t i = 0; i < migration->status.attempt_count; i++) {
        const struct attempt *earlier = &migration->status.attempts[i];
        if (!may_be_retried(earlier) || !str_eq(earlier->spec_hash, newest->spec_hash)) {
            break;
        }
        count++;
    }
    return count;
}

int64_t attempt_retries_left(const struct migration *migration, const struct attempt *ended)
{
    int64_t failed = failures(migration, ended);
    /* Only so many are remembered: beyond them nobody could count. */
    int64_t allowed =
        migration->retries < STATUS_ATTEMPTS_MAX ? migration->retries : STATUS_ATTEMPTS_MAX;
    int64_t left = allowed - failed + 1;
    bool same_spec = str_eq(migration->spec_hash, ended->spec_hash);
    return failed > 0 && same_spec && left > 0 ? left : 0;
}

bool attempt_may_begin(const struct migration *migration)
{
    const struct attempt *attempt = &migration->status.attempt;
    if (migration->meta.deleted_s != 0 || migration->status.phase == PHASE_SUCCEEDED) {
        return false;
    }
    if (attempt->number == 0) {
        return true;
    }
    /* Judged by the attempt and not by the phase: an edit that is taken back asks for nothing. */
    return attempt->outcome == OUTCOME_FAILED &&
           (migration->retry == attempt->number || attempt_spec_changed(migration) ||
            attempt_retries_left(migration, attempt) > 0);
}

bool migration_is_unfinished(const struct migration *migration)
{
    return migration->meta.deleted_s != 0 || migration->meta.has_finalizer ||
           migration->meta.generation != migration->status.observed_generation ||
           attempt_is_running(migration) || attempt_may_begin(migration);
}

int64_t attempt_not_before(const struct migration *migration)
{
    const struct attempt *attempt = &migration->status.attempt;
    bool is_own_retry = may_be_retried(attempt) &&
                        str_eq(migration->spec_hash, attempt->spec_hash) &&
                        migration->retry != attempt->number;
    if (!is_own_retry) {
        return 0;
    }
    const struct backoff_policy policy = {RETRY_FIRST_S, RETRY_LARGEST_S};
    /* All of the delay, without jitter: it stands in the message. */
    return attempt->completion_s +
           backoff_delay_ms(&policy, (unsigned)failures(migration, attempt), 1023);
}

/* When the gate closed because of which it was given back. */
static int64_t given_back_s(const struct migration_status *status)
{
    int64_t latest_s = 0;
    for (enum gate gate = 0; gate < GATE_LOCK_HELD; gate++) {
        const struct condition *condition = condition_get(&status->conditions, gate_name(gate));
        if (condition != NULL && condition->status == CONDITION_FALSE &&
            condition->changed_s > latest_s) {
            latest_s = condition->changed_s;
        }
    }
    return latest_s;
}

int64_t attempt_given_back_until(const struct migration *migration)
{
    const struct migration_status *status = &migration->status;
    int64_t in_a_row = status->withdrawn - status->attempt.number;
    if (in_a_row < 1 || status->observed_generation != migration->meta.generation) {
        return 0;
    }
    const struct backoff_policy policy = {GIVEN_BACK_FIRST_S, GIVEN_BACK_LARGEST_S};
    unsigned count = in_a_row > GIVEN_BACK_LARGEST_S ? GIVEN_BACK_LARGEST_S : (unsigned)in_a_row;
    return given_back_s(status) + backoff_delay_ms(&policy, count, 1023);
}

bool attempt_end_is_unproven(const struct attempt *attempt)
{
    return str_eq(attempt->reason, "EndUnproven");
}

static const char *output(struct arena *arena, const struct run_state *run)
{
    return str_is_empty(run->message) ? "" : arena_printf(arena, "; last output: %s", run->message);
}

static void fail(struct attempt *attempt, const char *reason, const char *message)
{
    attempt->outcome = OUTCOME_FAILED;
    attempt->reason = reason;
    attempt->message = message;
}

/* The Job is gone: what its pods still tell is shown, and proves nothing (R5). */
static void close_vanished(struct arena *arena, const struct run_state *run,
                           struct attempt *attempt)
{
    const char *told = "no pod of it is left, the result is unknown";
    if (run->pods > 0 && run->has_exit_code) {
        told = run->exit_code == 0
                   ? "its pod exited with 0, so it may have done its work"
                   : arena_printf(arena, "its pod exited with %" PRId64, run->exit_code);
    }
    fail(attempt, "JobVanished",
         arena_printf(arena, "Job %s was deleted during the run; %s%s", attempt->job, told,
                      output(arena, run)));
}

static void close_never_started(struct arena *arena, const struct attempt_end *end,
                                struct attempt *attempt)
{
    /* The runtime's own words ("exec: ...: not found") tell more than what was waited for. */
    const char *why =
        str_is_empty(end->run->message) ? str_or_empty(end->last_message) : end->run->message;
    fail(attempt, "NeverStarted",
         arena_printf(arena, "nothing of attempt %" PRId64 " ever ran%s%s", attempt->number,
                      why[0] == '\0' ? "" : ": ", why));
}

/* R8a: exit 0, and yet no proof. */
static void close_unsure(struct arena *arena, const struct run_state *run, struct attempt *attempt)
{
    const char *why = run->pods == 0
                          ? "its Job is complete, but the pod that would prove it is gone"
                          : "it exited with 0, but after it was asked to stop";
    fail(attempt, "InterruptedUnproven",
         arena_printf(arena, "nothing proves that attempt %" PRId64 " did its work: %s%s",
                      attempt->number, why, output(arena, run)));
}

/* R4a. Without any pod it takes a Job that never could have one, or that says why it has none. */
static bool has_never_started(const struct attempt_end *end)
{
    return !end->run->ever_started &&
           (end->run->pods > 0 || end->job->is_failed || job_is_parked(end->job));
}

static void close_failed(struct arena *arena, const struct attempt_end *end,
                         struct attempt *attempt)
{
    const struct run_state *run = end->run;
    const struct job *job = end->job;
    bool was_late = job->is_failed && str_eq(job->failed_reason, "DeadlineExceeded");
    if (was_late) {
        fail(attempt, "DeadlineExceeded",
             arena_printf(arena,
                          "attempt %" PRId64 " was stopped after its timeout of %" PRId64 "s%s",
                          attempt->number, job->active_deadline_s, output(arena, run)));
    } else if (job->is_suspended) {
        fail(attempt, "Suspended",
             arena_printf(arena, "Job %s was suspended by hand during the run%s", attempt->job,
                          output(arena, run)));
    } else if (run->is_interrupted) {
        fail(attempt, run->reason == NULL ? "Interrupted" : run->reason,
             arena_printf(arena, "attempt %" PRId64 " was cut off from outside (%s)%s",
                          attempt->number, run->reason == NULL ? "Interrupted" : run->reason,
                          output(arena, run)));
    } else if (run->has_exit_code) {
        const char *reason = run->reason == NULL ? "ExitCode" : run->reason;
        fail(attempt, reason,
             arena_printf(arena, "attempt %" PRId64 " failed with exit code %" PRId64 " (%s)%s",
                          attempt->number, run->exit_code, reason, output(arena, run)));
    } else {
        fail(attempt, "JobDeleted",
             arena_printf(
                 arena, "Job %s and its pod were deleted during the run, the result is unknown%s%s",
                 attempt->job, job->is_failed ? ": " : "",
                 job->is_failed ? str_or_empty(job->failed_message) : ""));
    }
}

void attempt_close(struct arena *arena, const struct attempt_end *end, int64_t now_s,
                   struct attempt *attempt)
{
    const struct run_state *run = end->run;

    attempt->completion_s = run->end_s != 0 ? run->end_s : now_s;
    attempt->image = run->image_id != NULL ? run->image_id : attempt->image;
    attempt->has_exit_code = run->has_exit_code;
    attempt->exit_code = run->exit_code;
    if (run->pods > 0 && !run->proven_ended) {
        fail(attempt, "EndUnproven",
             arena_printf(arena,
                          "nobody can tell whether attempt %" PRId64
                          " still runs (%s): when it has "
                          "ended for certain, annotate with " ANNOTATION_CONFIRM_ENDED "=%" PRId64,
                          attempt->number, run->reason == NULL ? "lost node" : run->reason,
                          attempt->number));
    } else if (end->job == NULL) {
        close_vanished(arena, run, attempt);
    } else if (run->succeeded) {
        /* Also where the Job says otherwise: the run ended by itself, with 0, before anything else. */
        attempt->outcome = OUTCOME_SUCCEEDED;
        attempt->reason = "Completed";
        attempt->message =
            str_is_empty(run->message)
                ? arena_printf(arena, "attempt %" PRId64 " succeeded", attempt->number)
                : run->message;
    } else if (run->is_unsure || end->job->is_complete) {
        close_unsure(arena, run, attempt);
    } else if (has_never_started(end)) {
        close_never_started(arena, end, attempt);
    } else {
        close_failed(arena, end, attempt);
    }
}

bool attempt_ended_from_outside(const struct attempt *attempt, const struct run_state *run)
{
    bool has_own_end = run->has_exit_code && !run->is_interrupted && !run->is_unsure;
    return attempt->outcome == OUTCOME_FAILED && !has_own_end &&
           !str_eq(attempt->reason, "NeverStarted") && !str_eq(attempt->reason, "DeadlineExceeded");
}

void attempt_blame_namespace(struct arena *arena, struct attempt *attempt)
{
    fail(attempt, "NamespaceDeleted",
         arena_printf(arena, "the namespace was deleted during attempt %" PRId64 ": %s",
                      attempt->number, attempt->message));
}
