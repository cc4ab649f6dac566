/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/gates.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "domain/approval.h"
#include "domain/prerequisite.h"
#include "domain/remembered.h"
#include "domain/soak.h"
#include "domain/tenancy.h"
#include "domain/window.h"

static const char *const gate_names[] = {
#define X(name, word) [name] = (word),
    GATES(X)
#undef X
};

const char *gate_name(enum gate gate)
{
    return gate_names[gate];
}

/* ---- one function a gate ---- */

static struct gate_verdict open_gate(const char *reason, const char *message)
{
    return (struct gate_verdict){CONDITION_TRUE, reason, message};
}

static struct gate_verdict closed_gate(const char *reason, const char *message)
{
    return (struct gate_verdict){CONDITION_FALSE, reason, message};
}

static struct gate_verdict judge_job_valid(const struct observed *seen)
{
    if (seen->migration->spec_error != NULL) {
        return closed_gate("SpecInvalid", seen->migration->spec_error);
    }
    switch (seen->dry_run.result) {
    case DRY_RUN_ACCEPTED:
        return open_gate("Accepted", "the API server accepts the Job and its pod");
    case DRY_RUN_REFUSED:
    case DRY_RUN_LATER:
        return closed_gate(seen->dry_run.reason, seen->dry_run.message);
    case DRY_RUN_DUE:
        break;
    }
    return (struct gate_verdict){CONDITION_UNKNOWN, "NotChecked", "the Job is not checked yet"};
}

static struct gate_verdict judge_not_suspended(const struct observed *seen)
{
    if (seen->migration->suspend) {
        return closed_gate("Suspended", "suspended: set spec.suspend to false to go on");
    }
    return open_gate("NotSuspended", "spec.suspend is not set");
}

static const char *join(struct arena *arena, const char *before, const char *more)
{
    return before == NULL ? more : arena_printf(arena, "%s; %s", before, more);
}

/* What is to be said of a migration that has not succeeded. How far a run is would change all the time. */
static const char *describe_dependency(struct arena *arena, const char *name,
                                       const struct migration *dependency)
{
    if (dependency == NULL) {
        return arena_printf(arena, "migration %s does not exist", name);
    }
    const struct migration_status *status = &dependency->status;
    switch (status->phase) {
    case PHASE_FAILED:
        return arena_printf(arena, "migration %s has failed (%s)", name,
                            str_or_empty(status->reason));
    case PHASE_WAITING:
        return arena_printf(arena, "migration %s waits (%s)", name, str_or_empty(status->reason));
    case PHASE_RUNNING:
        return arena_printf(arena, "migration %s runs", name);
    case PHASE_PENDING:
    case PHASE_SUCCEEDED:
    case PHASE_MAX:
        break;
    }
    return arena_printf(arena, "migration %s is not judged yet", name);
}

static struct gate_verdict judge_dependencies(struct arena *arena, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    const char *message = NULL;
    const char *reason = "DependenciesNotMet";
    if (migration->after_count == 0) {
        return open_gate("NotRequired", "spec.after names none");
    }
    if (seen->dependency_cycle != NULL) {
        return closed_gate("DependencyCycle",
                           arena_printf(arena,
                                        "it waits for itself: %s; take one of them out of the "
                                        "other's spec.after",
                                        seen->dependency_cycle));
    }
    for (size_t i = 0; i < migration->after_count; i++) {
        const struct migration *dependency = seen->dependencies[i];
        if (dependency != NULL && dependency->status.phase == PHASE_SUCCEEDED) {
            continue;
        }
        if (dependency == NULL && !str_eq(reason, "DependencyFailed")) {
            reason = "DependencyMissing";
        } else if (dependency != NULL && dependency->status.phase == PHASE_FAILED) {
            reason = "DependencyFailed";
        }
        message = join(arena, message, describe_dependency(arena, migration->after[i], dependency));
    }
    return message != NULL
               ? closed_gate(reason, arena_printf(arena, "comes after others: %s", message))
               : open_gate("Met", "every migration of spec.after has succeeded");
}

static const char *taker_of(struct arena *arena, const struct observed *seen, const char *version)
{
    const struct database *database = seen->database;
    for (size_t i = 0; i < database->history_count; i++) {
        const struct passage *passage = &database->history[i];
        if (str_eq(passage->version, version)) {
            return tenancy_name(arena, tenancy_of_passage(database, passage),
                                str_or_empty(passage->migration), seen->migration->meta.ns);
        }
    }
    return NULL;
}

