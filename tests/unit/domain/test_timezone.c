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
#include "base/str.h"
#include "domain/timezone.h"
#include "domain/timezone_rule.h"
#include "rows.h"
#include "zone_files.h"

/* "+05:30" */
static int64_t offset_of(const char *text)
{
    char *timestamp = NULL;
    struct arena arena = {0};
    timestamp = arena_printf(&arena, "1970-01-01T00:00:00%s", text);
    int64_t east_s = -instant_of(timestamp);
    arena_fini(&arena);
    return east_s;
}

static void check_east(struct arena *arena, struct row *row)
{
    struct time_zone zone = zone_named(arena, rows_next(&row->rest));
    int64_t at_s = instant_of(rows_next(&row->rest));
    struct zone_span span = timezone_span(&zone, at_s);
    assert_int_equal(span.east_s, offset_of(row->rest));
    assert_true(span.from_s <= at_s && at_s < span.until_s);
}

/*
 * east ZONE TIMESTAMP OFFSET     what the zone's clocks are ahead of UTC then
 * name NAME                      may be looked for
 * refuses [WORDS] NAME           may not; the error holds the words
 * rule TEXT, no-rule TEXT        a footer that can be followed, or not
 */
static void test_row(void **state)
{
    struct row *row = *state;
    struct arena arena = {0};
    struct zone_rule rule;
    struct err err = {0};

    if (str_eq(row->word, "east")) {
        check_east(&arena, row);
    } else if (str_eq(row->word, "name")) {
        assert_true(timezone_check_name(row->rest, &err));
    } else if (str_eq(row->word, "refuses")) {
        const char *words = rows_next(&row->rest);
        assert_false(timezone_check_name(row->rest, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (strstr(err.text, words) == NULL) {
            fail_msg("the error does not say \"%s\": %s", words, err.text);
        }
    } else if (str_eq(row->word, "rule")) {
        assert_true(timezone_rule_parse(row->rest, strlen(row->rest), &rule));
    } else if (str_eq(row->word, "no-rule")) {
        assert_false(timezone_rule_parse(row->rest, strlen(row->rest), &rule));
    } else {
        fail_msg("unknown word %s", row->word);
    }
    arena_fini(&arena);
}

static void test_empty_name(void **state)
{
    (void)state;
    struct err err;
    assert_false(timezone_check_name("", &err));
}

static void test_zeroed_is_utc(void **state)
{
    (void)state;
    struct time_zone zone = {0};
    struct zone_span span = timezone_span(&zone, instant_of("2026-07-01T00:00:00Z"));
    assert_int_equal(span.east_s, 0);
    assert_true(span.from_s == INT64_MIN && span.until_s == INT64_MAX);
}

/* Spans lie next to each other: before the table, in it, from it into the rule, and from year to year. */
static void test_spans_are_without_gap(void **state)
{
    (void)state;
    static const char *const names[] = {"Africa/Casablanca", "Europe/Berlin", "America/Santiago",
                                        "Test/SummerAllYear", "Test/NoFooter"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct arena arena = {0};
        struct time_zone zone = zone_named(&arena, names[i]);
        int64_t until_s = instant_of("2200-01-01T00:00:00Z");
        struct zone_span span = timezone_span(&zone, instant_of("1990-01-01T00:00:00Z"));
        while (span.until_s < until_s) {
            struct zone_span next = timezone_span(&zone, span.until_s);
            assert_int_equal(next.from_s, span.until_s);
            span = next;
        }
        arena_fini(&arena);
    }
}

static void test_span_of_summer(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct time_zone zone = zone_named(&arena, "Europe/Berlin");
    struct zone_span span = timezone_span(&zone, instant_of("2026-07-01T00:00:00Z"));
    assert_int_equal(span.from_s, instant_of("2026-03-29T01:00:00Z"));
    assert_int_equal(span.until_s, instant_of("2026-10-25T01:00:00Z"));
    arena_fini(&arena);
}

/* ---- broken files ---- */

static const struct zone_file whole = {
    .footer = "CET-1CEST,M3.5.0,M10.5.0/3",
    .changes = {{1000, 3600}, {2000, 7200}},
};

#define FIRST_BLOCK  (44 + 6 + 4) /* with its header */
#define FIRST_CHANGE (FIRST_BLOCK + 44)

static void assert_refused(const unsigned char *bytes, size_t len, const char *words)
{
    struct arena arena = {0};
    struct time_zone zone;
    struct err err = {0};
    assert_false(timezone_parse(&arena, bytes, len, &zone, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    if (strstr(err.text, words) == NULL) {
        fail_msg("the error does not say \"%s\": %s", words, err.text);
    }
    arena_fini(&arena);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    unsigned char bytes[ZONE_FILE_MAX];
    size_t len = zone_file_write(&whole, bytes);
    for (size_t cut = 0; cut < len; cut++) {
        assert_refused(bytes, cut, "");
    }
}

struct change_of_byte {
    size_t at;
    unsigned char byte;
    const char *words;
};

static void test_changed_bytes(void **state)
{
    (void)state;
    static const struct change_of_byte changes[] = {
        {0, 'X', "no time zone file"},
        {4, 0, "version 1"},
        {FIRST_BLOCK, 'X', "ends too early"},
        {FIRST_BLOCK + 31, 1, "leap seconds"},
        {FIRST_BLOCK + 35, 200, "ends too early"},
        {FIRST_BLOCK + 32, 0x80, "ends too early"},
        {FIRST_BLOCK + 39, 0, "no first offset"},
        {FIRST_CHANGE + 6, 0x07, "change 2 is not after"},
        {FIRST_CHANGE + 16, 3, "offset of change 1"},
        {FIRST_CHANGE + 16 + 2, 0x7f, "no first offset"},
        {FIRST_CHANGE + 16 + 2 + 6, 0x80, "offset of change 1"},
        {FIRST_CHANGE + 16 + 2 + 18 + 4, 'x', "no footer"},
        {FIRST_CHANGE + 16 + 2 + 18 + 5, '1', "its footer is no rule"},
    };
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        unsigned char bytes[ZONE_FILE_MAX];
        size_t len = zone_file_write(&whole, bytes);
        bytes[changes[i].at] = changes[i].byte;
        assert_refused(bytes, len, changes[i].words);
    }
}

/* Even where what lies behind the last type would do as one. */
static void test_type_that_is_none(void **state)
{
    (void)state;
    unsigned char bytes[ZONE_FILE_MAX];
    size_t len = zone_file_write(&whole, bytes);
    bytes[FIRST_CHANGE + 16] = 3;
    memset(bytes + FIRST_CHANGE + 16 + 2 + 18, 0, 4);
    assert_refused(bytes, len, "offset of change 1");
}

static void test_too_large(void **state)
{
    (void)state;
    static unsigned char bytes[TIMEZONE_FILE_MAX + 1];
    (void)zone_file_write(&whole, bytes);
    assert_refused(bytes, sizeof(bytes), "more than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_name),        cmocka_unit_test(test_zeroed_is_utc),
        cmocka_unit_test(test_span_of_summer),    cmocka_unit_test(test_spans_are_without_gap),
        cmocka_unit_test(test_cut_anywhere),      cmocka_unit_test(test_changed_bytes),
        cmocka_unit_test(test_type_that_is_none), cmocka_unit_test(test_too_large),
    };
    return rows_run(TEST_DATA_DIR, "timezone.txt", test_row) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
