/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case is a folder under data/job: run.json (spec.run), workload.json where something is inherited,
 * status.json (the migration's) where an attempt came before, and either expected.json (the Job's spec) or error.json (the kind and text of the refusal).
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "case_file.h"
#include "codec/decode.h"
#include "codec/job.h"

#define MIGRATION_UID "1f0c2d3e-0000-4000-8000-000000000001"

static json_t *case_part(const char *folder, const char *file)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    return case_file_find(path);
}

static struct migration migration_with(struct arena *arena, const char *name, json_t *run,
                                       json_t *status)
{
    json_auto_t *object =
        json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:O}, s:O*}", "metadata", "name", name,
                  "namespace", "shop", "uid", MIGRATION_UID, "spec", "database", "orders", "step",
                  "Expand", "toVersion", "3", "run", run, "status", status);
    struct migration migration;
    struct err err = {0};
    if (!migration_decode(arena, object, &migration, &err)) {
        fail_msg("%s", err.text);
    }
    return migration;
}

static void test_case(void **state)
{
    const char *folder = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *run = case_part(folder, "run.json");
    json_auto_t *workload = case_part(folder, "workload.json");
    json_auto_t *status = case_part(folder, "status.json");
    json_auto_t *expected = case_part(folder, "expected.json");
    json_auto_t *refusal = case_part(folder, "error.json");
    json_auto_t *before = workload == NULL ? NULL : json_deep_copy(workload);
    assert_true((expected == NULL) != (refusal == NULL));

    struct migration m = migration_with(&arena, "orders-0003", run, status);
    struct err err = {0};
    json_auto_t *job = job_build(&arena, &m, 2, workload, &err);
    if (refusal != NULL) {
        assert_null(job);
        assert_string_equal(err_kind_name(err.kind), case_text(refusal, "kind"));
        assert_string_equal(err.text, case_text(refusal, "text"));
        return;
    }
    if (job == NULL) {
        fail_msg("%s", err.text);
    }
    assert_json_equal(json_object_get(job, "spec"), expected);
    assert_json_equal(workload, before); /* borrowed, and not changed */
}

static json_t *build_simple(struct arena *arena)
{
    json_auto_t *run = case_json("{\"container\": {\"image\": \"i:1\"}}");
    struct migration m = migration_with(arena, "orders.0003", run, NULL);
    m.spec_hash = "v1:abc";
    struct err err = {0};
    json_t *job = job_build(arena, &m, 7, NULL, &err);
    assert_non_null(job);
    return job;
}

static void test_metadata(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *job = build_simple(&arena);
    json_auto_t *want = case_json(
        "{\"name\": \"orders-0003-1f0c2d3e-7\", \"namespace\": \"shop\", \"labels\": {"
        " \"app.kubernetes.io/managed-by\": \"interlude\", \"interlude.dev/database\": \"orders\","
        " \"interlude.dev/database-namespace\": \"shop\","
        " \"interlude.dev/migration\": \"orders.0003\", \"interlude.dev/attempt\": \"7\","
        " \"interlude.dev/migration-uid\": \"" MIGRATION_UID "\"}, \"annotations\": {"
        " \"interlude.dev/spec-hash\": \"v1:abc\", \"interlude.dev/to-version\": \"3\"}}");
    assert_json_equal(json_object_get(job, "metadata"), want);
    assert_string_equal(case_text(job, "apiVersion"), "batch/v1");
    assert_string_equal(case_text(job, "kind"), "Job");
}

/* R1: what is created has no way to start, to end or to vanish by itself. */
static void test_is_parked(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *job = build_simple(&arena);
    const json_t *spec = json_object_get(job, "spec");
    assert_int_equal(json_integer_value(json_object_get(spec, "parallelism")), 0);
    assert_null(json_object_get(spec, "activeDeadlineSeconds"));
    assert_null(json_object_get(spec, "ttlSecondsAfterFinished"));
    assert_null(json_object_get(spec, "suspend"));
    assert_null(json_object_get(json_object_get(job, "metadata"), "ownerReferences"));
    assert_null(json_object_get(json_object_get(job, "metadata"), "finalizers"));
}

