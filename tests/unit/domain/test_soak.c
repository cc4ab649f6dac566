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
#include "domain/gates.h"
#include "domain/soak.h"
#include "domain/transition.h"
#include "world.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

/* ---- since when one workload has been what is asked of it ---- */

struct since_row {
    const char *name;
    bool is_broken;
    bool is_old_status; /* of the workload: its controller has not seen the template */
    int64_t rolled_out_s;
    int64_t created_s;
    const char *last_uid; /* NULL: it was not seen before */
    const char *last_revision;
    const char *last_needs; /* default: what is asked now */
    int64_t last_since_s;
    int64_t since_s;
};

#define SAME    .last_uid = "uid-d", .last_revision = "3"
#define CREATED .created_s = (NOW - 30 * DAY)
#define ROLLED  CREATED, .rolled_out_s = (NOW - 5 * HOUR)

static const struct since_row since_rows[] = {
    {.name = "first sight: since its rollout was complete", ROLLED, .since_s = NOW - 5 * HOUR},
    {.name = "first sight of one that was created later, by another clock",
     .rolled_out_s = NOW - 5 * HOUR,
     .created_s = NOW - HOUR,
     .since_s = NOW - HOUR},
    {.name = "first sight of one that tells no rollout", CREATED, .since_s = NOW},
    {.name = "first sight: what its status tells is of another template",
     ROLLED,
     .is_old_status = true,
     .since_s = NOW},
    {.name = "first sight, while it is broken", ROLLED, .is_broken = true},
    {.name = "a clock that is ahead", CREATED, .rolled_out_s = NOW + DAY, .since_s = NOW},
    {.name = "seen before: a restart changes nothing",
     ROLLED,
     SAME,
     .last_since_s = NOW - 2 * HOUR,
     .since_s = NOW - 2 * HOUR},
    {.name = "seen before, and broken now",
     ROLLED,
     SAME,
     .is_broken = true,
     .last_since_s = NOW - 2 * HOUR},
    {.name = "the breach that was noted is over", ROLLED, SAME, .since_s = NOW},
    {.name = "another revision while nobody looked",
     ROLLED,
     .last_uid = "uid-d",
     .last_revision = "1",
     .last_since_s = NOW - DAY,
     .since_s = NOW - 5 * HOUR},
    {.name = "another revision, and its rollout goes on",
     CREATED,
     .last_uid = "uid-d",
     .last_revision = "1",
     .last_since_s = NOW - DAY,
     .since_s = NOW},
    {.name = "another revision, by a clock that is behind",
     ROLLED,
     .last_uid = "uid-d",
     .last_revision = "2",
     .last_since_s = NOW - 3 * HOUR,
     .since_s = NOW},
    {.name = "another revision, and the time told is that of the last one",
     ROLLED,
     .last_uid = "uid-d",
     .last_revision = "2",
     .last_since_s = NOW - 5 * HOUR,
     .since_s = NOW},
    {.name = "a breach was noted, then another revision came and settled while nobody looked",
     ROLLED,
     .last_uid = "uid-d",
     .last_revision = "2",
     .since_s = NOW - 5 * HOUR},
    {.name = "another of that name",
     ROLLED,
     .last_uid = "uid-was",
     .last_revision = "3",
     .last_since_s = NOW - DAY,
     .since_s = NOW - 5 * HOUR},
    {.name = "one without a revision yet",
     CREATED,
     .last_uid = "uid-d",
     .last_since_s = NOW - DAY,
     .since_s = NOW},
    {.name = "asked for something else before",
     ROLLED,
     SAME,
     .last_needs = "1.x",
     .last_since_s = NOW - DAY,
     .since_s = NOW - 5 * HOUR},
    {.name = "the server's clock was ahead when it was written",
     ROLLED,
     SAME,
     .last_since_s = NOW + DAY,
     .since_s = NOW},
};

