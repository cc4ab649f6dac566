/* SPDX-License-Identifier: Apache-2.0 */
#include "app/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct stored {
    struct arena arena; /* holds this struct, too */
    unsigned round;     /* of the last store_restart() that it was seen after */
    struct stored *next_of_group;
    struct stored *previous_of_group;
    const char *group; /* NULL: of none; in the arena */
    _Alignas(max_align_t) unsigned char object[];
};

static const struct meta *meta_of(const struct stored *stored)
{
    return (const struct meta *)(const void *)stored->object;
}

static struct stored *stored_of(const void *object)
{
    /* The object lies inside its struct stored, which this module alone makes and may change. */
    union {
        const void *in;
        char *out;
    } cast = {.in = object};
    return (struct stored *)(void *)(cast.out - offsetof(struct stored, object));
}

/* Kubernetes names have at most 253 characters, namespaces 63. */
#define KEY_MAX 320

static void make_key(char key[KEY_MAX], const char *ns, const char *name)
{
    size_t ns_len = strnlen(str_or_empty(ns), 64);
    size_t name_len = strnlen(str_or_empty(name), 254);
    if (ns_len > 0) {
        memcpy(key, ns, ns_len);
    }
    key[ns_len] = '/';
    if (name_len > 0) {
        memcpy(key + ns_len + 1, name, name_len);
    }
    key[ns_len + 1 + name_len] = '\0';
}

void store_init(struct store *store, const struct store_kind *kind)
{
    *store = (struct store){.kind = kind};
}

static void stored_free(struct stored *stored)
{
    struct arena arena = stored->arena;
    arena_fini(&arena);
}

void store_fini(struct store *store)
{
    size_t at = 0;
    struct stored *stored = NULL;
    while ((stored = map_next(&store->by_name, &at, NULL)) != NULL) {
        stored_free(stored);
    }
    map_fini(&store->by_name);
    map_fini(&store->by_group);
    arena_fini(&store->scratch);
}

static void join_group(struct store *store, struct stored *stored)
{
    const char *group = store->kind->group == NULL ? NULL : store->kind->group(stored->object);
    if (group == NULL) {
        return;
    }
    stored->group = group;
    stored->next_of_group = map_set(&store->by_group, group, stored);
    if (stored->next_of_group != NULL) {
        stored->next_of_group->previous_of_group = stored;
    }
}

static void leave_group(struct store *store, struct stored *stored)
{
    if (stored->group == NULL) {
        return;
    }
    if (stored->next_of_group != NULL) {
        stored->next_of_group->previous_of_group = stored->previous_of_group;
    }
    if (stored->previous_of_group != NULL) {
        stored->previous_of_group->next_of_group = stored->next_of_group;
    } else if (stored->next_of_group != NULL) {
        (void)map_set(&store->by_group, stored->group, stored->next_of_group);
    } else {
        (void)map_take(&store->by_group, stored->group);
    }
}

/* Out of the store first: fn asks it what is there. */
static void take_out(struct store *store, struct stored *stored, store_gone_fn *fn, void *arg)
{
    leave_group(store, stored);
    if (fn != NULL) {
        fn(arg, stored->object);
    }
    stored_free(stored);
}

const void *store_get(const struct store *store, const char *ns, const char *name)
{
    char key[KEY_MAX];
    make_key(key, ns, name);
    const struct stored *stored = map_get(&store->by_name, key);
    return stored == NULL ? NULL : stored->object;
}

/* A version that is no number is taken as new: the server's order is all that there is then. */
static bool is_newer(const char *version, const char *than)
{
    uint64_t a = 0;
    uint64_t b = 0;
    if (!str_parse_u64(version, &a) || !str_parse_u64(than, &b)) {
        return !str_eq(version, than);
    }
    return a > b;
}

static const char *text_at(const json_t *object, const char *field)
{
    return json_string_value(json_object_get(json_object_get(object, "metadata"), field));
}

