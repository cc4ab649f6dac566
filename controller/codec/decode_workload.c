/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' own kinds: workloads and Jobs. Pods are in decode_pod.c. */
#include "base/str.h"
#include "codec/decode.h"
#include "codec/meta.h"
#include "codec/other_workload.h"
#include "codec/pod_template.h"
#include "codec/reader.h"

#define ANNOTATION_DEPLOYMENT_REVISION "deployment.kubernetes.io/revision"

static bool done(const struct reader *reader, struct err *err)
{
    if (reader_has_failed(reader)) {
        *err = reader->err;
        return false;
    }
    return true;
}

/* What the workload's controller says in words. A condition is told by its type and status alone. */
static void conditions_read(struct reader *reader, const json_t *status, struct workload *ret)
{
    const json_t *hanging = meta_condition_get(status, "Progressing", "False");
    const json_t *going = meta_condition_get(status, "Progressing", "True");
    size_t mark = reader_enter(reader, "conditions");
    ret->progress = reader_text(reader, hanging != NULL ? hanging : going, "reason");
    ret->hang = reader_text(reader, hanging, "message");
    ret->create_failure =
        reader_text(reader, meta_condition_get(status, "ReplicaFailure", "True"), "message");
    reader_leave(reader, mark);
}

static void strategy_read(struct reader *reader, const json_t *spec, struct workload *ret)
{
    const json_t *strategy = reader_object(reader, spec, "updateStrategy");
    size_t mark = reader_enter(reader, "updateStrategy");
    ret->is_on_delete = str_eq(reader_text(reader, strategy, "type"), "OnDelete");
    const json_t *rolling = reader_object(reader, strategy, "rollingUpdate");
    (void)reader_enter(reader, "rollingUpdate");
    ret->partition = reader_number(reader, rolling, "partition", 0);
    reader_leave(reader, mark);
}

static void template_read(struct reader *reader, const json_t *spec, struct workload *ret)
{
    const json_t *template = reader_object(reader, spec, "template");
    size_t mark = reader_enter(reader, "template");
    version_facts_read(reader, template, &ret->pod_template);
    reader_leave(reader, mark);
}

static void cron_job_read(struct reader *reader, const json_t *object, struct workload *ret)
{
    const json_t *spec = reader_object(reader, object, "spec");
    size_t mark = reader_enter(reader, "spec");
    const json_t *job = reader_object(reader, spec, "jobTemplate");
    (void)reader_enter(reader, "jobTemplate");
    const json_t *job_spec = reader_object(reader, job, "spec");
    (void)reader_enter(reader, "spec");
    template_read(reader, job_spec, ret);
    reader_leave(reader, mark);
}

/* One that is not over may make pods yet, also while it is suspended. */
static void job_maker_read(struct reader *reader, const json_t *object, struct workload *ret)
{
    const json_t *spec = reader_object(reader, object, "spec");
    const json_t *status = reader_object(reader, object, "status");
    bool is_over = meta_condition_get(status, "Complete", "True") != NULL ||
                   meta_condition_get(status, "Failed", "True") != NULL;
    size_t mark = reader_enter(reader, "spec");
    int64_t pods = reader_number(reader, spec, "parallelism", 1);
    ret->desired = is_over ? 0 : pods > 0 ? pods : 1;
    template_read(reader, spec, ret);
    reader_leave(reader, mark);
}

static void counts_read(struct reader *reader, const json_t *object, struct workload *ret)
{
    const json_t *spec = reader_object(reader, object, "spec");
    const json_t *status = reader_object(reader, object, "status");
    bool is_daemon_set = ret->kind == WORKLOAD_DAEMON_SET;
    size_t mark = reader_enter(reader, "status");
    ret->observed_generation = reader_number(reader, status, "observedGeneration", 0);
    ret->replicas =
        reader_number(reader, status, is_daemon_set ? "currentNumberScheduled" : "replicas", 0);
    ret->updated = reader_number(reader, status,
                                 is_daemon_set ? "updatedNumberScheduled" : "updatedReplicas", 0);
    ret->ready = reader_number(reader, status, is_daemon_set ? "numberReady" : "readyReplicas", 0);
    if (is_daemon_set) {
        ret->desired = reader_number(reader, status, "desiredNumberScheduled", 0);
    }
    ret->current_revision = reader_text(reader, status, "currentRevision");
    ret->update_revision = reader_text(reader, status, "updateRevision");
    conditions_read(reader, status, ret);
    reader_leave(reader, mark);
    mark = reader_enter(reader, "spec");
    strategy_read(reader, spec, ret);
    if (!is_daemon_set) {
        ret->desired = reader_number(reader, spec, "replicas", 1);
    }
    ret->paused = reader_flag(reader, spec, "paused");
    ret->selector = meta_selector_read(reader, spec, "selector");
    template_read(reader, spec, ret);
    reader_leave(reader, mark);
}

/* What of it differs by its kind. */
static void kind_read(struct reader *reader, const json_t *object, struct workload *ret)
{
    switch (ret->kind) {
    case WORKLOAD_CRON_JOB:
        cron_job_read(reader, object, ret);
        break;
    case WORKLOAD_JOB:
        job_maker_read(reader, object, ret);
        break;
    case WORKLOAD_OTHER:
        other_workload_read(reader->arena, object, ret);
        break;
    case WORKLOAD_DEPLOYMENT:
    case WORKLOAD_STATEFUL_SET:
    case WORKLOAD_DAEMON_SET:
    case WORKLOAD_REPLICA_SET:
    case WORKLOAD_KIND_MAX:
        counts_read(reader, object, ret);
        break;
    }
}

