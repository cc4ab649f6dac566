/* SPDX-License-Identifier: Apache-2.0 */
#include "app/prerequisites.h"

#include <stdlib.h>

#include "app/dependents.h"
#include "app/kind_post.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/decode.h"
#include "kube/path.h"

/* One kind in one namespace, as a whole or by its metadata. */
struct post {
    struct prerequisites *all;
    char *ns;
    struct dependents dependents; /* by name; the last one that leaves ends the post */
    struct kind_post *objects;
};

/* What a key of the queue wants. */
struct wanted {
    struct arena arena;
    struct requirement *items;
    size_t count;
};

struct prerequisites {
    struct kind_watch_ground ground;
    struct queue *queue;
    struct telemetry *telemetry;
    struct map posts;  /* post_key() -> struct post */
    struct map wanted; /* key of the queue -> struct wanted */
};

static bool decode(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    return prerequisite_decode(arena, object, ret, err);
}

static const struct store_kind stored = {"Prerequisite", sizeof(struct prerequisite), decode, NULL};

static bool is_existence_enough(const struct requirement *requirement)
{
    return requirement->condition == NULL;
}

static char *post_key(const char *ns, const struct requirement *requirement)
{
    return xasprintf("%s %s %s %s", is_existence_enough(requirement) ? "metadata" : "whole", ns,
                     requirement->api_version, requirement->kind);
}

static struct post *find_post(const struct prerequisites *prerequisites, const char *ns,
                              const struct requirement *requirement)
{
    CLEANUP(mem_free_text) char *key = post_key(ns, requirement);
    return map_get(&prerequisites->posts, key);
}

/* ---- what the watches tell ---- */

static void on_change(void *arg, const char *name)
{
    const struct post *post = arg;
    if (name != NULL) {
        dependents_wake(&post->dependents, post->ns, name, post->all->queue);
    } else {
        dependents_wake_all(&post->dependents, post->all->queue);
    }
}

static void on_error(void *arg, const struct err *err)
{
    const struct post *post = arg;
    telemetry_problem(post->all->telemetry, "watch of required objects failed", post->ns, err);
}

static const struct kind_post_handler handler = {.on_change = on_change, .on_error = on_error};

/* ---- who wants what ---- */

static struct post *post_new(struct prerequisites *prerequisites, const char *ns,
                             const struct requirement *requirement)
{
    struct post *post = xcalloc(1, sizeof(*post));
    const struct kind_watch_spec spec = {
        .api_version = requirement->api_version,
        .kind = requirement->kind,
        .ns = ns,
        .is_metadata_only = is_existence_enough(requirement),
    };
    post->all = prerequisites;
    post->ns = xstrdup(ns);
    post->objects = kind_post_start(&prerequisites->ground, &spec, &stored, &handler, post);
    return post;
}

static void post_free(struct post *post)
{
    kind_post_stop(post->objects);
    dependents_fini(&post->dependents);
    free(post->ns);
    free(post);
}

static void wanted_free(struct wanted *wanted)
{
    arena_fini(&wanted->arena);
    free(wanted);
}

struct prerequisites *prerequisites_new(const struct kind_watch_ground *ground, struct queue *queue,
                                        struct telemetry *telemetry)
{
    struct prerequisites *prerequisites = xcalloc(1, sizeof(*prerequisites));
    prerequisites->ground = *ground;
    prerequisites->queue = queue;
    prerequisites->telemetry = telemetry;
    return prerequisites;
}

void prerequisites_free(struct prerequisites *prerequisites)
{
    if (prerequisites == NULL) {
        return;
    }
    size_t at = 0;
    for (struct post *post; (post = map_next(&prerequisites->posts, &at, NULL)) != NULL;) {
        post_free(post);
    }
    map_fini(&prerequisites->posts);
    at = 0;
    for (struct wanted *wanted; (wanted = map_next(&prerequisites->wanted, &at, NULL)) != NULL;) {
        wanted_free(wanted);
    }
    map_fini(&prerequisites->wanted);
    free(prerequisites);
}

static void join(struct prerequisites *prerequisites, const char *ns,
                 const struct requirement *requirement, const char *key)
{
    struct post *post = find_post(prerequisites, ns, requirement);
    if (post == NULL) {
        CLEANUP(mem_free_text) char *name = post_key(ns, requirement);
        post = post_new(prerequisites, ns, requirement);
        (void)map_set(&prerequisites->posts, name, post);
    }
    dependents_join(&post->dependents, ns, requirement->name, key);
}

