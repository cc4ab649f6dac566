/* SPDX-License-Identifier: Apache-2.0 */
/* Our own kinds, and every mistake that can be told. */
#include <string.h>

#include "base/str.h"
#include "case_file.h"
#include "codec/decode.h"

static bool decode_kind(struct arena *arena, const char *kind, const json_t *object,
                        const char **ret_spec_error, struct err *err)
{
    *ret_spec_error = NULL;
    if (str_eq(kind, "migration")) {
        struct migration migration;
        bool done = migration_decode(arena, object, &migration, err);
        *ret_spec_error = done ? migration.spec_error : NULL;
        return done;
    }
    if (str_eq(kind, "database")) {
        struct database database;
        return database_decode(arena, object, &database, err);
    }
    if (str_eq(kind, "approval")) {
        struct approval approval;
        return approval_decode(arena, object, &approval, err);
    }
    if (str_eq(kind, "job")) {
        struct job job;
        return job_decode(arena, object, &job, err);
    }
    if (str_eq(kind, "pod")) {
        struct pod pod;
        return pod_decode(arena, object, &pod, err);
    }
    assert_string_equal(kind, "workload");
    struct workload workload;
    return workload_decode(arena, object, WORKLOAD_DEPLOYMENT, &workload, err);
}

/* A row's patch turns the whole object of its kind into a wrong one. */
static void test_error(void **state)
{
    const json_t *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    char path[64];
    (void)snprintf(path, sizeof(path), "decode/%s.json", case_text(row, "kind"));
    json_auto_t *object = case_file_load(path);
    const char *spec_error = NULL;
    struct err err = {0};
    assert_true(decode_kind(&arena, case_text(row, "kind"), object, &spec_error, &err));
    assert_null(spec_error);

    assert_int_equal(json_object_update_recursive(object, json_object_get(row, "patch")), 0);
    bool done = decode_kind(&arena, case_text(row, "kind"), object, &spec_error, &err);
    if (case_text(row, "spec_error") == NULL) {
        assert_false(done);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, case_text(row, "error"));
        return;
    }
    assert_true(done);
    assert_non_null(spec_error);
    if (json_is_true(json_object_get(row, "rest"))) { /* goes on with another module's words */
        const char *start = case_text(row, "spec_error");
        assert_true(spec_error != NULL && str_starts_with(spec_error, start) &&
                    strlen(spec_error) > strlen(start));
    } else {
        assert_string_equal(spec_error, case_text(row, "spec_error"));
    }
}

static void decode_migration(struct arena *arena, const json_t *object, struct migration *ret)
{
    struct err err = {0};
    if (!migration_decode(arena, object, ret, &err)) {
        fail_msg("%s", err.text);
    }
}

static void test_metadata(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/migration.json");
    struct migration m;
    decode_migration(&arena, object, &m);
    assert_string_equal(m.meta.ns, "shop");
    assert_string_equal(m.meta.name, "orders-0003-contract");
    assert_string_equal(m.meta.uid, "1f0c2d3e-0000-4000-8000-000000000001");
    assert_string_equal(m.meta.resource_version, "4711");
    assert_int_equal(m.meta.generation, 3);
    assert_int_equal(m.meta.deleted_s - m.meta.created_s, 3630);
    assert_int_equal(m.meta.grace_s, 30);
    assert_true(m.meta.has_finalizer);
    assert_string_equal(m.meta.finalizers, "[\"example.com/first\",\"example.com/second\"]");
    assert_int_equal(m.meta.owner_count, 2);
    assert_string_equal(m.meta.owners[0].uid, "o0");
    assert_false(m.meta.owners[0].is_controller);
    assert_string_equal(m.meta.owners[1].kind, "Set");
    assert_string_equal(m.meta.owners[1].name, "owner");
    assert_string_equal(m.meta.owners[1].uid, "o1");
    assert_true(m.meta.owners[1].is_controller);
    assert_int_equal(m.retry, 2);
    assert_int_equal(m.confirm_ended, 3);
    assert_true(m.abandon);
}

