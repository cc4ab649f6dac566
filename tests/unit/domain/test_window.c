/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdbool.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/clock.h"
#include "cases.h"
#include "domain/window.h"
#include "zone_files.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

struct window_case {
    const char *name;
    const char *now;
    const char *not_before; /* NULL: none */
    const char *schedule;
    const char *zone; /* NULL: UTC, and no zone is named */
    int64_t duration_s;
    int64_t timeout_s;
    bool must_finish;

    bool is_open;
    const char *reason;
    const char *wake_at; /* NULL: never */
    const char *message; /* "~": a part of it */
};

#define BERLIN_NIGHTS                                                                              \
    .schedule = "0 2 * * 1-5", .zone = "Europe/Berlin", .duration_s = 2 * (int64_t)HOUR

static const struct window_case cases[] = {
    /* ---- neither, or notBefore alone ---- */
    {.name = "nothing is asked for",
     .now = "2026-11-22T10:00:00Z",
     .is_open = true,
     .reason = "Always",
     .message = "neither notBefore nor window is set"},
    {.name = "a second before notBefore",
     .now = "2026-11-30T23:59:59Z",
     .not_before = "2026-12-01T00:00:00Z",
     .reason = "NotBefore",
     .wake_at = "2026-12-01T00:00:00Z",
     .message = "not before 2026-12-01T00:00:00Z"},
    {.name = "at notBefore",
     .now = "2026-12-01T00:00:00Z",
     .not_before = "2026-12-01T00:00:00Z",
     .is_open = true,
     .reason = "Passed",
     .message = "2026-12-01T00:00:00Z has passed"},

    /* ---- the edges of an opening ---- */
    {.name = "outside",
     .now = "2026-11-22T10:00:00Z",
     BERLIN_NIGHTS,
     .reason = "OutsideWindow",
     .wake_at = "2026-11-23T01:00:00Z",
     .message = "outside its window; opens next at 2026-11-23T01:00:00Z (Mon 02:00 Europe/Berlin)"},
    {.name = "a second before it opens",
     .now = "2026-11-23T00:59:59Z",
     BERLIN_NIGHTS,
     .reason = "OutsideWindow",
     .wake_at = "2026-11-23T01:00:00Z"},
    {.name = "as it opens",
     .now = "2026-11-23T01:00:00Z",
     BERLIN_NIGHTS,
     .is_open = true,
     .reason = "Open",
     .wake_at = "2026-11-23T03:00:00Z",
     .message = "inside its window until 2026-11-23T03:00:00Z (Mon 04:00 Europe/Berlin)"},
    {.name = "its last second",
     .now = "2026-11-23T02:59:59Z",
     BERLIN_NIGHTS,
     .is_open = true,
     .reason = "Open",
     .wake_at = "2026-11-23T03:00:00Z"},
    {.name = "as it closes",
     .now = "2026-11-23T03:00:00Z",
     BERLIN_NIGHTS,
     .reason = "OutsideWindow",
     .wake_at = "2026-11-24T01:00:00Z",
     .message = "~(Tue 02:00 Europe/Berlin)"},
    {.name = "the night before a weekend",
     .now = "2026-11-27T03:00:00Z",
     BERLIN_NIGHTS,
     .reason = "OutsideWindow",
     .wake_at = "2026-11-30T01:00:00Z",
     .message = "~(Mon 02:00 Europe/Berlin)"},
    {.name = "no zone named: UTC",
     .now = "2026-11-22T10:00:00Z",
     .schedule = "0 2 * * *",
     .duration_s = HOUR,
     .reason = "OutsideWindow",
     .wake_at = "2026-11-23T02:00:00Z",
     .message = "~2026-11-23T02:00:00Z (Mon 02:00 UTC)"},
    {.name = "the weekday is the zone's own",
     .now = "2026-11-22T10:00:00Z",
     .schedule = "0 2 * * 1",
     .zone = "Asia/Tokyo",
     .duration_s = HOUR,
     .reason = "OutsideWindow",
     .wake_at = "2026-11-22T17:00:00Z",
     .message = "~2026-11-22T17:00:00Z (Mon 02:00 Asia/Tokyo)"},

    /* ---- openings that touch or overlap stand for themselves ---- */
    {.name = "overlapping ones: the last that began",
     .now = "2026-11-22T10:30:00Z",
     .schedule = "0 * * * *",
     .duration_s = 90 * (int64_t)MINUTE,
     .is_open = true,
     .reason = "Open",
     .wake_at = "2026-11-22T11:30:00Z"},
    {.name = "touching ones: a run must finish in one of them",
     .now = "2026-11-22T10:30:01Z",
     .schedule = "0 * * * *",
     .duration_s = HOUR,
     .must_finish = true,
     .timeout_s = 30 * (int64_t)MINUTE,
     .reason = "RestTooShort",
     .wake_at = "2026-11-22T11:00:00Z"},
    {.name = "longer than a day, each day",
     .now = "2026-11-22T01:00:00Z",
     .schedule = "0 2 * * *",
     .duration_s = 30 * (int64_t)HOUR,
     .is_open = true,
     .reason = "Open",
     .wake_at = "2026-11-22T08:00:00Z"},

    /* ---- mustFinish ---- */
    {.name = "the run just fits",
     .now = "2026-11-23T02:15:00Z",
     BERLIN_NIGHTS,
     .must_finish = true,
     .timeout_s = 45 * (int64_t)MINUTE,
     .is_open = true,
     .reason = "Open",
     .wake_at = "2026-11-23T02:15:01Z"},
    {.name = "a second later it does not",
     .now = "2026-11-23T02:15:01Z",
     BERLIN_NIGHTS,
     .must_finish = true,
     .timeout_s = 45 * (int64_t)MINUTE,
     .reason = "RestTooShort",
     .wake_at = "2026-11-24T01:00:00Z",
     .message = "its window closes at 2026-11-23T03:00:00Z (Mon 04:00 Europe/Berlin), before a "
                "run of up to 45m (run.timeout) would have finished; opens next at "
                "2026-11-24T01:00:00Z (Tue 02:00 Europe/Berlin)"},
    {.name = "without mustFinish it may start then",
     .now = "2026-11-23T02:15:01Z",
     BERLIN_NIGHTS,
     .timeout_s = 45 * (int64_t)MINUTE,
     .is_open = true,
     .reason = "Open",
     .wake_at = "2026-11-23T03:00:00Z"},
    {.name = "a run as long as the window starts with it",
     .now = "2026-11-23T01:00:00Z",
     BERLIN_NIGHTS,
     .must_finish = true,
     .timeout_s = 2 * (int64_t)HOUR,
     .is_open = true,
     .reason = "Open",
     .wake_at = "2026-11-23T01:00:01Z"},
    {.name = "and not a second later",
     .now = "2026-11-23T01:00:01Z",
     BERLIN_NIGHTS,
     .must_finish = true,
     .timeout_s = 2 * (int64_t)HOUR,
     .reason = "RestTooShort",
     .wake_at = "2026-11-24T01:00:00Z"},
    {.name = "outside the window nothing is said of the rest",
     .now = "2026-11-23T10:00:00Z",
     BERLIN_NIGHTS,
     .must_finish = true,
     .timeout_s = HOUR,
     .reason = "OutsideWindow",
     .wake_at = "2026-11-24T01:00:00Z"},

    /* ---- notBefore and window ---- */
    {.name = "notBefore lies between two openings",
     .now = "2026-11-22T10:00:00Z",
     .not_before = "2026-11-24T12:00:00Z",
     BERLIN_NIGHTS,
     .reason = "NotBefore",
     .wake_at = "2026-11-25T01:00:00Z",
     .message = "not before 2026-11-24T12:00:00Z; may start at 2026-11-25T01:00:00Z (Wed 02:00 "
                "Europe/Berlin)"},
    {.name = "notBefore lies in an opening",
     .now = "2026-11-24T01:30:00Z",
     .not_before = "2026-11-24T02:00:00Z",
     BERLIN_NIGHTS,
     .reason = "NotBefore",
     .wake_at = "2026-11-24T02:00:00Z",
     .message = "~may start at 2026-11-24T02:00:00Z (Tue 03:00"},
    {.name = "notBefore lies in an opening whose rest is too short",
     .now = "2026-11-24T01:30:00Z",
     .not_before = "2026-11-24T02:00:00Z",
     BERLIN_NIGHTS,
     .must_finish = true,
     .timeout_s = 61 * (int64_t)MINUTE,
     .reason = "NotBefore",
     .wake_at = "2026-11-25T01:00:00Z"},
    {.name = "notBefore has passed",
     .now = "2026-11-24T10:00:00Z",
     .not_before = "2026-11-24T02:00:00Z",
     BERLIN_NIGHTS,
     .reason = "OutsideWindow",
     .wake_at = "2026-11-25T01:00:00Z"},

    /* ---- changes of the clocks: real time, so none is longer or shorter ---- */
    {.name = "an opening over the hour that is left out",
     .now = "2026-03-29T02:59:59Z",
     .schedule = "0 1 * * *",
     .zone = "Europe/Berlin",
     .duration_s = 3 * (int64_t)HOUR,
     .is_open = true,
     .reason = "Open",
     .wake_at = "2026-03-29T03:00:00Z",
     .message = "~(Sun 05:00 Europe/Berlin)"},
    {.name = "an opening in the hour that is left out is left out",
     .now = "2026-03-28T12:00:00Z",
     .schedule = "30 2 * * *",
     .zone = "Europe/Berlin",
     .duration_s = HOUR,
     .reason = "OutsideWindow",
     .wake_at = "2026-03-30T00:30:00Z",
     .message = "~(Mon 02:30 Europe/Berlin)"},
    {.name = "an opening in the hour that is repeated comes twice",
     .now = "2026-10-25T01:00:00Z",
     .schedule = "30 2 * * *",
     .zone = "Europe/Berlin",
     .duration_s = 30 * (int64_t)MINUTE,
     .reason = "OutsideWindow",
     .wake_at = "2026-10-25T01:30:00Z",
     .message = "~(Sun 02:30 Europe/Berlin)"},
    {.name = "half an hour: Lord Howe",
     .now = "2026-04-04T14:59:00Z",
     .schedule = "30 1 * * *",
     .zone = "Australia/Lord_Howe",
     .duration_s = 10 * (int64_t)MINUTE,
     .reason = "OutsideWindow",
     .wake_at = "2026-04-04T15:00:00Z",
     .message = "~(Sun 01:30 Australia/Lord_Howe)"},
    {.name = "Ramadan: Casablanca",
     .now = "2026-02-14T12:00:00Z",
     .schedule = "0 4 15 * *",
     .zone = "Africa/Casablanca",
     .duration_s = HOUR,
     .reason = "OutsideWindow",
     .wake_at = "2026-02-15T04:00:00Z",
     .message = "~(Sun 04:00 Africa/Casablanca)"},

    /* ---- what never opens ---- */
    {.name = "a schedule that cannot be read",
     .now = "2026-11-22T10:00:00Z",
     .schedule = "0 25 * * *",
     .duration_s = HOUR,
     .reason = "WindowInvalid",
     .message = "window: schedule \"0 25 * * *\": hour \"25\" is not between 0 and 23"},
    {.name = "a zone that cannot be read",
     .now = "2026-11-22T10:00:00Z",
     .schedule = "0 2 * * *",
     .zone = "",
     .duration_s = HOUR,
     .reason = "WindowInvalid",
     .message = "window: no such zone"},
    {.name = "no duration",
     .now = "2026-11-22T10:00:00Z",
     .schedule = "0 2 * * *",
     .reason = "WindowInvalid",
     .message = "~window.duration"},
    {.name = "mustFinish without a timeout",
     .now = "2026-11-23T01:00:00Z",
     BERLIN_NIGHTS,
     .must_finish = true,
     .reason = "WindowInvalid",
     .message = "~set run.timeout"},
    {.name = "a timeout longer than the window",
     .now = "2026-11-23T01:00:00Z",
     BERLIN_NIGHTS,
     .must_finish = true,
     .timeout_s = 2 * HOUR + 1,
     .reason = "WindowInvalid",
     .message = "~run.timeout 2h is longer than window.duration 2h"},
    {.name = "a notBefore at the end of time",
     .now = "2026-11-23T01:00:00Z",
     .not_before = "9999-12-31T23:00:00Z",
     .schedule = "0 2 * * *",
     .duration_s = HOUR,
     .reason = "WindowInvalid",
     .message = "~does not come"},
};

