/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/timezone.h"

#include <string.h>

#include "base/str.h"
#include "domain/timezone_rule.h"

#define HEADER_LEN  44
#define TYPE_LEN    6
#define MOST_EAST_S (26 * 3600 - 1) /* RFC 9636, section 3.2: utoff */
#define MOST_WEST_S (25 * 3600 - 1)
#define FOOTER_MAX  256

/* ---- names ---- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-';
}

bool timezone_check_name(const char *name, struct err *err)
{
    static const char remedy[] = "write an IANA name such as Europe/Berlin or UTC";

    if (name[0] == '\0' || strlen(name) > TIMEZONE_NAME_MAX) {
        return err_set(err, ERR_INVALID, "timeZone \"%.80s\" has %s: %s", name,
                       name[0] == '\0' ? "no letter" : "too many letters", remedy);
    }
    if (strcmp(name, "Local") == 0 || strcmp(name, "localtime") == 0) {
        return err_set(err, ERR_INVALID, "timeZone \"%s\" would mean the controller's own zone: %s",
                       name, remedy);
    }
    if (str_starts_with(name, "posix/") || str_starts_with(name, "right/")) {
        return err_set(err, ERR_INVALID, "timeZone \"%s\": write it without \"%.6s\"", name, name);
    }
    char before = '/';
    for (const char *at = name; *at != '\0'; at++) {
        bool is_allowed =
            is_name_char(*at) ? (*at != '-' || before != '/') : (*at == '/' && before != '/');
        if (!is_allowed) {
            return err_set(err, ERR_INVALID, "timeZone \"%s\" cannot be read from \"%s\" on: %s",
                           name, at, remedy);
        }
        before = *at;
    }
    if (before == '/') {
        return err_set(err, ERR_INVALID, "timeZone \"%s\" ends in a slash: %s", name, remedy);
    }
    return true;
}

/* ---- the file ---- */

struct bytes {
    const unsigned char *at;
    size_t left;
};

/* The header's six counts. Source: RFC 9636, section 3.1. */
struct counts {
    char version;
    size_t ut_flags;
    size_t standard_flags;
    size_t leap_seconds;
    size_t changes;
    size_t types;
    size_t letters;
};

static const unsigned char *take(struct bytes *bytes, size_t len)
{
    if (bytes->left < len) {
        return NULL;
    }
    const unsigned char *taken = bytes->at;
    bytes->at += len;
    bytes->left -= len;
    return taken;
}

/* Big-endian, two's complement. */
static int64_t read_number(const unsigned char *at, size_t len)
{
    uint64_t number = at[0] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < len; i++) {
        number = number << 8 | at[i];
    }
    return (int64_t)number;
}

static size_t read_count(const unsigned char *at)
{
    return (size_t)(uint32_t)read_number(at, 4);
}

static bool read_header(struct bytes *bytes, struct counts *ret_counts)
{
    const unsigned char *header = take(bytes, HEADER_LEN);
    if (header == NULL || memcmp(header, "TZif", 4) != 0) {
        return false;
    }
    *ret_counts = (struct counts){
        .version = (char)header[4],
        .ut_flags = read_count(header + 20),
        .standard_flags = read_count(header + 24),
        .leap_seconds = read_count(header + 28),
        .changes = read_count(header + 32),
        .types = read_count(header + 36),
        .letters = read_count(header + 40),
    };
    return true;
}

/* The block for readers that know 32-bit times only. */
static bool skip_first_block(struct bytes *bytes, const struct counts *counts)
{
    return take(bytes, counts->changes * (4 + 1) + counts->types * TYPE_LEN + counts->letters +
                           counts->leap_seconds * (4 + 4) + counts->standard_flags +
                           counts->ut_flags) != NULL;
}

static bool read_east(const unsigned char *types, size_t type, int64_t *ret_east_s)
{
    int64_t east_s = read_number(types + type * TYPE_LEN, 4);
    if (east_s < -MOST_WEST_S || east_s > MOST_EAST_S) {
        return false;
    }
    *ret_east_s = east_s;
    return true;
}

