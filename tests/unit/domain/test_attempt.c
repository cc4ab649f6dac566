/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/arena.h"
#include "base/str.h"
#include "cases.h"
#include "domain/attempt.h"
#include "domain/jobstate.h"
#include "world.h"

/* ---- numbers ---- */

struct number_row {
    const char *name;
    int64_t number; /* of status.attempt */
    enum outcome outcome;
    int64_t withdrawn;
    int64_t next;
    bool is_running;
    bool closed[4]; /* of attempts 1 to 4 */
};

static const struct number_row number_rows[] = {
    {"nothing was begun", 0, OUTCOME_NONE, 0, 1, false, {false, false, false, false}},
    {"one runs", 1, OUTCOME_NONE, 0, 2, true, {false, false, false, false}},
    {"one ended", 1, OUTCOME_FAILED, 0, 2, false, {true, false, false, false}},
    {"one succeeded", 1, OUTCOME_SUCCEEDED, 0, 2, false, {true, false, false, false}},
    {"one was given back", 0, OUTCOME_NONE, 1, 2, false, {true, false, false, false}},
    {"three were given back", 0, OUTCOME_NONE, 3, 4, false, {true, true, true, false}},
    {"the third runs", 3, OUTCOME_NONE, 0, 4, true, {true, true, false, false}},
    {"the third runs after two given back",
     3,
     OUTCOME_NONE,
     2,
     4,
     true,
     {true, true, false, false}},
    {"two ended, the third was given back",
     2,
     OUTCOME_FAILED,
     3,
     4,
     false,
     {true, true, true, false}},
    {"what runs is open, whatever else is written",
     2,
     OUTCOME_NONE,
     2,
     3,
     true,
     {true, false, false, false}},
};

static void test_number(void **state)
{
    const struct number_row *row = *state;
    struct migration migration = {
        .status = {.attempt = {.number = row->number, .outcome = row->outcome},
                   .withdrawn = row->withdrawn},
    };
    assert_int_equal(attempt_next(&migration), row->next);
    assert_int_equal(attempt_is_running(&migration), row->is_running);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(attempt_is_closed(&migration, (int64_t)i + 1), row->closed[i]);
    }
}

/* ---- whether another may begin, and when ---- */

struct begin_row {
    const char *name;
    struct migration migration; /* generation 1 and HASH if not said */
    const char *reason;         /* of attempt 1, which failed; NULL: there was none */
    bool is_interrupted;        /* likewise, and the earlier ones too */
    size_t earlier;             /* attempts that failed with ExitCode before */
    bool may_begin;
    int64_t left;
    int64_t not_before; /* after its end */
};

