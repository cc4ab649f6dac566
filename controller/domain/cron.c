/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cron.h"

#include <string.h>

#include "base/calendar.h"
#include "base/str.h"

#define FIELDS        5
#define MINUTE_S      INT64_C(60)
#define DAY_MINUTES   INT64_C(1440)
#define BLANKS        " \t\n\v\f\r"
#define YEARS_LIMIT_S ((int64_t)CRON_YEARS_MAX * 366 * CALENDAR_DAY_S)

/* ---- reading ---- */

struct part {
    const char *at;
    size_t len;
};

struct field {
    const char *name;
    uint64_t least;
    uint64_t most;
    const char *words; /* three letters each, for least and what follows; NULL: none */
};

static const struct field fields[FIELDS] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of month", 1, 31, NULL},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of week", 0, 6, "sunmontuewedthufrisat"},
};

enum { FIELD_MINUTE, FIELD_HOUR, FIELD_DAY, FIELD_MONTH, FIELD_WEEKDAY };

/* What a field allows, and whether it does so by a star. */
struct choice {
    uint64_t bits;
    bool is_star;
};

static bool part_is(struct part part, const char *text)
{
    return part.len == strlen(text) && memcmp(part.at, text, part.len) == 0;
}

/* Cuts off what stands before the first such character. False: there is none, and first is all. */
static bool part_cut(struct part part, char at, struct part *ret_first, struct part *ret_rest)
{
    const char *found = part.len == 0 ? NULL : memchr(part.at, at, part.len);
    *ret_first = part;
    if (found == NULL) {
        return false;
    }
    ret_first->len = (size_t)(found - part.at);
    *ret_rest = (struct part){found + 1, part.len - ret_first->len - 1};
    return true;
}

static bool refuse(struct err *err, const struct field *field, struct part part, const char *why)
{
    return err_set(err, ERR_INVALID, "%s \"%.*s\" %s", field->name, (int)part.len, part.at, why);
}

static bool refuse_range(struct err *err, const struct field *field, struct part part)
{
    bool is_sunday = field == &fields[FIELD_WEEKDAY] && part_is(part, "7");
    return err_set(err, ERR_INVALID, "%s \"%.*s\" is not between %d and %d%s", field->name,
                   (int)part.len, part.at, (int)field->least, (int)field->most,
                   is_sunday ? ": Sunday is 0" : "");
}

/* Digits alone, as many as fit the library's int. */
static bool read_digits(struct part part, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < part.len; i++) {
        char c = part.at[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(c - '0'), &number) || number > INT64_MAX) {
            return false;
        }
    }
    *ret_number = number;
    return part.len > 0;
}

