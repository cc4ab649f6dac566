/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/attrs.h"
#include "kube/watch_next.h"

static const struct backoff_policy policy = {.first_ms = 100, .largest_ms = 1000};

/* With this chance a delay is the whole of the policy's. */
#define WHOLE 1023

/* The numbers are those of watch_next.c. */
struct row {
    const char *name;
    struct watch_end end;
    struct watch_plan plan;
};

static const struct row rows[] = {
    {.name = "1 a page",
     .end = {.step = WATCH_LIST, .outcome = WATCH_PAGE_READ, .failures = 2},
     .plan = {.step = WATCH_PAGE, .failures = 2}},
    {.name = "2 the last page",
     .end = {.step = WATCH_PAGE, .outcome = WATCH_LIST_READ, .has_version = true, .failures = 2},
     .plan = {.step = WATCH_RESUME, .failures = 2}},
    {.name = "3 the time is over",
     .end = {.step = WATCH_STREAM,
             .outcome = WATCH_CLOSED,
             .has_version = true,
             .is_steady = true,
             .has_hurried = true,
             .failures = 3},
     .plan = {.step = WATCH_RESUME}},
    {.name = "3 closed early",
     .end = {.step = WATCH_RESUME, .outcome = WATCH_CLOSED, .has_version = true, .failures = 1},
     .plan = {.step = WATCH_RESUME, .delay_ms = 200, .failures = 2}},
    {.name = "3 closed before all came",
     .end = {.step = WATCH_STREAM,
             .outcome = WATCH_CLOSED,
             .is_steady = true,
             .is_streaming_known = true},
     .plan = {.step = WATCH_STREAM, .delay_ms = 100, .failures = 1, .is_error = true}},
    {.name = "4 no streaming lists",
     .end = {.step = WATCH_STREAM,
             .outcome = WATCH_REFUSED,
             .kind = ERR_INVALID,
             .is_streaming_known = true},
     .plan = {.step = WATCH_LIST, .is_streaming_refused = true}},
    {.name = "4 a list that is invalid is an error",
     .end = {.step = WATCH_LIST, .outcome = WATCH_REFUSED, .kind = ERR_INVALID},
     .plan = {.step = WATCH_LIST, .delay_ms = 100, .failures = 1, .is_error = true}},
    {.name = "5 gone, after an outage",
     .end = {.step = WATCH_RESUME,
             .outcome = WATCH_REFUSED,
             .kind = ERR_GONE,
             .has_version = true,
             .is_streaming_known = true,
             .failures = 7},
     .plan = {.step = WATCH_STREAM, .failures = 7, .has_hurried = true}},
    {.name = "5 gone in the middle of a list",
     .end = {.step = WATCH_PAGE, .outcome = WATCH_REFUSED, .kind = ERR_GONE},
     .plan = {.step = WATCH_LIST, .has_hurried = true}},
    {.name = "5 gone again",
     .end = {.step = WATCH_PAGE, .outcome = WATCH_REFUSED, .kind = ERR_GONE, .has_hurried = true},
     .plan = {.step = WATCH_LIST,
              .delay_ms = 100,
              .failures = 1,
              .has_hurried = true,
              .is_error = true}},
    {.name = "6 unauthorized",
     .end = {.step = WATCH_RESUME,
             .outcome = WATCH_REFUSED,
             .kind = ERR_UNAUTHORIZED,
             .has_version = true},
     .plan = {.step = WATCH_RESUME, .has_hurried = true}},
    {.name = "6 unauthorized again",
     .end = {.step = WATCH_STREAM,
             .outcome = WATCH_REFUSED,
             .kind = ERR_UNAUTHORIZED,
             .is_streaming_known = true,
             .has_hurried = true,
             .failures = 1},
     .plan = {.step = WATCH_STREAM,
              .delay_ms = 200,
              .failures = 2,
              .has_hurried = true,
              .is_error = true}},
    {.name = "7 not found",
     .end = {.step = WATCH_RESUME,
             .outcome = WATCH_REFUSED,
             .kind = ERR_NOT_FOUND,
             .has_version = true,
             .is_streaming_known = true},
     .plan = {.step = WATCH_STREAM, .delay_ms = 100, .failures = 1, .is_error = true}},
    {.name = "8 forbidden, at most the policy's delay",
     .end = {.step = WATCH_STREAM,
             .outcome = WATCH_REFUSED,
             .kind = ERR_FORBIDDEN,
             .is_streaming_known = true,
             .failures = 30},
     .plan = {.step = WATCH_STREAM, .delay_ms = 1000, .failures = 31, .is_error = true}},
    {.name = "8 busy, as long as the server says",
     .end = {.step = WATCH_PAGE,
             .outcome = WATCH_REFUSED,
             .kind = ERR_TRANSIENT,
             .retry_after_ms = 5000},
     .plan = {.step = WATCH_PAGE, .delay_ms = 5000, .failures = 1, .is_error = true}},
    {.name = "9 the version is too old",
     .end = {.step = WATCH_RESUME,
             .outcome = WATCH_ERROR,
             .kind = ERR_GONE,
             .has_version = true,
             .is_steady = true,
             .is_streaming_known = true,
             .has_hurried = true,
             .failures = 4},
     .plan = {.step = WATCH_STREAM, .has_hurried = true}},
    {.name = "9 the version is too old at once again",
     .end = {.step = WATCH_RESUME,
             .outcome = WATCH_ERROR,
             .kind = ERR_GONE,
             .has_version = true,
             .is_streaming_known = true,
             .has_hurried = true},
     .plan = {.step = WATCH_STREAM,
              .delay_ms = 100,
              .failures = 1,
              .has_hurried = true,
              .is_error = true}},
    {.name = "9 an error event",
     .end =
         {.step = WATCH_RESUME, .outcome = WATCH_ERROR, .kind = ERR_TRANSIENT, .has_version = true},
     .plan = {.step = WATCH_LIST, .delay_ms = 100, .failures = 1, .is_error = true}},
    {.name = "10 a cut goes on from the last version, soon",
     .end = {.step = WATCH_STREAM,
             .outcome = WATCH_BROKEN,
             .has_version = true,
             .is_steady = true,
             .is_streaming_known = true,
             .failures = 9},
     .plan = {.step = WATCH_RESUME, .delay_ms = 100, .failures = 1, .is_error = true}},
    {.name = "10 a cut before all came",
     .end = {.step = WATCH_STREAM, .outcome = WATCH_BROKEN, .is_streaming_known = true},
     .plan = {.step = WATCH_STREAM, .delay_ms = 100, .failures = 1, .is_error = true}},
    {.name = "10 a cut in a list",
     .end = {.step = WATCH_PAGE, .outcome = WATCH_BROKEN, .is_streaming_known = true},
     .plan = {.step = WATCH_PAGE, .delay_ms = 100, .failures = 1, .is_error = true}},
    {.name = "11 garbage",
     .end = {.step = WATCH_RESUME,
             .outcome = WATCH_GARBLED,
             .has_version = true,
             .is_streaming_known = true},
     .plan = {.step = WATCH_STREAM, .delay_ms = 100, .failures = 1, .is_error = true}},
};