static const struct begin_row begin_rows[] = {
    {.name = "never begun", .may_begin = true},
    {.name = "never begun, and waiting",
     .migration = {.status = {.phase = PHASE_WAITING}},
     .may_begin = true},
    {.name = "being deleted", .migration = {.meta = {.deleted_s = NOW}}},
    {.name = "AlreadyApplied", .migration = {.status = {.phase = PHASE_SUCCEEDED}}},
    {.name = "failed", .migration = {.status = {.phase = PHASE_FAILED}}, .reason = "ExitCode"},
    {.name = "failed, a retry asked for",
     .migration = {.retry = 1, .status = {.phase = PHASE_FAILED}},
     .reason = "ExitCode",
     .may_begin = true},
    {.name = "failed, a retry of another attempt asked for",
     .migration = {.retry = 2, .status = {.phase = PHASE_FAILED}},
     .reason = "ExitCode"},
    {.name = "failed, a retry asked for, being deleted",
     .migration = {.meta = {.deleted_s = NOW}, .retry = 1, .status = {.phase = PHASE_FAILED}},
     .reason = "ExitCode"},
    {.name = "failed, the spec edited",
     .migration = {.meta = {.generation = 2},
                   .spec_hash = HASH2,
                   .status = {.phase = PHASE_FAILED}},
     .reason = "ExitCode",
     .may_begin = true},
    {.name = "failed, edited without effect",
     .migration = {.meta = {.generation = 2}, .status = {.phase = PHASE_FAILED}},
     .reason = "ExitCode"},
    {.name = "failed, another hash of the same generation",
     .migration = {.spec_hash = HASH2, .status = {.phase = PHASE_FAILED}},
     .reason = "ExitCode"},
    {.name = "failed, waiting for what nobody asks for any more",
     .migration = {.status = {.phase = PHASE_WAITING}},
     .reason = "ExitCode"},
    {.name = "failed, one retry allowed",
     .migration = {.retries = 1, .status = {.phase = PHASE_WAITING}},
     .reason = "ExitCode",
     .may_begin = true,
     .left = 1,
     .not_before = 10},
    {.name = "failed out of memory, two retries allowed",
     .migration = {.retries = 2, .status = {.phase = PHASE_WAITING}},
     .reason = "OOMKilled",
     .may_begin = true,
     .left = 2,
     .not_before = 10},
    {.name = "never started, one retry allowed",
     .migration = {.retries = 1, .status = {.phase = PHASE_WAITING}},
     .reason = "NeverStarted",
     .may_begin = true,
     .left = 1,
     .not_before = 10},
    {.name = "what came before the run failed, one retry allowed",
     .migration = {.retries = 1, .status = {.phase = PHASE_WAITING}},
     .reason = "InitContainerFailed",
     .may_begin = true,
     .left = 1,
     .not_before = 10},
    {.name = "failed twice, two retries allowed",
     .migration = {.retries = 2, .status = {.phase = PHASE_WAITING}},
     .reason = "ExitCode",
     .earlier = 1,
     .may_begin = true,
     .left = 1,
     .not_before = 20},
    {.name = "failed three times, two retries allowed",
     .migration = {.retries = 2, .status = {.phase = PHASE_FAILED}},
     .reason = "ExitCode",
     .earlier = 2,
     .not_before = 40},
    {.name = "the wait has an end",
     .migration = {.retries = 9, .status = {.phase = PHASE_WAITING}},
     .reason = "ExitCode",
     .earlier = 8,
     .may_begin = true,
     .left = 1,
     .not_before = 360},
    {.name = "more retries than are remembered are not endless",
     .migration = {.retries = 1000, .status = {.phase = PHASE_WAITING}},
     .reason = "ExitCode",
     .earlier = 10,
     .not_before = 360},
    {.name = "R21 cut off: not by itself",
     .migration = {.retries = 1, .status = {.phase = PHASE_FAILED}},
     .reason = "Evicted"},
    {.name = "R21 too late: not by itself",
     .migration = {.retries = 1, .status = {.phase = PHASE_FAILED}},
     .reason = "DeadlineExceeded"},
    {.name = "R5 vanished: not by itself",
     .migration = {.retries = 1, .status = {.phase = PHASE_FAILED}},
     .reason = "JobVanished"},
    {.name = "R8a exit 0 without proof: not by itself",
     .migration = {.retries = 1, .status = {.phase = PHASE_FAILED}},
     .reason = "InterruptedUnproven"},
    {.name = "another container failed: the run may have done its work",
     .migration = {.retries = 1, .status = {.phase = PHASE_FAILED}},
     .reason = "ContainerFailed"},
    {.name = "recover failed: the run was not begun, one retry allowed",
     .migration = {.retries = 1, .status = {.phase = PHASE_WAITING}},
     .reason = "RecoverFailed",
     .may_begin = true,
     .left = 1,
     .not_before = 10},
    {.name = "R20 the check failed: not by itself",
     .migration = {.retries = 1, .status = {.phase = PHASE_FAILED}},
     .reason = "VerifyFailed"},
    {.name = "cut off, onInterruption Fail",
     .migration = {.status = {.phase = PHASE_FAILED}},
     .reason = "Evicted",
     .is_interrupted = true},
    {.name = "cut off, onInterruption Retry",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY, .status = {.phase = PHASE_WAITING}},
     .reason = "Evicted",
     .is_interrupted = true,
     .may_begin = true,
     .not_before = 10},
    {.name = "cut off for the third time in a row",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY, .status = {.phase = PHASE_WAITING}},
     .reason = "Evicted",
     .is_interrupted = true,
     .earlier = 2,
     .may_begin = true,
     .not_before = 40},
    {.name = "cut off without end: again every six minutes",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY, .status = {.phase = PHASE_WAITING}},
     .reason = "PreemptionByScheduler",
     .is_interrupted = true,
     .earlier = 10,
     .may_begin = true,
     .not_before = 360},
    {.name = "cut off before anything started, onInterruption Retry: retries do not matter",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY,
                   .retries = 1,
                   .status = {.phase = PHASE_WAITING}},
     .reason = "NeverStarted",
     .is_interrupted = true,
     .earlier = 5,
     .may_begin = true,
     .not_before = 320},
    {.name = "cut off, being deleted",
     .migration = {.meta = {.deleted_s = NOW},
                   .on_interruption = ON_INTERRUPTION_RETRY,
                   .status = {.phase = PHASE_WAITING}},
     .reason = "Evicted",
     .is_interrupted = true},
    {.name = "an exit code is no interruption",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY, .status = {.phase = PHASE_FAILED}},
     .reason = "ExitCode"},
    {.name = "R8b its end is not proven: not by itself",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY, .status = {.phase = PHASE_FAILED}},
     .reason = "EndUnproven",
     .is_interrupted = true},
    {.name = "R8b its end was confirmed for another attempt",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY,
                   .confirm_ended = 2,
                   .status = {.phase = PHASE_FAILED}},
     .reason = "EndUnproven",
     .is_interrupted = true},
    {.name = "R8b its end was confirmed",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY,
                   .confirm_ended = 1,
                   .status = {.phase = PHASE_FAILED}},
     .reason = "EndUnproven",
     .is_interrupted = true,
     .may_begin = true,
     .not_before = 10},
    {.name = "R5 its Job vanished: not by itself, a process may live on",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY, .status = {.phase = PHASE_FAILED}},
     .reason = "JobVanished",
     .is_interrupted = true},
    {.name = "its Job and pod were deleted, its end was confirmed",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY,
                   .confirm_ended = 1,
                   .status = {.phase = PHASE_FAILED}},
     .reason = "JobDeleted",
     .is_interrupted = true,
     .may_begin = true,
     .not_before = 10},
    {.name = "R7 it had not started in time: as good as given back",
     .migration = {.status = {.phase = PHASE_WAITING}},
     .reason = "StartMissed",
     .may_begin = true,
     .not_before = 10},
    {.name = "R7 that counts as no failure",
     .migration = {.retries = 1, .status = {.phase = PHASE_WAITING}},
     .reason = "StartMissed",
     .earlier = 1,
     .may_begin = true,
     .not_before = 10},
    {.name = "cut off with its namespace: never again",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY,
                   .confirm_ended = 1,
                   .status = {.phase = PHASE_FAILED}},
     .reason = "NamespaceDeleted",
     .is_interrupted = true},
    {.name = "cut off, a retry asked for does not wait",
     .migration = {.on_interruption = ON_INTERRUPTION_RETRY,
                   .retry = 1,
                   .status = {.phase = PHASE_WAITING}},
     .reason = "Evicted",
     .is_interrupted = true,
     .may_begin = true,
     .not_before = -1},
    {.name = "a retry asked for does not wait",
     .migration = {.retries = 2, .retry = 1, .status = {.phase = PHASE_WAITING}},
     .reason = "ExitCode",
     .may_begin = true,
     .left = 2,
     .not_before = -1},
    {.name = "nor does another spec",
     .migration = {.meta = {.generation = 2},
                   .spec_hash = HASH2,
                   .retries = 2,
                   .status = {.phase = PHASE_WAITING}},
     .reason = "ExitCode",
     .may_begin = true,
     .not_before = -1},
};