/* What was built is what is found again. */
static void test_is_recognised(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = build_simple(&arena);
    (void)json_object_set_new(json_object_get(object, "metadata"), "uid", json_string("j"));
    struct job job;
    struct err err = {0};
    assert_true(job_decode(&arena, object, &job, &err));
    assert_string_equal(job.migration_uid, MIGRATION_UID);
    assert_string_equal(job.migration, "orders.0003");
    assert_string_equal(job.database, "orders");
    assert_string_equal(job.database_ns, "shop");
    assert_int_equal(job.attempt, 7);
    assert_string_equal(job.spec_hash, "v1:abc");
    assert_string_equal(job.to_version, "3");
    assert_int_equal(job.parallelism, 0);
    assert_false(job.has_owner);
}

static void test_dry_run_pod(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *job = build_simple(&arena);
    json_auto_t *pod = job_dry_run_pod(job);
    const json_t *template = json_object_get(json_object_get(job, "spec"), "template");
    const json_t *metadata = json_object_get(pod, "metadata");
    assert_string_equal(case_text(pod, "apiVersion"), "v1");
    assert_string_equal(case_text(pod, "kind"), "Pod");
    assert_string_equal(case_text(metadata, "generateName"), "orders-0003-1f0c2d3e-7-");
    assert_string_equal(case_text(metadata, "namespace"), "shop");
    assert_null(json_object_get(metadata, "name"));
    assert_json_equal(json_object_get(pod, "spec"), json_object_get(template, "spec"));
    assert_json_equal(json_object_get(metadata, "labels"),
                      json_object_get(json_object_get(template, "metadata"), "labels"));
    /* The Job itself is as it was. */
    assert_null(json_object_get(json_object_get(template, "metadata"), "generateName"));
    assert_string_equal(job_run_container(job), "migration");
}

#define TEN "abcdefghi."

static const struct name_row {
    const char *name;
    const char *uid;
    int64_t attempt;
    const char *expected;
} names[] = {
    {"orders-0003", MIGRATION_UID, 1, "orders-0003-1f0c2d3e-1"},
    {"a.b.c", MIGRATION_UID, 12, "a-b-c-1f0c2d3e-12"},
    {"m", "short", 1, "m-short-1"},
    {TEN TEN TEN TEN TEN "ab", MIGRATION_UID, 1,
     "abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi-ab-1f0c2d3e-1"},
    {TEN TEN TEN TEN TEN "abc", MIGRATION_UID, 1,
     "abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi-ab-1f0c2d3e-1"},
    {TEN TEN TEN TEN TEN TEN "abc", MIGRATION_UID, 1000,
     "abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi-1f0c2d3e-1000"},
    {TEN TEN TEN TEN TEN TEN "abc", MIGRATION_UID, 100,
     "abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi-1f0c2d3e-100"},
    {TEN TEN TEN TEN TEN TEN "abc", MIGRATION_UID, INT64_MAX,
     "abcdefghi-abcdefghi-abcdefghi-abcd-1f0c2d3e-9223372036854775807"},
};

static void test_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        const struct meta meta = {.name = names[i].name, .uid = names[i].uid};
        const char *name = job_name(&arena, &meta, names[i].attempt);
        assert_string_equal(name, names[i].expected);
        size_t len = strlen(name);
        assert_true(len <= 63);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), len);
        assert_true(isalnum((unsigned char)name[0]) && isalnum((unsigned char)name[len - 1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metadata),      cmocka_unit_test(test_is_parked),
        cmocka_unit_test(test_is_recognised), cmocka_unit_test(test_dry_run_pod),
        cmocka_unit_test(test_name),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    return failures + case_folder_run("job", test_case);
}
