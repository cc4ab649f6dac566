/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/str.h"

struct pair_row {
    const char *a;
    const char *b;
    bool equal;
    bool starts; /* a with b; not asked of NULL */
    bool ends;
};

static const struct pair_row pair_rows[] = {
    {.a = "abc", .b = "abc", .equal = true, .starts = true, .ends = true},
    {.a = "", .b = "", .equal = true, .starts = true, .ends = true},
    {.a = "abc", .b = "", .starts = true, .ends = true},
    {.a = "", .b = "abc"},
    {.a = "abc", .b = "ab", .starts = true},
    {.a = "abc", .b = "bc", .ends = true},
    {.a = "abc", .b = "b"},
    {.a = "ab", .b = "abc"},
    {.a = "bc", .b = "abc"},
    {.a = "abc", .b = "ABC"},
    {.a = "aXa", .b = "a", .starts = true, .ends = true},
    {.a = NULL, .b = NULL, .equal = true},
    {.a = NULL, .b = ""},
    {.a = "", .b = NULL},
};

static void pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pair_rows); i++) {
        const struct pair_row *row = &pair_rows[i];
        bool is_right = str_eq(row->a, row->b) == row->equal;
        if (row->a != NULL && row->b != NULL) {
            is_right = is_right && str_starts_with(row->a, row->b) == row->starts &&
                       str_ends_with(row->a, row->b) == row->ends;
        }
        if (!is_right) {
            fail_msg("row %zu", i);
        }
    }
}

static void emptiness(void **state)
{
    (void)state;
    assert_true(str_is_empty(NULL));
    assert_true(str_is_empty(""));
    assert_false(str_is_empty(" "));
    assert_string_equal(str_or_empty(NULL), "");
    assert_string_equal(str_or_empty("a"), "a");
}

struct number_row {
    const char *text;
    bool is_number;
    uint64_t number;
};

static const struct number_row number_rows[] = {
    {.text = "0", .is_number = true, .number = 0},
    {.text = "7", .is_number = true, .number = 7},
    {.text = "007", .is_number = true, .number = 7},
    {.text = "18446744073709551615", .is_number = true, .number = UINT64_MAX},
    {.text = "0000000000000000000000000000001", .is_number = true, .number = 1},
    {.text = "18446744073709551616"},
    {.text = "99999999999999999999"},
    {.text = "184467440737095516150"},
    {.text = ""},
    {.text = NULL},
    {.text = "-1"},
    {.text = "+1"},
    {.text = " 1"},
    {.text = "1 "},
    {.text = "1.0"},
    {.text = "0x1"},
    {.text = "1e3"},
};

static void numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(number_rows); i++) {
        const struct number_row *row = &number_rows[i];
        uint64_t number = 42;
        if (str_parse_u64(row->text, &number) != row->is_number ||
            number != (row->is_number ? row->number : 42)) {
            fail_msg("\"%s\"", str_or_empty(row->text));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs),
        cmocka_unit_test(emptiness),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
