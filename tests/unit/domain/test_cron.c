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
#include "base/clock.h"
#include "base/str.h"
#include "domain/cron.h"
#include "rows.h"
#include "zone_files.h"

#define FAR_S 253402300799 /* the end of the year 9999 */

static struct cron parse(const char *text)
{
    struct cron cron = {0};
    struct err err;
    if (text == NULL || !cron_parse(text, &cron, &err)) {
        fail_msg("refused: %s", text == NULL ? "nothing" : err.text);
    }
    return cron;
}

static void assert_same(const char *a_text, const char *b_text)
{
    struct cron a = parse(a_text);
    struct cron b = parse(b_text);
    assert_int_equal(a.minutes, b.minutes);
    assert_int_equal(a.hours, b.hours);
    assert_int_equal(a.days, b.days);
    assert_int_equal(a.months, b.months);
    assert_int_equal(a.weekdays, b.weekdays);
    assert_int_equal(a.is_either_star, b.is_either_star);
}

static void assert_instant(int64_t at_s, const char *timestamp)
{
    char text[CLOCK_TEXT_MAX];
    clock_format(at_s, text);
    assert_string_equal(text, timestamp);
}

static void check_next(struct arena *arena, struct row *row)
{
    struct time_zone zone = zone_named(arena, rows_next(&row->rest));
    int64_t at_s = instant_of(rows_next(&row->rest));
    struct cron cron = parse(rows_next(&row->rest));
    size_t count = 0;
    for (const char *wanted; (wanted = rows_next(&row->rest)) != NULL; count++) {
        assert_true(cron_next(&cron, &zone, at_s, FAR_S, &at_s));
        assert_instant(at_s, wanted);
    }
    assert_true(count > 0);
}

static void check_last(struct arena *arena, struct row *row)
{
    struct time_zone zone = zone_named(arena, rows_next(&row->rest));
    int64_t after_s = instant_of(rows_next(&row->rest));
    int64_t limit_s = instant_of(rows_next(&row->rest));
    struct cron cron = parse(rows_next(&row->rest));
    int64_t last_s = 0;
    bool is_found = cron_last(&cron, &zone, after_s, limit_s, &last_s);
    assert_int_equal(is_found, !str_eq(row->rest, "none"));
    if (is_found) {
        assert_instant(last_s, row->rest);
    }
}

/*
 * same [SCHEDULE] [SCHEDULE]
 * refuses [WORDS] SCHEDULE                  the error holds the words
 * next ZONE AFTER [SCHEDULE] TIME...        the times one after the other
 * last ZONE AFTER LIMIT [SCHEDULE] TIME     or none
 */
static void test_row(void **state)
{
    struct row *row = *state;
    struct arena arena = {0};

    if (str_eq(row->word, "same")) {
        const char *first = rows_next(&row->rest);
        assert_same(first, rows_next(&row->rest));
    } else if (str_eq(row->word, "refuses")) {
        struct cron cron;
        struct err err = {0};
        const char *words = rows_next(&row->rest);
        assert_false(cron_parse(row->rest, &cron, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (strstr(err.text, words) == NULL || strstr(err.text, "schedule \"") == NULL) {
            fail_msg("the error does not say \"%s\": %s", words, err.text);
        }
    } else if (str_eq(row->word, "next")) {
        check_next(&arena, row);
    } else if (str_eq(row->word, "last")) {
        check_last(&arena, row);
    } else {
        fail_msg("unknown word %s", row->word);
    }
    arena_fini(&arena);
}

static void test_long_text(void **state)
{
    (void)state;
    char text[CRON_TEXT_MAX + 2];
    struct cron cron;
    struct err err;
    memset(text, ' ', sizeof(text));
    memcpy(text, "0 2 * * *", strlen("0 2 * * *"));
    text[CRON_TEXT_MAX] = '\0';
    assert_true(cron_parse(text, &cron, &err));
    text[CRON_TEXT_MAX] = ' ';
    text[CRON_TEXT_MAX + 1] = '\0';
    assert_false(cron_parse(text, &cron, &err));
    assert_non_null(strstr(err.text, "512"));
}

/* The limit is a time that may still come, and ends the search. */
static void test_limit(void **state)
{
    (void)state;
    struct time_zone utc = {0};
    struct cron cron = parse("0 2 * * *");
    int64_t two_s = instant_of("2026-11-22T02:00:00Z");
    int64_t next_s = 0;
    assert_true(cron_next(&cron, &utc, two_s - 3600, two_s, &next_s));
    assert_int_equal(next_s, two_s);
    assert_false(cron_next(&cron, &utc, two_s - 3600, two_s - 1, &next_s));
    assert_false(cron_next(&cron, &utc, two_s, two_s, &next_s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_limit),
    };
    return rows_run(TEST_DATA_DIR, "cron.txt", test_row) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
