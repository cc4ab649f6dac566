/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "base/attrs.h"
#include "base/backoff.h"

struct row {
    const char *name;
    struct backoff_policy policy;
    unsigned failures;
    int64_t least_ms;
    int64_t most_ms;
};

static const struct row rows[] = {
    {"first failure", {1000, 60000}, 1, 500, 1000},
    {"none counts as one", {1000, 60000}, 0, 500, 1000},
    {"second", {1000, 60000}, 2, 1000, 2000},
    {"sixth", {1000, 60000}, 6, 16000, 32000},
    {"seventh is capped", {1000, 60000}, 7, 30000, 60000},
    {"very many", {1000, 60000}, 4000000000U, 30000, 60000},
    {"cap below the first", {1000, 300}, 1, 150, 300},
    {"odd", {1, 7}, 1, 0, 1},
    {"nothing", {0, 60000}, 5, 0, 0},
    {"large cap",
     {1000, INT64_C(86400000) * 365},
     100,
     INT64_C(86400000) * 365 / 2,
     INT64_C(86400000) * 365},
};

static void run_row(void **state)
{
    const struct row *row = *state;
    assert_true(backoff_delay_ms(&row->policy, row->failures, 0) == row->least_ms);
    assert_true(backoff_delay_ms(&row->policy, row->failures, 1023) == row->most_ms);
    for (uint32_t chance = 0; chance < 3000; chance++) {
        int64_t delay = backoff_delay_ms(&row->policy, row->failures, chance * 2654435761U);
        assert_true(delay >= row->least_ms && delay <= row->most_ms);
    }
}

static void chance_spreads(void **state)
{
    (void)state;
    const struct backoff_policy policy = {1000, 60000};
    int64_t low = backoff_delay_ms(&policy, 1, 100);
    int64_t high = backoff_delay_ms(&policy, 1, 900);
    assert_true(high - low > 300);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = run_row};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(chance_spreads);
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
