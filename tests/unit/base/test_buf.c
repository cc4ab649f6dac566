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

#include "base/buf.h"

static void check(const struct buf *buf, const char *want)
{
    assert_string_equal(buf_text(buf), want);
    assert_int_equal(buf->len, strlen(want));
    assert_true(buf->len <= buf->max);
}

static void empty(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    check(&buf, "");
    buf_consume(&buf, 5);
    buf_reset(&buf);
    check(&buf, "");
    assert_true(buf_append(&buf, NULL, 0));
    check(&buf, "");
    buf_fini(&buf);
    buf_fini(&buf);
}

static void append_up_to_the_maximum(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 6);
    assert_true(buf_append_text(&buf, "abc"));
    assert_false(buf_append_text(&buf, "defg"));
    check(&buf, "abc");
    assert_true(buf_append_text(&buf, "def"));
    assert_false(buf_append(&buf, "x", 1));
    assert_true(buf_append(&buf, "", 0));
    assert_false(buf_append(&buf, "x", SIZE_MAX));
    check(&buf, "abcdef");
    buf_fini(&buf);
}

static void maximum_of_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 0);
    assert_false(buf_append(&buf, "x", 1));
    assert_true(buf_append_text(&buf, ""));
    check(&buf, "");
    buf_fini(&buf);
}

static void printf_fits_or_adds_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 300);
    assert_true(buf_printf(&buf, "%d-%s", 12, "x"));
    check(&buf, "12-x");
    assert_false(buf_printf(&buf, "%297d", 1));
    check(&buf, "12-x");
    assert_true(buf_printf(&buf, "%296d", 1));
    assert_int_equal(buf.len, 300);
    assert_int_equal(buf.data[299], '1');
    assert_int_equal(buf.data[300], '\0');
    buf_fini(&buf);
}

static void bytes_with_nul(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_true(buf_append(&buf, "a\0b", 3));
    assert_int_equal(buf.len, 3);
    assert_memory_equal(buf.data, "a\0b", 4);
    buf_fini(&buf);
}

struct consume_row {
    const char *name;
    size_t len;
    const char *rest;
};

static const struct consume_row consume_rows[] = {
    {"consume nothing", 0, "abcdef"}, {"consume some", 2, "cdef"},
    {"consume all but one", 5, "f"},  {"consume all", 6, ""},
    {"consume more than all", 7, ""},
};

static void run_consume(void **state)
{
    const struct consume_row *row = *state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_true(buf_append_text(&buf, "abcdef"));
    buf_consume(&buf, row->len);
    check(&buf, row->rest);
    assert_true(buf_append_text(&buf, "x"));
    assert_int_equal(buf.data[buf.len - 1], 'x');
    buf_fini(&buf);
}

static void grows_and_gives_back(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1 << 20);
    for (int i = 0; i < 100000; i++) {
        assert_true(buf_append_text(&buf, "0123456789"));
    }
    assert_int_equal(buf.len, 1000000);
    assert_memory_equal(buf.data + 999990, "0123456789", 11);
    assert_true(buf.room <= buf.max + 1);
    buf_reset(&buf);
    check(&buf, "");
    assert_int_equal(buf.room, 0); /* large: given back */
    assert_true(buf_append_text(&buf, "x"));
    buf_reset(&buf);
    assert_int_not_equal(buf.room, 0); /* small: kept */
    check(&buf, "");
    buf_fini(&buf);
}

static void take(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    char *text = buf_take(&buf);
    assert_string_equal(text, "");
    free(text);
    assert_true(buf_append_text(&buf, "abc"));
    text = buf_take(&buf);
    assert_string_equal(text, "abc");
    free(text);
    check(&buf, "");
    assert_int_equal(buf.max, 10);
    assert_true(buf_append_text(&buf, "again"));
    check(&buf, "again");
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(append_up_to_the_maximum),
        cmocka_unit_test(maximum_of_nothing),
        cmocka_unit_test(printf_fits_or_adds_nothing),
        cmocka_unit_test(bytes_with_nul),
        cmocka_unit_test(grows_and_gives_back),
        cmocka_unit_test(take),
    };
    struct CMUnitTest tests[ARRAY_LEN(consume_rows) + ARRAY_LEN(others)];
    for (size_t i = 0; i < ARRAY_LEN(consume_rows); i++) {
        const void *row = &consume_rows[i];
        tests[i] = (struct CMUnitTest){.name = consume_rows[i].name, .test_func = run_consume};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    memcpy(tests + ARRAY_LEN(consume_rows), others, sizeof(others));
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
