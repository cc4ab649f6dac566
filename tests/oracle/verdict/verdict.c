/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says what our parsers make of each line on standard input, one line of answer for each, so that main.go
 * can hold the answers against those of the libraries that we follow. Fields are separated by U+001F,
 * which none of the languages knows; the first names the question:
 *
 *     c constraint version   admits, denies, or "refused: " and the reason
 *     v version version      -1, 0, 1, or none when one of them is no version
 *     i reference            name, tag and digest, or "refused: " and the reason
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/constraint.h"
#include "domain/image.h"
#include "domain/version.h"

#define SEPARATOR "\x1f"

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

/* Cuts at the next separator; "" when nothing is left. */
static char *next_field(char **rest)
{
    char *field = strsep(rest, SEPARATOR);
    static char empty[] = "";
    return field == NULL ? empty : field;
}

int main(void)
{
    struct arena arena = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;

    while ((len = getline(&line, &room, stdin)) > 0) {
        line[len - 1] = '\0';
        char *rest = line;
        const char *question = next_field(&rest);
        const char *first = next_field(&rest);
        const char *second = next_field(&rest);
        if (str_eq(question, "c")) {
            answer_constraint(&arena, first, second);
        } else if (str_eq(question, "v")) {
            answer_version(&arena, first, second);
        } else {
            answer_image(&arena, first);
        }
        arena_reset(&arena);
    }
    free(line);
    arena_fini(&arena);
    return 0;
}
