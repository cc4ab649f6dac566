/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What docs/reference/versions.md and windows.md say holds: each row of their tables is asked of the code, as a test
 * of its own. Which table it is in, its header tells; tables of another kind are for readers alone.
 */
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
#include "base/err.h"
#include "base/str.h"
#include "domain/constraint.h"
#include "domain/cron.h"
#include "domain/image.h"
#include "domain/version.h"
#include "rows.h"
#include "zone_files.h"

#define LATEST_S 253402300799 /* the end of the year 9999 */

/* Rows come in the order of the page: the last header that was seen. */
static enum { OTHER_TABLE, IMAGES, TEXTS, CONSTRAINTS, SCHEDULES } table;
static size_t rows_of[SCHEDULES + 1];

/*
 * Cuts the next cell off *rest, without the spaces and backticks around it, and with \| as |. NULL: there is none.
 */
static char *next_cell(char **rest)
{
    char *begin = *rest;
    char *to = begin;
    const char *at = begin;
    while (*at != '\0' && *at != '|') {
        at += at[0] == '\\' && at[1] == '|' ? 1 : 0;
        *to++ = *at++;
    }
    if (*at == '\0') {
        return NULL;
    }
    *rest = begin + (at - begin) + 1;
    while (to > begin && (to[-1] == ' ' || to[-1] == '`')) {
        to--;
    }
    *to = '\0';
    return begin + strspn(begin, " `");
}

static void check_image(struct arena *arena, const char *text, const char *want)
{
    struct image image;
    struct err err;
    if (!image_parse(arena, text, &image, &err)) {
        assert_string_equal(want, "refused");
        return;
    }
    assert_string_equal(image.tag == NULL ? "none" : image.tag, want);
}

static void check_text(struct arena *arena, const char *text, const char *want)
{
    struct version version;
    const char *got = "no version";
    if (version_parse(arena, text, &version)) {
        got = version_print(arena, &version);
    }
    assert_string_equal(got, want);
}

static void check_constraint(struct arena *arena, const char *versions, const char *running,
                             const char *want)
{
    struct err err;
    const struct constraint *constraint = constraint_parse(arena, versions, &err);
    const char *got = "refused";
    if (constraint != NULL) {
        got = constraint_admits(constraint, running) ? "yes" : "no";
    }
    assert_string_equal(got, want);
}

static void check_schedule(struct arena *arena, const char *schedule, const char *zone_name,
                           char *rest)
{
    struct time_zone zone = zone_named(arena, zone_name);
    int64_t after_s = instant_of(next_cell(&rest));
    struct cron cron;
    struct err err;
    char got[CLOCK_TEXT_MAX] = "refused";
    if (cron_parse(schedule, &cron, &err)) {
        int64_t next_s = 0;
        assert_true(cron_next(&cron, &zone, after_s, LATEST_S, &next_s));
        clock_format(next_s, got);
    }
    const char *want = next_cell(&rest);
    assert_non_null(want);
    assert_string_equal(got, want);
}

static bool is_header(const char *first)
{
    if (str_eq(first, "image")) {
        table = IMAGES;
    } else if (str_eq(first, "text")) {
        table = TEXTS;
    } else if (str_eq(first, "versions")) {
        table = CONSTRAINTS;
    } else if (str_eq(first, "schedule")) {
        table = SCHEDULES;
    } else if (str_eq(first, "reason") || str_eq(first, "message") || str_eq(first, "difference")) {
        table = OTHER_TABLE;
    } else {
        return str_eq(first, "---");
    }
    return true;
}

static void test_line(void **state)
{
    struct row *row = *state;
    struct arena arena = {0};
    char *rest = row->rest;
    const char *first = str_eq(row->word, "|") ? next_cell(&rest) : NULL;
    if (first == NULL || is_header(first)) {
        return;
    }
    const char *second = next_cell(&rest);
    assert_non_null(second);
    rows_of[table]++;
    switch (table) {
    case IMAGES:
        check_image(&arena, first, second);
        break;
    case TEXTS:
        check_text(&arena, first, second);
        break;
    case CONSTRAINTS:
        check_constraint(&arena, first, second, next_cell(&rest));
        break;
    case SCHEDULES:
        check_schedule(&arena, first, second, rest);
        break;
    case OTHER_TABLE:
        break;
    }
    arena_fini(&arena);
}

/* A page whose tables are not found any more would hold whatever it says. */
static void test_rows_were_found(void **state)
{
    (void)state;
    assert_true(rows_of[IMAGES] >= 8);
    assert_true(rows_of[TEXTS] >= 24);
    assert_true(rows_of[CONSTRAINTS] >= 40);
    assert_true(rows_of[SCHEDULES] >= 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_were_found)};
    int failed = rows_run(DOCS_DIR, "reference/versions.md", test_line) +
                 rows_run(DOCS_DIR, "reference/windows.md", test_line);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
