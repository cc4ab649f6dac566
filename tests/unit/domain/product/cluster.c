/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/attrs.h"
#include "base/str.h"
#include "cluster_parts.h"
#include "domain/decide.h"
#include "domain/jobstate.h"
#include "domain/leftover.h"
#include "domain/orphan.h"

void break_rule(struct cluster *cluster, const char *rule)
{
    if (cluster->broken == NULL) {
        cluster->broken = rule;
    }
}

/* ---- what is true ---- */

struct migration *migration_of(struct cluster *cluster)
{
    return &cluster->scene.migration;
}

struct claim *claim_of(struct cluster *cluster)
{
    return &cluster->scene.database.claim;
}

bool may_get_pod(struct cluster *cluster)
{
    const struct job *job = &cluster->scene.job;
    bool is_ours = cluster->is_job_there && job->migration_uid != NULL;
    return is_ours && job->parallelism > 0 && !job_is_over(job) && !job->is_suspended;
}

/* ---- what is seen ---- */

/* As app/observe.c: while an attempt starts, its Job is known from this chain alone. */
static void see_job(struct cluster *cluster, struct observed *seen)
{
    const struct attempt *attempt = &migration_of(cluster)->status.attempt;
    const struct claim *claim = claim_of(cluster);
    bool is_starting = claim->migration != NULL && str_eq(claim->uid, SCENE_UID) &&
                       claim->attempt != attempt->number;
    bool is_its = cluster->is_job_there && str_eq(cluster->scene.job.meta.uid, attempt->job_uid);
    bool is_cached = !is_starting && is_its;
    seen->job_presence = is_cached ? PRESENCE_PRESENT : cluster->job_learnt;
    seen->is_job_fresh = cluster->job_learnt == PRESENCE_PRESENT;
    seen->job = seen->job_presence == PRESENCE_PRESENT ? &cluster->scene.job : NULL;
    seen->job_name_taken = cluster->name_taken;
    if (!cluster->are_pods_read && (is_starting || attempt->job_uid == NULL)) {
        seen->pod_count = 0;
    }
}

static struct observed see(struct cluster *cluster)
{
    struct observed seen = cluster->scene.seen;
    seen.now_s = cluster->now_s;
    seen.is_fresh = cluster->has_looked;
    seen.is_database_cached = !cluster->is_database_read;
    seen.dry_run = cluster->dry_run;
    seen.are_pods_fresh = cluster->are_pods_read;
    seen.no_pod_reason = cluster->no_pod_reason;
    seen.namespace_state = cluster->namespace_state;
    seen.is_event_due = cluster->is_event_due;
    see_job(cluster, &seen);
    return seen;
}

/* ---- the controller ---- */

static void decide_about_claim(struct cluster *cluster, struct plan *plan)
{
    const struct claim *claim = claim_of(cluster);
    *plan = (struct plan){0};
    if (claim->migration == NULL || !str_eq(claim->uid, SCENE_UID)) {
        return;
    }
    bool is_its =
        cluster->is_job_there && job_is_of(&cluster->scene.job, claim->uid, claim->attempt);
    struct orphan seen = {
        .now_s = cluster->now_s,
        .database = &cluster->scene.database,
        .job_presence = is_its ? PRESENCE_PRESENT : cluster->job_learnt,
        .job = &cluster->scene.job,
        .is_job_fresh = cluster->job_learnt == PRESENCE_PRESENT,
        .pods = cluster->scene.pods,
        .pod_count = cluster->scene.seen.pod_count,
        .are_pods_fresh = cluster->are_pods_read,
    };
    orphan_decide(&cluster->arena, &seen, plan);
}

bool cluster_step(struct cluster *cluster, enum fault fault, int64_t *ret_wake_at_s)
{
    struct plan plan;
    if (cluster->is_gone) {
        decide_about_claim(cluster, &plan);
    } else {
        struct observed seen = see(cluster);
        decide(&cluster->arena, &seen, &plan);
    }
    const unsigned reads = ACTION_DRY_RUN | ACTION_READ_FRESH | ACTION_READ_JOB | ACTION_READ_PODS |
                           ACTION_READ_JOB_EVENTS | ACTION_READ_DATABASE | ACTION_READ_NAMESPACE;
    *ret_wake_at_s = plan.wake_at_s;
    cluster->has_written = cluster->has_written || (plan.actions & ~reads) != 0;
    if (plan.actions == 0) {
        return false;
    }
    if (fault != FAULT_NOT_APPLIED) {
        cluster_apply(cluster, &plan);
    }
    if (fault != FAULT_NONE) {
        cluster_restart(cluster);
    }
    return true;
}

