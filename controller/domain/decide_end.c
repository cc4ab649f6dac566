/* SPDX-License-Identifier: Apache-2.0 */
/* Step 11 of the run protocol: what an attempt that is closed held is let go, its claim first. */
#include "domain/decide_end.h"

#include "base/str.h"
#include "domain/attempt.h"
#include "domain/podgate.h"
#include "domain/podstate.h"
#include "domain/tenancy.h"
#include "domain/transition.h"

/* ---- R8b ---- */

enum end_doubt decide_end_doubt(struct arena *arena, const struct observed *seen, bool is_claimed)
{
    const struct migration *migration = seen->migration;
    const struct attempt *attempt = &migration->status.attempt;
    struct run_state run;

    /* With its namespace all goes, its Database too, whatever still runs: nothing could hold it. */
    bool is_all_there = tenancy_is_at_home(migration);
    if (!attempt_end_is_unproven(attempt) || migration->confirm_ended == attempt->number ||
        (is_all_there && seen->namespace_state == NAMESPACE_TERMINATING)) {
        return END_CERTAIN;
    }
    if (is_all_there && migration->meta.deleted_s != 0 &&
        seen->namespace_state == NAMESPACE_UNKNOWN) {
        return END_WITH_NAMESPACE;
    }
    const struct pod *pods = NULL;
    size_t count = podgate_select(arena, seen->pods, seen->pod_count, attempt->pod_uid, &pods);
    run_state_judge(arena, pods, count, seen->run_container, &run);
    /* What others did, whose gate was taken off by hand, says nothing of the one that was let start. */
    bool is_there = attempt->pod_uid == NULL || podgate_find(pods, count, attempt->pod_uid) != NULL;
    bool do_pods_tell = run.pods > 0 && (is_there || !is_claimed);
    if (do_pods_tell ? !run.proven_ended : is_claimed) {
        return END_OPEN;
    }
    return seen->are_pods_fresh ? END_CERTAIN : END_BY_CACHE;
}

/* ---- a claim of ours ---- */

/*
 * The version that the attempt brought the database to. The spec may have been edited since it began, so
 * what the attempt recorded counts, or its Job. NULL: not known.
 */
static const char *version_reached(const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    const struct attempt *attempt = &migration->status.attempt;
    if (attempt->to_version != NULL) {
        return attempt->to_version;
    }
    if (str_eq(attempt->spec_hash, migration->spec_hash)) {
        return migration->to_version;
    }
    bool is_its_job =
        seen->job_presence == PRESENCE_PRESENT && str_eq(seen->job->meta.uid, attempt->job_uid);
    return is_its_job ? seen->job->to_version : NULL;
}

static void release(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    const struct attempt *attempt = &migration->status.attempt;
    int64_t number = seen->database->claim.attempt;

    if (attempt->number == number && attempt->outcome == OUTCOME_SUCCEEDED) {
        const char *version = version_reached(seen);
        if (version == NULL && seen->job_presence == PRESENCE_UNKNOWN) {
            plan_act(plan, ACTION_READ_JOB, "C3");
            return;
        }
        if (version != NULL) {
            struct passage *passage = arena_alloc(arena, sizeof(*passage));
            *passage = (struct passage){
                .version = version,
                .ns = seen->database->claim.ns,
                .migration = migration->meta.name,
                .uid = migration->meta.uid,
                .spec_hash = attempt->spec_hash,
                .job = attempt->job,
                .start_s = attempt->start_s,
                .completion_s = attempt->completion_s,
            };
            plan->passage = passage;
        }
    }
    plan_act(plan, ACTION_RELEASE, "C1");
}

void decide_closed(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    bool is_last = seen->database->claim.attempt == seen->migration->status.attempt.number;
    switch (is_last ? decide_end_doubt(arena, seen, true) : END_CERTAIN) {
    case END_CERTAIN:
        release(arena, seen, plan);
        break;
    case END_WITH_NAMESPACE:
        plan_act(plan, ACTION_READ_NAMESPACE, "C5");
        break;
    case END_BY_CACHE:
        plan_act(plan, ACTION_READ_PODS, "C4");
        break;
    case END_OPEN:
        plan_idle(seen, plan, "C2");
        break;
    }
}

