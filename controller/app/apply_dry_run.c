/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate JobValid: the API server is asked, without creating anything, whether it would take the real Job
 * and a Pod made from its template. The Job alone would let a missing ServiceAccount and a Pod Security
 * violation through.
 */
#include "app/apply.h"
#include "app/cluster.h"
#include "app/observe.h"
#include "app/resource.h"
#include "base/str.h"
#include "codec/job.h"
#include "domain/attempt.h"
#include "kube/path.h"

/* What may pass by itself (a missing account, a quota) is nothing that can be watched: it is asked about again. */
#define AGAIN_FIRST_S   30
#define AGAIN_LARGEST_S 300

static struct work *work_of(struct task *task)
{
    return (struct work *)(void *)task;
}

enum half { HALF_JOB, HALF_POD };

/*
 * Which of two refusals is told must not depend on which answer came first: the one that waits for an edit, or
 * else the Job's.
 */
static bool is_overruled(const struct work *work, enum dry_run_result result, enum half half)
{
    switch (work->dry_run.result) {
    case DRY_RUN_REFUSED:
        return result != DRY_RUN_REFUSED || half != HALF_JOB;
    case DRY_RUN_LATER:
        return result != DRY_RUN_REFUSED && half != HALF_JOB;
    case DRY_RUN_DUE:
    case DRY_RUN_ACCEPTED:
        break;
    }
    return false;
}

static void refuse(struct work *work, enum half half, enum dry_run_result result,
                   const char *reason, const char *message)
{
    if (is_overruled(work, result, half)) {
        return;
    }
    work_set_dry_run(work, result, reason, message);
    work->dry_run.again_s = cluster_now_s(work->cluster) + work->dry_run.delay_s;
}

static int64_t longer(int64_t delay_s)
{
    if (delay_s == 0) {
        return AGAIN_FIRST_S;
    }
    return 2 * delay_s < AGAIN_LARGEST_S ? 2 * delay_s : AGAIN_LARGEST_S;
}

/* A Job of this attempt is there already, made by a controller that is gone perhaps: step 5 reads whose it is. */
static bool is_begun(const struct work *work)
{
    const struct migration *migration = apply_migration(work);
    return migration != NULL &&
           cluster_is_claimed_for(work->cluster, migration, attempt_next(migration));
}

/* The index is the half. */
static void on_dry_run(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    enum half half = (enum half)index;
    bool is_job = half == HALF_JOB;
    const char *what = is_job ? "Job" : "pod";
    if (response->is_ok) {
        return;
    }
    const char *message =
        arena_printf(&work->arena, "the API server refuses the %s: %s", what, response->err.text);
    switch (response->err.kind) {
    case ERR_INVALID:
        refuse(work, half, DRY_RUN_REFUSED, is_job ? "JobRefused" : "PodRefused", message);
        break;
    case ERR_EXISTS:
        if (is_job && is_begun(work)) {
            break;
        }
        /* Another's Job: never touched, and gone one day perhaps. */
        refuse(work, half, DRY_RUN_LATER, is_job ? "JobNameTaken" : "PodForbidden", message);
        break;
    case ERR_FORBIDDEN:
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
        refuse(work, half, DRY_RUN_LATER, is_job ? "JobForbidden" : "PodForbidden", message);
        break;
    case ERR_NONE:
    case ERR_TRANSIENT:
    case ERR_UNAUTHORIZED:
    case ERR_GONE:
    case ERR_CANCELED:
    case ERR_INTERNAL:
    case ERR_KIND_MAX:
        /* Not an answer: asked again after the backoff. */
        work->dry_run.result = DRY_RUN_DUE;
        task_fail(task, response, "check the Job by a dry run");
        break;
    }
}

static void post(struct work *work, enum resource resource, const json_t *object, size_t index)
{
    char *path = resource_path(&work->arena, resource, work->ns, NULL);
    path = kube_path_query(&work->arena, path, "dryRun", "All");
    path = kube_path_query(&work->arena, path, "fieldValidation", "Strict");
    struct kube_call call = {.method = KUBE_POST, .path = path, .body = object};
    task_call(&work->task, &call, on_dry_run, index);
}

static void ask(struct work *work, const struct migration *migration, const json_t *workload)
{
    struct err err = {0};
    work->dry_run.delay_s = longer(work->dry_run.delay_s);
    json_auto_t *job = job_build(&work->arena, migration, attempt_next(migration), workload, &err);
    if (job == NULL) {
        bool is_missing = err.kind == ERR_NOT_FOUND;
        refuse(work, HALF_JOB, is_missing ? DRY_RUN_LATER : DRY_RUN_REFUSED,
               is_missing ? "InheritedWorkloadMissing" : "SpecInvalid", err.text);
        if (observe_knows_inherited(work, migration)) {
            work->dry_run.again_s = 0; /* the watch will tell */
        }
        work->is_step_done = true;
        return;
    }
    json_auto_t *pod = job_dry_run_pod(job);
    /* Until an answer says otherwise; a failed request sets it back. */
    work_set_dry_run(work, DRY_RUN_ACCEPTED, "Accepted", NULL);
    post(work, RESOURCE_JOB, job, HALF_JOB);
    post(work, RESOURCE_POD, pod, HALF_POD);
}

static void on_workload(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    const struct migration *migration = apply_migration(work);
    if (!response->is_ok && response->err.kind != ERR_NOT_FOUND) {
        task_fail(task, response, "read the workload to inherit from");
        return;
    }
    if (migration == NULL || migration->meta.generation != work->dry_run.generation) {
        return; /* it changed meanwhile, and is asked about anew */
    }
    struct edition found = {0};
    if (response->is_ok) {
        const json_t *meta = json_object_get(response->body, "metadata");
        found = edition_of(json_string_value(json_object_get(meta, "uid")),
                           json_integer_value(json_object_get(meta, "generation")));
    }
    if (!edition_is_same(&found, &work->dry_run.asked)) {
        work->dry_run.delay_s = 0;
    }
    work->dry_run.asked = found;
    work->dry_run.cached = observe_inherited_edition(work, migration);
    ask(work, migration, response->is_ok ? response->body : NULL);
}

void apply_dry_run(struct work *work, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    const struct inherit_from *from = &migration->inherit_from;
    work_set_dry_run(work, DRY_RUN_DUE, "", NULL);
    if (work->dry_run.generation != migration->meta.generation) {
        work->dry_run.delay_s = 0;
    }
    work->dry_run.generation = migration->meta.generation;
    if (from->name == NULL) {
        ask(work, migration, NULL);
        return;
    }
    struct kube_call call = {
        .method = KUBE_GET,
        .path = resource_path(&work->arena, resource_of(from->kind), work->ns, from->name),
    };
    task_call(&work->task, &call, on_workload, 0);
}
