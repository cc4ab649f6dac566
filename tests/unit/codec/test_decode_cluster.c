/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' own kinds. */
#include <string.h>

#include "case_file.h"
#include "codec/decode.h"

static void decode_workload(struct arena *arena, enum workload_kind kind, struct workload *ret)
{
    json_auto_t *object = case_file_load("decode/workload.json");
    struct err err = {0};
    if (!workload_decode(arena, object, kind, ret, &err)) {
        fail_msg("%s", err.text);
    }
}

static void test_deployment(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct workload w;
    decode_workload(&arena, WORKLOAD_DEPLOYMENT, &w);
    assert_int_equal(w.kind, WORKLOAD_DEPLOYMENT);
    assert_int_equal(w.meta.generation, 7);
    assert_int_equal(w.meta.owner_count, 1);
    assert_string_equal(w.meta.owners[0].kind, "Deployment");
    assert_string_equal(w.meta.owners[0].name, "parent");
    assert_int_equal(w.observed_generation, 6);
    assert_int_equal(w.desired, 5);
    assert_int_equal(w.replicas, 4);
    assert_int_equal(w.updated, 3);
    assert_int_equal(w.ready, 2);
    assert_true(w.paused);
    assert_true(w.is_on_delete);
    assert_int_equal(w.partition, 2);
    assert_string_equal(w.current_revision, "orders-api-1");
    assert_string_equal(w.update_revision, "orders-api-2");
    assert_string_equal(w.progress, "NewReplicaSetAvailable");
    assert_null(w.hang);
    assert_string_equal(w.create_failure, "exceeded quota");
    assert_string_equal(w.revision, "12");
    assert_int_equal(w.rolled_out_s, 1795309323);
    assert_int_equal(w.selector.count, 1);
    assert_string_equal(w.selector.terms[0].values[0], "orders");
    assert_int_equal(w.labels.count, 2);
    assert_string_equal(w.pod_template.default_container, "api");
    assert_int_equal(w.pod_template.container_count, 2); /* without init containers */
    assert_string_equal(w.pod_template.containers[0].name, "api");
    assert_string_equal(w.pod_template.containers[0].image, "registry:5000/orders:2.1.0");
    assert_int_equal(w.pod_template.labels.count, 2);
    assert_int_equal(w.pod_template.annotations.count, 2);
}

static void test_daemon_set(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct workload w;
    decode_workload(&arena, WORKLOAD_DAEMON_SET, &w);
    assert_string_equal(w.revision, "7"); /* its generation */
    assert_int_equal(w.rolled_out_s, 0);
    assert_int_equal(w.desired, 9);
    assert_int_equal(w.replicas, 8);
    assert_int_equal(w.updated, 7);
    assert_int_equal(w.ready, 6);
}

static void test_rollout_that_hangs(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object =
        case_json("{\"metadata\": {\"name\": \"w\", \"uid\": \"u\"}, \"status\": {\"conditions\": ["
                  "{\"type\": \"Progressing\", \"status\": \"False\","
                  " \"reason\": \"ProgressDeadlineExceeded\", \"message\": \"m\"}]}}");
    struct workload w;
    struct err err = {0};
    assert_true(workload_decode(&arena, object, WORKLOAD_DEPLOYMENT, &w, &err));
    assert_string_equal(w.progress, "ProgressDeadlineExceeded");
    assert_string_equal(w.hang, "m");
}

/* A condition that stands the other way says nothing of a fault. */
static void test_rollout_in_order(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_json(
        "{\"metadata\": {\"name\": \"w\", \"uid\": \"u\"}, \"status\": {\"conditions\": ["
        "{\"type\": \"Progressing\", \"status\": \"True\", \"reason\": \"ReplicaSetUpdated\","
        " \"message\": \"m\"},"
        "{\"type\": \"ReplicaFailure\", \"status\": \"False\", \"message\": \"m\"}]}}");
    struct workload w;
    struct err err = {0};
    assert_true(workload_decode(&arena, object, WORKLOAD_DEPLOYMENT, &w, &err));
    assert_string_equal(w.progress, "ReplicaSetUpdated");
    assert_null(w.hang);
    assert_null(w.create_failure);
    assert_false(w.is_on_delete);
    assert_int_equal(w.partition, 0);
}