static void test_row(void **state)
{
    const struct row *row = *state;
    struct watch_end end = row->end;
    end.chance = WHOLE;
    struct watch_plan plan = watch_next(&end, &policy);
    assert_int_equal(plan.step, row->plan.step);
    assert_int_equal(plan.delay_ms, row->plan.delay_ms);
    assert_int_equal(plan.failures, row->plan.failures);
    assert_int_equal(plan.has_hurried, row->plan.has_hurried);
    assert_int_equal(plan.is_error, row->plan.is_error);
    assert_int_equal(plan.is_streaming_refused, row->plan.is_streaming_refused);
}

/* Every end that is no progress makes the next of its kind wait: no server can keep us busy. */
static void test_no_busy_loop(void **state)
{
    (void)state;
    for (int outcome = WATCH_CLOSED; outcome <= WATCH_GARBLED; outcome++) {
        for (int kind = 0; kind < ERR_KIND_MAX; kind++) {
            struct watch_end end = {
                .step = WATCH_STREAM, .is_streaming_known = true, .chance = WHOLE};
            int64_t waited_ms = 0;
            for (int i = 0; i < 8; i++) {
                end.outcome = (enum watch_outcome)outcome;
                end.kind = (enum err_kind)kind;
                struct watch_plan plan = watch_next(&end, &policy);
                end.step = plan.step;
                end.failures = plan.failures;
                end.has_hurried = plan.has_hurried;
                end.is_streaming_known = end.is_streaming_known && !plan.is_streaming_refused;
                waited_ms += plan.delay_ms;
            }
            assert_true(waited_ms > 3000);
        }
    }
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {cmocka_unit_test(test_no_busy_loop)};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        union {
            const struct row *row;
            void *state;
        } row = {.row = &rows[i]};
        tests[1 + i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = row.state};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
