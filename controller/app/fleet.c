/* SPDX-License-Identifier: Apache-2.0 */
#include "app/fleet.h"

#include <stdlib.h>

#include "app/kind_post.h"
#include "app/resource.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/decode.h"
#include "kube/watch.h"

/* One kind in one namespace. */
struct post {
    struct scope *scope;
    size_t users;
    bool is_known;
    struct store store;
    struct kube_watch *watch; /* NULL: nobody needs it */
};

/* Another kind in one namespace. */
struct other {
    size_t users;
    struct kind_post *objects;
};

struct scope {
    struct fleet *fleet;
    char *ns;
    struct post posts[FLEET_KINDS];
    struct map others; /* other_key() -> struct other */
};

struct fleet {
    struct kind_watch_ground ground;
    const struct fleet_handler *handler;
    void *arg;
    struct map scopes; /* namespace -> struct scope */
};

static bool decode_deployment(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return workload_decode(arena, object, WORKLOAD_DEPLOYMENT, ret, err);
}

static bool decode_stateful_set(struct arena *arena, const json_t *object, void *ret,
                                struct err *err)
{
    return workload_decode(arena, object, WORKLOAD_STATEFUL_SET, ret, err);
}

static bool decode_daemon_set(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return workload_decode(arena, object, WORKLOAD_DAEMON_SET, ret, err);
}

static bool decode_cron_job(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return workload_decode(arena, object, WORKLOAD_CRON_JOB, ret, err);
}

static bool decode_job(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return workload_decode(arena, object, WORKLOAD_JOB, ret, err);
}

static bool decode_other(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return workload_decode(arena, object, WORKLOAD_OTHER, ret, err);
}

static bool decode_replica_set(struct arena *arena, const json_t *object, void *ret,
                               struct err *err)
{
    return workload_decode(arena, object, WORKLOAD_REPLICA_SET, ret, err);
}

static bool decode_pod(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return pod_decode(arena, object, ret, err);
}

static const struct store_kind kinds[FLEET_KINDS] = {
    [WORKLOAD_DEPLOYMENT] = {"Deployment", sizeof(struct workload), decode_deployment, NULL},
    [WORKLOAD_STATEFUL_SET] = {"StatefulSet", sizeof(struct workload), decode_stateful_set, NULL},
    [WORKLOAD_DAEMON_SET] = {"DaemonSet", sizeof(struct workload), decode_daemon_set, NULL},
    [WORKLOAD_CRON_JOB] = {"CronJob", sizeof(struct workload), decode_cron_job, NULL},
    [WORKLOAD_REPLICA_SET] = {"ReplicaSet", sizeof(struct workload), decode_replica_set, NULL},
    [WORKLOAD_JOB] = {"Job", sizeof(struct workload), decode_job, NULL},
    [FLEET_PODS] = {"Pod", sizeof(struct pod), decode_pod, NULL},
};

static const struct store_kind other_kind = {"Workload", sizeof(struct workload), decode_other,
                                             NULL};

/* ---- what the watches tell ---- */

static const struct whose anybody = {WORKLOAD_KIND_MAX, NULL};

static void changed(const struct post *post, struct whose whose)
{
    const struct fleet *fleet = post->scope->fleet;
    if (post->is_known) {
        fleet->handler->on_change(fleet->arg, post->scope->ns, whose);
    }
}

static void failed(const struct post *post, const struct err *err)
{
    const struct fleet *fleet = post->scope->fleet;
    fleet->handler->on_error(fleet->arg, post->scope->ns, err);
}

static bool is_of_pods(const struct post *post)
{
    return post == &post->scope->posts[FLEET_PODS];
}