static void test_replicas_are_1_unless_said(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_json("{\"metadata\": {\"name\": \"w\", \"uid\": \"u\"}}");
    struct workload w;
    struct err err = {0};
    assert_true(workload_decode(&arena, object, WORKLOAD_REPLICA_SET, &w, &err));
    assert_int_equal(w.desired, 1);
    assert_false(w.paused);
    assert_int_equal(w.selector.count, 0);
    assert_int_equal(w.pod_template.container_count, 0);
    assert_int_equal(w.meta.owner_count, 0);
}

static void test_job(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/job.json");
    struct job j;
    struct err err = {0};
    assert_true(job_decode(&arena, object, &j, &err));
    assert_string_equal(j.meta.uid, "j2");
    assert_true(j.meta.has_finalizer);
    assert_string_equal(j.database, "orders");
    assert_string_equal(j.database_ns, "shop");
    assert_string_equal(j.migration, "orders-0003");
    assert_string_equal(j.migration_uid, "m3");
    assert_int_equal(j.attempt, 2);
    assert_string_equal(j.spec_hash, "v1:abc");
    assert_string_equal(j.to_version, "3");
    assert_int_equal(j.parallelism, 0);
    assert_true(j.is_suspended);
    assert_int_equal(j.active_deadline_s, 60);
    assert_int_equal(j.active, 1);
    assert_int_equal(j.succeeded, 2);
    assert_int_equal(j.failed, 3);
    assert_int_equal(j.completion_s - j.start_s, 60);
    assert_false(j.is_complete);
    assert_true(j.is_failed);
    assert_string_equal(j.failed_reason, "DeadlineExceeded");
    assert_string_equal(j.failed_message, "too late");
    assert_int_equal(j.failed_s - j.completion_s, 1);
    assert_true(j.has_owner);
}

/* R8: FailureTarget and SuccessCriteriaMet come while a pod may still run. */
static void test_job_is_not_over_before_its_end(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object =
        case_json("{\"metadata\": {\"name\": \"j\", \"uid\": \"u\", \"ownerReferences\": ["
                  "  {\"apiVersion\": \"example.com/v1\", \"kind\": \"SchemaMigration\"},"
                  "  {\"apiVersion\": \"interlude.dev/v1alpha1\", \"kind\": \"Database\"}]},"
                  " \"status\": {\"conditions\": ["
                  "  {\"type\": \"FailureTarget\", \"status\": \"True\"},"
                  "  {\"type\": \"SuccessCriteriaMet\", \"status\": \"True\"},"
                  "  {\"type\": \"Failed\", \"status\": \"Unknown\"}]}}");
    struct job j;
    struct err err = {0};
    assert_true(job_decode(&arena, object, &j, &err));
    assert_false(j.is_failed);
    assert_false(j.is_complete);
    assert_null(j.failed_reason);
    assert_int_equal(j.parallelism, 1);
    assert_null(j.migration_uid);
    assert_int_equal(j.attempt, 0);
    assert_false(j.has_owner);
    assert_false(j.meta.has_finalizer);
}

