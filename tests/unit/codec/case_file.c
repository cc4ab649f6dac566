/* SPDX-License-Identifier: Apache-2.0 */
#include "case_file.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static char *full_path(const char *path)
{
    return xasprintf("%s/%s", TEST_DATA_DIR, path);
}

json_t *case_file_find(const char *path)
{
    CLEANUP(mem_free_text) char *full = full_path(path);
    if (access(full, F_OK) != 0) {
        return NULL;
    }
    json_error_t error;
    json_t *value = json_load_file(full, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        fail_msg("%s:%d: %s", full, error.line, error.text);
    }
    return value;
}

json_t *case_file_load(const char *path)
{
    json_t *value = case_file_find(path);
    if (value == NULL) {
        fail_msg("%s is missing", path);
    }
    return value;
}

json_t *case_json(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        fail_msg("in the test: %s: %s", error.text, text);
    }
    return value;
}

const char *case_text(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

static int run(const char *group, struct CMUnitTest *tests, size_t count)
{
    if (count == 0) {
        (void)fprintf(stderr, "%s: no cases\n", group);
        return 1;
    }
    return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}

int case_file_run(const char *path, CMUnitTestFunction fn)
{
    CLEANUP(mem_free_text) char *full = full_path(path);
    json_error_t error;
    json_auto_t *rows = json_load_file(full, JSON_REJECT_DUPLICATES, &error);
    if (rows == NULL) {
        (void)fprintf(stderr, "%s:%d: %s\n", full, error.line, error.text);
        return 1;
    }
    size_t count = json_array_size(rows);
    struct CMUnitTest *tests = xcalloc(count, sizeof(*tests));
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_array_get(rows, i);
        tests[i] = (struct CMUnitTest){
            .name = case_text(row, "name"), .test_func = fn, .initial_state = row};
    }
    int failures = run(path, tests, count);
    free(tests);
    return failures;
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.' ? 1 : 0;
}

int case_folder_run(const char *path, CMUnitTestFunction fn)
{
    CLEANUP(mem_free_text) char *full = full_path(path);
    struct dirent **entries = NULL;
    int found = scandir(full, &entries, is_case, alphasort);
    size_t count = found > 0 ? (size_t)found : 0;
    struct CMUnitTest *tests = xcalloc(count + 1, sizeof(*tests));
    char **folders = xcalloc(count + 1, sizeof(*folders));
    for (size_t i = 0; i < count; i++) {
        folders[i] = xasprintf("%s/%s", path, entries[i]->d_name);
        tests[i] = (struct CMUnitTest){
            .name = entries[i]->d_name, .test_func = fn, .initial_state = folders[i]};
    }
    int failures = run(path, tests, count);
    for (size_t i = 0; i < count; i++) {
        free(folders[i]);
        free(entries[i]);
    }
    free(entries);
    free(folders);
    free(tests);
    return failures;
}

void assert_json_equal(const json_t *actual, const json_t *expected)
{
    bool is_none = actual == NULL || json_is_null(actual);
    if (is_none && (expected == NULL || json_is_null(expected))) {
        return;
    }
    if (json_equal(actual, expected)) {
        return;
    }
    size_t flags = JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY;
    CLEANUP(mem_free_text) char *have = json_dumps(actual, flags);
    CLEANUP(mem_free_text) char *want = json_dumps(expected, flags);
    print_error("---- is:\n%s\n---- should be:\n%s\n", have == NULL ? "(nothing)" : have,
                want == NULL ? "(nothing)" : want);
    fail_msg("JSON differs");
}

void assert_json_is(json_t *actual, const char *expected)
{
    json_auto_t *want = case_json(expected);
    json_auto_t *have = actual;
    assert_json_equal(have, want);
}
