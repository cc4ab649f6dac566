/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eventually stable reconciliation in the small: from every state that the API server may hold, the steps
 * of the controller, taken one after the other, and the moves of the others whenever it waits, come to a
 * rest, the rest is the right one and stays, and on the way no rule is broken. So it is without any fault,
 * and with one at each of its steps: the request not carried out, or carried out and its answer lost with
 * the controller.
 *
 *     test_decide_stable [POINT [STRENGTH]]      POINT "": all
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "base/str.h"
#include "cluster.h"
#include "product.h"
#include "scene.h"

/* Far more than any life takes: a chain of controller steps, and all of it. */
#define STEPS_MAX 40
#define TURNS_MAX 400

#define RESULTS(X) X(EXITS_WITH_0, "0") X(EXITS_WITH_1, "1")
/* One stays closed for ever, two are opened by the clock. */
#define GATES_HERE(X)                                                                              \
    X(HERE_OPEN, "open")                                                                           \
    X(HERE_CLOSED, "incompatible") X(HERE_SOAKING, "soaking") X(HERE_OUTSIDE, "outside-window")

/* X(enumerator, name, values, is it a side dimension, the scene's dimension) */
#define DIMS(X)                                                                                    \
    X(AT_PHASE, "phase", PHASES, false, DIM_PHASE)                                                 \
    X(AT_ATTEMPT, "attempt", ATTEMPTS, false, DIM_ATTEMPT)                                         \
    X(AT_WITHDRAWN, "withdrawn", WITHDRAWALS, false, DIM_WITHDRAWN)                                \
    X(AT_CLAIM, "claim", CLAIMS, false, DIM_CLAIM)                                                 \
    X(AT_DELETION, "deletion", DELETIONS, false, DIM_DELETION)                                     \
    X(AT_JOB, "job", JOBS, false, DIM_JOB)                                                         \
    X(AT_PODS, "pods", PODS, false, DIM_PODS)                                                      \
    X(AT_RESULT, "run-exits-with", RESULTS, false, DIM_MAX)                                        \
    X(AT_STRAY, "stray", STRAYS, true, DIM_STRAY)                                                  \
    X(AT_NOTED, "noted", NOTES, true, DIM_NOTED)                                                   \
    X(AT_MISHAP, "mishap", MISHAPS, true, DIM_MAX)                                                 \
    X(AT_GATES, "gates", GATES_HERE, true, DIM_GATES)                                              \
    X(AT_DATABASE, "database", DATABASES, true, DIM_DATABASE)                                      \
    X(AT_HOLD, "finalizer", HOLDS, true, DIM_HOLD)                                                 \
    X(AT_ABANDON, "abandon", ABANDONS, true, DIM_ABANDON)                                          \
    X(AT_EDIT, "edited", EDITS, true, DIM_EDIT)                                                    \
    X(AT_RETRY, "retry", RETRY_WORDS, true, DIM_RETRY)                                             \
    X(AT_CONFIRM, "confirm-ended", CONFIRM_WORDS, true, DIM_CONFIRM)                               \
    X(AT_RETRIES, "retries", RETRIES, true, DIM_RETRIES)                                           \
    X(AT_LEDGER, "ledger", LEDGERS, true, DIM_LEDGER)                                              \
    X(AT_TIME, "began", TIMES, true, DIM_TIME)                                                     \
    X(AT_RECORD, "version-recorded", RECORDS, true, DIM_RECORD)                                    \
    X(AT_OBSERVED, "generation-observed", OBSERVED, true, DIM_OBSERVED)                            \
    X(AT_INTERRUPTION, "on-interruption", INTERRUPTIONS, true, DIM_INTERRUPTION)

#define X(name, word, values, is_side, dimension) name,
enum dim { DIMS(X) AT_MAX };
#undef X
enum result { RESULTS(PRODUCT_ENUMERATOR) };
enum gates_here { GATES_HERE(PRODUCT_ENUMERATOR) };
#define X(name, word, values, is_side, dimension)                                                  \
    {word, (const char *const[]){values(PRODUCT_WORD)}, 0 values(PRODUCT_ONE), is_side},
