/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which branch a migration is on: claimed or not, running or not, finished or waiting. The branches of a
 * run stand in decide_run.c. Each return of a plan names its case of docs/state-machine.md.
 */
#include "domain/decide.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"
#include "domain/attempt.h"
#include "domain/condition.h"
#include "domain/decide_run.h"
#include "domain/gates.h"
#include "domain/jobstate.h"
#include "domain/podgate.h"
#include "domain/podstate.h"
#include "domain/transition.h"

/* A watch that has not told all after this long is failing, and the user should read so. */
#define UNKNOWN_SHOWN_AFTER_S 5

static void act(struct plan *plan, unsigned actions, const char *case_id)
{
    plan->actions = actions;
    plan->case_id = case_id;
}

/* Nothing else to do: what happened last is told meanwhile. */
static void idle(const struct observed *seen, struct plan *plan, const char *case_id)
{
    if (seen->is_event_due) {
        act(plan, ACTION_RECORD_EVENT, "E1");
    } else {
        act(plan, 0, case_id);
    }
}

static bool holds_claim(const struct observed *seen)
{
    return seen->database != NULL && seen->database->claim.migration != NULL &&
           str_eq(seen->database->claim.uid, seen->migration->meta.uid);
}

static void write_status(const struct observed *seen, struct plan *plan, const char *case_id)
{
    enum status_change change = status_compare(&seen->migration->status, &plan->status);
    if (change != STATUS_SAME) {
        act(plan, ACTION_WRITE_STATUS, case_id);
        plan->is_status_minor = change == STATUS_MINOR;
    } else {
        idle(seen, plan, case_id);
    }
}

/* ---- a claim of ours whose attempt has not begun: steps 3 to 7 ---- */

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
    };
    struct move move = {
        .phase = PHASE_RUNNING,
        .reason = "Started",
        .message = arena_printf(arena, "attempt %" PRId64 " starts as Job %s", attempt.number,
                                attempt.job),
        .is_accepted = true,
    };
    status_begin(arena, migration, &plan->status);
    status_set_gates(arena, &plan->status, gates, seen->now_s);
    status_push_attempt(arena, &plan->status, &attempt);
    condition_remove(&plan->status.conditions, CONDITION_VERSION_SKEW); /* of an earlier attempt */
    status_move(arena, migration, &plan->status, &move, seen->now_s);
    act(plan, ACTION_WRITE_STATUS, "S4");
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
        .is_accepted = gates->verdicts[GATE_JOB_VALID].status == CONDITION_TRUE,
    };
    status_begin(arena, migration, &plan->status);
    plan->status.withdrawn = seen->database->claim.attempt;
    if (is_finished && !attempt_may_begin(migration)) {
        /* The claim came of an old version of it: it stays what it is (R3). */
        move = (struct move){present->phase, present->reason, present->message, false};
    } else {
        status_set_gates(arena, &plan->status, gates, seen->now_s);
    }
    status_move(arena, migration, &plan->status, &move, seen->now_s);
    act(plan, ACTION_WRITE_STATUS, "S2");
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

