/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reconcile.h"

#include "app/apply.h"
#include "app/cluster.h"
#include "app/observe.h"
#include "base/clock.h"
#include "domain/attempt.h"
#include "domain/decide.h"

/* A whole life has about twenty steps: a chain this long goes in a circle, and must not do so fast. */
#define STEPS_MAX 60

/* Watches what must be seen to judge the migration, and no more. */
static void watch_needs(struct work *work, const struct migration *migration)
{
    bool is_waiting = attempt_may_begin(migration);
    work_wait_for(work, migration->after, is_waiting ? migration->after_count : 0);
    bool is_judged = is_waiting || attempt_is_running(migration);
    work_need(work, is_judged ? observe_needs(migration) : 0, migration->applications,
              is_judged ? migration->application_count : 0);
    /* During a run, too: a pod that comes late is let start only when its gates are open. */
    prerequisites_want(work->cluster->prerequisites, work->ns, work->key, migration->requirements,
                       is_judged ? migration->requirement_count : 0);
}

static void set_ready(struct work *work, const struct migration *migration, bool is_ready)
{
    bool left_the_queue = work->is_ready && !is_ready;
    work->is_ready = is_ready;
    if (left_the_queue) {
        cluster_wake_database(work->cluster, migration->database_ns, migration->database_name);
    }
}

static void end_chain(struct work *work)
{
    struct cluster *cluster = work->cluster;
    work_end_chain(work);
    if (work->plan.wake_at_s != 0) {
        int64_t in_ms = (work->plan.wake_at_s - cluster_now_s(cluster)) * 1000;
        queue_add_at(cluster->queue, work->key, clock_now_ms() + (in_ms > 0 ? in_ms : 0) + 50);
    }
    queue_done(cluster->queue, work->key);
}

static void fail_chain(struct work *work)
{
    struct cluster *cluster = work->cluster;
    telemetry_problem(cluster->telemetry, "step failed", work->key, &work->task.err);
    work_end_chain(work);
    queue_failed(cluster->queue, work->key, work->task.retry_after_ms);
}

/* The migration is gone, or finished and let go: nothing of it is kept. */
static void drop(struct work *work, const struct migration *migration)
{
    struct cluster *cluster = work->cluster;
    if (migration != NULL) {
        set_ready(work, migration, false);
    }
    (void)map_take(&cluster->works, work->key);
    queue_done(cluster->queue, work->key);
    queue_drop(cluster->queue, work->key);
    work_free(work);
}

static bool is_wanted(const struct work *work, const struct migration *migration)
{
    return migration != NULL && (work->owes_event || cluster_is_wanted(work->cluster, migration));
}

static void turn(struct work *work)
{
    struct cluster *cluster = work->cluster;
    do {
        const struct migration *migration = cluster_migration(cluster, work->ns, work->name);
        if (!is_wanted(work, migration)) {
            drop(work, migration);
            return;
        }
        work_set_migration(work, migration);
        if (++work->steps > STEPS_MAX) {
            task_fail_with(&work->task, &(struct err){ERR_INTERNAL, "the steps go in a circle"});
            fail_chain(work);
            return;
        }
        struct observed seen;
        arena_reset(&work->arena);
        task_reset(&work->task);
        work->is_step_done = false;
        observe(work, &seen);
        decide(&work->arena, &seen, &work->plan);
        set_ready(work, migration, work->plan.is_ready);
        telemetry_decided(cluster->telemetry, work->key, &work->plan);
        apply_start(work, &seen);
        watch_needs(work, migration); /* behind what the decision asks for */
    } while (work->task.in_flight == 0 && work->is_step_done);
    if (work->task.in_flight == 0) {
        /* Nothing was left to do, so whatever Event was due has been recorded. */
        const struct migration *migration = cluster_migration(cluster, work->ns, work->name);
        work->owes_event = false;
        if (!is_wanted(work, migration)) {
            drop(work, migration);
        } else {
            end_chain(work);
        }
    }
}

static void on_idle(struct task *task)
{
    struct work *work = (struct work *)(void *)task;
    if (task->is_failed) {
        fail_chain(work);
    } else {
        turn(work);
    }
}

void reconcile_migration(struct cluster *cluster, const char *ns, const char *name, const char *key)
{
    struct work *work = map_get(&cluster->works, key);
    if (work == NULL) {
        work = work_new(cluster, ns, name);
        work->task.on_idle = on_idle;
        (void)map_set(&cluster->works, key, work);
    }
    work->steps = 0;
    turn(work);
}
