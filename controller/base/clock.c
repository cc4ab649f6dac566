/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"

#define MAX_DURATION_MS ((int64_t)100 * 366 * 24 * 3600 * 1000)

int64_t clock_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
    return clock_now_us() / 1000;
}

int64_t clock_wall_s(void)
{
    return (int64_t)time(NULL);
}

int64_t clock_wall_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void clock_format(int64_t wall_s, char text[CLOCK_TEXT_MAX])
{
    time_t seconds = (time_t)wall_s;
    struct tm utc = {0};
    text[0] = '\0';
    if (gmtime_r(&seconds, &utc) == NULL || utc.tm_year < -1900 || utc.tm_year > 9999 - 1900) {
        return;
    }
    /* Not strftime(): its %Y has no leading zeros. */
    (void)snprintf(text, CLOCK_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900,
                   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

void clock_format_us(int64_t wall_us, char text[CLOCK_TEXT_MAX])
{
    int64_t fraction = wall_us % 1000000;
    int64_t us = fraction < 0 ? fraction + 1000000 : fraction;
    clock_format((wall_us - us) / 1000000, text);
    size_t len = strlen(text);
    if (len > 0) { /* else it is out of what can be written */
        (void)snprintf(text + len - 1, CLOCK_TEXT_MAX - len + 1, ".%06" PRId64 "Z", us);
    }
}

/* Reads exactly count digits. */
static bool digits(const char **at, int count, int64_t *ret_number)
{
    int64_t number = 0;
    for (int i = 0; i < count; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        number = number * 10 + (c - '0');
    }
    *at += count;
    *ret_number = number;
    return true;
}

static bool literal(const char **at, const char *any_of)
{
    if (**at == '\0' || strchr(any_of, **at) == NULL) {
        return false;
    }
    (*at)++;
    return true;
}

/* "Z", or "+02:00": seconds to subtract. */
static bool offset(const char **at, int64_t *ret_s)
{
    if (literal(at, "Zz")) {
        *ret_s = 0;
        return true;
    }
    int64_t sign = **at == '-' ? -1 : 1;
    int64_t hours = 0;
    int64_t minutes = 0;
    if (!literal(at, "+-") || !digits(at, 2, &hours) || !literal(at, ":") ||
        !digits(at, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool clock_parse(const char *text, int64_t *ret_wall_s)
{
    const char *at = text;
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t east_s = 0;
    if (!digits(&at, 4, &year) || !literal(&at, "-") || !digits(&at, 2, &month) ||
        !literal(&at, "-") || !digits(&at, 2, &day) || !literal(&at, "Tt ") ||
        !digits(&at, 2, &hour) || !literal(&at, ":") || !digits(&at, 2, &minute) ||
        !literal(&at, ":") || !digits(&at, 2, &second)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > calendar_month_days(year, (int)month) ||
        hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    if (*at == '.') {
        at++;
        size_t fraction = strspn(at, "0123456789");
        if (fraction == 0) {
            return false;
        }
        at += fraction;
    }
    if (!offset(&at, &east_s) || *at != '\0') {
        return false;
    }
    *ret_wall_s = calendar_days(year, (int)month, (int)day) * CALENDAR_DAY_S + hour * 3600 +
                  minute * 60 + second - east_s;
    return true;
}

/* The unit at *at in nanoseconds, longest name first; 0 when there is none. */
static int64_t unit_ns(const char **at)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {
        {"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000},
        {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(units[i].name);
        if (strncmp(*at, units[i].name, len) == 0) {
            *at += len;
            return units[i].ns;
        }
    }
    return 0;
}

/* The fraction behind a point: digits beyond the 15th are smaller than any unit needs. */
static int fraction_of(const char **at, double *ret_digits, double *ret_scale)
{
    int count = 0;
    *ret_digits = 0;
    *ret_scale = 1;
    for (; **at >= '0' && **at <= '9'; (*at)++, count++) {
        if (count < 15) {
            *ret_digits = *ret_digits * 10 + (**at - '0');
            *ret_scale *= 10;
        }
    }
    return count;
}

/*
 * One "1.5h" in nanoseconds. Whole numbers throughout; a fraction is divided once, at the end, so that
 * what has a finite decimal form comes out exactly.
 */
static bool duration_part(const char **at, int64_t *ret_ns)
{
    int64_t whole = 0;
    double fraction = 0;
    double scale = 1;
    int count = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, count++) {
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, **at - '0', &whole)) {
            return false;
        }
    }
    if (**at == '.') {
        (*at)++;
        count += fraction_of(at, &fraction, &scale);
    }
    int64_t unit = count > 0 ? unit_ns(at) : 0;
    if (unit == 0 || __builtin_mul_overflow(whole, unit, &whole)) {
        return false;
    }
    return !__builtin_add_overflow(whole, (int64_t)(fraction * ((double)unit / scale)), ret_ns);
}

bool clock_parse_duration(const char *text, int64_t *ret_ms)
{
    if (strcmp(text, "0") == 0) {
        *ret_ms = 0;
        return true;
    }
    int64_t total_ns = 0;
    const char *at = text;
    if (*at == '\0') {
        return false;
    }
    while (*at != '\0') {
        int64_t part_ns = 0;
        if (!duration_part(&at, &part_ns) || __builtin_add_overflow(total_ns, part_ns, &total_ns)) {
            return false;
        }
    }
    if (total_ns / 1000000 > MAX_DURATION_MS) {
        return false;
    }
    *ret_ms = total_ns / 1000000;
    return true;
}

void clock_format_duration(int64_t seconds, char text[CLOCK_TEXT_MAX])
{
    static const struct {
        int64_t s;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};

    if (seconds < 0) {
        seconds = 0;
    }
    size_t first = 0;
    while (first < 3 && seconds < units[first].s) {
        first++;
    }
    int64_t high = seconds / units[first].s;
    int64_t low = first < 3 ? seconds % units[first].s / units[first + 1].s : 0;
    if (low > 0) {
        (void)snprintf(text, CLOCK_TEXT_MAX, "%" PRId64 "%c%" PRId64 "%c", high, units[first].unit,
                       low, units[first + 1].unit);
    } else {
        (void)snprintf(text, CLOCK_TEXT_MAX, "%" PRId64 "%c", high, units[first].unit);
    }
}