static struct gate_verdict judge_schema_version(struct arena *arena, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    const struct database *database = seen->database;
    const char *version = ledger_version(database);

    if (seen->access != ACCESS_GRANTED) {
        return tenancy_refusal(arena, migration, seen->access);
    }
    if (ledger_has(database, migration->to_version)) {
        const char *taker = taker_of(arena, seen, migration->to_version);
        return closed_gate(
            "VersionTaken",
            arena_printf(arena,
                         "database %s has passed version %s already%s%s: give this migration a "
                         "toVersion of its own",
                         migration->database, migration->to_version,
                         taker == NULL ? "" : ", by migration ", str_or_empty(taker)));
    }
    if (migration->from_version == NULL) {
        return open_gate("Any", "no fromVersion is asked for");
    }
    if (str_eq(version, migration->from_version)) {
        return open_gate("Met", arena_printf(arena, "database %s stands at version %s",
                                             migration->database, version));
    }
    if (version == NULL) {
        return closed_gate(
            "SchemaVersionNotMet",
            arena_printf(arena,
                         "database %s has no version yet, fromVersion is %s: set spec.baseline of "
                         "the Database if it stands there",
                         migration->database, migration->from_version));
    }
    return closed_gate("SchemaVersionNotMet",
                       arena_printf(arena, "database %s stands at version %s, fromVersion is %s",
                                    migration->database, version, migration->from_version));
}

const struct window_spec *gates_window(const struct migration *migration,
                                       const struct database *database)
{
    if (migration->window.schedule != NULL) {
        return &migration->window;
    }
    bool has_default =
        database != NULL && (database->window.schedule != NULL || database->window.error != NULL);
    return has_default ? &database->window : NULL;
}

static struct gate_verdict judge_approval(struct arena *arena, const struct observed *seen,
                                          const struct approval **ret_approval)
{
    struct approval_verdict verdict = approval_judge(arena, seen);
    *ret_approval = verdict.approval;
    return (struct gate_verdict){verdict.status, verdict.reason, verdict.message};
}

/* The verdict changes by itself: *ret_wake_at_s says when. */
static struct gate_verdict judge_window(struct arena *arena, const struct observed *seen,
                                        int64_t *ret_wake_at_s)
{
    const struct migration *migration = seen->migration;
    const struct window_spec *window = gates_window(migration, seen->database);
    struct window_terms terms = {.not_before_s = migration->not_before_s,
                                 .timeout_s = migration->timeout_s};
    if (window != NULL && window->error != NULL) {
        return closed_gate("WindowInvalid", arena_printf(arena, "Database %s: %s",
                                                         migration->database, window->error));
    }
    if (window != NULL) {
        terms.schedule = window->schedule;
        terms.duration_s = window->duration_s;
        terms.zone_name = window->zone_name;
        terms.must_finish = window->must_finish;
        terms.zone = seen->zone;
        terms.zone_error = seen->zone_error;
    }
    struct window_verdict verdict = window_judge(arena, &terms, seen->now_s);
    *ret_wake_at_s = verdict.wake_at_s;
    /* Whoever looks into the migration for the schedule finds none. */
    bool is_default = window != NULL && window != &migration->window;
    return (struct gate_verdict){
        verdict.is_open ? CONDITION_TRUE : CONDITION_FALSE,
        verdict.reason,
        is_default ? arena_printf(arena, "%s (spec.window of Database %s)", verdict.message,
                                  migration->database)
                   : verdict.message,
    };
}

