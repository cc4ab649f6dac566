/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which branch a migration is on: claimed or not, running or not, finished or waiting. Here is the wait for
 * a start; the other branches stand in decide_start.c, decide_run.c and decide_end.c. Each return of a plan
 * names its case of docs/state-machine.md.
 */
#include "domain/decide.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"
#include "domain/acceptance.h"
#include "domain/attempt.h"
#include "domain/decide_end.h"
#include "domain/decide_run.h"
#include "domain/decide_start.h"
#include "domain/gates.h"
#include "domain/tenancy.h"
#include "domain/transition.h"

/* A watch that has not told all after this long is failing, and the user should read so. */
#define UNKNOWN_SHOWN_AFTER_S 5

/* ---- no claim, and an attempt may begin ---- */

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
    plan_write_status(seen, plan, "W1");
}

/* What a start needs and no gate waits for. */
static unsigned preparations(const struct observed *seen)
{
    unsigned actions = 0;
    bool is_asked_again = seen->dry_run.result == DRY_RUN_LATER && seen->dry_run.again_s != 0 &&
                          seen->now_s >= seen->dry_run.again_s;
    if (seen->migration->spec_error == NULL &&
        (seen->dry_run.result == DRY_RUN_DUE || is_asked_again)) {
        actions |= ACTION_DRY_RUN;
    }
    if (seen->database == NULL && seen->access == ACCESS_GRANTED) {
        actions |= ACTION_CREATE_DATABASE; /* never one of another namespace */
    } else if (seen->database == NULL) {
        return actions;
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

/* The nearest of several times; 0 is none. */
static void wake_by(struct plan *plan, int64_t at_s)
{
    if (at_s != 0 && (plan->wake_at_s == 0 || at_s < plan->wake_at_s)) {
        plan->wake_at_s = at_s;
    }
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
        .is_accepted = gates_are_acceptable(gates),
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
    plan_write_status(seen, plan, "W5");
    wake_by(plan, not_before_s > seen->now_s ? not_before_s : 0);
    wake_by(plan, seen->dry_run.result == DRY_RUN_LATER ? seen->dry_run.again_s : 0);
    wake_by(plan, gates->wake_at_s);
}

/*
 * R8b without a claim: somebody took it off the Database, or the Database with it, which says nothing about
 * the process on the lost node. Its pods stay held, and nothing begins.
 */
static void wait_for_end(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    const struct attempt *attempt = &migration->status.attempt;
    struct move move = {
        .phase = PHASE_WAITING,
        .reason = attempt->reason,
        .message = arena_printf(
            arena,
            "attempt %" PRId64 " waits, although the claim of attempt %" PRId64 " is gone: %s",
            attempt_next(migration), attempt->number, str_or_empty(attempt->message)),
    };
    status_begin(arena, migration, &plan->status);
    status_move(arena, migration, &plan->status, &move, seen->now_s);
    plan_write_status(seen, plan, "W8");
}

static void decide_waiting(struct arena *arena, const struct observed *seen, struct plan *plan)
{
    const struct migration *migration = seen->migration;
    const struct passage *passage =
        migration->status.attempt.number == 0 ? ledger_passage(seen->database, migration) : NULL;
    if (passage != NULL && seen->is_database_cached) {
        /* Another Database may have that name since, and an empty ledger. */
        plan_act(plan, ACTION_READ_DATABASE, "W7");
        return;
    }
    if (passage != NULL) {
        already_applied(arena, seen, passage, plan);
        return;
    }
    enum end_doubt doubt = decide_end_doubt(arena, seen, false);
    if (doubt == END_OPEN) {
        wait_for_end(arena, seen, plan);
        return;
    }
    if (doubt != END_CERTAIN) {
        plan_act(plan, ACTION_READ_PODS, "W8");
        return;
    }
    if (decide_let_go_attempt(seen, plan)) {
        return;
    }
    unsigned actions = preparations(seen);
    if (actions != 0) {
        plan_act(plan, actions, "W2");
        return;
    }
    int64_t unknown_s =
        seen->unknown_since_s != 0 ? seen->unknown_since_s : migration->meta.created_s;
    bool is_unread = !seen->are_applications_known || seen->are_prerequisites_unread;
    if (is_unread && seen->now_s < unknown_s + UNKNOWN_SHOWN_AFTER_S) {
        plan->wake_at_s = unknown_s + UNKNOWN_SHOWN_AFTER_S;
        plan_act(plan, 0, "W3");
        return;
    }
    struct gates gates;
    gates_judge(arena, seen, &gates);
    int64_t given_back_until_s = attempt_given_back_until(migration, seen->now_s);
    if (gates_are_open(&gates) && seen->now_s < given_back_until_s) {
        plan_idle(seen, plan, "W6"); /* what it was given back for stays to be read */
        plan->wake_at_s = given_back_until_s;
        return;
    }
    plan->is_ready = gates_are_open(&gates) && attempt_not_before(migration) <= seen->now_s;
    if (plan->is_ready && may_claim(seen)) {
        plan->claim = (struct claim){
            .ns = tenancy_to_write(seen->database, migration->meta.ns),
            .migration = migration->meta.name,
            .uid = migration->meta.uid,
            .attempt = attempt_next(migration),
            .spec_hash = migration->spec_hash,
            .since_s = seen->now_s,
        };
        plan_act(plan, ACTION_CLAIM, "W4");
        return;
    }
    wait(arena, seen, &gates, plan);
}

static bool holds_claim(const struct observed *seen)
{
    return seen->database != NULL && seen->database->claim.migration != NULL &&
           str_eq(seen->database->claim.uid, seen->migration->meta.uid);
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
        plan_act(plan, ACTION_LET_GO_MIGRATION, "A1"); /* step 15: its claim stays for 13 */
    } else if (is_claimed && attempt_is_closed(migration, claimed)) {
        decide_closed(arena, seen, plan);
    } else if (attempt_is_running(migration)) {
        decide_run(arena, seen, claimed == migration->status.attempt.number, plan);
    } else if (is_claimed) {
        decide_start(arena, seen, plan);
    } else if (attempt_may_begin(migration)) {
        decide_waiting(arena, seen, plan);
    } else {
        decide_finished(arena, seen, plan);
    }
}

void decide(struct arena *arena, const struct observed *seen, struct plan *ret_plan)
{
    *ret_plan = (struct plan){0};
    decide_case(arena, seen, ret_plan);
    add_event(seen, ret_plan);
}
