/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates of the proleptic Gregorian calendar, and days counted from 1970-01-01. For what the C library
 * answers only with the zone of the whole process in mind (mktime, localtime). Pure.
 */
#ifndef INTERLUDE_BASE_CALENDAR_H
#define INTERLUDE_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_DAY_S 86400

struct calendar_date {
    int64_t year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

bool calendar_is_leap(int64_t year);

/* How many days the month (1 to 12) has. */
int calendar_month_days(int64_t year, int month);

/* Days from 1970-01-01 to the date; negative before it. */
int64_t calendar_days(int64_t year, int month, int day);

struct calendar_date calendar_date(int64_t days);

/* 0: Sunday, 6: Saturday. */
int calendar_weekday(int64_t days);

/* Rounded down, of negative numbers too. The divisor is positive. */
int64_t calendar_floor_div(int64_t number, int64_t divisor);

#endif
