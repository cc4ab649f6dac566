/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/window.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/cron.h"

#define LAST_S 253402300799 /* 9999-12-31T23:59:59Z: what a timestamp of the API can say */

/* A window whose terms make sense. */
struct window {
    const struct window_terms *terms;
    struct cron cron;
};

/* When a run may start: from and before. */
struct opening {
    int64_t from_s;
    int64_t until_s;
};

/* "2026-11-23T01:00:00Z (Mon 02:00 Europe/Berlin)" */
static const char *instant(struct arena *arena, const struct window_terms *terms, int64_t at_s)
{
    static const char weekdays[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    char utc[CLOCK_TEXT_MAX];
    clock_format(at_s, utc);

    int64_t wall_s = at_s + timezone_span(terms->zone, at_s).east_s;
    int64_t day = calendar_floor_div(wall_s, CALENDAR_DAY_S);
    int minute = (int)((wall_s - day * CALENDAR_DAY_S) / 60);
    return arena_printf(arena, "%s (%s %02d:%02d %s)", utc, weekdays[calendar_weekday(day)],
                        minute / 60, minute % 60,
                        terms->zone_name == NULL ? "UTC" : terms->zone_name);
}

static const char *duration(struct arena *arena, int64_t seconds)
{
    char text[CLOCK_TEXT_MAX];
    clock_format_duration(seconds, text);
    return arena_strdup(arena, text);
}

static bool read_terms(struct arena *arena, const struct window_terms *terms,
                       struct window *ret_window, struct err *err)
{
    if (!cron_parse(terms->schedule, &ret_window->cron, err)) {
        return err_wrap(err, "window");
    }
    if (terms->zone == NULL) {
        return err_set(err, ERR_INVALID, "window: %s", str_or_empty(terms->zone_error));
    }
    if (terms->duration_s <= 0) {
        return err_set(err, ERR_INVALID, "window.duration is 0: write how long it is open");
    }
    if (terms->must_finish && terms->timeout_s <= 0) {
        return err_set(
            err, ERR_INVALID,
            "window.mustFinish needs to know how long the run may take: set run.timeout");
    }
    if (terms->must_finish && terms->timeout_s > terms->duration_s) {
        return err_set(err, ERR_INVALID,
                       "run.timeout %s is longer than window.duration %s, so with "
                       "window.mustFinish it would never start: shorten the one, lengthen the "
                       "other, or remove mustFinish",
                       duration(arena, terms->timeout_s), duration(arena, terms->duration_s));
    }
    ret_window->terms = terms;
    return true;
}

/* The opening at its full length. In what is left of it when the run may no longer start, it is over. */
static struct opening opening_of(const struct window *window, int64_t from_s)
{
    const struct window_terms *terms = window->terms;
    int64_t close_s = from_s + terms->duration_s;
    return (struct opening){from_s, terms->must_finish ? close_s - terms->timeout_s + 1 : close_s};
}

/* The last opening that began by then and is not closed yet, be the rest of it long enough or not. */
static bool opening_at(const struct window *window, int64_t at_s, int64_t *ret_from_s)
{
    const struct window_terms *terms = window->terms;
    return cron_last(&window->cron, terms->zone, at_s - terms->duration_s, at_s, ret_from_s);
}

static struct window_verdict closed(const char *reason, const char *message, int64_t wake_at_s)
{
    return (struct window_verdict){false, reason, message, wake_at_s};
}

/* Why it is closed now. next_s: when it opens. */
static struct window_verdict judge_closed(struct arena *arena, const struct window *window,
                                          int64_t now_s, int64_t next_s)
{
    const struct window_terms *terms = window->terms;
    const char *next = instant(arena, terms, next_s);
    int64_t from_s = 0;

    if (now_s < terms->not_before_s) {
        char not_before[CLOCK_TEXT_MAX];
        clock_format(terms->not_before_s, not_before);
        return closed("NotBefore",
                      arena_printf(arena, "not before %s; may start at %s", not_before, next),
                      next_s);
    }
    if (opening_at(window, now_s, &from_s)) {
        return closed("RestTooShort",
                      arena_printf(arena,
                                   "its window closes at %s, before a run of up to %s "
                                   "(run.timeout) would have finished; opens next at %s",
                                   instant(arena, terms, from_s + terms->duration_s),
                                   duration(arena, terms->timeout_s), next),
                      next_s);
    }
    return closed("OutsideWindow",
                  arena_printf(arena, "outside its window; opens next at %s", next), next_s);
}

static struct window_verdict judge_window(struct arena *arena, const struct window *window,
                                          int64_t now_s)
{
    const struct window_terms *terms = window->terms;
    int64_t at_s = now_s > terms->not_before_s ? now_s : terms->not_before_s;
    int64_t from_s = 0;

    bool is_open = opening_at(window, at_s, &from_s) && at_s < opening_of(window, from_s).until_s;
    if (is_open && at_s == now_s) {
        return (struct window_verdict){
            true, "Open",
            arena_printf(arena, "inside its window until %s",
                         instant(arena, terms, from_s + terms->duration_s)),
            opening_of(window, from_s).until_s};
    }
    if (is_open) {
        return judge_closed(arena, window, now_s, at_s);
    }
    int64_t next_s = 0;
    if (!cron_next(&window->cron, terms->zone, at_s, LAST_S, &next_s)) {
        return closed("WindowInvalid",
                      arena_printf(arena,
                                   "window: schedule \"%s\" does not come in the next %d years",
                                   terms->schedule, CRON_YEARS_MAX),
                      0);
    }
    return judge_closed(arena, window, now_s, next_s);
}

static struct window_verdict judge_not_before(struct arena *arena, int64_t not_before_s,
                                              int64_t now_s)
{
    if (not_before_s == 0) {
        return (struct window_verdict){true, "Always", "neither notBefore nor window is set", 0};
    }
    char text[CLOCK_TEXT_MAX];
    clock_format(not_before_s, text);
    if (now_s >= not_before_s) {
        return (struct window_verdict){true, "Passed", arena_printf(arena, "%s has passed", text),
                                       0};
    }
    return closed("NotBefore", arena_printf(arena, "not before %s", text), not_before_s);
}

struct window_verdict window_judge(struct arena *arena, const struct window_terms *terms,
                                   int64_t now_s)
{
    struct window window;
    struct err err;
    if (terms->schedule == NULL) {
        return judge_not_before(arena, terms->not_before_s, now_s);
    }
    if (!read_terms(arena, terms, &window, &err)) {
        return closed("WindowInvalid", arena_strdup(arena, err.text), 0);
    }
    return judge_window(arena, &window, now_s);
}
