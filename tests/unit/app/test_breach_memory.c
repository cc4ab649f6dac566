/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "app/breach_memory.h"

static void test_keeps_a_copy(void **state)
{
    (void)state;
    char message[] = "orders-api runs 1.9.2";
    struct breach_memory memory = {0};
    assert_null(breach_memory_get(&memory));
    breach_memory_keep(&memory, &(struct breach){"A", message, 5, 0});
    memset(message, 'x', sizeof(message) - 1);
    const struct breach *kept = breach_memory_get(&memory);
    assert_string_equal(kept->reason, "A");
    assert_string_equal(kept->message, "orders-api runs 1.9.2");
    assert_int_equal(kept->at_s, 5);
    assert_int_equal(kept->until_s, 0);

    /* What is told of the one that is kept takes its place. */
    struct breach over = *kept;
    over.until_s = 7;
    breach_memory_keep(&memory, &over);
    assert_string_equal(breach_memory_get(&memory)->message, "orders-api runs 1.9.2");
    assert_int_equal(breach_memory_get(&memory)->until_s, 7);

    breach_memory_forget(&memory);
    assert_null(breach_memory_get(&memory));
    breach_memory_forget(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keeps_a_copy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