static void test_begin(void **state)
{
    struct begin_row *row = *state;
    struct migration *migration = &row->migration;
    struct attempt earlier[STATUS_ATTEMPTS_MAX];
    for (size_t i = 0; i < STATUS_ATTEMPTS_MAX; i++) {
        earlier[i] = (struct attempt){.number = 1,
                                      .spec_hash = HASH,
                                      .outcome = OUTCOME_FAILED,
                                      .reason = row->is_interrupted ? row->reason : "ExitCode",
                                      .is_interrupted = row->is_interrupted};
    }
    migration->meta.generation = migration->meta.generation == 0 ? 1 : migration->meta.generation;
    migration->spec_hash = migration->spec_hash == NULL ? HASH : migration->spec_hash;
    if (row->reason != NULL) {
        migration->status.attempt = (struct attempt){.number = 1,
                                                     .generation = 1,
                                                     .spec_hash = HASH,
                                                     .outcome = OUTCOME_FAILED,
                                                     .reason = row->reason,
                                                     .is_interrupted = row->is_interrupted,
                                                     .completion_s = NOW};
    }
    migration->status.attempts = earlier;
    migration->status.attempt_count = row->earlier;
    assert_int_equal(attempt_may_begin(migration), row->may_begin);
    assert_int_equal(attempt_retries_left(migration, &migration->status.attempt), row->left);
    bool is_retry =
        row->not_before > 0 || (row->reason != NULL && row->not_before == 0 && row->left > 0);
    int64_t not_before = attempt_not_before(migration);
    if (is_retry) {
        assert_int_equal(not_before, NOW + row->not_before);
    } else if (row->may_begin) {
        assert_int_equal(not_before, 0);
    }
}

