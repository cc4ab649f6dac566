/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of other people's kinds. */
#include <string.h>

#include "base/mem.h"
#include "case_file.h"
#include "codec/decode.h"

#define METADATA                                                                                   \
    "\"metadata\": {\"name\": \"b\", \"namespace\": \"shop\", \"uid\": \"u\", \"generation\": 3, " \
    "\"resourceVersion\": \"7\", \"creationTimestamp\": \"2026-11-22T01:00:00Z\"}"

static void decode(struct arena *arena, const char *text, struct prerequisite *ret)
{
    json_auto_t *object = case_json(text);
    struct err err = {0};
    if (!prerequisite_decode(arena, object, ret, &err)) {
        fail_msg("%s", err.text);
    }
}

static void test_whole(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct prerequisite object;
    decode(
        &arena,
        "{" METADATA ", \"spec\": {}, \"status\": {\"observedGeneration\": 2, \"conditions\": ["
        "{\"type\": \"Ready\", \"status\": \"True\", \"reason\": \"Done\", \"observedGeneration\": 1},"
        "{\"type\": \"Full\", \"status\": \"False\"}]}}",
        &object);
    assert_string_equal(object.meta.name, "b");
    assert_int_equal(object.meta.generation, 3);
    assert_int_equal(object.meta.created_s, 1795309200);
    assert_int_equal(object.observed_generation, 2);
    assert_int_equal(object.conditions.count, 2);
    assert_string_equal(object.conditions.items[0].type, "Ready");
    assert_int_equal(object.conditions.items[0].status, CONDITION_TRUE);
    assert_string_equal(object.conditions.items[0].reason, "Done");
    assert_int_equal(object.conditions.items[0].observed_generation, 1);
    assert_int_equal(object.conditions.items[1].status, CONDITION_FALSE);
    assert_null(object.conditions.items[1].reason);
}

static void test_metadata_alone(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct prerequisite object;
    decode(&arena, "{\"kind\": \"PartialObjectMetadata\", " METADATA "}", &object);
    assert_string_equal(object.meta.name, "b");
    assert_int_equal(object.conditions.count, 0);
    assert_int_equal(object.observed_generation, 0);
}

/* Whatever stands in its status: it is there, and nothing in it counts as True that does not say so. */
static void test_odd_status(void **state)
{
    static const char *const rows[] = {
        "5",
        "{\"conditions\": {\"Ready\": \"True\"}, \"observedGeneration\": \"2\"}",
        "{\"conditions\": [\"Ready\", null, {\"status\": \"True\"}, {\"type\": 1, \"status\": \"True\"}]}",
        "{\"conditions\": [{\"type\": \"Ready\", \"status\": true}]}",
        "{\"conditions\": [{\"type\": \"Ready\", \"status\": \"true\"}]}",
        "{\"conditions\": [{\"type\": \"Ready\"}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        CLEANUP(mem_free_text) char *text = xasprintf("{" METADATA ", \"status\": %s}", rows[i]);
        struct prerequisite object;
        decode(&arena, text, &object);
        assert_int_equal(object.observed_generation, 0);
        for (size_t k = 0; k < object.conditions.count; k++) {
            assert_int_equal(object.conditions.items[k].status, CONDITION_UNKNOWN);
        }
    }
}

/* A reason without an end is none of ours to keep. */
static void test_long_reason(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    char reason[1001] = "";
    memset(reason, 'r', sizeof(reason) - 1);
    CLEANUP(mem_free_text)
    char *text =
        xasprintf("{" METADATA ", \"status\": {\"conditions\": [{\"type\": \"Ready\", \"status\": "
                  "\"False\", \"reason\": \"%s\"}]}}",
                  reason);
    struct prerequisite object;
    decode(&arena, text, &object);
    assert_int_equal(strlen(object.conditions.items[0].reason), 128);
}

static void test_without_a_name(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_json("{\"metadata\": {\"uid\": \"u\"}}");
    struct prerequisite ret;
    struct err err = {0};
    assert_false(prerequisite_decode(&arena, object, &ret, &err));
    assert_string_equal(err.text, "metadata.name: is missing; it must not be empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),          cmocka_unit_test(test_metadata_alone),
        cmocka_unit_test(test_odd_status),     cmocka_unit_test(test_long_reason),
        cmocka_unit_test(test_without_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
