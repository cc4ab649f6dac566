/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A schedule, and on lines of their own the TZ string of a zone and an instant. Beyond not crashing: a refusal has
 * its reason; a time that is found lies after the instant, the wall clock shows then what the fields ask for, and no
 * minute of the hours before does; the last time of a stretch is followed by none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/calendar.h"
#include "base/err.h"
#include "domain/cron.h"
#include "domain/timezone_rule.h"
#include "fuzz.h"

#define LATEST_S  253402300799 /* the end of the year 9999 */
#define LOOK_BACK 300          /* minutes */
#define STRETCH_S ((int64_t)40 * CALENDAR_DAY_S)

static void claim(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* The definition of domain/cron.h, without any haste. */
static bool is_due(const struct cron *cron, const struct time_zone *zone, int64_t at_s)
{
    int64_t wall_s = at_s + timezone_span(zone, at_s).east_s;
    int64_t days = calendar_floor_div(wall_s, CALENDAR_DAY_S);
    int64_t second = wall_s - days * CALENDAR_DAY_S;
    struct calendar_date date = calendar_date(days);
    bool is_day = (cron->days >> date.day & 1) != 0;
    bool is_weekday = (cron->weekdays >> calendar_weekday(days) & 1) != 0;
    bool is_either = cron->is_either_star ? is_day && is_weekday : is_day || is_weekday;
    return is_either && second % 60 == 0 && (cron->minutes >> (second / 60 % 60) & 1) != 0 &&
           (cron->hours >> (second / 3600) & 1) != 0 && (cron->months >> date.month & 1) != 0;
}

static void check_next(const struct cron *cron, const struct time_zone *zone, int64_t after_s)
{
    int64_t next_s = 0;
    if (!cron_next(cron, zone, after_s, LATEST_S, &next_s)) {
        return;
    }
    claim(next_s > after_s && is_due(cron, zone, next_s));
    for (int i = 1; i <= LOOK_BACK; i++) {
        int64_t before_s = next_s - (int64_t)i * 60;
        claim(before_s <= after_s || !is_due(cron, zone, before_s));
    }
}

static void check_last(const struct cron *cron, const struct time_zone *zone, int64_t limit_s)
{
    int64_t last_s = 0;
    int64_t next_s = 0;
    if (cron_last(cron, zone, limit_s - STRETCH_S, limit_s, &last_s)) {
        claim(last_s > limit_s - STRETCH_S && last_s <= limit_s && is_due(cron, zone, last_s));
        claim(!cron_next(cron, zone, last_s, limit_s, &next_s));
    } else {
        claim(!cron_next(cron, zone, limit_s - STRETCH_S, limit_s, &next_s));
    }
}

static char *cut_line(char *text)
{
    char *end = strchr(text, '\n');
    if (end == NULL) {
        return text + strlen(text);
    }
    *end = '\0';
    return end + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct err err = {0};
    struct cron cron;
    char *text = arena_strndup(&arena, size > 0 ? (const char *)data : "", size);
    char *footer = cut_line(text);
    char *instant = cut_line(footer);
    if (!cron_parse(text, &cron, &err)) {
        claim(err.kind == ERR_INVALID && strncmp(err.text, "schedule", 8) == 0);
        arena_fini(&arena);
        return 0;
    }
    struct time_zone zone = {0};
    zone.has_rule = timezone_rule_parse(footer, strlen(footer), &zone.rule);
    int64_t at_s = strtoll(instant, NULL, 10) % LATEST_S;
    /* Offsets of whole minutes, as all zones have had them since 1972: the check above looks at whole minutes only. */
    if (zone.rule.standard_east_s % 60 == 0 && zone.rule.summer_east_s % 60 == 0 &&
        zone.rule.begin.time_s % 60 == 0 && zone.rule.end.time_s % 60 == 0) {
        check_next(&cron, &zone, at_s);
    }
    check_last(&cron, &zone, at_s);
    arena_fini(&arena);
    return 0;
}
