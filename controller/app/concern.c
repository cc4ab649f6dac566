/* SPDX-License-Identifier: Apache-2.0 */
#include "app/concern.h"

#include <stdlib.h>

#include "app/work.h"
#include "base/str.h"
#include "domain/attempt.h"
#include "domain/leftover.h"
#include "domain/selector.h"

/* Whether a Job is a leftover by what the caches say: if so, a fresh look decides. */
static void judge_job(struct cluster *cluster, const struct job *job)
{
    if (job->migration == NULL || job->database == NULL) {
        return;
    }
    const struct migration *migration = cluster_migration(cluster, job->meta.ns, job->migration);
    const struct database *database = cluster_database(cluster, job->meta.ns, job->database);
    bool is_driven = migration != NULL && migration->meta.has_finalizer &&
                     str_eq(migration->meta.uid, job->migration_uid);
    enum leftover_action action = leftover_judge(migration, database, job);
    if (action == LEFTOVER_DELETE || (action == LEFTOVER_LET_GO && !is_driven)) {
        cluster_wake(cluster, KEY_JOB, job->meta.ns, job->meta.name);
    }
}

/* Likewise a pod that still carries our finalizer. */
static void judge_pod(struct cluster *cluster, const struct pod *pod)
{
    const char *ns = pod->meta.ns;
    const char *name = pairs_get(&pod->facts.labels, LABEL_MIGRATION);
    const char *uid = pairs_get(&pod->facts.labels, LABEL_MIGRATION_UID);
    const char *database_name = pairs_get(&pod->facts.labels, LABEL_DATABASE);
    if (!pod->meta.has_finalizer || name == NULL || database_name == NULL) {
        return;
    }
    const struct migration *migration = cluster_migration(cluster, ns, name);
    const struct database *database = cluster_database(cluster, ns, database_name);
    bool is_driven =
        migration != NULL && migration->meta.has_finalizer && str_eq(migration->meta.uid, uid);
    if (!is_driven && leftover_judge_pod(migration, database, pod) == LEFTOVER_LET_GO) {
        cluster_wake(cluster, KEY_POD, ns, pod->meta.name);
    }
}

void concern_leftovers(struct cluster *cluster, const char *migration_uid)
{
    const struct store *jobs = cluster_store(cluster, SOURCE_JOBS);
    const struct store *pods = cluster_store(cluster, SOURCE_PODS);
    const struct job *job = NULL;
    while ((job = store_next_of_group(jobs, migration_uid, job)) != NULL) {
        const struct pod *pod = NULL;
        judge_job(cluster, job);
        while ((pod = store_next_of_group(pods, job->meta.uid, pod)) != NULL) {
            judge_pod(cluster, pod);
        }
    }
}

static void concern_job(struct cluster *cluster, const struct job *job)
{
    const struct migration *migration =
        job->migration == NULL ? NULL : cluster_migration(cluster, job->meta.ns, job->migration);
    if (migration != NULL && str_eq(migration->meta.uid, job->migration_uid)) {
        if (migration_is_unfinished(migration)) {
            cluster_wake(cluster, KEY_MIGRATION, job->meta.ns, job->migration);
        }
    } else {
        cluster_wake(cluster, KEY_DATABASE, job->meta.ns, job->database);
    }
    judge_job(cluster, job);
}

static void concern_pod(struct cluster *cluster, const struct pod *pod)
{
    const char *name = pairs_get(&pod->facts.labels, LABEL_MIGRATION);
    const char *uid = pairs_get(&pod->facts.labels, LABEL_MIGRATION_UID);
    const char *database_name = pairs_get(&pod->facts.labels, LABEL_DATABASE);
    const char *ns = pod->meta.ns;
    if (name == NULL || database_name == NULL) {
        return;
    }
    const struct migration *migration = cluster_migration(cluster, ns, name);
    bool is_there = migration != NULL && str_eq(migration->meta.uid, uid);
    if (is_there && migration_is_unfinished(migration)) {
        cluster_wake(cluster, KEY_MIGRATION, ns, name);
    } else if (!is_there) {
        cluster_wake(cluster, KEY_DATABASE, ns, database_name);
    }
    judge_pod(cluster, pod);
}

static void concern_migration(struct cluster *cluster, const struct migration *migration,
                              bool is_gone)
{
    const char *ns = migration->meta.ns;
    bool is_wanted = is_gone || migration_is_unfinished(migration);
    char *key = cluster_key(KEY_MIGRATION, ns, migration->meta.name);
    if (is_wanted || map_get(&cluster->works, key) != NULL) {
        cluster_wake(cluster, KEY_MIGRATION, ns, migration->meta.name);
    }
    free(key);
    if (is_gone || !is_wanted) {
        const struct database *database = cluster_database(cluster, ns, migration->database);
        /* Its claim, and the finalizer that the last unfinished migration keeps on. */
        if (database != NULL &&
            (database->meta.has_finalizer || database->claim.migration != NULL)) {
            cluster_wake(cluster, KEY_DATABASE, ns, migration->database);
        }
        concern_leftovers(cluster, migration->meta.uid);
    }
}

void concern(struct cluster *cluster, enum source source, const void *object, bool is_gone)
{
    const struct meta *meta = object;
    if (!cluster->is_started) {
        return;
    }
    switch (source) {
    case SOURCE_MIGRATIONS:
        concern_migration(cluster, object, is_gone);
        break;
    case SOURCE_DATABASES:
        cluster_wake_database(cluster, meta->ns, meta->name);
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

void concern_fleet(struct cluster *cluster, const char *ns)
{
    size_t at = 0;
    const struct work *work = NULL;
    while ((work = map_next(&cluster->works, &at, NULL)) != NULL) {
        if (work->needs != 0 && str_eq(work->ns, ns)) {
            queue_add(cluster->queue, work->key);
        }
    }
}