static bool read_word(const struct field *field, struct part part, uint64_t *ret_number)
{
    if (field->words == NULL || part.len != 3) {
        return false;
    }
    for (uint64_t number = field->least; number <= field->most; number++) {
        const char *word = field->words + (number - field->least) * 3;
        size_t same = 0;
        while (same < 3 && (part.at[same] | ' ') == word[same]) {
            same++;
        }
        if (same == 3) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

static bool read_value(const struct field *field, struct part part, uint64_t *ret_number,
                       struct err *err)
{
    uint64_t number = 0;
    if (!read_word(field, part, &number) && !read_digits(part, &number)) {
        return refuse(err, field, part,
                      field->words == NULL
                          ? "is no number"
                          : "is neither a number nor an English name of 3 letters");
    }
    if (number < field->least || number > field->most) {
        return refuse_range(err, field, part);
    }
    *ret_number = number;
    return true;
}

static uint64_t bits_of(uint64_t first, uint64_t last, uint64_t step)
{
    uint64_t bits = 0;
    for (uint64_t n = first; n <= last; n += step) {
        bits |= UINT64_C(1) << n;
    }
    return bits;
}

/* "*", "5", "1-5", each with a step: one part of a list. */
static bool read_range(const struct field *field, struct part part, struct choice *choice,
                       struct err *err)
{
    struct part range;
    struct part low;
    struct part high = {0};
    struct part step_text = {0};
    uint64_t step = 1;
    uint64_t first = field->least;
    uint64_t last = field->most;

    bool has_step = part_cut(part, '/', &range, &step_text);
    if (has_step && (!read_digits(step_text, &step) || step == 0)) {
        return refuse(err, field, part, "has no step after the slash: write a number from 1 on");
    }
    bool has_high = part_cut(range, '-', &low, &high);
    bool is_star = part_is(low, "*") || part_is(low, "?");
    if (is_star && has_high) {
        return refuse(err, field, part, "is a range from a star: write the star alone");
    }
    if (!is_star && !read_value(field, low, &first, err)) {
        return false;
    }
    if (has_high && !read_value(field, high, &last, err)) {
        return false;
    }
    if (!is_star && !has_high && !has_step) {
        last = first;
    }
    if (first > last) {
        return refuse(err, field, part, "begins after its end: write the two parts as a list");
    }
    choice->bits |= bits_of(first, last, step);
    choice->is_star = choice->is_star || (is_star && step == 1);
    return true;
}

static bool read_field(const struct field *field, struct part part, struct choice *ret_choice,
                       struct err *err)
{
    struct choice choice = {0};
    struct part rest = part;
    bool has_more = true;
    while (has_more) {
        struct part first;
        has_more = part_cut(rest, ',', &first, &rest);
        if (first.len == 0) {
            return refuse(err, field, part, "has an empty part: remove the comma");
        }
        if (!read_range(field, first, &choice, err)) {
            return false;
        }
    }
    *ret_choice = choice;
    return true;
}

/* Is there a day that the fields allow, were it only a February 29? */
static bool ever_comes(const struct cron *cron)
{
    if (!cron->is_either_star) {
        return true; /* a weekday that stands for itself comes whatever the day of the month is */
    }
    for (int month = 1; month <= 12; month++) {
        uint64_t days = bits_of(1, (uint64_t)calendar_month_days(2000, month), 1);
        if ((cron->months >> month & 1) != 0 && (cron->days & days) != 0) {
            return true;
        }
    }
    return false;
}

static bool read_fields(const char *text, struct cron *ret_cron, struct err *err)
{
    struct choice choices[FIELDS];
    const char *at = text + strspn(text, BLANKS);
    size_t count = 0;
    for (; *at != '\0'; count++) {
        struct part part = {at, strcspn(at, BLANKS)};
        if (count < FIELDS && !read_field(&fields[count], part, &choices[count], err)) {
            return false;
        }
        at += part.len;
        at += strspn(at, BLANKS);
    }
    if (count != FIELDS) {
        return err_set(
            err, ERR_INVALID,
            "it has %zu fields: write minute, hour, day of month, month and day of week, "
            "such as \"0 2 * * 1-5\"",
            count);
    }
    struct cron cron = {
        .minutes = choices[FIELD_MINUTE].bits,
        .hours = choices[FIELD_HOUR].bits,
        .days = choices[FIELD_DAY].bits,
        .months = choices[FIELD_MONTH].bits,
        .weekdays = choices[FIELD_WEEKDAY].bits,
        .is_either_star = choices[FIELD_DAY].is_star || choices[FIELD_WEEKDAY].is_star,
    };
    if (!ever_comes(&cron)) {
        return err_set(err, ERR_INVALID, "it never comes: no month that it names has such a day");
    }
    *ret_cron = cron;
    return true;
}

/* What a word such as "@daily" stands for; NULL: nothing. */
static const char *descriptor_fields(const char *text)
{
    static const struct {
        const char *word;
        const char *fields;
    } descriptors[] = {
        {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"},
    };
    for (size_t i = 0; i < ARRAY_LEN(descriptors); i++) {
        if (strcmp(text, descriptors[i].word) == 0) {
            return descriptors[i].fields;
        }
    }
    return NULL;
}

static bool read_text(const char *text, struct cron *ret_cron, struct err *err)
{
    if (str_starts_with(text, "CRON_TZ=") || str_starts_with(text, "TZ=")) {
        return err_set(err, ERR_INVALID, "it begins with a time zone: write that in timeZone");
    }
    if (str_starts_with(text, "@every")) {
        return err_set(err, ERR_INVALID,
                       "@every has no times of its own, it counts from whenever the controller "
                       "began: write the times, such as \"0 */6 * * *\"");
    }
    if (text[0] == '@') {
        text = descriptor_fields(text);
        if (text == NULL) {
            return err_set(err, ERR_INVALID,
                           "the words are @hourly, @daily, @midnight, @weekly, @monthly, @yearly "
                           "and @annually");
        }
    }
    return read_fields(text, ret_cron, err);
}

bool cron_parse(const char *text, struct cron *ret_cron, struct err *err)
{
    if (strlen(text) > CRON_TEXT_MAX) {
        return err_set(err, ERR_INVALID, "schedule has more than %d bytes", CRON_TEXT_MAX);
    }
    return read_text(text, ret_cron, err) || err_wrap(err, "schedule \"%s\"", text);
}

/* ---- what it says ---- */

static bool has_bit(uint64_t bits, int64_t n)
{
    return (bits >> n & 1) != 0;
}

static bool is_day(const struct cron *cron, int day, int weekday)
{
    bool is_in_days = has_bit(cron->days, day);
    bool is_in_weekdays = has_bit(cron->weekdays, weekday);
    return cron->is_either_star ? is_in_days && is_in_weekdays : is_in_days || is_in_weekdays;
}

/* The first minute of a day from this one on; DAY_MINUTES when there is none. */
static int64_t minute_of_day(const struct cron *cron, int64_t from)
{
    for (int64_t hour = from / 60; hour < 24; hour++) {
        uint64_t minutes = has_bit(cron->hours, hour) ? cron->minutes : 0;
        if (hour == from / 60) {
            minutes = minutes >> (from % 60) << (from % 60);
        }
        if (minutes != 0) {
            return hour * 60 + __builtin_ctzll(minutes);
        }
    }
    return DAY_MINUTES;
}

/* On a wall clock that is never changed; minutes are counted from 1970 by what it shows. */
static bool next_minute(const struct cron *cron, int64_t from, int64_t last, int64_t *ret_minute)
{
    int64_t day = calendar_floor_div(from, DAY_MINUTES);
    while (day * DAY_MINUTES <= last) {
        struct calendar_date date = calendar_date(day);
        if (!has_bit(cron->months, date.month)) {
            day += calendar_month_days(date.year, date.month) - date.day + 1;
            continue;
        }
        int64_t midnight = day * DAY_MINUTES;
        if (is_day(cron, date.day, calendar_weekday(day))) {
            int64_t minute = minute_of_day(cron, from > midnight ? from - midnight : 0);
            if (midnight + minute > last) {
                return false;
            }
            if (minute < DAY_MINUTES) {
                *ret_minute = midnight + minute;
                return true;
            }
        }
        day++;
    }
    return false;
}

/*
 * Goes from one change of the zone to the next: between them the wall clock runs like any other, what a change
 * leaves out is in no span, and what it repeats is in two.
 */
bool cron_next(const struct cron *cron, const struct time_zone *zone, int64_t after_s,
               int64_t limit_s, int64_t *ret_s)
{
    int64_t at_s = after_s + 1;
    if (limit_s > after_s + YEARS_LIMIT_S) {
        limit_s = after_s + YEARS_LIMIT_S;
    }
    while (at_s <= limit_s) {
        struct zone_span span = timezone_span(zone, at_s);
        int64_t last_s = span.until_s <= limit_s ? span.until_s - 1 : limit_s;
        int64_t minute = 0;
        int64_t from = calendar_floor_div(at_s + span.east_s + MINUTE_S - 1, MINUTE_S);
        int64_t last = calendar_floor_div(last_s + span.east_s, MINUTE_S);
        if (next_minute(cron, from, last, &minute)) {
            *ret_s = minute * MINUTE_S - span.east_s;
            return true;
        }
        at_s = last_s + 1;
    }
    return false;
}

/* Halves what lies between a time that has a later one and one that has not. */
bool cron_last(const struct cron *cron, const struct time_zone *zone, int64_t after_s,
               int64_t limit_s, int64_t *ret_s)
{
    int64_t found_s = 0;
    if (!cron_next(cron, zone, after_s, limit_s, &found_s)) {
        return false;
    }
    int64_t none_after_s = limit_s;
    while (found_s < none_after_s) {
        int64_t middle_s = found_s + (none_after_s - found_s) / 2;
        int64_t next_s = 0;
        if (cron_next(cron, zone, middle_s, limit_s, &next_s)) {
            found_s = next_s;
        } else {
            none_after_s = middle_s;
        }
    }
    *ret_s = found_s;
    return true;
}