static const struct dimension dimensions[AT_MAX] = {DIMS(X)};
#undef X
#define X(name, word, values, is_side, dimension) dimension,
static const unsigned char of_scene[AT_MAX] = {DIMS(X)};
#undef X

static void to_scene(const unsigned char *point, unsigned char *at)
{
    memset(at, 0, sizeof(product_point));
    for (unsigned i = 0; i < AT_MAX; i++) {
        if (of_scene[i] != DIM_MAX) {
            at[of_scene[i]] = point[i];
        }
    }
    static const unsigned char gates[] = {[HERE_OPEN] = GATES_OPEN,
                                          [HERE_CLOSED] = GATES_INCOMPATIBLE,
                                          [HERE_SOAKING] = GATES_SOAKING,
                                          [HERE_OUTSIDE] = GATES_OUTSIDE_WINDOW};
    at[DIM_GATES] = gates[point[AT_GATES]];
}

/* ---- which states there are ---- */

static bool impossible_record(const unsigned char *point)
{
    product_point at;
    to_scene(point, at);
    return !scene_is_possible(at);
}

static bool next_is_claimed_during_a_run(const unsigned char *at)
{
    enum claim_seen claim = at[AT_CLAIM];
    bool is_later =
        claim == CLAIM_NEXT || claim == CLAIM_NEXT_OF_OTHER_SPEC || claim == CLAIM_LATER;
    return is_later && at[AT_ATTEMPT] == ATTEMPT_OPEN;
}

static bool job_of_no_attempt(const unsigned char *point)
{
    product_point at;
    to_scene(point, at);
    bool has_any = at[DIM_ATTEMPT] != ATTEMPT_NONE || scene_is_starting(at);
    return at[DIM_JOB] == JOB_ABSENT || (at[DIM_JOB] != JOB_UNKNOWN && !has_any);
}

static bool job_runs_before_its_attempt(const unsigned char *point)
{
    product_point at;
    to_scene(point, at);
    enum job_seen job = at[DIM_JOB];
    bool never_ran =
        job == JOB_UNKNOWN || job == JOB_PARKED || job == JOB_PARKED_DELETED || job == JOB_FOREIGN;
    return scene_is_starting(at) && !never_ran;
}

static bool job_runs_and_attempt_is_closed(const unsigned char *point)
{
    product_point at;
    to_scene(point, at);
    return at[DIM_ATTEMPT] != ATTEMPT_OPEN && !scene_is_starting(at) && scene_is_recorded_job(at) &&
           !scene_is_job_over(at);
}

static bool pods_of_no_job(const unsigned char *point)
{
    product_point at;
    to_scene(point, at);
    bool never_had_any = at[DIM_JOB] == JOB_PARKED || at[DIM_JOB] == JOB_PARKED_DELETED ||
                         at[DIM_ATTEMPT] == ATTEMPT_NONE || scene_is_starting(at);
    return at[DIM_PODS] != PODS_NONE && never_had_any;
}

static bool pods_against_their_job(const unsigned char *point)
{
    product_point at;
    to_scene(point, at);
    struct pods_truth pods = scene_pods(at);
    enum job_seen job = at[DIM_JOB];
    bool is_terminal =
        job == JOB_COMPLETE || job == JOB_FAILED || job == JOB_LATE || job == JOB_LET_GO;
    bool is_closed = at[DIM_ATTEMPT] != ATTEMPT_OPEN;
    bool is_unproven = at[DIM_ATTEMPT] == ATTEMPT_UNPROVEN;
    bool is_gated = at[DIM_PODS] == PODS_GATED || at[DIM_PODS] == PODS_WITHDRAWN;
    return (pods.may_run && (is_terminal || is_closed)) || (is_gated && is_closed) ||
           (pods.is_lost && is_closed && !is_unproven);
}

static bool stray_beside_none(const unsigned char *at)
{
    bool is_first_gated = at[AT_PODS] == PODS_GATED || at[AT_PODS] == PODS_WITHDRAWN;
    return at[AT_STRAY] != STRAY_NONE && (at[AT_PODS] == PODS_NONE || at[AT_PODS] == PODS_TWO ||
                                          (at[AT_ATTEMPT] != ATTEMPT_OPEN && is_first_gated));
}