/* R3, by the attempt as well as by the phase: a success is never repeated. */
static void test_success_is_the_end(void **state)
{
    (void)state;
    struct migration migration = {
        .meta = {.generation = 2},
        .spec_hash = HASH2,
        .retry = 1,
        .retries = 3,
        .status = {.phase = PHASE_WAITING,
                   .attempt = {.number = 1,
                               .generation = 1,
                               .spec_hash = HASH,
                               .outcome = OUTCOME_SUCCEEDED}},
    };
    assert_false(attempt_may_begin(&migration));
    assert_int_equal(attempt_not_before(&migration), 0);
}

static void test_what_is_another_matter_counts_anew(void **state)
{
    (void)state;
    struct attempt earlier[] = {
        {.number = 2, .spec_hash = HASH, .outcome = OUTCOME_FAILED, .reason = "Evicted"},
        {.number = 1, .spec_hash = HASH, .outcome = OUTCOME_FAILED, .reason = "ExitCode"},
    };
    struct migration migration = {
        .spec_hash = HASH,
        .retries = 1,
        .status = {.attempt = {.number = 3,
                               .spec_hash = HASH,
                               .outcome = OUTCOME_FAILED,
                               .reason = "ExitCode"},
                   .attempts = earlier,
                   .attempt_count = 2},
    };
    assert_int_equal(attempt_retries_left(&migration, &migration.status.attempt), 1);
    earlier[0] = (struct attempt){
        .number = 2, .spec_hash = HASH2, .outcome = OUTCOME_FAILED, .reason = "ExitCode"};
    assert_int_equal(attempt_retries_left(&migration, &migration.status.attempt), 1);
}

/* Or a run that fails between evictions would be tried without end. */
static void test_interruptions_do_not_begin_the_count_anew(void **state)
{
    (void)state;
    struct attempt earlier[] = {
        {.number = 2,
         .spec_hash = HASH,
         .outcome = OUTCOME_FAILED,
         .reason = "Evicted",
         .is_interrupted = true},
        {.number = 1, .spec_hash = HASH, .outcome = OUTCOME_FAILED, .reason = "ExitCode"},
    };
    struct migration migration = {
        .spec_hash = HASH,
        .retries = 1,
        .on_interruption = ON_INTERRUPTION_RETRY,
        .status = {.attempt = {.number = 3,
                               .spec_hash = HASH,
                               .outcome = OUTCOME_FAILED,
                               .reason = "ExitCode"},
                   .attempts = earlier,
                   .attempt_count = 2},
    };
    assert_int_equal(attempt_retries_left(&migration, &migration.status.attempt), 0);
    assert_false(attempt_may_begin(&migration));
}

