/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/transition.h"

#include <string.h>

#include "base/str.h"
#include "domain/attempt.h"
#include "domain/condition.h"
#include "domain/soak.h"

/* The condition's message holds more; this one is for a line on a screen. */
#define MESSAGE_MAX_BYTES 1024

static void *copy(struct arena *arena, const void *items, size_t count, size_t size)
{
    void *made = arena_array(arena, count + 1, size);
    if (count > 0) {
        memcpy(made, items, count * size);
    }
    return made;
}

void status_begin(struct arena *arena, const struct migration *migration,
                  struct migration_status *ret_status)
{
    const struct migration_status *present = &migration->status;
    *ret_status = *present;
    ret_status->conditions.items = copy(arena, present->conditions.items, present->conditions.count,
                                        sizeof(*present->conditions.items));
    ret_status->history =
        copy(arena, present->history, present->history_count, sizeof(*present->history));
    ret_status->observed_generation = migration->meta.generation;
    if (present->phase != PHASE_SUCCEEDED) {
        ret_status->spec_hash = migration->spec_hash;
    }
}

static void set(struct arena *arena, struct migration_status *status, const char *type,
                const struct gate_verdict *verdict, int64_t now_s)
{
    condition_set(arena, &status->conditions,
                  &(struct condition){
                      .type = type,
                      .status = verdict->status,
                      .reason = verdict->reason,
                      .message = verdict->message,
                      .observed_generation = status->observed_generation,
                  },
                  now_s);
}

void status_set_gates(struct arena *arena, struct migration_status *status,
                      const struct gates *gates, int64_t now_s)
{
    for (enum gate gate = 0; gate < GATE_MAX; gate++) {
        set(arena, status, gate_name(gate), &gates->verdicts[gate], now_s);
    }
    /* While nothing is known of them, the selectors of deleted ones must not be forgotten. */
    if (gates->are_applications_judged) {
        status->applications = gates->applications;
        status->application_count = gates->application_count;
        status->running = gates->running;
        status->last_breach = gates->last_breach;
    }
}

static enum condition_status truth(bool is_true)
{
    return is_true ? CONDITION_TRUE : CONDITION_FALSE;
}

/* Generation and hash must differ: either alone may change without an edit. */
static bool is_edited(const struct migration *migration, const struct migration_status *status)
{
    const struct attempt *attempt = &status->attempt;
    if (attempt->number == 0) { /* AlreadyApplied */
        return !str_eq(status->spec_hash, migration->spec_hash);
    }
    return attempt->generation != migration->meta.generation &&
           !str_eq(attempt->spec_hash, migration->spec_hash);
}

static void set_summary(struct arena *arena, const struct migration *migration,
                        struct migration_status *status, bool is_accepted, int64_t now_s)
{
    bool failed = status->phase == PHASE_FAILED;
    bool succeeded = status->phase == PHASE_SUCCEEDED;
    bool accepted = migration->ready_when == READY_WHEN_ACCEPTED && !failed && is_accepted;
    struct gate_verdict verdict = {truth(succeeded || accepted), status->reason, status->message};

    set(arena, status, "Ready", &verdict, now_s);
    /* Accepted is all that such a user waits for: kstatus takes Reconciling for not yet, whatever Ready says. */
    verdict.status = truth(!succeeded && !failed && !accepted);
    set(arena, status, "Reconciling", &verdict, now_s);
    verdict.status = truth(failed);
    set(arena, status, "Stalled", &verdict, now_s);

    bool is_running = status->phase == PHASE_RUNNING;
    if ((succeeded || is_running) && is_edited(migration, status)) {
        verdict = succeeded ? (struct gate_verdict){CONDITION_TRUE, "EditedAfterSuccess",
                                                    "the spec was edited after its run, which is "
                                                    "never repeated: write a new migration"}
                            : (struct gate_verdict){CONDITION_TRUE, "EditedDuringRun",
                                                    "the spec was edited during the run, and is "
                                                    "judged when that has ended"};
        set(arena, status, "SpecChanged", &verdict, now_s);
    } else {
        condition_remove(&status->conditions, "SpecChanged");
    }
}

static void add_history(struct migration_status *status, int64_t now_s)
{
    if (status->history_count == STATUS_HISTORY_MAX) {
        status->history_count--;
        memmove(status->history, status->history + 1,
                status->history_count * sizeof(*status->history));
    }
    /* status_begin() left room for one more. */
    status->history[status->history_count++] = (struct transition){
        .phase = status->phase,
        .reason = status->reason,
        .at_s = now_s,
    };
}