static void test_pod(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *object = case_file_load("decode/pod.json");
    struct pod p;
    struct err err = {0};
    assert_true(pod_decode(&arena, object, &p, &err));
    assert_true(p.meta.has_finalizer);
    assert_string_equal(p.meta.finalizers, "[\"batch.kubernetes.io/job-tracking\"]");
    assert_string_equal(p.job_uid, "j2");
    assert_string_equal(p.node, "node-1");
    assert_int_equal(p.observed_generation, 3);
    assert_string_equal(p.phase, "Failed");
    assert_string_equal(p.reason, "Evicted");
    assert_string_equal(p.message, "The node was low on resource: memory.");
    assert_true(p.is_disrupted);
    assert_string_equal(p.disruption_reason, "TerminationByKubelet");
    assert_string_equal(p.disruption_message, "low memory");
    assert_string_equal(p.unschedulable, "0/3 nodes");
    assert_string_equal(p.facts.default_container, "migration");
    assert_int_equal(p.facts.container_count, 2);
    assert_int_equal(p.facts.annotations.count, 2); /* the long one is no version */
    assert_int_equal(p.containers_wanted, 3);
    assert_int_equal(p.container_count, 3);
    const struct container_status *proxy = &p.containers[0];
    assert_string_equal(proxy->name, "proxy");
    assert_true(proxy->is_init);
    assert_int_equal(proxy->state, CONTAINER_RUNNING);
    assert_true(proxy->started_s > 0 && proxy->finished_s == 0);
    const struct container_status *run = &p.containers[1];
    assert_false(run->is_init);
    assert_int_equal(run->state, CONTAINER_TERMINATED);
    assert_int_equal(run->exit_code, 137);
    assert_string_equal(run->reason, "OOMKilled");
    assert_string_equal(run->message, "out of memory");
    assert_string_equal(run->image_id, "orders@sha256:2");
    assert_int_equal(run->finished_s - run->started_s, 7);
    assert_int_equal(p.containers[2].state, CONTAINER_WAITING);
    assert_string_equal(p.containers[2].reason, "ImagePullBackOff");
}

/* What tells that a container has started, at least once. */
static void test_ever_started(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        bool started;
    } rows[] = {
        {"{}", false},
        {"{\"state\": {\"waiting\": {}}}", false},
        {"{\"state\": {\"waiting\": {\"reason\": \"ImagePullBackOff\"}}}", false},
        {"{\"state\": {\"running\": {\"startedAt\": \"2026-11-22T01:00:00Z\"}}}", true},
        {"{\"state\": {\"running\": {}}}", true},
        {"{\"state\": {\"terminated\": {\"startedAt\": \"2026-11-22T01:00:00Z\"}}}", true},
        /* The runtime could not start it. */
        {"{\"containerID\": \"c://1\", \"state\": {\"terminated\": {\"reason\": \"StartError\","
         " \"startedAt\": \"1970-01-01T00:00:00Z\", \"finishedAt\": \"2026-11-22T01:00:00Z\"}}}",
         false},
        /* The kubelet found none: never there, or lost. */
        {"{\"state\": {\"terminated\": {\"reason\": \"ContainerStatusUnknown\", \"exitCode\": 137,"
         " \"startedAt\": null, \"finishedAt\": null}}}",
         false},
        {"{\"containerID\": \"c://1\", \"state\": {\"terminated\": {\"exitCode\": 137,"
         " \"reason\": \"ContainerStatusUnknown\", \"startedAt\": null}}}",
         true},
        {"{\"state\": {\"waiting\": {}}, \"lastState\": {\"terminated\": {\"exitCode\": 137,"
         " \"reason\": \"ContainerStatusUnknown\", \"startedAt\": null}}}",
         true},
        {"{\"state\": {\"waiting\": {}}, \"lastState\": {\"terminated\":"
         " {\"startedAt\": \"2026-11-22T01:00:00Z\"}}}",
         true},
        {"{\"state\": {\"waiting\": {}}, \"restartCount\": 1}", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_fini) struct arena arena = {0};
        json_t *status = case_json(rows[i].status);
        (void)json_object_set_new(status, "name", json_string("migration"));
        json_auto_t *object = json_pack("{s:{s:s, s:s}, s:{s:[o]}}", "metadata", "name", "p", "uid",
                                        "u", "status", "containerStatuses", status);
        struct pod p;
        struct err err = {0};
        assert_true(pod_decode(&arena, object, &p, &err));
        if (p.containers[0].ever_started != rows[i].started) {
            fail_msg("row %zu: %s", i, rows[i].status);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deployment),
        cmocka_unit_test(test_daemon_set),
        cmocka_unit_test(test_rollout_that_hangs),
        cmocka_unit_test(test_rollout_in_order),
        cmocka_unit_test(test_replicas_are_1_unless_said),
        cmocka_unit_test(test_job),
        cmocka_unit_test(test_job_is_not_over_before_its_end),
        cmocka_unit_test(test_pod),
        cmocka_unit_test(test_ever_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
