/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orphan_decide() at every point of the product of its inputs: a claim of attempt 2 whose migration is
 * gone, what is seen of its Job, and of its pods.
 *
 *     test_orphan_product [POINT]
 */
#include <string.h>

#include "base/attrs.h"
#include "base/str.h"
#include "domain/orphan.h"
#include "product.h"
#include "scene.h"

/* What the Job says that it brings the database to, and of which spec it is. */
#define RECORDED(X)                                                                                \
    X(SAYS_VERSION, "version") X(SAYS_NOTHING, "nothing") X(SAYS_OTHER_SPEC, "other-spec")

#define DIMS(X)                                                                                    \
    X(AT_JOB, "job", JOBS)                                                                         \
    X(AT_JOB_READ, "job-read", READS)                                                              \
    X(AT_PODS, "pods", PODS)                                                                       \
    X(AT_PODS_READ, "pods-read", READS)                                                            \
    X(AT_STRAY, "stray", STRAYS)                                                                   \
    X(AT_CONFIRM, "confirm-ended", CONFIRM_WORDS)                                                  \
    X(AT_TIME, "began", TIMES)                                                                     \
    X(AT_RECORD, "job-says", RECORDED)

#define X(name, word, values) name,
enum dim { DIMS(X) AT_MAX };
#undef X
enum recorded { RECORDED(PRODUCT_ENUMERATOR) };
#define X(name, word, values)                                                                      \
    {word, (const char *const[]){values(PRODUCT_WORD)}, 0 values(PRODUCT_ONE), false},
static const struct dimension dimensions[AT_MAX] = {DIMS(X)};
#undef X

static bool nothing_read_fresh(const unsigned char *at)
{
    bool is_there = at[AT_JOB] != JOB_UNKNOWN && at[AT_JOB] != JOB_ABSENT;
    return at[AT_JOB_READ] == READ_FRESH && !is_there;
}

static bool pods_of_a_parked_job(const unsigned char *at)
{
    enum job_seen job = at[AT_JOB];
    bool is_parked = job == JOB_PARKED || job == JOB_PARKED_DELETED || job == JOB_SECOND;
    return at[AT_PODS] != PODS_NONE && is_parked;
}

static bool stray_beside_none(const unsigned char *at)
{
    return at[AT_STRAY] != STRAY_NONE && (at[AT_PODS] == PODS_NONE || at[AT_PODS] == PODS_TWO);
}

static bool word_of_no_job(const unsigned char *at)
{
    enum job_seen job = at[AT_JOB];
    return at[AT_RECORD] != SAYS_VERSION &&
           (job == JOB_UNKNOWN || job == JOB_ABSENT || job == JOB_FOREIGN);
}

static const struct product_exclusion exclusions[] = {
    {AT_JOB_READ, "only what is there was read as such", nothing_read_fresh},
    {AT_PODS, "a parked Job never had a pod", pods_of_a_parked_job},
    {AT_STRAY, "a stray is a second pod, and there are two at most", stray_beside_none},
    {AT_RECORD, "no Job of ours says anything", word_of_no_job},
};

/* ---- the invariants ---- */

struct judged {
    const unsigned char *at; /* of the scene */
    enum recorded recorded;
    const struct scene *scene;
    const struct plan *plan;
    struct pods_truth pods;
};

static bool does(const struct judged *judged, unsigned actions)
{
    return (judged->plan->actions & actions) != 0;
}

static bool is_job_fresh(const struct judged *judged)
{
    return judged->at[DIM_JOB_READ] == READ_FRESH;
}

static bool are_pods_fresh(const struct judged *judged)
{
    return judged->at[DIM_PODS_READ] == READ_FRESH;
}

static bool is_gone(const struct judged *judged)
{
    enum job_seen job = judged->at[DIM_JOB];
    return job == JOB_ABSENT || (job == JOB_FOREIGN && is_job_fresh(judged));
}

/* Parked, whatever its UID: it never had a pod. */
static bool is_parked(const struct judged *judged)
{
    return judged->at[DIM_JOB] == JOB_PARKED || judged->at[DIM_JOB] == JOB_SECOND;
}

