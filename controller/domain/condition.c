/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/condition.h"

#include <string.h>

#include "base/str.h"

static struct condition *find(const struct conditions *conditions, const char *type)
{
    for (size_t i = 0; i < conditions->count; i++) {
        if (str_eq(conditions->items[i].type, type)) {
            return &conditions->items[i];
        }
    }
    return NULL;
}

const struct condition *condition_get(const struct conditions *conditions, const char *type)
{
    return find(conditions, type);
}

bool condition_is_true(const struct conditions *conditions, const char *type)
{
    const struct condition *condition = find(conditions, type);
    return condition != NULL && condition->status == CONDITION_TRUE;
}

void condition_set(struct arena *arena, struct conditions *conditions, const struct condition *set,
                   int64_t now_s)
{
    struct condition *present = find(conditions, set->type);
    if (present != NULL) {
        int64_t changed_s = present->status == set->status ? present->changed_s : now_s;
        *present = *set;
        present->changed_s = changed_s;
        return;
    }
    struct condition *items = arena_array(arena, conditions->count + 1, sizeof(*items));
    if (conditions->count > 0) {
        memcpy(items, conditions->items, conditions->count * sizeof(*items));
    }
    items[conditions->count] = *set;
    items[conditions->count].changed_s = now_s;
    conditions->items = items;
    conditions->count++;
}

void condition_remove(struct conditions *conditions, const char *type)
{
    struct condition *present = find(conditions, type);
    if (present == NULL) {
        return;
    }
    size_t after = conditions->count - (size_t)(present - conditions->items) - 1;
    memmove(present, present + 1, after * sizeof(*present));
    conditions->count--;
}
