/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The latest version of each object of one kind, decoded at once into its struct, in one block of memory
 * of just its size: most objects are finished, and stay for months. No JSON is kept. Watch
 * events and the answers of our own writes go into the same store: of two versions the newer one stays
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions: they compare as
 * numbers), so that an answer is never overwritten by an event that is older.
 */
#ifndef INTERLUDE_APP_STORE_H
#define INTERLUDE_APP_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"
#include "base/map.h"
#include "domain/types.h"

/* Everything a store must know of its kind. A kind's struct starts with its struct meta. */
struct store_kind {
    const char *name;
    size_t size;
    bool (*decode)(struct arena *arena, const json_t *object, void *ret, struct err *err);
    /* A name that objects belonging together share, to be found by; NULL: of no group. */
    const char *(*group)(const void *object);
};

struct stored; /* one object, with its arena */

struct store {
    const struct store_kind *kind;
    struct map by_name;   /* "namespace/name" -> struct stored */
    struct map by_group;  /* group -> first struct stored of it */
    unsigned round;       /* of store_restart() */
    struct arena scratch; /* of store_put(): how large is it? */
};

enum store_result {
    STORE_CHANGED, /* new or newer */
    STORE_STALE,   /* as new as what is there, or older; or gone already */
    STORE_FAILED,  /* cannot be decoded: what was there is forgotten, err says why */
};

typedef void store_gone_fn(void *arg, const void *object);

void store_init(struct store *store, const struct store_kind *kind);
void store_fini(struct store *store);

/* NULL when there is none. Borrowed until the object changes: not to be kept over a turn. */
const void *store_get(const struct store *store, const char *ns, const char *name);

/* Namespace, name and UID of an object, borrowed from it. */
struct meta store_names(const json_t *object);

/* What is stored of the object of that name, likewise. */
const void *store_find(const struct store *store, const json_t *object);

/* From a watch: new objects too. */
enum store_result store_put(struct store *store, const json_t *object, struct err *err) MUST_CHECK;

/* From the answer of a write: an object that the watch has reported as gone stays gone. */
enum store_result store_update(struct store *store, const json_t *object,
                               struct err *err) MUST_CHECK;

/*
 * Takes the object out, calls fn with its last version (NULL: nobody is told), and frees it. False when it
 * was not there, or has another UID.
 */
bool store_remove(struct store *store, const struct meta *meta, store_gone_fn *fn, void *arg);

/*
 * Before store_put(): takes out an older object of that name with another UID, as store_remove() does. It
 * is gone, though a watch that starts over does not say so.
 */
void store_replace(struct store *store, const json_t *object, store_gone_fn *fn, void *arg);

/* All objects will be put again; store_sweep() removes those that were not, as store_remove() does. */
void store_restart(struct store *store);
void store_sweep(struct store *store, store_gone_fn *fn, void *arg);

/* All objects in no order: *at = 0 first, NULL at the end. The store must not change meanwhile. */
const void *store_next(const struct store *store, size_t *at);

/* The objects of a group: NULL first, then what was returned; NULL at the end. */
const void *store_next_of_group(const struct store *store, const char *group, const void *previous);

size_t store_count(const struct store *store);

#endif
