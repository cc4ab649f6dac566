/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int cases_run(const char *group, const void *rows, size_t count, size_t size,
              void (*test)(void **state))
{
    struct CMUnitTest *tests = xcalloc(count, sizeof(*tests));
    char *copies = xcalloc(count, size); /* cmocka wants them writable */
    memcpy(copies, rows, count * size);
    for (size_t i = 0; i < count; i++) {
        char *row = copies + i * size;
        memcpy(&tests[i].name, row, sizeof(tests[i].name));
        tests[i].test_func = test;
        tests[i].initial_state = row;
    }
    int failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    free(copies);
    free(tests);
    return failed;
}

void assert_text(const char *actual, const char *expected)
{
    if (expected == NULL) {
        assert_null(actual);
        return;
    }
    assert_non_null(actual);
    if (expected[0] != '~') {
        assert_string_equal(actual, expected);
    } else if (strstr(actual, expected + 1) == NULL) {
        fail_msg("\"%s\" does not contain \"%s\"", actual, expected + 1);
    }
}
