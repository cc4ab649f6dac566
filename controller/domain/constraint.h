/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constraints on versions: the language and the verdicts of github.com/Masterminds/semver v3.5
 * (NewConstraint, Check), which Helm, Flux and Argo CD users know, its pre-release rule and its
 * oddities included (`^*` admits 0.0.0 alone). tests/oracle compares the two. We differ in three points:
 *
 * 1. A term that is no version, without operator or after "=", is a literal (`sha-4f2a`, `=latest`). It
 *    admits the text that equals it, and is an alternative of its own: with AND it could admit nothing.
 *    Such a text in turn satisfies nothing but a literal: no wildcard, no range and no `!=`.
 * 2. A hyphen range must be set off: by a space from `||`, by a space or comma from what follows. The
 *    library rewrites ranges in the text before it reads it, and so takes `1||2 - 3` for `>=1 || 2, <=3`,
 *    refuses `1.0.0 - 2.0.0||3.0.0` and reads `1 - 2>3`; we refuse all of these.
 * 3. Errors say what to write instead.
 *
 * A constraint is kept as a list of alternatives, each a list of plain comparators, so that a guard's
 * CEL expression can evaluate the very same list.
 */
#ifndef INTERLUDE_DOMAIN_CONSTRAINT_H
#define INTERLUDE_DOMAIN_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"
#include "domain/version.h"

#define CONSTRAINT_TEXT_MAX         512 /* bytes */
#define CONSTRAINT_ALTERNATIVES_MAX 32
#define CONSTRAINT_LITERAL_MAX      128 /* bytes, as of an image tag */

/*
 * The first six compare by precedence. The last two come from `!=4` and `!=4.1`, which exclude a whole
 * line of versions and have no form as one comparison.
 */
enum comparator_op {
    COMPARATOR_EQUAL,
    COMPARATOR_NOT_EQUAL,
    COMPARATOR_LESS,
    COMPARATOR_AT_MOST,
    COMPARATOR_GREATER,
    COMPARATOR_AT_LEAST,
    COMPARATOR_OTHER_MAJOR, /* another major */
    COMPARATOR_OTHER_MINOR, /* another major, minor or pre-release text */
    COMPARATOR_OP_MAX
};

/*
 * A bound that excludes pre-releases of the next version too is written with the least of them:
 * ~1.2.3 is >=1.2.3 and <1.3.0-0.
 */
struct comparator {
    enum comparator_op op;
    struct version version;
};

struct alternative {
    const char *literal;    /* NULL: the comparators decide; else this very text, no version */
    bool admits_prerelease; /* some term names a pre-release; else releases only */
    struct comparator *comparators; /* all must hold */
    size_t count;
};

struct constraint {
    struct alternative *alternatives; /* one must hold */
    size_t count;
};

/*
 * The constraint lives in the arena and borrows nothing. NULL with an INVALID error that names the
 * offending part and the remedy. An empty text is refused; "*" admits any release.
 */
struct constraint *constraint_parse(struct arena *arena, const char *text,
                                    struct err *err) MUST_CHECK;

/* A version_text that is NULL satisfies nothing, one that is no version only a literal that equals it. */
bool constraint_admits(const struct constraint *constraint, const char *version_text);

#endif
