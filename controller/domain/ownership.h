/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose the pods are. Those of a Deployment, StatefulSet or DaemonSet are what its selector selects and no other
 * workload owns. A CronJob's are those of its Jobs: no label tells them. Of a kind that is not known here nobody
 * can tell what makes its pods, so that all which its selector selects are its own. In doubt a pod counts: one that
 * is counted without need keeps a gate closed, one that is missed opens it. Pure.
 */
#ifndef INTERLUDE_DOMAIN_OWNERSHIP_H
#define INTERLUDE_DOMAIN_OWNERSHIP_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/types.h"

/* What was seen; everything borrowed. Pods and makers may hold ones that are not concerned. */
struct application_seen {
    enum kind_state kind_state;
    const char *unread_why; /* unless KIND_READ: the server's words */
    const struct workload *
        *workloads; /* the named one, or all that the selector picks; 0: absent */
    size_t workload_count;
    const struct workload **makers; /* ReplicaSets; of a CronJob its Jobs, none of them a run */
    size_t maker_count;
    const struct pod **pods;
    size_t pod_count;
};

/* True when the pod counts as one of the workload's, which may be gone: it is alive, and no run. */
bool ownership_of_pod(const struct workload *workload, const struct application_seen *seen,
                      const struct pod *pod);

/* True when the ReplicaSet or Job makes pods of the workload, which may be gone. */
bool ownership_of_maker(const struct workload *workload, const struct workload *maker);

/* The one that is the object's controller. Borrowed; NULL: none is. */
const struct owner_reference *ownership_controller(const struct meta *made);

/*
 * Whose an object is, as far as its owners tell, for who asks what a change of it may change: of one workload; of
 * whatever selects what a ReplicaSet, or a Job, makes (no name); of any kind that is not known here
 * (WORKLOAD_OTHER without a name); or nobody can tell (WORKLOAD_KIND_MAX).
 */
struct whose {
    enum workload_kind kind;
    const char *name;
};

/* Of a workload: itself. Of a ReplicaSet or a Job: what made it. The name is borrowed. */
struct whose whose_workload(const struct workload *workload);

/* maker: the ReplicaSet or Job that owns the pod; NULL: there is none, or it is not known. */
struct whose whose_pod(const struct pod *pod, const struct workload *maker);

/*
 * False when nothing that is this owner's, whatever happens to it, can change what is seen of the migration's
 * applications, or of what it inherits from. In doubt true: who is woken for nothing finds nothing new, who is not
 * woken misses a breach.
 */
bool whose_may_concern(const struct migration *migration, struct whose whose);

#endif
