/* SPDX-License-Identifier: Apache-2.0 */
#include "app/manager.h"

#include <stdlib.h>
#include <string.h>

#include "app/reconcile.h"
#include "app/resource.h"
#include "app/tidy.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/decode.h"
#include "domain/leftover.h"
#include "domain/selector.h"

/* ---- what is stored ---- */

static bool decode_migration(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return migration_decode(arena, object, ret, err);
}

static bool decode_database(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return database_decode(arena, object, ret, err);
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
    return reconcile_is_wanted(migration) ? migration->database_key : NULL;
}

static const char *group_of_job(const void *object)
{
    return ((const struct job *)object)->migration_uid;
}

static const char *group_of_pod(const void *object)
{
    return ((const struct pod *)object)->job_uid;
}

static const struct {
    struct store_kind kind;
    enum resource resource;
    const char *label_selector;
} sources[SOURCE_COUNT] = {
    [SOURCE_MIGRATIONS] = {{"SchemaMigration", sizeof(struct migration), decode_migration,
                            group_of_migration},
                           RESOURCE_MIGRATION,
                           NULL},
    [SOURCE_DATABASES] = {{"Database", sizeof(struct database), decode_database, NULL},
                          RESOURCE_DATABASE,
                          NULL},
    [SOURCE_JOBS] = {{"Job", sizeof(struct job), decode_job, group_of_job},
                     RESOURCE_JOB,
                     LABEL_MIGRATION_UID},
    [SOURCE_PODS] = {{"Pod", sizeof(struct pod), decode_pod, group_of_pod},
                     RESOURCE_POD,
                     LABEL_MIGRATION_UID},
};

/* ---- keys ---- */

char *manager_key(enum key_kind kind, const char *ns, const char *name)
{
    return xasprintf("%c/%s/%s", (char)kind, ns, name);
}

static void wake(struct manager *manager, enum key_kind kind, const char *ns, const char *name)
{
    if (!manager->is_started || ns == NULL || name == NULL) {
        return;
    }
    char *key = manager_key(kind, ns, name);
    queue_add(manager->queue, key);
    free(key);
}

void manager_wake_migration(struct manager *manager, const char *ns, const char *name)
{
    wake(manager, KEY_MIGRATION, ns, name);
}

void manager_wake_database(struct manager *manager, const char *ns, const char *name)
{
    const struct store *migrations = manager_store(manager, SOURCE_MIGRATIONS);
    char *group = xasprintf("%s/%s", ns, name);
    const struct migration *migration = NULL;
    wake(manager, KEY_DATABASE, ns, name);
    while ((migration = store_next_of_group(migrations, group, migration)) != NULL) {
        wake(manager, KEY_MIGRATION, ns, migration->meta.name);
    }
    free(group);
}

/* The key's parts lie in copy, which the caller frees. */
static enum key_kind split_key(const char *key, char **ret_copy, const char **ret_ns,
                               const char **ret_name)
{
    char *copy = xstrdup(key);
    char *slash = strchr(copy + 2, '/');
    *slash = '\0';
    *ret_copy = copy;
    *ret_ns = copy + 2;
    *ret_name = slash + 1;
    return (enum key_kind)copy[0];
}

static void work_on(void *arg, const char *key)
{
    struct manager *manager = arg;
    char *copy = NULL;
    const char *ns = NULL;
    const char *name = NULL;
    switch (split_key(key, &copy, &ns, &name)) {
    case KEY_MIGRATION:
        reconcile_migration(manager, ns, name, key);
        break;
    case KEY_DATABASE:
        tidy_database(manager, ns, name, key);
        break;
    case KEY_JOB:
        tidy_job(manager, ns, name, key);
        break;
    case KEY_POD:
        tidy_pod(manager, ns, name, key);
        break;
    }
    free(copy);
}

/* ---- what an object concerns ---- */

/* Whether a Job is a leftover by what the caches say: if so, a fresh look decides. */
static void judge_job(struct manager *manager, const struct job *job)
{
    if (job->migration == NULL || job->database == NULL) {
        return;
    }
    const struct migration *migration = manager_migration(manager, job->meta.ns, job->migration);
    const struct database *database = manager_database(manager, job->meta.ns, job->database);
    bool is_driven = migration != NULL && migration->meta.has_finalizer &&
                     str_eq(migration->meta.uid, job->migration_uid);
    enum leftover_action action = leftover_judge(migration, database, job);
    if (action == LEFTOVER_DELETE || (action == LEFTOVER_LET_GO && !is_driven)) {
        wake(manager, KEY_JOB, job->meta.ns, job->meta.name);
    }
}

