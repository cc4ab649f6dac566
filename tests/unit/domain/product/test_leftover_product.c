/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leftover_judge() and leftover_judge_pod() at every point of the product of their inputs: a Job, or a pod,
 * of some attempt, and how its migration and the claim stand.
 *
 *     test_leftover_product [POINT]
 */
#include <stdio.h>
#include <string.h>

#include "base/attrs.h"
#include "domain/leftover.h"
#include "product.h"
#include "scene.h"

#define OWNERS(X)  X(OWNER_THERE, "there") X(OWNER_GONE, "gone") X(OWNER_NAMESAKE, "namesake")
#define NUMBERS(X) X(OF_RECORDED, "recorded") X(OF_OLDER, "older") X(OF_NEXT, "next")

#define DIMS(X)                                                                                    \
    X(AT_ATTEMPT, "attempt", ATTEMPTS)                                                             \
    X(AT_WITHDRAWN, "withdrawn", WITHDRAWALS)                                                      \
    X(AT_CLAIM, "claim", CLAIMS)                                                                   \
    X(AT_DATABASE, "database", DATABASES)                                                          \
    X(AT_OWNER, "migration", OWNERS)                                                               \
    X(AT_HOLD, "finalizer", HOLDS)                                                                 \
    X(AT_JOB, "job", JOBS)                                                                         \
    X(AT_NUMBER, "job-of", NUMBERS)                                                                \
    X(AT_PODS, "pods", PODS)

#define X(name, word, values) name,
enum dim { DIMS(X) AT_MAX };
#undef X
enum owner { OWNERS(PRODUCT_ENUMERATOR) };
enum number { NUMBERS(PRODUCT_ENUMERATOR) };
#define X(name, word, values)                                                                      \
    {word, (const char *const[]){values(PRODUCT_WORD)}, 0 values(PRODUCT_ONE), false},
static const struct dimension dimensions[AT_MAX] = {DIMS(X)};
#undef X

static bool runs_and_the_next_was_withdrawn(const unsigned char *at)
{
    return at[AT_WITHDRAWN] == WITHDRAWN_NEXT && at[AT_ATTEMPT] == ATTEMPT_OPEN;
}

static bool claim_of_an_attempt_that_never_was(const unsigned char *at)
{
    enum claim_seen claim = at[AT_CLAIM];
    bool is_earlier = claim == CLAIM_RECORDED || claim == CLAIM_OLDER;
    return (is_earlier && at[AT_ATTEMPT] == ATTEMPT_NONE) ||
           (claim == CLAIM_WITHDRAWN && at[AT_WITHDRAWN] == WITHDRAWN_NONE);
}

static bool claim_on_no_database(const unsigned char *at)
{
    return at[AT_DATABASE] == DATABASE_ABSENT && at[AT_CLAIM] != CLAIM_NONE;
}

static bool no_job(const unsigned char *at)
{
    return at[AT_JOB] == JOB_UNKNOWN || at[AT_JOB] == JOB_ABSENT;
}

static bool job_of_no_attempt(const unsigned char *at)
{
    return at[AT_ATTEMPT] == ATTEMPT_NONE && at[AT_NUMBER] != OF_NEXT;
}

static bool no_pod(const unsigned char *at)
{
    return at[AT_PODS] == PODS_NONE;
}

static const struct product_exclusion exclusions[] = {
    {AT_WITHDRAWN, "the next one is never claimed while one runs", runs_and_the_next_was_withdrawn},
    {AT_CLAIM, "nobody claims for an attempt that never was", claim_of_an_attempt_that_never_was},
    {AT_DATABASE, "a claim stands on a Database", claim_on_no_database},
    {AT_JOB, "only a Job that is there is asked about", no_job},
    {AT_NUMBER, "a Job is of an attempt that was, or of the next", job_of_no_attempt},
    {AT_PODS, "only a pod that is there is asked about", no_pod},
};

static int64_t number_of(const unsigned char *point, const unsigned char *at)
{
    switch ((enum number)point[AT_NUMBER]) {
    case OF_RECORDED:
        return SCENE_RECORDED;
    case OF_OLDER:
        return SCENE_RECORDED - 1;
    case OF_NEXT:
        break;
    }
    return at[DIM_ATTEMPT] == ATTEMPT_NONE ? 1 : SCENE_RECORDED + 1;
}

/* Its attempt is closed, or its migration gone, and no claim of it stands. */
static bool is_done_with(const unsigned char *point, const unsigned char *at, int64_t number)
{
    bool is_closed = point[AT_OWNER] != OWNER_THERE || scene_is_closed(at, number);
    return is_closed && scene_claimed(at) != number;
}

/* The migration does it, which knows whether the end is certain. */
static bool is_let_go_by_its_owner(const unsigned char *point)
{
    return point[AT_OWNER] == OWNER_THERE && point[AT_HOLD] == HOLD_ON;
}

