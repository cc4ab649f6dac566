/* SPDX-License-Identifier: Apache-2.0 */
#include "app/work.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/cluster.h"
#include "base/mem.h"
#include "base/str.h"

struct work *work_new(struct cluster *cluster, const char *ns, const char *name)
{
    struct work *work = xcalloc(1, sizeof(*work));
    work->cluster = cluster;
    work->task.client = cluster->client;
    work->task.guard = cluster->guard;
    work->ns = xstrdup(ns);
    work->name = xstrdup(name);
    work->key = cluster_key(KEY_MIGRATION, ns, name);
    return work;
}

/* What is remembered from one chain to the next. */
static void forget_all(struct work *work)
{
    work_forget(work);
    free(work->dry_run.message);
    for (size_t kind = 0; kind < ANNOUNCEMENTS_MAX; kind++) {
        free(work->recorded_events[kind]);
        work->recorded_events[kind] = NULL;
    }
    free(work->no_pod_reason);
    free(work->no_pod_job);
    free(work->uid);
    work->dry_run = (struct dry_run_memory){0};
    work->no_pod_reason = NULL;
    work->no_pod_job = NULL;
    work->no_pod_asked_s = 0;
    work->uid = NULL;
    breach_memory_forget(&work->breach);
    work->owes_event = false;
    work->status_written_ms = 0;
    work->unknown_since_s = 0;
}

void work_wait_for(struct work *work, const char **after, size_t after_count)
{
    struct dependents *dependents = &work->cluster->dependents;
    bool is_same = after_count == work->after_count;
    for (size_t i = 0; is_same && i < after_count; i++) {
        is_same = str_eq(after[i], work->after[i]);
    }
    if (is_same) {
        return;
    }
    for (size_t i = 0; i < work->after_count; i++) {
        dependents_leave(dependents, work->ns, work->after[i], work->key);
        free(work->after[i]);
    }
    free(work->after);
    work->after = after_count == 0 ? NULL : xcalloc(after_count, sizeof(*work->after));
    work->after_count = after_count;
    for (size_t i = 0; i < after_count; i++) {
        work->after[i] = xstrdup(after[i]);
        dependents_join(dependents, work->ns, after[i], work->key);
    }
}

static size_t count_others(const struct application *applications, size_t count)
{
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        others += applications[i].kind == WORKLOAD_OTHER;
    }
    return others;
}

static bool needs_these_others(const struct work *work, const struct application *applications,
                               size_t count)
{
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        const struct application *application = &applications[i];
        if (application->kind != WORKLOAD_OTHER) {
            continue;
        }
        if (others == work->other_count) {
            return false;
        }
        const struct other_need *need = &work->others[others++];
        if (!str_eq(need->kind, application->other_kind) ||
            !str_eq(need->api_version, application->api_version)) {
            return false;
        }
    }
    return others == work->other_count;
}

/* First the new ones: what stays is not watched anew. */
static void need_others(struct work *work, const struct application *applications, size_t count)
{
    if (needs_these_others(work, applications, count)) {
        return;
    }
    struct fleet *fleet = work->cluster->fleet;
    struct other_need *before = work->others;
    size_t before_count = work->other_count;
    size_t after_count = count_others(applications, count);
    work->others = after_count == 0 ? NULL : xcalloc(after_count, sizeof(*work->others));
    work->other_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct application *application = &applications[i];
        if (application->kind == WORKLOAD_OTHER) {
            fleet_retain_other(fleet, work->ns, application->api_version, application->other_kind);
            work->others[work->other_count++] = (struct other_need){
                .api_version = xstrdup(application->api_version),
                .kind = xstrdup(application->other_kind),
            };
        }
    }
    for (size_t i = 0; i < before_count; i++) {
        fleet_release_other(fleet, work->ns, before[i].api_version, before[i].kind);
        free(before[i].api_version);
        free(before[i].kind);
    }
    free(before);
}

void work_need(struct work *work, unsigned kinds, const struct application *applications,
               size_t application_count)
{
    struct fleet *fleet = work->cluster->fleet;
    fleet_retain(fleet, work->ns, kinds & ~work->needs);
    need_others(work, applications, application_count);
    fleet_release(fleet, work->ns, work->needs & ~kinds);
    work->needs = kinds;
}

void work_free(struct work *work)
{
    task_fini(&work->task);
    work_wait_for(work, NULL, 0);
    prerequisites_want(work->cluster->prerequisites, work->ns, work->key, NULL, 0);
    forget_all(work);
    work_end_chain(work);
    work_need(work, 0, NULL, 0);
    free(work->key);
    free(work->ns);
    free(work->name);
    free(work);
}

void work_set_migration(struct work *work, const struct migration *migration)
{
    if (!str_eq(work->uid, migration->meta.uid)) {
        forget_all(work);
        work->uid = xstrdup(migration->meta.uid);
    }
}

void work_forget(struct work *work)
{
    struct arena arena = work->learnt.arena;
    json_decref(work->learnt.inherited);
    arena_reset(&arena);
    work->learnt = (struct learnt){.arena = arena};
}

void work_end_chain(struct work *work)
{
    work_forget(work);
    arena_fini(&work->learnt.arena);
    arena_fini(&work->arena);
}

struct edition edition_of(const char *uid, int64_t generation)
{
    struct edition edition = {.generation = generation};
    (void)snprintf(edition.uid, sizeof(edition.uid), "%s", str_or_empty(uid));
    return edition;
}

bool edition_is_same(const struct edition *a, const struct edition *b)
{
    return a->generation == b->generation && str_eq(a->uid, b->uid);
}

void work_set_dry_run(struct work *work, enum dry_run_result result, const char *reason,
                      const char *message)
{
    free(work->dry_run.message);
    work->dry_run.result = result;
    work->dry_run.message = xstrdup(message);
    (void)snprintf(work->dry_run.reason, sizeof(work->dry_run.reason), "%s", reason);
}
