/* SPDX-License-Identifier: Apache-2.0 */
/* The Job of an attempt and its pods: steps 5, 6, 8, 9, 11 and 14 of the run protocol. */
#include <stdlib.h>

#include "app/apply.h"
#include "app/concern.h"
#include "app/resource.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/decode.h"
#include "codec/job.h"
#include "codec/job_patch.h"
#include "domain/podgate.h"
#include "kube/path.h"

static struct work *work_of(struct task *task)
{
    return (struct work *)(void *)task;
}

/* ---- reading ---- */

static struct job *learn_job(struct work *work, const struct kube_response *response)
{
    struct err err = {0};
    struct job *job = arena_alloc(&work->learnt.arena, sizeof(*job));
    if (!job_decode(&work->learnt.arena, response->body, job, &err)) {
        task_fail_with(&work->task, &err);
        return NULL;
    }
    return job;
}

/* What is learnt from now on is about the Job of that name. */
static void ask_job(struct work *work, const char *name)
{
    work->learnt.job_asked = arena_strdup(&work->learnt.arena, name);
}

static void job_is(struct work *work, enum presence presence, struct job *job)
{
    work->learnt.job_presence = presence;
    work->learnt.job = job;
}

static void on_job_read(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    const struct migration *migration = apply_migration(work);
    work->learnt.are_pods_fresh =
        false; /* pods prove something of the Job that was read before them */
    if (!response->is_ok && response->err.kind == ERR_NOT_FOUND) {
        job_is(work, PRESENCE_ABSENT, NULL);
        return;
    }
    if (!response->is_ok) {
        task_fail(task, response, "read the Job");
        return;
    }
    if (migration == NULL) {
        task_fail_with(task, &(struct err){ERR_NOT_FOUND, "the migration went meanwhile"});
        return;
    }
    struct job *job = learn_job(work, response);
    if (job != NULL) {
        /* Another object of that name is not our Job: ours is gone. */
        bool is_ours = str_eq(job->meta.uid, migration->status.attempt.job_uid);
        job_is(work, is_ours ? PRESENCE_PRESENT : PRESENCE_ABSENT, is_ours ? job : NULL);
    }
}

void apply_read_job(struct work *work, const struct observed *seen)
{
    ask_job(work, seen->migration->status.attempt.job);
    struct kube_call call = {
        .method = KUBE_GET,
        .path = resource_path(&work->arena, RESOURCE_JOB, work->ns,
                              seen->migration->status.attempt.job),
    };
    task_call(&work->task, &call, on_job_read, 0);
}

static void on_pods_read(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    struct learnt *learnt = &work->learnt;
    if (!response->is_ok) {
        task_fail(task, response, "read the pods of the attempt");
        return;
    }
    const json_t *items = json_object_get(response->body, "items");
    learnt->pod_count = json_array_size(items);
    learnt->pods = arena_array(&learnt->arena, learnt->pod_count, sizeof(*learnt->pods));
    for (size_t i = 0; i < learnt->pod_count; i++) {
        struct err err = {0};
        if (!pod_decode(&learnt->arena, json_array_get(items, i), &learnt->pods[i], &err)) {
            task_fail_with(task, &err);
            return;
        }
    }
    learnt->are_pods_fresh = true;
}

void apply_read_pods(struct work *work, const struct observed *seen)
{
    const char *job_uid = seen->migration->status.attempt.job_uid;
    const char *selector =
        arena_printf(&work->arena, "batch.kubernetes.io/controller-uid=%s", job_uid);
    work->learnt.pods_asked = arena_strdup(&work->learnt.arena, job_uid);
    work->learnt.pod_noted =
        arena_strdup(&work->learnt.arena, seen->migration->status.attempt.pod_uid);
    work->learnt.are_pods_fresh = false;
    struct kube_call call = {
        .method = KUBE_GET,
        .path = resource_select_path(&work->arena, RESOURCE_POD, work->ns, selector),
    };
    task_call(&work->task, &call, on_pods_read, 0);
}

static void on_events_read(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    /* Who may not read them is told no reason; the run goes on all the same. */
    if (!response->is_ok && response->err.kind != ERR_FORBIDDEN) {
        task_fail(task, response, "read the Events of the Job");
        return;
    }
    const json_t *items = json_object_get(response->body, "items");
    size_t count = json_array_size(items);
    const json_t *newest = count == 0 ? NULL : json_array_get(items, count - 1);
    const char *message = json_string_value(json_object_get(newest, "message"));
    free(work->no_pod_reason);
    work->no_pod_reason = xstrdup(message == NULL ? "" : message);
    work->no_pod_asked_s = cluster_now_s(work->cluster);
}

