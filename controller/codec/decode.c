/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/decode.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/meta.h"
#include "codec/reader.h"
#include "codec/spec_hash.h"
#include "codec/status_decode.h"
#include "domain/constraint.h"

#define KEEP_FOR_MIN_S ((int64_t)600)
#define SOAK_MAX_S     (INT64_C(87600) * 3600)
#define WINDOW_MIN_S   INT64_C(60)
#define WINDOW_MAX_S   (INT64_C(366) * 86400) /* a schedule comes at least so often, or almost */
#define VERSION_KEY    "app.kubernetes.io/version"

#define X(name, word) [name] = (word),
static const char *const steps[] = {STEPS(X)};
static const char *const workload_kinds[] = {WORKLOAD_KINDS(X)};
static const char *const version_sources[] = {VERSION_SOURCES(X)};
static const char *const when_absent[] = {WHEN_ABSENT(X)};
static const char *const rollouts[] = {ROLLOUTS(X)};
static const char *const ready_when[] = {READY_WHEN(X)};
static const char *const approvals[] = {APPROVALS(X)};
static const char *const on_interruption[] = {ON_INTERRUPTION(X)};
#undef X

/* The kinds whose pods run on, from which a run can inherit: all before CronJob. */
static enum workload_kind inherited_kind_read(struct reader *reader, const json_t *object)
{
    struct word_list list = {workload_kinds, WORKLOAD_CRON_JOB};
    return (enum workload_kind)reader_word(reader, object, "kind", list, WORKLOAD_DEPLOYMENT);
}

/* Of these the controller must never ask for more than the metadata. */
static bool is_data(const char *api_version, const char *kind)
{
    return str_eq(api_version, "v1") && (str_eq(kind, "Secret") || str_eq(kind, "ConfigMap"));
}

/* The kinds that need no apiVersion. */
static const struct {
    enum workload_kind kind;
    const char *api_version;
} known_kinds[] = {
    {WORKLOAD_DEPLOYMENT, "apps/v1"},
    {WORKLOAD_STATEFUL_SET, "apps/v1"},
    {WORKLOAD_DAEMON_SET, "apps/v1"},
    {WORKLOAD_CRON_JOB, "batch/v1"},
};

/* Where it cannot be told it stays a Deployment, and the mistake is the spec's. */
static void kind_read(struct reader *reader, const json_t *object, struct application *ret)
{
    const char *api_version = reader_text(reader, object, "apiVersion");
    const char *kind = reader_text(reader, object, "kind");
    ret->kind = WORKLOAD_DEPLOYMENT;
    if (kind == NULL) {
        if (api_version != NULL) {
            reader_refuse(reader, "apiVersion", "\"%s\" says nothing without kind; set kind too",
                          api_version);
        }
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(known_kinds); i++) {
        bool is_its_version =
            api_version == NULL || str_eq(api_version, known_kinds[i].api_version);
        if (is_its_version && str_eq(kind, workload_kind_name(known_kinds[i].kind))) {
            ret->kind = known_kinds[i].kind;
            return;
        }
    }
    if (api_version == NULL) {
        reader_refuse(reader, "kind",
                      "\"%s\" needs an apiVersion, such as argoproj.io/v1alpha1 of a Rollout; only "
                      "Deployment, StatefulSet, DaemonSet and CronJob need none",
                      kind);
        return;
    }
    if (is_data(api_version, kind)) {
        reader_refuse(reader, "kind", "is \"%s\", which has no pods; name a workload", kind);
        return;
    }
    const char *slash = strchr(api_version, '/');
    int group_len = slash == NULL ? 0 : (int)(slash - api_version);
    ret->kind = WORKLOAD_OTHER;
    ret->api_version = api_version;
    ret->other_kind = kind;
    ret->other_type = arena_printf(reader->arena, "%s%s%.*s", kind, group_len == 0 ? "" : ".",
                                   group_len, api_version);
}

