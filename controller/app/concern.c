/* SPDX-License-Identifier: Apache-2.0 */
#include "app/concern.h"

#include <stdlib.h>

#include "app/work.h"
#include "base/mem.h"
#include "base/str.h"
#include "domain/approval.h"
#include "domain/attempt.h"
#include "domain/leftover.h"
#include "domain/selector.h"

struct gone { /* for tell_gone() */
    struct cluster *cluster;
    enum source source;
};

/* Whether a Job is a leftover by what the caches say: if so, a fresh look decides. */
static void judge_job(struct cluster *cluster, const struct job *job)
{
    if (job->migration == NULL || job->database == NULL || job->database_ns == NULL) {
        return;
    }
    const struct migration *migration = cluster_migration(cluster, job->meta.ns, job->migration);
    const struct database *database = cluster_database(cluster, job->database_ns, job->database);
    if (leftover_judge(migration, database, job) != LEFTOVER_NOTHING) {
        cluster_wake(cluster, KEY_JOB, job->meta.ns, job->meta.name);
    }
}

/* Likewise a pod that still carries our finalizer. */
static void judge_pod(struct cluster *cluster, const struct pod *pod)
{
    const char *ns = pod->meta.ns;
    const char *name = pairs_get(&pod->facts.labels, LABEL_MIGRATION);
    const char *database_ns = pairs_get(&pod->facts.labels, LABEL_DATABASE_NAMESPACE);
    const char *database_name = pairs_get(&pod->facts.labels, LABEL_DATABASE);
    if (!pod->meta.has_finalizer || name == NULL || database_name == NULL || database_ns == NULL) {
        return;
    }
    const struct migration *migration = cluster_migration(cluster, ns, name);
    const struct database *database = cluster_database(cluster, database_ns, database_name);
    if (leftover_judge_pod(migration, database, pod) == LEFTOVER_LET_GO) {
        cluster_wake(cluster, KEY_POD, ns, pod->meta.name);
    }
}

void concern_leftovers(struct cluster *cluster, const char *migration_uid)
{
    const struct store *jobs = cluster_store(cluster, SOURCE_JOBS);
    const struct store *pods = cluster_store(cluster, SOURCE_PODS);
    const struct job *job = NULL;
    const struct pod *pod = NULL;
    while ((job = store_next_of_group(jobs, migration_uid, job)) != NULL) {
        judge_job(cluster, job);
    }
    while ((pod = store_next_of_group(pods, migration_uid, pod)) != NULL) {
        judge_pod(cluster, pod);
    }
}

/* Wakes the migration of that name and UID if it is worked on, or else, when it is gone, its Database. */
static void concern_attempt(struct cluster *cluster, const char *ns, const char *name,
                            const char *uid, const struct meta *database)
{
    const struct migration *migration = name == NULL ? NULL : cluster_migration(cluster, ns, name);
    if (migration == NULL || !str_eq(migration->meta.uid, uid)) {
        cluster_wake(cluster, KEY_DATABASE, database->ns, database->name);
    } else if (cluster_is_wanted(cluster, migration)) {
        cluster_wake(cluster, KEY_MIGRATION, ns, name);
    }
}

static void concern_job(struct cluster *cluster, const struct job *job)
{
    concern_attempt(cluster, job->meta.ns, job->migration, job->migration_uid,
                    &(struct meta){.ns = job->database_ns, .name = job->database});
    judge_job(cluster, job);
}

static void concern_pod(struct cluster *cluster, const struct pod *pod)
{
    const struct pairs *labels = &pod->facts.labels;
    concern_attempt(cluster, pod->meta.ns, pairs_get(labels, LABEL_MIGRATION),
                    pairs_get(labels, LABEL_MIGRATION_UID),
                    &(struct meta){.ns = pairs_get(labels, LABEL_DATABASE_NAMESPACE),
                                   .name = pairs_get(labels, LABEL_DATABASE)});
    judge_pod(cluster, pod);
}

