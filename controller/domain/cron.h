/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules of five fields, as a Kubernetes CronJob has them: the language of github.com/robfig/cron/v3
 * (ParseStandard), compared with it by tests/oracle. A schedule comes at each whole minute at which the wall
 * clock of its zone shows what the fields ask for: never in an hour that is left out, twice in one that is
 * repeated. As there, and as in every cron: of day of month and day of week one must hold, but both where
 * either begins with a star. Pure. We differ from the library in these points:
 *
 * 1. We refuse what it reads as something else than it says: an empty part of a list (`1,,2`; `,` alone
 *    would never come), a range from a star (`*-5` is `*`), a plus sign, spaces beyond ASCII.
 * 2. We refuse `CRON_TZ=` and `TZ=`, because the zone is a field of its own; `@every`, whose times depend
 *    on when somebody began to count; what never comes (`0 2 30 2 *`); and more than CRON_TEXT_MAX bytes.
 * 3. The library goes from one hour, day or month to the next by the clock and so loses its way, and an hour, a
 *    day or a month with it, where a change of the clocks leaves out or repeats midnight (Africa/Cairo, Asia/Amman),
 *    is not of one hour (Australia/Lord_Howe), or not at a full one (Pacific/Chatham). We keep to the definition.
 * 4. It gives up after five years, we after CRON_YEARS_MAX: February 29 may be eight years away.
 */
#ifndef INTERLUDE_DOMAIN_CRON_H
#define INTERLUDE_DOMAIN_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"
#include "domain/timezone.h"

#define CRON_TEXT_MAX  512 /* bytes */
#define CRON_YEARS_MAX 40  /* how far cron_next() looks */

/* Bit n stands for minute n, hour n, day n, month n (1: January), weekday n (0: Sunday). */
struct cron {
    uint64_t minutes;
    uint64_t hours;
    uint64_t days;
    uint64_t months;
    uint64_t weekdays;
    bool is_either_star; /* a star among days or weekdays: both must hold, else one of the two */
};

/* False with an INVALID error that names the field, what is wrong there, and what to write. */
bool cron_parse(const char *text, struct cron *ret_cron, struct err *err) MUST_CHECK;

/*
 * The first time after after_s, and not after limit_s. False when there is none, or none within CRON_YEARS_MAX
 * years. Both are instants of the years -9999 to 9999.
 */
bool cron_next(const struct cron *cron, const struct time_zone *zone, int64_t after_s,
               int64_t limit_s, int64_t *ret_s) MUST_CHECK;

/* The last time after after_s, and not after limit_s, which are less than CRON_YEARS_MAX years apart. */
bool cron_last(const struct cron *cron, const struct time_zone *zone, int64_t after_s,
               int64_t limit_s, int64_t *ret_s) MUST_CHECK;

#endif