static void version_from_read(struct reader *reader, const json_t *object, struct application *ret)
{
    const json_t *from = reader_object(reader, object, "versionFrom");
    size_t mark = reader_enter(reader, "versionFrom");
    struct word_list list = {version_sources, ARRAY_LEN(version_sources)};
    ret->source = (enum version_source)reader_word(reader, from, "source", list, SOURCE_IMAGE_TAG);
    ret->key = reader_text(reader, from, "key");
    if (ret->source == SOURCE_IMAGE_TAG) {
        ret->key = NULL;
    } else if (ret->key == NULL) {
        ret->key = VERSION_KEY;
    }
    reader_leave(reader, mark);
}

static void versions_read(struct reader *reader, const json_t *object, struct application *ret)
{
    ret->versions = reader_text(reader, object, "versions");
    CLEANUP(arena_fini) struct arena scratch = {0};
    struct err why = {0};
    if (ret->versions != NULL && constraint_parse(&scratch, ret->versions, &why) == NULL) {
        reader_refuse(reader, "versions", "\"%s\" is no constraint: %s", ret->versions, why.text);
    }
}

static void application_read(struct reader *reader, const json_t *object, struct application *ret)
{
    struct word_list list = {when_absent, ARRAY_LEN(when_absent)};
    *ret = (struct application){
        .name = reader_text(reader, object, "name"),
        .has_selector = reader_object(reader, object, "selector") != NULL,
        .selector = meta_selector_read(reader, object, "selector"),
        .container = reader_text(reader, object, "container"),
        .when_absent =
            (enum when_absent)reader_word(reader, object, "whenAbsent", list, ABSENT_WAIT),
    };
    kind_read(reader, object, ret);
    version_from_read(reader, object, ret);
    versions_read(reader, object, ret);
    if (str_is_empty(ret->name) && !ret->has_selector) {
        reader_refuse(reader, NULL, "says neither name nor selector; give one of them");
    } else if (!str_is_empty(ret->name) && ret->has_selector) {
        reader_refuse(reader, NULL, "has name \"%s\" and a selector; keep one of them", ret->name);
    } else if (ret->has_selector && ret->selector.count == 0) {
        reader_refuse(reader, "selector", "is empty; give matchLabels or matchExpressions");
    }
}

static void applications_read(struct reader *reader, const json_t *spec, struct migration *ret)
{
    const json_t *list = reader_list(reader, spec, "applications");
    ret->application_count = json_array_size(list);
    if (ret->application_count == 0) {
        return;
    }
    ret->applications =
        arena_array(reader->arena, ret->application_count, sizeof(*ret->applications));
    for (size_t i = 0; i < ret->application_count; i++) {
        size_t mark = reader_enter_item(reader, "applications", i);
        application_read(reader, json_array_get(list, i), &ret->applications[i]);
        reader_leave(reader, mark);
    }
}

static void requirement_read(struct reader *reader, const json_t *object, struct requirement *ret)
{
    static const char *const newer_than[] = {"Migration"};
    struct word_list list = {newer_than, ARRAY_LEN(newer_than)};
    *ret = (struct requirement){
        .api_version = reader_required_text(reader, object, "apiVersion"),
        .kind = reader_required_text(reader, object, "kind"),
        .name = reader_required_text(reader, object, "name"),
        .condition = reader_text(reader, object, "condition"),
        .newer_than_migration =
            reader_word(reader, object, "newerThan", list, list.count) < list.count,
    };
    if (ret->condition != NULL && is_data(ret->api_version, ret->kind)) {
        reader_refuse(reader, "condition", "is \"%s\", and a %s has no conditions; remove it",
                      ret->condition, ret->kind);
    }
}

static void requires_read(struct reader *reader, const json_t *spec, struct migration *ret)
{
    const json_t *list = reader_list(reader, spec, "requires");
    ret->requirement_count = json_array_size(list);
    ret->requirements =
        arena_array(reader->arena, ret->requirement_count, sizeof(*ret->requirements));
    for (size_t i = 0; i < ret->requirement_count; i++) {
        size_t mark = reader_enter_item(reader, "requires", i);
        requirement_read(reader, json_array_get(list, i), &ret->requirements[i]);
        reader_leave(reader, mark);
    }
}