/* The ReplicaSet or Job that owns the pod; NULL: nobody watches those, or it is not there (any more). */
static const struct workload *maker_of(const struct scope *scope, const struct pod *pod)
{
    static const enum workload_kind makers[] = {WORKLOAD_REPLICA_SET, WORKLOAD_JOB};
    const struct owner_reference *owner = ownership_controller(&pod->meta);
    for (size_t i = 0; owner != NULL && i < ARRAY_LEN(makers); i++) {
        const struct post *post = &scope->posts[makers[i]];
        if (post->watch != NULL && str_eq(owner->kind, workload_kind_name(makers[i]))) {
            const struct workload *maker = store_get(&post->store, scope->ns, owner->name);
            return maker != NULL && str_eq(maker->meta.uid, owner->uid) ? maker : NULL;
        }
    }
    return NULL;
}

static void tell(const struct post *post, const void *object)
{
    if (object != NULL) {
        changed(post, is_of_pods(post) ? whose_pod(object, maker_of(post->scope, object))
                                       : whose_workload(object));
    }
}

static bool has_pods(const struct scope *scope, const char *uid)
{
    const struct post *pods = &scope->posts[FLEET_PODS];
    size_t at = 0;
    const struct pod *pod = NULL;
    while (pods->watch != NULL && (pod = store_next(&pods->store, &at)) != NULL) {
        const struct owner_reference *owner = ownership_controller(&pod->meta);
        if (owner != NULL && str_eq(owner->uid, uid)) {
            return true;
        }
    }
    return false;
}

/* Whose pods are is told by what made them: where that comes after them, or goes before, they are another's now. */
static void came_or_went(const struct post *post, const struct meta *meta)
{
    enum workload_kind kind = post->store.kind == &kinds[WORKLOAD_REPLICA_SET]
                                  ? WORKLOAD_REPLICA_SET
                              : post->store.kind == &kinds[WORKLOAD_JOB] ? WORKLOAD_JOB
                                                                         : WORKLOAD_KIND_MAX;
    if (kind != WORKLOAD_KIND_MAX && has_pods(post->scope, meta->uid)) {
        changed(post, (struct whose){kind, NULL});
    }
}

static void on_gone(void *arg, const void *object)
{
    const struct post *post = arg;
    tell(post, object);
    came_or_went(post, object);
}

static void on_object(void *arg, enum kube_event event, const json_t *object)
{
    struct post *post = arg;
    struct meta meta = store_names(object);
    struct err err = {0};
    if (event == KUBE_DELETED) {
        (void)store_remove(&post->store, &meta, on_gone, post);
        return;
    }
    store_replace(&post->store, object, on_gone, post);
    const void *before = store_find(&post->store, object);
    tell(post, before); /* what it was: another's, perhaps */
    switch (store_put(&post->store, object, &err)) {
    case STORE_CHANGED:
        tell(post, store_find(&post->store, object));
        if (before == NULL) {
            came_or_went(post, &meta);
        }
        break;
    case STORE_FAILED:
        failed(post, &err);
        break;
    case STORE_STALE:
        break;
    }
}

static void on_restart(void *arg)
{
    struct post *post = arg;
    post->is_known = false;
    store_restart(&post->store);
}

static void on_synced(void *arg)
{
    struct post *post = arg;
    if (!post->is_known) {
        store_sweep(&post->store, NULL, NULL);
    }
    post->is_known = true;
    changed(post, anybody);
}

static void on_error(void *arg, const struct err *err)
{
    const struct post *post = arg;
    failed(post, err);
}

static const struct kube_watch_handler watch_handler = {
    .on_object = on_object,
    .on_restart = on_restart,
    .on_synced = on_synced,
    .on_error = on_error,
};

static void on_other_change(void *arg, const char *name)
{
    const struct scope *scope = arg;
    scope->fleet->handler->on_change(scope->fleet->arg, scope->ns,
                                     (struct whose){WORKLOAD_OTHER, name});
}

static void on_other_error(void *arg, const struct err *err)
{
    const struct scope *scope = arg;
    scope->fleet->handler->on_error(scope->fleet->arg, scope->ns, err);
}