/* Once to see how much memory it takes, then into one block of just that size. */
static struct stored *stored_new(struct store *store, const json_t *object, struct err *err)
{
    const struct store_kind *kind = store->kind;
    size_t size = sizeof(struct stored) + kind->size;
    struct arena arena = {0};
    arena_reset(&store->scratch);
    if (!kind->decode(&store->scratch, object, arena_alloc(&store->scratch, size), err)) {
        return NULL;
    }
    arena_reserve(&arena, arena_taken(&store->scratch));
    struct stored *stored = arena_alloc(&arena, size);
    bool is_decoded = kind->decode(&arena, object, stored->object, err);
    assert(is_decoded);
    (void)is_decoded;
    stored->arena = arena;
    stored->round = store->round;
    return stored;
}

static enum store_result put(struct store *store, const json_t *object, bool may_insert,
                             struct err *err)
{
    char key[KEY_MAX];
    make_key(key, text_at(object, "namespace"), text_at(object, "name"));
    struct stored *old = map_get(&store->by_name, key);
    if (old != NULL &&
        !is_newer(text_at(object, "resourceVersion"), meta_of(old)->resource_version)) {
        old->round = store->round;
        return STORE_STALE;
    }
    if (!may_insert && (old == NULL || !str_eq(meta_of(old)->uid, text_at(object, "uid")))) {
        return STORE_STALE;
    }
    struct stored *stored = stored_new(store, object, err);
    old = stored == NULL ? map_take(&store->by_name, key) : map_set(&store->by_name, key, stored);
    if (old != NULL) {
        take_out(store, old, NULL, NULL);
    }
    if (stored == NULL) {
        (void)err_wrap(err, "%s %s", store->kind->name, key);
        return STORE_FAILED;
    }
    join_group(store, stored);
    return STORE_CHANGED;
}

enum store_result store_put(struct store *store, const json_t *object, struct err *err)
{
    return put(store, object, true, err);
}

enum store_result store_update(struct store *store, const json_t *object, struct err *err)
{
    return put(store, object, false, err);
}

bool store_remove(struct store *store, const struct meta *meta, store_gone_fn *fn, void *arg)
{
    char key[KEY_MAX];
    make_key(key, meta->ns, meta->name);
    struct stored *stored = map_get(&store->by_name, key);
    if (stored == NULL || !str_eq(meta_of(stored)->uid, meta->uid)) {
        return false;
    }
    (void)map_take(&store->by_name, key);
    take_out(store, stored, fn, arg);
    return true;
}

struct meta store_names(const json_t *object)
{
    return (struct meta){
        .ns = text_at(object, "namespace"),
        .name = text_at(object, "name"),
        .uid = text_at(object, "uid"),
    };
}

const void *store_find(const struct store *store, const json_t *object)
{
    return store_get(store, text_at(object, "namespace"), text_at(object, "name"));
}

void store_replace(struct store *store, const json_t *object, store_gone_fn *fn, void *arg)
{
    const struct meta *old = store_find(store, object); /* the first member of each */
    if (old != NULL && !str_eq(old->uid, text_at(object, "uid")) &&
        is_newer(text_at(object, "resourceVersion"), old->resource_version)) {
        (void)store_remove(store, old, fn, arg);
    }
}

void store_restart(struct store *store)
{
    store->round++;
}

void store_sweep(struct store *store, store_gone_fn *fn, void *arg)
{
    size_t at = 0;
    struct stored *stored = NULL;
    const char *key = NULL;
    while ((stored = map_next(&store->by_name, &at, &key)) != NULL) {
        if (stored->round == store->round) {
            continue;
        }
        (void)map_take(&store->by_name, key);
        take_out(store, stored, fn, arg);
    }
}

const void *store_next(const struct store *store, size_t *at)
{
    const struct stored *stored = map_next(&store->by_name, at, NULL);
    return stored == NULL ? NULL : stored->object;
}

const void *store_next_of_group(const struct store *store, const char *group, const void *previous)
{
    const struct stored *stored =
        previous == NULL ? map_get(&store->by_group, group) : stored_of(previous)->next_of_group;
    return stored == NULL ? NULL : stored->object;
}

size_t store_count(const struct store *store)
{
    return store->by_name.count;
}