static bool does_what_is_left_to_do(const struct judged *judged)
{
    unsigned actions = judged->plan->actions;
    const unsigned known =
        ACTION_READ_JOB | ACTION_READ_PODS | ACTION_DELETE_JOB | ACTION_END_JOB | ACTION_RELEASE;
    return (actions & ~known) == 0 && (actions & (actions - 1)) == 0 &&
           judged->plan->case_id != NULL;
}

/* Nothing was let start, and nobody is left to note a pod. */
static bool has_waiting(const unsigned char *at)
{
    return at[DIM_PODS] == PODS_GATED || at[DIM_STRAY] == STRAY_GATED;
}

/* One that is beyond the gate. */
static bool may_open_pod_run(const struct judged *judged)
{
    product_point open;
    memcpy(open, judged->at, sizeof(open));
    open[DIM_STRAY] = STRAY_NONE;
    open[DIM_NOTED] = NOTED_GONE;
    return scene_pods(open).may_run;
}

static bool ends_what_was_not_let_start(const struct judged *judged)
{
    enum job_seen job = judged->at[DIM_JOB];
    bool is_due = (job == JOB_ACTIVE || job == JOB_STRIPPED) && are_pods_fresh(judged) &&
                  has_waiting(judged->at) && !may_open_pod_run(judged) && !judged->pods.is_lost;
    return does(judged, ACTION_END_JOB) == is_due;
}

static bool deletes_no_job_that_may_run(const struct judged *judged)
{
    bool may_live = judged->pods.may_run && judged->at[DIM_PODS] != PODS_STOPPING;
    bool has_ended = judged->at[DIM_JOB] == JOB_SUSPENDED && are_pods_fresh(judged) && !may_live &&
                     !judged->pods.is_lost;
    return !does(judged, ACTION_DELETE_JOB) ||
           (is_job_fresh(judged) && (is_parked(judged) || has_ended));
}

static bool releases_when_nothing_may_run(const struct judged *judged)
{
    bool is_confirmed = judged->at[DIM_CONFIRM] == CONFIRM_RECORDED;
    bool is_told_by_pods =
        judged->at[DIM_PODS] != PODS_NONE && !judged->pods.is_lost && scene_is_job_over(judged->at);
    return !does(judged, ACTION_RELEASE) ||
           ((scene_is_job_over(judged->at) || is_gone(judged)) &&
            (!judged->pods.may_run || (!may_open_pod_run(judged) && is_confirmed)) &&
            (!judged->pods.is_lost || is_confirmed) && (are_pods_fresh(judged) || is_told_by_pods));
}

static bool waits_for_a_pod_that_may_come(const struct judged *judged)
{
    enum job_seen job = judged->at[DIM_JOB];
    bool may_come = job == JOB_DELETED || job == JOB_PARKED_DELETED || is_gone(judged);
    return !does(judged, ACTION_RELEASE) || judged->at[DIM_PODS] != PODS_NONE ||
           judged->at[DIM_TIME] != TIME_JUST_NOW || !may_come;
}

static bool moves_the_ledger_with_proof(const struct judged *judged)
{
    bool is_proven =
        judged->pods.has_proof && scene_is_job_over(judged->at) && judged->recorded == SAYS_VERSION;
    return (judged->plan->passage != NULL) == (does(judged, ACTION_RELEASE) && is_proven);
}

static bool ledger_says_what_was_claimed(const struct judged *judged)
{
    const struct passage *passage = judged->plan->passage;
    const struct claim *claim = &judged->scene->database.claim;
    return passage == NULL || (str_eq(passage->version, "3") && str_eq(passage->uid, claim->uid) &&
                               str_eq(passage->migration, claim->migration) &&
                               str_eq(passage->spec_hash, claim->spec_hash) &&
                               str_eq(passage->job, judged->scene->job.meta.name) &&
                               passage->start_s != 0 && passage->completion_s >= passage->start_s);
}

static bool asks_for_what_is_not_known(const struct judged *judged)
{
    return (!does(judged, ACTION_READ_JOB) ||
            (!is_job_fresh(judged) && judged->at[DIM_JOB] != JOB_ABSENT)) &&
           (!does(judged, ACTION_READ_PODS) || !are_pods_fresh(judged));
}