static void leave(struct prerequisites *prerequisites, const char *ns,
                  const struct requirement *requirement, const char *key)
{
    struct post *post = find_post(prerequisites, ns, requirement);
    if (post == NULL) {
        return; /* named twice, and left already */
    }
    dependents_leave(&post->dependents, ns, requirement->name, key);
    if (dependents_are_none(&post->dependents)) {
        CLEANUP(mem_free_text) char *name = post_key(ns, requirement);
        (void)map_take(&prerequisites->posts, name);
        post_free(post);
    }
}

/* Whether the same object is watched for it in the same way: which condition is asked for does not matter. */
static bool has(const struct requirement *all, size_t count, const struct requirement *one)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(all[i].api_version, one->api_version) && str_eq(all[i].kind, one->kind) &&
            str_eq(all[i].name, one->name) &&
            is_existence_enough(&all[i]) == is_existence_enough(one)) {
            return true;
        }
    }
    return false;
}

static struct wanted *wanted_new(const struct requirement *requirements, size_t count)
{
    struct wanted *wanted = xcalloc(1, sizeof(*wanted));
    struct arena *arena = &wanted->arena;
    wanted->items = arena_array(arena, count, sizeof(*wanted->items));
    wanted->count = count;
    for (size_t i = 0; i < count; i++) {
        wanted->items[i] = (struct requirement){
            .api_version = arena_strdup(arena, requirements[i].api_version),
            .kind = arena_strdup(arena, requirements[i].kind),
            .name = arena_strdup(arena, requirements[i].name),
            .condition = arena_strdup(arena, requirements[i].condition),
        };
    }
    return wanted;
}

static bool is_same(const struct wanted *wanted, const struct requirement *requirements,
                    size_t count)
{
    bool same = count == wanted->count;
    for (size_t i = 0; same && i < count; i++) {
        same = has(&wanted->items[i], 1, &requirements[i]);
    }
    return same;
}

void prerequisites_want(struct prerequisites *prerequisites, const char *ns, const char *key,
                        const struct requirement *requirements, size_t count)
{
    struct wanted *before = map_get(&prerequisites->wanted, key);
    if (before == NULL ? count == 0 : is_same(before, requirements, count)) {
        return;
    }
    /* First the new ones: what stays is not watched anew. */
    for (size_t i = 0; i < count; i++) {
        join(prerequisites, ns, &requirements[i], key);
    }
    for (size_t i = 0; before != NULL && i < before->count; i++) {
        if (!has(requirements, count, &before->items[i])) {
            leave(prerequisites, ns, &before->items[i], key);
        }
    }
    if (count == 0) {
        (void)map_take(&prerequisites->wanted, key);
    } else {
        (void)map_set(&prerequisites->wanted, key, wanted_new(requirements, count));
    }
    if (before != NULL) {
        wanted_free(before);
    }
}

struct prerequisite_seen prerequisites_see(const struct prerequisites *prerequisites,
                                           const char *ns, const struct requirement *requirement)
{
    const struct post *post = find_post(prerequisites, ns, requirement);
    struct prerequisite_seen seen = {.state = PREREQUISITE_UNKNOWN};
    if (post == NULL) {
        return seen;
    }
    if (kind_post_is_known(post->objects)) {
        seen.object = store_get(kind_post_store(post->objects), ns, requirement->name);
        seen.state = seen.object != NULL ? PREREQUISITE_PRESENT : PREREQUISITE_ABSENT;
        return seen;
    }
    seen.why = kind_post_why(post->objects);
    switch (kind_post_state(post->objects)) {
    case KIND_MISSING:
        seen.state = PREREQUISITE_NO_KIND;
        break;
    case KIND_FORBIDDEN:
        seen.state = PREREQUISITE_FORBIDDEN;
        break;
    case KIND_READ:
        break;
    }
    return seen;
}

bool prerequisites_question(const struct prerequisites *prerequisites, struct arena *arena,
                            const char *ns, const struct requirement *requirement,
                            struct kube_call *ret_call)
{
    const struct post *post = find_post(prerequisites, ns, requirement);
    const char *path = post == NULL ? NULL : kind_post_path(post->objects);
    if (path == NULL) {
        return false;
    }
    const char *selector = arena_printf(arena, "metadata.name=%s", requirement->name);
    *ret_call = (struct kube_call){
        .method = KUBE_GET,
        .path = kube_path_query(arena, path, "fieldSelector", selector),
        .accept = is_existence_enough(requirement) ? KUBE_METADATA_LIST : NULL,
    };
    return true;
}

size_t prerequisites_watches(const struct prerequisites *prerequisites)
{
    return prerequisites->posts.count;
}
