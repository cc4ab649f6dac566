/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/prerequisite.h"

#include "base/clock.h"
#include "base/str.h"
#include "domain/unread.h"

static struct gate_verdict met(void)
{
    return (struct gate_verdict){CONDITION_TRUE, "Met",
                                 "every object of spec.requires is there and ready"};
}

static struct gate_verdict not_met(const char *reason, const char *message)
{
    return (struct gate_verdict){CONDITION_FALSE, reason, message};
}

static const struct condition *find_condition(const struct prerequisite *object, const char *type)
{
    for (size_t i = 0; i < object->conditions.count; i++) {
        if (str_eq(object->conditions.items[i].type, type)) {
            return &object->conditions.items[i];
        }
    }
    return NULL;
}

static bool is_behind(int64_t observed_generation, const struct prerequisite *object)
{
    return observed_generation != 0 && observed_generation < object->meta.generation;
}

/* What its owner's controller said of it. Its message is left out: progress would change it all the time. */
static struct gate_verdict judge_condition(struct arena *arena, const char *what,
                                           const struct requirement *requirement,
                                           const struct prerequisite *object)
{
    const struct condition *condition = find_condition(object, requirement->condition);
    if (condition == NULL) {
        return not_met("PrerequisiteNotReady", arena_printf(arena, "%s has no condition %s yet",
                                                            what, requirement->condition));
    }
    if (is_behind(condition->observed_generation, object) ||
        is_behind(object->observed_generation, object)) {
        return not_met(
            "PrerequisiteNotReady",
            arena_printf(arena, "%s was changed, and its status does not tell of that yet", what));
    }
    if (condition->status != CONDITION_TRUE) {
        bool has_reason = !str_is_empty(condition->reason);
        return not_met("PrerequisiteNotReady",
                       arena_printf(arena, "condition %s of %s is %s%s%s%s", condition->type, what,
                                    condition_status_name(condition->status),
                                    has_reason ? " (" : "", has_reason ? condition->reason : "",
                                    has_reason ? ")" : ""));
    }
    return met();
}

static struct gate_verdict judge_present(struct arena *arena, const char *what,
                                         const struct migration *migration,
                                         const struct requirement *requirement,
                                         const struct prerequisite *object)
{
    if (object->meta.deleted_s != 0) {
        return not_met("PrerequisiteMissing", arena_printf(arena, "%s is being deleted", what));
    }
    if (requirement->newer_than_migration && object->meta.created_s < migration->meta.created_s) {
        char created[CLOCK_TEXT_MAX];
        clock_format(object->meta.created_s, created);
        return not_met("PrerequisiteTooOld",
                       arena_printf(arena,
                                    "%s was created at %s, before this migration: a newer one "
                                    "is asked for",
                                    what, created));
    }
    return requirement->condition == NULL ? met()
                                          : judge_condition(arena, what, requirement, object);
}

static struct gate_verdict judge(struct arena *arena, const struct migration *migration,
                                 const struct requirement *requirement,
                                 const struct prerequisite_seen *seen)
{
    const char *what = arena_printf(arena, "%s %s", requirement->kind, requirement->name);
    switch (seen->state) {
    case PREREQUISITE_PRESENT:
        return judge_present(arena, what, migration, requirement, seen->object);
    case PREREQUISITE_ABSENT:
        return not_met("PrerequisiteMissing", arena_printf(arena, "%s does not exist", what));
    case PREREQUISITE_NO_KIND:
        return not_met("PrerequisiteKindMissing",
                       unread_text(arena, what, KIND_MISSING, seen->why));
    case PREREQUISITE_FORBIDDEN:
        return not_met("PrerequisiteForbidden",
                       unread_text(arena, what, KIND_FORBIDDEN, seen->why));
    case PREREQUISITE_UNKNOWN:
        break;
    }
    return (struct gate_verdict){
        CONDITION_UNKNOWN, "NotChecked",
        seen->why == NULL ? arena_printf(arena, "%s is not read yet", what)
                          : arena_printf(arena, "%s cannot be read: %s", what, seen->why)};
}

struct gate_verdict prerequisites_judge(struct arena *arena, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    struct gate_verdict all = {.status = CONDITION_TRUE};
    if (migration->requirement_count == 0) {
        return (struct gate_verdict){CONDITION_TRUE, "NotRequired", "spec.requires names nothing"};
    }
    for (size_t i = 0; i < migration->requirement_count; i++) {
        struct gate_verdict one =
            judge(arena, migration, &migration->requirements[i], &seen->prerequisites[i]);
        if (one.status == CONDITION_TRUE) {
            continue;
        }
        if (all.status == CONDITION_TRUE) {
            all = one;
        } else {
            all.message = arena_printf(arena, "%s; %s", all.message, one.message);
        }
    }
    return all.status == CONDITION_TRUE ? met() : all;
}
