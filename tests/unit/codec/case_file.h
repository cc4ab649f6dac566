/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test cases as data: a JSON file under data/ whose rows ({"name": ..., ...}) become tests of that name,
 * and comparison of JSON that shows both sides when it fails.
 */
#ifndef INTERLUDE_TESTS_CODEC_CASE_FILE_H
#define INTERLUDE_TESTS_CODEC_CASE_FILE_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <jansson.h>

/* New; a missing or broken file fails the test. The path is relative to data/. */
json_t *case_file_load(const char *path);

/* NULL when there is no such file. */
json_t *case_file_find(const char *path);

/* New, of text in a test's source. */
json_t *case_json(const char *text);

/* Runs fn for each row of the file; *state is the row, a json_t, borrowed. Returns the failures. */
int case_file_run(const char *path, CMUnitTestFunction fn);

/* Runs fn for each folder in the folder; *state is its path, relative to data/. */
int case_folder_run(const char *path, CMUnitTestFunction fn);

/* A text of the row; NULL when it has none. Borrowed. */
const char *case_text(const json_t *row, const char *key);

/* Neither side is taken; NULL equals NULL and JSON null. */
void assert_json_equal(const json_t *actual, const json_t *expected);

/* The same with the expectation as text; actual is stolen. */
void assert_json_is(json_t *actual, const char *expected);

#endif