static bool tidy_pods(struct cluster *cluster, const struct migration *migration)
{
    bool is_done = false;
    for (size_t i = 0; i < cluster->scene.seen.pod_count; i++) {
        struct pod *pod = &cluster->scene.pods[i];
        struct pair labels[] = {
            {LABEL_MIGRATION_UID, SCENE_UID},
            {LABEL_ATTEMPT, arena_printf(&cluster->arena, "%d", (int)cluster->pods_attempt)},
        };
        pod->facts.labels = (struct pairs){labels, ARRAY_LEN(labels)};
        if (leftover_judge_pod(migration, cluster->scene.seen.database, pod) == LEFTOVER_LET_GO) {
            pod->meta.has_finalizer = false;
            is_done = true;
        }
        pod->facts.labels = (struct pairs){0};
    }
    return is_done;
}

bool cluster_tidy(struct cluster *cluster)
{
    const struct migration *migration = cluster->is_gone ? NULL : migration_of(cluster);
    struct job *job = &cluster->scene.job;
    if (tidy_pods(cluster, migration)) {
        return true;
    }
    if (!cluster->is_job_there) {
        return false;
    }
    switch (leftover_judge(migration, cluster->scene.seen.database, job)) {
    case LEFTOVER_NOTHING:
        return false;
    case LEFTOVER_DELETE:
        delete_job(cluster);
        break;
    case LEFTOVER_LET_GO:
        job->meta.has_finalizer = false;
        break;
    }
    return true;
}

void cluster_forget(struct cluster *cluster)
{
    cluster->has_looked = false;
    cluster->is_database_read = false;
    cluster->are_pods_read = false;
    cluster->job_learnt = PRESENCE_UNKNOWN;
    cluster->name_taken = NULL;
    cluster->namespace_state = NAMESPACE_UNKNOWN;
}

void cluster_restart(struct cluster *cluster)
{
    cluster_forget(cluster);
    cluster->dry_run.result = DRY_RUN_DUE;
    cluster->no_pod_reason = NULL;
    cluster->is_event_due = migration_of(cluster)->status.history_count > 0;
}

/* ---- the others ---- */

/* By the pod garbage collector. */
static bool collect_pods(struct cluster *cluster)
{
    struct scene *scene = &cluster->scene;
    bool is_held = false;
    for (size_t i = 0; i < scene->seen.pod_count; i++) {
        const struct pod *pod = &scene->pods[i];
        bool is_going = cluster->is_node_lost || (pod->is_gated && pod->meta.deleted_s != 0);
        is_held = is_held || !is_going || pod->meta.has_finalizer;
    }
    if (is_held || scene->seen.pod_count == 0) {
        return false;
    }
    scene->seen.pod_count = 0;
    return true;
}

/* What was deleted, and is held by nobody any more, goes. */
static bool collect(struct cluster *cluster)
{
    struct scene *scene = &cluster->scene;
    struct meta *meta = &scene->migration.meta;
    bool is_collected = collect_pods(cluster);
    if (cluster->is_job_there && scene->job.meta.deleted_s != 0 && !scene->job.meta.has_finalizer) {
        cluster->is_job_there = false;
        is_collected = true;
    }
    if (!cluster->is_gone && meta->deleted_s != 0 && !meta->has_finalizer) {
        cluster->is_gone = true;
        is_collected = true;
    }
    return is_collected;
}

bool cluster_move(struct cluster *cluster)
{
    struct job *job = &cluster->scene.job;
    if (move_pods(cluster)) {
        return true;
    }
    /* A suspended Job whose node is lost: somebody deletes it. */
    bool is_stuck = cluster->is_job_there && job->is_suspended && job->meta.deleted_s == 0 &&
                    cluster->scene.seen.pod_count > 0 && cluster->scene.pods[0].reason != NULL;
    if (is_stuck) {
        job->meta.deleted_s = cluster->now_s;
    }
    return collect(cluster) || is_stuck;
}

void cluster_build(struct cluster *cluster, const unsigned char *point, bool exits_with_0)
{
    struct arena arena = cluster->arena;
    arena_reset(&arena);
    *cluster = (struct cluster){.arena = arena, .now_s = SCENE_NOW, .exits_with_0 = exits_with_0};
    scene_build(&cluster->scene, point);
    cluster->is_job_there = cluster->scene.seen.job_presence == PRESENCE_PRESENT;
    cluster->pods_attempt = SCENE_RECORDED;
    cluster->is_node_lost = point[DIM_PODS] == PODS_LOST;
    cluster->scene.database.confirm_ended = cluster->scene.migration.confirm_ended;
    if (point[DIM_NOTED] == NOTED_GONE) {
        cluster->ran_uid[SCENE_RECORDED] = SCENE_GONE;
    } else if (scene_pods(point).has_started) {
        cluster->ran_uid[SCENE_RECORDED] = SCENE_POD_UID;
    }
    cluster_restart(cluster);
}

void cluster_fini(struct cluster *cluster)
{
    arena_fini(&cluster->arena);
}
