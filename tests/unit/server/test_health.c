/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "server/health.h"

#define CHECKS_MAX 3

struct row {
    const char *name;
    const char *reasons[CHECKS_MAX]; /* of each check; NULL: it is well */
    size_t count;
    unsigned status;
    const char *body;
};

static const struct row rows[] = {
    {.name = "no checks", .status = 200, .body = "ok"},
    {.name = "all well", .count = 3, .status = 200, .body = "ok"},
    {
        .name = "one fails",
        .count = 3,
        .reasons = {NULL, "still listing"},
        .status = 500,
        .body = "[-]check-1 still listing\nreadyz check failed\n",
    },
    {
        .name = "two fail",
        .count = 3,
        .reasons = {"a", NULL, "b"},
        .status = 500,
        .body = "[-]check-0 a\n[-]check-2 b\nreadyz check failed\n",
    },
    {
        .name = "a reason of two lines",
        .count = 1,
        .reasons = {"a\r\n[-]b"},
        .status = 500,
        .body = "[-]check-0 a  [-]b\nreadyz check failed\n",
    },
};

static bool check(void *arg, char reason[HEALTH_REASON_MAX])
{
    const char *const *text = arg;
    if (*text != NULL) {
        (void)snprintf(reason, HEALTH_REASON_MAX, "%s", *text);
    }
    return *text == NULL;
}

static void run_row(void **state)
{
    const struct row *row = *state;
    static const char *const names[CHECKS_MAX] = {"check-0", "check-1", "check-2"};
    const char *reasons[CHECKS_MAX];
    struct health_check checks[CHECKS_MAX];
    for (size_t i = 0; i < CHECKS_MAX; i++) {
        reasons[i] = row->reasons[i];
        checks[i] = (struct health_check){.name = names[i], .fn = check, .arg = &reasons[i]};
    }
    struct health health = {.name = "readyz", .checks = checks, .count = row->count};
    struct http_server_reply reply = {.status = 200};
    buf_init(&reply.body, 1000);
    health_reply(&health, &reply);
    assert_int_equal(reply.status, row->status);
    assert_string_equal(buf_text(&reply.body), row->body);
    buf_fini(&reply.body);
}

static void full_buffer_keeps_the_status(void **state)
{
    (void)state;
    const char *reason = "a reason that is longer than the buffer";
    struct health_check one = {.name = "check", .fn = check, .arg = &reason};
    struct health health = {.name = "readyz", .checks = &one, .count = 1};
    struct http_server_reply reply = {.status = 200};
    buf_init(&reply.body, 10);
    health_reply(&health, &reply);
    assert_int_equal(reply.status, 500);
    buf_fini(&reply.body);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = run_row};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(full_buffer_keeps_the_status);
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
