/* SPDX-License-Identifier: Apache-2.0 */
/* CronJobs, their Jobs, and workloads of kinds that nobody knows. */
#include <string.h>

#include "case_file.h"
#include "codec/decode.h"

static void decode(struct arena *arena, enum workload_kind kind, const char *spec,
                   const char *status, struct workload *ret)
{
    json_auto_t *object =
        json_pack("{s:{s:s, s:s, s:i}, s:o, s:o}", "metadata", "name", "w", "uid", "u",
                  "generation", 4, "spec", case_json(spec), "status", case_json(status));
    struct err err = {0};
    if (!workload_decode(arena, object, kind, ret, &err)) {
        fail_msg("%s", err.text);
    }
}

#define TEMPLATE "{\"spec\": {\"containers\": [{\"name\": \"api\", \"image\": \"orders:2.0.0\"}]}}"

static void test_cron_job(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct workload w;
    decode(&arena, WORKLOAD_CRON_JOB,
           "{\"suspend\": true, \"jobTemplate\": {\"spec\": {\"template\": " TEMPLATE "}}}", "{}",
           &w);
    assert_int_equal(w.kind, WORKLOAD_CRON_JOB);
    assert_int_equal(w.pod_template.container_count, 1);
    assert_string_equal(w.pod_template.containers[0].image, "orders:2.0.0");
    assert_string_equal(w.revision, "4");
    assert_int_equal(w.selector.count, 0);
}

/* How many pods a Job may still make: it may, until it is over. */
static void test_job(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        const char *status;
        int64_t desired;
    } rows[] = {
        {"{\"template\": " TEMPLATE "}", "{}", 1},
        {"{\"template\": " TEMPLATE ", \"parallelism\": 3}", "{\"active\": 1}", 3},
        {"{\"template\": " TEMPLATE ", \"parallelism\": 0}", "{}", 1},
        {"{\"template\": " TEMPLATE ", \"suspend\": true}",
         "{\"conditions\": [{\"type\": \"Suspended\", \"status\": \"True\"}]}", 1},
        {"{\"template\": " TEMPLATE "}",
         "{\"conditions\": [{\"type\": \"Complete\", \"status\": \"True\"}]}", 0},
        {"{\"template\": " TEMPLATE ", \"parallelism\": 3}",
         "{\"conditions\": [{\"type\": \"Failed\", \"status\": \"True\"}]}", 0},
        {"{\"template\": " TEMPLATE "}",
         "{\"conditions\": [{\"type\": \"FailureTarget\", \"status\": \"True\"},"
         " {\"type\": \"Failed\", \"status\": \"False\"}]}",
         1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        struct workload w;
        decode(&arena, WORKLOAD_JOB, rows[i].spec, rows[i].status, &w);
        assert_int_equal(w.desired, rows[i].desired);
        assert_string_equal(w.pod_template.containers[0].name, "api");
    }
}

static void test_all_is_told(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct workload w;
    decode(&arena, WORKLOAD_OTHER,
           "{\"replicas\": 5, \"paused\": true, \"template\": " TEMPLATE ","
           " \"selector\": {\"matchLabels\": {\"app\": \"orders\"},"
           " \"matchExpressions\": [{\"key\": \"tier\", \"operator\": \"Exists\"}]}}",
           "{\"observedGeneration\": \"3\", \"replicas\": 4, \"updatedReplicas\": 3,"
           " \"readyReplicas\": 2, \"availableReplicas\": 1, \"phase\": \"Paused\","
           " \"message\": \"CanaryPauseStep\","
           " \"conditions\": [{\"type\": \"Available\", \"status\": \"False\"}]}",
           &w);
    assert_true(w.other.has_template);
    assert_null(w.other.template_of);
    assert_string_equal(w.pod_template.containers[0].image, "orders:2.0.0");
    assert_int_equal(w.selector.count, 2);
    assert_string_equal(w.selector.terms[0].values[0], "orders");
    assert_int_equal(w.observed_generation, 3);
    assert_int_equal(w.desired, 5);
    assert_int_equal(w.replicas, 4);
    assert_int_equal(w.updated, 3);
    assert_int_equal(w.ready, 2);
    assert_int_equal(w.other.available, 1);
    assert_true(w.paused);
    assert_string_equal(w.other.phase, "Paused");
    assert_string_equal(w.other.phase_message, "CanaryPauseStep");
    assert_string_equal(w.other.not_ready, "Available");
    assert_string_equal(w.revision, "4");
}