/* ---- what the end means for the next attempt ---- */

#define NOT_ARMED (-1) /* as parallelism: it is 0, and 1 otherwise */

struct end_row {
    const char *name;
    struct job job;
    bool is_job_gone;
    struct run_state run; /* end, pods and proven_ended if not said */
    bool was_due;
    const char *reason;
    bool is_interrupted;
    bool is_due;
    const char *message; /* see assert_text(); NULL: any */
};

#define CUT_OFF                                                                                    \
    .ever_started = true, .is_interrupted = true, .has_exit_code = true, .exit_code = 143
#define BEGAN .ever_started = true, .run_started = true
#define EXITS BEGAN, .has_exit_code = true
#define LATE  .is_failed = true, .failed_reason = "DeadlineExceeded", .active_deadline_s = 60

static const struct end_row end_rows[] = {
    {"success",
     {.is_complete = true},
     false,
     {EXITS, .succeeded = true},
     true,
     "Completed",
     false,
     false,
     NULL},
    {"an exit code",
     {.is_failed = true},
     false,
     {EXITS, .exit_code = 1},
     false,
     "ExitCode",
     false,
     false,
     NULL},
    {"an exit code after an interruption: the run went over it",
     {.is_failed = true},
     false,
     {EXITS, .exit_code = 1},
     true,
     "ExitCode",
     false,
     false,
     NULL},
    {"evicted",
     {.is_failed = true},
     false,
     {CUT_OFF, .run_started = true, .reason = "EvictionByEvictionAPI",
      .cause = "Eviction API: evicting", .message = "Eviction API: evicting"},
     false,
     "EvictionByEvictionAPI",
     true,
     true,
     "~(EvictionByEvictionAPI): Eviction API: evicting; see how far"},
    {"evicted before it began",
     {.is_failed = true},
     false,
     {CUT_OFF, .reason = "Evicted"},
     false,
     "Evicted",
     true,
     false,
     NULL},
    {"evicted while it recovered",
     {.is_failed = true},
     false,
     {CUT_OFF, .reason = "Evicted"},
     true,
     "Evicted",
     true,
     true,
     NULL},
    {"preempted before anything started",
     {.is_failed = true},
     false,
     {.is_interrupted = true,
      .reason = "NeverStarted",
      .cause = "Preempted by a pod",
      .message = "Preempted by a pod"},
     false,
     "NeverStarted",
     true,
     false,
     "~ever ran: Preempted by a pod; see how far it came"},
    {"its image is not there",
     {LATE},
     false,
     {.is_interrupted = true, .reason = "NeverStarted"},
     true,
     "NeverStarted",
     false,
     true,
     NULL},
    {"R21 recover failed",
     {.is_failed = true},
     false,
     {.ever_started = true,
      .has_exit_code = true,
      .exit_code = 5,
      .reason = "RecoverFailed",
      .message = "container recover: no"},
     true,
     "RecoverFailed",
     false,
     true,
     "attempt 1 was not begun, because run.recover failed with exit code 5; last output: container recover: no"},
    {"R20 the check failed",
     {.is_failed = true},
     false,
     {EXITS, .reason = "VerifyFailed", .message = "done", .check = {true, 4, "no table"}},
     true,
     "VerifyFailed",
     false,
     false,
     "attempt 1 exited with 0, and its check failed with exit code 4: no table; last output: done"},
    {"too late",
     {LATE},
     false,
     {CUT_OFF, .run_started = true, .reason = "PodDeleted"},
     false,
     "DeadlineExceeded",
     false,
     false,
     NULL},
    {"too late, and exits with 0",
     {LATE},
     false,
     {EXITS, .is_unsure = true, .is_interrupted = true},
     false,
     "InterruptedUnproven",
     false,
     false,
     NULL},
    {"exit 0 after it was asked to stop",
     {.is_complete = true},
     false,
     {EXITS, .is_unsure = true, .is_interrupted = true},
     false,
     "InterruptedUnproven",
     true,
     true,
     NULL},
    {"suspended by hand",
     {.is_suspended = true, .meta = {.deleted_s = NOW}},
     false,
     {CUT_OFF, .run_started = true},
     false,
     "Suspended",
     true,
     true,
     NULL},
    {"stopped by hand (parallelism 0)",
     {.parallelism = NOT_ARMED, .meta = {.deleted_s = NOW, .has_finalizer = true}},
     false,
     {CUT_OFF, .run_started = true},
     false,
     "Suspended",
     true,
     true,
     NULL},
    {"vanished without a pod",
     {.parallelism = 0},
     true,
     {.pods = 0},
     false,
     "JobVanished",
     true,
     true,
     NULL},
    {"vanished, its pod exited by itself",
     {.parallelism = 0},
     true,
     {EXITS, .exit_code = 1},
     false,
     "JobVanished",
     false,
     false,
     NULL},
    {"vanished, its pod was deleted",
     {.parallelism = 0},
     true,
     {CUT_OFF, .run_started = true},
     false,
     "JobVanished",
     true,
     true,
     NULL},
    {"deleted with its pod",
     {.meta = {.deleted_s = NOW}, .parallelism = 1, .active = 1},
     false,
     {.pods = 0},
     false,
     "JobDeleted",
     true,
     true,
     NULL},
    {"vanished before its pod was let start",
     {.parallelism = NOT_ARMED},
     true,
     {.pods = 0},
     true,
     "NeverStarted",
     false,
     true,
     "nothing of attempt 1 ever ran: Job orders-3-uid-m-1 was deleted before that"},
    {"never let go, and deleted",
     {.parallelism = NOT_ARMED, .meta = {.deleted_s = NOW}},
     false,
     {.pods = 0},
     true,
     "NeverStarted",
     false,
     true,
     NULL},
};

