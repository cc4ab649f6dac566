/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "zone_files.h"

#include <string.h>

#include "base/attrs.h"
#include "base/clock.h"

/* Footers and changes as in tzdata 2025b. */
static const struct zone_file known[] = {
    {.name = "UTC", .footer = "UTC0"},
    {.name = "Europe/Berlin", .footer = "CET-1CEST,M3.5.0,M10.5.0/3", .first_east_s = 3600},
    {.name = "Europe/Dublin", .footer = "IST-1GMT0,M10.5.0,M3.5.0/1"},
    {.name = "America/New_York", .footer = "EST5EDT,M3.2.0,M11.1.0", .first_east_s = -18000},
    {.name = "America/Santiago", .footer = "<-04>4<-03>,M9.1.6/24,M4.1.6/24"},
    {.name = "America/Havana", .footer = "CST5CDT,M3.2.0/0,M11.1.0/1"},
    {.name = "America/Nuuk", .footer = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"},
    {.name = "Africa/Cairo", .footer = "EET-2EEST,M4.5.5/0,M10.5.4/24"},
    {.name = "Antarctica/Troll", .footer = "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3"},
    {.name = "Australia/Lord_Howe", .footer = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"},
    {.name = "Asia/Kolkata", .footer = "IST-5:30", .first_east_s = 21208},
    {.name = "Asia/Tokyo", .footer = "JST-9", .first_east_s = 32400},
    /* Summer time pauses for Ramadan: listed year by year, no rule says it. */
    {.name = "Africa/Casablanca",
     .footer = "<+01>-1",
     .first_east_s = -1820,
     .changes = {{1540692000, 3600}, {1771120800, 0}, {1774144800, 3600}}},
    /* Its last rule is said by nothing but the table. */
    {.name = "Test/NoFooter",
     .footer = "",
     .first_east_s = 7200,
     .changes = {{1000000000, 10800}, {2000000000, -3600}}},
    {.name = "Test/SummerAllYear", .footer = "XXX3EDT4,0/0,J365/23"},
    {.name = "Test/LeapDay", .footer = "AAA0BBB,J300/0,300/24"},
};

static unsigned char *put_number(unsigned char *at, int64_t number, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        at[len - 1 - i] = (unsigned char)((uint64_t)number >> (8 * i));
    }
    return at + len;
}

static unsigned char *put_header(unsigned char *at, size_t changes, size_t types, size_t letters)
{
    memset(at, 0, 44);
    memcpy(at, "TZif2", 5);
    (void)put_number(at + 32, (int64_t)changes, 4);
    (void)put_number(at + 36, (int64_t)types, 4);
    (void)put_number(at + 40, (int64_t)letters, 4);
    return at + 44;
}

static unsigned char *put_type(unsigned char *at, int64_t east_s)
{
    at = put_number(at, east_s, 4);
    return put_number(at, 0, 2); /* no summer time, the first name */
}

size_t zone_file_write(const struct zone_file *file, unsigned char bytes[ZONE_FILE_MAX])
{
    size_t count = 0;
    while (count < ARRAY_LEN(file->changes) && file->changes[count].at_s != 0) {
        count++;
    }
    unsigned char *at = put_header(bytes, 0, 1, 4);
    at = put_type(at, 0);
    memcpy(at, "ABC", 4);
    at = put_header(at + 4, count, count + 1, 4);
    for (size_t i = 0; i < count; i++) {
        at = put_number(at, file->changes[i].at_s, 8);
    }
    for (size_t i = 0; i < count; i++) {
        at = put_number(at, (int64_t)i + 1, 1);
    }
    at = put_type(at, file->first_east_s);
    for (size_t i = 0; i < count; i++) {
        at = put_type(at, file->changes[i].east_s);
    }
    memcpy(at, "ABC", 4);
    at += 4;
    *at++ = '\n';
    memcpy(at, file->footer, strlen(file->footer));
    at += strlen(file->footer);
    *at++ = '\n';
    return (size_t)(at - bytes);
}

struct time_zone zone_named(struct arena *arena, const char *name)
{
    struct time_zone zone = {0};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i].name, name) == 0) {
            unsigned char bytes[ZONE_FILE_MAX];
            struct err err;
            size_t len = zone_file_write(&known[i], bytes);
            if (!timezone_parse(arena, bytes, len, &zone, &err)) {
                fail_msg("%s: %s", name, err.text);
            }
            return zone;
        }
    }
    fail_msg("no zone %s here", name);
    return zone;
}

int64_t instant_of(const char *timestamp)
{
    int64_t at_s = 0;
    if (timestamp == NULL || !clock_parse(timestamp, &at_s)) {
        fail_msg("%s is no timestamp", timestamp == NULL ? "nothing" : timestamp);
    }
    return at_s;
}