static void test_spec(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/migration.json");
    struct migration m;
    decode_migration(&arena, object, &m);
    assert_string_equal(m.database, "orders");
    assert_int_equal(m.step, STEP_CONTRACT);
    assert_string_equal(m.from_version, "2");
    assert_string_equal(m.to_version, "3");
    assert_int_equal(m.rollout, ROLLOUT_ANY);
    assert_int_equal(m.soak_s, 86400);
    assert_true(m.suspend);
    assert_int_equal(m.after_count, 2);
    assert_string_equal(m.after[1], "orders-0002-backfill");
    assert_int_equal(m.requirement_count, 2);
    assert_string_equal(m.requirements[0].api_version, "v1");
    assert_string_equal(m.requirements[0].kind, "Secret");
    assert_string_equal(m.requirements[0].name, "orders-db");
    assert_null(m.requirements[0].condition);
    assert_false(m.requirements[0].newer_than_migration);
    assert_string_equal(m.requirements[1].api_version, "postgresql.cnpg.io/v1");
    assert_string_equal(m.requirements[1].condition, "Ready");
    assert_true(m.requirements[1].newer_than_migration);
    assert_int_equal(m.approval, APPROVAL_REQUIRED);
    assert_int_equal(m.not_before_s, 1796083200);
    assert_string_equal(m.window.schedule, "0 2 * * 1-5");
    assert_int_equal(m.window.duration_s, 5400);
    assert_string_equal(m.window.zone_name, "Europe/Berlin");
    assert_true(m.window.must_finish);
    assert_int_equal(m.ready_when, READY_WHEN_ACCEPTED);
    assert_int_equal(m.retries, 2);
    assert_int_equal(m.timeout_s, 5400);
    assert_int_equal(m.start_timeout_s, 2); /* 1500ms: rounded up */
    assert_int_equal(m.keep_for_s, 7 * 86400);
    assert_int_equal(m.inherit_from.kind, WORKLOAD_DAEMON_SET);
    assert_string_equal(m.inherit_from.name, "orders-agent");
    assert_string_equal(m.inherit_from.container, "agent");
    json_auto_t *run = case_json(m.run);
    assert_json_equal(run, json_object_get(json_object_get(object, "spec"), "run"));
}

static void test_applications(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/migration.json");
    struct migration m;
    decode_migration(&arena, object, &m);
    assert_int_equal(m.application_count, 2);
    const struct application *first = &m.applications[0];
    assert_int_equal(first->kind, WORKLOAD_STATEFUL_SET);
    assert_string_equal(first->name, "orders-api");
    assert_false(first->has_selector);
    assert_string_equal(first->container, "api");
    assert_int_equal(first->source, SOURCE_LABEL);
    assert_string_equal(first->key, "example.com/version");
    assert_string_equal(first->versions, ">=2.0.0 <4.0.0");
    assert_int_equal(first->when_absent, ABSENT_PROCEED);

    const struct application *second = &m.applications[1];
    assert_int_equal(second->kind, WORKLOAD_DEPLOYMENT);
    assert_null(second->name);
    assert_true(second->has_selector);
    assert_int_equal(second->source, SOURCE_IMAGE_TAG);
    assert_null(second->key);
    assert_null(second->versions);
    assert_int_equal(second->when_absent, ABSENT_WAIT);
    const struct selector *selector = &second->selector;
    assert_int_equal(selector->count, 5);
    assert_string_equal(selector->terms[0].key, "app");
    assert_int_equal(selector->terms[0].op, SELECTOR_IN);
    assert_int_equal(selector->terms[0].value_count, 1);
    assert_string_equal(selector->terms[0].values[0], "orders");
    assert_int_equal(selector->terms[1].op, SELECTOR_IN);
    assert_string_equal(selector->terms[1].values[1], "api");
    assert_int_equal(selector->terms[2].op, SELECTOR_NOT_IN);
    assert_int_equal(selector->terms[3].op, SELECTOR_EXISTS);
    assert_int_equal(selector->terms[4].op, SELECTOR_DOES_NOT_EXIST);
    assert_string_equal(selector->terms[4].key, "legacy");
}

