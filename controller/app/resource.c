/* SPDX-License-Identifier: Apache-2.0 */
#include "app/resource.h"

#include "kube/path.h"

static const struct {
    const char *group_version;
    const char *plural;
} resources[] = {
#define X(name, group_version, plural) [name] = {group_version, plural},
    RESOURCES(X)
#undef X
};

enum resource resource_of(enum workload_kind kind)
{
    switch (kind) {
    case WORKLOAD_STATEFUL_SET:
        return RESOURCE_STATEFUL_SET;
    case WORKLOAD_DAEMON_SET:
        return RESOURCE_DAEMON_SET;
    case WORKLOAD_CRON_JOB:
        return RESOURCE_CRON_JOB;
    case WORKLOAD_REPLICA_SET:
        return RESOURCE_REPLICA_SET;
    case WORKLOAD_JOB:
        return RESOURCE_JOB;
    case WORKLOAD_DEPLOYMENT:
    case WORKLOAD_OTHER:
    case WORKLOAD_KIND_MAX:
        break;
    }
    return RESOURCE_DEPLOYMENT;
}

static char *path_of(struct arena *arena, enum resource resource, const struct meta *meta,
                     const char *subresource)
{
    return kube_path_text(arena, &(struct kube_path){
                                     .group_version = resources[resource].group_version,
                                     .ns = meta->ns,
                                     .resource = resources[resource].plural,
                                     .name = meta->name,
                                     .subresource = subresource,
                                 });
}

char *resource_path(struct arena *arena, enum resource resource, const char *ns, const char *name)
{
    return path_of(arena, resource, &(struct meta){.ns = ns, .name = name}, NULL);
}

char *resource_status_path(struct arena *arena, enum resource resource, const struct meta *meta)
{
    return path_of(arena, resource, meta, "status");
}

char *resource_select_path(struct arena *arena, enum resource resource, const char *ns,
                           const char *label_selector)
{
    char *path = resource_path(arena, resource, ns, NULL);
    return kube_path_query(arena, path, "labelSelector", label_selector);
}