/* ---- no claim of ours ---- */

bool decide_let_go_attempt(const struct observed *seen, struct plan *plan)
{
    bool has_job = seen->job_presence == PRESENCE_PRESENT && seen->job->meta.has_finalizer;
    bool has_pod = false;
    for (size_t i = 0; i < seen->pod_count; i++) {
        has_pod = has_pod || seen->pods[i].meta.has_finalizer;
    }
    if ((has_pod || has_job) && seen->is_database_cached) {
        plan_act(plan, ACTION_READ_DATABASE,
                 "F1"); /* the claim may be there and not in the cache yet */
    } else if (has_pod) {
        plan_act(plan, ACTION_LET_GO_PODS, "F2");
    } else if (has_job) {
        plan_act(plan, ACTION_LET_GO_JOB, "F3");
    }
    return has_pod || has_job;
}

/* The migration's own finalizer comes last: it is how the rest is found again. */
static bool let_go(const struct observed *seen, struct plan *plan)
{
    if (!seen->migration->meta.has_finalizer) {
        return false;
    }
    if (decide_let_go_attempt(seen, plan)) {
        return true;
    }
    if (seen->is_database_cached) {
        plan_act(plan, ACTION_READ_DATABASE, "F1");
    } else if (seen->is_event_due) {
        plan_act(plan, ACTION_RECORD_EVENT, "E1");
    } else if (seen->migration->status.attempt.number > 0 &&
               seen->job_presence == PRESENCE_UNKNOWN) {
        plan_act(plan, ACTION_READ_JOB,
                 "F9"); /* without its labels no watch of ours would show it */
    } else {
        plan_act(plan, ACTION_LET_GO_MIGRATION, "F4");
    }
    return true;
}

/* Finished, and nothing is left to let go, or all of it waits for a proof: only an edit is told. */
static void tell_edit(struct arena *arena, const struct observed *seen, const char *idle_case,
                      struct plan *plan)
{
    const struct migration *migration = seen->migration;
    const struct migration_status *status = &migration->status;
    const struct attempt *attempt = &status->attempt;
    bool is_finished = status->phase == PHASE_SUCCEEDED || status->phase == PHASE_FAILED;

    if (!is_finished && attempt->outcome == OUTCOME_FAILED) {
        /* It waited for a new attempt that nobody asks for any more. */
        struct move back = {PHASE_FAILED, attempt->reason, attempt->message, false};
        status_begin(arena, migration, &plan->status);
        status_move(arena, migration, &plan->status, &back, seen->now_s);
        plan_write_status(seen, plan, "F5");
        return;
    }
    if (migration->meta.generation == status->observed_generation) {
        plan_idle(seen, plan, idle_case);
        return;
    }
    struct move move = {status->phase, status->reason, status->message, false};
    status_begin(arena, migration, &plan->status);
    status_move(arena, migration, &plan->status, &move, seen->now_s);
    plan_write_status(seen, plan, "F7");
}

void decide_finished(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct meta *meta = &seen->migration->meta;
    /*
     * Somebody took the claim off, or the Database with it, and has confirmed nothing: the pods are all that
     * is left to tell of the end.
     */
    enum end_doubt doubt = meta->has_finalizer ? decide_end_doubt(arena, seen, false) : END_CERTAIN;

    if (doubt == END_WITH_NAMESPACE) {
        plan_act(plan, ACTION_READ_NAMESPACE, "F10");
    } else if (doubt == END_BY_CACHE) {
        plan_act(plan, ACTION_READ_PODS, "F10");
    } else if (doubt == END_CERTAIN && let_go(seen, plan)) {
        return;
    } else if (meta->deleted_s == 0) {
        tell_edit(arena, seen, doubt == END_OPEN ? "F10" : "F6", plan);
    } else if (doubt == END_OPEN) {
        plan_idle(seen, plan, "F10");
    } else {
        plan_act(plan, 0, "F8");
    }
}
