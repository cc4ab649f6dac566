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
#define GIVEN_BACK_LARGEST_S 30

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
 * behind (R21); where a check or another container failed, the run may have done its work.
 */
static bool may_be_retried(const struct attempt *attempt)
{
    return attempt->outcome == OUTCOME_FAILED &&
           (str_eq(attempt->reason, "ExitCode") || str_eq(attempt->reason, "OOMKilled") ||
            str_eq(attempt->reason, "InitContainerFailed") ||
            str_eq(attempt->reason, "RecoverFailed") || str_eq(attempt->reason, "NeverStarted"));
}

/* Ended by what run.onInterruption is to overcome, or by our own lateness. */
static bool is_retried_interruption(const struct migration *migration,
                                    const struct attempt *attempt)
{
    if (str_eq(attempt->reason, REASON_START_MISSED)) {
        return true;
    }
    return migration->on_interruption == ON_INTERRUPTION_RETRY &&
           attempt->outcome == OUTCOME_FAILED && attempt->is_interrupted &&
           !str_eq(attempt->reason, "NamespaceDeleted");
}

/*
 * Attempts in a row, newest first, that ran this spec and failed by themselves. Interruptions between
 * them neither count nor begin the count anew.
 */
static int64_t failures(const struct migration *migration, const struct attempt *newest)
{
    int64_t count = 0;
    if (!may_be_retried(newest) || is_retried_interruption(migration, newest)) {
        return 0;
    }
    count++;
    for (size_t i = 0; i < migration->status.attempt_count; i++) {
        const struct attempt *earlier = &migration->status.attempts[i];
        bool is_interruption = is_retried_interruption(migration, earlier);
        if (!str_eq(earlier->spec_hash, newest->spec_hash) ||
            (!is_interruption && !may_be_retried(earlier))) {
            break;
        }
        count += is_interruption ? 0 : 1;
    }
    return count;
}

/* Attempts in a row, newest first, that ran this spec and were interrupted; as far as remembered. */
static int64_t interruptions(const struct migration *migration)
{
    const struct migration_status *status = &migration->status;
    int64_t count = 1;
    for (size_t i = 0; i < status->attempt_count; i++) {
        const struct attempt *earlier = &status->attempts[i];
        if (!earlier->is_interrupted || !str_eq(earlier->spec_hash, status->attempt.spec_hash)) {
            break;
        }
        count++;
    }
    return count;
}

/*
 * Its containers were seen to end. Where the Job is gone, pod and finalizers may have been taken away by
 * force, and the process with its node may live on: enough to let the next migration in, which somebody
 * applies, but nothing that a run may be repeated on by itself.
 */
static bool was_seen_to_end(const struct attempt *attempt)
{
    return !attempt_end_is_unproven(attempt) && !str_eq(attempt->reason, "JobVanished") &&
           !str_eq(attempt->reason, "JobDeleted");
}

bool attempt_is_tried_again(const struct migration *migration, const struct attempt *ended)
{
    bool is_confirmed = was_seen_to_end(ended) || migration->confirm_ended == ended->number;
    return is_retried_interruption(migration, ended) && is_confirmed &&
           str_eq(migration->spec_hash, ended->spec_hash);
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
            attempt_retries_left(migration, attempt) > 0 ||
            attempt_is_tried_again(migration, attempt));
}

bool migration_is_unfinished(const struct migration *migration)
{
    enum phase phase = migration->status.phase;
    /* One that waits although nobody asks for another attempt any more is still to be told so (F5). */
    bool is_told = phase == PHASE_SUCCEEDED || phase == PHASE_FAILED;
    return !is_told || migration->meta.deleted_s != 0 || migration->meta.has_finalizer ||
           migration->meta.generation != migration->status.observed_generation ||
           attempt_is_running(migration) || attempt_may_begin(migration);
}

int64_t attempt_not_before(const struct migration *migration)
{
    const struct attempt *attempt = &migration->status.attempt;
    bool is_interruption = attempt_is_tried_again(migration, attempt);
    bool is_own_retry = (may_be_retried(attempt) || is_interruption) &&
                        str_eq(migration->spec_hash, attempt->spec_hash) &&
                        migration->retry != attempt->number;
    if (!is_own_retry) {
        return 0;
    }
    const struct backoff_policy policy = {RETRY_FIRST_S, RETRY_LARGEST_S};
    int64_t in_a_row = is_interruption ? interruptions(migration) : failures(migration, attempt);
    /* All of the delay, without jitter: it stands in the message. */
    return attempt->completion_s + backoff_delay_ms(&policy, (unsigned)in_a_row, 1023);
}

