/* SPDX-License-Identifier: Apache-2.0 */
#include "app/apply.h"

#include <stdlib.h>

#include "app/concern.h"
#include "app/observe.h"
#include "app/resource.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/event.h"
#include "codec/status.h"
#include "domain/soak.h"

/* Statuses that differ in counts alone are written at most this often. */
#define MINOR_STATUS_EVERY_MS 1000

static struct work *work_of(struct task *task)
{
    return (struct work *)(void *)task; /* its first member */
}

static void learn(struct work *work, enum source source, const json_t *object, bool may_insert)
{
    struct err err = {0};
    if (concern_learn(work->cluster, source, object, may_insert, &err) == STORE_FAILED) {
        task_fail_with(&work->task, &err);
    }
}

void apply_learn(struct work *work, enum source source, const struct kube_response *response)
{
    learn(work, source, response->body, false);
}

const struct migration *apply_migration(const struct work *work)
{
    return cluster_migration(work->cluster, work->ns, work->name);
}

/* ---- the migration: steps 7, 10, 12 and every judgement ---- */

/* Every patch says something new: a server that stores nothing of it knows no such fields. */
static bool was_dropped(const struct work *work, const struct kube_response *response)
{
    const json_t *meta = json_object_get(response->body, "metadata");
    const char *version = json_string_value(json_object_get(meta, "resourceVersion"));
    const json_t *status = json_object_get(response->body, "status");
    /* Without it a claim that was given back is not waited with. */
    bool is_time_lost =
        work->plan.status.withdrawn_s != 0 && json_object_get(status, "withdrawnTime") == NULL;
    return is_time_lost || str_eq(version, work->status_from);
}

static void on_status_written(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    struct cluster *cluster = work->cluster;
    if (!response->is_ok) {
        if (response->err.kind == ERR_NOT_FOUND) {
            concern_gone(cluster, SOURCE_MIGRATIONS, &work->migration);
        }
        task_fail(task, response, "write the status");
        return;
    }
    if (was_dropped(work, response)) {
        /* A failure, for its backoff: what is missing would be written again and again. */
        task_fail_with(task,
                       &(struct err){ERR_INVALID, "the API server does not keep all of what is "
                                                  "written to the status: its CRDs are "
                                                  "older than this controller, apply those "
                                                  "of this version"});
        return;
    }
    work->status_written_ms = clock_now_ms();
    breach_memory_forget(&work->breach);
    work->owes_event = true;
    apply_learn(work, SOURCE_MIGRATIONS, response);
    const struct migration *migration = apply_migration(work);
    if (migration != NULL && work->ends_attempt) {
        telemetry_attempt_ended(cluster->telemetry, &migration->status.attempt);
    }
    if (migration != NULL && !work->plan.is_status_minor) {
        telemetry_transition(cluster->telemetry, migration, work->plan.case_id);
    }
}

static void write_status(struct work *work, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    if (!breach_same(&migration->status.last_breach, &work->plan.status.last_breach)) {
        breach_memory_keep(&work->breach, &work->plan.status.last_breach);
    }
    int64_t next_ms = work->status_written_ms + MINOR_STATUS_EVERY_MS;
    if (work->plan.is_status_minor && clock_now_ms() < next_ms) {
        queue_add_at(work->cluster->queue, work->key, next_ms);
        return;
    }
    work->ends_attempt = migration->status.attempt.outcome == OUTCOME_NONE &&
                         work->plan.status.attempt.outcome != OUTCOME_NONE;
    json_auto_t *patch = migration_status_patch(migration, &work->plan.status);
    if (patch == NULL) {
        return;
    }
    work->status_from = arena_strdup(&work->arena, migration->meta.resource_version);
    struct kube_call call = {
        .method = KUBE_PATCH,
        .path = resource_status_path(&work->arena, RESOURCE_MIGRATION, &migration->meta),
        .content_type = KUBE_MERGE_PATCH,
        .body = patch,
    };
    task_call(&work->task, &call, on_status_written, 0);
}

static void on_let_go(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    if (response->is_ok) {
        apply_learn(work, SOURCE_MIGRATIONS, response);
    } else if (response->err.kind == ERR_NOT_FOUND) {
        concern_gone(work->cluster, SOURCE_MIGRATIONS, &work->migration);
    } else {
        task_fail(task, response, "take the finalizer off the migration");
    }
}

