/* SPDX-License-Identifier: Apache-2.0 */
#include "app/manager.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "app/cluster.h"
#include "app/concern.h"
#include "app/reconcile.h"
#include "app/resource.h"
#include "app/tidy.h"
#include "app/work.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/watch.h"

/* After this long the work that a burst began is mostly over. */
#define TRIM_AFTER_MS 10000

struct watched {
    struct manager *manager;
    enum source source;
    struct kube_watch *watch;
    bool is_known;      /* all objects there were at its start are in the store */
    bool has_failed;    /* at least once */
    bool is_restarting; /* all objects come anew; what does not is gone */
};

struct manager {
    struct loop *loop;
    struct cluster cluster;
    struct watched watched[SOURCE_COUNT];
    struct election *election; /* NULL: nobody is elected, and everybody acts */
    struct kube_guard guard;
    bool is_full; /* every store holds what there was at its start */
    bool is_stopping;
    struct loop_timer trim; /* runs after work alone: an idle controller wakes for nothing */
};

static const struct {
    enum resource resource;
    const char *label_selector;
    bool is_optional; /* its kind may not be installed yet: what needs none of it goes on */
} sources[SOURCE_COUNT] = {
    [SOURCE_MIGRATIONS] = {RESOURCE_MIGRATION, NULL, false},
    [SOURCE_DATABASES] = {RESOURCE_DATABASE, NULL, false},
    [SOURCE_APPROVALS] = {RESOURCE_APPROVAL, NULL, true},
    [SOURCE_JOBS] = {RESOURCE_JOB, LABEL_MIGRATION_UID, false},
    [SOURCE_PODS] = {RESOURCE_POD, LABEL_MIGRATION_UID, false},
};

/* ---- the queue ---- */

static void on_trim(void *arg)
{
    (void)arg;
    mem_trim();
}

/* A thousand keys at a time, or a long list, leave ten times the memory that is in use. */
static void trim_later(struct manager *manager)
{
    if (manager->trim.slot == 0) {
        loop_timer_start(manager->loop, &manager->trim, clock_now_ms() + TRIM_AFTER_MS);
    }
}

/* The key's parts lie in copy, which the caller frees. */
static enum key_kind split_key(const char *key, char **ret_copy, const char **ret_ns,
                               const char **ret_name)
{
    char *copy = xstrdup(key);
    char *slash = strchr(copy + 2, '/');
    assert(slash != NULL); /* cluster_key() made it */
    *slash = '\0';
    *ret_copy = copy;
    *ret_ns = copy + 2;
    *ret_name = slash + 1;
    return (enum key_kind)copy[0];
}

static void work_on(void *arg, const char *key)
{
    struct manager *manager = arg;
    struct cluster *cluster = &manager->cluster;
    char *copy = NULL;
    const char *ns = NULL;
    const char *name = NULL;
    trim_later(manager);
    switch (split_key(key, &copy, &ns, &name)) {
    case KEY_MIGRATION:
        reconcile_migration(cluster, ns, name, key);
        break;
    case KEY_DATABASE:
        tidy_database(cluster, ns, name, key);
        break;
    case KEY_JOB:
        tidy_job(cluster, ns, name, key);
        break;
    case KEY_POD:
        tidy_pod(cluster, ns, name, key);
        break;
    }
    free(copy);
}

/* ---- the watches ---- */

static struct store *store_of(struct watched *watched)
{
    return cluster_store(&watched->manager->cluster, watched->source);
}

static void on_gone(void *arg, const void *object)
{
    struct watched *watched = arg;
    concern(&watched->manager->cluster, watched->source, object, true);
}

static void on_object(void *arg, enum kube_event event, const json_t *object)
{
    struct watched *watched = arg;
    struct cluster *cluster = &watched->manager->cluster;
    struct err err = {0};
    if (event == KUBE_DELETED) {
        struct meta meta = store_names(object);
        concern_gone(cluster, watched->source, &meta);
    } else if (concern_learn(cluster, watched->source, object, true, &err) == STORE_FAILED) {
        telemetry_problem(cluster->telemetry, "object cannot be read",
                          store_of(watched)->kind->name, &err);
    }
}

static void on_restart(void *arg)
{
    struct watched *watched = arg;
    store_restart(store_of(watched));
    watched->is_restarting = true;
}

