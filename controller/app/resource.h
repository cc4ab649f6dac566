/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds that the controller speaks of to the API server, and their paths. Pure. */
#ifndef INTERLUDE_APP_RESOURCE_H
#define INTERLUDE_APP_RESOURCE_H

#include "base/arena.h"
#include "domain/types.h"

/* X(name, group/version, plural) */
#define RESOURCES(X)                                                                               \
    X(RESOURCE_MIGRATION, API_VERSION, "schemamigrations")                                         \
    X(RESOURCE_DATABASE, API_VERSION, "databases")                                                 \
    X(RESOURCE_APPROVAL, API_VERSION, "migrationapprovals")                                        \
    X(RESOURCE_JOB, "batch/v1", "jobs")                                                            \
    X(RESOURCE_POD, "v1", "pods")                                                                  \
    X(RESOURCE_EVENT, "v1", "events")                                                              \
    X(RESOURCE_NAMESPACE, "v1", "namespaces")                                                      \
    X(RESOURCE_DEPLOYMENT, "apps/v1", "deployments")                                               \
    X(RESOURCE_STATEFUL_SET, "apps/v1", "statefulsets")                                            \
    X(RESOURCE_DAEMON_SET, "apps/v1", "daemonsets")                                                \
    X(RESOURCE_REPLICA_SET, "apps/v1", "replicasets")                                              \
    X(RESOURCE_CRON_JOB, "batch/v1", "cronjobs")                                                   \
    X(RESOURCE_LEASE, "coordination.k8s.io/v1", "leases")

#define X(name, group_version, plural) name,
enum resource { RESOURCES(X) RESOURCE_MAX };
#undef X

/* Not of WORKLOAD_OTHER, whose place discovery tells: app/kinds.h. */
enum resource resource_of(enum workload_kind kind);

/* name NULL: the collection; ns NULL: of all namespaces. In the arena. */
char *resource_path(struct arena *arena, enum resource resource, const char *ns,
                    const char *name) MUST_CHECK;
char *resource_status_path(struct arena *arena, enum resource resource,
                           const struct meta *meta) MUST_CHECK;

/* The collection with ?labelSelector=. In the arena. */
char *resource_select_path(struct arena *arena, enum resource resource, const char *ns,
                           const char *label_selector) MUST_CHECK;

#endif