/* A place in the queue is worth telling once nothing else keeps the migration from its turn. */
static struct gate_verdict judge_lock(struct arena *arena, const struct observed *seen,
                                      bool is_ready)
{
    const struct claim *claim = seen->database == NULL ? NULL : &seen->database->claim;
    if (claim != NULL && claim->migration != NULL) {
        if (str_eq(claim->uid, seen->migration->meta.uid)) {
            return open_gate("Held", arena_printf(arena, "attempt %" PRId64 " holds database %s",
                                                  claim->attempt, seen->migration->database));
        }
        const char *holder = tenancy_name(arena, tenancy_of_claim(seen->database), claim->migration,
                                          seen->migration->meta.ns);
        char since[CLOCK_TEXT_MAX];
        clock_format(claim->since_s, since);
        const char *place =
            is_ready ? arena_printf(arena, "; place %zu in the queue", seen->queue_place + 1) : "";
        return closed_gate("DatabaseBusy",
                           arena_printf(arena, "migration %s holds database %s since %s%s", holder,
                                        seen->migration->database, since, place));
    }
    if (seen->access != ACCESS_GRANTED) {
        return (struct gate_verdict){CONDITION_UNKNOWN, "NotClaimed",
                                     "the Database is not this migration's to claim"};
    }
    if (seen->database != NULL && seen->database->meta.deleted_s != 0) {
        return closed_gate("DatabaseDeleted", arena_printf(arena, "database %s is being deleted",
                                                           seen->migration->database));
    }
    if (is_ready && seen->queue_place > 0) {
        return closed_gate("Queued",
                           arena_printf(arena, "place %zu in the queue, behind %s",
                                        seen->queue_place + 1, str_or_empty(seen->queue_ahead)));
    }
    return closed_gate("NotClaimed",
                       arena_printf(arena, "database %s is free", seen->migration->database));
}

/* ---- applications ---- */

static void add_statuses(struct arena *arena, struct gates *gates,
                         const struct application_verdict *verdict)
{
    size_t count = gates->application_count + verdict->status_count;
    struct application_status *all = arena_array(arena, count, sizeof(*all));
    if (gates->application_count > 0) {
        memcpy(all, gates->applications, gates->application_count * sizeof(*all));
    }
    if (verdict->status_count > 0) {
        memcpy(all + gates->application_count, verdict->statuses,
               verdict->status_count * sizeof(*all));
    }
    gates->applications = all;
    gates->application_count = count;
}

/* Returns the breach of spec.soak that is there now. */
static struct breach judge_applications(struct arena *arena, const struct observed *seen,
                                        struct gates *gates)
{
    const struct migration *migration = seen->migration;
    struct gate_verdict *compatible = &gates->verdicts[GATE_VERSIONS_COMPATIBLE];
    struct gate_verdict *settled = &gates->verdicts[GATE_ROLLOUT_SETTLED];
    const char *breaches = NULL;
    const char *breach_reason = NULL;
    const char *unsettled = NULL;
    const char *rolling = NULL;

    for (size_t i = 0; i < migration->application_count; i++) {
        const struct application *application = &migration->applications[i];
        const struct application_status *remembered = NULL;
        struct application_question question = {
            .application = application,
            .index = i,
            .seen = &seen->applications[i],
            .remembered_count = remembered_of(arena, seen, i, &remembered),
            /* A first install must not deadlock: no version passed, nothing deployed. */
            .absent_is_met = application->when_absent == ABSENT_PROCEED ||
                             ledger_version(seen->database) == NULL,
            .must_settle = migration->rollout == ROLLOUT_SETTLED,
            .last = migration->status.applications,
            .last_count = migration->status.application_count,
            .now_s = seen->now_s,
        };
        question.remembered = remembered;
        struct application_verdict verdict;
        application_judge(arena, &question, &verdict);
        add_statuses(arena, gates, &verdict);
        gates->is_unread |= verdict.is_unread;
        if (!verdict.is_compatible) {
            breaches = join(arena, breaches, verdict.compatible_message);
            breach_reason = breach_reason == NULL ? verdict.compatible_reason : breach_reason;
            gates->is_skewed |= !verdict.is_absent && !verdict.is_unread;
        }
        if (!verdict.is_settled) {
            unsettled = join(arena, unsettled, verdict.settled_message);
        }
        rolling = rolling == NULL ? verdict.rolling : rolling;
    }
    *compatible = breaches != NULL ? closed_gate(breach_reason, breaches)
                                   : open_gate("Compatible", "every running version is compatible");
    if (migration->rollout == ROLLOUT_ANY) {
        *settled = open_gate("NotRequired", "rollout is Any");
    } else if (unsettled != NULL) {
        *settled = closed_gate("RolloutInProgress", unsettled);
    } else {
        *settled = open_gate("Settled", "every application runs one version, fully rolled out");
    }
    if (breaches != NULL) {
        return (struct breach){.reason = breach_reason, .message = breaches};
    }
    bool is_rolling = migration->rollout == ROLLOUT_SETTLED && rolling != NULL;
    return (struct breach){.reason = is_rolling ? "RolloutInProgress" : NULL, .message = rolling};
}