static void test_case(void **state)
{
    const struct window_case *row = *state;
    struct arena arena = {0};
    struct time_zone zone = {0};
    bool is_zone = row->zone == NULL || row->zone[0] != '\0';
    if (row->zone != NULL && is_zone) {
        zone = zone_named(&arena, row->zone);
    }
    struct window_terms terms = {
        .not_before_s = row->not_before == NULL ? 0 : instant_of(row->not_before),
        .schedule = row->schedule,
        .duration_s = row->duration_s,
        .zone_name = row->zone,
        .zone = is_zone ? &zone : NULL,
        .zone_error = is_zone ? NULL : "no such zone",
        .must_finish = row->must_finish,
        .timeout_s = row->timeout_s,
    };
    int64_t now_s = instant_of(row->now);
    struct window_verdict verdict = window_judge(&arena, &terms, now_s);

    assert_int_equal(verdict.is_open, row->is_open);
    assert_text(verdict.reason, row->reason);
    if (row->message != NULL) {
        assert_text(verdict.message, row->message);
    }
    assert_int_equal(verdict.wake_at_s, row->wake_at == NULL ? 0 : instant_of(row->wake_at));
    arena_fini(&arena);
}

/*
 * A controller that looks again only when it is told to sees the same as one that looks all the time: what the
 * verdict was stays until wake_at_s, and is another one then.
 */