static void test_since(void **state)
{
    const struct since_row *row = *state;
    struct workload workload = {
        .meta = {.uid = "uid-d", .generation = 7, .created_s = row->created_s},
        .observed_generation = row->is_old_status ? 6 : 7,
        .rolled_out_s = row->rolled_out_s,
    };
    struct application_status status = {
        .workload = "Deployment/api", .uid = "uid-d", .revision = "3", .needs = "2.x"};
    struct application_status last[] = {
        {.workload = "Deployment/web", .uid = "uid-d", .revision = "3", .needs = "2.x"},
        {.workload = "Deployment/api",
         .uid = row->last_uid,
         .revision = row->last_revision,
         .needs = row->last_needs == NULL ? "2.x" : row->last_needs,
         .compatible_since_s = row->last_since_s},
    };
    last[0].compatible_since_s = NOW - 9 * HOUR; /* of another workload: it counts for nothing */
    struct soak_sight sight = {
        .workload = &workload,
        .status = &status,
        .is_broken = row->is_broken,
        .last = last,
        .last_count = row->last_uid == NULL ? 1 : 2,
        .now_s = NOW,
    };
    assert_int_equal(soak_since(&sight), row->since_s);
}

/* ---- what is asked of it ---- */

static void test_needs(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct application application = {0};
    assert_string_equal(soak_needs(&arena, &application, false), "any version");
    application = (struct application){.versions = "2.x", .container = "api"};
    assert_string_equal(soak_needs(&arena, &application, true), "2.x, container api, settled");
    application = (struct application){.versions = "2.x", .source = SOURCE_LABEL, .key = "v"};
    assert_string_equal(soak_needs(&arena, &application, false), "2.x, label v");
    application.source = SOURCE_ANNOTATION;
    assert_string_equal(soak_needs(&arena, &application, false), "2.x, annotation v");
    arena_fini(&arena);
}

/* ---- the gate ---- */

struct gate_row {
    const char *name;
    int64_t soak_s;
    int64_t least_s; /* of its Database, for its step */
    const char *least_error;
    bool is_absent;
    bool is_not_known;
    enum rollout rollout;
    const char *runs; /* image tag of its one pod; default 2.0.0 */
    int64_t replicas; /* that its status tells; default 1, as are those updated and wanted */
    int64_t since_s;  /* as the status has it; 0: never seen */
    struct breach was;
    struct breach unwritten;
    /* expected */
    enum condition_status status;
    const char *reason;
    const char *message; /* "~": a part of it */
    int64_t wake_at_s;
    int64_t breach_at_s; /* 0: none was seen */
    int64_t breach_until_s;
    const char *breach; /* its message, "~" likewise */
};

#define OPEN   .status = CONDITION_TRUE
#define CLOSED .status = CONDITION_FALSE
#define ENDED                                                                                      \
    {                                                                                              \
        "VersionsIncompatible", "api ran 1.9.0", NOW - 3 * HOUR, NOW - 2 * HOUR                    \
    }

