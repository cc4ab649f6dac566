/* SPDX-License-Identifier: Apache-2.0 */
/* What is true at a point, in the words of the rules. */
#include <stddef.h>

#include "scene.h"

static int64_t recorded(const unsigned char *at)
{
    return at[DIM_ATTEMPT] == ATTEMPT_NONE ? 0 : SCENE_RECORDED;
}

static int64_t withdrawn(const unsigned char *at)
{
    return at[DIM_WITHDRAWN] == WITHDRAWN_NEXT ? recorded(at) + 1 : 0;
}

int64_t scene_next(const unsigned char *point)
{
    return recorded(point) + (point[DIM_WITHDRAWN] == WITHDRAWN_NEXT ? 2 : 1);
}

int64_t scene_claimed(const unsigned char *point)
{
    switch ((enum claim_seen)point[DIM_CLAIM]) {
    case CLAIM_NONE:
    case CLAIM_OF_ANOTHER:
    case CLAIM_OF_NAMESAKE:
        return 0;
    case CLAIM_RECORDED:
        return recorded(point);
    case CLAIM_NEXT:
    case CLAIM_NEXT_OF_OTHER_SPEC:
        return scene_next(point);
    case CLAIM_OLDER:
        return recorded(point) - 1;
    case CLAIM_LATER:
        return scene_next(point) + 1;
    case CLAIM_WITHDRAWN:
        return withdrawn(point);
    }
    return 0;
}

bool scene_is_closed(const unsigned char *point, int64_t number)
{
    if (number == recorded(point)) {
        return point[DIM_ATTEMPT] != ATTEMPT_OPEN;
    }
    return number < recorded(point) || number <= withdrawn(point);
}

bool scene_is_starting(const unsigned char *point)
{
    int64_t claimed = scene_claimed(point);
    return claimed > 0 && point[DIM_ATTEMPT] != ATTEMPT_OPEN && !scene_is_closed(point, claimed);
}

bool scene_is_wanted(const unsigned char *point)
{
    enum attempt_seen attempt = point[DIM_ATTEMPT];
    if (point[DIM_DELETION] != DELETION_NONE || point[DIM_PHASE] == PHASE_SUCCEEDED ||
        attempt == ATTEMPT_OPEN || attempt == ATTEMPT_SUCCEEDED) {
        return false;
    }
    /* What nobody saw end is not begun again by itself before a person says that it has. */
    bool is_interruption = attempt == ATTEMPT_CUT_OFF ||
                           (attempt == ATTEMPT_UNPROVEN && point[DIM_CONFIRM] == CONFIRM_RECORDED);
    if (is_interruption && point[DIM_INTERRUPTION] == INTERRUPTION_RETRIES &&
        point[DIM_EDIT] != EDIT_IN_HASH) {
        return true;
    }
    return attempt == ATTEMPT_NONE || point[DIM_EDIT] == EDIT_REAL ||
           point[DIM_RETRY] == RETRY_RECORDED ||
           (attempt == ATTEMPT_FAILED && point[DIM_RETRIES] != RETRIES_NONE &&
            point[DIM_EDIT] != EDIT_IN_HASH); /* in doubt not */
}

bool scene_is_recorded_job(const unsigned char *point)
{
    switch ((enum job_seen)point[DIM_JOB]) {
    case JOB_UNKNOWN:
    case JOB_ABSENT:
    case JOB_SECOND:
    case JOB_FOREIGN:
        return false;
    case JOB_PARKED:
    case JOB_PARKED_DELETED:
    case JOB_ACTIVE:
    case JOB_STRIPPED:
    case JOB_ENDING:
    case JOB_SUSPENDED:
    case JOB_DELETED:
    case JOB_COMPLETE:
    case JOB_FAILED:
    case JOB_LATE:
    case JOB_LET_GO:
        return true;
    }
    return false;
}

bool scene_is_job_over(const unsigned char *point)
{
    switch ((enum job_seen)point[DIM_JOB]) {
    case JOB_PARKED_DELETED:
    case JOB_DELETED:
    case JOB_COMPLETE:
    case JOB_FAILED:
    case JOB_LATE:
    case JOB_LET_GO:
        return true;
    case JOB_UNKNOWN:
    case JOB_ABSENT:
    case JOB_PARKED:
    case JOB_ACTIVE:
    case JOB_STRIPPED:
    case JOB_ENDING:
    case JOB_SUSPENDED:
    case JOB_SECOND:
    case JOB_FOREIGN:
        return false;
    }
    return false;
}

bool scene_is_job_gone(const unsigned char *point)
{
    enum job_seen job = point[DIM_JOB];
    return job == JOB_ABSENT ||
           ((job == JOB_SECOND || job == JOB_FOREIGN) && point[DIM_JOB_READ] == READ_FRESH);
}

bool scene_has_note(const unsigned char *point)
{
    switch ((enum noted)point[DIM_NOTED]) {
    case NOTED_FIRST:
        return point[DIM_PODS] != PODS_NONE;
    case NOTED_NONE:
        return false;
    case NOTED_STRAY:
    case NOTED_GONE:
        break;
    }
    return true;
}

bool scene_is_noted_there(const unsigned char *point)
{
    return scene_has_note(point) && point[DIM_NOTED] != NOTED_GONE;
}

