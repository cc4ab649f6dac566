/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/arena.h"
#include "cases.h"
#include "domain/selector.h"

struct row {
    const char *name;      /* the selector as text */
    const char *labels[6]; /* key, value, ... */
    bool matches;
};

static const struct row rows[] = {
    {"app=orders", {"app", "orders"}, true},
    {"app=orders", {"app", "billing"}, false},
    {"app=orders", {"tier", "orders"}, false},
    {"app=orders,tier=web", {"app", "orders", "tier", "web"}, true},
    {"app=orders,tier=web", {"app", "orders"}, false},
    {"app=", {"app", ""}, true},
    {"app in (orders,billing)", {"app", "billing"}, true},
    {"app in (orders,billing)", {"app", "x"}, false},
    {"app in (orders,billing)", {"tier", "x"}, false},
    {"app in (orders,billing),tier notin (web,job)", {"app", "orders", "tier", "api"}, true},
    {"app in (orders,billing),tier notin (web,job)", {"app", "orders", "tier", "job"}, false},
    {"tier notin (web)", {"app", "orders"}, true},
    {"tier notin (web)", {"tier", "web"}, false},
    {"canary", {"canary", ""}, true},
    {"canary", {"app", "orders"}, false},
    {"!canary", {"app", "orders"}, true},
    {"!canary", {"canary", "yes"}, false},
    {"app.kubernetes.io/name=orders,!canary,x",
     {"app.kubernetes.io/name", "orders", "x", "1"},
     true},
    {"", {"app", "orders"}, false}, /* an empty one matches nothing */
};

/* Parsed, it matches as it should and prints as it was. */
static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct pair pairs[3];
    struct pairs labels = {pairs, 0};
    for (size_t i = 0; i < 6 && row->labels[i] != NULL; i += 2) {
        pairs[labels.count++] = (struct pair){row->labels[i], row->labels[i + 1]};
    }
    struct selector selector;
    assert_true(selector_parse(&arena, row->name, &selector));
    assert_int_equal(selector_matches(&selector, &labels), row->matches);
    /* "tier notin (web)" has one value, as has "tier in (web)", which prints as tier=web. */
    assert_string_equal(selector_text(&arena, &selector), row->name);
    arena_fini(&arena);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {",", "a,,b", "=x", "!", "a,"};
    struct arena arena = {0};
    struct selector selector = {.count = 7};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (selector_parse(&arena, texts[i], &selector)) {
            fail_msg("%s was read", texts[i]);
        }
        assert_int_equal(selector.count, 7);
    }
    arena_fini(&arena);
}

static void test_one_value_of_in(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct selector selector;
    assert_true(selector_parse(&arena, "tier in (web)", &selector));
    assert_string_equal(selector_text(&arena, &selector), "tier=web");
    arena_fini(&arena);
}

static void test_pairs_get(void **state)
{
    (void)state;
    struct pair items[] = {{"a", "1"}, {"b", "2"}};
    struct pairs pairs = {items, 2};
    assert_string_equal(pairs_get(&pairs, "b"), "2");
    assert_null(pairs_get(&pairs, "c"));
    assert_null(pairs_get(&(struct pairs){0}, "a"));
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_one_value_of_in),
        cmocka_unit_test(test_pairs_get),
    };
    int failed = CASES_RUN("selector", rows, test_row);
    return failed + cmocka_run_group_tests_name("selector, more", others, NULL, NULL);
}
