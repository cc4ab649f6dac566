/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run takes over of an application's pod template: what the code needs to reach its database,
 * and nothing that would make the pod part of the application.
 *
 * Kept: of the container image, imagePullPolicy, env, envFrom, mounts, resources, securityContext,
 * workingDir; of the pod the account, pull secrets, security context, DNS, host aliases, priority,
 * runtime class and where it may be scheduled; the volumes that are still mounted; native sidecars.
 * Dropped: command and arguments (they start the application), probes, hooks, ports, other containers,
 * plain init containers (one that waits for the schema would wait for ever), mounts of a StatefulSet's
 * volumeClaimTemplates, labels and annotations, pod (anti-)affinity and topology spread: those keep the
 * application's replicas apart, and would keep the run off every node that has one.
 */
#ifndef INTERLUDE_CODEC_INHERIT_H
#define INTERLUDE_CODEC_INHERIT_H

#include <jansson.h>

#include "base/attrs.h"
#include "base/err.h"
#include "domain/types.h"

/* The run's container, unless a sidecar has the name; then with a number behind it. */
#define RUN_CONTAINER "migration"

/*
 * New: a pod spec with one container, the run's. workload is borrowed. NULL with an INVALID err that
 * names the remedy when the template does not have the container, or has several and none is named.
 */
json_t *inherit_pod_spec(const json_t *workload, const struct inherit_from *from,
                         struct err *err) MUST_CHECK;

#endif