/* Adds the pods of a version to those of the same version, so that each is told once. */
static void add_version(struct running_version *all, size_t *count,
                        const struct running_version *version)
{
    for (size_t i = 0; i < *count; i++) {
        if (str_eq(all[i].version, version->version)) {
            all[i].pods += version->pods;
            return;
        }
    }
    all[(*count)++] = *version;
}

/* The versions of all applications in one line, for the printer column. */
static const char *running_text(struct arena *arena, const struct gates *gates)
{
    size_t most = 0;
    for (size_t i = 0; i < gates->application_count; i++) {
        most += gates->applications[i].running_count;
    }
    struct running_version *all = arena_array(arena, most, sizeof(*all));
    size_t count = 0;
    for (size_t i = 0; i < gates->application_count; i++) {
        const struct application_status *status = &gates->applications[i];
        for (size_t k = 0; k < status->running_count; k++) {
            add_version(all, &count, &status->running[k]);
        }
    }
    const char *text = NULL;
    for (size_t i = 0; i < count; i++) {
        text = arena_printf(arena, "%s%s%s (%" PRId64 ")", str_or_empty(text),
                            text == NULL ? "" : ", ", all[i].version, all[i].pods);
    }
    return text;
}

void gates_judge(struct arena *arena, const struct observed *seen, struct gates *ret_gates)
{
    struct breach breach = {0};
    *ret_gates = (struct gates){0};
    ret_gates->verdicts[GATE_JOB_VALID] = judge_job_valid(seen);
    ret_gates->verdicts[GATE_NOT_SUSPENDED] = judge_not_suspended(seen);
    ret_gates->verdicts[GATE_DEPENDENCIES_MET] = judge_dependencies(arena, seen);
    ret_gates->verdicts[GATE_PREREQUISITES_MET] = prerequisites_judge(arena, seen);
    ret_gates->verdicts[GATE_SCHEMA_VERSION_MET] = judge_schema_version(arena, seen);
    ret_gates->are_applications_judged = seen->are_applications_known;
    if (seen->are_applications_known) {
        breach = judge_applications(arena, seen, ret_gates);
        ret_gates->running = running_text(arena, ret_gates);
    } else {
        const char *why = seen->applications_unread_why;
        const char *message =
            why == NULL ? "the applications are not read yet"
                        : arena_printf(arena, "the applications are not read yet: %s", why);
        struct gate_verdict unknown = {CONDITION_UNKNOWN, "NotChecked", message};
        ret_gates->verdicts[GATE_VERSIONS_COMPATIBLE] = unknown;
        ret_gates->verdicts[GATE_ROLLOUT_SETTLED] = unknown;
    }
    ret_gates->verdicts[GATE_APPROVED] = judge_approval(arena, seen, &ret_gates->approval);
    ret_gates->verdicts[GATE_IN_WINDOW] = judge_window(arena, seen, &ret_gates->wake_at_s);
    soak_judge(arena, seen, &breach, ret_gates);
    ret_gates->verdicts[GATE_LOCK_HELD] = judge_lock(arena, seen, gates_are_open(ret_gates));
}

bool gates_are_open(const struct gates *gates)
{
    return gates_first_closed(gates) >= GATE_LOCK_HELD;
}

enum gate gates_first_closed(const struct gates *gates)
{
    for (enum gate gate = 0; gate < GATE_MAX; gate++) {
        if (gates->verdicts[gate].status != CONDITION_TRUE) {
            return gate;
        }
    }
    return GATE_MAX;
}

const char *gates_message(struct arena *arena, const struct gates *gates)
{
    const char *message = NULL;
    const char *last = NULL;
    for (enum gate gate = 0; gate < GATE_MAX; gate++) {
        const struct gate_verdict *verdict = &gates->verdicts[gate];
        /* A free lock is no news while something else is missing, nor is one fact that closes two gates. */
        bool is_news =
            gate != GATE_LOCK_HELD || message == NULL || !str_eq(verdict->reason, "NotClaimed");
        if (verdict->status != CONDITION_TRUE && is_news && !str_eq(verdict->message, last)) {
            message = join(arena, message, verdict->message);
            last = verdict->message;
        }
    }
    return message == NULL ? "all gates are open" : message;
}