/* One that is gone may have run: a person let another start besides. */
static bool another_was_let_start(const unsigned char *at)
{
    bool may_begin = at[AT_PODS] == PODS_PENDING || at[AT_PODS] == PODS_STUCK;
    return at[AT_NOTED] == NOTED_GONE && may_begin;
}

static bool notes_a_pod_without_a_run(const unsigned char *at)
{
    return at[AT_NOTED] != NOTED_FIRST &&
           (at[AT_ATTEMPT] != ATTEMPT_OPEN || at[AT_NOTED] == NOTED_STRAY);
}

static bool pod_has_come_already(const unsigned char *at)
{
    return at[AT_MISHAP] != MISHAP_NONE && at[AT_PODS] != PODS_NONE;
}

/* With the claim taken its pod is all that tells of the end, and somebody took that, too. */
static bool nothing_tells_of_a_stripped_run(const unsigned char *at)
{
    return at[AT_MISHAP] == MISHAP_STRIPPED && at[AT_ATTEMPT] == ATTEMPT_OPEN &&
           at[AT_CLAIM] != CLAIM_RECORDED;
}

/* Who takes the claim and our finalizer leaves nothing that a controller could hold on to. */
static bool nothing_holds_a_lost_run(const unsigned char *point)
{
    product_point at;
    to_scene(point, at);
    return scene_pods(at).is_lost && at[DIM_CLAIM] != CLAIM_RECORDED && at[DIM_HOLD] == HOLD_OFF;
}

/* Another's claim stays here, and meanwhile window after window opens and closes. */
static bool windows_for_ever(const unsigned char *at)
{
    bool is_another = at[AT_CLAIM] == CLAIM_OF_ANOTHER || at[AT_CLAIM] == CLAIM_OF_NAMESAKE;
    return at[AT_GATES] == HERE_OUTSIDE && is_another;
}

static bool claim_on_no_database(const unsigned char *at)
{
    return at[AT_DATABASE] == DATABASE_ABSENT && at[AT_CLAIM] != CLAIM_NONE;
}

static bool database_that_goes(const unsigned char *at)
{
    return at[AT_DATABASE] == DATABASE_DELETED;
}

static const struct product_exclusion exclusions[] = {
    {AT_CLAIM, "phase, attempt and claim go together", impossible_record},
    {AT_CLAIM, "the next one is never claimed while one runs", next_is_claimed_during_a_run},
    {AT_JOB, "without an attempt there is no Job", job_of_no_attempt},
    {AT_JOB, "steps 7 and 8: no Job is let go before Running says so", job_runs_before_its_attempt},
    {AT_JOB, "R8: what is closed has no Job that goes on", job_runs_and_attempt_is_closed},
    {AT_PODS, "a Job that was not let go has no pod", pods_of_no_job},
    {AT_PODS, "R8: no pod runs beside a Job that is terminal, or an attempt that is closed",
     pods_against_their_job},
    {AT_STRAY, "a stray is a second pod, and there are two at most", stray_beside_none},
    {AT_NOTED, "a person lets another start", another_was_let_start},
    {AT_NOTED, "step 9a: the note matters until the outcome", notes_a_pod_without_a_run},
    {AT_MISHAP, "what befalls a pod does so from its beginning", pod_has_come_already},
    {AT_MISHAP, "R8b: somebody took both the claim and the pod", nothing_tells_of_a_stripped_run},
    {AT_GATES, "another's claim is never released here, so that windows come for ever",
     windows_for_ever},
    {AT_HOLD, "R8b: somebody took both the claim and our finalizer", nothing_holds_a_lost_run},
    {AT_DATABASE, "a claim stands on a Database", claim_on_no_database},
    {AT_DATABASE, "what is on its way out is for the garbage collector", database_that_goes},
};

/* ---- going on until nothing moves ---- */

static struct cluster cluster;

