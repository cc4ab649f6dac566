/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void sizes_of_nothing(void **state)
{
    (void)state;
    void *a = xmalloc(0);
    void *b = xcalloc(0, 8);
    void *c = xreallocarray(NULL, 8, 0);
    assert_true(a != NULL && b != NULL && c != NULL);
    free(a);
    free(b);
    free(c);
}

static void calloc_zeroes(void **state)
{
    (void)state;
    unsigned char *memory = xcalloc(10, 10);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(memory[i], 0);
    }
    free(memory);
}

static void realloc_keeps(void **state)
{
    (void)state;
    char *text = xreallocarray(NULL, 4, 1);
    memcpy(text, "abc", 4);
    text = xreallocarray(text, 1000, 10);
    assert_string_equal(text, "abc");
    free(text);
}

static void texts(void **state)
{
    (void)state;
    assert_null(xstrdup(NULL));
    assert_null(xstrndup(NULL, 3));
    char *all = xstrdup("abc");
    char *part = xstrndup("abcdef", 2);
    char *longer = xstrndup("ab", 10);
    char *printed = xasprintf("%s-%d", "x", 7);
    assert_string_equal(all, "abc");
    assert_string_equal(part, "ab");
    assert_string_equal(longer, "ab");
    assert_string_equal(printed, "x-7");
    free(all);
    free(part);
    free(longer);
    mem_free_text(&printed);
    assert_null(printed);
    mem_free_text(&printed);
}

static void a_trim_keeps_what_is_in_use(void **state)
{
    (void)state;
    char *text = xstrdup("kept");
    mem_trim();
    assert_string_equal(text, "kept");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_nothing),
        cmocka_unit_test(calloc_zeroes),
        cmocka_unit_test(realloc_keeps),
        cmocka_unit_test(texts),
        cmocka_unit_test(a_trim_keeps_what_is_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