/* The least that the schema lets through. */
static void test_defaults(void **state)
{
    (void)state;
    static const struct {
        const char *step;
        enum rollout rollout;
    } rows[] = {{"Expand", ROLLOUT_ANY}, {"Data", ROLLOUT_SETTLED}, {"Contract", ROLLOUT_SETTLED}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        json_auto_t *object =
            json_pack("{s:{s:s, s:s}, s:{s:s, s:s, s:s, s:[{s:s, s:{s:s}}], s:{s:{s:s}}}}",
                      "metadata", "name", "m", "uid", "u", "spec", "database", "orders", "step",
                      rows[i].step, "toVersion", "1", "applications", "name", "a", "versionFrom",
                      "source", "Annotation", "run", "container", "image", "i:1");
        struct migration m;
        decode_migration(&arena, object, &m);
        assert_null(m.spec_error);
        assert_int_equal(m.rollout, rows[i].rollout);
        assert_int_equal(m.ready_when, READY_WHEN_SUCCEEDED);
        assert_int_equal(m.keep_for_s, -1);
        assert_int_equal(m.timeout_s, 0);
        assert_int_equal(m.start_timeout_s, 0);
        assert_int_equal(m.retries, 0);
        assert_null(m.from_version);
        assert_int_equal(m.after_count, 0);
        assert_int_equal(m.requirement_count, 0);
        assert_int_equal(m.approval, APPROVAL_NONE);
        assert_int_equal(m.not_before_s, 0);
        assert_null(m.window.schedule);
        assert_null(m.inherit_from.name);
        assert_string_equal(m.applications[0].key, "app.kubernetes.io/version");
        assert_int_equal(m.status.phase, PHASE_PENDING);
        assert_int_equal(m.status.attempt.number, 0);
        assert_int_equal(m.retry, 0);
        assert_false(m.abandon);
        assert_false(m.meta.has_finalizer);
        assert_null(m.meta.finalizers);
    }
}

/* Only what is done needs its run never again: a failed one may be tried again. */
static void test_run_is_kept_until_success(void **state)
{
    (void)state;
    static const struct {
        const char *phase;
        bool kept;
    } rows[] = {{"Waiting", true}, {"Running", true}, {"Failed", true}, {"Succeeded", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        json_auto_t *object = case_file_load("decode/migration.json");
        (void)json_object_set_new(json_object_get(object, "status"), "phase",
                                  json_string(rows[i].phase));
        struct migration m;
        decode_migration(&arena, object, &m);
        assert_int_equal(m.run != NULL, rows[i].kept);
        assert_non_null(m.spec_hash);
    }
}

static void test_annotations_that_say_nothing(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "", "two", "-1", "1.5", " 1", "99999999999999999999", "18446744073709551615"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        json_auto_t *object = case_file_load("decode/migration.json");
        json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");
        (void)json_object_set_new(annotations, ANNOTATION_RETRY, json_string(rows[i]));
        (void)json_object_set_new(annotations, ANNOTATION_ABANDON, json_string("yes"));
        struct migration m;
        decode_migration(&arena, object, &m);
        assert_int_equal(m.retry, 0);
        assert_false(m.abandon);
    }
}

/* What was decoded outlives the JSON. */
static void test_borrows_nothing(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct migration m;
    json_t *object = case_file_load("decode/migration.json");
    decode_migration(&arena, object, &m);
    json_decref(object);
    assert_string_equal(m.applications[1].selector.terms[1].values[0], "web");
    assert_string_equal(m.status.history[1].reason, "Started");
}

/* A path that does not fit is cut, and what follows is still read. */
static void test_long_path(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    char key[400] = "";
    memset(key, 'k', sizeof(key) - 1);
    json_auto_t *object = case_file_load("decode/migration.json");
    json_t *spec = json_object_get(object, "spec");
    json_t *second = json_array_get(json_object_get(spec, "applications"), 1);
    json_t *labels = json_object_get(json_object_get(second, "selector"), "matchLabels");
    (void)json_object_set_new(labels, key, json_integer(1));
    struct migration m;
    decode_migration(&arena, object, &m);
    assert_true(str_starts_with(m.spec_error, "spec.applications[1].selector.matchLabels.kkk"));
    assert_int_equal(m.retries, 2);

    json_t *status = json_object_get(object, "status");
    (void)json_object_set_new(json_object_get(status, "attempt"), "number", json_integer(0));
    struct err err = {0};
    assert_false(migration_decode(&arena, object, &m, &err));
    assert_string_equal(err.text, "status.attempt.number: must be at least 1");
}