static void assert_nothing_told(const struct workload *w)
{
    assert_false(w->other.has_template);
    assert_int_equal(w->pod_template.container_count, 0);
    assert_int_equal(w->selector.count, 0);
    assert_int_equal(w->observed_generation, 0);
    assert_int_equal(w->desired, -1);
    assert_int_equal(w->replicas, -1);
    assert_int_equal(w->updated, -1);
    assert_int_equal(w->ready, -1);
    assert_int_equal(w->other.available, -1);
    assert_false(w->paused);
    assert_null(w->other.template_of);
    assert_null(w->other.phase);
    assert_null(w->other.not_ready);
}

/* What is not there, or something else by that name, is not told; the object stays. */
static void test_nothing_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        const char *status;
    } rows[] = {
        {"{}", "{}"},
        {"[]", "[]"},
        {"{\"replicas\": \"two\", \"template\": \"web\", \"selector\": \"app=orders\","
         " \"paused\": \"yes\", \"workloadRef\": \"web\"}",
         "{\"observedGeneration\": \"6f9c\", \"replicas\": [], \"updatedReplicas\": 1.5,"
         " \"readyReplicas\": -1, \"phase\": 3, \"conditions\": {\"type\": \"Ready\"}}"},
        {"{\"template\": {\"spec\": {\"containers\": []}}, \"selector\": {}}",
         "{\"observedGeneration\": -1}"},
        {"{\"template\": {\"spec\": {\"containers\": [{\"image\": \"a\"}]}},"
         " \"selector\": {\"app\": 1}}",
         "{\"observedGeneration\": null}"},
        {"{\"selector\": {\"matchLabels\": {\"a\": \"b\"}, \"matchExpressions\": [{\"key\": \"a\"}]}}",
         "{}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        struct workload w;
        decode(&arena, WORKLOAD_OTHER, rows[i].spec, rows[i].status, &w);
        assert_nothing_told(&w);
    }
}

static void test_labels_alone_are_a_selector(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct workload w;
    decode(&arena, WORKLOAD_OTHER, "{\"selector\": {\"app\": \"orders\", \"tier\": \"web\"}}", "{}",
           &w);
    assert_int_equal(w.selector.count, 2);
    assert_string_equal(w.selector.terms[0].key, "app");
    assert_string_equal(w.selector.terms[1].values[0], "web");
}

static void test_template_of_another(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct workload w;
    decode(
        &arena, WORKLOAD_OTHER,
        "{\"workloadRef\": {\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"name\": \"api\"}}",
        "{}", &w);
    assert_string_equal(w.other.template_of, "Deployment api");
    decode(&arena, WORKLOAD_OTHER, "{\"workloadRef\": {}}", "{}", &w);
    assert_string_equal(w.other.template_of, "another workload");
}

/* Ready is asked before Available, and one that is not told is not asked. */
static void test_conditions(void **state)
{
    (void)state;
    static const struct {
        const char *conditions;
        const char *not_ready;
    } rows[] = {
        {"[]", NULL},
        {"[{\"type\": \"Progressing\", \"status\": \"False\"}]", NULL},
        {"[{\"type\": \"Ready\", \"status\": \"True\"}, {\"type\": \"Available\", \"status\": \"False\"}]",
         NULL},
        {"[{\"type\": \"Available\", \"status\": \"True\"}, {\"type\": \"Ready\", \"status\": \"Unknown\"}]",
         "Ready"},
        {"[{\"type\": \"Available\"}]", "Available"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        char status[256];
        (void)snprintf(status, sizeof(status), "{\"conditions\": %s}", rows[i].conditions);
        struct workload w;
        decode(&arena, WORKLOAD_OTHER, "{}", status, &w);
        if (rows[i].not_ready == NULL) {
            assert_null(w.other.not_ready);
        } else {
            assert_string_equal(w.other.not_ready, rows[i].not_ready);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cron_job),
        cmocka_unit_test(test_job),
        cmocka_unit_test(test_all_is_told),
        cmocka_unit_test(test_nothing_is_told),
        cmocka_unit_test(test_labels_alone_are_a_selector),
        cmocka_unit_test(test_template_of_another),
        cmocka_unit_test(test_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
