/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM ((size_t)16)

/* FNV-1a, 64 bit: short keys that the API server has already limited in length and alphabet. */
static size_t hash_of(const char *key)
{
    uint64_t hash = 14695981039346656037U;
    for (; *key != '\0'; key++) {
        hash = (hash ^ (unsigned char)*key) * 1099511628211U;
    }
    return (size_t)hash;
}

/* The slot of the key, or the first never used one on its way. */
static struct map_slot *slot_of(struct map_slot *slots, size_t room, const char *key)
{
    size_t at = hash_of(key) & (room - 1);
    while (slots[at].key != NULL && strcmp(slots[at].key, key) != 0) {
        at = (at + 1) & (room - 1);
    }
    return &slots[at];
}

/* Keeps at least a quarter of the slots never used, and drops the taken-out ones on the way. */
static void make_room(struct map *map)
{
    if (map->room > 0 && (map->used + 1) * 4 <= map->room * 3) {
        return;
    }
    size_t room = FIRST_ROOM;
    while (room * 3 < (map->count + 1) * 8) {
        room *= 2;
    }
    struct map_slot *slots = xcalloc(room, sizeof(*slots));
    for (size_t i = 0; i < map->room; i++) {
        if (map->slots[i].value != NULL) {
            *slot_of(slots, room, map->slots[i].key) = map->slots[i];
        } else {
            free(map->slots[i].key);
        }
    }
    free(map->slots);
    map->slots = slots;
    map->room = room;
    map->used = map->count;
}

void map_fini(struct map *map)
{
    for (size_t i = 0; i < map->room; i++) {
        free(map->slots[i].key);
    }
    free(map->slots);
    *map = (struct map){0};
}

void *map_get(const struct map *map, const char *key)
{
    return map->room == 0 ? NULL : slot_of(map->slots, map->room, key)->value;
}

void *map_set(struct map *map, const char *key, void *value)
{
    assert(value != NULL);
    make_room(map);
    struct map_slot *slot = slot_of(map->slots, map->room, key);
    void *old = slot->value;
    if (slot->key == NULL) {
        slot->key = xstrdup(key);
        map->used++;
    }
    if (old == NULL) {
        map->count++;
    }
    slot->value = value;
    return old;
}

void *map_take(struct map *map, const char *key)
{
    if (map->room == 0) {
        return NULL;
    }
    struct map_slot *slot = slot_of(map->slots, map->room, key);
    void *old = slot->value;
    if (old != NULL) {
        slot->value = NULL;
        map->count--;
    }
    return old;
}

void *map_next(const struct map *map, size_t *at, const char **ret_key)
{
    while (*at < map->room) {
        const struct map_slot *slot = &map->slots[(*at)++];
        if (slot->value != NULL) {
            if (ret_key != NULL) {
                *ret_key = slot->key;
            }
            return slot->value;
        }
    }
    return NULL;
}