static void test_database(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/database.json");
    struct database d;
    struct err err = {0};
    assert_true(database_decode(&arena, object, &d, &err));
    assert_string_equal(d.meta.name, "orders");
    assert_string_equal(d.baseline, "41");
    assert_int_equal(d.approval_for, STEP_BIT(STEP_DATA) | STEP_BIT(STEP_CONTRACT));
    assert_string_equal(d.window.schedule, "@daily");
    assert_int_equal(d.window.duration_s, 7200);
    assert_null(d.window.zone_name);
    assert_null(d.window.error);
    assert_int_equal(d.soak.least_s[STEP_EXPAND], 0);
    assert_int_equal(d.soak.least_s[STEP_DATA], 5400);
    assert_int_equal(d.soak.least_s[STEP_CONTRACT], 86400);
    assert_null(d.soak.error);
    assert_int_equal(d.allowed_count, 2);
    assert_string_equal(d.allowed[1], "billing");
    assert_string_equal(d.claim.ns, "web");
    assert_string_equal(d.history[0].ns, "billing");
    assert_string_equal(d.version, "43");
    assert_int_equal(d.passed_count, 3);
    assert_string_equal(d.passed[2], "43");
    assert_string_equal(d.claim.migration, "orders-0044");
    assert_string_equal(d.claim.uid, "m44");
    assert_int_equal(d.claim.attempt, 4);
    assert_string_equal(d.claim.spec_hash, "v1:abc");
    assert_int_equal(d.claim.since_s, 1795309323);
    assert_int_equal(d.history_count, 1);
    assert_string_equal(d.history[0].migration, "orders-0043");
    assert_string_equal(d.history[0].uid, "m43");
    assert_string_equal(d.history[0].spec_hash, "v1:def");
    assert_string_equal(d.history[0].job, "orders-0043-m43-1");
    assert_int_equal(d.history[0].completion_s - d.history[0].start_s, 1);
    assert_int_equal(d.conditions.count, 1);
    assert_int_equal(d.confirm_ended, 4);
}

static void test_new_database(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_json("{\"metadata\": {\"name\": \"d\", \"uid\": \"u\"},"
                                    " \"status\": {\"claim\": null}}");
    struct database d;
    struct err err = {0};
    assert_true(database_decode(&arena, object, &d, &err));
    assert_null(d.claim.migration);
    assert_null(d.version);
    assert_null(d.baseline);
    assert_int_equal(d.approval_for, 0);
    assert_int_equal(d.passed_count, 0);
    assert_int_equal(d.history_count, 0);
}

/* Its ledger must be read whatever else is wrong; and a window that is wrong is never none. */
static void test_wrong_default_window(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_json("{\"metadata\": {\"name\": \"d\", \"uid\": \"u\"},"
                                    " \"spec\": {\"window\": {\"schedule\": \"@daily\"}},"
                                    " \"status\": {\"version\": \"2\"}}");
    struct database d;
    struct err err = {0};
    assert_true(database_decode(&arena, object, &d, &err));
    assert_string_equal(d.version, "2");
    assert_string_equal(d.window.error, "spec.window.duration: is missing; it must not be empty");
}

/* What it asks for cannot be read: then it asks for everything. */
static void test_wrong_approval_for(void **state)
{
    (void)state;
    static const char *const rows[] = {"[\"contract\"]", "[\"Data\", 1]", "{}"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        json_auto_t *object = case_json("{\"metadata\": {\"name\": \"d\", \"uid\": \"u\"},"
                                        " \"spec\": {}, \"status\": {\"version\": \"2\"}}");
        (void)json_object_set_new(json_object_get(object, "spec"), "approvalFor",
                                  case_json(rows[i]));
        struct database d;
        struct err err = {0};
        assert_true(database_decode(&arena, object, &d, &err));
        assert_string_equal(d.version, "2");
        assert_int_equal(d.approval_for, STEPS_ALL);
    }
}

static void test_approval(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/approval.json");
    struct approval a;
    struct err err = {0};
    assert_true(approval_decode(&arena, object, &a, &err));
    assert_string_equal(a.meta.name, "yes");
    assert_int_equal(a.meta.deleted_s, 0);
    assert_string_equal(a.migration, "orders-0003-contract");
    assert_string_equal(a.migration_key, "shop/orders-0003-contract");
    assert_string_equal(a.uid, "1f0c2d3e-0000-4000-8000-000000000001");
    assert_string_equal(a.spec_hash, "v1:abc");
    assert_string_equal(a.approved_by, "alice");
    assert_string_equal(a.comment, "tried on the copy");
    (void)json_object_set_new(json_object_get(object, "metadata"), "deletionTimestamp",
                              json_string("2026-11-22T01:02:03Z"));
    assert_true(approval_decode(&arena, object, &a, &err));
    assert_int_equal(a.meta.deleted_s, 1795309323);
}