int64_t attempt_given_back_until(const struct migration *migration, int64_t now_s)
{
    const struct migration_status *status = &migration->status;
    int64_t in_a_row = status->withdrawn - status->attempt.number;
    if (in_a_row < 1 || status->observed_generation != migration->meta.generation) {
        return 0;
    }
    const struct backoff_policy policy = {GIVEN_BACK_FIRST_S, GIVEN_BACK_LARGEST_S};
    unsigned count = in_a_row > GIVEN_BACK_LARGEST_S ? GIVEN_BACK_LARGEST_S : (unsigned)in_a_row;
    int64_t until_s = status->withdrawn_s + backoff_delay_ms(&policy, count, 1023);
    /* Later than it can be: the server's clock was set back since. */
    return until_s > now_s + GIVEN_BACK_LARGEST_S ? 0 : until_s;
}

bool attempt_end_is_unproven(const struct attempt *attempt)
{
    return str_eq(attempt->reason, "EndUnproven") || str_eq(attempt->reason, "PodVanished");
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
        bool has_check_failed = run->check.has_ended && run->check.exit_code != 0;
        int64_t code = has_check_failed ? run->check.exit_code : run->exit_code;
        told = code == 0 ? "its pod exited with 0, so it may have done its work"
                         : arena_printf(arena, "its pod exited with %" PRId64, code);
    }
    fail(attempt, "JobVanished",
         arena_printf(arena, "Job %s was deleted during the run; %s", attempt->job, told));
}

static void close_never_started(struct arena *arena, const struct attempt_end *end,
                                struct attempt *attempt)
{
    bool is_missed = str_eq(end->last_reason, REASON_START_MISSED);
    bool is_taken = end->job == NULL || end->job->meta.deleted_s != 0;
    const char *why = str_or_empty(end->last_message);
    if (!str_is_empty(end->run->message)) {
        /* The runtime's own words ("exec: ...: not found") tell more than what was waited for. */
        why = end->run->message;
    } else if (is_taken && !is_missed) {
        why = arena_printf(arena, "Job %s was deleted before that", attempt->job);
    }
    fail(attempt, is_missed ? REASON_START_MISSED : "NeverStarted",
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
         arena_printf(arena, "nothing proves that attempt %" PRId64 " did its work: %s",
                      attempt->number, why));
}

/* The one pod that was let start is not there any more, though the finalizers on it stood for its end. */
static void close_pod_vanished(struct arena *arena, struct attempt *attempt)
{
    fail(attempt, "PodVanished",
         arena_printf(arena,
                      "the pod of attempt %" PRId64
                      " was taken away before it told its end (UID %s): when it has ended for "
                      "certain, annotate with " ANNOTATION_CONFIRM_ENDED "=%" PRId64,
                      attempt->number, attempt->pod_uid, attempt->number));
}

static bool has_pod_vanished(const struct attempt_end *end, const struct attempt *attempt)
{
    const struct job *job = end->job;
    if (attempt->pod_uid == NULL || end->run->pods > 0) {
        return end->is_noted_gone; /* whatever another one did, whose gate was taken off by hand */
    }
    return !job->is_complete && job->meta.deleted_s == 0;
}

/* R4a. Where no pod is left that could have run, it takes an attempt of which none was ever let start. */
static bool has_never_started(const struct attempt_end *end, const struct attempt *attempt)
{
    bool had_none = end->run->pods == 0 && attempt->pod_uid == NULL;
    bool is_seen = end->run->pods > 0 && end->job != NULL;
    return !end->run->ever_started && (had_none || is_seen);
}

static bool never_ran(const struct attempt *attempt)
{
    return str_eq(attempt->reason, "NeverStarted") || str_eq(attempt->reason, REASON_START_MISSED);
}

/* By its own deadline: run.timeout, or the one that ends a run which never started. */
static bool was_late(const struct job *job)
{
    return job != NULL && job->is_failed && str_eq(job->failed_reason, "DeadlineExceeded");
}

/* A container ended by itself, and not with 0. */
static void close_exited(struct arena *arena, const struct run_state *run, struct attempt *attempt)
{
    const char *reason = run->reason == NULL ? "ExitCode" : run->reason;
    const char *message = NULL;
    if (str_eq(reason, "VerifyFailed")) {
        const char *words = str_or_empty(run->check.message);
        message = arena_printf(arena,
                               "attempt %" PRId64 " exited with %" PRId64
                               ", and its check failed with exit code %" PRId64 "%s%s",
                               attempt->number, run->exit_code, run->check.exit_code,
                               words[0] == '\0' ? "" : ": ", words);
    } else if (str_eq(reason, "RecoverFailed")) {
        message = arena_printf(arena,
                               "attempt %" PRId64 " was not begun, because run.recover failed with "
                               "exit code %" PRId64,
                               attempt->number, run->exit_code);
    } else {
        message = arena_printf(arena, "attempt %" PRId64 " failed with exit code %" PRId64 " (%s)",
                               attempt->number, run->exit_code, reason);
    }
    fail(attempt, reason, message);
}

