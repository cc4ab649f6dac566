/* SPDX-License-Identifier: Apache-2.0 */
#include "app/tidier.h"

#include <stdlib.h>

#include "app/cluster.h"
#include "app/tidy.h"
#include "base/mem.h"
#include "codec/decode.h"
#include "codec/job_patch.h"

struct tidier *tidier_of(struct task *task)
{
    return (struct tidier *)(void *)task; /* its first member */
}

void tidier_free(struct tidier *tidier)
{
    task_fini(&tidier->task);
    arena_fini(&tidier->arena);
    free(tidier->key);
    free(tidier->ns);
    free(tidier->name);
    free(tidier);
}

static void end_chain(struct tidier *tidier)
{
    struct cluster *cluster = tidier->cluster;
    struct task *task = &tidier->task;
    (void)map_take(&cluster->tidiers, tidier->key);
    if (task->is_failed) {
        telemetry_problem(cluster->telemetry, "tidying failed", tidier->key, &task->err);
        queue_failed(cluster->queue, tidier->key, task->retry_after_ms);
    } else {
        queue_done(cluster->queue, tidier->key);
    }
    tidier_free(tidier);
}

static void go_on(struct task *task)
{
    struct tidier *tidier = tidier_of(task);
    if (task->is_failed || ++tidier->steps > TIDIER_STEPS_MAX) {
        end_chain(tidier);
        return;
    }
    tidier->turn(tidier);
    if (task->in_flight == 0) {
        end_chain(tidier);
    }
}

void tidier_begin(struct cluster *cluster, const char *ns, const char *name, const char *key,
                  void (*turn)(struct tidier *tidier))
{
    struct tidier *tidier = xcalloc(1, sizeof(*tidier));
    tidier->task =
        (struct task){.client = cluster->client, .guard = cluster->guard, .on_idle = go_on};
    tidier->cluster = cluster;
    tidier->key = xstrdup(key);
    tidier->ns = xstrdup(ns);
    tidier->name = xstrdup(name);
    tidier->turn = turn;
    (void)map_set(&cluster->tidiers, key, tidier);
    go_on(&tidier->task);
}

/* ---- fresh reads ---- */

/* An answer that is neither the object nor that there is none fails the task. */
static bool is_there(struct task *task, const struct kube_response *response, const char *what,
                     enum presence *ret_presence)
{
    if (response->is_ok) {
        *ret_presence = PRESENCE_PRESENT;
    } else if (response->err.kind == ERR_NOT_FOUND) {
        *ret_presence = PRESENCE_ABSENT;
    } else {
        task_fail(task, response, what);
    }
    return response->is_ok;
}

void tidier_on_migration(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct tidier *tidier = tidier_of(task);
    struct err err = {0};
    if (!is_there(task, response, "read the migration", &tidier->migration_presence)) {
        return;
    }
    tidier->migration = arena_alloc(&tidier->arena, sizeof(*tidier->migration));
    if (!migration_decode(&tidier->arena, response->body, tidier->migration, &err)) {
        task_fail_with(task, &err);
    }
}

void tidier_on_database(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct tidier *tidier = tidier_of(task);
    struct err err = {0};
    if (!is_there(task, response, "read the Database", &tidier->database_presence)) {
        return;
    }
    tidier->database = arena_alloc(&tidier->arena, sizeof(*tidier->database));
    if (!database_decode(&tidier->arena, response->body, tidier->database, &err)) {
        task_fail_with(task, &err);
    }
}

void tidier_on_job(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct tidier *tidier = tidier_of(task);
    struct err err = {0};
    tidier->are_pods_fresh = false; /* pods prove something of the Job that was read before them */
    if (!is_there(task, response, "read the Job", &tidier->job_presence)) {
        return;
    }
    tidier->job = arena_alloc(&tidier->arena, sizeof(*tidier->job));
    if (!job_decode(&tidier->arena, response->body, tidier->job, &err)) {
        task_fail_with(task, &err);
    }
}

void tidier_on_pods(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct tidier *tidier = tidier_of(task);
    if (!response->is_ok) {
        task_fail(task, response, "read the pods of the attempt");
        return;
    }
    const json_t *items = json_object_get(response->body, "items");
    tidier->pod_count = json_array_size(items);
    tidier->pods = arena_array(&tidier->arena, tidier->pod_count, sizeof(*tidier->pods));
    for (size_t i = 0; i < tidier->pod_count; i++) {
        struct err err = {0};
        if (!pod_decode(&tidier->arena, json_array_get(items, i), &tidier->pods[i], &err)) {
            task_fail_with(task, &err);
            return;
        }
    }
    tidier->are_pods_fresh = true;
}

void tidier_get(struct tidier *tidier, const char *path, task_fn *fn)
{
    struct kube_call call = {.method = KUBE_GET, .path = path};
    task_call(&tidier->task, &call, fn, 0);
}

/* ---- writes ---- */

void tidier_on_changed(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct tidier *tidier = tidier_of(task);
    if (!response->is_ok && response->err.kind != ERR_NOT_FOUND) {
        task_fail(task, response, "tidy up");
        return;
    }
    tidier->steps = TIDIER_STEPS_MAX;
}

void tidier_delete_job(struct tidier *tidier, const struct job *job)
{
    json_auto_t *options = delete_options(job->meta.uid, job->meta.resource_version);
    struct kube_call call = {
        .method = KUBE_DELETE,
        .path = resource_path(&tidier->arena, RESOURCE_JOB, job->meta.ns, job->meta.name),
        .body = options,
    };
    task_call(&tidier->task, &call, tidier_on_changed, 0);
}

void tidier_patch(struct tidier *tidier, enum resource resource, const struct meta *meta,
                  const json_t *body, task_fn *fn)
{
    struct kube_call call = {
        .method = KUBE_PATCH,
        .path = resource_path(&tidier->arena, resource, meta->ns, meta->name),
        .content_type = KUBE_STRATEGIC_MERGE_PATCH,
        .body = body,
    };
    task_call(&tidier->task, &call, fn, 0);
}
