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
#include "domain/version.h"
#include "rows.h"

static struct version parse(struct arena *arena, const char *text)
{
    struct version version = {0};
    if (!version_parse(arena, text, &version)) {
        fail_msg("%s is no version", text);
    }
    return version;
}

/*
 * parses A as B       A is a version, in full B
 * refuses A           A is none
 * order A < B < C     ascending by precedence; = for the same
 */
static void test_row(void **state)
{
    struct row *row = *state;
    struct arena arena = {0};
    struct version version;

    if (str_eq(row->word, "parses")) {
        version = parse(&arena, rows_next(&row->rest));
        assert_string_equal(rows_next(&row->rest), "as");
        assert_string_equal(version_print(&arena, &version), row->rest);
    } else if (str_eq(row->word, "refuses")) {
        assert_false(version_parse(&arena, row->rest, &version));
    } else if (str_eq(row->word, "order")) {
        version = parse(&arena, rows_next(&row->rest));
        char *relation = rows_next(&row->rest);
        assert_non_null(relation);
        while (relation != NULL) {
            struct version next = parse(&arena, rows_next(&row->rest));
            int order = version_compare(&version, &next);
            int reverse = version_compare(&next, &version);
            if (str_eq(relation, "<")) {
                assert_true(order < 0 && reverse > 0);
            } else {
                assert_string_equal(relation, "=");
                assert_true(order == 0 && reverse == 0);
            }
            version = next;
            relation = rows_next(&row->rest);
        }
    } else {
        fail_msg("unknown word %s", row->word);
    }
    arena_fini(&arena);
}

static void refuses_null_and_the_empty_text(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct version version;
    assert_false(version_parse(&arena, NULL, &version));
    assert_false(version_parse(&arena, "", &version));
    assert_false(version_parse(&arena, "\n1.2.3", &version));
    assert_false(version_parse(&arena, "1.2.3 ", &version));
    arena_fini(&arena);
}

static void writes_nothing_when_it_refuses(void **state)
{
    (void)state;
    struct version version = {.major = 7};
    assert_false(version_scan("1.2.3-", 6, &version));
    assert_int_equal(version.major, 7);
}

static void refuses_more_than_256_bytes(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct version version;
    char text[VERSION_TEXT_MAX + 2] = "1.2.3-";
    memset(text + 6, 'a', sizeof(text) - 6);
    text[VERSION_TEXT_MAX + 1] = '\0';
    assert_false(version_parse(&arena, text, &version));
    text[VERSION_TEXT_MAX] = '\0';
    assert_true(version_parse(&arena, text, &version));
    assert_int_equal(version.prerelease_len, VERSION_TEXT_MAX - 6);
    arena_fini(&arena);
}

static void scans_a_part_of_a_text(void **state)
{
    (void)state;
    const char *text = "1.2.3-rc.1+b,4";
    struct version version;
    assert_true(version_scan(text, 12, &version));
    assert_ptr_equal(version.prerelease, text + 6);
    assert_int_equal(version.prerelease_len, 4);
    assert_false(version_scan(text, 13, &version));
    assert_true(version_scan(text, 3, &version));
    assert_int_equal(version.minor, 2);
    assert_int_equal(version.prerelease_len, 0);
}

static void copies_into_the_arena(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[] = "1.2.3-rc";
    struct version version = parse(&arena, text);
    memset(text, 'x', sizeof(text));
    assert_memory_equal(version.prerelease, "rc", 3);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_null_and_the_empty_text),
        cmocka_unit_test(writes_nothing_when_it_refuses),
        cmocka_unit_test(refuses_more_than_256_bytes),
        cmocka_unit_test(scans_a_part_of_a_text),
        cmocka_unit_test(copies_into_the_arena),
    };
    int failed = rows_run(TEST_DATA_DIR, "version.txt", test_row);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
