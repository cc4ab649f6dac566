/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "base/arena.h"
#include "cases.h"
#include "domain/condition.h"
#include "domain/transition.h"
#include "world.h"

/* ---- comparing ---- */

static struct condition base_conditions[] = {
    {"Ready", CONDITION_FALSE, "Waiting", "waits", 1, NOW},
};
static struct running_version base_running[] = {{"2.0.0", 2}};
static struct application_status base_applications[] = {
    {.workload = "Deployment/api",
     .desired = "2.0.0",
     .running = base_running,
     .running_count = 1,
     .settled = true,
     .selector = "app=orders"},
};

static struct migration_status base_status(void)
{
    return (struct migration_status){
        .observed_generation = 1,
        .spec_hash = HASH,
        .phase = PHASE_WAITING,
        .reason = "Waiting",
        .message = "waits",
        .running = "2.0.0 (2)",
        .conditions = {base_conditions, 1},
        .applications = base_applications,
        .application_count = 1,
        .attempt = {.number = 1,
                    .job_uid = JOB_UID,
                    .outcome = OUTCOME_FAILED,
                    .reason = "x",
                    .image = "i",
                    .start_s = 1},
        .withdrawn = 1,
        .history_count = 1,
    };
}

struct compare_row {
    const char *name;
    void (*change)(struct migration_status *status);
    enum status_change expected;
};

#define CHANGE(fn, statement)                                                                      \
    static void fn(struct migration_status *s)                                                     \
    {                                                                                              \
        static struct condition conditions[2];                                                     \
        static struct running_version running[1];                                                  \
        static struct application_status applications[1];                                          \
        conditions[0] = base_conditions[0];                                                        \
        running[0] = base_running[0];                                                              \
        applications[0] = base_applications[0];                                                    \
        applications[0].running = running;                                                         \
        s->conditions.items = conditions;                                                          \
        s->applications = applications;                                                            \
        statement;                                                                                 \
    }

CHANGE(nothing, (void)s)
CHANGE(phase, s->phase = PHASE_FAILED)
CHANGE(reason, s->reason = "Other")
CHANGE(generation, s->observed_generation = 2)
CHANGE(hash, s->spec_hash = HASH2)
CHANGE(withdrawn, s->withdrawn = 2)
CHANGE(history, s->history_count = 2)
CHANGE(attempt_number, s->attempt.number = 2)
CHANGE(attempt_outcome, s->attempt.outcome = OUTCOME_NONE)
CHANGE(attempt_uid, s->attempt.job_uid = "u")
CHANGE(attempt_reason, s->attempt.reason = "y")
CHANGE(attempt_image, s->attempt.image = "j")
CHANGE(attempt_start, s->attempt.start_s = 2)
CHANGE(condition_status, s->conditions.items[0].status = CONDITION_TRUE)
CHANGE(condition_reason, s->conditions.items[0].reason = "Other")
CHANGE(condition_type, s->conditions.items[0].type = "Other")
CHANGE(condition_count, s->conditions.count = 0)
CHANGE(condition_message, s->conditions.items[0].message = "other")
CHANGE(condition_generation, s->conditions.items[0].observed_generation = 2)
CHANGE(condition_time, s->conditions.items[0].changed_s = 5)
CHANGE(message, s->message = "other")
CHANGE(running_text, s->running = NULL)
CHANGE(application_count, s->application_count = 0)
CHANGE(application_workload, s->applications[0].workload = "Deployment/web")
CHANGE(application_desired, s->applications[0].desired = "3")
CHANGE(application_settled, s->applications[0].settled = false)
CHANGE(application_selector, s->applications[0].selector = "app=x")
CHANGE(application_versions, s->applications[0].running_count = 0)
CHANGE(application_version, s->applications[0].running[0].version = "3")
CHANGE(application_uid, s->applications[0].uid = "uid-2")
CHANGE(application_revision, s->applications[0].revision = "2")
CHANGE(application_needs, s->applications[0].needs = "3.x")
CHANGE(application_since, s->applications[0].compatible_since_s = NOW)
CHANGE(breach, s->last_breach = ((struct breach){"A", "b", NOW, 0}))
CHANGE(application_pods, s->applications[0].running[0].pods = 3)

#define MAJOR(fn)                                                                                  \
    {                                                                                              \
#fn, fn, STATUS_MAJOR                                                                      \
    }
