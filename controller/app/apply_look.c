/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fresh look (R7): after the claim was seen, everything that the decision to start depends on is
 * read from the API server; the clock is its own, as these answers tell it. The finalizer of step 4 is put on in the same round: its answer is a fresh
 * read of the migration, and the server refuses it where the migration changed or is being deleted.
 */
#include "app/applications.h"
#include "app/apply.h"
#include "app/concern.h"
#include "app/observe.h"
#include "app/resource.h"
#include "base/clock.h"
#include "base/str.h"
#include "codec/decode.h"
#include "codec/status.h"
#include "domain/approval.h"

static struct work *work_of(struct task *task)
{
    return (struct work *)(void *)task;
}

static void on_migration(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    if (!response->is_ok) {
        if (response->err.kind == ERR_NOT_FOUND) {
            concern_gone(work->cluster, SOURCE_MIGRATIONS, &work->migration);
        }
        task_fail(task, response, "read the migration anew");
        return;
    }
    apply_learn(work, SOURCE_MIGRATIONS, response);
    const json_t *meta = json_object_get(response->body, "metadata");
    const char *version = json_string_value(json_object_get(meta, "resourceVersion"));
    work->learnt.migration_version = arena_strdup(&work->learnt.arena, version);
}

static void on_inherited(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    if (response->is_ok) {
        work->learnt.inherited = json_incref(response->body);
    } else if (response->err.kind != ERR_NOT_FOUND) {
        task_fail(task, response, "read the workload to inherit from");
    }
}

/* Its window, and whether the claim still stands. Gone: the watch tells the rest. */
static void on_database(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    if (!response->is_ok) {
        task_fail(task, response, "read the Database anew");
        return;
    }
    apply_learn(work_of(task), SOURCE_DATABASES, response);
}

/* Its success is never undone, but another migration may have come by its name, and must succeed itself. */
static void on_dependency(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    struct arena *arena = &work->learnt.arena;
    struct err err = {0};
    if (!response->is_ok && response->err.kind == ERR_NOT_FOUND) {
        return; /* missing: it stays NULL */
    }
    if (!response->is_ok) {
        task_fail(task, response, "read a migration that it comes after");
        return;
    }
    struct migration *dependency = arena_alloc(arena, sizeof(*dependency));
    if (!migration_decode(arena, response->body, dependency, &err)) {
        task_fail_with(task, &err);
        return;
    }
    work->learnt.dependencies[index] = dependency;
}

/* Gone: the gate is closed. One that came back by its name is judged as it is now. */
static void on_approval(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    struct err err = {0};
    if (!response->is_ok && response->err.kind == ERR_NOT_FOUND) {
        return;
    }
    if (!response->is_ok) {
        task_fail(task, response, "read the approval anew");
        return;
    }
    struct approval *approval = arena_alloc(&work->learnt.arena, sizeof(*approval));
    if (!approval_decode(&work->learnt.arena, response->body, approval, &err)) {
        task_fail_with(task, &err);
        return;
    }
    work->learnt.approval = approval;
}

static void get(struct work *work, const char *path, task_fn *fn, size_t index)
{
    struct kube_call call = {.method = KUBE_GET, .path = path};
    task_call(&work->task, &call, fn, index);
}

/* A claim older than this is no moment to look at. */
#define SNAPSHOT_MS 1000

/* We wrote the claim a moment ago, so the answer is a fresh read of the Database, and a moment of etcd's. */
static bool is_claim_new(const struct work *work)
{
    return work->claimed_ms != 0 && clock_now_ms() - work->claimed_ms < SNAPSHOT_MS;
}

static bool is_newer(const char *version, const char *than)
{
    uint64_t a = 0;
    uint64_t b = 0;
    return !str_parse_u64(version, &a) || !str_parse_u64(than, &b) || a > b;
}

static bool has_newer(const struct store *store, const char *than)
{
    size_t at = 0;
    const void *object = NULL;
    while (store != NULL && (object = store_next(store, &at)) != NULL) {
        const struct meta *meta = object;
        if (is_newer(meta->resource_version, than)) {
            return true;
        }
    }
    return false;
}

