/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says what our parsers make of each line on standard input, one line of answer for each, so that main.go
 * can hold the answers against those of the libraries that we follow. Fields are separated by U+001F,
 * which none of the languages knows; the first names the question:
 *
 *     c constraint version   admits, denies, or "refused: " and the reason
 *     v version version      -1, 0, 1, or none when one of them is no version
 *     i reference            name, tag and digest, or "refused: " and the reason
 *     s schedule             its bits field by field and whether a day is a star, or "refused: " and the reason
 *     n schedule zone after  the next time after that second, or none
 *     z zone instant         how many seconds the zone is ahead of UTC then
 *     o schedule zone duration timeout instant
 *                            "open" or "closed", and when that changes; with a timeout, whether the run finishes
 *
 * usage: oracle_verdict [FOLDER]      of time zones, for the last three
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/zones.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/constraint.h"
#include "domain/cron.h"
#include "domain/image.h"
#include "domain/version.h"
#include "domain/window.h"

#define SEPARATOR  "\x1f"
#define FIELDS_MAX 6
#define LATEST_S   253402300799 /* the end of the year 9999 */

static void answer_constraint(struct arena *arena, const char *text, const char *version)
{
    struct err err;
    struct constraint *constraint = constraint_parse(arena, text, &err);
    if (constraint == NULL) {
        (void)printf("refused: %s\n", err.text);
        return;
    }
    (void)puts(constraint_admits(constraint, version) ? "admits" : "denies");
}

static void answer_version(struct arena *arena, const char *a_text, const char *b_text)
{
    struct version a;
    struct version b;
    if (!version_parse(arena, a_text, &a) || !version_parse(arena, b_text, &b)) {
        (void)puts("none");
        return;
    }
    int order = version_compare(&a, &b);
    (void)printf("%d\n", (order > 0) - (order < 0));
}

static void answer_image(struct arena *arena, const char *text)
{
    struct image image;
    struct err err;
    if (!image_parse(arena, text, &image, &err)) {
        (void)printf("refused: %s\n", err.text);
        return;
    }
    (void)printf("%s" SEPARATOR "%s" SEPARATOR "%s\n", image.name, str_or_empty(image.tag),
                 str_or_empty(image.digest));
}

static const struct time_zone *zone_named(struct zones *zones, const char *name)
{
    struct err err;
    const struct time_zone *zone = zones_get(zones, name, &err);
    if (zone == NULL) {
        (void)fprintf(stderr, "oracle_verdict: %s\n", err.text);
        exit(2);
    }
    return zone;
}

static bool read_schedule(const char *text, struct cron *ret_cron)
{
    struct err err;
    bool is_read = cron_parse(text, ret_cron, &err);
    if (!is_read) {
        (void)printf("refused: %s\n", err.text);
    }
    return is_read;
}

static void answer_schedule(const char *text)
{
    struct cron cron;
    if (read_schedule(text, &cron)) {
        (void)printf("%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %d\n",
                     cron.minutes, cron.hours, cron.days, cron.months, cron.weekdays,
                     cron.is_either_star);
    }
}

static void answer_next(struct zones *zones, char **fields)
{
    struct cron cron;
    int64_t next_s = 0;
    if (!read_schedule(fields[1], &cron)) {
        return;
    }
    if (cron_next(&cron, zone_named(zones, fields[2]), strtoll(fields[3], NULL, 10), LATEST_S,
                  &next_s)) {
        (void)printf("%" PRId64 "\n", next_s);
    } else {
        (void)puts("none");
    }
}

static void answer_zone(struct zones *zones, char **fields)
{
    const struct time_zone *zone = zone_named(zones, fields[1]);
    (void)printf("%" PRId64 "\n", timezone_span(zone, strtoll(fields[2], NULL, 10)).east_s);
}

static void answer_window(struct zones *zones, struct arena *arena, char **fields)
{
    struct window_terms terms = {
        .schedule = fields[1],
        .zone_name = fields[2],
        .zone = zone_named(zones, fields[2]),
        .duration_s = strtoll(fields[3], NULL, 10),
        .timeout_s = strtoll(fields[4], NULL, 10),
    };
    terms.must_finish = terms.timeout_s > 0;
    struct window_verdict verdict = window_judge(arena, &terms, strtoll(fields[5], NULL, 10));
    (void)printf("%s %" PRId64 "\n", verdict.is_open ? "open" : "closed", verdict.wake_at_s);
}

static void answer(struct arena *arena, struct zones *zones, char **fields)
{
    switch (fields[0][0]) {
    case 'c':
        answer_constraint(arena, fields[1], fields[2]);
        break;
    case 'v':
        answer_version(arena, fields[1], fields[2]);
        break;
    case 's':
        answer_schedule(fields[1]);
        break;
    case 'n':
        answer_next(zones, fields);
        break;
    case 'z':
        answer_zone(zones, fields);
        break;
    case 'o':
        answer_window(zones, arena, fields);
        break;
    default:
        answer_image(arena, fields[1]);
        break;
    }
}

int main(int argc, char **argv)
{
    struct zones *zones = zones_new(argc > 1 ? argv[1] : ZONES_FOLDER);
    struct arena arena = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;

    while ((len = getline(&line, &room, stdin)) > 0) {
        static char empty[] = "";
        char *fields[FIELDS_MAX];
        line[len - 1] = '\0';
        char *rest = line;
        for (size_t i = 0; i < FIELDS_MAX; i++) {
            char *field = strsep(&rest, SEPARATOR);
            fields[i] = field == NULL ? empty : field;
        }
        answer(&arena, zones, fields);
        arena_reset(&arena);
    }
    free(line);
    arena_fini(&arena);
    zones_free(zones);
    return 0;
}