static const struct kind_post_handler other_handler = {
    .on_change = on_other_change,
    .on_error = on_other_error,
};

/* ---- who needs what ---- */

static void post_start(struct post *post, unsigned kind)
{
    struct arena arena = {0};
    enum resource resource =
        kind == FLEET_PODS ? RESOURCE_POD : resource_of((enum workload_kind)kind);
    struct kube_watch_spec spec = {
        .path = resource_path(&arena, resource, post->scope->ns, NULL),
        /* A run is not the application, whatever its other labels say. */
        .label_selector =
            kind == FLEET_PODS || kind == WORKLOAD_JOB ? "!" LABEL_MIGRATION_UID : NULL,
        .may_be_stale = true, /* it wakes; what a start is decided on is read anew */
    };
    store_init(&post->store, &kinds[kind]);
    post->is_known = false;
    post->watch = kube_watch_start(post->scope->fleet->ground.client, &spec, &watch_handler, post);
    arena_fini(&arena);
}

static void post_stop(struct post *post)
{
    if (post->watch != NULL) {
        kube_watch_stop(post->watch);
        post->watch = NULL;
        store_fini(&post->store);
    }
}

static void other_free(struct other *other)
{
    kind_post_stop(other->objects);
    free(other);
}

static void scope_free(struct scope *scope)
{
    size_t at = 0;
    struct other *other = NULL;
    while ((other = map_next(&scope->others, &at, NULL)) != NULL) {
        other_free(other);
    }
    map_fini(&scope->others);
    for (unsigned kind = 0; kind < FLEET_KINDS; kind++) {
        post_stop(&scope->posts[kind]);
    }
    free(scope->ns);
    free(scope);
}

struct fleet *fleet_new(const struct kind_watch_ground *ground, const struct fleet_handler *handler,
                        void *arg)
{
    struct fleet *fleet = xcalloc(1, sizeof(*fleet));
    fleet->ground = *ground;
    fleet->handler = handler;
    fleet->arg = arg;
    return fleet;
}

void fleet_free(struct fleet *fleet)
{
    if (fleet == NULL) {
        return;
    }
    size_t at = 0;
    struct scope *scope = NULL;
    while ((scope = map_next(&fleet->scopes, &at, NULL)) != NULL) {
        scope_free(scope);
    }
    map_fini(&fleet->scopes);
    free(fleet);
}

static struct scope *scope_get(struct fleet *fleet, const char *ns)
{
    struct scope *scope = map_get(&fleet->scopes, ns);
    if (scope == NULL) {
        scope = xcalloc(1, sizeof(*scope));
        scope->fleet = fleet;
        scope->ns = xstrdup(ns);
        for (unsigned kind = 0; kind < FLEET_KINDS; kind++) {
            scope->posts[kind].scope = scope;
        }
        (void)map_set(&fleet->scopes, ns, scope);
    }
    return scope;
}

static void free_if_unused(struct fleet *fleet, struct scope *scope)
{
    size_t users = scope->others.count;
    for (unsigned kind = 0; kind < FLEET_KINDS; kind++) {
        users += scope->posts[kind].users;
    }
    if (users == 0) {
        (void)map_take(&fleet->scopes, scope->ns);
        scope_free(scope);
    }
}

void fleet_retain(struct fleet *fleet, const char *ns, unsigned wanted)
{
    for (unsigned kind = 0; kind < FLEET_KINDS; kind++) {
        if ((wanted & FLEET_BIT(kind)) != 0) {
            struct post *post = &scope_get(fleet, ns)->posts[kind];
            if (post->users++ == 0) {
                post_start(post, kind);
            }
        }
    }
}

