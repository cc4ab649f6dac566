/* SPDX-License-Identifier: Apache-2.0 */
/* What each action of a plan does to the objects, and the rules that it may break with it. */
#include <string.h>

#include "base/str.h"
#include "cluster_parts.h"
#include "domain/jobstate.h"

static bool is_claimed(struct cluster *cluster, int64_t attempt)
{
    const struct claim *claim = claim_of(cluster);
    return claim->migration != NULL && str_eq(claim->uid, SCENE_UID) && claim->attempt == attempt;
}

/* A run of ours goes on, or nobody knows; a person's word settles the second. */
static bool may_run(struct cluster *cluster)
{
    bool is_confirmed = migration_of(cluster)->confirm_ended == SCENE_RECORDED;
    bool is_known_to_run =
        live_pod(cluster) != NULL || may_be_let_start(cluster) || cluster->is_node_lost;
    return (is_known_to_run && !is_confirmed) || may_get_pod(cluster);
}

/* ---- first the reads ---- */

static void read_job(struct cluster *cluster)
{
    const char *uid = cluster->is_gone ? NULL : migration_of(cluster)->status.attempt.job_uid;
    bool is_its =
        cluster->is_job_there && (cluster->is_gone || str_eq(cluster->scene.job.meta.uid, uid));
    cluster->job_learnt = is_its ? PRESENCE_PRESENT : PRESENCE_ABSENT;
}

static void look(struct cluster *cluster)
{
    struct meta *meta = &migration_of(cluster)->meta;
    cluster_forget(cluster);
    meta->has_finalizer = meta->has_finalizer || meta->deleted_s == 0;
    cluster->has_looked = true;
}

static void apply_reads(struct cluster *cluster, const struct plan *plan)
{
    if ((plan->actions & ACTION_DRY_RUN) != 0) {
        cluster->dry_run.result = DRY_RUN_ACCEPTED;
    }
    if ((plan->actions & ACTION_READ_FRESH) != 0) {
        look(cluster);
    }
    if ((plan->actions & ACTION_READ_JOB) != 0) {
        read_job(cluster);
    }
    if ((plan->actions & ACTION_READ_PODS) != 0) {
        cluster->are_pods_read = true;
    }
    if ((plan->actions & ACTION_READ_JOB_EVENTS) != 0) {
        cluster->no_pod_reason = "";
    }
    if ((plan->actions & ACTION_READ_NAMESPACE) != 0) {
        cluster->namespace_state = NAMESPACE_ACTIVE;
    }
    if ((plan->actions & ACTION_READ_DATABASE) != 0) {
        cluster->is_database_read = true;
    }
}

/* ---- the Database ---- */

static void claim(struct cluster *cluster, const struct plan *plan)
{
    if (claim_of(cluster)->migration != NULL) {
        break_rule(cluster, "R2: a claim over a claim");
    }
    if (may_run(cluster)) {
        break_rule(cluster, "R2: a claim while an earlier run may go on");
    }
    *claim_of(cluster) = plan->claim;
}

static void release(struct cluster *cluster, const struct plan *plan)
{
    struct database *database = &cluster->scene.database;
    bool is_its_run = database->claim.attempt == cluster->pods_attempt;
    if (is_its_run && may_run(cluster)) {
        break_rule(cluster, "R6: released while the run may go on");
    }
    database->claim = (struct claim){0};
    if (plan->passage == NULL) {
        return;
    }
    if (database->history_count > 0 && str_eq(database->history[0].uid, SCENE_UID)) {
        break_rule(cluster, "R6: the ledger moved twice");
    }
    cluster->scene.passages[0] = *plan->passage;
    cluster->scene.passed[0] = plan->passage->version;
    database->version = plan->passage->version;
    database->passed = cluster->scene.passed;
    database->passed_count = 1;
    database->history = cluster->scene.passages;
    database->history_count = 1;
}

static void apply_to_database(struct cluster *cluster, const struct plan *plan)
{
    struct observed *seen = &cluster->scene.seen;
    if ((plan->actions & ACTION_CREATE_DATABASE) != 0) {
        seen->database = &cluster->scene.database;
        cluster->scene.database.meta.has_finalizer = true;
    }
    if ((plan->actions & ACTION_HOLD_DATABASE) != 0) {
        cluster->scene.database.meta.has_finalizer = true;
    }
    if ((plan->actions & ACTION_CLAIM) != 0) {
        claim(cluster, plan);
    }
    if ((plan->actions & ACTION_RELEASE) != 0) {
        release(cluster, plan);
    }
    const unsigned answers =
        ACTION_CREATE_DATABASE | ACTION_HOLD_DATABASE | ACTION_CLAIM | ACTION_RELEASE;
    cluster->is_database_read = cluster->is_database_read || (plan->actions & answers) != 0;
}

/* ---- the migration ---- */

static void write_status(struct cluster *cluster, const struct plan *plan)
{
    struct migration_status *status = &migration_of(cluster)->status;
    if (status->phase == PHASE_SUCCEEDED && plan->status.phase != PHASE_SUCCEEDED) {
        break_rule(cluster, "R3: Succeeded was left");
    }
    if (status->phase != plan->status.phase) {
        cluster->is_event_due = true;
    }
    if (status->attempt.number != plan->status.attempt.number) {
        cluster->no_pod_reason = NULL;
    }
    bool is_noted = !str_eq(status->attempt.pod_uid, plan->status.attempt.pod_uid);
    *status = plan->status;
    if (is_noted) {
        strike_noted_pod(cluster);
    }
    cluster->has_looked = false; /* it was taken of another version */
}