static bool never_stands_still(const struct judged *judged)
{
    enum job_seen job = judged->at[DIM_JOB];
    bool is_active = job == JOB_ACTIVE || job == JOB_STRIPPED || job == JOB_ENDING;
    bool waits_for_a_person = judged->pods.is_lost && judged->at[DIM_CONFIRM] != CONFIRM_RECORDED;
    bool is_lost_and_suspended = judged->pods.is_lost && job == JOB_SUSPENDED;
    return judged->plan->actions != 0 || judged->plan->wake_at_s > SCENE_NOW || is_active ||
           judged->pods.may_run || waits_for_a_person || is_lost_and_suspended;
}

static const struct {
    const char *rule;
    bool (*holds)(const struct judged *judged);
} invariants[] = {
    {"step 13: it reads, deletes, ends or releases, one at a time", does_what_is_left_to_do},
    {"R4a, step 13: a Job is ended when what has not ended waits behind the gate, and no other",
     ends_what_was_not_let_start},
    {"R4, step 13: no Job is deleted with a pod that may live and was not asked to stop",
     deletes_no_job_that_may_run},
    {"R5, R8, R8b: a claim is released when nothing may run", releases_when_nothing_may_run},
    {"R5: a pod may come a moment later", waits_for_a_pod_that_may_come},
    {"R6, R8a: the ledger moves with proof, and then always", moves_the_ledger_with_proof},
    {"R6: the ledger says what was claimed", ledger_says_what_was_claimed},
    {"what is known already is not asked for again", asks_for_what_is_not_known},
    {"no state without an action, or something to wait for", never_stands_still},
};

static struct arena arena;

static const char *check(const unsigned char *point)
{
    static const unsigned char same[AT_MAX] = {
        [AT_JOB] = DIM_JOB,     [AT_JOB_READ] = DIM_JOB_READ,
        [AT_PODS] = DIM_PODS,   [AT_PODS_READ] = DIM_PODS_READ,
        [AT_STRAY] = DIM_STRAY, [AT_CONFIRM] = DIM_CONFIRM,
        [AT_TIME] = DIM_TIME,
    };
    product_point at = {
        [DIM_PHASE] = PHASE_RUNNING,
        [DIM_ATTEMPT] = ATTEMPT_OPEN,
        [DIM_CLAIM] = CLAIM_RECORDED,
        [DIM_NOTED] = NOTED_NONE, /* the migration is gone, and the note with it */
    };
    for (unsigned i = 0; i < AT_RECORD; i++) {
        at[same[i]] = point[i];
    }
    struct scene scene;
    scene_build(&scene, at);
    scene.database.claim.since_s = scene.migration.status.attempt.start_s;
    scene.database.confirm_ended = scene.migration.confirm_ended;
    if (point[AT_RECORD] == SAYS_NOTHING) {
        scene.job.to_version = NULL;
    } else if (point[AT_RECORD] == SAYS_OTHER_SPEC) {
        scene.job.spec_hash = "v1:other";
    }
    struct orphan seen = {
        .now_s = SCENE_NOW,
        .database = &scene.database,
        .job_presence = scene.seen.job_presence,
        .job = scene.seen.job,
        .is_job_fresh = scene.seen.is_job_fresh,
        .pods = scene.seen.pods,
        .pod_count = scene.seen.pod_count,
        .are_pods_fresh = scene.seen.are_pods_fresh,
    };
    struct plan plan;
    arena_reset(&arena);
    orphan_decide(&arena, &seen, &plan);
    struct judged judged = {at, point[AT_RECORD], &scene, &plan, scene_pods(at)};
    /* One that was noted before the migration went may still be opened. */
    judged.pods.may_run = judged.pods.may_run || has_waiting(at);
    for (size_t i = 0; i < ARRAY_LEN(invariants); i++) {
        if (!invariants[i].holds(&judged)) {
            return invariants[i].rule;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct product product = {
        .name = "orphan_product",
        .dimensions = dimensions,
        .dimension_count = AT_MAX,
        .exclusions = exclusions,
        .exclusion_count = ARRAY_LEN(exclusions),
        .points_least = 10000,
        .check = check,
    };
    int failed = product_run(&product, argc > 1 ? argv[1] : NULL);
    arena_fini(&arena);
    return failed;
}
