/* SPDX-License-Identifier: Apache-2.0 */
#include "app/dependents.h"

#include <stdlib.h>

#include "base/attrs.h"
#include "base/mem.h"

static void set_free(struct map *set)
{
    map_fini(set);
    free(set);
}

void dependents_fini(struct dependents *dependents)
{
    size_t at = 0;
    for (struct map *set; (set = map_next(&dependents->by_name, &at, NULL)) != NULL;) {
        set_free(set);
    }
    map_fini(&dependents->by_name);
}

void dependents_join(struct dependents *dependents, const char *ns, const char *name,
                     const char *key)
{
    CLEANUP(mem_free_text) char *named = xasprintf("%s/%s", ns, name);
    struct map *set = map_get(&dependents->by_name, named);
    if (set == NULL) {
        set = xcalloc(1, sizeof(*set));
        (void)map_set(&dependents->by_name, named, set);
    }
    (void)map_set(set, key, set); /* any value: the keys are what counts */
}

void dependents_leave(struct dependents *dependents, const char *ns, const char *name,
                      const char *key)
{
    CLEANUP(mem_free_text) char *named = xasprintf("%s/%s", ns, name);
    struct map *set = map_get(&dependents->by_name, named);
    if (set == NULL) {
        return;
    }
    (void)map_take(set, key);
    if (set->count == 0) {
        (void)map_take(&dependents->by_name, named);
        set_free(set);
    }
}

static void wake(const struct map *set, struct queue *queue)
{
    size_t at = 0;
    const char *key = NULL;
    while (set != NULL && map_next(set, &at, &key) != NULL) {
        queue_add(queue, key);
    }
}

void dependents_wake(const struct dependents *dependents, const char *ns, const char *name,
                     struct queue *queue)
{
    CLEANUP(mem_free_text) char *named = xasprintf("%s/%s", ns, name);
    wake(map_get(&dependents->by_name, named), queue);
}

void dependents_wake_all(const struct dependents *dependents, struct queue *queue)
{
    size_t at = 0;
    for (const struct map *set; (set = map_next(&dependents->by_name, &at, NULL)) != NULL;) {
        wake(set, queue);
    }
}

bool dependents_are_none(const struct dependents *dependents)
{
    return dependents->by_name.count == 0;
}