static const struct gate_row gate_rows[] = {
    {.name = "none is asked for", OPEN, .reason = "NotRequired", .message = "no soak is asked for"},
    {.name = "it holds, and not long enough",
     .soak_s = DAY,
     .since_s = NOW - HOUR,
     CLOSED,
     .reason = "Soaking",
     .message = "versions and rollout have held since 1970-01-12T12:46:40Z; a soak of 1d "
                "(spec.soak) is over at 1970-01-13T12:46:40Z",
     .wake_at_s = NOW - HOUR + DAY},
    {.name = "a second is missing",
     .soak_s = HOUR,
     .since_s = NOW - HOUR + 1,
     CLOSED,
     .reason = "Soaking",
     .wake_at_s = NOW + 1},
    {.name = "just over",
     .soak_s = HOUR,
     .since_s = NOW - HOUR,
     OPEN,
     .reason = "Held",
     .message = "versions and rollout have held since 1970-01-12T12:46:40Z, for a soak of 1h "
                "(spec.soak)"},
    {.name = "longer than any life",
     .soak_s = 87600 * HOUR,
     .since_s = NOW - DAY,
     CLOSED,
     .reason = "Soaking",
     .message = "~is over at 1980-01-09T13:46:40Z",
     .wake_at_s = NOW - DAY + 87600 * HOUR},
    {.name = "never seen before",
     .soak_s = HOUR,
     CLOSED,
     .reason = "Soaking",
     .wake_at_s = NOW + HOUR},
    {.name = "the Database asks for more",
     .soak_s = HOUR,
     .least_s = DAY,
     .since_s = NOW - HOUR,
     CLOSED,
     .reason = "Soaking",
     .message = "~a soak of 1d (spec.soak.Data of Database orders) is over",
     .wake_at_s = NOW - HOUR + DAY},
    {.name = "the Database asks for less",
     .soak_s = DAY,
     .least_s = HOUR,
     .since_s = NOW - HOUR,
     CLOSED,
     .reason = "Soaking",
     .message = "~a soak of 1d (spec.soak) is over",
     .wake_at_s = NOW - HOUR + DAY},
    {.name = "what the Database asks for cannot be read",
     .least_error = "spec.soak.Data: \"x\" is no duration",
     CLOSED,
     .reason = "SoakInvalid",
     .message = "Database orders: spec.soak.Data: \"x\" is no duration"},
    {.name = "the applications are not known",
     .soak_s = HOUR,
     .is_not_known = true,
     .was = ENDED,
     .status = CONDITION_UNKNOWN,
     .reason = "NotChecked",
     .message = "the applications are not read yet"},
    {.name = "nothing is asked for, whatever runs",
     .is_not_known = true,
     OPEN,
     .reason = "NotRequired",
     .message = "no soak is asked for"},
    {.name = "an old version runs",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .runs = "1.9.0",
     CLOSED,
     .reason = "NotHeld",
     .message = "a soak of 1h (spec.soak) begins when versions and rollout hold",
     .breach_at_s = NOW,
     .breach = "api runs 1.9.0 in 1 of 1 pod; needs >=2.0.0"},
    {.name = "an old version runs still: told as it began",
     .soak_s = HOUR,
     .runs = "1.9.0",
     .was = {"RolloutInProgress", "api is rolling out 2.0.0", NOW - HOUR, 0},
     CLOSED,
     .reason = "NotHeld",
     .breach_at_s = NOW - HOUR,
     .breach = "api is rolling out 2.0.0"},
    {.name = "an old version is gone",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .was = {"VersionsIncompatible", "api ran 1.9.0", NOW - 2 * HOUR, 0},
     CLOSED,
     .reason = "Soaking",
     .message = "~is over at 1970-01-12T14:46:40Z; last broken at 1970-01-12T11:46:40Z: api ran",
     .wake_at_s = NOW + HOUR,
     .breach_at_s = NOW - 2 * HOUR,
     .breach_until_s = NOW,
     .breach = "api ran 1.9.0"},
    {.name = "an old version was gone before, and soaked since",
     .soak_s = 2 * HOUR,
     .since_s = NOW - DAY,
     .was = ENDED,
     OPEN,
     .reason = "Held",
     .breach_at_s = NOW - 3 * HOUR,
     .breach_until_s = NOW - 2 * HOUR,
     .breach = "api ran 1.9.0"},
    {.name = "another breach takes its place",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .runs = "1.8.0",
     .was = ENDED,
     CLOSED,
     .reason = "NotHeld",
     .breach_at_s = NOW,
     .breach = "~api runs 1.8.0"},
    {.name = "a breach that was seen and not written counts, though it is over",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .was = ENDED,
     .unwritten = {"VersionsIncompatible", "api runs 1.7.0", NOW - 2, 0},
     CLOSED,
     .reason = "Soaking",
     .wake_at_s = NOW + HOUR,
     .breach_at_s = NOW - 2,
     .breach_until_s = NOW,
     .breach = "api runs 1.7.0"},
    {.name = "the server's clock was ahead when a breach was over",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .was = {"VersionsIncompatible", "api ran 1.9.0", NOW - HOUR, NOW + DAY},
     CLOSED,
     .reason = "Soaking",
     .wake_at_s = NOW + HOUR,
     .breach_at_s = NOW - HOUR,
     .breach_until_s = NOW,
     .breach = "api ran 1.9.0"},
    {.name = "a rollout of another version that is admitted, where it must settle",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .rollout = ROLLOUT_SETTLED,
     .runs = "2.1.0",
     CLOSED,
     .reason = "NotHeld",
     .breach_at_s = NOW,
     .breach = "api is to run 2.0.0, and runs 2.1.0 in 1 of 1 pod"},
    {.name = "the same where it need not",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .runs = "2.1.0",
     OPEN,
     .reason = "Held"},
    {.name = "pods of an older template, of the same version",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .rollout = ROLLOUT_SETTLED,
     .replicas = 2,
     CLOSED,
     .reason = "NotHeld",
     .breach_at_s = NOW,
     .breach = "api is rolling out 2.0.0"},
    {.name = "pods that are missing, of a rollout that is complete",
     .soak_s = HOUR,
     .since_s = NOW - DAY,
     .rollout = ROLLOUT_SETTLED,
     .replicas = -1,
     OPEN,
     .reason = "Held"},
    {.name = "nothing is there",
     .soak_s = HOUR,
     .is_absent = true,
     OPEN,
     .reason = "NothingRuns",
     .message = "no application is there that could break the soak"},
    {.name = "nothing is there any more, and what was there was no good",
     .soak_s = DAY,
     .is_absent = true,
     .was = ENDED,
     CLOSED,
     .reason = "Soaking",
     .wake_at_s = NOW - 2 * HOUR + DAY,
     .breach_at_s = NOW - 3 * HOUR,
     .breach_until_s = NOW - 2 * HOUR,
     .breach = "api ran 1.9.0"},
};