static void concern_job(struct manager *manager, const struct job *job)
{
    const struct migration *migration =
        job->migration == NULL ? NULL : manager_migration(manager, job->meta.ns, job->migration);
    if (migration != NULL && str_eq(migration->meta.uid, job->migration_uid)) {
        if (reconcile_is_wanted(migration)) {
            wake(manager, KEY_MIGRATION, job->meta.ns, job->migration);
        }
    } else {
        wake(manager, KEY_DATABASE, job->meta.ns, job->database);
    }
    judge_job(manager, job);
}

static void concern_pod(struct manager *manager, const struct pod *pod)
{
    const char *name = pairs_get(&pod->facts.labels, LABEL_MIGRATION);
    const char *uid = pairs_get(&pod->facts.labels, LABEL_MIGRATION_UID);
    const char *database_name = pairs_get(&pod->facts.labels, LABEL_DATABASE);
    const char *ns = pod->meta.ns;
    if (name == NULL || database_name == NULL) {
        return;
    }
    const struct migration *migration = manager_migration(manager, ns, name);
    bool is_there = migration != NULL && str_eq(migration->meta.uid, uid);
    if (is_there && reconcile_is_wanted(migration)) {
        wake(manager, KEY_MIGRATION, ns, name);
    } else if (!is_there) {
        wake(manager, KEY_DATABASE, ns, database_name);
    }
    bool is_driven = is_there && migration->meta.has_finalizer;
    const struct database *database = manager_database(manager, ns, database_name);
    if (!is_driven && pod->meta.has_finalizer &&
        leftover_judge_pod(migration, database, pod) == LEFTOVER_LET_GO) {
        wake(manager, KEY_POD, ns, pod->meta.name);
    }
}

static void concern_migration(struct manager *manager, const struct migration *migration,
                              bool is_gone)
{
    const char *ns = migration->meta.ns;
    bool is_wanted = is_gone || reconcile_is_wanted(migration);
    char *key = manager_key(KEY_MIGRATION, ns, migration->meta.name);
    if (is_wanted || map_get(&manager->works, key) != NULL) {
        wake(manager, KEY_MIGRATION, ns, migration->meta.name);
    }
    free(key);
    if (is_gone || !is_wanted) {
        const struct database *database = manager_database(manager, ns, migration->database);
        /* Its claim, and the finalizer that the last unfinished migration keeps on. */
        if (database != NULL &&
            (database->meta.has_finalizer || database->claim.migration != NULL)) {
            wake(manager, KEY_DATABASE, ns, migration->database);
        }
        const struct store *jobs = manager_store(manager, SOURCE_JOBS);
        const struct job *job = NULL;
        while ((job = store_next_of_group(jobs, migration->meta.uid, job)) != NULL) {
            judge_job(manager, job);
        }
    }
}

static void concern(struct manager *manager, enum source source, const void *object, bool is_gone)
{
    const struct meta *meta = object;
    if (!manager->is_started) {
        return;
    }
    switch (source) {
    case SOURCE_MIGRATIONS:
        concern_migration(manager, object, is_gone);
        break;
    case SOURCE_DATABASES:
        manager_wake_database(manager, meta->ns, meta->name);
        break;
    case SOURCE_JOBS:
        concern_job(manager, object);
        break;
    case SOURCE_PODS:
        concern_pod(manager, object);
        break;
    case SOURCE_COUNT:
        break;
    }
}

/* ---- the watches ---- */

static void on_gone(void *arg, const void *object)
{
    const struct watched *watched = arg;
    concern(watched->manager, watched->source, object, true);
}

/* Taken out first, then told: whoever asks the store must not find it. */
static void forget(struct watched *watched, const json_t *object)
{
    struct arena arena = {0};
    struct err err = {0};
    const json_t *meta = json_object_get(object, "metadata");
    bool was_there =
        store_remove(&watched->store, json_string_value(json_object_get(meta, "namespace")),
                     json_string_value(json_object_get(meta, "name")), NULL);
    void *last = arena_alloc(&arena, watched->store.kind->size);
    if (was_there && watched->store.kind->decode(&arena, object, last, &err)) {
        on_gone(watched, last);
    }
    arena_fini(&arena);
}

static void on_object(void *arg, enum kube_event event, const json_t *object)
{
    struct watched *watched = arg;
    struct manager *manager = watched->manager;
    struct err err = {0};
    if (event == KUBE_DELETED) {
        forget(watched, object);
        return;
    }
    switch (store_put(&watched->store, object, &err)) {
    case STORE_CHANGED: {
        const json_t *meta = json_object_get(object, "metadata");
        const void *stored =
            store_get(&watched->store, json_string_value(json_object_get(meta, "namespace")),
                      json_string_value(json_object_get(meta, "name")));
        concern(manager, watched->source, stored, false);
        break;
    }
    case STORE_FAILED:
        telemetry_problem(manager->telemetry, "object cannot be read", watched->store.kind->name,
                          &err);
        break;
    case STORE_STALE:
        break;
    }
}

static void on_restart(void *arg)
{
    struct watched *watched = arg;
    store_restart(&watched->store);
    watched->is_restarting = true;
}

