/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of C rows: each row runs as a test of its own, under its name. */
#ifndef INTERLUDE_TESTS_CASES_H
#define INTERLUDE_TESTS_CASES_H

#include <stddef.h>

/* The first member of every row is `const char *name`. Runs test(&row) for each; how many failed. */
int cases_run(const char *group, const void *rows, size_t count, size_t size,
              void (*test)(void **state));

#define CASES_RUN(group, rows, test)                                                               \
    cases_run((group), (rows), sizeof(rows) / sizeof((rows)[0]), sizeof((rows)[0]), (test))

/* Fails unless both are NULL or the same text; a text that begins with "~" must be contained. */
void assert_text(const char *actual, const char *expected);

#endif
