/* SPDX-License-Identifier: Apache-2.0 */
#include "app/work.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/cluster.h"
#include "base/mem.h"

struct work *work_new(struct cluster *cluster, const char *ns, const char *name)
{
    struct work *work = xcalloc(1, sizeof(*work));
    work->cluster = cluster;
    work->task.client = cluster->client;
    work->ns = xstrdup(ns);
    work->name = xstrdup(name);
    work->key = cluster_key(KEY_MIGRATION, ns, name);
    return work;
}

void work_free(struct work *work)
{
    task_fini(&work->task);
    work_forget(work);
    fleet_release(work->cluster->fleet, work->ns, work->needs);
    arena_fini(&work->learnt.arena);
    arena_fini(&work->arena);
    free(work->dry_run.message);
    free(work->recorded_event);
    free(work->no_pod_reason);
    free(work->key);
    free(work->ns);
    free(work->name);
    free(work);
}

void work_forget(struct work *work)
{
    struct arena arena = work->learnt.arena;
    json_decref(work->learnt.inherited);
    arena_reset(&arena);
    work->learnt = (struct learnt){.arena = arena};
}

void work_set_dry_run(struct work *work, enum dry_run_result result, const char *reason,
                      const char *message)
{
    free(work->dry_run.message);
    work->dry_run.result = result;
    work->dry_run.message = xstrdup(message);
    (void)snprintf(work->dry_run.reason, sizeof(work->dry_run.reason), "%s", reason);
}