static bool read_changes(struct arena *arena, struct bytes *bytes, const struct counts *counts,
                         struct time_zone *zone, struct err *err)
{
    const unsigned char *times = take(bytes, counts->changes * 8);
    const unsigned char *indexes = take(bytes, counts->changes);
    const unsigned char *types = take(bytes, counts->types * TYPE_LEN);
    if (times == NULL || indexes == NULL || types == NULL ||
        take(bytes, counts->letters + counts->standard_flags + counts->ut_flags) == NULL) {
        return err_set(err, ERR_INVALID, "the file ends too early");
    }
    if (counts->types == 0 || !read_east(types, 0, &zone->first_east_s)) {
        return err_set(err, ERR_INVALID, "it has no first offset, or one beyond a day");
    }
    struct zone_change *changes = arena_array(arena, counts->changes, sizeof(*changes));
    for (size_t i = 0; i < counts->changes; i++) {
        changes[i].at_s = read_number(times + i * 8, 8);
        if (i > 0 && changes[i].at_s <= changes[i - 1].at_s) {
            return err_set(err, ERR_INVALID, "change %zu is not after the one before", i + 1);
        }
        if (indexes[i] >= counts->types || !read_east(types, indexes[i], &changes[i].east_s)) {
            return err_set(err, ERR_INVALID, "the offset of change %zu is none, or beyond a day",
                           i + 1);
        }
    }
    zone->changes = changes;
    zone->change_count = counts->changes;
    return true;
}

/* A line feed, a TZ string or nothing, a line feed. */
static bool read_footer(struct bytes *bytes, struct time_zone *zone, struct err *err)
{
    const unsigned char *begin = take(bytes, 1);
    const char *text = (const char *)bytes->at;
    const char *end = bytes->left == 0 ? NULL : memchr(text, '\n', bytes->left);
    if (begin == NULL || *begin != '\n' || end == NULL || end - text > FOOTER_MAX) {
        return err_set(err, ERR_INVALID, "it has no footer");
    }
    size_t len = (size_t)(end - text);
    zone->has_rule = len > 0;
    if (zone->has_rule && !timezone_rule_parse(text, len, &zone->rule)) {
        return err_set(err, ERR_INVALID, "its footer is no rule that can be followed");
    }
    return true;
}

bool timezone_parse(struct arena *arena, const void *bytes, size_t len, struct time_zone *ret_zone,
                    struct err *err)
{
    struct bytes rest = {.at = bytes, .left = len};
    struct counts counts;
    struct time_zone zone = {0};

    if (len > TIMEZONE_FILE_MAX) {
        return err_set(err, ERR_INVALID, "it has more than %d bytes", TIMEZONE_FILE_MAX);
    }
    if (!read_header(&rest, &counts)) {
        return err_set(err, ERR_INVALID, "it is no time zone file (TZif)");
    }
    if (counts.version < '2') {
        return err_set(err, ERR_INVALID, "it is of version 1, which says nothing after 2037");
    }
    if (!skip_first_block(&rest, &counts) || !read_header(&rest, &counts)) {
        return err_set(err, ERR_INVALID, "the file ends too early");
    }
    if (counts.leap_seconds > 0) {
        return err_set(err, ERR_INVALID, "it counts leap seconds, which no other clock does");
    }
    if (!read_changes(arena, &rest, &counts, &zone, err) || !read_footer(&rest, &zone, err)) {
        return false;
    }
    *ret_zone = zone;
    return true;
}

/* ---- what it says ---- */

/* How many changes are at this instant or before. */
static size_t changes_until(const struct time_zone *zone, int64_t at_s)
{
    size_t low = 0;
    size_t high = zone->change_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at_s <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct zone_span timezone_span(const struct time_zone *zone, int64_t at_s)
{
    size_t passed = changes_until(zone, at_s);
    struct zone_span span = {INT64_MIN, INT64_MAX, zone->first_east_s};
    if (passed > 0) {
        span.from_s = zone->changes[passed - 1].at_s;
        span.east_s = zone->changes[passed - 1].east_s;
    }
    if (passed < zone->change_count) {
        span.until_s = zone->changes[passed].at_s;
        return span;
    }
    if (!zone->has_rule) {
        return span;
    }
    struct zone_span ruled = timezone_rule_span(&zone->rule, at_s);
    ruled.from_s = ruled.from_s > span.from_s ? ruled.from_s : span.from_s;
    return ruled;
}
