/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/status_decode.h"

#include "codec/meta.h"

#define X(name, word) [name] = (word),
static const char *const phases[] = {PHASES(X)};
static const char *const outcomes[] = {OUTCOMES(X)};
#undef X

static enum phase phase_read(struct reader *reader, const json_t *object)
{
    struct word_list list = {phases, ARRAY_LEN(phases)};
    return (enum phase)reader_word(reader, object, "phase", list, PHASE_PENDING);
}

static void check_read(struct reader *reader, const json_t *attempt, struct check *ret)
{
    const json_t *check = reader_object(reader, attempt, "verify");
    if (check == NULL) {
        return;
    }
    size_t mark = reader_enter(reader, "verify");
    *ret = (struct check){
        .has_ended = true,
        .exit_code = reader_number(reader, check, "exitCode", 0),
        .message = reader_text(reader, check, "message"),
    };
    reader_leave(reader, mark);
}

static void approval_read(struct reader *reader, const json_t *attempt, struct approval_record *ret)
{
    const json_t *approval = reader_object(reader, attempt, "approval");
    size_t mark = reader_enter(reader, "approval");
    *ret = (struct approval_record){
        .by = reader_text(reader, approval, "approvedBy"),
        .name = reader_text(reader, approval, "name"),
        .uid = reader_text(reader, approval, "uid"),
    };
    reader_leave(reader, mark);
}

static void attempt_fields(struct reader *reader, const json_t *object, bool is_done,
                           struct attempt *ret)
{
    struct word_list list = {outcomes, ARRAY_LEN(outcomes)};
    *ret = (struct attempt){
        .number = reader_number(reader, object, "number", 0),
        .generation = reader_number(reader, object, "generation", 0),
        .spec_hash = reader_text(reader, object, "specHash"),
        .to_version = reader_text(reader, object, "toVersion"),
        .job = reader_text(reader, object, "job"),
        .job_uid = reader_text(reader, object, "jobUID"),
        .pod_uid = reader_text(reader, object, "podUID"),
        .start_s = reader_time(reader, object, "startTime"),
        .completion_s = reader_time(reader, object, "completionTime"),
        .outcome = (enum outcome)reader_word(reader, object, "outcome", list, OUTCOME_NONE),
        .reason = reader_text(reader, object, "reason"),
        .has_exit_code = json_is_integer(json_object_get(object, "exitCode")),
        .exit_code = reader_number(reader, object, "exitCode", 0),
    };
    ret->is_interrupted = reader_flag(reader, object, "interrupted");
    ret->is_recovery_due = reader_flag(reader, object, "recoveryDue");
    if (!is_done) {
        check_read(reader, object, &ret->verify);
        approval_read(reader, object, &ret->approval);
        ret->image = reader_text(reader, object, "image");
        ret->message = reader_text(reader, object, "message");
    }
    if (ret->number < 1) {
        reader_refuse(reader, "number", "must be at least 1");
    }
}

static void attempt_read(struct reader *reader, const json_t *status, bool is_done,
                         struct migration_status *ret)
{
    const json_t *attempt = reader_object(reader, status, "attempt");
    if (attempt != NULL) {
        size_t mark = reader_enter(reader, "attempt");
        attempt_fields(reader, attempt, is_done, &ret->attempt);
        reader_leave(reader, mark);
    }
}

static void attempts_read(struct reader *reader, const json_t *status, struct migration_status *ret)
{
    const json_t *list = reader_list(reader, status, "attempts");
    ret->attempt_count = json_array_size(list);
    if (ret->attempt_count == 0) {
        return;
    }
    ret->attempts = arena_array(reader->arena, ret->attempt_count, sizeof(*ret->attempts));
    for (size_t i = 0; i < ret->attempt_count; i++) {
        size_t mark = reader_enter_item(reader, "attempts", i);
        attempt_fields(reader, json_array_get(list, i), false, &ret->attempts[i]);
        reader_leave(reader, mark);
    }
}

static void running_read(struct reader *reader, const json_t *application,
                         struct application_status *ret)
{
    const json_t *list = reader_list(reader, application, "running");
    ret->running_count = json_array_size(list);
    if (ret->running_count == 0) {
        return;
    }
    ret->running = arena_array(reader->arena, ret->running_count, sizeof(*ret->running));
    for (size_t i = 0; i < ret->running_count; i++) {
        const json_t *item = json_array_get(list, i);
        size_t mark = reader_enter_item(reader, "running", i);
        ret->running[i].version = reader_text(reader, item, "version");
        ret->running[i].pods = reader_number(reader, item, "pods", 0);
        reader_leave(reader, mark);
    }
}

static void applications_read(struct reader *reader, const json_t *status,
                              struct migration_status *ret)
{
    const json_t *list = reader_list(reader, status, "applications");
    ret->application_count = json_array_size(list);
    if (ret->application_count == 0) {
        return;
    }
    ret->applications =
        arena_array(reader->arena, ret->application_count, sizeof(*ret->applications));
    for (size_t i = 0; i < ret->application_count; i++) {
        const json_t *item = json_array_get(list, i);
        size_t mark = reader_enter_item(reader, "applications", i);
        ret->applications[i] = (struct application_status){
            .workload = reader_required_text(reader, item, "workload"),
            .desired = reader_text(reader, item, "desired"),
            .settled = reader_flag(reader, item, "settled"),
            .selector = reader_text(reader, item, "selector"),
            .uid = reader_text(reader, item, "uid"),
            .revision = reader_text(reader, item, "revision"),
            .needs = reader_text(reader, item, "needs"),
            .compatible_since_s = reader_time(reader, item, "compatibleSince"),
        };
        running_read(reader, item, &ret->applications[i]);
        reader_leave(reader, mark);
    }
}