static void let_go_migration(struct work *work, const struct observed *seen)
{
    const struct meta *meta = &seen->migration->meta;
    json_auto_t *patch = finalizer_patch(meta, FINALIZER_MIGRATION, false);
    struct kube_call call = {
        .method = KUBE_PATCH,
        .path = resource_path(&work->arena, RESOURCE_MIGRATION, meta->ns, meta->name),
        .content_type = KUBE_MERGE_PATCH,
        .body = patch,
    };
    task_call(&work->task, &call, on_let_go, 0);
}

/* ---- the Database: steps 2 and 11 ---- */

/* Which Database the step is about, and how the attempts stand that its answer is to be judged with. */
static void ask_database(struct work *work, const struct observed *seen)
{
    const struct database *database = seen->database;
    work->database = (struct meta){
        .ns = arena_strdup(&work->arena, seen->migration->database_ns),
        .name = arena_strdup(&work->arena, seen->migration->database_name),
        .uid = arena_strdup(&work->arena, database == NULL ? NULL : database->meta.uid),
    };
    work->learnt.is_database_fresh = false;
    work->learnt.database_asked = attempts_seen_of(seen->migration);
}

/* Index of the two below: what the answer is of. */
enum database_answer { DATABASE_PATCHED, DATABASE_READ, DATABASE_CREATED };

static void on_database_written(struct task *task, const struct kube_response *response,
                                size_t index)
{
    struct work *work = work_of(task);
    if (!response->is_ok) {
        if (response->err.kind == ERR_NOT_FOUND) {
            concern_gone(work->cluster, SOURCE_DATABASES, &work->database);
        }
        task_fail(task, response,
                  index == DATABASE_READ ? "read the Database" : "write the Database");
        return;
    }
    /* One that was created is needed before its watch event comes. */
    learn(work, SOURCE_DATABASES, response->body, index != DATABASE_PATCHED);
    work->learnt.is_database_fresh = true;
    if ((work->plan.actions & ACTION_CLAIM) != 0) {
        work->claimed_ms = clock_now_ms();
    }
    if ((work->plan.actions & ACTION_RELEASE) != 0) {
        concern_leftovers(work->cluster, work->migration.uid);
    }
}

static void get_database(struct work *work, task_fn *fn)
{
    struct kube_call call = {
        .method = KUBE_GET,
        .path =
            resource_path(&work->arena, RESOURCE_DATABASE, work->database.ns, work->database.name),
    };
    task_call(&work->task, &call, fn, DATABASE_READ);
}

/* Another migration, or a user, was quicker: theirs is read, since its watch event may take a while. */
static void on_database_created(struct task *task, const struct kube_response *response,
                                size_t index)
{
    if (response->is_ok || response->err.kind != ERR_EXISTS) {
        on_database_written(task, response, index);
    } else {
        get_database(work_of(task), on_database_written);
    }
}

static void patch_database(struct work *work, const struct observed *seen, const json_t *patch,
                           bool is_status)
{
    const struct meta *meta = &seen->database->meta;
    ask_database(work, seen);
    struct kube_call call = {
        .method = KUBE_PATCH,
        .path = is_status ? resource_status_path(&work->arena, RESOURCE_DATABASE, meta)
                          : resource_path(&work->arena, RESOURCE_DATABASE, meta->ns, meta->name),
        .content_type = KUBE_MERGE_PATCH,
        .body = patch,
    };
    task_call(&work->task, &call, on_database_written, DATABASE_PATCHED);
}

static void on_database_read(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    if (response->is_ok || response->err.kind != ERR_NOT_FOUND) {
        on_database_written(task, response, index);
        return;
    }
    concern_gone(work->cluster, SOURCE_DATABASES, &work->database);
    work->learnt.is_database_fresh = true;
}

static void read_database(struct work *work, const struct observed *seen)
{
    ask_database(work, seen);
    get_database(work, on_database_read);
}

static void create_database(struct work *work, const struct observed *seen)
{
    ask_database(work, seen);
    json_auto_t *object =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:[s]}, s:{}}", "apiVersion", API_VERSION, "kind",
                  "Database", "metadata", "name", work->database.name, "namespace", work->ns,
                  "finalizers", FINALIZER_MIGRATION, "spec");
    struct kube_call call = {
        .method = KUBE_POST,
        .path = resource_path(&work->arena, RESOURCE_DATABASE, work->ns, NULL),
        .body = object,
    };
    task_call(&work->task, &call, on_database_created, DATABASE_CREATED);
}

static void hold_database(struct work *work, const struct observed *seen)
{
    json_auto_t *patch = finalizer_patch(&seen->database->meta, FINALIZER_MIGRATION, true);
    patch_database(work, seen, patch, false);
}

