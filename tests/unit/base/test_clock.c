/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define REFUSED INT64_MIN

struct row {
    const char *name;
    const char *text;
    int64_t number; /* what it is, or REFUSED */
};

static const struct row times[] = {
    {"epoch", "1970-01-01T00:00:00Z", 0},
    {"before the epoch", "1969-12-31T23:59:59Z", -1},
    {"some time", "2026-11-22T01:02:03Z", 1795309323},
    {"end of 2038 in 32 bits", "2038-01-19T03:14:08Z", 2147483648},
    {"leap day", "2024-02-29T12:00:00Z", 1709208000},
    {"leap day of a century", "2000-02-29T00:00:00Z", 951782400},
    {"year one", "0001-01-01T00:00:00Z", -62135596800},
    {"year zero", "0000-01-01T00:00:00Z", -62167219200},
    {"last year", "9999-12-31T23:59:59Z", 253402300799},
    {"fraction is dropped", "1970-01-01T00:00:01.999999999Z", 1},
    {"east", "1970-01-01T02:00:00+02:00", 0},
    {"west", "1969-12-31T19:30:00-04:30", 0},
    {"minus zero", "1970-01-01T00:00:00-00:00", 0},
    {"fraction and offset", "1970-01-01T01:00:00.5+01:00", 0},
    {"leap second", "2016-12-31T23:59:60Z", 1483228800},
    {"lower case", "1970-01-01t00:00:00z", 0},

    {"empty", "", REFUSED},
    {"date alone", "1970-01-01", REFUSED},
    {"no zone", "1970-01-01T00:00:00", REFUSED},
    {"junk behind", "1970-01-01T00:00:00Zx", REFUSED},
    {"junk before", " 1970-01-01T00:00:00Z", REFUSED},
    {"short year", "970-01-01T00:00:00Z", REFUSED},
    {"long year", "19700-01-01T00:00:00Z", REFUSED},
    {"one digit", "1970-1-01T00:00:00Z", REFUSED},
    {"month 0", "1970-00-01T00:00:00Z", REFUSED},
    {"month 13", "1970-13-01T00:00:00Z", REFUSED},
    {"day 0", "1970-01-00T00:00:00Z", REFUSED},
    {"day 32", "1970-01-32T00:00:00Z", REFUSED},
    {"31 April", "1970-04-31T00:00:00Z", REFUSED},
    {"29 February", "2023-02-29T00:00:00Z", REFUSED},
    {"29 February of a century", "1900-02-29T00:00:00Z", REFUSED},
    {"hour 24", "1970-01-01T24:00:00Z", REFUSED},
    {"minute 60", "1970-01-01T00:60:00Z", REFUSED},
    {"second 61", "1970-01-01T00:00:61Z", REFUSED},
    {"empty fraction", "1970-01-01T00:00:00.Z", REFUSED},
    {"offset without colon", "1970-01-01T00:00:00+0200", REFUSED},
    {"offset of hours alone", "1970-01-01T00:00:00+02", REFUSED},
    {"offset hour 24", "1970-01-01T00:00:00+24:00", REFUSED},
    {"offset minute 60", "1970-01-01T00:00:00+00:60", REFUSED},
    {"sign", "-1970-01-01T00:00:00Z", REFUSED},
};

static void run_time(void **state)
{
    const struct row *row = *state;
    int64_t wall_s = REFUSED;
    assert_int_equal(clock_parse(row->text, &wall_s), row->number != REFUSED);
    assert_true(wall_s == row->number);
}

#define HOUR_MS INT64_C(3600000)

static const struct row durations[] = {
    {"duration 0", "0", 0},
    {"duration 0s", "0s", 0},
    {"nanoseconds", "1999999ns", 1},
    {"microseconds", "1500us", 1},
    {"micro sign", "2000\xc2\xb5s", 2},
    {"Greek mu", "2000\xce\xbcs", 2},
    {"milliseconds", "300ms", 300},
    {"seconds", "45s", 45000},
    {"minutes", "90m", 5400000},
    {"hours", "2h", 2 * HOUR_MS},
    {"all", "1h2m3s4ms5us6ns", 3723004},
    {"any order", "1s1h", HOUR_MS + 1000},
    {"twice", "1h1h", 2 * HOUR_MS},
    {"fraction", "1.5h", 5400000},
    {"fraction without whole", ".5s", 500},
    {"whole without fraction", "1.s", 1000},
    {"long fraction", "0.1234567890123456789s", 123},
    {"many zeros", "0.000000000000000000000000000001h", 0},
    {"rounded down in all", "0.6ms0.6ms", 1},
    {"100 years", "876000h", 876000 * HOUR_MS},
    {"just 100 years of 366 days", "878400h", 878400 * HOUR_MS},

    {"longer", "878401h", REFUSED},
    {"much longer", "99999999999999999999999999h", REFUSED},
    {"longer in pieces", "800000h800000h", REFUSED},
    {"duration empty", "", REFUSED},
    {"no unit", "1", REFUSED},
    {"zeros without unit", "00", REFUSED},
    {"unit alone", "h", REFUSED},
    {"point alone", ".h", REFUSED},
    {"days", "1d", REFUSED},
    {"negative", "-1h", REFUSED},
    {"plus", "+1h", REFUSED},
    {"space between", "1h 1m", REFUSED},
    {"space before", " 1h", REFUSED},
    {"exponent", "1e3s", REFUSED},
    {"upper case", "1H", REFUSED},
    {"two points", "1.2.3s", REFUSED},
    {"second without unit", "1h30", REFUSED},
};

