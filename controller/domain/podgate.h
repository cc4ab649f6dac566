/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pod of an attempt may start: steps 9a and 9b of the run protocol. The Job controller may create a
 * second pod of our one Job (its API server dies between a create and the answer; somebody takes its
 * finalizer off the first). So each is created behind a scheduling gate of ours, and only the one whose
 * UID is on the migration has it opened. Pure.
 *
 * Kubernetes: core/v1 Pod, spec.schedulingGates. A gate can be taken off and never put on again; a pod
 * that has one is bound to no node, whatever scheduler asks; nor is a pod that is being deleted.
 */
#ifndef INTERLUDE_DOMAIN_PODGATE_H
#define INTERLUDE_DOMAIN_PODGATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "domain/types.h"

/*
 * The pod to note for an attempt that has none: one that is open already (the gate was taken off by hand)
 * before one that waits behind it. NULL: none waits, so that there is nothing to open.
 */
const struct pod *podgate_to_note(const struct pod *pods, size_t count);

/* The pod with that UID; NULL: none, or uid is NULL. */
const struct pod *podgate_find(const struct pod *pods, size_t count, const char *uid);

/* Whether opening it lets it start: it waits behind our gate and is not on its way out. */
bool podgate_is_waiting(const struct pod *pod);

/* Whether one of them waits behind our gate. */
bool podgate_has_waiting(const struct pod *pods, size_t count);

/*
 * The pods that can have run, or may: without those behind the gate but the one with the UID noted, for the
 * others are never let through. Copies in the arena, or the pods themselves when none goes.
 */
size_t podgate_select(struct arena *arena, const struct pod *pods, size_t count, const char *noted,
                      const struct pod **ret_pods);

#endif
