/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "world.h"

#include "cases.h"
#include "domain/decide.h"

#define OR(value, other) ((value) != NULL ? (value) : (other))

static struct container_status waiting = {
    .name = "migrate",
    .state = CONTAINER_WAITING,
    .reason = "ImagePullBackOff",
    .message = "no such image",
};
static struct container_status runs = {
    .name = "migrate",
    .state = CONTAINER_RUNNING,
    .started_s = NOW - 50,
    .image_id = "registry.example/orders@sha256:1",
    .ever_started = true,
};
static struct container_status ended = {
    .name = "migrate",
    .state = CONTAINER_TERMINATED,
    .reason = "Completed",
    .message = "done",
    .started_s = NOW - 50,
    .finished_s = NOW - 20,
    .image_id = "registry.example/orders@sha256:1",
    .ever_started = true,
};
static struct container_status failed = {
    .name = "migrate",
    .state = CONTAINER_TERMINATED,
    .reason = "Error",
    .message = "no such column",
    .exit_code = 3,
    .started_s = NOW - 50,
    .finished_s = NOW - 20,
    .ever_started = true,
};
static struct container_status never = {
    .name = "migrate",
    .state = CONTAINER_TERMINATED,
    .reason = "ContainerStatusUnknown",
    .exit_code = 137,
};

static struct pod pod_with(const char *phase, struct container_status *container)
{
    return (struct pod){
        .meta = {.name = "pod-1", .uid = POD_UID},
        .phase = phase,
        .node = "node-1",
        .job_uid = JOB_UID,
        .containers = container,
        .container_count = 1,
        .containers_wanted = 1,
    };
}

struct pod world_pod(enum pod_sketch sketch)
{
    struct pod pod = {0};
    switch (sketch) {
    case POD_GATED:
    case POD_WITHDRAWN:
        pod = pod_with("Pending", NULL);
        pod.node = NULL;
        pod.container_count = 0;
        pod.is_gated = true;
        pod.meta.deleted_s = sketch == POD_WITHDRAWN ? NOW - 1 : 0;
        break;
    case POD_NONE:
        break;
    case POD_PENDING:
        pod = pod_with("Pending", NULL);
        pod.node = NULL;
        pod.container_count = 0;
        break;
    case POD_STARTING:
        pod = pod_with("Pending", &waiting);
        break;
    case POD_RUNNING:
        pod = pod_with("Running", &runs);
        break;
    case POD_STOPPING:
        pod = pod_with("Running", &runs);
        pod.meta.deleted_s = NOW + 20;
        pod.meta.grace_s = 30;
        break;
    case POD_SUCCEEDED:
        pod = pod_with("Succeeded", &ended);
        break;
    case POD_FAILED:
        pod = pod_with("Failed", &failed);
        break;
    case POD_EVICTED:
        pod = pod_with("Succeeded", &ended);
        pod.is_disrupted = true;
        pod.disruption_reason = "EvictionByEvictionAPI";
        pod.meta.deleted_s = NOW - 20;
        pod.meta.grace_s = 10;
        break;
    case POD_LOST:
        pod = pod_with("Failed", &runs);
        pod.reason = "NodeLost";
        break;
    case POD_GIVEN_UP:
        pod = pod_with("Running", &runs);
        pod.meta.deleted_s = NOW - 20;
        pod.is_disrupted = true;
        pod.disruption_reason = "DeletionByTaintManager";
        break;
    case POD_NEVER:
        pod = pod_with("Failed", &never);
        break;
    }
    return pod;
}

static void fill_migration(struct migration *migration)
{
    struct meta *meta = &migration->meta;
    meta->ns = "shop";
    meta->name = OR(meta->name, "orders-3");
    meta->uid = OR(meta->uid, UID);
    meta->generation = meta->generation != 0 ? meta->generation : 1;
    meta->created_s = meta->created_s != 0 ? meta->created_s : NOW - 100;
    migration->database = "orders";
    migration->database_ns = OR(migration->database_ns, meta->ns);
    migration->to_version = OR(migration->to_version, "3");
    migration->spec_hash = OR(migration->spec_hash, HASH);
    struct attempt *attempt = &migration->status.attempt;
    if (attempt->number != 0) {
        attempt->generation = attempt->generation != 0 ? attempt->generation : 1;
        attempt->spec_hash = OR(attempt->spec_hash, HASH);
        attempt->job = OR(attempt->job, JOB);
        attempt->job_uid = OR(attempt->job_uid, JOB_UID);
        attempt->start_s = attempt->start_s != 0 ? attempt->start_s : NOW - 60;
    }
}

