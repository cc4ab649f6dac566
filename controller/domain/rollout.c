/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rollout.h"

#include <inttypes.h>

#include "base/str.h"

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
    case WORKLOAD_DAEMON_SET:
    case WORKLOAD_REPLICA_SET:
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

const char *rollout_unsettled(struct arena *arena, const struct workload *workload,
                              const char *version)
{
    const char *name = workload->meta.name;
    if (workload->meta.deleted_s != 0) {
        return arena_printf(arena, "%s is being deleted", name);
    }
    if (workload->observed_generation < workload->meta.generation) {
        return arena_printf(arena, "the rollout of %s has not begun yet", name);
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
