/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests as rows of a text file: a line is a case, a word and what belongs to it. Empty lines and those
 * that begin with # are skipped. Each case runs as a test of its own, named after its file and line.
 */
#ifndef INTERLUDE_TESTS_ROWS_H
#define INTERLUDE_TESTS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

struct row {
    char *name; /* "constraint.txt:12 admits 1.2.3 >=1" */
    char *word; /* the first; names what is claimed */
    char *rest; /* from the first letter after it, to the end of the line */
    char *text; /* what the two lead into */
};

/*
 * Runs test(&row) for each row of data/file, with the row as *state. Returns how many failed, at least 1
 * when the file cannot be read or holds none.
 */
int rows_run(const char *data_dir, const char *file, void (*test)(void **state));

/* Cuts the next word off *rest, NULL when there is none. "[two words]" is one, without its brackets. */
char *rows_next(char **rest);

#endif