/*
 * Lists are asked for as of the claim that has just been written: they come straight from etcd. A list
 * of the latest state comes from the server's cache, which must first catch up with the claim itself, up
 * to 100 ms. Not where the caches show something newer: then the moment is past, or the kinds are kept
 * in another etcd, whose versions say nothing about ours.
 */
static const char *snapshot_version(struct work *work, const struct observed *seen)
{
    const struct fleet *fleet = work->cluster->fleet;
    const char *version = seen->database == NULL ? NULL : seen->database->meta.resource_version;
    bool is_fit = version != NULL && is_claim_new(work);
    for (unsigned kind = 0; is_fit && kind < FLEET_KINDS; kind++) {
        is_fit = !has_newer(fleet_store(fleet, work->ns, kind), version);
    }
    for (size_t i = 0; is_fit && i < seen->migration->application_count; i++) {
        const struct application *application = &seen->migration->applications[i];
        is_fit = application->kind != WORKLOAD_OTHER ||
                 !has_newer(applications_kind(fleet, work->ns, application).store, version);
    }
    return is_fit ? version : NULL;
}

static void look_at_migration(struct work *work, const struct migration *migration)
{
    struct kube_call call = {
        .method = KUBE_GET,
        .path = resource_path(&work->arena, RESOURCE_MIGRATION, work->ns, work->name),
    };
    json_auto_t *patch = NULL;
    if (!migration->meta.has_finalizer && migration->meta.deleted_s == 0) {
        patch = finalizer_patch(&migration->meta, FINALIZER_MIGRATION, true);
        call.method = KUBE_PATCH;
        call.content_type = KUBE_MERGE_PATCH;
        call.body = patch;
    }
    task_call(&work->task, &call, on_migration, 0);
}

static bool is_an_application(const struct migration *migration)
{
    for (size_t i = 0; i < migration->application_count; i++) {
        const struct application *application = &migration->applications[i];
        if (application->kind == migration->inherit_from.kind && !application->has_selector &&
            str_eq(application->name, migration->inherit_from.name)) {
            return true;
        }
    }
    return false;
}

static void look_at_dependencies(struct work *work, const struct migration *migration)
{
    struct learnt *learnt = &work->learnt;
    learnt->dependency_count = migration->after_count;
    learnt->dependencies =
        arena_array(&learnt->arena, migration->after_count, sizeof(const struct migration *));
    for (size_t i = 0; i < migration->after_count; i++) {
        get(work, resource_path(&work->arena, RESOURCE_MIGRATION, work->ns, migration->after[i]),
            on_dependency, i);
    }
}

/* The one that the caches' verdict stands on: where there is none, the gate is closed without a request. */
static void look_at_approval(struct work *work, const struct observed *seen)
{
    const struct approval *approval = approval_find(seen);
    if (approval != NULL) {
        get(work, resource_path(&work->arena, RESOURCE_APPROVAL, work->ns, approval->meta.name),
            on_approval, 0);
    }
}

void apply_look(struct work *work, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    /* What was seen may be of the look before this one. */
    struct learnt before = work->learnt;
    work->learnt = (struct learnt){0};
    work->learnt.looked_at_ms = clock_now_ms();
    work->learnt.looked_attempt = seen->database == NULL ? 0 : seen->database->claim.attempt;
    work->learnt.looked_generation = migration->meta.generation;
    work->learnt.application_count = migration->application_count;
    work->snapshot = snapshot_version(work, seen);
    look_at_migration(work, migration);
    if (!is_claim_new(work)) {
        get(work,
            resource_path(&work->arena, RESOURCE_DATABASE, migration->database_ns,
                          migration->database_name),
            on_database, 0);
    }
    work->claimed_ms = 0;
    look_at_dependencies(work, migration);
    apply_look_at_prerequisites(work, migration);
    look_at_approval(work, seen);
    apply_look_at_applications(work, seen);
    if (migration->inherit_from.name != NULL && !is_an_application(migration)) {
        get(work,
            resource_path(&work->arena, resource_of(migration->inherit_from.kind), work->ns,
                          migration->inherit_from.name),
            on_inherited, 0);
    }
    json_decref(before.inherited);
    arena_fini(&before.arena);
}
