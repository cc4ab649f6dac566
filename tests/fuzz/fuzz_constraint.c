/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A constraint, and after a line feed a version. Beyond not crashing: a refusal has its reason, an
 * alternative is a literal or comparators, and precedence is an order that the printed form keeps.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "domain/constraint.h"
#include "domain/version.h"
#include "fuzz.h"

static void claim(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_order(struct arena *arena, const struct version *version,
                        const struct version *bound)
{
    int order = version_compare(version, bound);
    int reverse = version_compare(bound, version);
    claim((order > 0) == (reverse < 0) && (order < 0) == (reverse > 0));

    struct version again;
    claim(version_parse(arena, version_print(arena, bound), &again));
    claim(version_compare(bound, &again) == 0);
}

static void check_constraint(struct arena *arena, const struct constraint *constraint,
                             const char *text)
{
    struct version version = {0};
    bool is_version = version_parse(arena, text, &version);
    bool matches_literal = false;
    for (size_t i = 0; i < constraint->count; i++) {
        const struct alternative *alternative = &constraint->alternatives[i];
        if (alternative->literal != NULL) {
            struct version none;
            claim(alternative->count == 0);
            claim(!version_parse(arena, alternative->literal, &none));
            matches_literal = matches_literal || strcmp(alternative->literal, text) == 0;
        }
        for (size_t j = 0; j < alternative->count; j++) {
            check_order(arena, &version, &alternative->comparators[j].version);
        }
    }
    bool admits = constraint_admits(constraint, text);
    claim(is_version || admits == matches_literal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct err err = {0};
    char *text = arena_strndup(&arena, size > 0 ? (const char *)data : "", size);
    char *version = strchr(text, '\n');
    if (version == NULL) {
        version = text + strlen(text);
    } else {
        *version = '\0';
        version++;
    }
    const struct constraint *constraint = constraint_parse(&arena, text, &err);
    if (constraint == NULL) {
        claim(err.kind == ERR_INVALID && err.text[0] != '\0');
    } else {
        check_constraint(&arena, constraint, version);
    }
    arena_fini(&arena);
    return 0;
}
