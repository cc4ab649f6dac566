/* SPDX-License-Identifier: Apache-2.0 */
/* The status, its Events, and the plan itself: one step, and always one. */
#include <string.h>

#include "base/attrs.h"
#include "base/str.h"
#include "domain/attempt.h"
#include "domain/condition.h"
#include "invariants_parts.h"

/* ---- the status ---- */

static bool success_stays(const struct scene *scene, const struct plan *plan)
{
    return before(scene)->phase != PHASE_SUCCEEDED || !writes(plan) ||
           (plan->status.phase == PHASE_SUCCEEDED &&
            str_eq(plan->status.spec_hash, before(scene)->spec_hash));
}

static bool outcome_stays(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *old = &before(scene)->attempt;
    const struct attempt *new = &plan->status.attempt;
    return !writes(plan) || begins_attempt(scene, plan) || old->outcome == OUTCOME_NONE ||
           (new->outcome == old->outcome &&str_eq(new->reason, old->reason) &&
            str_eq(new->job_uid, old->job_uid) && str_eq(new->spec_hash, old->spec_hash));
}

static bool an_open_attempt_stays_what_it_is(const struct scene *scene, const struct plan *plan)
{
    const struct attempt *old = &before(scene)->attempt;
    const struct attempt *new = &plan->status.attempt;
    return !writes(plan) || scene->at[DIM_ATTEMPT] != ATTEMPT_OPEN ||
           (new->number == old->number &&str_eq(new->job_uid, old->job_uid) &&
            str_eq(new->spec_hash, old->spec_hash) && new->start_s == old->start_s &&
            (new->outcome != OUTCOME_NONE || plan->status.phase == PHASE_RUNNING));
}

static bool numbers_only_grow(const struct scene *scene, const struct plan *plan)
{
    return !writes(plan) || (plan->status.withdrawn >= before(scene)->withdrawn &&
                             plan->status.attempt.number >= before(scene)->attempt.number);
}

static bool history_tells_each_change_once(const struct scene *scene, const struct plan *plan)
{
    const struct migration_status *old = before(scene);
    const struct migration_status *new = &plan->status;
    if (!writes(plan)) {
        return true;
    }
    bool is_change = new->phase != old->phase || old->history_count == 0;
    if (new->history_count != old->history_count + (is_change ? 1 : 0)) {
        return false;
    }
    for (size_t i = 0; i < old->history_count; i++) {
        if (new->history[i].phase != old->history[i].phase ||
            new->history[i].at_s != old->history[i].at_s) {
            return false;
        }
    }
    const struct transition *last = &new->history[new->history_count - 1];
    return last->phase == new->phase && (!is_change || last->at_s == SCENE_NOW);
}

static bool phase_tells_of_the_attempt(const struct scene *scene, const struct plan *plan)
{
    (void)scene;
    const struct attempt *attempt = &plan->status.attempt;
    bool is_open = attempt->number > 0 && attempt->outcome == OUTCOME_NONE;
    return !writes(plan) || (plan->status.phase == PHASE_RUNNING) == is_open;
}

static bool status_is_of_this_generation(const struct scene *scene, const struct plan *plan)
{
    return !writes(plan) || plan->status.observed_generation == scene->migration.meta.generation;
}

static bool failure_is_left_when_asked(const struct scene *scene, const struct plan *plan)
{
    bool leaves =
        writes(plan) && before(scene)->phase == PHASE_FAILED && plan->status.phase != PHASE_FAILED;
    return !leaves || scene_is_wanted(scene->at);
}

static bool writes_what_is_new(const struct scene *scene, const struct plan *plan)
{
    const struct migration_status *old = before(scene);
    bool is_same = plan->status.phase == old->phase && str_eq(plan->status.reason, old->reason) &&
                   str_eq(plan->status.message, old->message) &&
                   plan->status.withdrawn == old->withdrawn &&
                   plan->status.observed_generation == old->observed_generation &&
                   plan->status.attempt.outcome == old->attempt.outcome &&
                   plan->status.conditions.count == old->conditions.count &&
                   str_eq(plan->status.attempt.image, old->attempt.image) &&
                   str_eq(plan->status.attempt.pod_uid, old->attempt.pod_uid);
    return !writes(plan) || !is_same || old->conditions.count > 0;
}

/* Kubernetes' own words may stand in it, so that no more can be asked than that it reads as one. */
static bool is_sentence(const char *text)
{
    size_t len = strlen(str_or_empty(text));
    if (len == 0 || len > 1024 || text[0] == ' ' || strchr(" .,;:", text[len - 1]) != NULL) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || (text[i] == ' ' && text[i + 1] == ' ')) {
            return false;
        }
    }
    return strstr(text, "(null)") == NULL;
}