void fleet_release(struct fleet *fleet, const char *ns, unsigned wanted)
{
    struct scope *scope = map_get(&fleet->scopes, ns);
    if (scope == NULL) {
        return;
    }
    for (unsigned kind = 0; kind < FLEET_KINDS; kind++) {
        struct post *post = &scope->posts[kind];
        if ((wanted & FLEET_BIT(kind)) != 0 && post->users > 0 && --post->users == 0) {
            post_stop(post);
        }
    }
    free_if_unused(fleet, scope);
}

static char *other_key(const char *api_version, const char *kind)
{
    return xasprintf("%s %s", api_version, kind);
}

static struct other *other_find(const struct scope *scope, const char *api_version,
                                const char *kind)
{
    CLEANUP(mem_free_text) char *key = other_key(api_version, kind);
    return scope == NULL ? NULL : map_get(&scope->others, key);
}

void fleet_retain_other(struct fleet *fleet, const char *ns, const char *api_version,
                        const char *kind)
{
    struct scope *scope = scope_get(fleet, ns);
    struct other *other = other_find(scope, api_version, kind);
    if (other == NULL) {
        const struct kind_watch_spec spec = {.api_version = api_version, .kind = kind, .ns = ns};
        CLEANUP(mem_free_text) char *key = other_key(api_version, kind);
        other = xcalloc(1, sizeof(*other));
        other->objects = kind_post_start(&fleet->ground, &spec, &other_kind, &other_handler, scope);
        (void)map_set(&scope->others, key, other);
    }
    other->users++;
}

void fleet_release_other(struct fleet *fleet, const char *ns, const char *api_version,
                         const char *kind)
{
    struct scope *scope = map_get(&fleet->scopes, ns);
    struct other *other = other_find(scope, api_version, kind);
    if (other == NULL || --other->users > 0) {
        return;
    }
    CLEANUP(mem_free_text) char *key = other_key(api_version, kind);
    (void)map_take(&scope->others, key);
    other_free(other);
    free_if_unused(fleet, scope);
}

struct fleet_other fleet_see_other(const struct fleet *fleet, const char *ns,
                                   const char *api_version, const char *kind)
{
    const struct other *other = other_find(map_get(&fleet->scopes, ns), api_version, kind);
    if (other == NULL) {
        return (struct fleet_other){0};
    }
    enum kind_state state = kind_post_state(other->objects);
    return (struct fleet_other){
        .is_known = kind_post_is_known(other->objects) || state != KIND_READ,
        .state = state,
        .why = kind_post_why(other->objects),
        .store = kind_post_store(other->objects),
        .path = kind_post_path(other->objects),
    };
}

bool fleet_is_known(const struct fleet *fleet, const char *ns, unsigned wanted)
{
    const struct scope *scope = map_get(&fleet->scopes, ns);
    for (unsigned kind = 0; kind < FLEET_KINDS; kind++) {
        bool is_known = scope != NULL && scope->posts[kind].is_known;
        if ((wanted & FLEET_BIT(kind)) != 0 && !is_known) {
            return false;
        }
    }
    return true;
}

const struct store *fleet_store(const struct fleet *fleet, const char *ns, unsigned kind)
{
    const struct scope *scope = map_get(&fleet->scopes, ns);
    return scope == NULL || scope->posts[kind].watch == NULL ? NULL : &scope->posts[kind].store;
}

static size_t count_posts(const struct fleet *fleet, bool broken_alone)
{
    size_t count = 0;
    size_t at = 0;
    const struct scope *scope = NULL;
    while ((scope = map_next(&fleet->scopes, &at, NULL)) != NULL) {
        count += broken_alone ? 0 : scope->others.count;
        for (unsigned kind = 0; kind < FLEET_KINDS; kind++) {
            const struct post *post = &scope->posts[kind];
            count += post->watch != NULL && (!broken_alone || !kube_watch_is_synced(post->watch));
        }
    }
    return count;
}

size_t fleet_watches(const struct fleet *fleet)
{
    return count_posts(fleet, false);
}

size_t fleet_broken_watches(const struct fleet *fleet)
{
    return count_posts(fleet, true);
}