static void inherit_from_read(struct reader *reader, const json_t *run, struct inherit_from *ret)
{
    const json_t *container = reader_object(reader, run, "container");
    size_t mark = reader_enter(reader, "container");
    const json_t *from = reader_object(reader, container, "inheritFrom");
    if (from != NULL) {
        (void)reader_enter(reader, "inheritFrom");
        *ret = (struct inherit_from){
            .kind = inherited_kind_read(reader, from),
            .name = reader_required_text(reader, from, "name"),
            .container = reader_text(reader, from, "container"),
        };
    }
    reader_leave(reader, mark);
}

/* run.verify and run.recover: their command goes to the Job as it stands. */
static void step_check(struct reader *reader, const json_t *run, const char *key)
{
    const json_t *step = reader_object(reader, run, key);
    size_t mark = reader_enter(reader, key);
    size_t count = 0;
    (void)reader_texts(reader, step, "command", &count);
    if (step != NULL && count == 0) {
        reader_refuse(reader, "command", "is missing; it says what to run");
    }
    reader_leave(reader, mark);
}

static void run_read(struct reader *reader, const json_t *spec, struct migration *ret)
{
    const json_t *run = reader_object(reader, spec, "run");
    if (run == NULL) {
        reader_refuse(reader, "run", "is missing; it says what to run");
    }
    size_t mark = reader_enter(reader, "run");
    ret->retries = reader_number(reader, run, "retries", 0);
    ret->on_interruption = (enum on_interruption)reader_word(
        reader, run, "onInterruption",
        (struct word_list){on_interruption, ARRAY_LEN(on_interruption)}, ON_INTERRUPTION_FAIL);
    ret->timeout_s = reader_duration_s(reader, run, "timeout", 0);
    ret->start_timeout_s = reader_duration_s(reader, run, "startTimeout", 0);
    ret->keep_for_s = reader_duration_s(reader, run, "keepFor", -1);
    if (ret->retries < 0) {
        reader_refuse(reader, "retries", "%lld is less than 0; write 0 or more",
                      (long long)ret->retries);
    }
    if (ret->keep_for_s != -1 && ret->keep_for_s < KEEP_FOR_MIN_S) {
        reader_refuse(reader, "keepFor", "\"%s\" is too short; it must be at least 10m",
                      reader_text(reader, run, "keepFor"));
    }
    bool has_container = reader_object(reader, run, "container") != NULL;
    bool has_template = reader_object(reader, run, "podTemplate") != NULL;
    if (has_container == has_template) {
        reader_refuse(reader, NULL, "has %s of container and podTemplate; give exactly one",
                      has_container ? "both" : "none");
    }
    inherit_from_read(reader, run, &ret->inherit_from);
    step_check(reader, run, "verify");
    step_check(reader, run, "recover");
    reader_leave(reader, mark);
}

/* A window without a schedule is a mistake, and never one that is always open. */
static struct window_spec window_read(struct reader *reader, const json_t *spec)
{
    const json_t *window = reader_object(reader, spec, "window");
    if (window == NULL) {
        return (struct window_spec){0};
    }
    size_t mark = reader_enter(reader, "window");
    struct window_spec read = {
        .schedule = reader_required_text(reader, window, "schedule"),
        .zone_name = reader_text(reader, window, "timeZone"),
        .must_finish = reader_flag(reader, window, "mustFinish"),
    };
    const char *duration = reader_required_text(reader, window, "duration");
    read.duration_s = reader_duration_s(reader, window, "duration", 0);
    if (read.duration_s < WINDOW_MIN_S || read.duration_s > WINDOW_MAX_S) {
        reader_refuse(reader, "duration", "\"%s\" must be between 1m and 8784h", duration);
    }
    reader_leave(reader, mark);
    return read;
}

/* The API server refuses a longer one, unless its schema is an older one. */
static int64_t soak_read(struct reader *reader, const json_t *object, const char *key)
{
    int64_t soak_s = reader_duration_s(reader, object, key, 0);
    if (soak_s > SOAK_MAX_S) {
        reader_refuse(reader, key, "\"%s\" is too long; it must be at most 87600h",
                      reader_text(reader, object, key));
    }
    return soak_s;
}