static void claim(struct work *work, const struct observed *seen)
{
    json_auto_t *patch = database_claim_patch(seen->database, &work->plan.claim);
    patch_database(work, seen, patch, true);
}

static void release(struct work *work, const struct observed *seen)
{
    json_auto_t *patch = database_release_patch(seen->database, work->plan.passage);
    patch_database(work, seen, patch, true);
}

/* ---- Events ---- */

static void on_event_recorded(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    /* A namespace that is being deleted takes no Events; that must not hold anything up. */
    bool is_over = response->is_ok || response->err.kind == ERR_EXISTS ||
                   response->err.kind == ERR_FORBIDDEN || response->err.kind == ERR_NOT_FOUND ||
                   response->err.kind == ERR_INVALID;
    if (!is_over) {
        task_fail(task, response, "record an Event");
        return;
    }
    if (!response->is_ok && response->err.kind != ERR_EXISTS) {
        telemetry_problem(work->cluster->telemetry, "event refused", work->key, &response->err);
    }
    char **recorded = &work->recorded_events[work->event.kind];
    free(*recorded);
    *recorded = xstrdup(work->event.name);
}

static void record_event(struct work *work, const struct observed *seen)
{
    if (!observe_next_event(work, seen->migration, seen->now_s, &work->event)) {
        return;
    }
    json_auto_t *object = event_build(&(struct event){
        .name = work->event.name,
        .api_version = API_VERSION,
        .kind = "SchemaMigration",
        .about = &seen->migration->meta,
        .is_warning = work->event.is_warning,
        .reason = work->event.reason,
        .message = work->event.message,
        .at_s = work->event.at_s,
    });
    struct kube_call call = {
        .method = KUBE_POST,
        .path = resource_path(&work->arena, RESOURCE_EVENT, work->ns, NULL),
        .body = object,
    };
    task_call(&work->task, &call, on_event_recorded, 0);
}

/* ---- the namespace ---- */

static void on_namespace_read(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    work->learnt.namespace_state = NAMESPACE_ACTIVE;
    if (response->is_ok) {
        const json_t *meta = json_object_get(response->body, "metadata");
        if (json_object_get(meta, "deletionTimestamp") != NULL) {
            work->learnt.namespace_state = NAMESPACE_TERMINATING;
        }
    } else if (response->err.kind != ERR_FORBIDDEN && response->err.kind != ERR_NOT_FOUND) {
        work->learnt.namespace_state = NAMESPACE_UNKNOWN;
        task_fail(task, response, "read the namespace");
    }
}

static void read_namespace(struct work *work, const struct observed *seen)
{
    (void)seen;
    struct kube_call call = {
        .method = KUBE_GET,
        .path = resource_path(&work->arena, RESOURCE_NAMESPACE, NULL, work->ns),
    };
    task_call(&work->task, &call, on_namespace_read, 0);
}

void apply_start(struct work *work, const struct observed *seen)
{
    static const struct {
        enum action action;
        void (*start)(struct work *work, const struct observed *seen);
    } actions[] = {
        /* First what the next step waits for longest: the claim needs the Database held. */
        {ACTION_CREATE_DATABASE, create_database}, {ACTION_HOLD_DATABASE, hold_database},
        {ACTION_DRY_RUN, apply_dry_run},           {ACTION_CLAIM, claim},
        {ACTION_READ_FRESH, apply_look},           {ACTION_CREATE_JOB, apply_create_job},
        {ACTION_READ_JOB, apply_read_job},         {ACTION_ARM, apply_arm},
        {ACTION_READ_PODS, apply_read_pods},       {ACTION_READ_JOB_EVENTS, apply_read_job_events},
        {ACTION_DELETE_JOB, apply_delete_job},     {ACTION_END_JOB, apply_end_job},
        {ACTION_WRITE_STATUS, write_status},       {ACTION_RELEASE, release},
        {ACTION_LET_GO_PODS, apply_let_go_pods},   {ACTION_LET_GO_JOB, apply_let_go_job},
        {ACTION_RECORD_EVENT, record_event},       {ACTION_LET_GO_MIGRATION, let_go_migration},
        {ACTION_READ_DATABASE, read_database},     {ACTION_READ_NAMESPACE, read_namespace},
        {ACTION_OPEN_POD, apply_open_pod},
    };
    const struct meta *meta = &seen->migration->meta;
    work->migration = (struct meta){
        .ns = work->ns,
        .name = work->name,
        .uid = arena_strdup(&work->arena, meta->uid),
    };
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if ((work->plan.actions & actions[i].action) != 0) {
            actions[i].start(work, seen);
        }
    }
}