#define MINOR(fn)                                                                                  \
    {                                                                                              \
#fn, fn, STATUS_MINOR                                                                      \
    }
static const struct compare_row compare_rows[] = {
    {"nothing", nothing, STATUS_SAME},
    {"condition_time", condition_time, STATUS_SAME},
    MAJOR(phase),
    MAJOR(reason),
    MAJOR(generation),
    MAJOR(hash),
    MAJOR(withdrawn),
    MAJOR(history),
    MAJOR(attempt_number),
    MAJOR(attempt_outcome),
    MAJOR(attempt_uid),
    MAJOR(attempt_reason),
    MAJOR(attempt_image),
    MAJOR(attempt_start),
    MAJOR(condition_status),
    MAJOR(condition_reason),
    MAJOR(condition_type),
    MAJOR(condition_count),
    MINOR(condition_message),
    MINOR(condition_generation),
    MINOR(message),
    MINOR(running_text),
    MINOR(application_count),
    MINOR(application_workload),
    MINOR(application_desired),
    MINOR(application_settled),
    MINOR(application_selector),
    MINOR(application_versions),
    MINOR(application_version),
    MINOR(application_pods),
    MINOR(application_uid),
    MINOR(application_revision),
    MINOR(application_needs),
    MAJOR(application_since),
    MAJOR(breach),
};

static void test_compare(void **state)
{
    const struct compare_row *row = *state;
    struct migration_status before = base_status();
    struct migration_status after = base_status();
    row->change(&after);
    assert_int_equal(status_compare(&before, &after), row->expected);
    assert_int_equal(status_compare(&after, &before), row->expected);
}

/* ---- moving ---- */

struct move_row {
    const char *name;
    struct migration migration;
    struct move move;
    enum condition_status ready;
    enum condition_status reconciling;
    enum condition_status stalled;
    const char *spec_changed; /* reason; NULL: no such condition */
    size_t history;
};

static struct transition was_waiting[] = {{PHASE_WAITING, "Queued", NOW - 9}};
#define WAITING_M .status = {.phase = PHASE_WAITING, .history = was_waiting, .history_count = 1}
#define YES       CONDITION_TRUE
#define NO        CONDITION_FALSE

static const struct move_row move_rows[] = {
    {
        .name = "the first move is a transition",
        .move = {PHASE_PENDING, "Seen", "seen", false},
        .ready = NO,
        .reconciling = YES,
        .stalled = NO,
        .history = 1,
    },
    {
        .name = "waiting",
        .move = {PHASE_WAITING, "Suspended", "suspended", false},
        .ready = NO,
        .reconciling = YES,
        .stalled = NO,
        .history = 1,
    },
    {
        .name = "waiting still, for something else: no transition",
        .migration = {WAITING_M},
        .move = {PHASE_WAITING, "Suspended", "suspended", true},
        .ready = NO,
        .reconciling = YES,
        .stalled = NO,
        .history = 1,
    },
    {
        .name = "accepted where that is enough: nothing more is waited for",
        .migration = {.ready_when = READY_WHEN_ACCEPTED, WAITING_M},
        .move = {PHASE_WAITING, "Queued", "queued", true},
        .ready = YES,
        .reconciling = NO,
        .stalled = NO,
        .history = 1,
    },
    {
        .name = "not accepted",
        .migration = {.ready_when = READY_WHEN_ACCEPTED, WAITING_M},
        .move = {PHASE_WAITING, "Invalid", "refused", false},
        .ready = NO,
        .reconciling = YES,
        .stalled = NO,
        .history = 1,
    },
    {
        .name = "running",
        .migration = {.status = {.phase = PHASE_WAITING,
                                 .attempt = {.number = 1},
                                 .history = was_waiting,
                                 .history_count = 1}},
        .move = {PHASE_RUNNING, "Started", "starts", true},
        .ready = NO,
        .reconciling = YES,
        .stalled = NO,
        .history = 2,
        .spec_changed = NULL,
    },
    {
        .name = "succeeded",
        .migration = {WAITING_M},
        .move = {PHASE_SUCCEEDED, "Completed", "done", true},
        .ready = YES,
        .reconciling = NO,
        .stalled = NO,
        .history = 2,
    },
    {
        .name = "failed",
        .migration = {WAITING_M},
        .move = {PHASE_FAILED, "ExitCode", "exit 3", true},
        .ready = NO,
        .reconciling = NO,
        .stalled = YES,
        .history = 2,
    },
    {
        .name = "failed where accepted is enough",
        .migration = {.ready_when = READY_WHEN_ACCEPTED, WAITING_M},
        .move = {PHASE_FAILED, "ExitCode", "exit 3", true},
        .ready = NO,
        .reconciling = NO,
        .stalled = YES,
        .history = 2,
    },
    {
        .name = "edited during the run",
        .migration = {.meta = {.generation = 2},
                      .spec_hash = HASH2,
                      .status = {.phase = PHASE_RUNNING, .attempt = {.number = 1}}},
        .move = {PHASE_RUNNING, "JobRunning", "runs", true},
        .ready = NO,
        .reconciling = YES,
        .stalled = NO,
        .history = 1,
        .spec_changed = "EditedDuringRun",
    },
    {
        .name = "another hash of the same generation is no edit",
        .migration = {.spec_hash = "v2:one",
                      .status = {.phase = PHASE_SUCCEEDED,
                                 .spec_hash = HASH,
                                 .attempt = {.number = 1}}},
        .move = {PHASE_SUCCEEDED, "Completed", "done", false},
        .ready = YES,
        .reconciling = NO,
        .stalled = NO,
        .history = 1,
    },
    {
        .name = "edited after success",
        .migration = {.meta = {.generation = 2},
                      .spec_hash = HASH2,
                      .status = {.phase = PHASE_SUCCEEDED,
                                 .spec_hash = HASH,
                                 .attempt = {.number = 1}}},
        .move = {PHASE_SUCCEEDED, "Completed", "done", false},
        .ready = YES,
        .reconciling = NO,
        .stalled = NO,
        .history = 1,
        .spec_changed = "EditedAfterSuccess",
    },
};

