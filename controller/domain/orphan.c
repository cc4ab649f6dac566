/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/orphan.h"

#include "base/str.h"
#include "domain/jobstate.h"
#include "domain/podgate.h"
#include "domain/podstate.h"

static void read_pods(struct plan *plan)
{
    plan_act(plan, ACTION_READ_PODS, "O2");
}

/* The ledger moves only for what is known to have been brought about by just this claim. */
static const struct passage *passage_of(struct arena *arena, const struct orphan *seen,
                                        const struct job *job, const struct run_state *run)
{
    const struct claim *claim = &seen->database->claim;
    if (!run->succeeded || str_is_empty(job->to_version) ||
        !str_eq(job->spec_hash, claim->spec_hash)) {
        return NULL;
    }
    struct passage *passage = arena_alloc(arena, sizeof(*passage));
    *passage = (struct passage){
        .version = job->to_version,
        .ns = claim->ns,
        .migration = claim->migration,
        .uid = claim->uid,
        .spec_hash = claim->spec_hash,
        .job = job->meta.name,
        .start_s = run->start_s != 0 ? run->start_s : claim->since_s,
        .completion_s = run->end_s != 0 ? run->end_s : seen->now_s,
    };
    return passage;
}

/* What waits behind our gate may still be opened, by who noted it before the migration went. */
static bool is_in_doubt(const struct orphan *seen, const struct run_state *run)
{
    return (run->pods > 0 && !run->proven_ended) ||
           podgate_has_waiting(seen->pods, seen->pod_count);
}

/* No Job can start anything any more; what is left are its pods. job: NULL when it is gone. */
static void decide_over(struct arena *arena, const struct orphan *seen, const struct job *job,
                        const struct run_state *run, struct plan *plan)
{
    const struct database *database = seen->database;
    bool is_confirmed = database->confirm_ended == database->claim.attempt;
    bool is_proven = run->pods > 0 && run->proven_ended;
    int64_t until_s = job_pod_may_come_until_s(job, database->claim.since_s);

    if (!seen->are_pods_fresh && (!is_proven || job == NULL)) {
        read_pods(plan);
    } else if (run->pods == 0 && seen->now_s < until_s) {
        plan_act(plan, 0, "O3");
        plan->wake_at_s = until_s;
    } else if (run->pods > 0 && (run->end == RUN_RUNNING || run->end == RUN_PENDING)) {
        plan_act(plan, 0, "O4");
    } else if (is_in_doubt(seen, run) && !is_confirmed) {
        plan_act(plan, 0, "O5");
    } else {
        plan->passage = job == NULL ? NULL : passage_of(arena, seen, job, run);
        plan_act(plan, ACTION_RELEASE, plan->passage != NULL ? "O6" : "O7");
    }
}

static void decide_parked(const struct orphan *seen, struct plan *plan)
{
    if (!seen->is_job_fresh) {
        plan_act(plan, ACTION_READ_JOB, "O1");
    } else {
        plan_act(plan, ACTION_DELETE_JOB, "O8");
    }
}

/* Stopped by hand: deleted, so that nobody can resume it, once its pods have ended or are asked to. */
static void decide_stopped(const struct orphan *seen, const struct run_state *run,
                           struct plan *plan)
{
    if (!seen->is_job_fresh) {
        plan_act(plan, ACTION_READ_JOB, "O1"); /* before its pods, as J9 */
    } else if (!seen->are_pods_fresh) {
        read_pods(plan);
    } else if ((run->pods > 0 && !run->is_stopping) ||
               podgate_has_waiting(seen->pods, seen->pod_count)) {
        plan_act(plan, 0, "O4");
    } else {
        plan_act(plan, ACTION_DELETE_JOB, "O9");
    }
}

/*
 * The pod that was noted, if there is one, is known to nobody any more. What has not been let start by now
 * never is: once nothing else can run, the Job is ended by its deadline (R4a).
 */
static void decide_active(const struct orphan *seen, const struct run_state *run, struct plan *plan)
{
    bool may_run = run->pods > 0 && !run->proven_ended;
    bool is_ending = seen->job->active_deadline_s == JOB_ENDED_DEADLINE_S;
    if (!seen->are_pods_fresh) {
        read_pods(plan);
    } else if (!may_run && !is_ending && podgate_has_waiting(seen->pods, seen->pod_count)) {
        plan_act(plan, ACTION_END_JOB, "O10");
    } else {
        plan_act(plan, 0, "O4");
    }
}

void orphan_decide(struct arena *arena, const struct orphan *seen, struct plan *ret_plan)
{
    const struct claim *claim = &seen->database->claim;
    const struct job *job = seen->job_presence == PRESENCE_PRESENT ? seen->job : NULL;
    struct run_state run;

    *ret_plan = (struct plan){0};
    /* Of those behind our gate none is known to be noted. */
    const struct pod *pods = NULL;
    size_t count = podgate_select(arena, seen->pods, seen->pod_count, NULL, &pods);
    run_state_judge(arena, pods, count, seen->run_container, &run);
    if (job != NULL && !job_is_of(job, claim->uid, claim->attempt)) {
        /* Somebody else's has the name: ours is not there, if the server says so now. */
        job = NULL;
        if (!seen->is_job_fresh) {
            plan_act(ret_plan, ACTION_READ_JOB, "O1");
            return;
        }
    }
    if (seen->job_presence == PRESENCE_UNKNOWN) {
        plan_act(ret_plan, ACTION_READ_JOB, "O1");
    } else if (job == NULL || job_is_over(job)) {
        decide_over(arena, seen, job, &run, ret_plan);
    } else if (job_is_parked(job) && run.pods == 0) {
        decide_parked(seen, ret_plan);
    } else if (job_is_stopped(job)) {
        decide_stopped(seen, &run, ret_plan);
    } else {
        decide_active(seen, &run, ret_plan);
    }
}