/* "orders", or "shop/orders". What is neither is the name of no Database. */
static void database_name_read(struct reader *reader, const json_t *spec, struct migration *ret)
{
    ret->database = reader_required_text(reader, spec, "database");
    ret->database_ns = str_or_empty(ret->meta.ns);
    ret->database_name = str_or_empty(ret->database);
    const char *slash = strchr(ret->database_name, '/');
    if (slash == NULL) {
        return;
    }
    if (slash == ret->database_name || slash[1] == '\0' || strchr(slash + 1, '/') != NULL) {
        reader_refuse(reader, "database",
                      "\"%s\" is no name; write one such as orders or shop/orders", ret->database);
        return;
    }
    ret->database_ns =
        arena_strndup(reader->arena, ret->database_name, (size_t)(slash - ret->database_name));
    ret->database_name = slash + 1;
}

static void spec_read(struct reader *reader, const json_t *object, bool is_done,
                      struct migration *ret)
{
    const json_t *spec = reader_object(reader, object, "spec");
    size_t mark = reader_enter(reader, "spec");
    database_name_read(reader, spec, ret);
    /* The strictest step where it cannot be read. */
    ret->step = (enum step)reader_required_word(
        reader, spec, "step", (struct word_list){steps, ARRAY_LEN(steps)}, STEP_CONTRACT);
    ret->from_version = reader_text(reader, spec, "fromVersion");
    ret->to_version = reader_required_text(reader, spec, "toVersion");
    if (!is_done) {
        applications_read(reader, spec, ret);
    }
    enum rollout by_step = ret->step == STEP_EXPAND ? ROLLOUT_ANY : ROLLOUT_SETTLED;
    ret->rollout = (enum rollout)reader_word(
        reader, spec, "rollout", (struct word_list){rollouts, ARRAY_LEN(rollouts)}, by_step);
    ret->soak_s = soak_read(reader, spec, "soak");
    ret->suspend = reader_flag(reader, spec, "suspend");
    if (!is_done) {
        ret->after = reader_texts(reader, spec, "after", &ret->after_count);
        requires_read(reader, spec, ret);
        ret->approval = (enum approval_need)reader_word(
            reader, spec, "approval", (struct word_list){approvals, ARRAY_LEN(approvals)},
            APPROVAL_NONE);
        ret->not_before_s = reader_time(reader, spec, "notBefore");
        ret->window = window_read(reader, spec);
    }
    ret->ready_when = (enum ready_when)reader_word(
        reader, spec, "readyWhen", (struct word_list){ready_when, ARRAY_LEN(ready_when)},
        READY_WHEN_SUCCEEDED);
    run_read(reader, spec, ret);
    reader_leave(reader, mark);
}

/* See decode.h. */
static bool is_done(const json_t *object, const struct meta *meta)
{
    const json_t *status = json_object_get(object, "status");
    const char *phase = json_string_value(json_object_get(status, "phase"));
    const json_t *observed = json_object_get(status, "observedGeneration");
    const json_t *attempt = json_object_get(status, "attempt"); /* none: it was already applied */
    const char *outcome = json_string_value(json_object_get(attempt, "outcome"));
    if (attempt != NULL && !str_eq(outcome, outcome_name(OUTCOME_SUCCEEDED))) {
        return false;
    }
    return str_eq(phase, phase_name(PHASE_SUCCEEDED)) &&
           json_integer_value(observed) == meta->generation && !meta->has_finalizer &&
           meta->deleted_s == 0;
}

/* The run as text: a migration that succeeded needs it never again. */
static const char *run_text(struct arena *arena, const json_t *spec)
{
    const json_t *run = json_object_get(spec, "run");
    if (!json_is_object(run)) {
        return NULL;
    }
    CLEANUP(mem_free_text) char *text = json_dumps(run, JSON_COMPACT);
    return arena_strdup(arena, text);
}

