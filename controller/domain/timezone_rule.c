/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/timezone_rule.h"

#include "base/calendar.h"

#define MINUTE_S        INT64_C(60)
#define HOUR_S          INT64_C(3600)
#define OFFSET_HOURS    24  /* of a zone from UTC */
#define TIME_HOURS      167 /* of a change from midnight, in either direction: RFC 9636 */
#define USUAL_TIME_S    (2 * HOUR_S)
#define LEAST_NAME      3
#define FEBRUARY_28     59 /* the day of a year */
#define MOST_YEARS_AWAY 2

struct text {
    const char *at;
    const char *end;
};

static bool skip(struct text *text, char c)
{
    if (text->at == text->end || *text->at != c) {
        return false;
    }
    text->at++;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "CET", or "<+01>". Nobody asks what a zone's time is called. */
static bool skip_name(struct text *text)
{
    bool is_quoted = skip(text, '<');
    const char *begin = text->at;
    while (text->at < text->end &&
           (is_letter(*text->at) ||
            (is_quoted && (is_digit(*text->at) || *text->at == '+' || *text->at == '-')))) {
        text->at++;
    }
    return text->at - begin >= LEAST_NAME && (!is_quoted || skip(text, '>'));
}

static bool read_number(struct text *text, int least, int most, int *ret_number)
{
    const char *begin = text->at;
    int number = 0;
    while (text->at < text->end && is_digit(*text->at) && number <= most) {
        number = number * 10 + (*text->at - '0');
        text->at++;
    }
    if (text->at == begin || number < least || number > most) {
        return false;
    }
    *ret_number = number;
    return true;
}

/* "-10:30", "5", "+167:59:59" */
static bool read_time(struct text *text, int most_hours, int64_t *ret_s)
{
    int sign = skip(text, '-') ? -1 : 1;
    if (sign > 0) {
        (void)skip(text, '+');
    }
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (!read_number(text, 0, most_hours, &hours)) {
        return false;
    }
    if (skip(text, ':')) {
        if (!read_number(text, 0, 59, &minutes)) {
            return false;
        }
        if (skip(text, ':') && !read_number(text, 0, 59, &seconds)) {
            return false;
        }
    }
    *ret_s = sign * (hours * HOUR_S + minutes * MINUTE_S + seconds);
    return true;
}

/* "M10.5.0/3", "J300", "0/-1" */
static bool read_day(struct text *text, struct zone_day *ret_day)
{
    struct zone_day day = {.time_s = USUAL_TIME_S};
    if (skip(text, 'M')) {
        day.form = ZONE_DAY_WEEKDAY;
        if (!read_number(text, 1, 12, &day.month) || !skip(text, '.') ||
            !read_number(text, 1, 5, &day.week) || !skip(text, '.') ||
            !read_number(text, 0, 6, &day.day)) {
            return false;
        }
    } else if (skip(text, 'J')) {
        day.form = ZONE_DAY_NO_LEAP;
        if (!read_number(text, 1, 365, &day.day)) {
            return false;
        }
    } else {
        day.form = ZONE_DAY_ZERO_BASED;
        if (!read_number(text, 0, 365, &day.day)) {
            return false;
        }
    }
    if (skip(text, '/') && !read_time(text, TIME_HOURS, &day.time_s)) {
        return false;
    }
    *ret_day = day;
    return true;
}

bool timezone_rule_parse(const char *text, size_t len, struct zone_rule *ret_rule)
{
    struct text rest = {.at = text, .end = text + len};
    struct zone_rule rule = {0};
    int64_t west_s = 0; /* POSIX counts to the west */

    if (!skip_name(&rest) || !read_time(&rest, OFFSET_HOURS, &west_s)) {
        return false;
    }
    rule.standard_east_s = -west_s;
    if (rest.at < rest.end) {
        rule.has_summer = true;
        west_s -= HOUR_S;
        if (!skip_name(&rest) || rest.at == rest.end ||
            (*rest.at != ',' && !read_time(&rest, OFFSET_HOURS, &west_s)) || !skip(&rest, ',') ||
            !read_day(&rest, &rule.begin) || !skip(&rest, ',') || !read_day(&rest, &rule.end)) {
            return false;
        }
        rule.summer_east_s = -west_s;
    }
    if (rest.at < rest.end) {
        return false;
    }
    *ret_rule = rule;
    return true;
}

/* ---- what it says ---- */

static int64_t day_in(const struct zone_day *day, int64_t year)
{
    int64_t new_year = calendar_days(year, 1, 1);
    switch (day->form) {
    case ZONE_DAY_NO_LEAP:
        return new_year + day->day - 1 + (calendar_is_leap(year) && day->day > FEBRUARY_28);
    case ZONE_DAY_ZERO_BASED:
        return new_year + day->day;
    case ZONE_DAY_WEEKDAY:
        break;
    }
    int64_t first = calendar_days(year, day->month, 1);
    int64_t offset = (day->day - calendar_weekday(first) + 7) % 7 + (day->week - 1) * 7;
    /* The fifth is the last, which may be the fourth. */
    return first + (offset < calendar_month_days(year, day->month) ? offset : offset - 7);
}

/* Narrows the span by a change at this instant. True when at_s is on its later side, next to it. */
static bool narrow(struct zone_span *span, int64_t at_s, int64_t change_s)
{
    if (change_s > at_s) {
        span->until_s = change_s < span->until_s ? change_s : span->until_s;
        return false;
    }
    span->from_s = change_s > span->from_s ? change_s : span->from_s;
    return change_s == span->from_s;
}

struct zone_span timezone_rule_span(const struct zone_rule *rule, int64_t at_s)
{
    struct zone_span span = {INT64_MIN, INT64_MAX, rule->standard_east_s};
    if (!rule->has_summer) {
        return span;
    }
    /* A time may lead a week out of the year that its day is in. */
    int64_t year = calendar_date(calendar_floor_div(at_s, CALENDAR_DAY_S)).year;
    int64_t latest_begin_s = INT64_MIN;
    for (int64_t y = year - MOST_YEARS_AWAY; y <= year + MOST_YEARS_AWAY; y++) {
        int64_t begin_s =
            day_in(&rule->begin, y) * CALENDAR_DAY_S + rule->begin.time_s - rule->standard_east_s;
        int64_t end_s =
            day_in(&rule->end, y) * CALENDAR_DAY_S + rule->end.time_s - rule->summer_east_s;
        if (narrow(&span, at_s, begin_s)) {
            latest_begin_s = begin_s;
        }
        (void)narrow(&span, at_s, end_s);
    }
    /* Where one summer ends as the next one begins (summer time all year), it is summer. */
    if (latest_begin_s == span.from_s) {
        span.east_s = rule->summer_east_s;
    }
    return span;
}