/* Step 14. */
static bool is_stray(const unsigned char *point, const unsigned char *at, int64_t number)
{
    bool is_parked = point[AT_JOB] == JOB_PARKED || point[AT_JOB] == JOB_SECOND;
    bool is_in_anothers_stead = point[AT_OWNER] == OWNER_THERE && point[AT_JOB] == JOB_SECOND &&
                                at[DIM_ATTEMPT] != ATTEMPT_NONE && number == SCENE_RECORDED;
    return is_parked && (is_in_anothers_stead || is_done_with(point, at, number));
}

/* Step 11. */
static bool is_held_in_vain(const unsigned char *point, const unsigned char *at, int64_t number)
{
    bool is_held = point[AT_JOB] != JOB_LET_GO && point[AT_JOB] != JOB_PARKED_DELETED;
    return is_held && scene_is_job_over(at) && is_done_with(point, at, number) &&
           !is_let_go_by_its_owner(point);
}

static const char *check_job(const unsigned char *point, const struct scene *scene,
                             const struct migration *owner)
{
    int64_t number = scene->job.attempt;
    enum leftover_action action = leftover_judge(owner, scene->seen.database, &scene->job);
    if (point[AT_JOB] == JOB_FOREIGN) {
        return action == LEFTOVER_NOTHING ? NULL : "step 14: what is not ours is not touched";
    }
    if ((action == LEFTOVER_DELETE) != is_stray(point, scene->at, number)) {
        return "step 14: just a parked Job that nothing may arm is deleted";
    }
    if ((action == LEFTOVER_LET_GO) != is_held_in_vain(point, scene->at, number)) {
        return "step 11: just a Job that is over, closed and released is let go";
    }
    return NULL;
}

static const char *check_pod(const unsigned char *point, struct scene *scene,
                             const struct migration *owner)
{
    char number[24];
    struct pair labels[] = {{LABEL_MIGRATION_UID, SCENE_UID}, {LABEL_ATTEMPT, number}};
    struct pod *pod = &scene->pods[0];
    (void)snprintf(number, sizeof(number), "%d", (int)number_of(point, scene->at));
    pod->facts.labels = (struct pairs){labels, ARRAY_LEN(labels)};
    bool is_due = scene_pods(scene->at).have_finalizer && !is_let_go_by_its_owner(point) &&
                  is_done_with(point, scene->at, number_of(point, scene->at));
    enum leftover_action action = leftover_judge_pod(owner, scene->seen.database, pod);
    pod->facts.labels = (struct pairs){0};
    if (leftover_judge_pod(owner, scene->seen.database, pod) != LEFTOVER_NOTHING) {
        return "step 11: a pod that is not ours is not touched";
    }
    return action == (is_due ? LEFTOVER_LET_GO : LEFTOVER_NOTHING)
               ? NULL
               : "step 11: just a pod of what is closed and released is let go";
}

static const char *check(const unsigned char *point)
{
    static const unsigned char phases[] = {
        [ATTEMPT_NONE] = PHASE_WAITING,   [ATTEMPT_OPEN] = PHASE_RUNNING,
        [ATTEMPT_FAILED] = PHASE_FAILED,  [ATTEMPT_SUCCEEDED] = PHASE_SUCCEEDED,
        [ATTEMPT_CUT_OFF] = PHASE_FAILED, [ATTEMPT_UNPROVEN] = PHASE_FAILED,
    };
    product_point at = {
        [DIM_PHASE] = phases[point[AT_ATTEMPT]],
        [DIM_ATTEMPT] = point[AT_ATTEMPT],
        [DIM_WITHDRAWN] = point[AT_WITHDRAWN],
        [DIM_CLAIM] = point[AT_CLAIM],
        [DIM_HOLD] = point[AT_HOLD],
        [DIM_DATABASE] = point[AT_DATABASE],
        [DIM_JOB] = point[AT_JOB],
        [DIM_PODS] = point[AT_PODS],
    };
    struct scene scene;
    scene_build(&scene, at);
    if (point[AT_JOB] != JOB_FOREIGN) {
        scene.job.attempt = number_of(point, at);
    }
    scene.job.meta.uid = point[AT_JOB] == JOB_SECOND ? "uid-other" : SCENE_JOB_UID;
    struct migration namesake = scene.migration;
    namesake.meta.uid = "uid-namesake";
    const struct migration *owner = point[AT_OWNER] == OWNER_THERE  ? &scene.migration
                                    : point[AT_OWNER] == OWNER_GONE ? NULL
                                                                    : &namesake;
    const char *finding = check_job(point, &scene, owner);
    return finding != NULL ? finding : check_pod(point, &scene, owner);
}

int main(int argc, char **argv)
{
    const struct product product = {
        .name = "leftover_product",
        .dimensions = dimensions,
        .dimension_count = AT_MAX,
        .exclusions = exclusions,
        .exclusion_count = ARRAY_LEN(exclusions),
        .points_least = 100000,
        .check = check,
    };
    return product_run(&product, argc > 1 ? argv[1] : NULL);
}