static bool speaks_in_sentences(const struct scene *scene, const struct plan *plan)
{
    const struct conditions *conditions = &plan->status.conditions;
    if (!writes(plan)) {
        return true;
    }
    for (size_t i = 0; i < conditions->count; i++) {
        bool is_scenes =
            condition_get(&before(scene)->conditions, conditions->items[i].type) != NULL &&
            conditions->items[i].reason == NULL;
        if (!is_scenes && !is_sentence(conditions->items[i].message)) {
            return false;
        }
    }
    return is_sentence(plan->status.message);
}

/* ---- what is told of the gates ---- */

/* It waits, or waits again, after its gates were judged: not for its last attempt's end. */
static bool waits_for_its_gates(const struct scene *scene, const struct plan *plan)
{
    return writes(plan) && plan->status.phase == PHASE_WAITING && !ends_attempt(scene, plan) &&
           scene_is_wanted(scene->at) && scene_is_end_certain(scene->at);
}

static bool names_the_first_closed_gate(const struct scene *scene, const struct plan *plan)
{
    const char *reason = scene_first_closed(scene->at).reason;
    return reason == NULL || !waits_for_its_gates(scene, plan) ||
           str_eq(plan->status.reason, reason);
}

static bool condition_tells(const struct scene *scene, const struct plan *plan, enum gate gate)
{
    struct gate_truth truth = scene_gate(scene->at, gate);
    const struct condition *told = condition_get(&plan->status.conditions, gate_name(gate));
    /* A name that is taken, or a Job that is refused after all, closes what was open. */
    bool is_refused = gate == GATE_JOB_VALID && truth.status == CONDITION_TRUE &&
                      scene_is_starting(scene->at) && !begins_attempt(scene, plan);
    return is_refused || (told != NULL && told->status == truth.status &&
                          (truth.reason == NULL || str_eq(told->reason, truth.reason)));
}

static bool tells_each_gate(const struct scene *scene, const struct plan *plan)
{
    if (!waits_for_its_gates(scene, plan) && !begins_attempt(scene, plan)) {
        return true;
    }
    for (enum gate gate = 0; gate < GATE_LOCK_HELD; gate++) {
        if (!condition_tells(scene, plan, gate)) {
            return false;
        }
    }
    return true;
}

/* ---- Events ---- */

static bool records_what_is_due(const struct scene *scene, const struct plan *plan)
{
    return !does(plan, ACTION_RECORD_EVENT) || scene->at[DIM_EVENT] == EVENT_DUE;
}

static bool forgets_no_event(const struct scene *scene, const struct plan *plan)
{
    bool is_transition = writes(plan) && plan->status.phase != before(scene)->phase;
    return !is_transition || scene->at[DIM_EVENT] == EVENT_RECORDED ||
           does(plan, ACTION_RECORD_EVENT);
}

/* ---- one step at a time, and always one ---- */

static bool takes_one_step(const struct scene *scene, const struct plan *plan)
{
    (void)scene;
    unsigned step = plan->actions;
    if ((step & ACTION_WRITE_STATUS) != 0) {
        step &= ~(unsigned)ACTION_RECORD_EVENT; /* of the transition before this one */
    }
    const unsigned prepares = ACTION_DRY_RUN | ACTION_CREATE_DATABASE | ACTION_HOLD_DATABASE;
    bool is_one = (step & (step - 1)) == 0;
    return is_one || (step & ~prepares) == 0;
}

static bool asks_for_what_is_not_known(const struct scene *scene, const struct plan *plan)
{
    const unsigned char *at = scene->at;
    enum gates_seen gates = at[DIM_GATES];
    bool is_held = at[DIM_HOLD] == HOLD_ON || is_deleted(scene);
    return (!does(plan, ACTION_READ_FRESH) || at[DIM_LOOK] == LOOK_NONE || !is_held) &&
           (!does(plan, ACTION_READ_JOB) || (!is_job_fresh(scene) && at[DIM_JOB] != JOB_ABSENT)) &&
           (!does(plan, ACTION_READ_PODS) || !are_pods_fresh(scene)) &&
           (!does(plan, ACTION_READ_DATABASE) || !is_database_fresh(scene)) &&
           (!does(plan, ACTION_READ_NAMESPACE) || at[DIM_NAMESPACE] == NAMESPACE_IS_UNKNOWN) &&
           (!does(plan, ACTION_READ_JOB_EVENTS) || at[DIM_SILENCE] == SILENCE_NOT_ASKED) &&
           (!does(plan, ACTION_DRY_RUN) || gates == GATES_NOT_CHECKED ||
            gates == GATES_REFUSED_UNTIL_NOW) &&
           (!does(plan, ACTION_CREATE_DATABASE) || at[DIM_DATABASE] == DATABASE_ABSENT) &&
           (!does(plan, ACTION_HOLD_DATABASE) || at[DIM_DATABASE] == DATABASE_UNHELD);
}