static void concern_migration(struct cluster *cluster, const struct migration *migration,
                              bool is_gone)
{
    const char *ns = migration->meta.ns;
    bool is_wanted = !is_gone && cluster_is_wanted(cluster, migration);
    CLEANUP(mem_free_text) char *key = cluster_key(KEY_MIGRATION, ns, migration->meta.name);
    if (is_wanted || map_get(&cluster->works, key) != NULL) {
        cluster_wake(cluster, KEY_MIGRATION, ns, migration->meta.name);
    }
    dependents_wake(&cluster->dependents, ns, migration->meta.name, cluster->queue);
    if (is_wanted) {
        return;
    }
    const struct database *database = cluster_database_of(cluster, migration);
    if (is_gone) {
        /* Its claim, and those that stood behind it in the queue. */
        cluster_wake_database(cluster, migration->database_ns, migration->database_name);
    } else if (database != NULL && database->meta.has_finalizer) {
        /* The finalizer that the last unfinished migration keeps on. */
        cluster_wake(cluster, KEY_DATABASE, migration->database_ns, migration->database_name);
    }
    concern_leftovers(cluster, migration->meta.uid);
}

static void concern_approval(struct cluster *cluster, const struct approval *approval)
{
    const char *ns = approval->meta.ns;
    const struct migration *migration = cluster_migration(cluster, ns, approval->migration);
    if (migration != NULL && attempt_may_begin(migration)) {
        cluster_wake(cluster, KEY_MIGRATION, ns, approval->migration);
    }
}

void concern_approvals(struct cluster *cluster, const char *error)
{
    if (str_eq(cluster->approvals_error, error)) {
        return;
    }
    free(cluster->approvals_error);
    cluster->approvals_error = error == NULL ? NULL : xstrdup(error);
    size_t at = 0;
    const struct work *work = NULL;
    while ((work = map_next(&cluster->works, &at, NULL)) != NULL) {
        const struct migration *migration = cluster_migration(cluster, work->ns, work->name);
        if (migration != NULL &&
            approval_is_needed(migration, cluster_database_of(cluster, migration))) {
            queue_add(cluster->queue, work->key);
        }
    }
}

void concern(struct cluster *cluster, enum source source, const void *object, bool is_gone)
{
    const struct meta *meta = object;
    if (!cluster->is_acting) {
        return;
    }
    switch (source) {
    case SOURCE_MIGRATIONS:
        concern_migration(cluster, object, is_gone);
        break;
    case SOURCE_DATABASES:
        cluster_wake_database(cluster, meta->ns, meta->name);
        break;
    case SOURCE_APPROVALS:
        concern_approval(cluster, object);
        break;
    case SOURCE_JOBS:
        concern_job(cluster, object);
        break;
    case SOURCE_PODS:
        concern_pod(cluster, object);
        break;
    case SOURCE_COUNT:
        break;
    }
}

static void tell_gone(void *arg, const void *object)
{
    const struct gone *gone = arg;
    concern(gone->cluster, gone->source, object, true);
}

enum store_result concern_learn(struct cluster *cluster, enum source source, const json_t *object,
                                bool may_insert, struct err *err)
{
    struct store *store = cluster_store(cluster, source);
    struct gone gone = {cluster, source};
    if (may_insert) {
        store_replace(store, object, tell_gone, &gone);
    }
    enum store_result result =
        may_insert ? store_put(store, object, err) : store_update(store, object, err);
    if (result == STORE_CHANGED) {
        concern(cluster, source, store_find(store, object), false);
    }
    return result;
}

void concern_gone(struct cluster *cluster, enum source source, const struct meta *meta)
{
    struct gone gone = {cluster, source};
    (void)store_remove(cluster_store(cluster, source), meta, tell_gone, &gone);
}

void concern_fleet(struct cluster *cluster, const char *ns, struct whose whose)
{
    size_t at = 0;
    const struct work *work = NULL;
    while ((work = map_next(&cluster->works, &at, NULL)) != NULL) {
        if (work->needs == 0 || !str_eq(work->ns, ns)) {
            continue;
        }
        const struct migration *migration = cluster_migration(cluster, work->ns, work->name);
        if (migration == NULL || whose_may_concern(migration, whose)) {
            queue_add(cluster->queue, work->key);
        }
    }
}
