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
#include "domain/constraint.h"
#include "rows.h"

static const struct constraint *parse(struct arena *arena, const char *text)
{
    struct err err;
    const struct constraint *constraint = constraint_parse(arena, text, &err);
    if (constraint == NULL) {
        fail_msg("refused: %s", err.text);
    }
    return constraint;
}

/* What the constraint was spelled out as: ">=1.2.3 <2.0.0-0 | pre =1.0.0-rc | 'latest'". */
static const char *print(struct arena *arena, const struct constraint *constraint)
{
    static const char *const ops[] = {
        [COMPARATOR_EQUAL] = "=",
        [COMPARATOR_NOT_EQUAL] = "!=",
        [COMPARATOR_LESS] = "<",
        [COMPARATOR_AT_MOST] = "<=",
        [COMPARATOR_GREATER] = ">",
        [COMPARATOR_AT_LEAST] = ">=",
        [COMPARATOR_OTHER_MAJOR] = "major!=",
        [COMPARATOR_OTHER_MINOR] = "minor!=",
    };
    const char *text = "";
    for (size_t i = 0; i < constraint->count; i++) {
        const struct alternative *alternative = &constraint->alternatives[i];
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? " | " : "",
                            alternative->admits_prerelease ? "pre " : "");
        if (alternative->literal != NULL) {
            assert_int_equal(alternative->count, 0);
            text = arena_printf(arena, "%s'%s'", text, alternative->literal);
        }
        for (size_t j = 0; j < alternative->count; j++) {
            const struct comparator *comparator = &alternative->comparators[j];
            text = arena_printf(arena, "%s%s%s%s", text, j > 0 ? " " : "", ops[comparator->op],
                                version_print(arena, &comparator->version));
        }
    }
    return text;
}

/*
 * admits VERSION CONSTRAINT, denies VERSION CONSTRAINT
 * means [COMPARATORS] CONSTRAINT      what it is spelled out as
 * refuses [WORDS] CONSTRAINT          the error holds the words
 */
static void test_row(void **state)
{
    struct row *row = *state;
    struct arena arena = {0};
    const char *first = rows_next(&row->rest);
    assert_non_null(first);

    if (str_eq(row->word, "admits")) {
        assert_true(constraint_admits(parse(&arena, row->rest), first));
    } else if (str_eq(row->word, "denies")) {
        assert_false(constraint_admits(parse(&arena, row->rest), first));
    } else if (str_eq(row->word, "means")) {
        assert_string_equal(print(&arena, parse(&arena, row->rest)), first);
    } else if (str_eq(row->word, "refuses")) {
        struct err err = {0};
        assert_null(constraint_parse(&arena, row->rest, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (strstr(err.text, first) == NULL) {
            fail_msg("the error does not say \"%s\": %s", first, err.text);
        }
    } else {
        fail_msg("unknown word %s", row->word);
    }
    arena_fini(&arena);
}

static void assert_refused(const char *text, const char *words)
{
    struct arena arena = {0};
    struct err err = {0};
    assert_null(constraint_parse(&arena, text, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, words));
    arena_fini(&arena);
}

static void refuses_an_empty_text(void **state)
{
    (void)state;
    assert_refused(NULL, "it is empty");
    assert_refused("", "it is empty");
    assert_refused(" \t\r\n\f", "it is empty");
}

static void takes_every_white_space(void **state)
{
    (void)state;
    struct arena arena = {0};
    const char *text = "\t>=\r\n1.2\f<2 \t,\n!=1.5.0\t||\n3\t-\r4\n";
    assert_string_equal(print(&arena, parse(&arena, text)),
                        ">=1.2.0 <2.0.0 !=1.5.0 | >=3.0.0 <5.0.0-0");
    assert_refused(">=1.2\v<2", "compares with no version");
    arena_fini(&arena);
}

static void refuses_more_than_512_bytes(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[CONSTRAINT_TEXT_MAX + 2];
    memset(text, ' ', sizeof(text));
    text[0] = '1';
    text[CONSTRAINT_TEXT_MAX] = '\0';
    assert_true(constraint_admits(parse(&arena, text), "1.2.3"));
    text[CONSTRAINT_TEXT_MAX] = ' ';
    text[CONSTRAINT_TEXT_MAX + 1] = '\0';
    assert_refused(text, "longer than 512 bytes");
    arena_fini(&arena);
}

static void refuses_more_than_32_alternatives(void **state)
{
    (void)state;
    struct arena arena = {0};
    const char *text = "1";
    for (size_t i = 1; i < CONSTRAINT_ALTERNATIVES_MAX; i++) {
        text = arena_printf(&arena, "%s||%zu", text, i + 1);
    }
    assert_true(constraint_admits(parse(&arena, text), "32.1.0"));
    assert_refused(arena_printf(&arena, "%s||33", text), "33 alternatives");
    arena_fini(&arena);
}

static void refuses_a_literal_of_more_than_128_bytes(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[CONSTRAINT_LITERAL_MAX + 2];
    memset(text, 'a', sizeof(text));
    text[CONSTRAINT_LITERAL_MAX] = '\0';
    assert_true(constraint_admits(parse(&arena, text), text));
    text[CONSTRAINT_LITERAL_MAX] = 'a';
    text[CONSTRAINT_LITERAL_MAX + 1] = '\0';
    assert_refused(text, "neither a version nor a tag");
    arena_fini(&arena);
}

static void applies_the_limit_of_a_version(void **state)
{
    (void)state;
    struct arena arena = {0};
    char identifier[VERSION_TEXT_MAX] = {0};
    memset(identifier, 'a', VERSION_TEXT_MAX - 6);
    /* 6 + 250 bytes; the missing minor and patch count when they are filled in. */
    (void)parse(&arena, arena_printf(&arena, ">=1.2.3-%s", identifier));
    (void)parse(&arena, arena_printf(&arena, ">=1-%s", identifier));
    assert_refused(arena_printf(&arena, ">=1-%sa", identifier), "compares with no version");
    arena_fini(&arena);
}

static void keeps_nothing_of_the_text(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[] = ">=1.2.3-rc <2 || sha-4f2a || ~2.1-b";
    const struct constraint *constraint = parse(&arena, text);
    memset(text, 'x', sizeof(text));
    assert_string_equal(print(&arena, constraint),
                        "pre >=1.2.3-rc <2.0.0 | 'sha-4f2a' | pre >=2.1.0-b <2.2.0-0");
    arena_fini(&arena);
}

static void admits_no_absent_version(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_false(constraint_admits(parse(&arena, "*"), NULL));
    assert_false(constraint_admits(parse(&arena, "*"), ""));
    assert_false(constraint_admits(parse(&arena, "latest"), NULL));
    assert_false(constraint_admits(parse(&arena, "latest"), ""));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_empty_text),
        cmocka_unit_test(takes_every_white_space),
        cmocka_unit_test(refuses_more_than_512_bytes),
        cmocka_unit_test(refuses_more_than_32_alternatives),
        cmocka_unit_test(refuses_a_literal_of_more_than_128_bytes),
        cmocka_unit_test(applies_the_limit_of_a_version),
        cmocka_unit_test(keeps_nothing_of_the_text),
        cmocka_unit_test(admits_no_absent_version),
    };
    int failed = rows_run(TEST_DATA_DIR, "constraint.txt", test_row);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
