/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/term.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* In one of the three numbers. The bar is the library's: `1.x.|` is 1.x to it. */
static bool is_number_char(char c)
{
    return is_digit(c) || c == 'x' || c == 'X' || c == '*' || c == '|';
}

static bool is_wildcard(struct slice number)
{
    return number.len == 1 && (number.at[0] == 'x' || number.at[0] == 'X' || number.at[0] == '*');
}

/* ---- a version of which parts are left open ---- */

/* Identifiers with dots between, none of them empty. */
static bool is_metadata(const char *at, const char *end)
{
    bool is_empty = true;
    for (; at < end; at++) {
        if (*at == '.' ? is_empty : !is_identifier_char(*at)) {
            return false;
        }
        is_empty = *at == '.';
    }
    return !is_empty;
}

static enum precision precision_of(const struct slice numbers[3])
{
    static const enum precision precisions[] = {PRECISION_NONE, PRECISION_MAJOR, PRECISION_MINOR};
    for (size_t i = 0; i < 3; i++) {
        if (numbers[i].len == 0 || is_wildcard(numbers[i])) {
            return precisions[i];
        }
    }
    return PRECISION_PATCH;
}

/*
 * The version with zeros for what is left open: the library reads that one, so its limits apply to it.
 * Nobody looks at what stands behind a wildcard: 1.x.7 is 1.x.
 */
static const char *spell_out(struct arena *arena, enum precision precision, struct slice text,
                             const struct slice numbers[3], struct slice prerelease)
{
    switch (precision) {
    case PRECISION_PATCH:
        return arena_strndup(arena, text.at, text.len);
    case PRECISION_MINOR:
        return arena_printf(arena, "%.*s.%.*s.0%.*s", (int)numbers[0].len, numbers[0].at,
                            (int)numbers[1].len, numbers[1].at, (int)prerelease.len, prerelease.at);
    case PRECISION_MAJOR:
        return arena_printf(arena, "%.*s.0.0%.*s", (int)numbers[0].len, numbers[0].at,
                            (int)prerelease.len, prerelease.at);
    case PRECISION_NONE:
        return arena_printf(arena, "0.0.0%.*s", (int)prerelease.len, prerelease.at);
    }
    return "";
}

/* One to three numbers with dots between. Returns where they end, NULL when there is none. */
static const char *read_numbers(const char *at, const char *end, struct slice ret_numbers[3])
{
    for (size_t i = 0; i < 3; i++) {
        if (i > 0) {
            if (at == end || *at != '.') {
                break;
            }
            at++;
        }
        struct slice *number = &ret_numbers[i];
        number->at = at;
        while (at < end && is_number_char(*at)) {
            at++;
        }
        number->len = (size_t)(at - number->at);
        if (number->len == 0) {
            return NULL;
        }
    }
    return at;
}

bool term_read_version(struct arena *arena, struct term *term)
{
    const char *at = term->text.at;
    const char *end = at + term->text.len;
    struct slice numbers[3] = {{0}};

    if (at < end && *at == 'v') {
        at++;
    }
    at = read_numbers(at, end, numbers);
    if (at == NULL) {
        return false;
    }
    struct slice prerelease = {.at = at};
    if (at < end && *at == '-') {
        const char *plus = memchr(at, '+', (size_t)(end - at));
        prerelease.len = (size_t)((plus == NULL ? end : plus) - at); /* its hyphen included */
        at += prerelease.len;
    }
    if (at < end && (*at != '+' || !is_metadata(at + 1, end))) {
        return false;
    }
    term->precision = precision_of(numbers);
    const char *meant = spell_out(arena, term->precision, term->text, numbers, prerelease);
    return version_scan(meant, strlen(meant), &term->version);
}

/* ---- a term as comparators ---- */

static void add(struct alternative *alternative, enum comparator_op op,
                const struct version *version)
{
    alternative->comparators[alternative->count] =
        (struct comparator){.op = op, .version = *version};
    alternative->count++;
}

/*
 * The least version, pre-releases included, after all those that agree with this one in its numbers up
 * to the precision. False when there is none.
 */