static void breach_read(struct reader *reader, const json_t *status, struct breach *ret)
{
    const json_t *breach = reader_object(reader, status, "lastBreach");
    if (breach == NULL) {
        return;
    }
    size_t mark = reader_enter(reader, "lastBreach");
    *ret = (struct breach){
        .reason = reader_required_text(reader, breach, "reason"),
        .message = reader_text(reader, breach, "message"),
        .at_s = reader_time(reader, breach, "at"),
        .until_s = reader_time(reader, breach, "until"),
    };
    reader_leave(reader, mark);
}

/* Of a migration that is done, the newest entry alone. */
static void history_read(struct reader *reader, const json_t *status, bool is_done,
                         struct migration_status *ret)
{
    const json_t *list = reader_list(reader, status, "history");
    size_t count = json_array_size(list);
    size_t first = is_done && count > 0 ? count - 1 : 0;
    if (count == 0) {
        return;
    }
    ret->history_count = count - first;
    ret->history = arena_array(reader->arena, ret->history_count, sizeof(*ret->history));
    for (size_t i = first; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        size_t mark = reader_enter_item(reader, "history", i);
        ret->history[i - first] = (struct transition){
            .phase = phase_read(reader, item),
            .reason = reader_text(reader, item, "reason"),
            .at_s = reader_time(reader, item, "at"),
        };
        reader_leave(reader, mark);
    }
}

void migration_status_read(struct reader *reader, const json_t *object, bool is_done,
                           struct migration_status *ret)
{
    const json_t *status = reader_object(reader, object, "status");
    size_t mark = reader_enter(reader, "status");
    *ret = (struct migration_status){
        .observed_generation = reader_number(reader, status, "observedGeneration", 0),
        .phase = phase_read(reader, status),
        .reason = reader_text(reader, status, "reason"),
        .message = reader_text(reader, status, "message"),
        .withdrawn = reader_number(reader, status, "withdrawn", 0),
        .withdrawn_s = reader_time(reader, status, "withdrawnTime"),
    };
    attempt_read(reader, status, is_done, ret);
    history_read(reader, status, is_done, ret);
    if (!is_done) {
        ret->spec_hash = reader_text(reader, status, "specHash");
        ret->running = reader_text(reader, status, "running");
        ret->conditions = meta_conditions_read(reader, status);
        applications_read(reader, status, ret);
        breach_read(reader, status, &ret->last_breach);
        attempts_read(reader, status, ret);
    }
    reader_leave(reader, mark);
}

static void claim_read(struct reader *reader, const json_t *status, struct claim *ret)
{
    const json_t *claim = reader_object(reader, status, "claim");
    *ret = (struct claim){0};
    if (claim == NULL) {
        return;
    }
    size_t mark = reader_enter(reader, "claim");
    *ret = (struct claim){
        .ns = reader_text(reader, claim, "namespace"),
        .migration = reader_required_text(reader, claim, "migration"),
        .uid = reader_required_text(reader, claim, "uid"),
        .attempt = reader_number(reader, claim, "attempt", 0),
        .spec_hash = reader_text(reader, claim, "specHash"),
        .since_s = reader_time(reader, claim, "since"),
    };
    reader_leave(reader, mark);
}

static void passages_read(struct reader *reader, const json_t *status, struct database *ret)
{
    const json_t *list = reader_list(reader, status, "history");
    ret->history_count = json_array_size(list);
    if (ret->history_count == 0) {
        return;
    }
    ret->history = arena_array(reader->arena, ret->history_count, sizeof(*ret->history));
    for (size_t i = 0; i < ret->history_count; i++) {
        const json_t *item = json_array_get(list, i);
        size_t mark = reader_enter_item(reader, "history", i);
        ret->history[i] = (struct passage){
            .version = reader_required_text(reader, item, "version"),
            .ns = reader_text(reader, item, "namespace"),
            .migration = reader_text(reader, item, "migration"),
            .uid = reader_text(reader, item, "uid"),
            .spec_hash = reader_text(reader, item, "specHash"),
            .job = reader_text(reader, item, "job"),
            .start_s = reader_time(reader, item, "startTime"),
            .completion_s = reader_time(reader, item, "completionTime"),
        };
        reader_leave(reader, mark);
    }
}

void database_status_read(struct reader *reader, const json_t *object, struct database *ret)
{
    const json_t *status = reader_object(reader, object, "status");
    size_t mark = reader_enter(reader, "status");
    ret->version = reader_text(reader, status, "version");
    ret->passed = reader_texts(reader, status, "passed", &ret->passed_count);
    claim_read(reader, status, &ret->claim);
    passages_read(reader, status, ret);
    ret->conditions = meta_conditions_read(reader, status);
    reader_leave(reader, mark);
}
