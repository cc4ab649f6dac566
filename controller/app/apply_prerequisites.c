/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of spec.requires, read anew before the start (R7). */
#include "app/apply.h"
#include "app/prerequisites.h"
#include "base/str.h"
#include "codec/decode.h"

static struct work *work_of(struct task *task)
{
    return (struct work *)(void *)task;
}

/* Of a server that does not know the field selector all come. */
static const json_t *find_item(const json_t *list, const char *name)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(list, "items"), i, item)
    {
        const json_t *metadata = json_object_get(item, "metadata");
        if (str_eq(json_string_value(json_object_get(metadata, "name")), name)) {
            return item;
        }
    }
    return NULL;
}

static void take(struct task *task, const json_t *item, struct prerequisite_seen *ret_seen)
{
    struct arena *arena = &work_of(task)->learnt.arena;
    struct prerequisite *object = arena_alloc(arena, sizeof(*object));
    struct err err = {0};
    if (!prerequisite_decode(arena, item, object, &err)) {
        task_fail_with(task, &err);
        return;
    }
    *ret_seen = (struct prerequisite_seen){.state = PREREQUISITE_PRESENT, .object = object};
}

/* A refusal is an answer, too: the gate is closed, and the claim given back, instead of asked for ever. */
static bool is_refusal(const struct kube_response *response, enum prerequisite_state *ret_state)
{
    switch (response->err.kind) {
    case ERR_FORBIDDEN:
        *ret_state = PREREQUISITE_FORBIDDEN;
        return true;
    case ERR_NOT_FOUND:
        *ret_state = PREREQUISITE_NO_KIND;
        return true;
    case ERR_INVALID: /* a server that knows no field selectors, or no metadata by itself */
        *ret_state = PREREQUISITE_UNKNOWN;
        return true;
    case ERR_NONE:
    case ERR_TRANSIENT:
    case ERR_CONFLICT:
    case ERR_EXISTS:
    case ERR_UNAUTHORIZED:
    case ERR_GONE:
    case ERR_CANCELED:
    case ERR_INTERNAL:
    case ERR_KIND_MAX:
        break;
    }
    return false;
}

static void on_prerequisite(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    const struct migration *migration = apply_migration(work);
    struct prerequisite_seen *seen = &work->learnt.prerequisites[index];
    if (is_refusal(response, &seen->state)) {
        seen->why = arena_strdup(&work->learnt.arena, response->err.text);
    } else if (!response->is_ok) {
        task_fail(task, response, "read an object that it requires");
    } else if (migration == NULL || index >= migration->requirement_count) {
        task_fail_with(task, &(struct err){ERR_CONFLICT, "the migration changed during the look"});
    } else {
        const json_t *item = find_item(response->body, migration->requirements[index].name);
        seen->state = PREREQUISITE_ABSENT;
        if (item != NULL) {
            take(task, item, seen);
        }
    }
}

/*
 * Where a kind stands its watch finds out, which may have begun just now: then another look follows. If it has
 * something to say instead, be it that there is no such kind, the object counts as not seen.
 */
static void look_at(struct work *work, const struct requirement *requirement, size_t index)
{
    const struct prerequisites *prerequisites = work->cluster->prerequisites;
    struct prerequisite_seen *learnt = &work->learnt.prerequisites[index];
    struct kube_call call;
    if (prerequisites_question(prerequisites, &work->arena, work->ns, requirement, &call)) {
        task_call(&work->task, &call, on_prerequisite, index);
        return;
    }
    struct prerequisite_seen cached = prerequisites_see(prerequisites, work->ns, requirement);
    if (cached.why == NULL) {
        task_fail_with(&work->task,
                       &(struct err){ERR_TRANSIENT, "a kind that it requires is not found yet"});
        return;
    }
    bool is_told = cached.state == PREREQUISITE_NO_KIND || cached.state == PREREQUISITE_FORBIDDEN;
    *learnt = (struct prerequisite_seen){
        .state = is_told ? cached.state : PREREQUISITE_UNKNOWN,
        .why = arena_strdup(&work->learnt.arena, cached.why),
    };
}

void apply_look_at_prerequisites(struct work *work, const struct migration *migration)
{
    struct learnt *learnt = &work->learnt;
    learnt->prerequisites =
        arena_array(&learnt->arena, migration->requirement_count, sizeof(*learnt->prerequisites));
    for (size_t i = 0; i < migration->requirement_count; i++) {
        look_at(work, &migration->requirements[i], i);
    }
}