static struct version_facts runs(struct arena *arena, const char *tag)
{
    static struct pair labels[] = {{"app", "orders"}};
    struct container_image *image = arena_alloc(arena, sizeof(*image));
    *image = (struct container_image){"api", arena_printf(arena, "orders:%s", tag)};
    return (struct version_facts){.containers = image, .container_count = 1, .labels = {labels, 1}};
}

static struct workload workload_of(struct arena *arena, const struct gate_row *row)
{
    static const char *orders[] = {"orders"};
    static struct selector_term terms[] = {{"app", SELECTOR_IN, orders, 1}};
    int64_t replicas = row->replicas < 0 ? 0 : (row->replicas == 0 ? 1 : row->replicas);
    return (struct workload){
        .meta = {.name = "api", .uid = "uid-d"},
        .revision = "3",
        .selector = {terms, 1},
        .desired = 1,
        .replicas = replicas,
        .updated = replicas > 1 ? 1 : replicas,
        .pod_template = runs(arena, "2.0.0"),
    };
}

static void judge(struct arena *arena, const struct gate_row *row, struct gates *ret_gates)
{
    struct application application = {
        .name = "api", .versions = ">=2.0.0", .when_absent = ABSENT_PROCEED};
    struct workload workload = workload_of(arena, row);
    const struct workload *workloads[] = {&workload};
    struct pod pod = {.meta = {.name = "pod"},
                      .phase = "Running",
                      .facts = runs(arena, row->runs == NULL ? "2.0.0" : row->runs)};
    const struct pod *pods[] = {&pod};
    struct application_seen application_seen = {.workloads = workloads,
                                                .workload_count = row->is_absent ? 0 : 1,
                                                .pods = pods,
                                                .pod_count = row->is_absent ? 0 : 1};
    struct application_status last = {
        .workload = "Deployment/api",
        .uid = "uid-d",
        .revision = "3",
        .needs = soak_needs(arena, &application, row->rollout == ROLLOUT_SETTLED),
        .compatible_since_s = row->since_s,
    };
    struct world world = {
        .migration = {.applications = &application,
                      .application_count = 1,
                      .step = STEP_DATA,
                      .rollout = row->rollout,
                      .soak_s = row->soak_s,
                      .status = {.applications = &last,
                                 .application_count = row->since_s == 0 ? 0 : 1,
                                 .last_breach = row->was}},
        .database = {.version = "2",
                     .soak = {.least_s = {[STEP_DATA] = row->least_s, [STEP_EXPAND] = 9 * DAY},
                              .error = row->least_error}},
        .seen = {.are_applications_known = !row->is_not_known,
                 .unwritten_breach = row->unwritten.reason == NULL ? NULL : &row->unwritten},
    };
    struct observed seen = world_see(arena, &world);
    seen.applications = &application_seen;
    gates_judge(arena, &seen, ret_gates);
}

