/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define RECORD_MAX 40000

/* Where standard error goes while a record is written. */
static char record[RECORD_MAX];

static FILE *capture;
static int saved_fd;

static void capture_begin(void)
{
    capture = tmpfile();
    assert_non_null(capture);
    saved_fd = dup(STDERR_FILENO);
    assert_true(saved_fd >= 0 && dup2(fileno(capture), STDERR_FILENO) >= 0);
}

/* What was written since capture_begin(). */
static const char *capture_end(void)
{
    assert_true(dup2(saved_fd, STDERR_FILENO) >= 0);
    (void)close(saved_fd);
    rewind(capture);
    size_t len = fread(record, 1, sizeof(record) - 1, capture);
    record[len] = '\0';
    (void)fclose(capture);
    return record;
}

/* The record behind its time, which is checked to look like one. */
static const char *behind_time(const char *text, const char *before, const char *after)
{
    static const char shape[] = "0000-00-00T00:00:00.000Z";
    assert_true(str_starts_with(text, before));
    text += strlen(before);
    for (size_t i = 0; i < strlen(shape); i++) {
        assert_true(shape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape[i]);
    }
    text += strlen(shape);
    assert_true(str_starts_with(text, after));
    return text + strlen(after);
}

struct row {
    const char *name;
    const char *value;
    const char *logfmt;
    const char *json;
};

static const struct row rows[] = {
    {"word", "orders-api", "orders-api", "orders-api"},
    {"empty", "", "\"\"", ""},
    {"null", NULL, "\"\"", ""},
    {"space", "a b", "\"a b\"", "a b"},
    {"equals", "a=b", "\"a=b\"", "a=b"},
    {"quote", "a\"b", "\"a\\\"b\"", "a\\\"b"},
    {"backslash", "a\\b", "\"a\\\\b\"", "a\\\\b"},
    {"line end", "a\nb", "\"a\\nb\"", "a\\nb"},
    {"tab", "a\tb", "\"a\\u0009b\"", "a\\u0009b"},
    {"carriage return", "a\rb", "\"a\\u000db\"", "a\\u000db"},
    {"escape", "\x1b[1m", "\"\\u001b[1m\"", "\\u001b[1m"},
    {"delete", "a\x7f", "\"a\\u007f\"", "a\\u007f"},
    {"UTF-8", "caf\xc3\xa9", "caf\xc3\xa9", "caf\xc3\xa9"},
};

static void run_row(void **state)
{
    const struct row *row = *state;
    char want[200];
    log_setup(LOG_INFO, LOG_LOGFMT);
    capture_begin();
    log_info("job created", KV_S("job", row->value), KV_I("attempt", -3));
    (void)snprintf(want, sizeof(want), "level=info msg=\"job created\" job=%s attempt=-3\n",
                   row->logfmt);
    assert_string_equal(behind_time(capture_end(), "time=", " "), want);

    log_setup(LOG_INFO, LOG_JSON);
    capture_begin();
    log_warn("job created", KV_S("job", row->value), KV_I("attempt", -3));
    (void)snprintf(want, sizeof(want),
                   "\"level\":\"warn\",\"msg\":\"job created\",\"job\":\"%s\",\"attempt\":-3}\n",
                   row->json);
    assert_string_equal(behind_time(capture_end(), "{\"time\":\"", "\","), want);
}

static void levels(void **state)
{
    (void)state;
    log_setup(LOG_WARN, LOG_LOGFMT);
    assert_false(log_is_on(LOG_DEBUG));
    assert_false(log_is_on(LOG_INFO));
    assert_true(log_is_on(LOG_WARN));
    assert_true(log_is_on(LOG_ERROR));
    capture_begin();
    log_debug("no", KV_I("n", 1));
    log_info("no", KV_I("n", 1));
    assert_string_equal(capture_end(), "");
    capture_begin();
    log_error("yes", KV_I("n", INT64_MIN));
    assert_string_equal(behind_time(capture_end(), "time=", " "),
                        "level=error msg=yes n=-9223372036854775808\n");
}

/* A record that is too long is cut, and still one record: one line, valid JSON. */
static void long_record_is_cut(void **state)
{
    (void)state;
    static char text[20000];
    for (size_t shift = 0; shift < 20; shift++) {
        memset(text, 'x', sizeof(text) - 1);
        memset(text + 16300, '\n', 200);
        text[sizeof(text) - 1 - shift] = '\0';
        log_setup(LOG_INFO, LOG_JSON);
        capture_begin();
        log_info("long", KV_S("text", text + shift), KV_S("after", "x"), KV_I("number", 1));
        const char *line = capture_end();
        assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
        assert_true(strlen(line) < 17000);
        json_error_t where;
        json_t *value = json_loads(line, 0, &where);
        if (value == NULL) {
            fail_msg("%s: %s", where.text, line + strlen(line) - 40);
        }
        assert_string_equal(json_string_value(json_object_get(value, "msg")), "long");
        json_decref(value);

        log_setup(LOG_INFO, LOG_LOGFMT);
        capture_begin();
        log_info("long", KV_S("text", text + shift));
        line = capture_end();
        assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
    }
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 2];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = run_row};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(levels);
    tests[ARRAY_LEN(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(long_record_is_cut);
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