static void test_wakes_when_it_changes(void **state)
{
    (void)state;
    static const char *const zones[] = {"Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo"};
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        struct arena arena = {0};
        struct time_zone zone = zone_named(&arena, zones[i]);
        struct window_terms terms = {
            .schedule = "15,45 1-3 * * *",
            .duration_s = 20 * (int64_t)MINUTE,
            .zone_name = zones[i],
            .zone = &zone,
            .must_finish = true,
            .timeout_s = 7 * (int64_t)MINUTE,
        };
        int64_t now_s = instant_of("2026-04-23T12:00:00Z");
        int64_t end_s = now_s + 2 * (int64_t)DAY;
        size_t changes = 0;
        struct window_verdict told = window_judge(&arena, &terms, now_s);
        while (now_s < end_s) {
            struct window_verdict seen = window_judge(&arena, &terms, now_s);
            if (now_s == told.wake_at_s) {
                assert_true(seen.is_open != told.is_open);
                told = seen;
                changes++;
            }
            assert_int_equal(seen.is_open, told.is_open);
            assert_true(told.wake_at_s > now_s);
            /* Every half minute, in the last second, and then. */
            int64_t last_s = told.wake_at_s - 1;
            int64_t next_s = now_s < last_s ? last_s : told.wake_at_s;
            now_s = now_s + 30 < next_s ? now_s + 30 : next_s;
        }
        assert_true(changes >= 20);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wakes_when_it_changes),
    };
    return CASES_RUN("window", cases, test_case) + cmocka_run_group_tests(tests, NULL, NULL);
}