static void test_end(void **state)
{
    const struct end_row *row = *state;
    struct arena arena = {0};
    bool is_without_pod = row->is_job_gone || row->job.meta.deleted_s != 0;
    struct job job = row->job;
    job.parallelism = row->job.parallelism == NOT_ARMED ? 0 : 1;
    struct run_state run = row->run;
    run.end = RUN_ENDED;
    run.proven_ended = true;
    run.pods = is_without_pod && !run.ever_started ? 0 : 1;
    struct attempt_end end = {.job = row->is_job_gone ? NULL : &job, .run = &run};
    bool was_let_start = row->job.parallelism != NOT_ARMED || run.pods > 0;
    struct attempt attempt = {.number = 1,
                              .job = JOB,
                              .pod_uid = was_let_start ? "uid-p" : NULL,
                              .is_recovery_due = row->was_due};
    attempt_close(&arena, &end, NOW, &attempt);
    assert_string_equal(attempt.reason, row->reason);
    assert_int_equal(attempt.is_interrupted, row->is_interrupted);
    assert_int_equal(attempt.is_recovery_due, row->is_due);
    assert_int_equal(attempt_was_interrupted(&end, &attempt), row->is_interrupted);
    assert_int_equal(attempt.verify.exit_code, row->run.check.exit_code);
    if (row->message != NULL) {
        assert_text(attempt.message, row->message);
    }
    arena_fini(&arena);
}

/* ---- given back ---- */

static void test_given_back(void **state)
{
    (void)state;
    struct migration migration = {
        .meta = {.generation = 1},
        .status = {.observed_generation = 1, .withdrawn = 1, .withdrawn_s = NOW},
    };
    assert_int_equal(attempt_given_back_until(&migration, NOW), NOW + 2);
    migration.status.withdrawn = 3;
    assert_int_equal(attempt_given_back_until(&migration, NOW), NOW + 8);
    migration.status.withdrawn = 300;
    assert_int_equal(attempt_given_back_until(&migration, NOW), NOW + 30);
    assert_int_equal(attempt_given_back_until(&migration, NOW - 3600), 0);
    migration.status.attempt.number = 300;
    assert_int_equal(attempt_given_back_until(&migration, NOW), 0);
    migration.status.attempt.number = 0;
    migration.meta.generation = 2;
    assert_int_equal(attempt_given_back_until(&migration, NOW), 0);
}