void status_move(struct arena *arena, const struct migration *migration,
                 struct migration_status *status, const struct move *move, int64_t now_s)
{
    bool is_transition = status->history_count == 0 || status->phase != move->phase;
    status->phase = move->phase;
    status->reason = move->reason;
    status->message = condition_line(arena, move->message, MESSAGE_MAX_BYTES);
    if (move->phase == PHASE_SUCCEEDED && status->attempt.number > 0) {
        status->spec_hash = status->attempt.spec_hash;
    }
    if (is_transition) {
        add_history(status, now_s);
    }
    set_summary(arena, migration, status, move->is_accepted, now_s);
}

void status_push_attempt(struct arena *arena, struct migration_status *status,
                         const struct attempt *attempt)
{
    if (status->attempt.number > 0) {
        size_t kept = status->attempt_count < STATUS_ATTEMPTS_MAX ? status->attempt_count
                                                                  : STATUS_ATTEMPTS_MAX - 1;
        struct attempt *attempts = arena_array(arena, kept + 1, sizeof(*attempts));
        attempts[0] = status->attempt;
        if (kept > 0) {
            memcpy(attempts + 1, status->attempts, kept * sizeof(*attempts));
        }
        status->attempts = attempts;
        status->attempt_count = kept + 1;
    }
    status->attempt = *attempt;
}

static bool same_conditions(const struct migration_status *a, const struct migration_status *b,
                            bool with_texts)
{
    if (a->conditions.count != b->conditions.count) {
        return false;
    }
    for (size_t i = 0; i < a->conditions.count; i++) {
        const struct condition *x = &a->conditions.items[i];
        const struct condition *y = condition_get(&b->conditions, x->type);
        if (y == NULL || x->status != y->status || !str_eq(x->reason, y->reason)) {
            return false;
        }
        if (with_texts &&
            (!str_eq(x->message, y->message) || x->observed_generation != y->observed_generation)) {
            return false;
        }
    }
    return true;
}

static bool same_applications(const struct migration_status *a, const struct migration_status *b)
{
    if (a->application_count != b->application_count) {
        return false;
    }
    for (size_t i = 0; i < a->application_count; i++) {
        const struct application_status *x = &a->applications[i];
        const struct application_status *y = &b->applications[i];
        if (!str_eq(x->workload, y->workload) || !str_eq(x->desired, y->desired) ||
            !str_eq(x->selector, y->selector) || x->settled != y->settled ||
            !str_eq(x->uid, y->uid) || !str_eq(x->revision, y->revision) ||
            !str_eq(x->needs, y->needs) || x->running_count != y->running_count) {
            return false;
        }
        for (size_t k = 0; k < x->running_count; k++) {
            if (!str_eq(x->running[k].version, y->running[k].version) ||
                x->running[k].pods != y->running[k].pods) {
                return false;
            }
        }
    }
    return true;
}

/* A breach that is told late may be over by then, and forgotten. */
static bool same_soak(const struct migration_status *a, const struct migration_status *b)
{
    size_t count =
        a->application_count < b->application_count ? a->application_count : b->application_count;
    bool is_same = breach_same(&a->last_breach, &b->last_breach);
    for (size_t i = 0; is_same && i < count; i++) {
        is_same = a->applications[i].compatible_since_s == b->applications[i].compatible_since_s;
    }
    return is_same;
}

static bool same_attempt(const struct attempt *a, const struct attempt *b)
{
    return a->number == b->number && a->outcome == b->outcome && str_eq(a->job_uid, b->job_uid) &&
           str_eq(a->pod_uid, b->pod_uid) && str_eq(a->reason, b->reason) &&
           str_eq(a->image, b->image) && a->start_s == b->start_s;
}

enum status_change status_compare(const struct migration_status *a,
                                  const struct migration_status *b)
{
    bool same_core = a->phase == b->phase && str_eq(a->reason, b->reason) &&
                     a->observed_generation == b->observed_generation &&
                     str_eq(a->spec_hash, b->spec_hash) && a->withdrawn == b->withdrawn &&
                     a->history_count == b->history_count && same_attempt(&a->attempt, &b->attempt);
    if (!same_core || !same_conditions(a, b, false) || !same_soak(a, b)) {
        return STATUS_MAJOR;
    }
    bool same_texts = str_eq(a->message, b->message) && str_eq(a->running, b->running) &&
                      same_conditions(a, b, true) && same_applications(a, b);
    return same_texts ? STATUS_SAME : STATUS_MINOR;
}
