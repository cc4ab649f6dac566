/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 9a and 9b: of all the pods of an attempt one is noted, and only that one is let start. */
#include "base/attrs.h"
#include "base/str.h"
#include "domain/attempt.h"
#include "invariants_parts.h"

/* It was let go, and will neither end nor be deleted for all that is seen; or it is gone or being deleted. */
static bool may_pods_start(const unsigned char *at)
{
    switch ((enum job_seen)at[DIM_JOB]) {
    case JOB_ACTIVE:
    case JOB_STRIPPED:
    case JOB_DELETED:
    case JOB_ABSENT:
    case JOB_SECOND:
    case JOB_FOREIGN:
        return true;
    case JOB_ENDING:
        return !scene_is_told_to_end(at);
    case JOB_UNKNOWN:
    case JOB_PARKED:
    case JOB_PARKED_DELETED:
    case JOB_SUSPENDED:
    case JOB_COMPLETE:
    case JOB_FAILED:
    case JOB_LATE:
    case JOB_LET_GO:
        return false;
    }
    return false;
}

static bool is_too_late(const unsigned char *at)
{
    return at[DIM_TIME] == TIME_TOO_LONG || at[DIM_MISSED] == MISSED_TOLD;
}

/* What was judged before it began says nothing long after. */
static bool lets_start_what_was_judged(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool lets_start = notes_pod(scene, plan) || does(plan, ACTION_OPEN_POD);
    return !lets_start || !scene_is_start_late(at) ||
           (scene_is_judged_anew(at) && !is_too_late(at));
}

static bool misses_what_is_not_to_start(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_known =
        at[DIM_LOOK] == LOOK_FRESH || (at[DIM_CLAIM] != CLAIM_RECORDED && is_database_fresh(scene));
    return !misses_start(scene, plan) ||
           (scene_is_start_late(at) && is_known && !scene_is_judged_anew(at));
}

/* Of one that waits behind its gate for long. */
static bool judges_what_is_late(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    if (at[DIM_CLAIM] != CLAIM_RECORDED && !is_database_fresh(scene)) {
        return does(plan, ACTION_READ_DATABASE);
    }
    if (at[DIM_CLAIM] == CLAIM_RECORDED && at[DIM_LOOK] == LOOK_NONE) {
        return does(plan, ACTION_READ_FRESH);
    }
    return misses_start(scene, plan);
}

static bool opens_the_noted_pod(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    return !does(plan, ACTION_OPEN_POD) ||
           (at[DIM_ATTEMPT] == ATTEMPT_OPEN && scene_is_noted_waiting(at) && may_pods_start(at));
}

/* Once, and of a Job that goes on. */
static bool may_be_noted(const unsigned char *at)
{
    return !scene_has_note(at) && may_pods_start(at) && at[DIM_JOB] != JOB_DELETED &&
           scene_is_recorded_job(at);
}

static bool notes_one_pod(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    const struct attempt *attempt = &plan->status.attempt;
    return !notes_pod(scene, plan) ||
           (at[DIM_ATTEMPT] == ATTEMPT_OPEN && attempt->outcome == OUTCOME_NONE &&
            may_be_noted(at) && scene_to_note(at) != NULL &&
            str_eq(attempt->pod_uid, scene_to_note(at)));
}

static bool notes_none_before_its_time(const struct scene *scene, const struct plan *plan)
{
    return !begins_attempt(scene, plan) || plan->status.attempt.pod_uid == NULL;
}

/* Nobody else would. */
static bool lets_the_run_start(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_known = scene_is_recorded_job(at) || scene_is_job_gone(at);
    bool is_due = (may_be_noted(at) && scene_to_note(at) != NULL) || scene_is_noted_waiting(at);
    if (!is_watched(scene) || !is_known || !may_pods_start(at)) {
        return true;
    }
    if (is_due && scene_is_start_late(at) && is_too_late(at)) {
        return true; /* it is ended */
    }
    if (is_due && scene_is_start_late(at) && !scene_is_judged_anew(at)) {
        return judges_what_is_late(scene, plan);
    }
    if (may_be_noted(at) && scene_to_note(at) != NULL) {
        return notes_pod(scene, plan);
    }
    return !scene_is_noted_waiting(at) || does(plan, ACTION_OPEN_POD);
}

/* What its Job makes besides is never let start, so that the Job would go on for ever. */
static bool ends_what_is_spent(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_active = at[DIM_JOB] == JOB_ACTIVE || at[DIM_JOB] == JOB_STRIPPED;
    bool is_alone =
        at[DIM_PODS] == PODS_NONE || at[DIM_PODS] == PODS_GATED || at[DIM_PODS] == PODS_WITHDRAWN;
    bool is_gone = at[DIM_NOTED] == NOTED_GONE && is_alone;
    bool has_ended = at[DIM_NOTED] == NOTED_FIRST && at[DIM_STRAY] != STRAY_NONE && !is_alone &&
                     !scene_pods(at).may_run && !scene_pods(at).is_lost;
    return !is_watched(scene) || !is_active || (!is_gone && !has_ended) ||
           does(plan, are_pods_fresh(scene) ? ACTION_END_JOB : ACTION_READ_PODS);
}

/* A Job that is deleted takes its pods along; one that is complete has counted it. */
static bool says_when_the_pod_vanished(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    bool is_explained = at[DIM_JOB] == JOB_DELETED || at[DIM_JOB] == JOB_COMPLETE ||
                        at[DIM_JOB] == JOB_LET_GO || at[DIM_JOB] == JOB_PARKED_DELETED;
    bool is_alone =
        at[DIM_PODS] == PODS_NONE || at[DIM_PODS] == PODS_GATED || at[DIM_PODS] == PODS_WITHDRAWN;
    bool has_vanished = at[DIM_NOTED] == NOTED_GONE && scene_is_recorded_job(at) &&
                        !(is_explained && is_alone) && !scene_pods(at).is_lost &&
                        at[DIM_NAMESPACE] != NAMESPACE_ENDS;
    return !ends_attempt(scene, plan) ||
           str_eq(plan->status.attempt.reason, "PodVanished") == has_vanished;
}

static bool never_started_is_seen(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    return !ends_attempt(scene, plan) || !never_ran(&plan->status.attempt) ||
           (at[DIM_NOTED] != NOTED_GONE && !scene_pods(at).has_started);
}

const struct invariant invariants_gate[] = {
    {"R1, step 9b: only the noted pod is let start, and not when its Job ends or was stopped",
     opens_the_noted_pod},
    {"R1, step 9a: one is noted, once, of a Job that goes on; an open one first", notes_one_pod},
    {"R7, steps 9a, 9b: what began long ago is judged anew before its pod is let start",
     lets_start_what_was_judged},
    {"R7: a start is missed only when that says so", misses_what_is_not_to_start},
    {"step 7: an attempt that begins has no pod yet", notes_none_before_its_time},
    {"steps 9a, 9b: the noted pod is let start", lets_the_run_start},
    {"R1, step 9: a Job is ended when what was let start is gone", ends_what_is_spent},
    {"R8b, step 10: a noted pod that is not there is PodVanished", says_when_the_pod_vanished},
    {"R4a: what was noted and is gone may have started", never_started_is_seen},
};
const size_t invariants_gate_count = ARRAY_LEN(invariants_gate);