static const char *reason_of(const struct migration_status *status, const char *type)
{
    const struct condition *condition = condition_get(&status->conditions, type);
    return condition == NULL ? NULL : condition->reason;
}

static enum condition_status status_of(const struct migration_status *status, const char *type)
{
    const struct condition *condition = condition_get(&status->conditions, type);
    assert_non_null(condition);
    return condition->status;
}

static void test_move(void **state)
{
    struct move_row *row = *state;
    struct arena arena = {0};
    struct world world = {.migration = row->migration};
    (void)world_see(&arena, &world);
    struct migration_status status;
    status_begin(&arena, &world.migration, &status);
    status_move(&arena, &world.migration, &status, &row->move, NOW);
    assert_string_equal(phase_name(status.phase), phase_name(row->move.phase));
    assert_string_equal(status.reason, row->move.reason);
    assert_string_equal(status.message, row->move.message);
    assert_int_equal(status_of(&status, "Ready"), row->ready);
    assert_int_equal(status_of(&status, "Reconciling"), row->reconciling);
    assert_int_equal(status_of(&status, "Stalled"), row->stalled);
    assert_text(reason_of(&status, "SpecChanged"), row->spec_changed);
    assert_int_equal(status.history_count, row->history);
    const struct transition *newest = &status.history[status.history_count - 1];
    assert_string_equal(phase_name(newest->phase), phase_name(row->move.phase));
    bool is_new = world.migration.status.history_count != row->history;
    assert_int_equal(newest->at_s, is_new ? NOW : NOW - 9);
    /* What was read stays as it was. */
    assert_int_equal(world.migration.status.phase, row->migration.status.phase);
    assert_int_equal(world.migration.status.conditions.count, 0);
    arena_fini(&arena);
}

static void test_the_edit_is_forgotten(void **state)
{
    (void)state;
    struct arena arena = {0};
    static struct condition changed[] = {{"SpecChanged", CONDITION_TRUE, "x", "", 1, NOW}};
    struct world world = {
        .migration = {.status = {.phase = PHASE_RUNNING,
                                 .attempt = {.number = 1},
                                 .conditions = {changed, 1}}},
    };
    (void)world_see(&arena, &world);
    struct migration_status status;
    status_begin(&arena, &world.migration, &status);
    status_move(&arena, &world.migration, &status,
                &(struct move){PHASE_RUNNING, "JobRunning", "runs", true}, NOW);
    assert_null(reason_of(&status, "SpecChanged"));
    arena_fini(&arena);
}

