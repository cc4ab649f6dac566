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
#include "base/calendar.h"

struct row {
    const char *name;
    int64_t days;
    int64_t year;
    int month;
    int day;
    int weekday;
};

/* Source: GNU date. */
static const struct row rows[] = {
    {"the first day", 0, 1970, 1, 1, 4},
    {"the one before", -1, 1969, 12, 31, 3},
    {"a leap day", 19782, 2024, 2, 29, 4},
    {"a leap day of a century", 11016, 2000, 2, 29, 2},
    {"none at this century's end", 47540, 2100, 2, 28, 0},
    {"the day after", 47541, 2100, 3, 1, 1},
    {"the last that has four digits", 2932896, 9999, 12, 31, 5},
    {"before the Gregorian calendar", -719528, 0, 1, 1, 6},
    {"before the common era", -719529, -1, 12, 31, 5},
};

static void run_row(void **state)
{
    const struct row *row = *state;
    struct calendar_date date = calendar_date(row->days);
    assert_int_equal(date.year, row->year);
    assert_int_equal(date.month, row->month);
    assert_int_equal(date.day, row->day);
    assert_int_equal(calendar_days(row->year, row->month, row->day), row->days);
    assert_int_equal(calendar_weekday(row->days), row->weekday);
}

/* Day by day through 800 years: each is the next day of its month, or the first of the next. */
static void days_follow_each_other(void **state)
{
    (void)state;
    int64_t day = calendar_days(1700, 1, 1);
    int64_t end = calendar_days(2500, 1, 1);
    struct calendar_date want = {1700, 1, 1};
    for (int weekday = calendar_weekday(day); day < end; day++, weekday = (weekday + 1) % 7) {
        struct calendar_date date = calendar_date(day);
        assert_true(date.year == want.year && date.month == want.month && date.day == want.day);
        assert_int_equal(calendar_days(date.year, date.month, date.day), day);
        assert_int_equal(calendar_weekday(day), weekday);
        want.day++;
        if (want.day > calendar_month_days(want.year, want.month)) {
            want.day = 1;
            want.month = want.month % 12 + 1;
            want.year += want.month == 1;
        }
    }
}

static void divides_down(void **state)
{
    (void)state;
    assert_int_equal(calendar_floor_div(7, 7), 1);
    assert_int_equal(calendar_floor_div(6, 7), 0);
    assert_int_equal(calendar_floor_div(0, 7), 0);
    assert_int_equal(calendar_floor_div(-1, 7), -1);
    assert_int_equal(calendar_floor_div(-7, 7), -1);
    assert_int_equal(calendar_floor_div(-8, 7), -2);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 2];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = run_row};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(days_follow_each_other);
    tests[ARRAY_LEN(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(divides_down);
    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