bool migration_decode(struct arena *arena, const json_t *object, struct migration *ret,
                      struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    *ret = (struct migration){
        .retry = meta_annotation_number(object, ANNOTATION_RETRY),
        .confirm_ended = meta_annotation_number(object, ANNOTATION_CONFIRM_ENDED),
        .abandon = str_eq(meta_annotation_get(object, ANNOTATION_ABANDON), "true"),
    };
    meta_read(&reader, object, FINALIZER_MIGRATION, &ret->meta);
    bool done = is_done(object, &ret->meta);
    migration_status_read(&reader, object, done, &ret->status);
    if (reader_has_failed(&reader)) {
        *err = reader.err;
        return false;
    }
    spec_read(&reader, object, done, ret);
    ret->database_key = arena_printf(arena, "%s/%s", ret->database_ns, ret->database_name);
    if (reader_has_failed(&reader)) {
        ret->spec_error = arena_strdup(arena, reader.err.text);
    }
    const json_t *spec = json_object_get(object, "spec");
    if (!done) {
        ret->spec_hash = spec_hash(arena, spec);
    }
    if (ret->status.phase != PHASE_SUCCEEDED) {
        ret->run = run_text(arena, spec);
    }
    return true;
}

/* A mistake in it closes a gate of the Database's migrations; the ledger is read all the same. */
static struct window_spec default_window_read(struct arena *arena, const json_t *spec)
{
    struct reader reader;
    reader_init(&reader, arena);
    (void)reader_enter(&reader, "spec");
    struct window_spec window = window_read(&reader, spec);
    if (reader_has_failed(&reader)) {
        window.error = arena_strdup(arena, reader.err.text);
    }
    return window;
}

/* Likewise. */
static struct soak_policy least_soak_read(struct arena *arena, const json_t *spec)
{
    struct reader reader;
    struct soak_policy policy = {0};
    reader_init(&reader, arena);
    (void)reader_enter(&reader, "spec");
    const json_t *soak = reader_object(&reader, spec, "soak");
    (void)reader_enter(&reader, "soak");
    for (enum step step = 0; step < STEP_MAX; step++) {
        policy.least_s[step] = soak_read(&reader, soak, step_name(step));
    }
    if (reader_has_failed(&reader)) {
        policy.error = arena_strdup(arena, reader.err.text);
    }
    return policy;
}

/* Where it cannot be read, nobody else is allowed. */
static void allowed_read(struct arena *arena, const json_t *spec, struct database *ret)
{
    struct reader reader;
    size_t count = 0;
    reader_init(&reader, arena);
    ret->allowed = reader_texts(&reader, spec, "allowedNamespaces", &count);
    ret->allowed_count = reader_has_failed(&reader) ? 0 : count;
}

/* What cannot be read asks for an approval of every step. */
static unsigned approval_for_read(struct arena *arena, const json_t *spec)
{
    struct reader reader;
    reader_init(&reader, arena);
    size_t count = 0;
    const char **words = reader_texts(&reader, spec, "approvalFor", &count);
    unsigned found = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned step = 0;
        while (step < STEP_MAX && !str_eq(words[i], steps[step])) {
            step++;
        }
        found |= step == STEP_MAX ? STEPS_ALL : STEP_BIT(step);
    }
    return reader_has_failed(&reader) ? STEPS_ALL : found;
}

bool database_decode(struct arena *arena, const json_t *object, struct database *ret,
                     struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    *ret = (struct database){
        .confirm_ended = meta_annotation_number(object, ANNOTATION_CONFIRM_ENDED),
    };
    meta_read(&reader, object, FINALIZER_MIGRATION, &ret->meta);
    const json_t *spec = reader_object(&reader, object, "spec");
    size_t mark = reader_enter(&reader, "spec");
    ret->baseline = reader_text(&reader, spec, "baseline");
    ret->approval_for = approval_for_read(arena, spec);
    ret->window = default_window_read(arena, spec);
    ret->soak = least_soak_read(arena, spec);
    allowed_read(arena, spec, ret);
    reader_leave(&reader, mark);
    database_status_read(&reader, object, ret);
    if (reader_has_failed(&reader)) {
        *err = reader.err;
        return false;
    }
    return true;
}
