/* SPDX-License-Identifier: Apache-2.0 */
#include "app/tidy.h"

#include <inttypes.h>
#include <string.h>

#include "app/cluster.h"
#include "app/concern.h"
#include "app/resource.h"
#include "app/task.h"
#include "app/tidier.h"
#include "base/clock.h"
#include "base/str.h"
#include "codec/decode.h"
#include "codec/job.h"
#include "codec/job_patch.h"
#include "codec/status.h"
#include "domain/leftover.h"
#include "domain/orphan.h"
#include "domain/selector.h"
#include "domain/tenancy.h"

/* A Job whose migration is gone stays this long for whoever wants to know what happened. */
#define ORPHANED_JOB_KEPT_S 3600
/* ---- claims without a migration: step 13 ---- */

static void find_orphan_job(struct tidier *tidier, const struct claim *claim, struct orphan *seen)
{
    const struct store *jobs = cluster_store(tidier->cluster, SOURCE_JOBS);
    seen->job_presence = tidier->job_presence;
    seen->job = tidier->job;
    seen->is_job_fresh = tidier->job_presence == PRESENCE_PRESENT;
    const struct job *job = NULL;
    while (seen->job_presence == PRESENCE_UNKNOWN &&
           (job = store_next_of_group(jobs, claim->uid, job)) != NULL) {
        if (job->attempt == claim->attempt) {
            seen->job_presence = PRESENCE_PRESENT;
            seen->job = job;
        }
    }
}

/* The migration's Job and pods are where it was. */
static void read_orphan_job(struct tidier *tidier, const struct database *database)
{
    const struct claim *claim = &database->claim;
    const char *ns = tenancy_of_claim(database);
    struct meta meta = {.ns = ns, .name = claim->migration, .uid = claim->uid};
    const char *name = job_name(&tidier->arena, &meta, claim->attempt);
    tidier_get(tidier, resource_path(&tidier->arena, RESOURCE_JOB, ns, name), tidier_on_job);
}

static void read_orphan_pods(struct tidier *tidier, const struct database *database)
{
    const struct claim *claim = &database->claim;
    const char *selector =
        arena_printf(&tidier->arena, LABEL_MIGRATION_UID "=%s," LABEL_ATTEMPT "=%" PRId64,
                     claim->uid, claim->attempt);
    const char *ns = tenancy_of_claim(database);
    tidier_get(tidier, resource_select_path(&tidier->arena, RESOURCE_POD, ns, selector),
               tidier_on_pods);
}

static void on_database_written(struct task *task, const struct kube_response *response,
                                size_t index)
{
    (void)index;
    struct tidier *tidier = tidier_of(task);
    struct cluster *cluster = tidier->cluster;
    struct err err = {0};
    if (!response->is_ok && response->err.kind == ERR_NOT_FOUND) {
        concern_gone(
            cluster, SOURCE_DATABASES,
            &(struct meta){.ns = tidier->ns, .name = tidier->name, .uid = tidier->database_uid});
    } else if (!response->is_ok) {
        task_fail(task, response, "write the Database");
    } else if (concern_learn(cluster, SOURCE_DATABASES, response->body, false, &err) ==
               STORE_FAILED) {
        task_fail_with(task, &err);
    }
    if (tidier->claim.uid != NULL) {
        concern_leftovers(cluster, tidier->claim.uid);
    }
    tidier->steps = TIDIER_STEPS_MAX;
}

static void write_database(struct tidier *tidier, const struct database *database,
                           const json_t *body, bool is_status)
{
    struct kube_call call = {
        .method = KUBE_PATCH,
        .path = is_status
                    ? resource_status_path(&tidier->arena, RESOURCE_DATABASE, &database->meta)
                    : resource_path(&tidier->arena, RESOURCE_DATABASE, tidier->ns, tidier->name),
        .content_type = KUBE_MERGE_PATCH,
        .body = body,
    };
    tidier->database_uid = arena_strdup(&tidier->arena, database->meta.uid);
    task_call(&tidier->task, &call, on_database_written, 0);
}

