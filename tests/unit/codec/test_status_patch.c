/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "case_file.h"
#include "codec/decode.h"
#include "codec/status.h"

/* A migration with that status (or none), through the decoder. */
static struct migration migration_with(struct arena *arena, json_t *status)
{
    json_auto_t *object = case_json("{\"metadata\": {\"name\": \"m\", \"uid\": \"u\","
                                    " \"resourceVersion\": \"17\"}}");
    (void)json_object_set(object, "status", status);
    struct migration migration;
    struct err err = {0};
    if (!migration_decode(arena, object, &migration, &err)) {
        fail_msg("%s", err.text);
    }
    return migration;
}

/* {metadata: {resourceVersion: 17}, status}, or nothing. */
static void assert_patch(json_t *patch, json_t *status)
{
    json_auto_t *have = patch;
    if (json_is_null(status)) {
        assert_null(have);
        return;
    }
    json_auto_t *want =
        json_pack("{s:{s:s}, s:O}", "metadata", "resourceVersion", "17", "status", status);
    assert_json_equal(have, want);
}

static void test_migration(void **state)
{
    const json_t *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct migration judged = migration_with(&arena, json_object_get(row, "judged"));
    struct migration next = migration_with(&arena, json_object_get(row, "next"));
    assert_patch(migration_status_patch(&judged, &next.status), json_object_get(row, "patch"));
}

static struct database database_with(struct arena *arena, const json_t *row)
{
    json_auto_t *object = case_json("{\"metadata\": {\"name\": \"d\", \"uid\": \"du\","
                                    " \"resourceVersion\": \"17\"}}");
    (void)json_object_set(object, "spec", json_object_get(row, "spec"));
    (void)json_object_set(object, "status", json_object_get(row, "status"));
    struct database database;
    struct err err = {0};
    if (!database_decode(arena, object, &database, &err)) {
        fail_msg("%s", err.text);
    }
    return database;
}

static void test_claim(void **state)
{
    const json_t *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct database judged = database_with(&arena, row);
    const struct claim claim = {
        .migration = "m", .uid = "u", .attempt = 2, .spec_hash = "v1:a", .since_s = 1795312923};
    assert_patch(database_claim_patch(&judged, &claim), json_object_get(row, "patch"));
}

static const struct passage passage = {.version = "3",
                                       .migration = "m",
                                       .uid = "u",
                                       .spec_hash = "v1:a",
                                       .job = "j",
                                       .start_s = 1795312923,
                                       .completion_s = 1795312924};

static void test_release(void **state)
{
    const json_t *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct database judged = database_with(&arena, row);
    bool passes = json_is_true(json_object_get(row, "passes"));
    assert_patch(database_release_patch(&judged, passes ? &passage : NULL),
                 json_object_get(row, "patch"));
}

/* Every field of the contract, there and back. */
static void test_round_trip(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/migration.json");
    struct migration migration;
    struct err err = {0};
    assert_true(migration_decode(&arena, object, &migration, &err));
    json_auto_t *encoded = migration_status_encode(&migration.status);
    assert_json_equal(encoded, json_object_get(object, "status"));
    assert_null(migration_status_patch(&migration, &migration.status));
}

static void test_lists_are_bounded(void **state)
{
    (void)state;
    struct transition history[STATUS_HISTORY_MAX + 3] = {0};
    struct attempt attempts[STATUS_ATTEMPTS_MAX + 3] = {0};
    for (size_t i = 0; i < ARRAY_LEN(history); i++) {
        history[i] = (struct transition){.phase = PHASE_WAITING, .at_s = (int64_t)i + 1};
    }
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        attempts[i].number = (int64_t)(ARRAY_LEN(attempts) - i);
    }
    const struct migration_status status = {
        .history = history,
        .history_count = ARRAY_LEN(history),
        .attempts = attempts,
        .attempt_count = ARRAY_LEN(attempts),
    };
    json_auto_t *encoded = migration_status_encode(&status);
    const json_t *list = json_object_get(encoded, "history");
    assert_int_equal(json_array_size(list), STATUS_HISTORY_MAX);
    assert_string_equal(case_text(json_array_get(list, 0), "at"), "1970-01-01T00:00:04Z");
    list = json_object_get(encoded, "attempts");
    assert_int_equal(json_array_size(list), STATUS_ATTEMPTS_MAX);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "number")),
                     ARRAY_LEN(attempts));
}

static void test_ledger_is_bounded(void **state)
{
    (void)state;
    struct passage history[DATABASE_HISTORY_MAX] = {0};
    for (size_t i = 0; i < ARRAY_LEN(history); i++) {
        history[i].version = i == 1 ? "second" : "other";
    }
    const struct database judged = {.meta = {.resource_version = "17"},
                                    .history = history,
                                    .history_count = ARRAY_LEN(history)};
    json_auto_t *patch = database_release_patch(&judged, &passage);
    const json_t *list = json_object_get(json_object_get(patch, "status"), "history");
    assert_int_equal(json_array_size(list), DATABASE_HISTORY_MAX);
    assert_string_equal(case_text(json_array_get(list, 0), "version"), "second");
    assert_string_equal(case_text(json_array_get(list, DATABASE_HISTORY_MAX - 1), "version"), "3");
}

static void test_finalizers(void **state)
{
    (void)state;
    struct meta meta = {.uid = "u", .resource_version = "17"};
    assert_json_is(finalizer_patch(&meta, FINALIZER_MIGRATION, true),
                   "{\"metadata\": {\"uid\": \"u\", \"resourceVersion\": \"17\","
                   " \"finalizers\": [\"interlude.dev/run\"]}}");
    assert_json_is(finalizer_patch(&meta, FINALIZER_MIGRATION, false),
                   "{\"metadata\": {\"uid\": \"u\", \"resourceVersion\": \"17\","
                   " \"finalizers\": []}}");
    meta.finalizers = "[\"b\",\"a\"]";
    meta.has_finalizer = true;
    assert_json_is(finalizer_patch(&meta, FINALIZER_MIGRATION, true),
                   "{\"metadata\": {\"uid\": \"u\", \"resourceVersion\": \"17\","
                   " \"finalizers\": [\"b\", \"a\", \"interlude.dev/run\"]}}");
    assert_json_is(finalizer_patch(&meta, FINALIZER_MIGRATION, false),
                   "{\"metadata\": {\"uid\": \"u\", \"resourceVersion\": \"17\","
                   " \"finalizers\": [\"b\", \"a\"]}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_lists_are_bounded),
        cmocka_unit_test(test_ledger_is_bounded),
        cmocka_unit_test(test_finalizers),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    failures += case_file_run("status/migration.json", test_migration);
    failures += case_file_run("status/claim.json", test_claim);
    return failures + case_file_run("status/release.json", test_release);
}