/* Everything that is there is judged once: step 0. */
static void begin_work(struct manager *manager)
{
    struct cluster *cluster = &manager->cluster;
    cluster->is_acting = true;
    trim_later(manager);
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        size_t at = 0;
        const void *object = NULL;
        while ((object = store_next(cluster_store(cluster, source), &at)) != NULL) {
            concern(cluster, source, object, false);
        }
    }
    telemetry_started(cluster->telemetry, store_count(cluster_store(cluster, SOURCE_MIGRATIONS)));
}

/* Whatever is under way is given up and forgotten, and nothing is woken any more. The caches stay. */
static void give_up_work(struct manager *manager)
{
    struct cluster *cluster = &manager->cluster;
    size_t at = 0;
    struct work *work = NULL;
    struct tidier *tidier = NULL;
    cluster->is_acting = false;
    while ((work = map_next(&cluster->works, &at, NULL)) != NULL) {
        work_free(work);
    }
    map_fini(&cluster->works);
    at = 0;
    while ((tidier = map_next(&cluster->tidiers, &at, NULL)) != NULL) {
        tidier_free(tidier);
    }
    map_fini(&cluster->tidiers);
    queue_clear(cluster->queue);
}

/* Nothing is judged before, on half a picture; and who cannot judge is no candidate. */
static void look_if_full(struct manager *manager)
{
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        const struct watched *watched = &manager->watched[source];
        bool can_wait = sources[source].is_optional && watched->has_failed;
        if (!watched->is_known && !can_wait) {
            return;
        }
    }
    if (manager->is_full) {
        return;
    }
    manager->is_full = true;
    trim_later(manager);
    if (manager->election != NULL) {
        election_stand(manager->election);
    } else {
        begin_work(manager);
    }
}

static void on_synced(void *arg)
{
    struct watched *watched = arg;
    if (watched->is_restarting) {
        watched->is_restarting = false;
        store_sweep(store_of(watched), on_gone, watched);
    }
    watched->is_known = true;
    if (watched->source == SOURCE_APPROVALS) {
        concern_approvals(&watched->manager->cluster, NULL);
    }
    look_if_full(watched->manager);
}

/*
 * A watch that breaks goes on with what it knows: a start reads the approval anew. Not so one that was never
 * told all, or whose kind is gone; after both it begins from nothing, and on_synced() comes.
 */
static void on_approvals_error(struct watched *watched, const struct err *err)
{
    if (err->kind == ERR_NOT_FOUND) {
        concern_approvals(&watched->manager->cluster,
                          "the kind MigrationApproval is not installed; apply the kinds of this "
                          "version of Interlude");
    } else if (!watched->is_known) {
        concern_approvals(&watched->manager->cluster, err->text);
    }
}

static void on_watch_error(void *arg, const struct err *err)
{
    struct watched *watched = arg;
    telemetry_problem(watched->manager->cluster.telemetry, "watch failed",
                      store_of(watched)->kind->name, err);
    watched->has_failed = true;
    if (watched->source == SOURCE_APPROVALS) {
        on_approvals_error(watched, err);
        look_if_full(watched->manager);
    }
}

static const struct kube_watch_handler watch_handler = {
    .on_object = on_object,
    .on_restart = on_restart,
    .on_synced = on_synced,
    .on_error = on_watch_error,
};

static void watch(struct manager *manager, enum source source, const char *ns)
{
    struct watched *watched = &manager->watched[source];
    struct arena arena = {0};
    const struct kube_watch_spec spec = {
        .path = resource_path(&arena, sources[source].resource, ns, NULL),
        .label_selector = sources[source].label_selector,
    };
    watched->manager = manager;
    watched->source = source;
    watched->watch = kube_watch_start(manager->cluster.client, &spec, &watch_handler, watched);
    arena_fini(&arena);
}

/* ---- the applications ---- */

static void on_fleet_change(void *arg, const char *ns, struct whose whose)
{
    struct manager *manager = arg;
    concern_fleet(&manager->cluster, ns, whose);
}

static void on_fleet_error(void *arg, const char *ns, const struct err *err)
{
    const struct manager *manager = arg;
    telemetry_problem(manager->cluster.telemetry, "watch of applications failed", ns, err);
}