static void run_duration(void **state)
{
    const struct row *row = *state;
    int64_t ms = REFUSED;
    assert_int_equal(clock_parse_duration(row->text, &ms), row->number != REFUSED);
    assert_true(ms == row->number);
}

static const struct row spoken[] = {
    {"spoken 0", "0s", 0},
    {"spoken negative", "0s", -5},
    {"spoken seconds", "59s", 59},
    {"spoken minute", "1m", 60},
    {"spoken minutes", "3m20s", 200},
    {"spoken below an hour", "59m59s", 3599},
    {"spoken hour", "1h", 3600},
    {"spoken hour drops seconds", "1h", 3659},
    {"spoken hours", "2h5m", 7500},
    {"spoken days", "3d4h", 273600},
    {"spoken longest", "106751991167300d15h", INT64_MAX},
};

static void run_spoken(void **state)
{
    const struct row *row = *state;
    char text[CLOCK_TEXT_MAX];
    clock_format_duration(row->number, text);
    assert_string_equal(text, row->text);
}

/* Each thousandth means what it says: no rounding of binary fractions shows. */
static void thousandths_are_exact(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < 100000; ms++) {
        char text[CLOCK_TEXT_MAX];
        int64_t seen_ms = REFUSED;
        (void)snprintf(text, sizeof(text), "%" PRId64 ".%03" PRId64 "s", ms / 1000, ms % 1000);
        assert_true(clock_parse_duration(text, &seen_ms));
        if (seen_ms != ms) {
            fail_msg("%s is %" PRId64 " ms", text, seen_ms);
        }
    }
}

static void format_and_parse_agree(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_MAX];
    for (int64_t wall_s = -62167219200; wall_s < 253402300799; wall_s += 8380703) {
        int64_t seen_s = REFUSED;
        clock_format(wall_s, text);
        assert_true(clock_parse(text, &seen_s));
        assert_true(seen_s == wall_s);
    }
    clock_format(1795309323, text);
    assert_string_equal(text, "2026-11-22T01:02:03Z");
    clock_format(INT64_MAX, text);
    assert_string_equal(text, "");
}

static void microseconds(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_us;
        const char *text;
    } cases[] = {
        {INT64_C(1795309323000004), "2026-11-22T01:02:03.000004Z"},
        {INT64_C(1795309323999999), "2026-11-22T01:02:03.999999Z"},
        {0, "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {INT64_MAX, ""},
    };
    char text[CLOCK_TEXT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        clock_format_us(cases[i].wall_us, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void clocks_go_on(void **state)
{
    (void)state;
    int64_t first_us = clock_now_us();
    int64_t first_ms = clock_now_ms();
    int64_t wall_s = clock_wall_s();
    assert_true(first_ms >= first_us / 1000);
    assert_true(clock_now_us() >= first_us);
    assert_true(wall_s > 1700000000);
    assert_true(clock_wall_us() / 1000000 >= wall_s);
}

static size_t add_rows(struct CMUnitTest *tests, const struct row *rows, size_t count,
                       CMUnitTestFunction fn)
{
    for (size_t i = 0; i < count; i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = fn};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    return count;
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(times) + ARRAY_LEN(durations) + ARRAY_LEN(spoken) + 4];
    size_t at = add_rows(tests, times, ARRAY_LEN(times), run_time);
    at += add_rows(tests + at, durations, ARRAY_LEN(durations), run_duration);
    at += add_rows(tests + at, spoken, ARRAY_LEN(spoken), run_spoken);
    tests[at++] = (struct CMUnitTest)cmocka_unit_test(thousandths_are_exact);
    tests[at++] = (struct CMUnitTest)cmocka_unit_test(format_and_parse_agree);
    tests[at++] = (struct CMUnitTest)cmocka_unit_test(microseconds);
    tests[at++] = (struct CMUnitTest)cmocka_unit_test(clocks_go_on);
    return _cmocka_run_group_tests("clock", tests, at, NULL, NULL);
}
