/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the server's kinds, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/kinds.h"

static bool learn(struct kinds *kinds, const char *api_version, const char *text, struct err *err)
{
    json_auto_t *body = json_loads(text, 0, NULL);
    return kinds_learn(kinds, api_version, body, err);
}

#define LIST(kind, plural)                                                                         \
    "{\"resources\": [{\"kind\": \"" kind "\", \"name\": \"" plural "\", \"namespaced\": true}]}"

static void what_was_learnt_is_found(void **state)
{
    (void)state;
    struct kinds kinds = {0};
    struct err err = {0};
    assert_null(kinds_find(&kinds, "a/v1", "Backup"));
    assert_true(learn(&kinds, "a/v1", LIST("Backup", "backups"), &err));
    assert_true(learn(&kinds, "b/v1", LIST("Backup", "copies"), &err));
    assert_string_equal(kinds_find(&kinds, "a/v1", "Backup")->plural, "backups");
    assert_string_equal(kinds_find(&kinds, "b/v1", "Backup")->plural, "copies");
    assert_null(kinds_find(&kinds, "a/v1", "Cluster"));
    assert_null(kinds_find(&kinds, "a/v2", "Backup"));
    kinds_fini(&kinds);
}

static void the_newest_answer_counts(void **state)
{
    (void)state;
    struct kinds kinds = {0};
    struct err err = {0};
    assert_true(learn(&kinds, "a/v1", LIST("Backup", "backups"), &err));
    assert_true(learn(&kinds, "a/v1", LIST("Cluster", "clusters"), &err));
    assert_null(kinds_find(&kinds, "a/v1", "Backup"));
    assert_non_null(kinds_find(&kinds, "a/v1", "Cluster"));
    assert_false(learn(&kinds, "a/v1", "{\"kind\": \"Status\"}", &err));
    assert_string_equal(err.text,
                        "the kinds of a/v1: resources: is missing; this is no APIResourceList");
    assert_non_null(kinds_find(&kinds, "a/v1", "Cluster"));
    kinds_forget(&kinds, "a/v1");
    kinds_forget(&kinds, "a/v1");
    assert_null(kinds_find(&kinds, "a/v1", "Cluster"));
    kinds_fini(&kinds);
}

static void where_the_server_lists_them(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_string_equal(kinds_path(&arena, "v1"), "/api/v1");
    assert_string_equal(kinds_path(&arena, "cnpg.io/v1"), "/apis/cnpg.io/v1");
    assert_string_equal(kinds_path(&arena, "../v1"), "/apis/%25../v1");
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_learnt_is_found),
        cmocka_unit_test(the_newest_answer_counts),
        cmocka_unit_test(where_the_server_lists_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