static void fill_job(struct job *job)
{
    job->meta.name = OR(job->meta.name, JOB);
    job->meta.uid = OR(job->meta.uid, JOB_UID);
    job->migration_uid = OR(job->migration_uid, UID);
    job->migration = OR(job->migration, "orders-3");
    job->attempt = job->attempt != 0 ? job->attempt : 1;
    job->spec_hash = OR(job->spec_hash, HASH);
}

struct observed world_see(struct arena *arena, struct world *world)
{
    struct observed seen = world->seen;
    fill_migration(&world->migration);
    fill_job(&world->job);
    world->database.meta.ns = OR(world->database.meta.ns, "shop");
    world->database.meta.name = "orders";
    if (world->claim_attempt != 0) {
        world->database.claim = (struct claim){
            .migration = world->migration.meta.name,
            .uid = world->migration.meta.uid,
            .attempt = world->claim_attempt,
            .spec_hash = OR(world->claim_hash, HASH),
            .since_s = NOW - 61,
        };
    }
    seen.now_s = seen.now_s != 0 ? seen.now_s : NOW;
    seen.migration = &world->migration;
    if (seen.namespace_state == NAMESPACE_UNKNOWN && !world->namespace_not_read) {
        seen.namespace_state = NAMESPACE_ACTIVE;
    }
    seen.database = world->no_database ? NULL : &world->database;
    seen.job = seen.job_presence == PRESENCE_PRESENT ? &world->job : NULL;
    struct pod *pods = arena_array(arena, 2, sizeof(*pods));
    if (world->pod != POD_NONE) {
        pods[seen.pod_count] = world_pod(world->pod);
        pods[seen.pod_count++].meta.has_finalizer = world->has_pod_finalizer;
    }
    if (world->second != POD_NONE) {
        pods[seen.pod_count] = world_pod(world->second);
        pods[seen.pod_count++].meta.uid = SECOND_UID;
    }
    seen.pods = pods;
    return seen;
}

void world_test(void **state)
{
    struct world *world = *state;
    const struct expected *expected = &world->expected;
    struct arena arena = {0};
    struct observed seen = world_see(&arena, world);
    struct plan plan;

    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, expected->case_id);
    assert_int_equal(plan.actions, expected->actions);
    assert_int_equal(plan.wake_at_s, expected->wake_at_s);
    assert_int_equal(plan.is_ready, expected->is_ready);
    assert_int_equal(plan.is_status_minor, expected->is_minor);
    assert_text(plan.passage == NULL ? NULL : plan.passage->version, expected->version);
    if ((plan.actions & ACTION_WRITE_STATUS) != 0) {
        assert_string_equal(phase_name(plan.status.phase), phase_name(expected->phase));
        assert_text(plan.status.reason, expected->reason);
        if (expected->message != NULL) {
            assert_text(plan.status.message, expected->message);
        }
        assert_int_equal(plan.status.withdrawn, expected->withdrawn);
        assert_int_equal(plan.status.attempt.number, expected->attempt);
        assert_text(plan.status.attempt.pod_uid,
                    OR(expected->pod_uid, world->migration.status.attempt.pod_uid));
        assert_text(plan.status.attempt.approval.by, expected->approved_by);
        assert_string_equal(outcome_name(plan.status.attempt.outcome),
                            outcome_name(expected->outcome));
        assert_int_equal(plan.status.observed_generation, world->migration.meta.generation);
        assert_int_equal(plan.status.last_breach.until_s, expected->breach_until_s);
        if (expected->history != 0) {
            assert_int_equal(plan.status.history_count, expected->history);
        }
    }
    arena_fini(&arena);
}
