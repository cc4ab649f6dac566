/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 3 to 7 of the run protocol: a claim stands, and its attempt has not begun. */
#include "domain/decide_start.h"

#include <inttypes.h>

#include "base/str.h"
#include "domain/acceptance.h"
#include "domain/approval.h"
#include "domain/attempt.h"
#include "domain/condition.h"
#include "domain/gates.h"
#include "domain/jobstate.h"
#include "domain/transition.h"

static void begin_running(struct arena *arena, const struct observed *seen,
                          const struct gates *gates, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    struct attempt attempt = {
        .number = seen->database->claim.attempt,
        .generation = migration->meta.generation,
        .spec_hash = migration->spec_hash,
        .to_version = migration->to_version,
        .job = seen->job->meta.name,
        .job_uid = seen->job->meta.uid,
        .start_s = seen->now_s,
        .is_recovery_due = migration->status.attempt.is_recovery_due,
        .approval = approval_record_of(gates->approval),
    };
    struct move move = {
        .phase = PHASE_RUNNING,
        .reason = "Started",
        .message = arena_printf(arena, "attempt %" PRId64 " starts as Job %s%s%s", attempt.number,
                                attempt.job, attempt.approval.by == NULL ? "" : ", approved by ",
                                str_or_empty(attempt.approval.by)),
        .is_accepted = true,
    };
    status_begin(arena, migration, &plan->status);
    status_set_gates(arena, &plan->status, gates, seen->now_s);
    status_push_attempt(arena, &plan->status, &attempt);
    condition_remove(&plan->status.conditions, CONDITION_VERSION_SKEW); /* of an earlier attempt */
    status_move(arena, migration, &plan->status, &move, seen->now_s);
    plan_act(plan, ACTION_WRITE_STATUS, "S4");
}

static void give_back(struct arena *arena, const struct observed *seen, const struct gates *gates,
                      const char *why, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    const struct migration_status *present = &migration->status;
    bool is_finished = present->phase == PHASE_SUCCEEDED || present->phase == PHASE_FAILED;
    enum gate closed = gates_first_closed(gates);
    struct move move = {
        .phase = PHASE_WAITING,
        .reason = closed < GATE_MAX ? gates->verdicts[closed].reason : "GivenBack",
        .message = why,
        .is_accepted = gates_are_acceptable(gates),
    };
    status_begin(arena, migration, &plan->status);
    plan->status.withdrawn = seen->database->claim.attempt;
    plan->status.withdrawn_s = seen->now_s;
    if (is_finished && !attempt_may_begin(migration)) {
        /* The claim came of an old version of it: it stays what it is (R3). */
        move = (struct move){present->phase, present->reason, present->message, false};
    } else {
        status_set_gates(arena, &plan->status, gates, seen->now_s);
    }
    status_move(arena, migration, &plan->status, &move, seen->now_s);
    plan_act(plan, ACTION_WRITE_STATUS, "S2");
}

/* The Job that step 5 made, or found made: ours, never let go, and not on its way out. */
static bool is_job_usable(const struct observed *seen)
{
    const struct claim *claim = &seen->database->claim;
    const struct job *job = seen->job;
    return job_is_of(job, claim->uid, claim->attempt) && str_eq(job->spec_hash, claim->spec_hash) &&
           job_is_parked(job) && job->meta.deleted_s == 0;
}

/* Whose Job stands where ours should; NULL: nobody's. */
static const char *name_taker(const struct observed *seen)
{
    if (seen->job_name_taken != NULL) {
        return seen->job_name_taken;
    }
    if (seen->job_presence != PRESENCE_PRESENT || is_job_usable(seen)) {
        return NULL;
    }
    return seen->job->migration != NULL ? seen->job->migration : "a Job that is not parked";
}

/* Why the attempt that the claim names must not begin; NULL: it may. */
static const char *objection(struct arena *arena, const struct observed *seen,
                             const struct gates *gates)
{
    const struct migration *migration = seen->migration;
    const struct claim *claim = &seen->database->claim;

    if (migration->meta.deleted_s != 0) {
        return "the migration is being deleted";
    }
    if (!attempt_may_begin(migration) || claim->attempt != attempt_next(migration)) {
        return arena_printf(arena, "attempt %" PRId64 " is not the next one", claim->attempt);
    }
    if (!str_eq(claim->spec_hash, migration->spec_hash)) {
        return "the spec was edited after the database was claimed";
    }
    if (!gates_are_open(gates)) {
        return arena_printf(arena, "changed just before the start: %s",
                            gates_message(arena, gates));
    }
    if (name_taker(seen) != NULL) {
        return arena_printf(arena, "the name of the Job is taken by %s", name_taker(seen));
    }
    if (seen->job_refused != NULL) {
        return arena_printf(arena, "the Job was refused: %s", seen->job_refused);
    }
    return NULL;
}

/* It may begin for all that is known, but the one that checked its Job and claimed the database is gone. */
static bool is_unchecked(const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    const struct claim *claim = &seen->database->claim;
    return seen->dry_run.result == DRY_RUN_DUE && migration->spec_error == NULL &&
           migration->meta.deleted_s == 0 && attempt_may_begin(migration) &&
           claim->attempt == attempt_next(migration) &&
           str_eq(claim->spec_hash, migration->spec_hash) && seen->job_name_taken == NULL &&
           seen->job_refused == NULL;
}

void decide_start(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    if (is_unchecked(seen)) {
        plan_act(plan, ACTION_DRY_RUN, "S5"); /* before the look, which would else grow old */
        return;
    }
    bool is_held = migration->meta.has_finalizer || migration->meta.deleted_s != 0;
    if (!seen->is_fresh || !is_held) {
        plan_act(plan, ACTION_READ_FRESH, "S1");
        return;
    }
    struct gates gates;
    gates_judge(arena, seen, &gates);
    const char *why = objection(arena, seen, &gates);
    if (why != NULL) {
        if (gates_are_open(&gates) && name_taker(seen) != NULL) {
            gates.verdicts[GATE_JOB_VALID] =
                (struct gate_verdict){CONDITION_FALSE, "JobNameTaken", why};
        } else if (gates_are_open(&gates) && seen->job_refused != NULL) {
            gates.verdicts[GATE_JOB_VALID] =
                (struct gate_verdict){CONDITION_FALSE, "JobRefused", why};
        }
        give_back(arena, seen, &gates, why, plan);
    } else if (seen->job_presence != PRESENCE_PRESENT) {
        plan_act(plan, ACTION_CREATE_JOB, "S3");
    } else {
        begin_running(arena, seen, &gates, plan);
    }
}