static void test_gate(void **state)
{
    const struct gate_row *row = *state;
    struct arena arena = {0};
    struct gates gates;
    judge(&arena, row, &gates);
    const struct gate_verdict *verdict = &gates.verdicts[GATE_SOAKED];
    assert_int_equal(verdict->status, row->status);
    assert_string_equal(verdict->reason, row->reason);
    if (row->message != NULL) {
        assert_text(verdict->message, row->message);
    }
    assert_int_equal(gates.wake_at_s, row->wake_at_s);
    assert_int_equal(gates.last_breach.at_s, row->breach_at_s);
    assert_int_equal(gates.last_breach.until_s, row->breach_until_s);
    assert_text(gates.last_breach.message, row->breach);
    if (gates.application_count > 0) {
        bool is_broken = row->breach_at_s != 0 && row->breach_until_s == 0;
        assert_int_equal(gates.applications[0].compatible_since_s == 0, is_broken);
        assert_string_equal(gates.applications[0].uid, "uid-d");
        assert_string_equal(gates.applications[0].revision, "3");
    }
    arena_fini(&arena);
}

/* ---- together ---- */

/* A window that opens earlier than the soak is over, or later: woken at the first of both. */
static void test_wakes_at_the_first(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct application_seen none = {0};
    struct world world = {.migration = {.soak_s = 2 * HOUR,
                                        .not_before_s = NOW + HOUR,
                                        .status = {.last_breach = {"A", "b", NOW - 1, NOW}}},
                          .seen = {.are_applications_known = true}};
    struct observed seen = world_see(&arena, &world);
    struct gates gates;
    seen.applications = &none;
    gates_judge(&arena, &seen, &gates);
    assert_int_equal(gates.wake_at_s, NOW + HOUR);
    world.migration.not_before_s = NOW + DAY;
    gates_judge(&arena, &seen, &gates);
    assert_int_equal(gates.wake_at_s, NOW + 2 * HOUR);
    arena_fini(&arena);
}

/* What keeps a breach in the status is short, whole characters, and another one than before is worth a write. */
static void test_breach_in_the_status(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct gates gates = {.are_applications_judged = true};
    struct migration migration = {0};
    char *long_text = arena_alloc(&arena, 601);
    for (size_t i = 0; i < 600; i++) {
        long_text[i] = "\xc3\xa4"[i % 2];
    }
    struct observed seen = {.now_s = NOW, .migration = &migration};
    struct breach current = {.reason = "A", .message = long_text + 1};
    soak_judge(&arena, &seen, &current, &gates);
    assert_true(strlen(gates.last_breach.message) <= 512);
    struct migration_status before = {0};
    struct migration_status after = {.last_breach = gates.last_breach};
    assert_int_equal(status_compare(&before, &after), STATUS_MAJOR);
    before.last_breach = after.last_breach;
    assert_int_equal(status_compare(&before, &after), STATUS_SAME);
    after.last_breach.until_s = NOW;
    assert_int_equal(status_compare(&before, &after), STATUS_MAJOR);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_wakes_at_the_first),
        cmocka_unit_test(test_breach_in_the_status),
    };
    int failed = CASES_RUN("since", since_rows, test_since);
    failed += CASES_RUN("soaked", gate_rows, test_gate);
    return failed + cmocka_run_group_tests_name("soak, more", others, NULL, NULL);
}
