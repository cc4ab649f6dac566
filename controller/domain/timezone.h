/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones: what a clock on the wall shows at an instant. Read from the bytes of a TZif file (RFC 9636,
 * version 2 and later, as zic writes them), whose footer says how it goes on after the last change that
 * it lists. Nothing of the C library's zones is used: TZ and localtime() are state of the whole process.
 * Where a file is found is app/zones's business. Pure.
 */
#ifndef INTERLUDE_DOMAIN_TIMEZONE_H
#define INTERLUDE_DOMAIN_TIMEZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"

#define TIMEZONE_NAME_MAX 64    /* bytes */
#define TIMEZONE_FILE_MAX 65536 /* bytes; the largest of 2025b has 3.6 KiB */

/* From this instant on clocks are so many seconds ahead of UTC. */
struct zone_change {
    int64_t at_s;
    int64_t east_s;
};

/* A day of every year, as POSIX writes it, and a time by the clock that is about to be changed. */
enum zone_day_form { ZONE_DAY_WEEKDAY, ZONE_DAY_NO_LEAP, ZONE_DAY_ZERO_BASED };

struct zone_day {
    enum zone_day_form form;
    int month;      /* ZONE_DAY_WEEKDAY: M10.5.0, the last (5) Sunday (0) of October */
    int week;       /* 1 to 5, 5 being the last */
    int day;        /* of the week, or of the year: from 1 without leap days, or from 0 with them */
    int64_t time_s; /* after its midnight, from -167 to 167 hours */
};

struct zone_rule {
    int64_t standard_east_s;
    bool has_summer;
    int64_t summer_east_s; /* may lie west of standard time: Europe/Dublin */
    struct zone_day begin; /* of summer time */
    struct zone_day end;
};

/* A zeroed one is UTC. */
struct time_zone {
    int64_t first_east_s;              /* before the first change */
    const struct zone_change *changes; /* ascending */
    size_t change_count;
    bool has_rule; /* after the last change; else that one stays */
    struct zone_rule rule;
};

/* For from_s <= t < until_s clocks are east_s ahead of UTC. INT64_MIN and INT64_MAX: without end. */
struct zone_span {
    int64_t from_s;
    int64_t until_s;
    int64_t east_s;
};

/*
 * Is it a name that may be looked for: an IANA name, of letters, digits, "_", "+" and "-" with "/" between?
 * So it leads out of no folder. False with an INVALID error with the remedy. Refused as well: "Local",
 * whose meaning would be the controller's own, and the doubles of all zones in posix/ and right/.
 */
bool timezone_check_name(const char *name, struct err *err) MUST_CHECK;

/*
 * Reads a TZif file; the zone's changes live in the arena. False with an INVALID error that says what is wrong with
 * the bytes. Refused as well: version 1, which knows nothing after 2037, and zones that count leap seconds.
 */
bool timezone_parse(struct arena *arena, const void *bytes, size_t len, struct time_zone *ret_zone,
                    struct err *err) MUST_CHECK;

/* The span that holds at_s, which is an instant of the years -9999 to 9999. */
struct zone_span timezone_span(const struct time_zone *zone, int64_t at_s);

#endif