static void drive_orphan(struct tidier *tidier, const struct database *database)
{
    struct cluster *cluster = tidier->cluster;
    const struct claim *claim = &database->claim;
    struct orphan seen = {
        .now_s = cluster_now_s(cluster),
        .database = database,
        .pods = tidier->pods,
        .pod_count = tidier->pod_count,
        .are_pods_fresh = tidier->are_pods_fresh,
    };
    struct plan plan = {0};
    find_orphan_job(tidier, claim, &seen);
    orphan_decide(&tidier->arena, &seen, &plan);
    telemetry_decided(cluster->telemetry, tidier->key, &plan);
    if (plan.wake_at_s > seen.now_s) {
        queue_add_at(cluster->queue, tidier->key,
                     clock_now_ms() + (plan.wake_at_s - seen.now_s) * 1000);
    }
    if ((plan.actions & ACTION_READ_JOB) != 0) {
        read_orphan_job(tidier, database);
    }
    if ((plan.actions & ACTION_READ_PODS) != 0) {
        read_orphan_pods(tidier, database);
    }
    if ((plan.actions & ACTION_DELETE_JOB) != 0) {
        tidier_delete_job(tidier, seen.job);
    }
    if ((plan.actions & ACTION_END_JOB) != 0) {
        const struct meta *meta = &seen.job->meta;
        json_auto_t *body = job_end_patch(meta->uid, meta->resource_version);
        tidier_patch(tidier, RESOURCE_JOB, meta, body, tidier_on_changed);
    }
    if ((plan.actions & ACTION_RELEASE) != 0) {
        json_auto_t *body = database_release_patch(database, plan.passage);
        write_database(tidier, database, body, true);
    }
}

/* Whom it does not allow cannot hold it. */
static bool is_named_by_unfinished(const struct tidier *tidier, const struct database *database)
{
    const struct store *migrations = cluster_store(tidier->cluster, SOURCE_MIGRATIONS);
    const char *group = tidier->key + strlen("d/");
    const struct migration *migration = NULL;
    while ((migration = store_next_of_group(migrations, group, migration)) != NULL) {
        if (tenancy_admits(database, migration->meta.ns)) {
            return true;
        }
    }
    return false;
}

/* All was learnt about the first claim that was seen, and tells nothing of one that came later. */
static bool is_same_claim(struct tidier *tidier, const struct claim *claim)
{
    if (tidier->claim.uid == NULL) {
        tidier->claim.uid = arena_strdup(&tidier->arena, claim->uid);
        tidier->claim.attempt = claim->attempt;
    }
    return str_eq(tidier->claim.uid, claim->uid) && tidier->claim.attempt == claim->attempt;
}

static void database_turn(struct tidier *tidier)
{
    struct cluster *cluster = tidier->cluster;
    const struct database *database = cluster_database(cluster, tidier->ns, tidier->name);
    if (database == NULL) {
        return;
    }
    if (database->claim.migration == NULL) {
        if (database->meta.has_finalizer && !is_named_by_unfinished(tidier, database)) {
            json_auto_t *body = finalizer_patch(&database->meta, FINALIZER_MIGRATION, false);
            write_database(tidier, database, body, false);
        }
        return;
    }
    if (!is_same_claim(tidier, &database->claim)) {
        cluster_wake(cluster, KEY_DATABASE, tidier->ns, tidier->name); /* begins anew */
        return;
    }
    const char *ns = tenancy_of_claim(database);
    const struct migration *migration = cluster_migration(cluster, ns, database->claim.migration);
    if (migration != NULL && str_eq(migration->meta.uid, database->claim.uid)) {
        cluster_wake(cluster, KEY_MIGRATION, ns, database->claim.migration);
        return;
    }
    if (tidier->migration_presence == PRESENCE_UNKNOWN) {
        tidier_get(tidier,
                   resource_path(&tidier->arena, RESOURCE_MIGRATION, ns, database->claim.migration),
                   tidier_on_migration);
        return;
    }
    if (tidier->migration_presence == PRESENCE_PRESENT &&
        str_eq(tidier->migration->meta.uid, database->claim.uid)) {
        task_fail_with(&tidier->task,
                       &(struct err){ERR_TRANSIENT, "the caches do not show the migration yet"});
        return;
    }
    drive_orphan(tidier, database);
}

void tidy_database(struct cluster *cluster, const char *ns, const char *name, const char *key)
{
    tidier_begin(cluster, ns, name, key, database_turn);
}

/* ---- what attempts left behind: step 14 ---- */

