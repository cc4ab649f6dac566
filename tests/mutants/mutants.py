# SPDX-License-Identifier: Apache-2.0
"""How each rule can be broken in the code, and the tests that must fail then: each of them, not one of them."""
import typing

RULES = ("R1", "R2", "R3", "R4", "R4a", "R5", "R6", "R7", "R8", "R8a", "R8b", "R9", "R20", "R21", "R22")

# Programs and arguments below tests/unit. Of the products fewer side dimensions differ than in ctest: it is faster.
UNIT_TESTS = {
    "decide": ["domain/test_decide"],
    "decide_run": ["domain/test_decide_run"],
    "orphan": ["domain/test_orphan"],
    "leftover": ["domain/test_leftover"],
    "attempt": ["domain/test_attempt"],
    "transition": ["domain/test_transition"],
    "gates": ["domain/test_gates"],
    "client": ["kube/test_client"],
    "podstate": ["codec/test_podstate"],
    "job": ["codec/test_job"],
    "product": ["domain/product/test_decide_product", "", "1"],
    # Points of it that take more than one of them.
    "product_retry": ["domain/product/test_decide_product", "phase=Failed,attempt=failed,claim=next,fresh-look=taken,job=parked,job-read=fresh,"
                      "retry=recorded,recovery=due,skew=told"],
    "product_skew": ["domain/product/test_decide_product", "phase=Running,attempt=open,claim=recorded,job=active,pods=running,gates=incompatible,"
                     "began=just-now"],
    "stable": ["domain/product/test_decide_stable", "", "0"],
    "stable_mishaps": ["domain/product/test_decide_stable", "", "1"],
    "orphan_product": ["domain/product/test_orphan_product"],
    "leftover_product": ["domain/product/test_leftover_product"],
}

CLUSTER_TESTS = {
    "frozen": ["tests/faults/run", "-k", "success-freeze-10-applied"],
    "lost_node": ["tests/integration/controller/run", "-k", "test_lost_node_whose_claim_is_taken"],
    "walk_that_loses_a_node": ["tests/walks/run", "--seed", "8"],
    "states": ["tests/walks/states", "-j", "16", "-k", "failed-12"],
}


class Mutant(typing.NamedTuple):
    rule: str
    what: str  # is broken
    file: str
    old: typing.Union[str, tuple]  # stands in the file just once; or several such texts
    new: typing.Union[str, tuple]
    tests: tuple


DECIDE, START, RUN, END = (f"controller/domain/decide{part}.c" for part in ("", "_start", "_run", "_end"))
ATTEMPT, PODSTATE, PODGATE, ORPHAN, LEFTOVER = (f"controller/domain/{name}.c" for name in ("attempt", "podstate", "podgate", "orphan", "leftover"))