static const struct fleet_handler fleet_handler = {
    .on_change = on_fleet_change,
    .on_error = on_fleet_error,
};

/* ---- the election ---- */

static void on_elected(void *arg)
{
    begin_work(arg);
}

static void on_lost(void *arg)
{
    give_up_work(arg);
}

static void on_left(void *arg)
{
    const struct manager *manager = arg;
    loop_stop(manager->loop);
}

static const struct election_handler election_handler = {
    .on_elected = on_elected,
    .on_lost = on_lost,
    .on_left = on_left,
};

static bool may_act(void *arg)
{
    const struct manager *manager = arg;
    return manager->cluster.is_acting && election_may_act(manager->election);
}

/* ---- life ---- */

struct manager *manager_new(struct loop *loop, struct kube_client *client,
                            const struct manager_spec *spec, struct telemetry *telemetry)
{
    struct manager *manager = xcalloc(1, sizeof(*manager));
    struct cluster *cluster = &manager->cluster;
    manager->loop = loop;
    manager->guard = (struct kube_guard){.may_send = may_act, .arg = manager};
    manager->trim = (struct loop_timer){.fn = on_trim};
    cluster_init(cluster);
    cluster->client = client;
    cluster->ns = spec->ns;
    cluster->telemetry = telemetry;
    cluster->queue = queue_new(loop, work_on, manager);
    const struct kind_watch_ground ground = {
        .loop = loop,
        .client = client,
        .kinds = &cluster->kinds,
    };
    cluster->fleet = fleet_new(&ground, &fleet_handler, manager);
    cluster->prerequisites = prerequisites_new(&ground, cluster->queue, telemetry);
    if (spec->election != NULL) {
        cluster->guard = &manager->guard;
        manager->election =
            election_new(loop, client, spec->election, &election_handler, manager, telemetry);
    }
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        watch(manager, source, spec->ns);
    }
    return manager;
}

void manager_stop(struct manager *manager)
{
    if (manager->is_stopping || manager->election == NULL) {
        loop_stop(manager->loop);
        return;
    }
    manager->is_stopping = true;
    give_up_work(manager);
    election_leave(manager->election);
}

void manager_free(struct manager *manager)
{
    if (manager == NULL) {
        return;
    }
    struct cluster *cluster = &manager->cluster;
    election_free(manager->election);
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        kube_watch_stop(manager->watched[source].watch);
    }
    give_up_work(manager);
    loop_timer_stop(manager->loop, &manager->trim);
    fleet_free(cluster->fleet);
    prerequisites_free(cluster->prerequisites);
    queue_free(cluster->queue);
    cluster_fini(cluster);
    free(manager);
}

bool manager_is_ready(const struct manager *manager, struct arena *arena, const char **ret_why)
{
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        const struct watched *watched = &manager->watched[source];
        bool works = watched->is_known && kube_watch_is_synced(watched->watch);
        if (!works && !sources[source].is_optional) {
            *ret_why = arena_printf(arena, "the watch of %ss does not work",
                                    manager->cluster.stores[source].kind->name);
            return false;
        }
    }
    size_t broken = fleet_broken_watches(manager->cluster.fleet);
    if (broken > 0) {
        *ret_why = arena_printf(arena, "%zu watches of applications do not work", broken);
        return false;
    }
    return manager->election == NULL || election_is_ready(manager->election, ret_why);
}

void manager_gauge(const struct manager *manager, struct telemetry_gauges *ret_gauges)
{
    const struct cluster *cluster = &manager->cluster;
    *ret_gauges = (struct telemetry_gauges){
        .migrations = store_count(&cluster->stores[SOURCE_MIGRATIONS]),
        .unfinished = cluster->works.count,
        .queue_depth = queue_depth(cluster->queue),
        .watches = SOURCE_COUNT + fleet_watches(cluster->fleet) +
                   prerequisites_watches(cluster->prerequisites),
        .broken_watches = fleet_broken_watches(cluster->fleet),
        .requests = kube_client_requests_sent(cluster->client),
        .is_acting = cluster->is_acting &&
                     (manager->election == NULL || election_may_act(manager->election)),
    };
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        ret_gauges->broken_watches += !kube_watch_is_synced(manager->watched[source].watch);
    }
}