/* Everything that was there at the start is judged once; nothing before, on half a picture. */
static void start_work(struct manager *manager)
{
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        if (!manager->watched[source].is_known) {
            return;
        }
    }
    if (manager->is_started) {
        return;
    }
    manager->is_started = true;
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        size_t at = 0;
        const void *object = NULL;
        while ((object = store_next(&manager->watched[source].store, &at)) != NULL) {
            concern(manager, source, object, false);
        }
    }
    telemetry_started(manager->telemetry, store_count(manager_store(manager, SOURCE_MIGRATIONS)));
}

static void on_synced(void *arg)
{
    struct watched *watched = arg;
    if (watched->is_restarting) {
        watched->is_restarting = false;
        store_sweep(&watched->store, on_gone, watched);
    }
    watched->is_known = true;
    start_work(watched->manager);
}

static void on_watch_error(void *arg, const struct err *err)
{
    const struct watched *watched = arg;
    telemetry_problem(watched->manager->telemetry, "watch failed", watched->store.kind->name, err);
}

static const struct kube_watch_handler watch_handler = {
    .on_object = on_object,
    .on_restart = on_restart,
    .on_synced = on_synced,
    .on_error = on_watch_error,
};

/* ---- the applications ---- */

static void on_fleet_change(void *arg, const char *ns)
{
    struct manager *manager = arg;
    size_t at = 0;
    const struct work *work = NULL;
    while ((work = map_next(&manager->works, &at, NULL)) != NULL) {
        if (work->needs != 0 && str_eq(work->ns, ns)) {
            queue_add(manager->queue, work->key);
        }
    }
}

static void on_fleet_error(void *arg, const char *ns, const struct err *err)
{
    const struct manager *manager = arg;
    telemetry_problem(manager->telemetry, "watch of applications failed", ns, err);
}

static const struct fleet_handler fleet_handler = {
    .on_change = on_fleet_change,
    .on_error = on_fleet_error,
};

/* ---- life ---- */

struct manager *manager_new(struct loop *loop, struct kube_client *client,
                            const struct options *options, struct telemetry *telemetry)
{
    struct manager *manager = xcalloc(1, sizeof(*manager));
    manager->loop = loop;
    manager->client = client;
    manager->options = options;
    manager->telemetry = telemetry;
    manager->queue = queue_new(loop, work_on, manager);
    manager->fleet = fleet_new(client, &fleet_handler, manager);
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        struct watched *watched = &manager->watched[source];
        struct arena arena = {0};
        watched->manager = manager;
        watched->source = source;
        store_init(&watched->store, &sources[source].kind);
        watched->watch = kube_watch_start(
            client,
            &(struct kube_watch_spec){
                .path = resource_path(&arena, sources[source].resource, options->ns, NULL),
                .label_selector = sources[source].label_selector,
            },
            &watch_handler, watched);
        arena_fini(&arena);
    }
    return manager;
}

void manager_free(struct manager *manager)
{
    if (manager == NULL) {
        return;
    }
    size_t at = 0;
    struct work *work = NULL;
    struct tidier *tidier = NULL;
    while ((work = map_next(&manager->works, &at, NULL)) != NULL) {
        work_free(work);
    }
    at = 0;
    while ((tidier = map_next(&manager->tidiers, &at, NULL)) != NULL) {
        tidier_free(tidier);
    }
    map_fini(&manager->works);
    map_fini(&manager->tidiers);
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        kube_watch_stop(manager->watched[source].watch);
        store_fini(&manager->watched[source].store);
    }
    fleet_free(manager->fleet);
    queue_free(manager->queue);
    free(manager);
}

/* ---- questions ---- */

struct store *manager_store(struct manager *manager, enum source source)
{
    return &manager->watched[source].store;
}

const struct migration *manager_migration(const struct manager *manager, const char *ns,
                                          const char *name)
{
    return store_get(&manager->watched[SOURCE_MIGRATIONS].store, ns, name);
}

const struct database *manager_database(const struct manager *manager, const char *ns,
                                        const char *name)
{
    return store_get(&manager->watched[SOURCE_DATABASES].store, ns, name);
}

int64_t manager_now_s(const struct manager *manager)
{
    return kube_client_server_time_s(manager->client);
}

bool manager_is_ready(const struct manager *manager, struct arena *arena, const char **ret_why)
{
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        const struct watched *watched = &manager->watched[source];
        if (!watched->is_known || !kube_watch_is_synced(watched->watch)) {
            *ret_why =
                arena_printf(arena, "the watch of %ss does not work", watched->store.kind->name);
            return false;
        }
    }
    size_t broken = fleet_broken_watches(manager->fleet);
    if (broken > 0) {
        *ret_why = arena_printf(arena, "%zu watches of applications do not work", broken);
        return false;
    }
    return true;
}