static bool next_after(const struct version *version, enum precision precision,
                       struct version *ret_next)
{
    struct version next = {.prerelease = "0", .prerelease_len = 1};
    next.major = version->major;
    if (precision == PRECISION_PATCH && version->patch < UINT64_MAX) {
        next.minor = version->minor;
        next.patch = version->patch + 1;
    } else if (precision <= PRECISION_MINOR && version->minor < UINT64_MAX) {
        next.minor = version->minor + 1;
    } else if (version->major < UINT64_MAX) {
        next.major = version->major + 1;
    } else {
        return false;
    }
    *ret_next = next;
    return true;
}

static void add_before_next(struct alternative *alternative, const struct version *version,
                            enum precision precision)
{
    struct version next;
    if (next_after(version, precision, &next)) {
        add(alternative, COMPARATOR_LESS, &next);
    }
}

static void add_from_next(struct alternative *alternative, const struct version *version,
                          enum precision precision)
{
    struct version next = {.prerelease = "0", .prerelease_len = 1};
    bool exists = next_after(version, precision, &next);
    /* Nothing comes before 0.0.0-0. */
    add(alternative, exists ? COMPARATOR_AT_LEAST : COMPARATOR_LESS, &next);
}

static void add_tilde(struct alternative *alternative, const struct term *term)
{
    const struct version *version = &term->version;
    bool is_zero = version->major == 0 && version->minor == 0 && version->patch == 0;
    bool is_any =
        is_zero && (term->precision == PRECISION_PATCH || term->precision == PRECISION_NONE);

    add(alternative, COMPARATOR_AT_LEAST, version);
    if (!is_any) { /* the library reads ~0.0.0 as ~* */
        add_before_next(alternative, version,
                        term->precision == PRECISION_MAJOR ? PRECISION_MAJOR : PRECISION_MINOR);
    }
}

static void add_caret(struct alternative *alternative, const struct term *term)
{
    const struct version *version = &term->version;
    add(alternative, COMPARATOR_AT_LEAST, version);
    if (version->major > 0 || term->precision == PRECISION_MAJOR) {
        add_before_next(alternative, version, PRECISION_MAJOR);
    } else if (version->minor > 0 || term->precision == PRECISION_MINOR) {
        add_before_next(alternative, version, PRECISION_MINOR);
    } else {
        add_before_next(alternative, version, PRECISION_PATCH);
    }
}

static void add_not_equal(struct alternative *alternative, const struct term *term)
{
    static const enum comparator_op ops[] = {
        [PRECISION_PATCH] = COMPARATOR_NOT_EQUAL,
        [PRECISION_MINOR] = COMPARATOR_OTHER_MINOR,
        [PRECISION_MAJOR] = COMPARATOR_OTHER_MAJOR,
        [PRECISION_NONE] = COMPARATOR_NOT_EQUAL, /* `!=*` refuses 0.0.0 alone */
    };
    add(alternative, ops[term->precision], &term->version);
}

void term_add(const struct term *term, struct alternative *alternative)
{
    const struct version *version = &term->version;
    bool is_partial = term->precision == PRECISION_MAJOR || term->precision == PRECISION_MINOR;

    if (version->prerelease_len > 0) {
        alternative->admits_prerelease = true;
    }
    switch (term->op) {
    case TERM_NONE:
    case TERM_EQUAL:
        if (term->precision == PRECISION_PATCH) {
            add(alternative, COMPARATOR_EQUAL, version);
        } else {
            add_tilde(alternative, term);
        }
        break;
    case TERM_NOT_EQUAL:
        add_not_equal(alternative, term);
        break;
    case TERM_LESS:
        add(alternative, COMPARATOR_LESS, version);
        break;
    case TERM_AT_MOST:
        if (term->precision == PRECISION_PATCH) {
            add(alternative, COMPARATOR_AT_MOST, version);
        } else { /* `<=*` is <=0.0 */
            add_before_next(alternative, version, is_partial ? term->precision : PRECISION_MINOR);
        }
        break;
    case TERM_GREATER:
        if (is_partial) {
            add_from_next(alternative, version, term->precision);
        } else {
            add(alternative, COMPARATOR_GREATER, version);
        }
        break;
    case TERM_AT_LEAST:
        add(alternative, COMPARATOR_AT_LEAST, version);
        break;
    case TERM_TILDE:
        add_tilde(alternative, term);
        break;
    case TERM_CARET:
        add_caret(alternative, term);
        break;
    }
}