/* The steps of one chain. Fails the k-th step of all, counted from 0, with the fault. */
static bool run_chain(long *step, long fails_at, enum fault fault, int64_t *wake_at_s)
{
    cluster.has_written = false;
    for (int i = 0; i < STEPS_MAX; i++) {
        bool fails = *step == fails_at;
        if (!cluster_step(&cluster, fails ? fault : FAULT_NONE, wake_at_s)) {
            cluster_forget(&cluster);
            return cluster.has_written;
        }
        ++*step;
    }
    cluster.broken = cluster.broken != NULL ? cluster.broken : "the steps go in a circle";
    return true;
}

static void run(long *step, long fails_at, enum fault fault)
{
    for (int turn = 0; turn < TURNS_MAX && cluster.broken == NULL; turn++) {
        int64_t wake_at_s = 0;
        bool has_moved = run_chain(step, fails_at, fault, &wake_at_s);
        has_moved = cluster_tidy(&cluster) || has_moved;
        has_moved = cluster_move(&cluster) || has_moved;
        if (wake_at_s > cluster.now_s) {
            cluster.now_s = wake_at_s;
            has_moved = true;
        }
        if (!has_moved) {
            return;
        }
    }
    cluster.broken = cluster.broken != NULL ? cluster.broken : "it never comes to a rest";
}

/* ---- is the rest the right one? ---- */

static bool has_our_claim(void)
{
    const struct claim *claim = &cluster.scene.database.claim;
    return cluster.scene.seen.database != NULL && claim->migration != NULL &&
           str_eq(claim->uid, SCENE_UID);
}

static bool is_anything_held(void)
{
    bool is_held = !cluster.is_gone && cluster.scene.migration.meta.has_finalizer;
    bool is_ours = cluster.scene.job.migration_uid != NULL;
    is_held = is_held || (cluster.is_job_there && is_ours && cluster.scene.job.meta.has_finalizer);
    for (size_t i = 0; i < cluster.scene.seen.pod_count; i++) {
        is_held = is_held || cluster.scene.pods[i].meta.has_finalizer;
    }
    return is_held;
}

static bool waits_for_a_person(const unsigned char *at)
{
    const char *reason = cluster.scene.migration.status.attempt.reason;
    bool is_unproven = str_eq(reason, "EndUnproven") || str_eq(reason, "PodVanished");
    return at[DIM_CONFIRM] != CONFIRM_RECORDED &&
           (cluster.is_node_lost || (is_unproven && has_our_claim() && !cluster.is_gone));
}

static const char *judge_rest(const unsigned char *at)
{
    const struct migration_status *status = &cluster.scene.migration.status;
    bool is_parked = cluster.is_job_there && cluster.scene.job.parallelism == 0 &&
                     cluster.scene.job.migration_uid != NULL;
    bool is_open = status->attempt.number > 0 && status->attempt.outcome == OUTCOME_NONE;
    bool has_other_claim = cluster.scene.database.claim.migration != NULL && !has_our_claim();
    if (has_our_claim() && !waits_for_a_person(at)) {
        return "at rest: the claim is still held";
    }
    if (has_our_claim()) {
        return NULL; /* and so is the rest */
    }
    if (!cluster.is_gone && waits_for_a_person(at)) {
        return is_anything_held() ? NULL : "R8b: what could tell of the end was let go";
    }
    if (is_anything_held() && (cluster.is_gone || status->phase != PHASE_WAITING)) {
        return "at rest: a finalizer is still on";
    }
    if (is_parked) {
        return "at rest: a parked Job is left";
    }
    if (cluster.is_gone) {
        return NULL;
    }
    if (status->phase == PHASE_RUNNING || is_open) {
        return "at rest: it still says Running";
    }
    if (status->phase == PHASE_PENDING) {
        return "at rest: it is not judged";
    }
    bool may_wait =
        at[DIM_GATES] == GATES_INCOMPATIBLE || at[DIM_LEDGER] != LEDGER_EMPTY || has_other_claim;
    if (status->phase == PHASE_WAITING && !may_wait) {
        return "at rest: it waits for nothing";
    }
    return NULL;
}