bool scene_is_noted_waiting(const unsigned char *point)
{
    return point[DIM_NOTED] == NOTED_STRAY
               ? point[DIM_STRAY] == STRAY_GATED
               : point[DIM_NOTED] == NOTED_FIRST && point[DIM_PODS] == PODS_GATED;
}

bool scene_is_noted_withdrawn(const unsigned char *point)
{
    return point[DIM_NOTED] == NOTED_STRAY
               ? point[DIM_STRAY] == STRAY_WITHDRAWN
               : point[DIM_NOTED] == NOTED_FIRST && point[DIM_PODS] == PODS_WITHDRAWN;
}

static bool is_first_open(const unsigned char *point)
{
    enum pods_seen pods = point[DIM_PODS];
    return pods != PODS_NONE && pods != PODS_GATED && pods != PODS_WITHDRAWN;
}

const char *scene_to_note(const unsigned char *point)
{
    bool is_first_waiting = point[DIM_PODS] == PODS_GATED;
    bool is_stray_waiting = point[DIM_STRAY] == STRAY_GATED;
    if (!is_first_waiting && !is_stray_waiting) {
        return NULL;
    }
    return is_first_open(point) || is_first_waiting ? SCENE_POD_UID : SCENE_STRAY;
}

bool scene_is_start_late(const unsigned char *point)
{
    bool is_active = point[DIM_JOB] == JOB_ACTIVE || point[DIM_JOB] == JOB_STRIPPED ||
                     point[DIM_JOB] == JOB_DELETED ||
                     (point[DIM_JOB] == JOB_ENDING && !scene_is_told_to_end(point));
    return is_active && point[DIM_TIME] != TIME_JUST_NOW;
}

bool scene_is_judged_anew(const unsigned char *point)
{
    return point[DIM_LOOK] == LOOK_FRESH && point[DIM_CLAIM] == CLAIM_RECORDED &&
           point[DIM_DELETION] == DELETION_NONE && point[DIM_EDIT] != EDIT_REAL &&
           scene_are_gates_open(point);
}

bool scene_is_told_to_end(const unsigned char *point)
{
    return point[DIM_JOB] == JOB_ENDING && point[DIM_TIMEOUT] == TIMEOUT_NONE;
}

/* Behind the gate: it is noted, or may yet be. */
static bool may_be_let_start(const unsigned char *point, enum noted which)
{
    bool may_be_noted = !scene_is_job_over(point) && !scene_is_job_gone(point);
    return point[DIM_NOTED] == which || (!scene_has_note(point) && may_be_noted);
}

static struct pods_truth first_pod(const unsigned char *point)
{
    switch ((enum pods_seen)point[DIM_PODS]) {
    case PODS_NONE:
        return (struct pods_truth){0};
    case PODS_PENDING:
    case PODS_STUCK:
        return (struct pods_truth){.may_run = true, .have_finalizer = true};
    case PODS_RUNNING:
    case PODS_STOPPING:
    case PODS_TWO:
        return (struct pods_truth){.may_run = true, .has_started = true, .have_finalizer = true};
    case PODS_SUCCEEDED:
    case PODS_SUCCEEDED_THEN_DELETED:
    case PODS_CHECKED:
        return (struct pods_truth){.has_started = true, .has_proof = true, .have_finalizer = true};
    case PODS_SUCCEEDED_LET_GO:
        return (struct pods_truth){.has_started = true, .has_proof = true};
    case PODS_DELETED_THEN_SUCCEEDED:
    case PODS_EVICTED:
    case PODS_UNCHECKED:
    case PODS_FAILED:
        return (struct pods_truth){.has_started = true, .have_finalizer = true};
    case PODS_LOST:
        return (struct pods_truth){.is_lost = true, .has_started = true, .have_finalizer = true};
    case PODS_NEVER:
    case PODS_WITHDRAWN:
        return (struct pods_truth){.have_finalizer = true};
    case PODS_GATED:
        return (struct pods_truth){.may_run = may_be_let_start(point, NOTED_FIRST),
                                   .have_finalizer = true};
    }
    return (struct pods_truth){0};
}

struct pods_truth scene_pods(const unsigned char *point)
{
    struct pods_truth pods = first_pod(point);
    bool may_stray_start = may_be_let_start(point, NOTED_STRAY);
    if (point[DIM_STRAY] != STRAY_NONE) {
        pods.have_finalizer = true;
        pods.may_run = pods.may_run || (point[DIM_STRAY] == STRAY_GATED && may_stray_start);
    }
    /* Whatever another did: the one that was let start is not there to tell. */
    pods.has_proof = pods.has_proof && point[DIM_NOTED] != NOTED_GONE;
    return pods;
}

bool scene_is_end_certain(const unsigned char *point)
{
    struct pods_truth pods = scene_pods(point);
    bool are_over = point[DIM_PODS_READ] == READ_FRESH && !pods.may_run && !pods.is_lost;
    /* Without its claim, which was released for a reason, there need not be a pod any more. */
    bool is_seen = point[DIM_PODS] != PODS_NONE && point[DIM_NOTED] != NOTED_GONE;
    bool is_told = is_seen || point[DIM_CLAIM] != CLAIM_RECORDED;
    return point[DIM_ATTEMPT] != ATTEMPT_UNPROVEN || point[DIM_CONFIRM] == CONFIRM_RECORDED ||
           point[DIM_NAMESPACE] == NAMESPACE_ENDS || (are_over && is_told);
}
