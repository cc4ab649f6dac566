/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/version.h"

#include <inttypes.h>
#include <string.h>

/* Not <ctype.h>: what a letter is must not depend on a locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool are_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i])) {
            return false;
        }
    }
    return len > 0;
}

/* False when the text is no number, or one above 2^64-1. */
static bool read_number(const char *text, size_t len, uint64_t *ret_number)
{
    if (!are_digits(text, len)) {
        return false;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number)) {
            return false;
        }
    }
    *ret_number = number;
    return true;
}

/* ---- reading ---- */

struct scan {
    const char *at;
    const char *end;
};

static bool skip(struct scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c) {
        return false;
    }
    scan->at++;
    return true;
}

static bool scan_number(struct scan *scan, uint64_t *ret_number)
{
    const char *begin = scan->at;
    while (scan->at < scan->end && is_digit(*scan->at)) {
        scan->at++;
    }
    return read_number(begin, (size_t)(scan->at - begin), ret_number);
}

/* Identifiers with dots between, none of them empty. */
static bool scan_identifiers(struct scan *scan, bool refuse_leading_zero)
{
    do {
        const char *begin = scan->at;
        while (scan->at < scan->end && is_identifier_char(*scan->at)) {
            scan->at++;
        }
        size_t len = (size_t)(scan->at - begin);
        if (len == 0 ||
            (refuse_leading_zero && len > 1 && *begin == '0' && are_digits(begin, len))) {
            return false;
        }
    } while (skip(scan, '.'));
    return true;
}

bool version_scan(const char *text, size_t len, struct version *ret_version)
{
    if (len == 0 || len > VERSION_TEXT_MAX) {
        return false;
    }
    struct scan scan = {.at = text, .end = text + len};
    struct version version = {.prerelease = ""};

    (void)skip(&scan, 'v');
    if (!scan_number(&scan, &version.major)) {
        return false;
    }
    if (skip(&scan, '.') && !scan_number(&scan, &version.minor)) {
        return false;
    }
    /* After a missing minor no dot can stand here: it would have announced the minor. */
    if (skip(&scan, '.') && !scan_number(&scan, &version.patch)) {
        return false;
    }
    if (skip(&scan, '-')) {
        version.prerelease = scan.at;
        if (!scan_identifiers(&scan, true)) {
            return false;
        }
        version.prerelease_len = (size_t)(scan.at - version.prerelease);
    }
    if (skip(&scan, '+') && !scan_identifiers(&scan, false)) {
        return false;
    }
    if (scan.at != scan.end) {
        return false;
    }
    *ret_version = version;
    return true;
}

bool version_parse(struct arena *arena, const char *text, struct version *ret_version)
{
    struct version version;
    if (text == NULL || !version_scan(text, strlen(text), &version)) {
        return false;
    }
    version.prerelease = arena_strndup(arena, version.prerelease, version.prerelease_len);
    *ret_version = version;
    return true;
}

/* ---- precedence ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : compare_numbers(a_len, b_len);
}

/* Numbers come before words; what is too large for 64 bits counts as a word, as in the library. */
static int compare_identifiers(const char *a, size_t a_len, const char *b, size_t b_len)
{
    uint64_t a_number = 0;
    uint64_t b_number = 0;
    bool a_is_number = read_number(a, a_len, &a_number);
    bool b_is_number = read_number(b, b_len, &b_number);
    if (a_is_number && b_is_number) {
        return compare_numbers(a_number, b_number);
    }
    if (a_is_number != b_is_number) {
        return a_is_number ? -1 : 1;
    }
    return compare_texts(a, a_len, b, b_len);
}

static size_t identifier_len(const char *at, const char *end)
{
    const char *dot = memchr(at, '.', (size_t)(end - at));
    return (size_t)((dot == NULL ? end : dot) - at);
}

static int compare_prereleases(const struct version *a, const struct version *b)
{
    const char *a_at = a->prerelease;
    const char *b_at = b->prerelease;
    const char *a_end = a_at + a->prerelease_len;
    const char *b_end = b_at + b->prerelease_len;

    while (a_at < a_end && b_at < b_end) {
        size_t a_len = identifier_len(a_at, a_end);
        size_t b_len = identifier_len(b_at, b_end);
        int order = compare_identifiers(a_at, a_len, b_at, b_len);
        if (order != 0) {
            return order;
        }
        /* Past the identifier and its dot; the last one has none. */
        a_at += a_len + (a_at + a_len < a_end ? 1 : 0);
        b_at += b_len + (b_at + b_len < b_end ? 1 : 0);
    }
    /* All alike so far: the one with more identifiers is later. */
    return (a_at < a_end) - (b_at < b_end);
}

int version_compare(const struct version *a, const struct version *b)
{
    int order = compare_numbers(a->major, b->major);
    if (order == 0) {
        order = compare_numbers(a->minor, b->minor);
    }
    if (order == 0) {
        order = compare_numbers(a->patch, b->patch);
    }
    if (order != 0) {
        return order;
    }
    if (a->prerelease_len == 0 || b->prerelease_len == 0) {
        return (a->prerelease_len == 0) - (b->prerelease_len == 0);
    }
    return compare_prereleases(a, b);
}

char *version_print(struct arena *arena, const struct version *version)
{
    return arena_printf(arena, "%" PRIu64 ".%" PRIu64 ".%" PRIu64 "%s%.*s", version->major,
                        version->minor, version->patch, version->prerelease_len > 0 ? "-" : "",
                        (int)version->prerelease_len, version->prerelease);
}
