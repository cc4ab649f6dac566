/* SPDX-License-Identifier: Apache-2.0 */
#include "base/calendar.h"

/* A year that begins in March ends with the leap day, and 400 years always have as many days. */
#define DAYS_OF_ERA  146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

int64_t calendar_floor_div(int64_t number, int64_t divisor)
{
    return number / divisor - (number % divisor < 0 ? 1 : 0);
}

bool calendar_is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int calendar_month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && calendar_is_leap(year) ? 29 : days[month - 1];
}

/* Source of both directions: H. Hinnant, days_from_civil and civil_from_days. */
int64_t calendar_days(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = calendar_floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970;
}

struct calendar_date calendar_date(int64_t days)
{
    days += DAYS_TO_1970;
    int64_t era = calendar_floor_div(days, DAYS_OF_ERA);
    int64_t day_of_era = days - era * DAYS_OF_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int month = (int)(month_from_march + (month_from_march < 10 ? 3 : -9));
    return (struct calendar_date){
        .year = era * 400 + year_of_era + (month <= 2),
        .month = month,
        .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
}

int calendar_weekday(int64_t days)
{
    /* 1970-01-01 was a Thursday. */
    int64_t from_thursday = days - calendar_floor_div(days, 7) * 7;
    return (int)((from_thursday + 4) % 7);
}