static void apply_to_migration(struct cluster *cluster, const struct plan *plan)
{
    if ((plan->actions & ACTION_RECORD_EVENT) != 0) {
        cluster->is_event_due = false;
    }
    if ((plan->actions & ACTION_WRITE_STATUS) != 0) {
        write_status(cluster, plan);
    }
    if ((plan->actions & ACTION_LET_GO_MIGRATION) != 0) {
        migration_of(cluster)->meta.has_finalizer = false;
    }
}

/* ---- the Job and its pods ---- */

static void create_job(struct cluster *cluster)
{
    struct job *job = &cluster->scene.job;
    const struct claim *claim = claim_of(cluster);
    const char *name = arena_printf(&cluster->arena, "orders-3-%d", (int)claim->attempt);
    if (cluster->is_job_there && str_eq(job->meta.name, name)) {
        bool is_ours = job_is_of(job, claim->uid, claim->attempt) && job_is_parked(job) &&
                       str_eq(job->spec_hash, claim->spec_hash) && job->meta.deleted_s == 0;
        cluster->job_learnt = is_ours ? PRESENCE_PRESENT : PRESENCE_UNKNOWN;
        cluster->name_taken = is_ours ? NULL : "a Job that is not this attempt's";
        return;
    }
    /* One Job is remembered: an earlier one has been let go by now. */
    *job = (struct job){
        .meta = {.name = name, .uid = arena_printf(&cluster->arena, "uid-of-%s", name)},
        .migration_uid = SCENE_UID,
        .migration = migration_of(cluster)->meta.name,
        .attempt = claim->attempt,
        .spec_hash = claim->spec_hash,
        .to_version = migration_of(cluster)->to_version,
    };
    cluster->is_job_there = true;
    cluster->scene.seen.pod_count = 0;
    cluster->is_first_forgotten = false;
    memset(cluster->scene.containers, 0, sizeof(cluster->scene.containers));
    cluster->job_learnt = PRESENCE_PRESENT;
}

static void arm(struct cluster *cluster)
{
    struct job *job = &cluster->scene.job;
    if (!is_claimed(cluster, job->attempt)) {
        break_rule(cluster, "R2: armed without its claim");
    }
    if (!str_eq(job->meta.uid, migration_of(cluster)->status.attempt.job_uid)) {
        break_rule(cluster, "R1: armed a Job that is not recorded");
    }
    job->meta.has_finalizer = true;
    job->parallelism = 1;
}

void delete_job(struct cluster *cluster)
{
    struct job *job = &cluster->scene.job;
    const struct pod *pod = live_pod(cluster);
    if (pod != NULL && str_eq(pod->job_uid, job->meta.uid) && pod->meta.deleted_s == 0) {
        break_rule(cluster, "R4: a Job was deleted whose pod lives, and was not asked to stop");
    }
    job->meta.deleted_s = cluster->now_s;
    cluster->is_job_there = job->meta.has_finalizer;
    cluster->job_learnt = PRESENCE_UNKNOWN;
}

static void let_go_pods(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->scene.seen.pod_count; i++) {
        cluster->scene.pods[i].meta.has_finalizer = false;
    }
    cluster->are_pods_read = false;
}

/* By the UID that the migration says now, as the request does. */
static void open_pod(struct cluster *cluster)
{
    const char *noted = migration_of(cluster)->status.attempt.pod_uid;
    for (size_t i = 0; i < cluster->scene.seen.pod_count; i++) {
        struct pod *pod = &cluster->scene.pods[i];
        if (str_eq(pod->meta.uid, noted) && pod->is_gated) {
            pod->is_gated = false;
            pod->meta.generation++;
            cluster->are_pods_read = false;
            return;
        }
    }
    break_rule(cluster, "step 9b: a pod is opened that is not noted, or not there");
}

static void apply_to_job(struct cluster *cluster, const struct plan *plan)
{
    struct job *job = &cluster->scene.job;
    if ((plan->actions & ACTION_CREATE_JOB) != 0) {
        create_job(cluster);
    }
    if ((plan->actions & ACTION_ARM) != 0) {
        arm(cluster);
    }
    if ((plan->actions & ACTION_END_JOB) != 0) {
        job->active_deadline_s = 1;
    }
    if ((plan->actions & ACTION_OPEN_POD) != 0) {
        open_pod(cluster);
    }
    if ((plan->actions & ACTION_DELETE_JOB) != 0) {
        delete_job(cluster);
    }
    if ((plan->actions & ACTION_LET_GO_PODS) != 0) {
        let_go_pods(cluster);
    }
    if ((plan->actions & ACTION_LET_GO_JOB) != 0) {
        job->meta.has_finalizer = false;
        job->has_owner = true;
    }
}

void cluster_apply(struct cluster *cluster, const struct plan *plan)
{
    apply_reads(cluster, plan);
    apply_to_database(cluster, plan);
    apply_to_migration(cluster, plan);
    apply_to_job(cluster, plan);
}
