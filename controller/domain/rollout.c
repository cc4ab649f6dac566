/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rollout.h"

#include <inttypes.h>

#include "base/attrs.h"
#include "base/str.h"

/* In the words of Argo Rollouts; any other phase says nothing. */
static bool is_held_up(const struct workload *workload)
{
    return str_eq(workload->other.phase, "Paused") || str_eq(workload->other.phase, "Degraded");
}

/* Progressing tells as well of pods that are added to the same revision. */
static bool has_moving_phase(const struct workload *workload)
{
    return is_held_up(workload) || str_eq(workload->other.phase, "Progressing");
}

/* A reason that is not known here says nothing. */
bool rollout_is_unfinished(const struct workload *workload)
{
    switch (workload->kind) {
    case WORKLOAD_DEPLOYMENT:
        return workload->hang != NULL || str_eq(workload->progress, "NewReplicaSetCreated") ||
               str_eq(workload->progress, "FoundNewReplicaSet") ||
               str_eq(workload->progress, "ReplicaSetUpdated");
    case WORKLOAD_STATEFUL_SET:
        /* With OnDelete the controller never makes them equal again. */
        return !workload->is_on_delete &&
               !str_eq(workload->current_revision, workload->update_revision);
    case WORKLOAD_OTHER:
        return is_held_up(workload);
    case WORKLOAD_DAEMON_SET:
    case WORKLOAD_CRON_JOB:
    case WORKLOAD_REPLICA_SET:
    case WORKLOAD_JOB:
    case WORKLOAD_KIND_MAX:
        break;
    }
    return false;
}

/* What holds it up, and what to do: the end of a sentence. */
static const char *obstacle(struct arena *arena, const struct workload *workload)
{
    if (workload->paused) {
        return ", and it is paused: resume it";
    }
    if (workload->create_failure != NULL) {
        return arena_printf(arena, ", and its pods cannot be created: %s",
                            workload->create_failure);
    }
    if (workload->hang != NULL) {
        return arena_printf(arena, ", and it hangs: %s (%s): look at its new pods, or roll it back",
                            workload->hang, str_or_empty(workload->progress));
    }
    if (workload->partition > 0) {
        return arena_printf(arena,
                            ", and its partition %" PRId64
                            " keeps the others back: set it to 0 to let them follow",
                            workload->partition);
    }
    if (workload->is_on_delete) {
        return ", and its updateStrategy is OnDelete: delete the old pods";
    }
    return "";
}

/* Of a kind that nobody knows all counts that it tells must be the same. NULL: they are. */
static const char *uneven(struct arena *arena, const struct workload *workload)
{
    const struct {
        const char *name;
        int64_t count;
    } told[] = {
        {"spec.replicas", workload->desired},
        {"status.replicas", workload->replicas},
        {"status.updatedReplicas", workload->updated},
        {"status.readyReplicas", workload->ready},
        {"status.availableReplicas", workload->other.available},
    };
    size_t first = 0;
    while (first < ARRAY_LEN(told) && told[first].count < 0) {
        first++;
    }
    for (size_t i = first + 1; i < ARRAY_LEN(told); i++) {
        if (told[i].count >= 0 && told[i].count != told[first].count) {
            return arena_printf(arena, "its %s is %" PRId64 ", and its %s is %" PRId64,
                                told[first].name, told[first].count, told[i].name, told[i].count);
        }
    }
    return NULL;
}

static const char *other_unsettled(struct arena *arena, const struct workload *workload,
                                   const char *version)
{
    const struct other_workload *other = &workload->other;
    const char *why = NULL;
    if (has_moving_phase(
            workload)) { /* first: it tells more than the counts, which differ meanwhile */
        bool has_message = !str_is_empty(other->phase_message);
        why = arena_printf(arena, "its phase is %s%s%s%s", other->phase, has_message ? " (" : "",
                           has_message ? other->phase_message : "", has_message ? ")" : "");
    }
    if (why == NULL) {
        why = uneven(arena, workload);
    }
    if (why == NULL && other->not_ready != NULL) {
        why = arena_printf(arena, "its condition %s is not True", other->not_ready);
    }
    return why == NULL ? NULL
                       : arena_printf(arena, "%s is rolling out %s: %s%s", workload->meta.name,
                                      version, why, obstacle(arena, workload));
}

const char *rollout_unsettled(struct arena *arena, const struct workload *workload,
                              const char *version)
{
    const char *name = workload->meta.name;
    if (workload->meta.deleted_s != 0) {
        return arena_printf(arena, "%s is being deleted", name);
    }
    if (workload->kind == WORKLOAD_CRON_JOB) {
        return NULL; /* it tells nothing, and rolls nothing out: what counts is its Jobs and pods */
    }
    if (workload->kind == WORKLOAD_OTHER && workload->observed_generation == 0) {
        return arena_printf(arena,
                            "%s does not tell whether its controller has seen its newest spec "
                            "(status.observedGeneration): set rollout to Any, if the versions are "
                            "enough",
                            name);
    }
    if (workload->observed_generation < workload->meta.generation) {
        return arena_printf(arena, "the rollout of %s has not begun yet", name);
    }
    if (workload->kind == WORKLOAD_OTHER) {
        return other_unsettled(arena, workload, version);
    }
    if (workload->updated != workload->desired || workload->replicas != workload->desired) {
        return arena_printf(arena,
                            "%s is rolling out %s: %" PRId64 " of %" PRId64
                            " pods updated, %" PRId64 " in all%s",
                            name, version, workload->updated, workload->desired, workload->replicas,
                            obstacle(arena, workload));
    }
    if (rollout_is_unfinished(workload)) {
        return arena_printf(arena,
                            "%s is rolling out %s: %" PRId64 " of %" PRId64
                            " pods updated, but they were not all available yet%s",
                            name, version, workload->updated, workload->desired,
                            obstacle(arena, workload));
    }
    return NULL;
}

const char *rollout_kept_revision(const struct workload *workload)
{
    return workload->kind == WORKLOAD_STATEFUL_SET && workload->partition > 0 &&
                   !str_eq(workload->current_revision, workload->update_revision)
               ? workload->current_revision
               : NULL;
}