static void close_failed(struct arena *arena, const struct attempt_end *end,
                         struct attempt *attempt)
{
    const struct run_state *run = end->run;
    const struct job *job = end->job;
    if (was_late(job)) {
        fail(attempt, "DeadlineExceeded",
             arena_printf(arena,
                          "attempt %" PRId64 " was stopped after its timeout of %" PRId64 "s",
                          attempt->number, job->active_deadline_s));
    } else if (job_is_stopped(job)) {
        fail(attempt, "Suspended",
             arena_printf(arena, "Job %s was %s by hand during the run", attempt->job,
                          job->is_suspended ? "suspended" : "stopped"));
    } else if (run->is_interrupted) {
        const char *reason = run->reason == NULL ? "Interrupted" : run->reason;
        fail(attempt, reason,
             arena_printf(arena, "attempt %" PRId64 " was cut off from outside (%s)",
                          attempt->number, reason));
    } else if (run->has_exit_code) {
        close_exited(arena, run, attempt);
    } else {
        fail(attempt, "JobDeleted",
             arena_printf(
                 arena, "Job %s and its pod were deleted during the run, the result is unknown%s%s",
                 attempt->job, job->is_failed ? ": " : "",
                 job->is_failed ? str_or_empty(job->failed_message) : ""));
    }
}

bool attempt_was_interrupted(const struct attempt_end *end, const struct attempt *attempt)
{
    const struct run_state *run = end->run;
    if (attempt->outcome != OUTCOME_FAILED) {
        return false;
    }
    if (attempt_end_is_unproven(attempt)) {
        return true;
    }
    if (was_late(end->job) || str_eq(attempt->reason, REASON_START_MISSED)) {
        return false;
    }
    if (never_ran(attempt)) {
        return run->is_interrupted;
    }
    bool ended_by_itself =
        run->pods > 0 && run->has_exit_code && !run->is_interrupted && !run->is_unsure;
    return !ended_by_itself || str_eq(attempt->reason, "Suspended");
}

/* The run's own container has started, or may have: it may have left something behind. */
static bool may_have_begun(const struct attempt_end *end, const struct attempt *attempt)
{
    const struct run_state *run = end->run;
    return !never_ran(attempt) && (run->pods == 0 || end->is_noted_gone || run->run_started);
}

/* What every failure tells besides: who cut it off, what to do about it, the last output. */
static const char *explained(struct arena *arena, const struct attempt_end *end,
                             const struct attempt *attempt)
{
    const struct run_state *run = end->run;
    const char *cause = attempt->is_interrupted ? str_or_empty(run->cause) : "";
    const char *output = str_eq(run->message, run->cause) ? "" : str_or_empty(run->message);
    const char *advice = "";
    if (attempt->is_interrupted && end->on_interruption == ON_INTERRUPTION_RETRY &&
        !was_seen_to_end(attempt)) {
        advice =
            arena_printf(arena,
                         "; when it has ended for certain, annotate with " ANNOTATION_CONFIRM_ENDED
                         "=%" PRId64 ", and it is tried again",
                         attempt->number);
    } else if (attempt->is_interrupted && end->on_interruption == ON_INTERRUPTION_FAIL) {
        advice = arena_printf(arena,
                              "; see how far it came, then annotate with " ANNOTATION_RETRY
                              "=%" PRId64 ", or let run.recover and run.onInterruption do so",
                              attempt->number);
    }
    if (never_ran(attempt)) {
        cause = ""; /* both are said already */
        output = "";
    }
    return arena_printf(arena, "%s%s%s%s%s%s", attempt->message, cause[0] == '\0' ? "" : ": ",
                        cause, advice, output[0] == '\0' ? "" : "; last output: ", output);
}

static void close_as(struct arena *arena, const struct attempt_end *end, struct attempt *attempt)
{
    const struct run_state *run = end->run;
    if (end->job == NULL && has_never_started(end, attempt)) {
        close_never_started(arena, end, attempt);
    } else if (end->job == NULL) {
        close_vanished(arena, run, attempt);
    } else if (has_pod_vanished(end, attempt)) {
        close_pod_vanished(arena, attempt);
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
    } else if (has_never_started(end, attempt)) {
        close_never_started(arena, end, attempt);
    } else {
        close_failed(arena, end, attempt);
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
    attempt->verify = run->check;
    if (run->pods > 0 && !run->proven_ended) {
        fail(attempt, "EndUnproven",
             arena_printf(arena,
                          "nobody can tell whether attempt %" PRId64
                          " still runs (%s): when it has "
                          "ended for certain, annotate with " ANNOTATION_CONFIRM_ENDED "=%" PRId64,
                          attempt->number, run->reason == NULL ? "lost node" : run->reason,
                          attempt->number));
    } else {
        close_as(arena, end, attempt);
    }
    attempt->is_interrupted = attempt_was_interrupted(end, attempt);
    if (attempt->outcome == OUTCOME_FAILED && !attempt_end_is_unproven(attempt)) {
        attempt->message = explained(arena, end, attempt);
    }
    if (may_have_begun(end, attempt)) {
        attempt->is_recovery_due = attempt->is_interrupted;
    }
}

void attempt_blame_namespace(struct arena *arena, struct attempt *attempt)
{
    fail(attempt, "NamespaceDeleted",
         arena_printf(arena, "the namespace was deleted during attempt %" PRId64 ", its pod first",
                      attempt->number));
}
