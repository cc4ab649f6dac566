/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One term of a constraint: what it asks for, and that spelled out as plain comparators, with the verdicts
 * of github.com/Masterminds/semver v3.5. For domain/constraint alone, which cuts the text into terms.
 */
#ifndef INTERLUDE_DOMAIN_TERM_H
#define INTERLUDE_DOMAIN_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "domain/constraint.h"
#include "domain/version.h"

struct slice {
    const char *at;
    size_t len;
};

/* TERM_NONE: without operator, which is = for a whole version and ~ for a part of one. */
enum term_op {
    TERM_NONE,
    TERM_EQUAL,
    TERM_NOT_EQUAL,
    TERM_LESS,
    TERM_AT_MOST,
    TERM_GREATER,
    TERM_AT_LEAST,
    TERM_TILDE,
    TERM_CARET
};

/* How much of a version a term spells out: 1.2.3, 1.2, 1, x. The rest is 0 and means any. */
enum precision { PRECISION_PATCH, PRECISION_MINOR, PRECISION_MAJOR, PRECISION_NONE };

struct term {
    struct slice whole; /* with the operator, for messages */
    struct slice text;  /* without */
    enum term_op op;
    bool is_literal; /* the text is no version; what follows counts only otherwise */
    enum precision precision;
    struct version version;
};

/*
 * Reads term->text into precision and version, which then live in the arena. False when it is no version,
 * not even one with parts left open.
 */
bool term_read_version(struct arena *arena, struct term *term) MUST_CHECK;

#define TERM_COMPARATORS_MAX 2

/* Adds the term's comparators, TERM_COMPARATORS_MAX at most; the alternative has room for them. */
void term_add(const struct term *term, struct alternative *alternative);

#endif
