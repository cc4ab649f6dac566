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

/*
 * The Deployment controller does not write again what it was refused as it made the ReplicaSet: then condition
 * Progressing speaks of the rollout before, and stays so where the counts alone are right (Recreate).
 */
static bool is_never_ready(const struct workload *workload)
{
    return workload->kind == WORKLOAD_DEPLOYMENT && workload->desired > 0 && workload->ready == 0;
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

/* These two roll nothing out: how many pods are of the newest template they never tell. */
static bool tells_updated(const struct application *application)
{
    return !str_eq(application->other_type, "ReplicationController") &&
           !str_eq(application->other_type, "ReplicaSet.apps");
}

bool rollout_is_short(const struct application *application, const struct workload *workload)
{
    bool is_told = workload->kind != WORKLOAD_OTHER || tells_updated(application);
    int64_t updated = workload->updated < 0 ? 0 : workload->updated;
    return is_told && updated < workload->replicas;
}

/*
 * Of a kind that nobody knows all counts must be the same. Most leave out a count of zero, and so one that is not told
 * is none: whoever never tells it cannot be told from whoever has none. NULL: they are the same.
 */
static const char *uneven(struct arena *arena, const struct application *application,
                          const struct workload *workload)
{
    bool is_wish_told = workload->desired >= 0;
    const char *name = is_wish_told ? "spec.replicas" : "status.replicas";
    int64_t wanted = is_wish_told ? workload->desired : workload->replicas;
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {
        {"status.replicas", workload->replicas},
        {"status.updatedReplicas", tells_updated(application) ? workload->updated : wanted},
        {"status.readyReplicas", workload->ready},
        {"status.availableReplicas", workload->other.available},
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (counts[i].count < 0 && wanted > 0) {
            return arena_printf(arena,
                                "its %s is %" PRId64 ", and its %s is not told (if it never is, "
                                "set rollout to Any)",
                                name, wanted, counts[i].name);
        }
        if (counts[i].count >= 0 && counts[i].count != wanted) {
            return arena_printf(arena, "its %s is %" PRId64 ", and its %s is %" PRId64, name,
                                wanted, counts[i].name, counts[i].count);
        }
    }
    return NULL;
}

/* What it says in words. NULL: nothing against it. */
static const char *objection(struct arena *arena, const struct other_workload *other,
                             const char *phase)
{
    if (phase != NULL) {
        bool has_message = !str_is_empty(other->phase_message);
        return arena_printf(arena, "its phase is %s%s%s%s", phase, has_message ? " (" : "",
                            has_message ? other->phase_message : "", has_message ? ")" : "");
    }
    return other->not_ready == NULL
               ? NULL
               : arena_printf(arena, "its condition %s is not True", other->not_ready);
}

static const char *other_unsettled(struct arena *arena, const struct application *application,
                                   const struct workload *workload, const char *version)
{
    const char *phase = has_moving_phase(workload) ? workload->other.phase : NULL;
    const char *why = objection(arena, &workload->other, phase);
    if (why == NULL && workload->desired < 0 && workload->replicas <= 0) {
        return arena_printf(arena,
                            "%s does not tell how many pods it wants (spec.replicas) or has "
                            "(status.replicas): set rollout to Any, if the versions are enough",
                            workload->meta.name);
    }
    if (why == NULL) {
        why = uneven(arena, application, workload);
    }
    return why == NULL ? NULL
                       : arena_printf(arena, "%s is rolling out %s: %s%s", workload->meta.name,
                                      version, why, obstacle(arena, workload));
}

const char *rollout_unsettled(struct arena *arena, const struct application *application,
                              const struct workload *workload, const char *version)
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
        return other_unsettled(arena, application, workload, version);
    }
    if (workload->updated != workload->desired || workload->replicas != workload->desired) {
        return arena_printf(arena,
                            "%s is rolling out %s: %" PRId64 " of %" PRId64
                            " pods updated, %" PRId64 " in all%s",
                            name, version, workload->updated, workload->desired, workload->replicas,
                            obstacle(arena, workload));
    }
    if (rollout_is_unfinished(workload) || is_never_ready(workload)) {
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
