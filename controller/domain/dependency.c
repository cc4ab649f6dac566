/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/dependency.h"

#include <string.h>

#include "base/str.h"

/* A migration that self waits for, and through which. */
struct node {
    const struct migration *migration;
    size_t from; /* index of who names it */
};

/* Breadth first, so that the way found is the shortest. */
struct search {
    struct arena *arena;
    struct node *nodes; /* self is the first */
    size_t count;
    size_t room;
};

bool dependency_is_waiting(const struct migration *migration)
{
    return migration->status.phase != PHASE_SUCCEEDED && migration->status.phase != PHASE_RUNNING;
}

static void add(struct search *search, const struct migration *migration, size_t from)
{
    for (size_t i = 0; i < search->count; i++) {
        if (search->nodes[i].migration == migration) {
            return;
        }
    }
    if (search->count == search->room) {
        size_t room = search->room == 0 ? 16 : search->room * 2;
        struct node *nodes = arena_array(search->arena, room, sizeof(*nodes));
        if (search->count > 0) {
            memcpy(nodes, search->nodes, search->count * sizeof(*nodes));
        }
        search->nodes = nodes;
        search->room = room;
    }
    search->nodes[search->count++] = (struct node){migration, from};
}

/* From self to the node at the end, and back to self. */
static const char *describe(const struct search *search, size_t end)
{
    const char *self = search->nodes[0].migration->meta.name;
    const char *text = self;
    for (size_t i = end; i != 0; i = search->nodes[i].from) {
        text =
            arena_printf(search->arena, "%s after %s", search->nodes[i].migration->meta.name, text);
    }
    return arena_printf(search->arena, "%s after %s", self, text);
}

const char *dependency_cycle(struct arena *arena, const struct migration *self,
                             dependency_find_fn *find, void *arg)
{
    struct search search = {.arena = arena};
    add(&search, self, 0);
    for (size_t i = 0; i < search.count; i++) {
        const struct migration *migration = search.nodes[i].migration;
        for (size_t k = 0; k < migration->after_count; k++) {
            if (str_eq(migration->after[k], self->meta.name)) {
                return describe(&search, i);
            }
            const struct migration *next = find(arg, migration->after[k]);
            if (next != NULL && dependency_is_waiting(next)) {
                add(&search, next, i);
            }
        }
    }
    return NULL;
}
