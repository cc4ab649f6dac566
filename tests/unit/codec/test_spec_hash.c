/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "case_file.h"
#include "codec/spec_hash.h"

static void test_case(void **state)
{
    const json_t *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    const char *a = spec_hash(&arena, json_object_get(row, "a"));
    const char *b = spec_hash(&arena, json_object_get(row, "b"));
    assert_int_equal(strncmp(a, "v1:", 3), 0);
    assert_int_equal(strlen(a), 3 + 64);
    assert_int_equal(strspn(a + 3, "0123456789abcdef"), 64);
    if (json_is_true(json_object_get(row, "same"))) {
        assert_string_equal(a, b);
    } else {
        assert_string_not_equal(a, b);
    }
}

/* What is hashed, pinned: `printf '%s' TEXT | sha256sum`. A change here breaks every existing status. */
static void test_is_the_sha256_of_the_canonical_text(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *spec =
        case_json("{\"toVersion\": \"3\", \"suspend\": true, \"database\": \"orders\","
                  " \"step\": \"Data\", \"rollout\": \"Settled\"}");
    /* {"database":"orders","step":"Data","toVersion":"3"} */
    assert_string_equal(spec_hash(&arena, spec),
                        "v1:ce6cf7291e17850e9b5994d47748bbcd5223605fa1ad39dedc226ae899585694");
}

/* A run without the fields that came later, or with their defaults, hashes as before they came. */
static void test_fields_that_came_later_change_no_hash(void **state)
{
    (void)state;
    static const char was[] = "v1:4c0cd04737d13f8561b760bd78ed4ad6a6b9e639655cf5ff97398ae85886ce21";
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *spec = case_json(
        "{\"toVersion\": \"3\", \"database\": \"orders\", \"step\": \"Expand\", \"run\": {"
        " \"container\": {\"image\": \"m:1\", \"command\": [\"migrate\"]},"
        " \"retries\": 2, \"timeout\": \"1h\"}}");
    /* {"database":"orders","run":{"container":{"command":["migrate"],"image":"m:1"},"retries":2,
       "timeout":"1h"},"step":"Expand","toVersion":"3"} */
    assert_string_equal(spec_hash(&arena, spec), was);
    json_t *run = json_object_get(spec, "run");
    (void)json_object_set_new(run, "onInterruption", json_string("Fail"));
    (void)json_object_set_new(run, "verify", json_null());
    (void)json_object_set_new(run, "recover", json_null());
    (void)json_object_set_new(spec, "notBefore", json_null());
    (void)json_object_set_new(spec, "window", json_object());
    (void)json_object_set_new(spec, "approval", json_string("None"));
    assert_string_equal(spec_hash(&arena, spec), was);
}

/* An application whose kind needs no apiVersion hashes as it did before there was one; with it, as what it names. */
static void test_api_version_counts_where_it_is_given(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *spec =
        case_json("{\"toVersion\": \"3\", \"database\": \"orders\", \"step\": \"Data\","
                  " \"applications\": [{\"kind\": \"StatefulSet\", \"name\": \"api\"}]}");
    /* {"applications":[{"kind":"StatefulSet","name":"api"}],"database":"orders","step":"Data","toVersion":"3"} */
    static const char was[] = "v1:f7ee2c89896f61c6312c4d878c0e8e62f7591cefe595cc004f6f8596acfa3289";
    assert_string_equal(spec_hash(&arena, spec), was);
    json_t *application = json_array_get(json_object_get(spec, "applications"), 0);
    (void)json_object_set_new(application, "apiVersion", json_null());
    assert_string_equal(spec_hash(&arena, spec), was);
    (void)json_object_set_new(application, "apiVersion", json_string("a.example/v1"));
    const char *first = spec_hash(&arena, spec);
    assert_string_not_equal(first, was);
    (void)json_object_set_new(application, "apiVersion", json_string("a.example/v2"));
    assert_string_not_equal(spec_hash(&arena, spec), first);
}

static void test_no_spec_is_an_empty_one(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *empty = json_object();
    json_auto_t *text = json_string("spec");
    assert_string_equal(spec_hash(&arena, NULL), spec_hash(&arena, empty));
    assert_string_equal(spec_hash(&arena, text), spec_hash(&arena, empty));
}

/* The spec is borrowed: it must come out as it went in. */
static void test_leaves_the_spec_alone(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *spec = case_json("{\"suspend\": true, \"a\": null, \"run\": {\"retries\": 0}}");
    json_auto_t *before = json_deep_copy(spec);
    assert_non_null(spec_hash(&arena, spec));
    assert_json_equal(spec, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_the_sha256_of_the_canonical_text),
        cmocka_unit_test(test_fields_that_came_later_change_no_hash),
        cmocka_unit_test(test_api_version_counts_where_it_is_given),
        cmocka_unit_test(test_no_spec_is_an_empty_one),
        cmocka_unit_test(test_leaves_the_spec_alone),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    return failures + case_file_run("spec_hash.json", test_case);
}
