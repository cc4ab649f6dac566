/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"

#define KEYS 300

static void empty(void **state)
{
    (void)state;
    struct map map = {0};
    size_t at = 0;
    assert_null(map_get(&map, "a"));
    assert_null(map_take(&map, "a"));
    assert_null(map_next(&map, &at, NULL));
    assert_int_equal(map.count, 0);
    map_fini(&map);
    map_fini(&map);
}

static void set_replace_take(void **state)
{
    (void)state;
    struct map map = {0};
    int one = 1;
    int two = 2;
    char key[] = "key";
    assert_null(map_set(&map, key, &one));
    key[0] = 'x'; /* the map has its own copy */
    assert_ptr_equal(map_get(&map, "key"), &one);
    assert_null(map_get(&map, "xey"));
    assert_ptr_equal(map_set(&map, "key", &two), &one);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(map_take(&map, "key"), &two);
    assert_int_equal(map.count, 0);
    assert_null(map_get(&map, "key"));
    assert_null(map_take(&map, "key"));
    assert_null(map_set(&map, "key", &one));
    assert_ptr_equal(map_get(&map, "key"), &one);
    assert_int_equal(map.count, 1);
    assert_null(map_set(&map, "", &two));
    assert_ptr_equal(map_get(&map, ""), &two);
    map_fini(&map);
}

static const char *key_of(size_t i, char text[32])
{
    (void)snprintf(text, 32, "shop/object-%zu", i);
    return text;
}

/* The map must hold exactly the keys whose bit is set. */
static void check(const struct map *map, const bool has[KEYS], int values[KEYS])
{
    size_t count = 0;
    char key[32];
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(map_get(map, key_of(i, key)), has[i] ? &values[i] : NULL);
        count += has[i];
    }
    assert_int_equal(map->count, count);
    bool seen[KEYS] = {false};
    size_t at = 0;
    const char *found = NULL;
    for (int *value = NULL; (value = map_next(map, &at, &found)) != NULL; count--) {
        size_t i = (size_t)(value - values);
        assert_string_equal(found, key_of(i, key));
        assert_true(has[i] && !seen[i]);
        seen[i] = true;
    }
    assert_int_equal(count, 0);
}

/* Many random steps against a plain array; the seed is fixed, so that a failure comes again. */
static void random_steps(void **state)
{
    (void)state;
    struct map map = {0};
    static int values[KEYS];
    bool has[KEYS] = {false};
    uint32_t seed = 12345;
    for (int step = 0; step < 20000; step++) {
        char key[32];
        seed = seed * 1664525 + 1013904223;
        size_t i = seed >> 8 & 511;
        i = i < KEYS ? i : i % KEYS;
        bool fills = step % 4000 < 2000;
        if ((seed >> 20 & 7) < (fills ? 6U : 2U)) {
            assert_ptr_equal(map_set(&map, key_of(i, key), &values[i]), has[i] ? &values[i] : NULL);
            has[i] = true;
        } else {
            assert_ptr_equal(map_take(&map, key_of(i, key)), has[i] ? &values[i] : NULL);
            has[i] = false;
        }
        if (step % 500 == 0) {
            check(&map, has, values);
        }
    }
    check(&map, has, values);
    map_fini(&map);
}

/* Keys that come and go for ever do not make it grow. */
static void churn_does_not_grow(void **state)
{
    (void)state;
    struct map map = {0};
    int value = 0;
    for (size_t i = 0; i < 100000; i++) {
        char key[32];
        assert_null(map_set(&map, key_of(i, key), &value));
        if (i >= 10) {
            assert_ptr_equal(map_take(&map, key_of(i - 10, key)), &value);
        }
    }
    assert_int_equal(map.count, 10);
    assert_true(map.room <= 64);
    map_fini(&map);
}

static void grows_large(void **state)
{
    (void)state;
    struct map map = {0};
    int value = 0;
    char key[32];
    for (size_t i = 0; i < 50000; i++) {
        assert_null(map_set(&map, key_of(i, key), &value));
    }
    for (size_t i = 0; i < 50000; i++) {
        assert_non_null(map_get(&map, key_of(i, key)));
    }
    assert_null(map_get(&map, key_of(50000, key)));
    assert_true(map.room <= 262144);
    map_fini(&map);
}

static void take_while_going_through(void **state)
{
    (void)state;
    struct map map = {0};
    int values[100];
    char text[32];
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        (void)map_set(&map, key_of(i, text), &values[i]);
    }
    size_t at = 0;
    size_t count = 0;
    const char *key = NULL;
    for (void *value = NULL; (value = map_next(&map, &at, &key)) != NULL; count++) {
        assert_ptr_equal(map_take(&map, key), value);
    }
    assert_int_equal(count, ARRAY_LEN(values));
    assert_int_equal(map.count, 0);
    map_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),        cmocka_unit_test(set_replace_take),
        cmocka_unit_test(random_steps), cmocka_unit_test(churn_does_not_grow),
        cmocka_unit_test(grows_large),  cmocka_unit_test(take_while_going_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