/* ---- the Job by itself ---- */

struct job_row {
    const char *name;
    struct job job;
    bool is_parked;
    bool is_over;
    bool is_stopped;
    const char *edits; /* of a Job that was let go */
};

static const struct job_row job_rows[] = {
    {.name = "as created", .is_parked = true},
    {.name = "armed", .job = {.parallelism = 1, .meta = {.has_finalizer = true}}},
    {.name = "parallelism set by hand", .job = {.parallelism = 1}},
    {.name = "armed, then set to 0 by hand",
     .job = {.meta = {.has_finalizer = true}},
     .is_stopped = true,
     .edits = "parallelism 0"},
    {.name = "armed, then suspended by hand",
     .job = {.parallelism = 1, .is_suspended = true, .meta = {.has_finalizer = true}},
     .is_stopped = true},
    {.name = "armed, then set to 2 by hand", .job = {.parallelism = 2}, .edits = "parallelism 2"},
    {.name = "armed, then made to retry by hand",
     .job = {.parallelism = 1, .backoff_limit = 6},
     .edits = "backoffLimit 6"},
    {.name = "armed, then both",
     .job = {.parallelism = 3, .backoff_limit = 1},
     .edits = "parallelism 3, backoffLimit 1"},
    {.name = "with a pod", .job = {.parallelism = 1, .active = 1}},
    {.name = "with a pod that succeeded", .job = {.parallelism = 1, .succeeded = 1}},
    {.name = "with a pod that failed, set to 0",
     .job = {.failed = 1},
     .is_stopped = true,
     .edits = "parallelism 0"},
    {.name = "complete", .job = {.parallelism = 1, .is_complete = true}, .is_over = true},
    {.name = "failed", .job = {.parallelism = 1, .is_failed = true}, .is_over = true},
    {.name = "being deleted",
     .job = {.meta = {.deleted_s = NOW}},
     .is_parked = true,
     .is_over = true},
};

static void test_job(void **state)
{
    const struct job_row *row = *state;
    assert_int_equal(job_is_parked(&row->job), row->is_parked);
    assert_int_equal(job_is_over(&row->job), row->is_over);
    if (!row->is_parked) {
        assert_int_equal(job_is_stopped(&row->job), row->is_stopped);
        CLEANUP(arena_fini) struct arena arena = {0};
        const char *edits = job_edits(&arena, &row->job);
        assert_string_equal(str_or_empty(edits), str_or_empty(row->edits));
    }
}

static void test_job_is_of(void **state)
{
    (void)state;
    struct job job = {.migration_uid = UID, .attempt = 2};
    assert_true(job_is_of(&job, UID, 2));
    assert_false(job_is_of(&job, UID, 1));
    assert_false(job_is_of(&job, "uid-x", 2));
    job.migration_uid = NULL;
    assert_false(job_is_of(&job, NULL, 2));
}

static void test_pod_may_come(void **state)
{
    (void)state;
    struct job job = {.meta = {.deleted_s = NOW}};
    assert_int_equal(job_pod_may_come_until_s(NULL, NOW), NOW + 5);
    assert_int_equal(job_pod_may_come_until_s(&job, NOW - 100), NOW + 5);
    job.is_failed = true;
    assert_int_equal(job_pod_may_come_until_s(&job, NOW), 0);
}

/* ---- the end: what decide_run's rows do not show ---- */