/* True once migration and Database have been read from the server. */
static bool read_both(struct tidier *tidier, const char *migration, const struct meta *database)
{
    if (tidier->migration_presence != PRESENCE_UNKNOWN) {
        return true;
    }
    tidier_get(tidier, resource_path(&tidier->arena, RESOURCE_MIGRATION, tidier->ns, migration),
               tidier_on_migration);
    tidier_get(tidier,
               resource_path(&tidier->arena, RESOURCE_DATABASE, database->ns, database->name),
               tidier_on_database);
    return false;
}

static void on_pod_let_go(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct tidier *tidier = tidier_of(task);
    struct err err = {0};
    if (!response->is_ok && response->err.kind != ERR_NOT_FOUND) {
        task_fail(task, response, "take the finalizer off a pod");
    } else if (response->is_ok && concern_learn(tidier->cluster, SOURCE_PODS, response->body, false,
                                                &err) == STORE_FAILED) {
        task_fail_with(task, &err);
    }
}

/* The Job comes after its pods: it is how they are found again. */
static bool let_go_pods(struct tidier *tidier, const struct job *job)
{
    const struct store *pods = cluster_store(tidier->cluster, SOURCE_PODS);
    const struct pod *pod = NULL;
    bool is_asked = false;
    while (!tidier->are_pods_let_go &&
           (pod = store_next_of_group(pods, job->migration_uid, pod)) != NULL) {
        if (pod->meta.has_finalizer && str_eq(pod->job_uid, job->meta.uid)) {
            json_auto_t *body = pod_let_go_patch(&pod->meta);
            tidier_patch(tidier, RESOURCE_POD, &pod->meta, body, on_pod_let_go);
            is_asked = true;
        }
    }
    tidier->are_pods_let_go = true;
    return is_asked;
}

static void let_go_job(struct tidier *tidier, const struct job *job)
{
    const struct migration *migration = tidier->migration;
    bool is_owned = migration != NULL && str_eq(migration->meta.uid, job->migration_uid);
    json_auto_t *body = job_let_go_patch(job->meta.uid, is_owned ? &migration->meta : NULL,
                                         is_owned ? migration->keep_for_s : ORPHANED_JOB_KEPT_S);
    tidier_patch(tidier, RESOURCE_JOB, &job->meta, body, tidier_on_changed);
}

static void job_turn(struct tidier *tidier)
{
    const struct job *job =
        store_get(cluster_store(tidier->cluster, SOURCE_JOBS), tidier->ns, tidier->name);
    if (job == NULL || job->migration == NULL || job->database == NULL ||
        job->database_ns == NULL ||
        !read_both(tidier, job->migration,
                   &(struct meta){.ns = job->database_ns, .name = job->database})) {
        return;
    }
    switch (leftover_judge(tidier->migration, tidier->database, job)) {
    case LEFTOVER_DELETE:
        tidier_delete_job(tidier, job);
        break;
    case LEFTOVER_LET_GO:
        if (!let_go_pods(tidier, job)) {
            let_go_job(tidier, job);
        }
        break;
    case LEFTOVER_NOTHING:
        break;
    }
}

void tidy_job(struct cluster *cluster, const char *ns, const char *name, const char *key)
{
    tidier_begin(cluster, ns, name, key, job_turn);
}

static void pod_turn(struct tidier *tidier)
{
    const struct pod *pod =
        store_get(cluster_store(tidier->cluster, SOURCE_PODS), tidier->ns, tidier->name);
    if (pod == NULL) {
        return;
    }
    const char *migration = pairs_get(&pod->facts.labels, LABEL_MIGRATION);
    struct meta database = {.ns = pairs_get(&pod->facts.labels, LABEL_DATABASE_NAMESPACE),
                            .name = pairs_get(&pod->facts.labels, LABEL_DATABASE)};
    if (migration == NULL || database.name == NULL || database.ns == NULL ||
        !read_both(tidier, migration, &database)) {
        return;
    }
    if (leftover_judge_pod(tidier->migration, tidier->database, pod) == LEFTOVER_LET_GO) {
        json_auto_t *body = pod_let_go_patch(&pod->meta);
        tidier_patch(tidier, RESOURCE_POD, &pod->meta, body, tidier_on_changed);
    }
}

void tidy_pod(struct cluster *cluster, const char *ns, const char *name, const char *key)
{
    tidier_begin(cluster, ns, name, key, pod_turn);
}
