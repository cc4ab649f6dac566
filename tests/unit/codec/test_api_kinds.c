/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server's discovery says of a group and version. */
#include "case_file.h"
#include "codec/api_kinds.h"

#define ITEM(name, kind, namespaced, verbs)                                                        \
    "{\"name\": \"" name "\", \"kind\": \"" kind "\", \"namespaced\": " namespaced                 \
    ", \"verbs\": [" verbs "]}"
#define ALL "\"get\", \"list\", \"watch\""

static void test_list(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *body = case_json(
        "{\"kind\": \"APIResourceList\", \"resources\": [" ITEM("backups/status", "Backup", "true", "\"get\"") "," ITEM(
            "backups", "Backup", "true",
            ALL) "," ITEM("clusters/scale", "Scale", "true",
                          ALL) "," ITEM("nodes", "Node", "false",
                                        ALL) "," ITEM("reviews", "Review", "true",
                                                      "\"create\"") "," ITEM("metrics", "Metric",
                                                                             "true",
                                                                             "\"get\", \"list\"") "]}");
    struct api_kinds kinds;
    struct err err = {0};
    assert_true(api_kinds_decode(&arena, body, &kinds, &err));
    const struct api_kind *backup = api_kinds_find(&kinds, "Backup");
    assert_non_null(backup);
    assert_string_equal(backup->plural, "backups");
    assert_true(backup->is_namespaced && backup->is_watchable);
    assert_false(api_kinds_find(&kinds, "Node")->is_namespaced);
    assert_false(api_kinds_find(&kinds, "Review")->is_watchable);
    assert_false(api_kinds_find(&kinds, "Metric")->is_watchable);
    assert_null(api_kinds_find(&kinds, "Scale")); /* a part of another one alone */
    assert_null(api_kinds_find(&kinds, "backups"));
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *body;
        const char *error;
    } rows[] = {
        {"{}", "resources: is missing; this is no APIResourceList"},
        {"{\"resources\": {}}", "resources: must be a list, is an object"},
        {"{\"resources\": [{\"name\": \"a\"}]}",
         "resources[0].kind: is missing; it must not be empty"},
        {"{\"resources\": [{\"kind\": \"A\"}]}",
         "resources[0].name: is missing; it must not be empty"},
        {"{\"resources\": [5]}", "resources[0].kind: is missing; it must not be empty"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        json_auto_t *body = case_json(rows[i].body);
        struct api_kinds kinds;
        struct err err = {0};
        assert_false(api_kinds_decode(&arena, body, &kinds, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, rows[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
