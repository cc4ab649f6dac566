/* SPDX-License-Identifier: Apache-2.0 */
#include "app/cluster.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/decode.h"
#include "domain/attempt.h"
#include "domain/selector.h"

static bool decode_migration(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return migration_decode(arena, object, ret, err);
}

static bool decode_database(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return database_decode(arena, object, ret, err);
}

static bool decode_approval(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return approval_decode(arena, object, ret, err);
}

static bool decode_job(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return job_decode(arena, object, ret, err);
}

static bool decode_pod(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return pod_decode(arena, object, ret, err);
}

/* Unfinished migrations by "namespace/database"; finished ones are of no group and cost nothing. */
static const char *group_of_migration(const void *object)
{
    const struct migration *migration = object;
    return migration_is_unfinished(migration) ? migration->database_key : NULL;
}

static const char *group_of_approval(const void *object)
{
    return ((const struct approval *)object)->migration_key;
}

static const char *group_of_job(const void *object)
{
    return ((const struct job *)object)->migration_uid;
}

static const char *group_of_pod(const void *object)
{
    return pairs_get(&((const struct pod *)object)->facts.labels, LABEL_MIGRATION_UID);
}

static const struct store_kind kinds[SOURCE_COUNT] = {
    [SOURCE_MIGRATIONS] = {"SchemaMigration", sizeof(struct migration), decode_migration,
                           group_of_migration},
    [SOURCE_DATABASES] = {"Database", sizeof(struct database), decode_database, NULL},
    [SOURCE_APPROVALS] = {"MigrationApproval", sizeof(struct approval), decode_approval,
                          group_of_approval},
    [SOURCE_JOBS] = {"Job", sizeof(struct job), decode_job, group_of_job},
    [SOURCE_PODS] = {"Pod", sizeof(struct pod), decode_pod, group_of_pod},
};

void cluster_init(struct cluster *cluster)
{
    *cluster = (struct cluster){.zones = zones_new(ZONES_FOLDER)};
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        store_init(&cluster->stores[source], &kinds[source]);
    }
}

void cluster_fini(struct cluster *cluster)
{
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        store_fini(&cluster->stores[source]);
    }
    zones_free(cluster->zones);
    dependents_fini(&cluster->dependents);
    kinds_fini(&cluster->kinds);
    free(cluster->approvals_error);
    map_fini(&cluster->works);
    map_fini(&cluster->tidiers);
}

struct store *cluster_store(struct cluster *cluster, enum source source)
{
    return &cluster->stores[source];
}

const struct migration *cluster_migration(const struct cluster *cluster, const char *ns,
                                          const char *name)
{
    return store_get(&cluster->stores[SOURCE_MIGRATIONS], ns, name);
}

const struct database *cluster_database(const struct cluster *cluster, const char *ns,
                                        const char *name)
{
    return store_get(&cluster->stores[SOURCE_DATABASES], ns, name);
}

const struct database *cluster_database_of(const struct cluster *cluster,
                                           const struct migration *migration)
{
    return cluster_database(cluster, migration->database_ns, migration->database_name);
}

bool cluster_is_claimed(const struct cluster *cluster, const struct migration *migration)
{
    const struct database *database = cluster_database_of(cluster, migration);
    return database != NULL && database->claim.migration != NULL &&
           str_eq(database->claim.uid, migration->meta.uid);
}

bool cluster_is_claimed_for(const struct cluster *cluster, const struct migration *migration,
                            int64_t attempt)
{
    return cluster_is_claimed(cluster, migration) &&
           cluster_database_of(cluster, migration)->claim.attempt == attempt;
}

bool cluster_is_wanted(const struct cluster *cluster, const struct migration *migration)
{
    return migration_is_unfinished(migration) || cluster_is_claimed(cluster, migration);
}

char *cluster_key(enum key_kind kind, const char *ns, const char *name)
{
    return xasprintf("%c/%s/%s", (char)kind, ns, name);
}

void cluster_wake(struct cluster *cluster, enum key_kind kind, const char *ns, const char *name)
{
    if (!cluster->is_acting || ns == NULL || name == NULL) {
        return;
    }
    char *key = cluster_key(kind, ns, name);
    queue_add(cluster->queue, key);
    free(key);
}

void cluster_wake_database(struct cluster *cluster, const char *ns, const char *name)
{
    const struct store *migrations = cluster_store(cluster, SOURCE_MIGRATIONS);
    char *group = xasprintf("%s/%s", ns, name);
    const struct migration *migration = NULL;
    cluster_wake(cluster, KEY_DATABASE, ns, name);
    while ((migration = store_next_of_group(migrations, group, migration)) != NULL) {
        cluster_wake(cluster, KEY_MIGRATION, migration->meta.ns, migration->meta.name);
    }
    free(group);
}

int64_t cluster_now_s(const struct cluster *cluster)
{
    return kube_client_server_time_s(cluster->client);
}