static void test_close_takes_the_times(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct job job = {.parallelism = 1, .is_failed = true};
    struct run_state run = {.end = RUN_ENDED,
                            .pods = 1,
                            .ever_started = true,
                            .proven_ended = true,
                            .has_exit_code = true,
                            .exit_code = 1,
                            .image_id = "x@sha256:1",
                            .end_s = NOW - 7};
    struct attempt_end end = {.job = &job, .run = &run};
    struct attempt attempt = {.number = 1, .job = JOB, .image = "x:1"};
    attempt_close(&arena, &end, NOW, &attempt);
    assert_int_equal(attempt.completion_s, NOW - 7);
    assert_string_equal(attempt.image, "x@sha256:1");
    assert_string_equal(attempt.reason, "ExitCode");
    assert_string_equal(attempt.message, "attempt 1 failed with exit code 1 (ExitCode)");
    assert_true(attempt.has_exit_code);

    run.end_s = 0;
    run.image_id = NULL;
    run.has_exit_code = false;
    attempt_close(&arena, &end, NOW, &attempt);
    assert_int_equal(attempt.completion_s, NOW);
    assert_string_equal(attempt.image, "x@sha256:1");
    assert_false(attempt.has_exit_code);
    arena_fini(&arena);
}

static void test_close_interrupted(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct job job = {.parallelism = 1, .is_failed = true};
    struct run_state run = {.end = RUN_ENDED,
                            .pods = 1,
                            .ever_started = true,
                            .proven_ended = true,
                            .is_interrupted = true,
                            .reason = "Evicted",
                            .has_exit_code = true,
                            .exit_code = 143,
                            .message = "bye"};
    struct attempt_end end = {.job = &job, .run = &run};
    struct attempt attempt = {.number = 2};
    attempt_close(&arena, &end, NOW, &attempt);
    assert_string_equal(attempt.reason, "Evicted");
    assert_string_equal(attempt.message,
                        "attempt 2 was cut off from outside (Evicted); see how far it came, then "
                        "annotate with interlude.dev/retry=2, or let run.recover and "
                        "run.onInterruption do so; last output: bye");
    end.on_interruption = ON_INTERRUPTION_RETRY;
    run.cause = "no memory left on the node";
    attempt_close(&arena, &end, NOW, &attempt);
    assert_string_equal(attempt.message, "attempt 2 was cut off from outside (Evicted): no memory "
                                         "left on the node; last output: bye");
    assert_false(attempt_end_is_unproven(&attempt));
    run.run_started = true;
    run.proven_ended = false;
    run.end = RUN_UNPROVEN;
    run.succeeded = false;
    attempt_close(&arena, &end, NOW, &attempt);
    assert_true(attempt_end_is_unproven(&attempt));
    assert_true(attempt.is_interrupted && attempt.is_recovery_due);
    arena_fini(&arena);
}

/* The deadline ended what never started: no timeout of the run. */
static void test_close_never_started_without_pod(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct job job = {.is_failed = true, .failed_reason = "DeadlineExceeded"};
    struct run_state run = {.end = RUN_PENDING};
    struct attempt_end end = {.job = &job, .run = &run, .last_message = "exceeded quota"};
    struct attempt attempt = {.number = 1};
    attempt_close(&arena, &end, NOW, &attempt);
    assert_string_equal(attempt.reason, "NeverStarted");
    assert_string_equal(attempt.message, "nothing of attempt 1 ever ran: exceeded quota");
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_success_is_the_end),
        cmocka_unit_test(test_what_is_another_matter_counts_anew),
        cmocka_unit_test(test_interruptions_do_not_begin_the_count_anew),
        cmocka_unit_test(test_given_back),
        cmocka_unit_test(test_job_is_of),
        cmocka_unit_test(test_pod_may_come),
        cmocka_unit_test(test_close_takes_the_times),
        cmocka_unit_test(test_close_interrupted),
        cmocka_unit_test(test_close_never_started_without_pod),
    };
    int failed = CASES_RUN("attempt numbers", number_rows, test_number);
    failed += CASES_RUN("attempt begins", begin_rows, test_begin);
    failed += CASES_RUN("attempt ends", end_rows, test_end);
    failed += CASES_RUN("the Job by itself", job_rows, test_job);
    return failed + cmocka_run_group_tests_name("attempt, more", others, NULL, NULL);
}