MUTANTS = [Mutant(*row) for row in (
    # ---- R1: one Job of an attempt ever has a pod ----
    ("R1", "a Job is created armed", "controller/codec/job.c",
     'write_number(spec, "parallelism", 0)', 'write_number(spec, "parallelism", 1)', ("job",)),
    ("R1", "a Job that was let go before is used for a start", START,
     "job_is_parked(job) && job->meta.deleted_s == 0", "job->meta.deleted_s == 0", ("decide",)),
    ("R1", "Running names another UID than that of the Job", START,
     ".job_uid = seen->job->meta.uid", ".job_uid = migration->meta.uid", ("decide", "product")),
    ("R1", "whatever Job has the name is armed", RUN,
     "seen->job_presence == PRESENCE_PRESENT && str_eq(seen->job->meta.uid, uid)", "seen->job_presence == PRESENCE_PRESENT && uid != NULL",
     ("decide_run", "product")),
    ("R1", "a second parked Job of a running attempt is left", LEFTOVER,
     "(owner != NULL && is_another_job(owner, job)) ||", "(false && is_another_job(owner, job)) ||", ("leftover", "leftover_product")),
    ("R1", "the requests of a leader that was paused are not held back", "controller/kube/http_setup.c",
     "guard != NULL && !guard->may_send(guard->arg)", "guard != NULL && false", ("client",)),
    # Likewise, one pod of it ever starts.
    ("R1", "a pod is let start without being noted", RUN,
     "    if (noted != NULL && podgate_is_waiting(noted)) {", "    if (next != NULL && podgate_is_waiting(next)) {", ("decide_run", "product")),
    ("R1", "another pod is noted in the stead of the first", RUN,
     "if (uid == NULL && next != NULL && may_note(turn)) {", "if ((uid == NULL || noted == NULL) && next != NULL && may_note(turn)) {",
     ("decide_run", "product", "stable_mishaps")),
    ("R1", "a pod behind the gate is noted before an open one", PODGATE,
     "return waiting != NULL && open != NULL ? open : waiting;", "return waiting;", ("decide_run", "product", "stable_mishaps")),
    ("R1", "a pod that nobody noted is waited for", PODGATE,
     "if (!pods[i].is_gated || is_noted) {", "if (!pods[i].is_gated || is_noted || noted != NULL) {", ("decide_run", "product", "stable_mishaps")),
    ("R1", "what is told to end is let start", RUN,
     "(job_is_over(job) || job_is_stopped(job) || is_ending(turn))", "(job_is_over(job) || job_is_stopped(job))", ("decide_run", "product")),
    ("R1", "what was stopped by hand is let start", RUN,
     "(job_is_over(job) || job_is_stopped(job) || is_ending(turn))", "(job_is_over(job) || is_ending(turn))", ("decide_run", "product")),
    ("R1", "a Job that is spent goes on", RUN,
     "    if (is_over_without_job(turn)) {", "    if (is_over_without_job(turn) && false) {", ("decide_run", "product", "stable_mishaps")),
    ("R1", "it is ended by a cache's word", RUN,
     'turn->seen->are_pods_fresh ? ACTION_END_JOB : ACTION_READ_PODS, "J17"', 'ACTION_END_JOB, "J17"', ("decide_run", "product")),
    ("R1", "likewise one whose migration is gone goes on", ORPHAN,
     "!is_ending && podgate_has_waiting(seen->pods, seen->pod_count)", "!is_ending && false", ("orphan", "orphan_product")),
    # ---- R2: one at a time ----
    ("R2", "a claim over another's claim", DECIDE,
     "seen->database->claim.migration == NULL &&", "", ("decide", "product", "stable")),
    ("R2", "armed without its claim", RUN,
     "} else if (!is_deleted && turn->is_claimed) {", "} else if (!is_deleted) {", ("decide_run", "product", "stable")),
    ("R2", "the queue is passed", DECIDE,
     "&& seen->queue_place == 0", "", ("decide", "product")),
    ("R2", "an open attempt is begun over", ATTEMPT,
     "return attempt->outcome == OUTCOME_FAILED &&\n           (migration->retry", "return (migration->retry", ("attempt",)),
    # ---- R3: the status is the truth ----
    ("R3", "what has succeeded begins again", ATTEMPT,
     "migration->meta.deleted_s != 0 || migration->status.phase == PHASE_SUCCEEDED", "migration->meta.deleted_s != 0", ("attempt", "product")),
    ("R3", "a retry begins without being asked", ATTEMPT,
     "(migration->retry == attempt->number ||", "(true || migration->retry == attempt->number ||", ("attempt", "decide", "product", "stable")),
    ("R3", "a retry of another attempt counts", ATTEMPT,
     "(migration->retry == attempt->number ||", "(migration->retry != 0 ||", ("attempt", "decide", "product")),
    ("R3", "an edit is one by its generation alone", ATTEMPT,
     "migration->meta.generation != attempt->generation &&\n           !str_eq(migration->spec_hash, attempt->spec_hash)",
     "migration->meta.generation != attempt->generation", ("attempt", "decide", "product")),
    ("R3", "what the ledger knows runs again", DECIDE,
     "migration->status.attempt.number == 0 ? ledger_passage(seen->database, migration) : NULL", "NULL", ("decide", "product")),
    ("R3", "a ledger is believed by a cache's word", DECIDE,
     "if (passage != NULL && seen->is_database_cached)", "if (false)", ("decide",)),
    ("R3", "what is given back leaves Succeeded", START,
     "is_finished && !attempt_may_begin(migration)", "is_finished && false", ("decide", "product", "stable")),
    # ---- R4: nothing is killed half-way ----
    ("R4", "a stopped Job is deleted with a pod that nobody asked to stop", RUN,
     "turn->run.pods > 0 && !turn->run.is_stopping", "false", ("decide_run", "product", "stable")),
    ("R4", "likewise one whose migration is gone", ORPHAN,
     "run->pods > 0 && !run->is_stopping", "run->pods > 0 && false", ("orphan", "orphan_product")),
    ("R4", "a deletion lets go of what runs", DECIDE,
     "} else if (attempt_is_running(migration)) {", "} else if (attempt_is_running(migration) && migration->meta.deleted_s == 0) {",
     ("decide_run", "product", "stable")),
    ("R4", "what is being deleted starts", START,
     "if (migration->meta.deleted_s != 0) {", "if (false) {", ("decide",)),
    # ---- R4a: what never started may be ended ----
    ("R4a", "a run that has started is ended", RUN,
     "if (has_started || turn->job", "if ((has_started && false) || turn->job", ("decide_run", "product")),
    ("R4a", "it is ended by a cache's word", RUN,
     'turn->seen->are_pods_fresh ? ACTION_END_JOB : ACTION_READ_PODS, "J10"', 'ACTION_END_JOB, "J10"', ("decide_run", "product")),
    ("R4a", "it is ended for no reason", RUN,
     "if (!is_stuck) {", "if (!is_stuck && false) {", ("decide_run", "product")),
    ("R4a", "startTimeout ends nothing", RUN,
     "if (deadline_s != 0 && turn->seen->now_s >= deadline_s) {", "if (deadline_s < 0) {", ("decide_run",)),
    # ---- R5: a vanished Job ----
    ("R5", "a Job is gone by a cache's word", RUN,
     "(seen->job_presence == PRESENCE_PRESENT && seen->is_job_fresh)", "seen->job_presence == PRESENCE_PRESENT", ("decide_run", "product")),
    ("R5", "a vanished Job is the end of its pods", RUN,
     "} else if (may_still_run(turn)) {", "} else if (may_still_run(turn) && turn->job != NULL) {", ("decide_run", "product")),
    ("R5", "no pod yet is no pod", RUN,
     "} else if (turn->run.pods == 0 && turn->seen->now_s < until_s) {", "} else if (until_s < 0) {", ("decide_run", "product")),
    # ---- R6: claim before Job, outcome before release ----
    ("R6", "released while the pod runs", DECIDE,
     "is_claimed && attempt_is_closed(migration, claimed)",
     "is_claimed && (attempt_is_closed(migration, claimed) || attempt_is_running(migration))", ("decide_run", "product", "stable")),
    ("R6", "likewise one whose migration is gone", ORPHAN,
     "} else if (run->pods > 0 && (run->end == RUN_RUNNING || run->end == RUN_PENDING)) {", "} else if (false) {", ("orphan", "orphan_product")),
    ("R6", "the ledger moves for a failure", END,
     "attempt->number == number && attempt->outcome == OUTCOME_SUCCEEDED", "attempt->number == number", ("decide", "product")),
    ("R6", "the ledger stays at a success", END,
     "plan->passage = passage;", "", ("decide", "product", "stable")),
    ("R6", "finalizers go by a cache's word for the release", END,
     "(has_pod || has_job) && seen->is_database_cached", "false", ("decide", "product")),
    # ---- R7: fresh eyes before acting ----
    ("R7", "a start without a fresh look", START,
     "!seen->is_fresh || !is_held", "!is_held", ("decide", "product")),
    ("R7", "a gate that closed after the claim is passed", START,
     "if (!gates_are_open(gates)) {", "if (false) {", ("decide", "product")),
    ("R7", "an edit after the claim is run", START,
     "!str_eq(claim->spec_hash, migration->spec_hash)", "false", ("decide", "product")),
    # ---- R8: finished means finished ----
    ("R8", "a failed pod ends the Job", "controller/domain/jobstate.c",
     "return job->is_complete || job->is_failed || job->meta.deleted_s != 0;",
     "return job->is_complete || job->is_failed || job->failed > 0 || job->meta.deleted_s != 0;", ("decide_run",)),
    ("R8", "an outcome while a pod runs", RUN,
     "return turn->run.pods > 0 && (turn->run.end == RUN_RUNNING || turn->run.end == RUN_PENDING);", "return turn == NULL;",
     ("decide_run", "product")),
    # ---- R8a: Complete is not yet success ----
    ("R8a", "a disrupted pod succeeds", PODSTATE,
     '!str_eq(pod->phase, "Succeeded") || pod->is_disrupted ||', '!str_eq(pod->phase, "Succeeded") ||', ("podstate", "product", "stable")),
    ("R8a", "exit 0 after a deletion is success", PODSTATE,
     "is_checked &&\n           ended_by_itself(pod)", "is_checked", ("podstate", "product", "stable")),
    ("R8a", "a Job that is Complete is a success", ATTEMPT,
     "} else if (run->succeeded) {", "} else if (run->succeeded || end->job->is_complete) {", ("attempt", "product")),
    # ---- R8b: an end must be proven ----
    ("R8b", "a lost node is an end", ATTEMPT,
     "if (run->pods > 0 && !run->proven_ended) {", "if (false) {", ("attempt", "decide_run", "product")),
    ("R8b", "what runs on a lost node is over", PODSTATE,
     "    case CONTAINER_RUNNING:\n    case CONTAINER_UNKNOWN:\n        return false;", "    case CONTAINER_RUNNING:\n    case CONTAINER_UNKNOWN:\n        return is_terminal(pod);",
     ("podstate", "product")),
    ("R8b", "its claim is released unconfirmed", END,
     "if (do_pods_tell ? !run.proven_ended : is_claimed) {", "if (!is_claimed && !run.proven_ended) {", ("decide", "product", "stable")),
    ("R8b", "another attempt follows when its claim was taken", END,
     "if (do_pods_tell ? !run.proven_ended : is_claimed) {", "if (is_claimed && !run.proven_ended) {", ("decide", "product", "stable")),
    ("R8b", "its pods are a leftover when its claim was taken", LEFTOVER,
     "return owner != NULL && owner->meta.has_finalizer;", "return owner == NULL && false;", ("leftover", "leftover_product", "stable")),
    ("R8b", "the claim of a migration that is gone is released unconfirmed", ORPHAN,
     "is_in_doubt(seen, run) && !is_confirmed", "is_in_doubt(seen, run) && !is_confirmed && false", ("orphan", "orphan_product")),
    ("R8b", "a pod that vanished is an end that was seen", ATTEMPT,
     'str_eq(attempt->reason, "PodVanished")', 'str_eq(attempt->reason, "")', ("decide", "product", "stable_mishaps")),
    ("R8b", "a pod that vanished never started", ATTEMPT,
     "    } else if (has_pod_vanished(end, attempt)) {", "    } else if (false) {", ("decide_run", "product")),
    ("R8b", "what another pod did stands for the one that is gone", RUN,
     ".is_noted_gone = turn->attempt->pod_uid != NULL && turn->noted == NULL,", "", ("decide_run", "product")),
    ("R8b", "likewise where its claim is released", END,
     "(is_there || !is_claimed)", "true", ("product",)),
    # ---- R9: every transition is recorded ----
    ("R9", "what is no transition stands in the history", "controller/domain/transition.c",
     "    if (is_transition) {", "    if (is_transition || true) {", ("transition", "product")),
    ("R9", "the next transition forgets an Event", DECIDE,
     "if (is_transition && seen->is_event_due) {", "if (is_transition && false) {", ("decide", "product")),
    # ---- R20: exit 0 is no proof ----
    ("R20", "the check of a run is not made", "controller/codec/job_steps.c",
     "    if (verify != NULL) {\n", "    if (verify != NULL && false) {\n", ("job",)),
    ("R20", "a run succeeds whatever its check says", PODSTATE,
     ('!str_eq(pod->phase, "Succeeded") || pod->is_disrupted', "check != NULL && check->exit_code == 0"),
     ("pod->is_disrupted", "check != NULL"), ("podstate", "product", "stable")),
    ("R20", "a check that failed is no reason of its own", PODSTATE,
     "if (culprit == find_step(pod, ANNOTATION_VERIFY)) {", "if (false) {", ("podstate", "product")),
    # ---- R21: an interrupted run may leave a lock behind ----
    ("R21", "what nobody saw end is tried again", ATTEMPT,
     "bool is_confirmed = was_seen_to_end(ended) || migration->confirm_ended == ended->number;", "bool is_confirmed = true;",
     ("attempt", "product")),
    ("R21", "a recovery that is due is forgotten", START,
     ".is_recovery_due = migration->status.attempt.is_recovery_due,", "", ("decide", "product_retry")),
    ("R21", "a run that was cut off needs no recovery", ATTEMPT,
     "attempt->is_recovery_due = attempt->is_interrupted;", "attempt->is_recovery_due = false;", ("attempt", "product")),
    ("R21", "a backoff is not waited for", DECIDE,
     "gates_are_open(&gates) && attempt_not_before(migration) <= seen->now_s", "gates_are_open(&gates)", ("decide", "product")),
    # ---- R22: a breach is told ----
    ("R22", "versions that leave the constraint are not told", RUN,
     "if (gates.is_skewed) {", "if (false) {", ("decide_run", "product")),
    ("R22", "they are told, but not at once", RUN,
     "now_s < told_s && !is_skew_news(turn)", "now_s < told_s && (true || !is_skew_news(turn))", ("decide_run", "product_skew")),
    ("R22", "the skew of an earlier attempt stays", START,
     "condition_remove(&plan->status.conditions, CONDITION_VERSION_SKEW);", "", ("decide", "product_retry")),
    # ---- what only a real API server can show ----
    ("R1", "a Job is created armed, on a cluster", "controller/codec/job.c",
     'write_number(spec, "parallelism", 0)', 'write_number(spec, "parallelism", 1)', ("frozen",)),
    ("R3", "a retry of another attempt counts, on a cluster", ATTEMPT,
     "(migration->retry == attempt->number ||", "(migration->retry != 0 ||", ("states",)),
    ("R8b", "its claim is released unconfirmed, on a cluster", END,
     "if (do_pods_tell ? !run.proven_ended : is_claimed) {", "if (!is_claimed && !run.proven_ended) {", ("walk_that_loses_a_node",)),
    ("R8b", "another attempt follows when its claim was taken, on a cluster", END,
     "if (do_pods_tell ? !run.proven_ended : is_claimed) {", "if (is_claimed && !run.proven_ended) {", ("lost_node",)),
)]
