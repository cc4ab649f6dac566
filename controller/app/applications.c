/* SPDX-License-Identifier: Apache-2.0 */
#include "app/applications.h"

#include "domain/selector.h"

/* What stands between a workload of the kind and its pods. */
static unsigned maker_of(enum workload_kind kind)
{
    return kind == WORKLOAD_CRON_JOB ? WORKLOAD_JOB : WORKLOAD_REPLICA_SET;
}

unsigned applications_needs(const struct migration *migration)
{
    unsigned needs = 0;
    for (size_t i = 0; i < migration->application_count; i++) {
        enum workload_kind kind = migration->applications[i].kind;
        needs |= FLEET_BIT(FLEET_PODS);
        if (kind != WORKLOAD_OTHER) {
            needs |= FLEET_BIT(kind);
        }
        if (kind != WORKLOAD_STATEFUL_SET && kind != WORKLOAD_DAEMON_SET) {
            needs |= FLEET_BIT(maker_of(kind));
        }
    }
    return needs;
}

struct fleet_other applications_kind(const struct fleet *fleet, const char *ns,
                                     const struct application *application)
{
    return fleet_see_other(fleet, ns, application->api_version, application->other_kind);
}

bool applications_others_are_known(const struct fleet *fleet, const char *ns,
                                   const struct migration *migration, const char **ret_why)
{
    for (size_t i = 0; i < migration->application_count; i++) {
        const struct application *application = &migration->applications[i];
        if (application->kind != WORKLOAD_OTHER) {
            continue;
        }
        struct fleet_other other = applications_kind(fleet, ns, application);
        if (!other.is_known) {
            *ret_why = other.why;
            return false;
        }
    }
    return true;
}

static const void **list(struct arena *arena, const struct store *store, size_t *ret_count)
{
    *ret_count = 0;
    if (store == NULL) {
        return NULL;
    }
    const void **objects = arena_array(arena, store_count(store), sizeof(*objects));
    size_t at = 0;
    const void *object = NULL;
    while ((object = store_next(store, &at)) != NULL) {
        objects[(*ret_count)++] = object;
    }
    return objects;
}

static void find_workloads(struct arena *arena, const struct store *store, const char *ns,
                           const struct application *application, struct application_seen *seen)
{
    if (store == NULL) {
        return;
    }
    if (!application->has_selector) {
        const struct workload *workload = store_get(store, ns, application->name);
        if (workload != NULL) {
            seen->workloads = arena_array(arena, 1, sizeof(*seen->workloads));
            seen->workloads[seen->workload_count++] = workload;
        }
        return;
    }
    seen->workloads = arena_array(arena, store_count(store), sizeof(*seen->workloads));
    size_t at = 0;
    const struct workload *workload = NULL;
    while ((workload = store_next(store, &at)) != NULL) {
        if (selector_matches(&application->selector, &workload->labels)) {
            seen->workloads[seen->workload_count++] = workload;
        }
    }
}

static const struct store *store_of(const struct fleet *fleet, const char *ns,
                                    const struct application *application,
                                    struct application_seen *seen)
{
    if (application->kind != WORKLOAD_OTHER) {
        return fleet_store(fleet, ns, application->kind);
    }
    struct fleet_other other = applications_kind(fleet, ns, application);
    seen->kind_state = other.state;
    seen->unread_why = other.why;
    return other.state == KIND_READ ? other.store : NULL;
}

struct application_seen *applications_see(struct arena *arena, const struct fleet *fleet,
                                          const char *ns, const struct migration *migration)
{
    struct application_seen *seen = arena_array(arena, migration->application_count, sizeof(*seen));
    if (migration->application_count == 0) {
        return seen;
    }
    size_t pod_count = 0;
    size_t set_count = 0;
    size_t job_count = 0;
    const void **pods = list(arena, fleet_store(fleet, ns, FLEET_PODS), &pod_count);
    const void **sets = list(arena, fleet_store(fleet, ns, WORKLOAD_REPLICA_SET), &set_count);
    const void **jobs = list(arena, fleet_store(fleet, ns, WORKLOAD_JOB), &job_count);
    for (size_t i = 0; i < migration->application_count; i++) {
        const struct application *application = &migration->applications[i];
        bool is_cron_job = application->kind == WORKLOAD_CRON_JOB;
        find_workloads(arena, store_of(fleet, ns, application, &seen[i]), ns, application,
                       &seen[i]);
        seen[i].pods = (const struct pod **)(void *)pods;
        seen[i].pod_count = pod_count;
        seen[i].makers = (const struct workload **)(void *)(is_cron_job ? jobs : sets);
        seen[i].maker_count = is_cron_job ? job_count : set_count;
    }
    return seen;
}