static void test_no_object(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *text = json_string("x");
    struct migration m;
    struct err err = {0};
    assert_false(migration_decode(&arena, text, &m, &err));
    assert_false(migration_decode(&arena, NULL, &m, &err));
    assert_string_equal(err.text, "metadata.name: is missing; it must not be empty");
}

/* Likewise a soak: it closes the gate, and nobody's start waits for nothing. */
static void test_wrong_least_soak(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_json("{\"metadata\": {\"name\": \"d\", \"uid\": \"u\"},"
                                    " \"spec\": {\"soak\": {\"Data\": \"a day\"},"
                                    "             \"allowedNamespaces\": [\"web\", 5]},"
                                    " \"status\": {\"version\": \"2\"}}");
    struct database d;
    struct err err = {0};
    assert_true(database_decode(&arena, object, &d, &err));
    assert_string_equal(d.version, "2");
    assert_true(str_starts_with(d.soak.error, "spec.soak.Data: \"a day\" is no duration"));
    assert_null(d.window.error);
    assert_int_equal(d.allowed_count, 0); /* and whom it allows cannot be read */
}

static void test_database_of_another_namespace(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/migration.json");
    struct migration m;
    decode_migration(&arena, object, &m);
    assert_string_equal(m.database_ns, "shop");
    assert_string_equal(m.database_name, "orders");
    assert_string_equal(m.database_key, "shop/orders");
    (void)json_object_set_new(json_object_get(object, "spec"), "database",
                              json_string("data/orders"));
    decode_migration(&arena, object, &m);
    assert_null(m.spec_error);
    assert_string_equal(m.database, "data/orders");
    assert_string_equal(m.database_ns, "data");
    assert_string_equal(m.database_name, "orders");
    assert_string_equal(m.database_key, "data/orders");
}

/* Which kind an application is of, and what the status calls it. */
static void test_kinds_of_applications(void **state)
{
    (void)state;
    static const struct {
        const char *api_version;
        const char *kind;
        enum workload_kind expected;
        const char *type; /* of WORKLOAD_OTHER */
    } rows[] = {
        {NULL, NULL, WORKLOAD_DEPLOYMENT, NULL},
        {NULL, "CronJob", WORKLOAD_CRON_JOB, NULL},
        {"batch/v1", "CronJob", WORKLOAD_CRON_JOB, NULL},
        {"apps/v1", "DaemonSet", WORKLOAD_DAEMON_SET, NULL},
        {"batch/v1", "DaemonSet", WORKLOAD_OTHER, "DaemonSet.batch"},
        {"argoproj.io/v1alpha1", "Rollout", WORKLOAD_OTHER, "Rollout.argoproj.io"},
        {"v1", "ReplicationController", WORKLOAD_OTHER, "ReplicationController"},
        {"apps/v1", "ReplicaSet", WORKLOAD_OTHER, "ReplicaSet.apps"},
        {"batch/v1", "Job", WORKLOAD_OTHER, "Job.batch"},
        {"a.example/v1", "other", WORKLOAD_OTHER, "other.a.example"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        json_auto_t *object = case_file_load("decode/migration.json");
        json_t *applications = json_pack("[{s:s, s:s*, s:s*}]", "name", "a", "apiVersion",
                                         rows[i].api_version, "kind", rows[i].kind);
        (void)json_object_set_new(json_object_get(object, "spec"), "applications", applications);
        struct migration m;
        decode_migration(&arena, object, &m);
        const struct application *a = &m.applications[0];
        assert_null(m.spec_error);
        assert_int_equal(a->kind, rows[i].expected);
        if (a->kind == WORKLOAD_OTHER) {
            assert_string_equal(a->api_version, rows[i].api_version);
            assert_string_equal(a->other_kind, rows[i].kind);
            assert_string_equal(a->other_type, rows[i].type);
        } else {
            assert_null(a->api_version);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_spec),
        cmocka_unit_test(test_applications),
        cmocka_unit_test(test_kinds_of_applications),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_run_is_kept_until_success),
        cmocka_unit_test(test_annotations_that_say_nothing),
        cmocka_unit_test(test_borrows_nothing),
        cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_database),
        cmocka_unit_test(test_new_database),
        cmocka_unit_test(test_wrong_default_window),
        cmocka_unit_test(test_wrong_least_soak),
        cmocka_unit_test(test_database_of_another_namespace),
        cmocka_unit_test(test_wrong_approval_for),
        cmocka_unit_test(test_approval),
        cmocka_unit_test(test_no_object),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    return failures + case_file_run("decode/errors.json", test_error);
}