static void test_hash_that_is_kept(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {.migration = {.spec_hash = HASH2, .status = {.spec_hash = HASH}}};
    struct migration_status status;
    (void)world_see(&arena, &world);
    status_begin(&arena, &world.migration, &status);
    assert_string_equal(status.spec_hash, HASH2);
    world.migration.status.phase = PHASE_SUCCEEDED;
    status_begin(&arena, &world.migration, &status);
    assert_string_equal(status.spec_hash, HASH);
    arena_fini(&arena);
}

static void test_history_has_an_end(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct transition full[STATUS_HISTORY_MAX];
    for (size_t i = 0; i < STATUS_HISTORY_MAX; i++) {
        full[i] = (struct transition){PHASE_FAILED, "x", (int64_t)i};
    }
    struct world world = {
        .migration = {.status = {.phase = PHASE_FAILED,
                                 .history = full,
                                 .history_count = STATUS_HISTORY_MAX}},
    };
    (void)world_see(&arena, &world);
    struct migration_status status;
    status_begin(&arena, &world.migration, &status);
    status_move(&arena, &world.migration, &status,
                &(struct move){PHASE_WAITING, "Queued", "queued", true}, NOW);
    assert_int_equal(status.history_count, STATUS_HISTORY_MAX);
    assert_int_equal(status.history[0].at_s, 1);
    assert_int_equal(status.history[STATUS_HISTORY_MAX - 1].at_s, NOW);
    assert_int_equal(full[0].at_s, 0);
    arena_fini(&arena);
}

static void test_attempts_have_an_end(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct migration_status status = {0};
    for (int64_t n = 1; n <= STATUS_ATTEMPTS_MAX + 3; n++) {
        status_push_attempt(&arena, &status, &(struct attempt){.number = n});
        assert_int_equal(status.attempt.number, n);
        for (size_t i = 0; i < status.attempt_count; i++) {
            assert_int_equal(status.attempts[i].number, n - 1 - (int64_t)i);
        }
    }
    assert_int_equal(status.attempt_count, STATUS_ATTEMPTS_MAX);
    arena_fini(&arena);
}

static void test_long_message(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {.name = ""};
    char text[3001];
    memset(text, 'x', 3000);
    text[3000] = '\0';
    text[1020] = (char)0xC3; /* a letter of two bytes, where it would be cut */
    text[1021] = (char)0xA4;
    (void)world_see(&arena, &world);
    struct migration_status status;
    status_begin(&arena, &world.migration, &status);
    status_move(&arena, &world.migration, &status,
                &(struct move){PHASE_FAILED, "ExitCode", text, true}, NOW);
    assert_int_equal(strlen(status.message), 1023);
    assert_string_equal(status.message + 1018, "xx...");
    arena_fini(&arena);
}

/* What is not known now must not be forgotten: the selectors of deleted applications. */
static void test_unknown_applications_stay(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct migration_status status = base_status();
    status.conditions = (struct conditions){0};
    struct gates gates = {.running = NULL};
    for (enum gate gate = 0; gate < GATE_MAX; gate++) {
        gates.verdicts[gate] = (struct gate_verdict){CONDITION_UNKNOWN, "NotChecked", "not yet"};
    }
    status_set_gates(&arena, &status, &gates, NOW);
    assert_int_equal(status.application_count, 1);
    assert_string_equal(status.running, "2.0.0 (2)");
    assert_int_equal(status.conditions.count, GATE_MAX);
    assert_int_equal(status_of(&status, "LockHeld"), CONDITION_UNKNOWN);
    gates.are_applications_judged = true;
    status_set_gates(&arena, &status, &gates, NOW);
    assert_int_equal(status.application_count, 0);
    assert_null(status.running);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_the_edit_is_forgotten),
        cmocka_unit_test(test_hash_that_is_kept),
        cmocka_unit_test(test_history_has_an_end),
        cmocka_unit_test(test_attempts_have_an_end),
        cmocka_unit_test(test_long_message),
        cmocka_unit_test(test_unknown_applications_stay),
    };
    int failed = CASES_RUN("status_compare", compare_rows, test_compare);
    failed += CASES_RUN("status_move", move_rows, test_move);
    return failed + cmocka_run_group_tests_name("transition, more", others, NULL, NULL);
}
