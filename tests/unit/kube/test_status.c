/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "base/attrs.h"
#include "kube/status.h"

static void test_kind(void **state)
{
    static const struct {
        int code;
        const char *reason;
        enum err_kind kind;
    } rows[] = {
        {400, "BadRequest", ERR_INVALID},
        {401, "Unauthorized", ERR_UNAUTHORIZED},
        {403, "Forbidden", ERR_FORBIDDEN},
        {404, "NotFound", ERR_NOT_FOUND},
        {405, "MethodNotAllowed", ERR_INVALID},
        {408, NULL, ERR_TRANSIENT},
        {409, "AlreadyExists", ERR_EXISTS},
        {409, "Conflict", ERR_CONFLICT},
        {409, "", ERR_CONFLICT},
        {409, NULL, ERR_CONFLICT},
        {410, "Expired", ERR_GONE},
        {410, "Gone", ERR_GONE},
        {413, "RequestEntityTooLarge", ERR_INVALID},
        {415, "UnsupportedMediaType", ERR_INVALID},
        {422, "Invalid", ERR_INVALID},
        {429, "TooManyRequests", ERR_TRANSIENT},
        {500, "InternalError", ERR_TRANSIENT},
        {502, NULL, ERR_TRANSIENT},
        {503, "ServiceUnavailable", ERR_TRANSIENT},
        {504, "Timeout", ERR_TRANSIENT},
        {301, NULL, ERR_TRANSIENT}, /* a proxy in between; no redirect is followed */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(kube_status_kind(rows[i].code, rows[i].reason), rows[i].kind);
    }
}

struct row {
    const char *name;
    int code;
    const char *body;
    enum err_kind kind;
    const char *text;
    const char *reason;
    int64_t retry_after_ms;
};

#define X50  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X200 X50 X50 X50 X50

static const struct row rows[] = {
    {.name = "a Status",
     .code = 409,
     .body = "{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":409,"
             "\"reason\":\"AlreadyExists\",\"message\":\"jobs \\\"x\\\" already exists\"}",
     .kind = ERR_EXISTS,
     .text = "jobs \"x\" already exists",
     .reason = "AlreadyExists"},
    {.name = "retryAfterSeconds",
     .code = 429,
     .body = "{\"kind\":\"Status\",\"reason\":\"TooManyRequests\",\"message\":\"slow down\","
             "\"details\":{\"retryAfterSeconds\":7}}",
     .kind = ERR_TRANSIENT,
     .text = "slow down",
     .reason = "TooManyRequests",
     .retry_after_ms = 7000},
    {.name = "no message",
     .code = 503,
     .body = "{\"kind\":\"Status\",\"reason\":\"ServiceUnavailable\"}",
     .kind = ERR_TRANSIENT,
     .text = "HTTP status 503 ServiceUnavailable",
     .reason = "ServiceUnavailable"},
    {.name = "a reason too long to keep is cut",
     .code = 403,
     .body = "{\"kind\":\"Status\",\"reason\":\"" X200 "\",\"message\":\"m\"}",
     .kind = ERR_FORBIDDEN,
     .text = "m",
     .reason = X50 "xxxxxxxxxxxxx"},
    {.name = "JSON that is no Status",
     .code = 404,
     .body = "{\"kind\":\"Pod\"}",
     .kind = ERR_NOT_FOUND,
     .text = "HTTP status 404: {\"kind\":\"Pod\"}",
     .reason = ""},
    {.name = "fields of the wrong type",
     .code = 403,
     .body = "{\"kind\":\"Status\",\"reason\":[1],\"message\":{},\"details\":3}",
     .kind = ERR_FORBIDDEN,
     .text = "HTTP status 403 ",
     .reason = ""},
    {.name = "plain text",
     .code = 404,
     .body = "404 page not found\n",
     .kind = ERR_NOT_FOUND,
     .text = "HTTP status 404: 404 page not found ",
     .reason = ""},
    {.name = "unprintable bytes",
     .code = 502,
     .body = "\n\n\t<b>\x01\x02\xff \x7f no\r\n</b>",
     .kind = ERR_TRANSIENT,
     .text = "HTTP status 502: <b> ? no </b>",
     .reason = ""},
    {.name = "a long page",
     .code = 500,
     .body = X200 "yyyy",
     .kind = ERR_TRANSIENT,
     .text = "HTTP status 500: " X200,
     .reason = ""},
    {.name = "nothing",
     .code = 500,
     .body = "",
     .kind = ERR_TRANSIENT,
     .text = "HTTP status 500",
     .reason = ""},
};

static void test_decode(void **state)
{
    const struct row *row = *state;
    struct kube_status status;
    kube_status_decode(row->code, row->body, strlen(row->body), &status);
    assert_int_equal(status.code, row->code);
    assert_int_equal(status.err.kind, row->kind);
    assert_string_equal(status.err.text, row->text);
    assert_string_equal(status.reason, row->reason);
    assert_int_equal(status.retry_after_ms, row->retry_after_ms);
}

static void test_from_object(void **state)
{
    (void)state;
    struct kube_status status;
    json_auto_t *gone = json_pack("{s:s,s:i,s:s,s:s}", "kind", "Status", "code", 410, "reason",
                                  "Expired", "message", "too old resource version: 1 (9)");
    kube_status_from_object(gone, &status);
    assert_int_equal(status.code, 410);
    assert_int_equal(status.err.kind, ERR_GONE);
    assert_string_equal(status.err.text, "too old resource version: 1 (9)");

    json_auto_t *vague = json_pack("{s:s,s:s}", "kind", "Status", "message", "m");
    kube_status_from_object(vague, &status);
    assert_int_equal(status.err.kind, ERR_TRANSIENT);

    json_auto_t *other = json_pack("{s:s}", "kind", "Pod");
    kube_status_from_object(other, &status);
    assert_int_equal(status.err.kind, ERR_INVALID);
}

static void test_retry_after(void **state)
{
    static const struct {
        const char *value;
        int64_t wait_ms;
    } waits[] = {
        {NULL, 0},
        {"", 0},
        {"0", 0},
        {"1", 1000},
        {"120", 120000},
        {"86400", STATUS_RETRY_AFTER_MAX_MS},
        {"99999999999999999999", 0}, /* no number and no date */
        {"-5", 0},
        {"soon", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 7000},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 7000},
        {"Sun Nov  6 08:49:37 1994", 7000},
        {"Sun, 06 Nov 1994 08:49:29 GMT", 0}, /* over already */
        {"Tue, 08 Nov 1994 08:49:29 GMT", STATUS_RETRY_AFTER_MAX_MS},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        assert_int_equal(kube_status_retry_after_ms(waits[i].value, 784111770), waits[i].wait_ms);
    }
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 3] = {
        cmocka_unit_test(test_kind),
        cmocka_unit_test(test_from_object),
        cmocka_unit_test(test_retry_after),
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        union {
            const struct row *row;
            void *state;
        } row = {.row = &rows[i]};
        tests[3 + i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_decode, .initial_state = row.state};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
