/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reconcile.h"

#include "app/apply.h"
#include "app/manager.h"
#include "app/observe.h"
#include "base/clock.h"
#include "domain/attempt.h"
#include "domain/decide.h"

/* A whole life has about twenty steps: a chain this long goes in a circle, and must not do so fast. */
#define STEPS_MAX 60

bool reconcile_is_wanted(const struct migration *migration)
{
    return migration->meta.deleted_s != 0 || migration->meta.has_finalizer ||
           migration->meta.generation != migration->status.observed_generation ||
           attempt_is_running(migration) || attempt_may_begin(migration);
}

/* Watches what must be seen to judge the migration, and no more. */
static void watch_applications(struct work *work, const struct migration *migration)
{
    bool is_judged = attempt_may_begin(migration) || attempt_is_running(migration);
    unsigned needs = is_judged ? observe_needs(migration) : 0;
    fleet_retain(work->manager->fleet, work->ns, needs & ~work->needs);
    fleet_release(work->manager->fleet, work->ns, work->needs & ~needs);
    work->needs = needs;
}

static void set_ready(struct work *work, const struct migration *migration, bool is_ready)
{
    bool left_the_queue = work->is_ready && !is_ready;
    work->is_ready = is_ready;
    if (left_the_queue) {
        manager_wake_database(work->manager, work->ns, migration->database);
    }
}

static void end_chain(struct work *work)
{
    struct manager *manager = work->manager;
    work_forget(work);
    if (work->plan.wake_at_s != 0) {
        int64_t in_ms = (work->plan.wake_at_s - manager_now_s(manager)) * 1000;
        queue_add_at(manager->queue, work->key, clock_now_ms() + (in_ms > 0 ? in_ms : 0) + 50);
    }
    queue_done(manager->queue, work->key);
}

static void fail_chain(struct work *work)
{
    struct manager *manager = work->manager;
    telemetry_problem(manager->telemetry, "step failed", work->key, &work->task.err);
    work_forget(work);
    queue_failed(manager->queue, work->key, work->task.retry_after_ms);
}

/* The migration is gone, or finished and let go: nothing of it is kept. */
static void drop(struct work *work, const struct migration *migration)
{
    struct manager *manager = work->manager;
    if (migration != NULL) {
        set_ready(work, migration, false);
    }
    (void)map_take(&manager->works, work->key);
    queue_done(manager->queue, work->key);
    queue_drop(manager->queue, work->key);
    work_free(work);
}

static void turn(struct work *work)
{
    struct manager *manager = work->manager;
    do {
        const struct migration *migration = manager_migration(manager, work->ns, work->name);
        bool is_wanted = migration != NULL && (reconcile_is_wanted(migration) || work->owes_event);
        if (!is_wanted) {
            drop(work, migration);
            return;
        }
        if (++work->steps > STEPS_MAX) {
            task_fail_with(&work->task, &(struct err){ERR_INTERNAL, "the steps go in a circle"});
            fail_chain(work);
            return;
        }
        struct observed seen;
        arena_reset(&work->arena);
        task_reset(&work->task);
        work->is_step_done = false;
        watch_applications(work, migration);
        observe(work, &seen);
        decide(&work->arena, &seen, &work->plan);
        set_ready(work, migration, work->plan.is_ready);
        telemetry_decided(manager->telemetry, work->key, &work->plan);
        apply_start(work, &seen);
    } while (work->task.in_flight == 0 && work->is_step_done);
    if (work->task.in_flight == 0) {
        /* Nothing was left to do, so whatever Event was due has been recorded. */
        const struct migration *migration = manager_migration(manager, work->ns, work->name);
        work->owes_event = false;
        if (migration == NULL || !reconcile_is_wanted(migration)) {
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

void reconcile_migration(struct manager *manager, const char *ns, const char *name, const char *key)
{
    struct work *work = map_get(&manager->works, key);
    if (work == NULL) {
        work = work_new(manager, ns, name);
        work->task.on_idle = on_idle;
        (void)map_set(&manager->works, key, work);
    }
    work->steps = 0;
    turn(work);
}
