/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct rows {
    struct row *items;
    size_t count;
};

char *rows_next(char **rest)
{
    char *word = *rest + strspn(*rest, " ");
    if (*word == '\0') {
        return NULL;
    }
    const char *ends = " ";
    if (*word == '[') {
        word++;
        ends = "]";
    }
    char *end = word + strcspn(word, ends);
    if (*end != '\0') {
        *end = '\0';
        end++;
    }
    *rest = end + strspn(end, " ");
    return word;
}

static void add_row(struct rows *rows, const char *file, size_t line, const char *text)
{
    rows->items = xreallocarray(rows->items, rows->count + 1, sizeof(*rows->items));
    struct row *row = &rows->items[rows->count];
    row->name = xasprintf("%s:%zu %s", file, line, text);
    row->text = xstrdup(text);
    row->rest = row->text;
    row->word = rows_next(&row->rest);
    rows->count++;
}

static bool read_rows(const char *path, const char *file, struct rows *rows)
{
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        perror(path);
        return false;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    for (size_t number = 1; (len = getline(&line, &room, stream)) > 0; number++) {
        if (line[len - 1] == '\n') {
            line[len - 1] = '\0';
        }
        if (line[0] != '#' && line[0] != '\0') {
            add_row(rows, file, number, line);
        }
    }
    free(line);
    (void)fclose(stream);
    return rows->count > 0;
}

int rows_run(const char *data_dir, const char *file, void (*test)(void **state))
{
    struct rows rows = {0};
    char *path = xasprintf("%s/%s", data_dir, file);
    int failed = 1;

    if (read_rows(path, file, &rows)) {
        struct CMUnitTest *tests = xcalloc(rows.count, sizeof(*tests));
        for (size_t i = 0; i < rows.count; i++) {
            tests[i].name = rows.items[i].name;
            tests[i].test_func = test;
            tests[i].initial_state = &rows.items[i];
        }
        failed = _cmocka_run_group_tests(file, tests, rows.count, NULL, NULL);
        free(tests);
    }
    for (size_t i = 0; i < rows.count; i++) {
        free(rows.items[i].name);
        free(rows.items[i].text);
    }
    free(rows.items);
    free(path);
    return failed;
}