void apply_read_job_events(struct work *work, const struct observed *seen)
{
    free(work->no_pod_job);
    work->no_pod_job = xstrdup(seen->job->meta.uid);
    char *path = resource_path(&work->arena, RESOURCE_EVENT, work->ns, NULL);
    const char *fields = arena_printf(&work->arena, "involvedObject.uid=%s,reason=FailedCreate",
                                      seen->job->meta.uid);
    struct kube_call call = {
        .method = KUBE_GET,
        .path = kube_path_query(&work->arena, path, "fieldSelector", fields),
    };
    task_call(&work->task, &call, on_events_read, 0);
}

/* ---- creating: steps 5 and 6 ---- */

static bool is_ours(const struct work *work, const struct job *job)
{
    const struct migration *migration = apply_migration(work);
    const struct database *database =
        migration == NULL ? NULL : cluster_database_of(work->cluster, migration);
    return database != NULL && str_eq(job->migration_uid, migration->meta.uid) &&
           job->attempt == database->claim.attempt &&
           str_eq(job->spec_hash, database->claim.spec_hash) && job->parallelism == 0 &&
           !job->meta.has_finalizer && job->meta.deleted_s == 0;
}

/* A Job of that name was there: ours from before a crash, or a stranger's, which is never touched. */
static void on_taken_read(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    if (!response->is_ok) {
        task_fail(task, response, "read the Job that has our name");
        return;
    }
    struct job *job = learn_job(work, response);
    if (job == NULL) {
        return;
    }
    if (is_ours(work, job)) {
        job_is(work, PRESENCE_PRESENT, job);
    } else {
        work->learnt.job_name_taken =
            arena_printf(&work->learnt.arena, "Job %s (UID %s), which is not this attempt's",
                         job->meta.name, job->meta.uid);
    }
}

static void on_job_created(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    if (response->is_ok) {
        struct job *job = learn_job(work, response);
        if (job != NULL) {
            job_is(work, PRESENCE_PRESENT, job); /* step 6: with its UID */
        }
    } else if (response->err.kind == ERR_EXISTS) {
        struct kube_call call = {
            .method = KUBE_GET,
            .path = resource_path(&work->arena, RESOURCE_JOB, work->ns, work->job_name),
        };
        task_call(task, &call, on_taken_read, 0);
    } else if (response->err.kind == ERR_INVALID || response->err.kind == ERR_FORBIDDEN) {
        work->learnt.job_refused = arena_strdup(&work->learnt.arena, response->err.text);
        work_set_dry_run(work, DRY_RUN_DUE, "", NULL); /* the gate asks again, and shows it */
    } else {
        task_fail(task, response, "create the Job");
    }
}

void apply_create_job(struct work *work, const struct observed *seen)
{
    struct err err = {0};
    int64_t attempt = seen->database->claim.attempt;
    work->job_name = job_name(&work->arena, &seen->migration->meta, attempt);
    ask_job(work, work->job_name);
    json_auto_t *job =
        job_build(&work->arena, seen->migration, attempt, work->learnt.inherited, &err);
    if (job == NULL) {
        work->learnt.job_refused = arena_strdup(&work->learnt.arena, err.text);
        work_set_dry_run(work, DRY_RUN_DUE, "", NULL);
        work->is_step_done = true;
        return;
    }
    char *path = resource_path(&work->arena, RESOURCE_JOB, work->ns, NULL);
    struct kube_call call = {
        .method = KUBE_POST,
        .path = kube_path_query(&work->arena, path, "fieldValidation", "Strict"),
        .body = job,
    };
    task_call(&work->task, &call, on_job_created, 0);
}

/* ---- changing: steps 8, 9, 11 and 14 ---- */

/* Index of on_job_patched: what was done, and so what its failure means. */
enum job_change { JOB_ARMED, JOB_ENDED, JOB_LET_GO };

static void on_job_patched(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    if (response->is_ok) {
        struct job *job = learn_job(work, response);
        if (job != NULL) {
            job_is(work, PRESENCE_PRESENT, job);
            apply_learn(work, SOURCE_JOBS, response);
        }
        return;
    }
    if (index == JOB_LET_GO && response->err.kind == ERR_NOT_FOUND) {
        job_is(work, PRESENCE_ABSENT, NULL);
        return;
    }
    /* 404 and 422 too: the Job is not what we took it for, so everything is looked at anew. */
    task_fail(task, response, "change the Job");
}

