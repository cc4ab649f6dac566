/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantic versions, read as tolerantly as github.com/Masterminds/semver v3.5 reads them (NewVersion):
 * a leading v, a missing minor or patch and leading zeros in the three numbers are accepted, zeros before
 * a numeric pre-release identifier are not. Build metadata is checked and then dropped, because it plays
 * no part in precedence (https://semver.org, items 10 and 11).
 */
#ifndef INTERLUDE_DOMAIN_VERSION_H
#define INTERLUDE_DOMAIN_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attrs.h"

#define VERSION_TEXT_MAX 256 /* bytes; a longer text is no version */

struct version {
    uint64_t major;
    uint64_t minor;
    uint64_t patch;
    const char *prerelease; /* without the hyphen; NOT terminated: it is a part of a longer text */
    size_t prerelease_len;  /* 0: a release */
};

/* The version lives in the arena. False when the text is no version; NULL is none. */
bool version_parse(struct arena *arena, const char *text, struct version *ret_version) MUST_CHECK;

/* The same without a copy: the version borrows from the text, which need not be terminated. */
bool version_scan(const char *text, size_t len, struct version *ret_version) MUST_CHECK;

/* By precedence: below 0, 0 or above 0 as a comes before b, beside it or after it. */
int version_compare(const struct version *a, const struct version *b);

/* "1.2.0-rc.1": all three numbers and the pre-release. */
char *version_print(struct arena *arena, const struct version *version) MUST_CHECK;

#endif