static const char *judge_success(const unsigned char *at)
{
    const struct migration_status *status = &cluster.scene.migration.status;
    bool was_succeeded = at[DIM_PHASE] == PHASE_SUCCEEDED;
    bool is_claim_ours = at[DIM_CLAIM] == CLAIM_RECORDED || at[DIM_ATTEMPT] == ATTEMPT_NONE;
    if (cluster.is_gone || was_succeeded || status->phase != PHASE_SUCCEEDED ||
        status->attempt.number == 0) {
        return NULL;
    }
    bool has_moved = cluster.scene.database.history_count > 0;
    bool was_proven = cluster.exits_with_0 || scene_pods(at).has_proof;
    if (!was_proven) {
        return "R8a: Succeeded, and its process did not end with 0";
    }
    return is_claim_ours && !has_moved ? "R6: Succeeded and released, and the ledger stands still"
                                       : NULL;
}

static const char *judge(const unsigned char *at)
{
    if (cluster.broken != NULL) {
        return cluster.broken;
    }
    const char *finding = judge_rest(at);
    return finding != NULL ? finding : judge_success(at);
}

/* A restart finds nothing to change. */
static const char *judge_stability(void)
{
    struct migration_status before = cluster.scene.migration.status;
    int64_t claimed = cluster.scene.database.claim.attempt;
    bool was_there = cluster.is_job_there;
    long steps = 0;
    cluster_restart(&cluster);
    run(&steps, -1, FAULT_NONE);
    const struct migration_status *after = &cluster.scene.migration.status;
    bool is_same =
        after->phase == before.phase && after->history_count == before.history_count &&
        after->attempt.number == before.attempt.number && after->withdrawn == before.withdrawn &&
        claimed == cluster.scene.database.claim.attempt && was_there == cluster.is_job_there;
    return is_same ? NULL : "the rest does not stay";
}

static bool is_usual(const unsigned char *point)
{
    for (unsigned i = 0; i < AT_MAX; i++) {
        if (dimensions[i].is_side && i != AT_MISHAP && point[i] != 0) {
            return false;
        }
    }
    return true;
}

static size_t runs;
static long steps_most;

static const char *check(const unsigned char *point)
{
    static char text[160];
    product_point at;
    to_scene(point, at);
    bool exits_with_0 = point[AT_RESULT] == EXITS_WITH_0;
    long steps = 0;
    cluster_build(&cluster, at, exits_with_0);
    cluster.mishap = point[AT_MISHAP];
    run(&steps, -1, FAULT_NONE);
    runs++;
    steps_most = steps > steps_most ? steps : steps_most;
    const char *finding = judge(at);
    finding = finding != NULL ? finding : judge_stability();
    if (finding != NULL) {
        return finding;
    }
    /* Where a side dimension differs the steps are the same ones: a fault there tells nothing new. */
    for (long k = 0; k < (is_usual(point) ? steps : 0); k++) {
        for (enum fault fault = FAULT_NOT_APPLIED; fault <= FAULT_ANSWER_LOST; fault++) {
            long taken = 0;
            cluster_build(&cluster, at, exits_with_0);
            cluster.mishap = point[AT_MISHAP];
            run(&taken, k, fault);
            runs++;
            finding = judge(at);
            if (finding != NULL) {
                (void)snprintf(text, sizeof(text), "%s (step %ld: %s)", finding, k,
                               fault == FAULT_NOT_APPLIED ? "not carried out" : "answer lost");
                return text;
            }
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    unsigned strength = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : STRENGTH;
    const struct product product = {
        .name = "decide_stable",
        .dimensions = dimensions,
        .dimension_count = AT_MAX,
        .exclusions = exclusions,
        .exclusion_count = ARRAY_LEN(exclusions),
        .strength = strength,
        .points_least = strength < 1 ? 20000 : 700000,
        .check = check,
    };
    int failed = product_run(&product, argc > 1 && argv[1][0] != '\0' ? argv[1] : NULL);
    printf("decide_stable: %zu lives, the longest of %ld steps\n", runs, steps_most);
    cluster_fini(&cluster);
    return failed;
}