static bool asks_for_a_start_alone(const struct scene *scene, const struct plan *plan)
{
    bool is_start = scene_is_starting(scene->at) || scene_is_start_late(scene->at);
    return (!does(plan, ACTION_READ_FRESH) || is_start) &&
           (!does(plan, ACTION_DRY_RUN | ACTION_CREATE_DATABASE | ACTION_HOLD_DATABASE) ||
            scene_is_wanted(scene->at)) &&
           (!does(plan, ACTION_READ_JOB_EVENTS) || scene->at[DIM_ATTEMPT] == ATTEMPT_OPEN);
}

static bool is_woken_later(const struct scene *scene, const struct plan *plan)
{
    (void)scene;
    return plan->wake_at_s == 0 || plan->wake_at_s > SCENE_NOW;
}

static bool stands_in_the_queue_when_ready(const struct scene *scene, const struct plan *plan)
{
    return !plan->is_ready || (scene_are_gates_open(scene->at) && scene_is_wanted(scene->at));
}

/* What a plan without an action waits for: each is ended by a watch event, or by the clock. */
static bool waits_for_its_pods(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    enum job_seen job = at[DIM_JOB];
    bool is_active = job == JOB_ACTIVE || job == JOB_STRIPPED || job == JOB_ENDING;
    bool is_lost = at[DIM_JOB] == JOB_SUSPENDED && scene_pods(at).is_lost;
    return at[DIM_ATTEMPT] == ATTEMPT_OPEN && (is_active || scene_pods(at).may_run || is_lost);
}

static bool waits_for_a_person(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    return at[DIM_ATTEMPT] == ATTEMPT_UNPROVEN && !scene_is_starting(at) &&
           !scene_is_end_certain(at);
}

static bool waits_for_nothing(const struct scene *scene)
{
    const unsigned char *at = scene->at;
    bool is_told = at[DIM_OBSERVED] == GENERATION_OBSERVED &&
                   (at[DIM_PHASE] == PHASE_SUCCEEDED || at[DIM_PHASE] == PHASE_FAILED);
    bool is_over = is_told || is_deleted(scene);
    return is_over && at[DIM_ATTEMPT] != ATTEMPT_OPEN && scene_claimed(at) == 0 &&
           at[DIM_HOLD] == HOLD_OFF && (!scene_is_wanted(at) || is_deleted(scene));
}

static bool never_stands_still(const struct scene *scene, const struct plan *plan)
{
    return plan->actions != 0 || plan->wake_at_s > SCENE_NOW || waits_for_its_pods(scene) ||
           waits_for_a_person(scene) || waits_for_nothing(scene);
}

/* A migration that is finished is never looked at again, unless it changes or its claim stands. */
static bool forgets_nothing_to_do(const struct scene *scene, const struct plan *plan)
{
    bool has_work = (plan->actions & ~(unsigned)ACTION_RECORD_EVENT) != 0;
    return !has_work || migration_is_unfinished(&scene->migration) || scene_claimed(scene->at) != 0;
}

static bool tells_its_case(const struct scene *scene, const struct plan *plan)
{
    (void)scene;
    return plan->case_id != NULL;
}

const struct invariant invariants_status[] = {
    {"R3: Succeeded is never left", success_stays},
    {"step 10: an outcome is never changed", outcome_stays},
    {"R1, R5: an open attempt stays Running with its Job until it ends",
     an_open_attempt_stays_what_it_is},
    {"step 0: no number is used twice", numbers_only_grow},
    {"R9: the history tells each change of phase once, at its end", history_tells_each_change_once},
    {"R3: the phase is Running just while an attempt is open", phase_tells_of_the_attempt},
    {"section Gates: observedGeneration follows in every phase", status_is_of_this_generation},
    {"R3: Failed is left when somebody asks for it", failure_is_left_when_asked},
    {"a status is written only if it says something new", writes_what_is_new},
    {"each message is one sentence on one line", speaks_in_sentences},
    {"section Gates: the reason is that of the first gate that is closed or unknown",
     names_the_first_closed_gate},
    {"section Gates: each gate has its condition: True, False or Unknown as it is",
     tells_each_gate},
    {"R9: an Event is recorded when it is due", records_what_is_due},
    {"R9: no transition is forgotten by the next", forgets_no_event},
    {"a plan is one step, or preparations", takes_one_step},
    {"what is known already is not asked for again", asks_for_what_is_not_known},
    {"what a start needs is asked for a start alone", asks_for_a_start_alone},
    {"it is woken in the future", is_woken_later},
    {"step 1: a place in the queue is for what may start", stands_in_the_queue_when_ready},
    {"no state without an action, or something to wait for", never_stands_still},
    {"what has something left to do is not finished", forgets_nothing_to_do},
    {"each plan names its case", tells_its_case},
};
const size_t invariants_status_count = ARRAY_LEN(invariants_status);
