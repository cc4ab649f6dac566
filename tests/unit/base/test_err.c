/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <jansson.h>
#include <string.h>

#include "base/err.h"

static void set(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(err.kind, ERR_NONE);
    assert_false(err_set(&err, ERR_CONFLICT, "read %s at %d", "x", 7));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_string_equal(err.text, "read x at 7");
}

static void wrap(void **state)
{
    (void)state;
    struct err err = {0};
    (void)err_set(&err, ERR_GONE, "expired");
    assert_false(err_wrap(&err, "watch %s", "pods"));
    assert_false(err_wrap(&err, "start"));
    assert_int_equal(err.kind, ERR_GONE);
    assert_string_equal(err.text, "start: watch pods: expired");
}

/* A text as long as it may be, and one longer. */
static void cut(void **state)
{
    (void)state;
    static char text[ERR_TEXT_MAX + 1];
    struct err err = {0};
    memset(text, 'x', ERR_TEXT_MAX);
    (void)err_set(&err, ERR_INVALID, "%.*s", ERR_TEXT_MAX - 1, text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_int_equal(err.text[ERR_TEXT_MAX - 2], 'x');
    (void)err_set(&err, ERR_INVALID, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_string_equal(err.text + ERR_TEXT_MAX - 5, "x...");
}

static void wrap_cuts(void **state)
{
    (void)state;
    static char text[2 * ERR_TEXT_MAX];
    struct err err = {0};
    memset(text, 'x', sizeof(text) - 1);
    (void)err_set(&err, ERR_INVALID, "%.*s", ERR_TEXT_MAX - 2, text);
    (void)err_wrap(&err, "a");
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_string_equal(err.text + ERR_TEXT_MAX - 4, "...");
    (void)err_set(&err, ERR_INVALID, "cause");
    (void)err_wrap(&err, "%s", text);
    assert_string_equal(err.text + ERR_TEXT_MAX - 4, "...");
}

struct utf8_row {
    const char *name;
    const char *character;
};

static const struct utf8_row utf8_rows[] = {
    {"cut in two bytes", "\xc3\xa9"},
    {"cut in three bytes", "\xe2\x82\xac"},
    {"cut in four bytes", "\xf0\x9f\x98\x80"},
};

/* A cut text goes into JSON, which takes whole characters alone. */
static void run_utf8(void **state)
{
    const struct utf8_row *row = *state;
    static char text[2 * ERR_TEXT_MAX];
    for (size_t shift = 0; shift < 4; shift++) {
        struct err err = {0};
        size_t len = 0;
        memset(text, 'x', shift);
        for (len = shift; len < ERR_TEXT_MAX + 8; len += strlen(row->character)) {
            memcpy(text + len, row->character, strlen(row->character) + 1);
        }
        (void)err_set(&err, ERR_INVALID, "%s", text);
        json_t *value = json_string(err.text);
        assert_non_null(value);
        json_decref(value);
        assert_true(strlen(err.text) > ERR_TEXT_MAX - 8);
        assert_string_equal(err.text + strlen(err.text) - 3, "...");
    }
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < ERR_KIND_MAX; kind++) {
        assert_true(strlen(err_kind_name((enum err_kind)kind)) > 0);
        for (unsigned other = 0; other < kind; other++) {
            assert_string_not_equal(err_kind_name((enum err_kind)kind),
                                    err_kind_name((enum err_kind)other));
        }
    }
    assert_string_equal(err_kind_name(ERR_NOT_FOUND), "NotFound");
    assert_string_equal(err_kind_name(ERR_KIND_MAX), "Unknown");
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(set),
        cmocka_unit_test(wrap),
        cmocka_unit_test(cut),
        cmocka_unit_test(wrap_cuts),
        cmocka_unit_test(kinds_have_names),
    };
    struct CMUnitTest tests[ARRAY_LEN(utf8_rows) + ARRAY_LEN(others)];
    for (size_t i = 0; i < ARRAY_LEN(utf8_rows); i++) {
        const void *row = &utf8_rows[i];
        tests[i] = (struct CMUnitTest){.name = utf8_rows[i].name, .test_func = run_utf8};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    memcpy(tests + ARRAY_LEN(utf8_rows), others, sizeof(others));
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
