/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "case_file.h"
#include "codec/writer.h"

static const struct row {
    const char *name;
    const char *text;
    const char *expected;
} rows[] = {
    {"plain", "done", "done"},
    {"empty", "", ""},
    {"valid UTF-8",
     "Gr\xc3\xb6\xc3\x9f"
     "e \xe2\x82\xac \xf0\x9f\x90\x98",
     "Größe € 🐘"},
    {"cut in a character", "Gr\xc3", "Gr?"},
    {"cut before the mark", "Gr\xe2\x82...", "Gr??..."},
    {"a byte that never begins one",
     "a\xff"
     "b",
     "a?b"},
    {"overlong", "\xc0\xaf", "??"},
    {"a surrogate", "\xed\xa0\x80", "???"},
    {"a good one after a bad one", "\xc3\xc3\xb6", "?ö"},
};

static void test_text(void **state)
{
    const struct row *row = *state;
    json_auto_t *value = writer_text(row->text);
    assert_non_null(value);
    assert_string_equal(json_string_value(value), row->expected);
}

static void test_what_is_absent_is_left_out(void **state)
{
    (void)state;
    json_t *object = json_object();
    write_text(object, "a", NULL);
    write_time(object, "b", 0);
    write_filled(object, "c", json_object());
    write_filled(object, "d", json_array());
    assert_json_is(object, "{}");
}

static void test_what_is_there_is_written(void **state)
{
    (void)state;
    json_t *object = json_object();
    write_text(object, "a", "");
    write_time(object, "b", 1795312923);
    write_filled(object, "c", writer_pair("x", json_null()));
    write_filled(object, "d", writer_list_of("y"));
    write_number(object, "e", 0);
    assert_json_is(object, "{\"a\": \"\", \"b\": \"2026-11-22T02:02:03Z\", \"c\": {\"x\": null},"
                           " \"d\": [\"y\"], \"e\": 0}");
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 2];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = test_text};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(test_what_is_absent_is_left_out);
    tests[ARRAY_LEN(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(test_what_is_there_is_written);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
