/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from text to a pointer: open addressing, grows by itself. The map owns its copies of the keys
 * and never the values.
 */
#ifndef INTERLUDE_BASE_MAP_H
#define INTERLUDE_BASE_MAP_H

#include <stddef.h>

#include "base/attrs.h"

struct map_slot {
    char *key;   /* NULL: never used */
    void *value; /* NULL with a key: taken out */
};

/* A zeroed struct map is an empty, valid one. */
struct map {
    struct map_slot *slots;
    size_t room; /* a power of two, or 0 */
    size_t used; /* slots with a key, taken-out ones included */
    size_t count;
};

void map_fini(struct map *map);

/* NULL when there is none. */
void *map_get(const struct map *map, const char *key);

/* Sets the value, which must not be NULL, and returns the one it replaced, or NULL. */
void *map_set(struct map *map, const char *key, void *value);

/* Removes the key and returns its value, or NULL. */
void *map_take(struct map *map, const char *key);

/*
 * Goes through all values in no order: start with *at = 0, stop at NULL. The map may not grow meanwhile;
 * taking out the key just returned is allowed. ret_key may be NULL; the key is borrowed.
 */
void *map_next(const struct map *map, size_t *at, const char **ret_key);

#endif
