/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/status.h"

#include <assert.h>

#include "base/str.h"
#include "codec/writer.h"

/* ---- structs → JSON ---- */

static json_t *conditions_encode(const struct conditions *conditions)
{
    json_t *list = json_array();
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->items[i];
        json_t *item = json_object();
        write_text(item, "type", condition->type);
        write_text(item, "status", condition_status_name(condition->status));
        write_text(item, "reason", condition->reason);
        write_text(item, "message", str_or_empty(condition->message)); /* the schema wants it */
        write_number(item, "observedGeneration", condition->observed_generation);
        write_time(item, "lastTransitionTime", condition->changed_s);
        (void)json_array_append_new(list, item);
    }
    return list;
}

static json_t *running_encode(const struct application_status *application)
{
    json_t *list = json_array();
    for (size_t i = 0; i < application->running_count; i++) {
        json_t *item = json_object();
        write_text(item, "version", application->running[i].version);
        write_number(item, "pods", application->running[i].pods);
        (void)json_array_append_new(list, item);
    }
    return list;
}

static json_t *applications_encode(const struct migration_status *status)
{
    json_t *list = json_array();
    for (size_t i = 0; i < status->application_count; i++) {
        const struct application_status *application = &status->applications[i];
        json_t *item = json_object();
        write_text(item, "workload", application->workload);
        write_text(item, "desired", application->desired);
        write_filled(item, "running", running_encode(application));
        (void)json_object_set_new(item, "settled", json_boolean(application->settled));
        write_text(item, "selector", application->selector);
        write_text(item, "uid", application->uid);
        write_text(item, "revision", application->revision);
        write_text(item, "needs", application->needs);
        write_time(item, "compatibleSince", application->compatible_since_s);
        (void)json_array_append_new(list, item);
    }
    return list;
}

static json_t *breach_encode(const struct breach *breach)
{
    json_t *object = json_object();
    if (breach->reason != NULL) {
        write_text(object, "reason", breach->reason);
        write_text(object, "message", breach->message);
        write_time(object, "at", breach->at_s);
        write_time(object, "until", breach->until_s);
    }
    return object;
}

static json_t *check_encode(const struct check *check)
{
    json_t *object = json_object();
    if (check->has_ended) {
        write_number(object, "exitCode", check->exit_code);
        write_text(object, "message", check->message);
    }
    return object;
}

static void write_true(json_t *object, const char *key, bool is_true)
{
    if (is_true) {
        (void)json_object_set_new(object, key, json_true());
    }
}

static json_t *approval_encode(const struct approval_record *approval)
{
    json_t *object = json_object();
    write_text(object, "approvedBy", approval->by);
    write_text(object, "name", approval->name);
    write_text(object, "uid", approval->uid);
    return object;
}

static json_t *attempt_encode(const struct attempt *attempt)
{
    json_t *object = json_object();
    if (attempt->number == 0) {
        return object;
    }
    write_number(object, "number", attempt->number);
    if (attempt->generation != 0) {
        write_number(object, "generation", attempt->generation);
    }
    write_text(object, "specHash", attempt->spec_hash);
    write_text(object, "toVersion", attempt->to_version);
    write_text(object, "job", attempt->job);
    write_text(object, "jobUID", attempt->job_uid);
    write_text(object, "podUID", attempt->pod_uid);
    write_filled(object, "approval", approval_encode(&attempt->approval));
    write_text(object, "image", attempt->image);
    write_time(object, "startTime", attempt->start_s);
    write_time(object, "completionTime", attempt->completion_s);
    if (attempt->outcome != OUTCOME_NONE) {
        write_text(object, "outcome", outcome_name(attempt->outcome));
    }
    write_text(object, "reason", attempt->reason);
    if (attempt->has_exit_code) {
        write_number(object, "exitCode", attempt->exit_code);
    }
    write_text(object, "message", attempt->message);
    write_filled(object, "verify", check_encode(&attempt->verify));
    write_true(object, "interrupted", attempt->is_interrupted);
    write_true(object, "recoveryDue", attempt->is_recovery_due);
    return object;
}

static json_t *attempts_encode(const struct migration_status *status)
{
    json_t *list = json_array();
    for (size_t i = 0; i < status->attempt_count && i < STATUS_ATTEMPTS_MAX; i++) {
        (void)json_array_append_new(list, attempt_encode(&status->attempts[i]));
    }
    return list;
}

static json_t *history_encode(const struct migration_status *status)
{
    json_t *list = json_array();
    size_t count = status->history_count;
    for (size_t i = count > STATUS_HISTORY_MAX ? count - STATUS_HISTORY_MAX : 0; i < count; i++) {
        json_t *item = json_object();
        write_text(item, "phase", phase_name(status->history[i].phase));
        write_text(item, "reason", status->history[i].reason);
        write_time(item, "at", status->history[i].at_s);
        (void)json_array_append_new(list, item);
    }
    return list;
}

json_t *migration_status_encode(const struct migration_status *status)
{
    json_t *object = json_object();
    write_number(object, "observedGeneration", status->observed_generation);
    write_text(object, "specHash", status->spec_hash);
    write_text(object, "phase", phase_name(status->phase));
    write_text(object, "reason", status->reason);
    write_text(object, "message", status->message);
    write_text(object, "running", status->running);
    write_filled(object, "conditions", conditions_encode(&status->conditions));
    write_filled(object, "applications", applications_encode(status));
    write_filled(object, "lastBreach", breach_encode(&status->last_breach));
    write_filled(object, "attempt", attempt_encode(&status->attempt));
    write_filled(object, "attempts", attempts_encode(status));
    if (status->withdrawn != 0) {
        write_number(object, "withdrawn", status->withdrawn);
        write_time(object, "withdrawnTime", status->withdrawn_s);
    }
    write_filled(object, "history", history_encode(status));
    return object;
}