/* But for Deployments none has a number of its rollouts, or tells a time. */
static void rollout_read(struct reader *reader, const json_t *object, struct workload *ret)
{
    if (ret->kind != WORKLOAD_DEPLOYMENT) {
        ret->revision = arena_printf(reader->arena, "%lld", (long long)ret->meta.generation);
        return;
    }
    ret->revision =
        arena_strdup(reader->arena, meta_annotation_get(object, ANNOTATION_DEPLOYMENT_REVISION));
    const json_t *status = reader_object(reader, object, "status");
    size_t mark = reader_enter(reader, "status");
    const json_t *progressing = meta_condition_get(status, "Progressing", "True");
    if (str_eq(json_string_value(json_object_get(progressing, "reason")),
               "NewReplicaSetAvailable")) {
        (void)reader_enter(reader, "conditions");
        ret->rolled_out_s = reader_time(reader, progressing, "lastUpdateTime");
    }
    reader_leave(reader, mark);
}

bool workload_decode(struct arena *arena, const json_t *object, enum workload_kind kind,
                     struct workload *ret, struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    *ret = (struct workload){.kind = kind};
    meta_read(&reader, object, FINALIZER_OUTCOME, &ret->meta);
    kind_read(&reader, object, ret);
    rollout_read(&reader, object, ret);
    const json_t *metadata = reader_object(&reader, object, "metadata");
    size_t mark = reader_enter(&reader, "metadata");
    ret->labels = reader_pairs(&reader, metadata, "labels", SIZE_MAX);
    reader_leave(&reader, mark);
    return done(&reader, err);
}

static int64_t label_number(const json_t *object, const char *key)
{
    uint64_t number = 0;
    if (!str_parse_u64(meta_label_get(object, key), &number) || number > INT64_MAX) {
        return 0;
    }
    return (int64_t)number;
}

static bool has_migration_owner(const json_t *object)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const json_t *owners = json_object_get(metadata, "ownerReferences");
    size_t i = 0;
    json_t *owner = NULL;
    json_array_foreach(owners, i, owner)
    {
        const char *api_version = json_string_value(json_object_get(owner, "apiVersion"));
        if (api_version != NULL && str_starts_with(api_version, API_GROUP "/") &&
            str_eq(json_string_value(json_object_get(owner, "kind")), "SchemaMigration")) {
            return true;
        }
    }
    return false;
}

static void job_status_read(struct reader *reader, const json_t *object, struct job *ret)
{
    const json_t *status = reader_object(reader, object, "status");
    size_t mark = reader_enter(reader, "status");
    ret->active = reader_number(reader, status, "active", 0);
    ret->ready = reader_number(reader, status, "ready", 0);
    ret->succeeded = reader_number(reader, status, "succeeded", 0);
    ret->failed = reader_number(reader, status, "failed", 0);
    ret->start_s = reader_time(reader, status, "startTime");
    ret->completion_s = reader_time(reader, status, "completionTime");
    ret->is_complete = meta_condition_get(status, "Complete", "True") != NULL;
    const json_t *failed = meta_condition_get(status, "Failed", "True");
    ret->is_failed = failed != NULL;
    (void)reader_enter(reader, "conditions");
    ret->failed_reason = reader_text(reader, failed, "reason");
    ret->failed_message = reader_text(reader, failed, "message");
    ret->failed_s = reader_time(reader, failed, "lastTransitionTime");
    reader_leave(reader, mark);
}

bool job_decode(struct arena *arena, const json_t *object, struct job *ret, struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    *ret = (struct job){
        .migration_uid = arena_strdup(arena, meta_label_get(object, LABEL_MIGRATION_UID)),
        .migration = arena_strdup(arena, meta_label_get(object, LABEL_MIGRATION)),
        .database = arena_strdup(arena, meta_label_get(object, LABEL_DATABASE)),
        .database_ns = arena_strdup(arena, meta_label_get(object, LABEL_DATABASE_NAMESPACE)),
        .attempt = label_number(object, LABEL_ATTEMPT),
        .spec_hash = arena_strdup(arena, meta_annotation_get(object, ANNOTATION_SPEC_HASH)),
        .to_version = arena_strdup(arena, meta_annotation_get(object, ANNOTATION_TO_VERSION)),
        .has_owner = has_migration_owner(object),
    };
    meta_read(&reader, object, FINALIZER_OUTCOME, &ret->meta);
    const json_t *spec = reader_object(&reader, object, "spec");
    size_t mark = reader_enter(&reader, "spec");
    ret->parallelism = reader_number(&reader, spec, "parallelism", 1);
    ret->backoff_limit = reader_number(&reader, spec, "backoffLimit", 0);
    ret->is_suspended = reader_flag(&reader, spec, "suspend");
    ret->active_deadline_s = reader_number(&reader, spec, "activeDeadlineSeconds", 0);
    reader_leave(&reader, mark);
    job_status_read(&reader, object, ret);
    return done(&reader, err);
}