static void patch_job(struct work *work, const struct job *job, const json_t *patch,
                      enum job_change change)
{
    ask_job(work, job->meta.name);
    struct kube_call call = {
        .method = KUBE_PATCH,
        .path = resource_path(&work->arena, RESOURCE_JOB, work->ns, job->meta.name),
        .content_type = KUBE_STRATEGIC_MERGE_PATCH,
        .body = patch,
    };
    task_call(&work->task, &call, on_job_patched, change);
}

void apply_arm(struct work *work, const struct observed *seen)
{
    json_auto_t *patch = job_arm_patch(seen->job->meta.uid, seen->migration->timeout_s);
    patch_job(work, seen->job, patch, JOB_ARMED);
}

void apply_end_job(struct work *work, const struct observed *seen)
{
    const struct meta *meta = &seen->job->meta;
    json_auto_t *patch = job_end_patch(meta->uid, meta->resource_version);
    patch_job(work, seen->job, patch, JOB_ENDED);
}

void apply_let_go_job(struct work *work, const struct observed *seen)
{
    json_auto_t *patch =
        job_let_go_patch(seen->job->meta.uid, &seen->migration->meta, seen->migration->keep_for_s);
    patch_job(work, seen->job, patch, JOB_LET_GO);
}

static void on_job_deleted(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    if (!response->is_ok && response->err.kind != ERR_NOT_FOUND) {
        task_fail(task, response, "delete the Job"); /* 409: it is not parked any more */
        return;
    }
    /* Whether it is gone or being deleted is for the next look to tell. */
    job_is(work, PRESENCE_UNKNOWN, NULL);
}

void apply_delete_job(struct work *work, const struct observed *seen)
{
    const struct meta *meta = &seen->job->meta;
    ask_job(work, meta->name);
    json_auto_t *options = delete_options(meta->uid, meta->resource_version);
    struct kube_call call = {
        .method = KUBE_DELETE,
        .path = resource_path(&work->arena, RESOURCE_JOB, work->ns, meta->name),
        .body = options,
    };
    task_call(&work->task, &call, on_job_deleted, 0);
}

static void on_pod_opened(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    if (response->is_ok) {
        apply_learn(work, SOURCE_PODS, response);
    } else {
        /* 404 and 409: it is another pod, or gone. */
        task_fail(task, response, "open the pod of the attempt");
    }
}

void apply_open_pod(struct work *work, const struct observed *seen)
{
    const char *uid = seen->migration->status.attempt.pod_uid;
    const struct pod *pod = podgate_find(seen->pods, seen->pod_count, uid);
    json_auto_t *patch = pod_open_patch(uid);
    struct kube_call call = {
        .method = KUBE_PATCH,
        .path = resource_path(&work->arena, RESOURCE_POD, pod->meta.ns, pod->meta.name),
        .content_type = KUBE_STRATEGIC_MERGE_PATCH,
        .body = patch,
    };
    task_call(&work->task, &call, on_pod_opened, 0);
    work->learnt.are_pods_fresh = false; /* as after letting them go */
}

static void on_pod_let_go(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    if (response->is_ok) {
        apply_learn(work, SOURCE_PODS, response);
    } else if (response->err.kind == ERR_NOT_FOUND) {
        concern_gone(work->cluster, SOURCE_PODS, &work->pods[index]);
    } else {
        task_fail(task, response, "take the finalizer off a pod");
    }
}

void apply_let_go_pods(struct work *work, const struct observed *seen)
{
    work->pods = arena_array(&work->arena, seen->pod_count, sizeof(*work->pods));
    for (size_t i = 0; i < seen->pod_count; i++) {
        const struct meta *meta = &seen->pods[i].meta;
        if (!meta->has_finalizer) {
            continue;
        }
        json_auto_t *patch = pod_let_go_patch(meta);
        struct kube_call call = {
            .method = KUBE_PATCH,
            .path = resource_path(&work->arena, RESOURCE_POD, meta->ns, meta->name),
            .content_type = KUBE_STRATEGIC_MERGE_PATCH,
            .body = patch,
        };
        work->pods[i] = (struct meta){
            .ns = work->ns,
            .name = arena_strdup(&work->arena, meta->name),
            .uid = arena_strdup(&work->arena, meta->uid),
        };
        task_call(&work->task, &call, on_pod_let_go, i);
    }
    /* What was read is not true any more; the answers keep the cache current. */
    work->learnt.are_pods_fresh = false;
}