static json_t *passage_encode(const struct passage *passage)
{
    json_t *object = json_object();
    write_text(object, "version", passage->version);
    write_text(object, "namespace", passage->ns);
    write_text(object, "migration", passage->migration);
    write_text(object, "uid", passage->uid);
    write_text(object, "specHash", passage->spec_hash);
    write_text(object, "job", passage->job);
    write_time(object, "startTime", passage->start_s);
    write_time(object, "completionTime", passage->completion_s);
    return object;
}

static json_t *claim_encode(const struct claim *claim)
{
    json_t *object = json_object();
    write_text(object, "namespace", claim->ns);
    write_text(object, "migration", claim->migration);
    write_text(object, "uid", claim->uid);
    write_number(object, "attempt", claim->attempt);
    write_text(object, "specHash", claim->spec_hash);
    write_time(object, "since", claim->since_s);
    return object;
}

/* ---- patches ---- */

/* What a merge patch must say to make new of old; an empty object: nothing. New. */
static json_t *merge_diff(json_t *old, json_t *new)
{
    json_t *patch = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(new, key, value)
    {
        json_t *before = json_object_get(old, key);
        if (json_is_object(before) && json_is_object(value)) {
            write_filled(patch, key, merge_diff(before, value));
        } else if (!json_equal(before, value)) {
            (void)json_object_set(patch, key, value);
        }
    }
    json_object_foreach(old, key, value)
    {
        if (json_object_get(new, key) == NULL) {
            (void)json_object_set_new(patch, key, json_null());
        }
    }
    return patch;
}

/* {metadata: {resourceVersion}, status}; status is stolen. */
static json_t *status_patch(const struct meta *judged, json_t *status)
{
    assert(judged->resource_version != NULL); /* a write without it could undo another's */
    json_t *patch = json_object();
    (void)json_object_set_new(
        patch, "metadata", writer_pair("resourceVersion", writer_text(judged->resource_version)));
    (void)json_object_set_new(patch, "status", status);
    return patch;
}

/* Afterwards both are always there. Before, the schema's default is, or nothing of an older schema. */
static bool is_unwritten(const struct migration_status *status)
{
    return status->observed_generation <= 0 && status->spec_hash == NULL;
}

json_t *migration_status_patch(const struct migration *judged, const struct migration_status *next)
{
    json_auto_t *old =
        is_unwritten(&judged->status) ? json_object() : migration_status_encode(&judged->status);
    json_auto_t *new = migration_status_encode(next);
    json_t *changes = merge_diff(old, new);
    if (json_object_size(changes) == 0) {
        json_decref(changes);
        return NULL;
    }
    return status_patch(&judged->meta, changes);
}

json_t *database_claim_patch(const struct database *judged, const struct claim *claim)
{
    assert(judged->claim.migration == NULL); /* R2 */
    json_t *status = writer_pair("claim", claim_encode(claim));
    bool is_empty = judged->version == NULL && judged->passed_count == 0;
    if (is_empty && !str_is_empty(judged->baseline)) {
        write_text(status, "version", judged->baseline);
        (void)json_object_set_new(status, "passed", writer_list_of(judged->baseline));
    }
    return status_patch(&judged->meta, status);
}

static json_t *passed_with(const struct database *judged, const char *version)
{
    json_t *list = json_array();
    bool is_among = false;
    for (size_t i = 0; i < judged->passed_count; i++) {
        (void)json_array_append_new(list, writer_text(judged->passed[i]));
        is_among = is_among || str_eq(judged->passed[i], version);
    }
    if (!is_among) {
        (void)json_array_append_new(list, writer_text(version));
    }
    return list;
}

static json_t *history_with(const struct database *judged, const struct passage *passage)
{
    json_t *list = json_array();
    size_t keep = DATABASE_HISTORY_MAX - 1;
    size_t first = judged->history_count > keep ? judged->history_count - keep : 0;
    for (size_t i = first; i < judged->history_count; i++) {
        (void)json_array_append_new(list, passage_encode(&judged->history[i]));
    }
    (void)json_array_append_new(list, passage_encode(passage));
    return list;
}

json_t *database_release_patch(const struct database *judged, const struct passage *passage)
{
    json_t *status = writer_pair("claim", json_null());
    if (passage != NULL) {
        write_text(status, "version", passage->version);
        (void)json_object_set_new(status, "passed", passed_with(judged, passage->version));
        (void)json_object_set_new(status, "history", history_with(judged, passage));
    }
    return status_patch(&judged->meta, status);
}

json_t *finalizer_patch(const struct meta *judged, const char *finalizer, bool on)
{
    assert(judged->resource_version != NULL);
    json_t *list =
        judged->finalizers == NULL ? json_array() : json_loads(judged->finalizers, 0, NULL);
    if (on) {
        (void)json_array_append_new(list, writer_text(finalizer));
    }
    json_t *metadata = json_object();
    write_text(metadata, "uid", judged->uid);
    write_text(metadata, "resourceVersion", judged->resource_version);
    (void)json_object_set_new(metadata, "finalizers", list);
    return writer_pair("metadata", metadata);
}