static void decide_start(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    bool is_held = migration->meta.has_finalizer || migration->meta.deleted_s != 0;
    if (!seen->is_fresh || !is_held) {
        act(plan, ACTION_READ_FRESH, "S1");
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
        act(plan, ACTION_CREATE_JOB, "S3");
    } else {
        begin_running(arena, seen, &gates, plan);
    }
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
            act(plan, ACTION_READ_JOB, "C3");
            return;
        }
        if (version != NULL) {
            struct passage *passage = arena_alloc(arena, sizeof(*passage));
            *passage = (struct passage){
                .version = version,
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
    act(plan, ACTION_RELEASE, "C1");
}

static void decide_closed(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    const struct attempt *attempt = &migration->status.attempt;
    int64_t number = seen->database->claim.attempt;

    bool is_open = attempt->number == number && attempt_end_is_unproven(attempt) &&
                   migration->confirm_ended != number;
    bool is_deleted = migration->meta.deleted_s != 0;
    if (is_open && is_deleted && seen->namespace_state == NAMESPACE_UNKNOWN) {
        act(plan, ACTION_READ_NAMESPACE, "C5");
        return;
    }
    /* With its namespace the claim goes too, whatever still runs: nothing could hold it. */
    if (is_open && seen->namespace_state != NAMESPACE_TERMINATING) {
        struct run_state run;
        const struct pod *pods = NULL;
        size_t count = podgate_select(arena, seen->pods, seen->pod_count, attempt->pod_uid, &pods);
        run_state_judge(arena, pods, count, seen->run_container, &run);
        if (run.pods == 0 || !run.proven_ended) {
            idle(seen, plan, "C2");
            return;
        }
        if (!seen->are_pods_fresh) {
            act(plan, ACTION_READ_PODS, "C4");
            return;
        }
    }
    release(arena, seen, plan);
}

/* ---- no claim of ours ---- */

/* What the last attempt leaves behind is let go, before another one begins too. */
static bool let_go_attempt(const struct observed *seen, struct plan *plan)
{
    bool has_job = seen->job_presence == PRESENCE_PRESENT && seen->job->meta.has_finalizer;
    bool has_pod = false;
    for (size_t i = 0; i < seen->pod_count; i++) {
        has_pod = has_pod || seen->pods[i].meta.has_finalizer;
    }
    if ((has_pod || has_job) && seen->is_database_cached) {
        act(plan, ACTION_READ_DATABASE, "F1"); /* the claim may be there and not in the cache yet */
    } else if (has_pod) {
        act(plan, ACTION_LET_GO_PODS, "F2");
    } else if (has_job) {
        act(plan, ACTION_LET_GO_JOB, "F3");
    }
    return has_pod || has_job;
}

/* The migration's own finalizer comes last: it is how the rest is found again. */
static bool decide_cleanup(const struct observed *seen, struct plan *plan)
{
    if (!seen->migration->meta.has_finalizer) {
        return false;
    }
    if (let_go_attempt(seen, plan)) {
        return true;
    }
    if (seen->is_database_cached) {
        act(plan, ACTION_READ_DATABASE, "F1");
    } else if (seen->is_event_due) {
        act(plan, ACTION_RECORD_EVENT, "E1");
    } else if (seen->migration->status.attempt.number > 0 &&
               seen->job_presence == PRESENCE_UNKNOWN) {
        act(plan, ACTION_READ_JOB, "F9"); /* without its labels no watch of ours would show it */
    } else {
        act(plan, ACTION_LET_GO_MIGRATION, "F4");
    }
    return true;
}

static void decide_finished(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    const struct migration_status *status = &migration->status;
    const struct attempt *attempt = &status->attempt;

    if (decide_cleanup(seen, plan)) {
        return;
    }
    bool is_finished = status->phase == PHASE_SUCCEEDED || status->phase == PHASE_FAILED;
    if (!is_finished && attempt->outcome == OUTCOME_FAILED) {
        /* It waited for a new attempt that nobody asks for any more. */
        struct move back = {PHASE_FAILED, attempt->reason, attempt->message, false};
        status_begin(arena, migration, &plan->status);
        status_move(arena, migration, &plan->status, &back, seen->now_s);
        write_status(seen, plan, "F5");
        return;
    }
    if (migration->meta.generation == status->observed_generation) {
        idle(seen, plan, "F6");
        return;
    }
    struct move move = {status->phase, status->reason, status->message, false};
    status_begin(arena, migration, &plan->status);
    status_move(arena, migration, &plan->status, &move, seen->now_s);
    write_status(seen, plan, "F7");
}

static void already_applied(struct arena *arena, const struct observed *seen,
                            const struct passage *passage, struct plan *plan)
{
    char at[CLOCK_TEXT_MAX];
    clock_format(passage->completion_s, at);
    struct move move = {
        .phase = PHASE_SUCCEEDED,
        .reason = "AlreadyApplied",
        .message =
            arena_printf(arena, "database %s was brought to version %s by this migration at %s",
                         seen->migration->database, passage->version, at),
    };
    status_begin(arena, seen->migration, &plan->status);
    status_move(arena, seen->migration, &plan->status, &move, seen->now_s);
    write_status(seen, plan, "W1");
}

/* What a start needs and no gate waits for. */
static unsigned preparations(const struct observed *seen)
{
    unsigned actions = 0;
    bool is_asked_again =
        seen->dry_run.result == DRY_RUN_LATER && seen->now_s >= seen->dry_run.again_s;
    if (seen->migration->spec_error == NULL &&
        (seen->dry_run.result == DRY_RUN_DUE || is_asked_again)) {
        actions |= ACTION_DRY_RUN;
    }
    if (seen->database == NULL) {
        actions |= ACTION_CREATE_DATABASE;
    } else if (!seen->database->meta.has_finalizer && seen->database->meta.deleted_s == 0) {
        actions |= ACTION_HOLD_DATABASE;
    }
    return actions;
}

static bool may_claim(const struct observed *seen)
{
    return seen->database != NULL && seen->database->claim.migration == NULL &&
           seen->database->meta.deleted_s == 0 && seen->queue_place == 0;
}

static void wait(struct arena *arena, const struct observed *seen, const struct gates *gates,
                 struct plan *plan)
{
    const struct migration *migration = seen->migration;
    int64_t not_before_s = attempt_not_before(migration);
    enum gate closed = gates_first_closed(gates);
    struct move move = {
        .phase = PHASE_WAITING,
        .reason = closed < GATE_MAX ? gates->verdicts[closed].reason : "Ready",
        .message = gates_message(arena, gates),
        .is_accepted = gates->verdicts[GATE_JOB_VALID].status == CONDITION_TRUE,
    };
    if (not_before_s > seen->now_s && gates_are_open(gates)) {
        char at[CLOCK_TEXT_MAX];
        clock_format(not_before_s, at);
        move.reason = "RetryBackoff";
        move.message = arena_printf(arena, "%s; attempt %" PRId64 " may begin at %s",
                                    str_or_empty(migration->status.attempt.message),
                                    attempt_next(migration), at);
    }
    status_begin(arena, migration, &plan->status);
    status_set_gates(arena, &plan->status, gates, seen->now_s);
    status_move(arena, migration, &plan->status, &move, seen->now_s);
    write_status(seen, plan, "W5");
    plan->wake_at_s = not_before_s > seen->now_s ? not_before_s : 0;
    if (seen->dry_run.result == DRY_RUN_LATER &&
        (plan->wake_at_s == 0 || seen->dry_run.again_s < plan->wake_at_s)) {
        plan->wake_at_s = seen->dry_run.again_s;
    }
}

static void decide_waiting(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    const struct passage *passage =
        migration->status.attempt.number == 0 ? ledger_passage(seen->database, migration) : NULL;
    if (passage != NULL && seen->is_database_cached) {
        /* Another Database may have that name since, and an empty ledger. */
        act(plan, ACTION_READ_DATABASE, "W7");
        return;
    }
    if (passage != NULL) {
        already_applied(arena, seen, passage, plan);
        return;
    }
    if (let_go_attempt(seen, plan)) {
        return;
    }
    unsigned actions = preparations(seen);
    if (actions != 0) {
        act(plan, actions, "W2");
        return;
    }
    int64_t unknown_s =
        seen->unknown_since_s != 0 ? seen->unknown_since_s : migration->meta.created_s;
    if (!seen->are_applications_known && seen->now_s < unknown_s + UNKNOWN_SHOWN_AFTER_S) {
        plan->wake_at_s = unknown_s + UNKNOWN_SHOWN_AFTER_S;
        act(plan, 0, "W3");
        return;
    }
    struct gates gates;
    gates_judge(arena, seen, &gates);
    int64_t given_back_until_s = attempt_given_back_until(migration);
    if (gates_are_open(&gates) && seen->now_s < given_back_until_s) {
        idle(seen, plan, "W6"); /* what it was given back for stays to be read */
        plan->wake_at_s = given_back_until_s;
        return;
    }
    plan->is_ready = gates_are_open(&gates) && attempt_not_before(migration) <= seen->now_s;
    if (plan->is_ready && may_claim(seen)) {
        plan->claim = (struct claim){
            .migration = migration->meta.name,
            .uid = migration->meta.uid,
            .attempt = attempt_next(migration),
            .spec_hash = migration->spec_hash,
            .since_s = seen->now_s,
        };
        act(plan, ACTION_CLAIM, "W4");
        return;
    }
    wait(arena, seen, &gates, plan);
}

/* A transition whose Event is still to be recorded would be forgotten with the next one (R9). */
static void add_event(const struct observed *seen, struct plan *plan)
{
    bool is_transition = (plan->actions & ACTION_WRITE_STATUS) != 0 &&
                         plan->status.phase != seen->migration->status.phase;
    if (is_transition && seen->is_event_due) {
        plan->actions |= ACTION_RECORD_EVENT;
    }
}

static void decide_case(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    bool is_claimed = holds_claim(seen);
    int64_t claimed = is_claimed ? seen->database->claim.attempt : 0;

    if (migration->meta.deleted_s != 0 && migration->abandon && migration->meta.has_finalizer) {
        act(plan, ACTION_LET_GO_MIGRATION, "A1");
    } else if (is_claimed && attempt_is_closed(migration, claimed)) {
        decide_closed(arena, seen, plan);
    } else if (attempt_is_running(migration)) {
        decide_run(arena, seen, claimed == migration->status.attempt.number, plan);
    } else if (is_claimed) {
        decide_start(arena, seen, plan);
    } else if (attempt_may_begin(migration)) {
        decide_waiting(arena, seen, plan);
    } else if (migration->meta.deleted_s == 0) {
        decide_finished(arena, seen, plan);
    } else if (!decide_cleanup(seen, plan)) {
        act(plan, 0, "F8");
    }
}

void decide(struct arena *arena, const struct observed *seen, struct plan *ret_plan)
{
    *ret_plan = (struct plan){0};
    decide_case(arena, seen, ret_plan);
    add_event(seen, ret_plan);
}
