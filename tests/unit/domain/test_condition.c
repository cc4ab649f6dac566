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

static void test_life(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct conditions conditions = {0};
    assert_null(condition_get(&conditions, "Ready"));
    assert_false(condition_is_true(&conditions, "Ready"));

    struct condition ready = {"Ready", CONDITION_FALSE, "Waiting", "waits", 1, 999};
    condition_set(&arena, &conditions, &ready, 10);
    struct condition stalled = {"Stalled", CONDITION_FALSE, "Waiting", "waits", 1, 999};
    condition_set(&arena, &conditions, &stalled, 11);
    assert_int_equal(conditions.count, 2);
    assert_int_equal(condition_get(&conditions, "Ready")->changed_s, 10);
    assert_false(condition_is_true(&conditions, "Ready"));

    /* The same status: everything is new but the time. */
    ready = (struct condition){"Ready", CONDITION_FALSE, "Queued", "is queued", 2, 0};
    condition_set(&arena, &conditions, &ready, 20);
    assert_int_equal(conditions.count, 2);
    assert_int_equal(condition_get(&conditions, "Ready")->changed_s, 10);
    assert_int_equal(condition_get(&conditions, "Ready")->observed_generation, 2);
    assert_string_equal(condition_get(&conditions, "Ready")->reason, "Queued");
    assert_string_equal(condition_get(&conditions, "Ready")->message, "is queued");

    ready.status = CONDITION_TRUE;
    condition_set(&arena, &conditions, &ready, 30);
    assert_int_equal(condition_get(&conditions, "Ready")->changed_s, 30);
    assert_true(condition_is_true(&conditions, "Ready"));
    assert_false(condition_is_true(&conditions, "Stalled"));

    condition_remove(&conditions, "Other");
    assert_int_equal(conditions.count, 2);
    condition_remove(&conditions, "Ready");
    assert_int_equal(conditions.count, 1);
    assert_null(condition_get(&conditions, "Ready"));
    assert_non_null(condition_get(&conditions, "Stalled"));
    arena_fini(&arena);
}

/* What the schema would refuse would keep the whole status from being written. */
struct reason_row {
    const char *name; /* the reason as it came */
    const char *expected;
};

static const struct reason_row reason_rows[] = {
    {"ImagePullBackOff", "ImagePullBackOff"},
    {"", "Unknown"},
    {"context deadline exceeded", "contextdeadlineexceeded"},
    {"4xx", "xx"},
    {"Error:", "Error"},
    {"a_b,c:d", "a_b,c:d"},
    {"_x", "x"},
    {"...", "Unknown"},
    {"x\xC3\xA4y", "xy"},
};

static void test_reason(void **state)
{
    const struct reason_row *row = *state;
    struct arena arena = {0};
    struct conditions conditions = {0};
    condition_set(&arena, &conditions,
                  &(struct condition){.type = "Ready", .reason = row->name, .message = ""}, 1);
    assert_string_equal(conditions.items[0].reason, row->expected);
    arena_fini(&arena);
}

static const struct message_row {
    const char *name; /* the message as it came */
    const char *expected;
} message_rows[] = {
    {"one line", "one line"},
    {"two  blanks stay where all is one line", "two  blanks stay where all is one line"},
    {"first\nsecond", "first second"},
    {"first\r\n\r\n\tsecond  third\n", "first second third"},
    {"\nfirst", "first"},
    {"\n", ""},
    {"x\n\xC3\xA4\xC3\xB6", "x \xC3\xA4\xC3\xB6"},
};

static void test_message(void **state)
{
    const struct message_row *row = *state;
    struct arena arena = {0};
    assert_string_equal(condition_line(&arena, row->name, 100), row->expected);
    arena_fini(&arena);
}

static void test_limits(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct conditions conditions = {0};
    char *text = arena_alloc(&arena, 40001);
    memset(text, 'x', 40000);
    condition_set(&arena, &conditions,
                  &(struct condition){.type = "Ready", .reason = text, .message = text}, 1);
    assert_int_equal(strlen(conditions.items[0].reason), 1024);
    assert_int_equal(strlen(conditions.items[0].message), 32768);
    condition_set(&arena, &conditions, &(struct condition){.type = "Ready"}, 1);
    assert_string_equal(conditions.items[0].reason, "Unknown");
    assert_null(conditions.items[0].message);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_limits),
    };
    int failed = CASES_RUN("reasons", reason_rows, test_reason);
    failed += CASES_RUN("messages", message_rows, test_message);
    return failed + cmocka_run_group_tests_name("condition", others, NULL, NULL);
}
