/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "codec/inherit.h"
#include "codec/job_steps.h"
#include "codec/meta.h"
#include "codec/pod_template.h"
#include "codec/writer.h"

#define JOB_NAME_MAX 63
#define UID_PART_LEN 8
#define MANAGED_BY   "app.kubernetes.io/managed-by"

char *job_name(struct arena *arena, const struct meta *migration, int64_t attempt)
{
    char tail[40];
    int tail_len =
        snprintf(tail, sizeof(tail), "-%.*s-%" PRId64, UID_PART_LEN, migration->uid, attempt);
    size_t len = strlen(migration->name);
    size_t room = JOB_NAME_MAX - (size_t)tail_len;
    if (len > room) {
        len = room;
        while (len > 0 && (migration->name[len - 1] == '.' || migration->name[len - 1] == '-')) {
            len--;
        }
    }
    char *name = arena_printf(arena, "%.*s%s", (int)len, migration->name, tail);
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '.') {
            name[i] = '-'; /* a dot would end up in the pod's host name */
        }
    }
    return name;
}

/* ---- the pod spec of the run ---- */

/* The entry's place in a list of env; the list's length when it is not there. */
static size_t env_index(const json_t *env, const char *name)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(env, i, item)
    {
        if (name != NULL && str_eq(json_string_value(json_object_get(item, "name")), name)) {
            break;
        }
    }
    return i;
}

/*
 * Ours wins by name, in the place of the inherited one, so that inherited entries that refer to it by
 * $(NAME) see the new value; new ones come last, where they can refer to all that is inherited.
 */
static void merge_env(json_t *container, const json_t *ours)
{
    if (json_array_size(ours) == 0) {
        return;
    }
    json_t *env = json_object_get(container, "env");
    if (env == NULL) {
        env = json_array();
        (void)json_object_set_new(container, "env", env);
    }
    size_t inherited = json_array_size(env);
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(ours, i, item)
    {
        size_t at = env_index(env, json_string_value(json_object_get(item, "name")));
        if (at < inherited) {
            (void)json_array_set_new(env, at, json_deep_copy(item));
        } else {
            (void)json_array_append_new(env, json_deep_copy(item));
        }
    }
}

/* Later sources win over earlier ones, so ours come last. */
static void append_env_from(json_t *container, const json_t *ours)
{
    if (json_array_size(ours) == 0) {
        return;
    }
    json_t *sources = json_object_get(container, "envFrom");
    if (sources == NULL) {
        sources = json_array();
        (void)json_object_set_new(container, "envFrom", sources);
    }
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(ours, i, item)
    {
        (void)json_array_append_new(sources, json_deep_copy(item));
    }
}

static void replace_filled(json_t *container, const json_t *ours, const char *key)
{
    const json_t *value = json_object_get(ours, key);
    if (json_is_string(value) || json_object_size(value) > 0 || json_array_size(value) > 0) {
        (void)json_object_set_new(container, key, json_deep_copy(value));
    }
}

static bool add_own_fields(json_t *container, const json_t *ours, struct err *err)
{
    replace_filled(container, ours, "image");
    replace_filled(container, ours, "command");
    replace_filled(container, ours, "args");
    replace_filled(container, ours, "resources");
    merge_env(container, json_object_get(ours, "env"));
    append_env_from(container, json_object_get(ours, "envFrom"));
    if (str_is_empty(json_string_value(json_object_get(container, "image")))) {
        return err_set(err, ERR_INVALID,
                       "spec.run.container.image: is missing; give an image, or inheritFrom");
    }
    return true;
}

/* The template of a run.container. New, or NULL with err. */
static json_t *template_of_container(const struct migration *m, const json_t *ours,
                                     const json_t *workload, struct err *err)
{
    json_t *spec = NULL;
    if (json_object_get(ours, "inheritFrom") == NULL) {
        json_t *containers = json_array();
        (void)json_array_append_new(containers, writer_pair("name", json_string(RUN_CONTAINER)));
        spec = writer_pair("containers", containers);
    } else if (workload == NULL) {
        err_set(err, ERR_NOT_FOUND, "spec.run.container.inheritFrom: there is no %s/%s",
                workload_kind_name(m->inherit_from.kind), m->inherit_from.name);
        return NULL;
    } else {
        spec = inherit_pod_spec(workload, &m->inherit_from, err);
    }
    if (spec == NULL) {
        return NULL;
    }
    json_t *container = json_array_get(json_object_get(spec, "containers"), 0);
    json_t *template = json_object();
    json_t *metadata = json_object();
    replace_filled(metadata, ours, "labels");
    replace_filled(metadata, ours, "annotations");
    (void)json_object_set_new(template, "metadata", metadata);
    (void)json_object_set_new(template, "spec", spec);
    if (!add_own_fields(container, ours, err)) {
        json_decref(template);
        return NULL;
    }
    return template;
}

/* ---- what every run's pod has ---- */

/*
 * The container whose exit code is the run's, borrowed: the one that the usual annotation names, else
 * the only one.
 */
static json_t *run_container(const json_t *template, struct err *err)
{
    const json_t *containers = json_object_get(json_object_get(template, "spec"), "containers");
    const char *name = meta_annotation_get(template, ANNOTATION_DEFAULT_CONTAINER);
    size_t count = json_array_size(containers);
    if (name == NULL && count == 1) {
        return json_array_get(containers, 0);
    }
    size_t at = env_index(containers, name);
    if (at < count) {
        return json_array_get(containers, at);
    }
    if (count == 0) {
        err_set(err, ERR_INVALID,
                "spec.run.podTemplate.spec.containers: is missing; it says what to run");
    } else if (name == NULL) {
        err_set(err, ERR_INVALID,
                "spec.run.podTemplate.spec.containers: has %zu containers; name the one that is "
                "the run in the template's annotation " ANNOTATION_DEFAULT_CONTAINER,
                count);
    } else {
        err_set(err, ERR_INVALID,
                "spec.run.podTemplate.metadata.annotations: " ANNOTATION_DEFAULT_CONTAINER
                " names \"%s\", and there is no such container; name one that there is",
                name);
    }
    return NULL;
}

/* The object in parent[key], made where it is missing; NULL when something else is there. */
static json_t *object_in(json_t *parent, const char *key)
{
    json_t *value = json_object_get(parent, key);
    if (value == NULL || json_is_null(value)) {
        value = json_object();
        (void)json_object_set_new(parent, key, value);
    }
    return json_is_object(value) ? value : NULL;
}

static void write_labels(json_t *labels, const struct migration *m, int64_t attempt)
{
    char number[24];
    (void)snprintf(number, sizeof(number), "%" PRId64, attempt);
    write_text(labels, MANAGED_BY, "interlude");
    write_text(labels, LABEL_DATABASE, m->database_name);
    write_text(labels, LABEL_DATABASE_NAMESPACE, m->database_ns);
    write_text(labels, LABEL_MIGRATION, m->meta.name);
    write_text(labels, LABEL_MIGRATION_UID, m->meta.uid);
    write_text(labels, LABEL_ATTEMPT, number);
}

static bool mark_metadata(json_t *template, const struct migration *m, int64_t attempt,
                          struct err *err)
{
    json_t *metadata = object_in(template, "metadata");
    json_t *labels = metadata == NULL ? NULL : object_in(metadata, "labels");
    json_t *annotations = metadata == NULL ? NULL : object_in(metadata, "annotations");
    json_t *finalizers = json_object_get(metadata, "finalizers");
    if (labels == NULL || annotations == NULL) {
        return err_set(err, ERR_INVALID,
                       "spec.run.podTemplate.metadata: labels and annotations must be maps of "
                       "texts");
    }
    write_labels(labels, m, attempt);
    write_text(annotations, "cluster-autoscaler.kubernetes.io/safe-to-evict", "false");
    write_text(annotations, "karpenter.sh/do-not-disrupt", "true");
    if (!json_is_array(finalizers)) {
        finalizers = json_array();
        (void)json_object_set_new(metadata, "finalizers", finalizers);
    }
    (void)json_array_append_new(finalizers, json_string(FINALIZER_OUTCOME));
    return true;
}

/* One container starts once: neither the pod nor a rule of a single container starts it again. */
static void forbid_restarts(json_t *spec)
{
    write_text(spec, "restartPolicy", "Never");
    size_t i = 0;
    json_t *container = NULL;
    json_array_foreach(json_object_get(spec, "containers"), i, container)
    {
        (void)json_object_del(container, "restartPolicy");
        (void)json_object_del(container, "restartPolicyRules");
    }
}

/* No pod starts but the one that is let through (domain/podgate.h). Gates of the user's own stay. */
static bool hold_start(json_t *spec, struct err *err)
{
    json_t *gates = json_object_get(spec, "schedulingGates");
    if (gates == NULL || json_is_null(gates)) {
        gates = json_array();
        (void)json_object_set_new(spec, "schedulingGates", gates);
    }
    if (!json_is_array(gates)) {
        return err_set(err, ERR_INVALID,
                       "spec.run.podTemplate.spec.schedulingGates: must be a list");
    }
    (void)json_array_append_new(gates, writer_pair("name", json_string(SCHEDULING_GATE)));
    return true;
}

/* The template of the run, complete. New, or NULL with err. */
static json_t *template_build(const struct migration *m, int64_t attempt, const json_t *workload,
                              struct err *err)
{
    json_auto_t *run = json_loads(m->run, 0, NULL);
    const json_t *ours = json_object_get(run, "container");
    const json_t *given = json_object_get(run, "podTemplate");
    json_auto_t *template = json_is_object(ours) ? template_of_container(m, ours, workload, err)
                                                 : json_deep_copy(given);
    if (template == NULL) {
        if (ours == NULL && given == NULL) {
            err_set(err, ERR_INVALID, "spec.run: has none of container and podTemplate");
        }
        return NULL;
    }
    json_t *container = run_container(template, err);
    if (container == NULL || !mark_metadata(template, m, attempt, err)) {
        return NULL;
    }
    write_text(container, "terminationMessagePolicy", "FallbackToLogsOnError");
    write_text(json_object_get(json_object_get(template, "metadata"), "annotations"),
               ANNOTATION_DEFAULT_CONTAINER, json_string_value(json_object_get(container, "name")));
    json_t *spec = json_object_get(template, "spec");
    forbid_restarts(spec);
    if (!hold_start(spec, err) ||
        !job_steps_add(template, run, m->status.attempt.is_recovery_due, err)) {
        return NULL;
    }
    return json_incref(template);
}

/* ---- the Job ---- */

/*
 * The run is over when its pod is disrupted and when any of its containers fails: no pod is ever made in
 * its place. backoffLimit says the same, but can be edited while the run goes on; this cannot.
 */
static json_t *failure_policy(void)
{
    return json_pack("{s:[{s:s, s:[{s:s, s:s}]}, {s:s, s:{s:s, s:[i]}}]}", "rules", "action",
                     "FailJob", "onPodConditions", "type", "DisruptionTarget", "status", "True",
                     "action", "FailJob", "onExitCodes", "operator", "NotIn", "values", 0);
}

static json_t *job_metadata(struct arena *arena, const struct migration *m, int64_t attempt)
{
    json_t *metadata = json_object();
    write_text(metadata, "name", job_name(arena, &m->meta, attempt));
    write_text(metadata, "namespace", m->meta.ns);
    json_t *labels = json_object();
    write_labels(labels, m, attempt);
    (void)json_object_set_new(metadata, "labels", labels);
    json_t *annotations = json_object();
    write_text(annotations, ANNOTATION_SPEC_HASH, m->spec_hash);
    write_text(annotations, ANNOTATION_TO_VERSION, m->to_version);
    (void)json_object_set_new(metadata, "annotations", annotations);
    return metadata;
}

json_t *job_build(struct arena *arena, const struct migration *m, int64_t attempt,
                  const json_t *workload, struct err *err)
{
    json_t *template = template_build(m, attempt, workload, err);
    if (template == NULL) {
        return NULL;
    }
    json_t *spec = json_object();
    write_number(spec, "parallelism", 0);
    write_number(spec, "completions", 1);
    write_number(spec, "backoffLimit", 0);
    write_text(spec, "podReplacementPolicy", "Failed");
    (void)json_object_set_new(spec, "podFailurePolicy", failure_policy());
    (void)json_object_set_new(spec, "template", template);
    json_t *job = json_object();
    write_text(job, "apiVersion", "batch/v1");
    write_text(job, "kind", "Job");
    (void)json_object_set_new(job, "metadata", job_metadata(arena, m, attempt));
    (void)json_object_set_new(job, "spec", spec);
    return job;
}

const char *job_run_container(const json_t *job)
{
    const json_t *template = json_object_get(json_object_get(job, "spec"), "template");
    return meta_annotation_get(template, ANNOTATION_DEFAULT_CONTAINER);
}

json_t *job_dry_run_pod(const json_t *job)
{
    const json_t *job_metadata_json = json_object_get(job, "metadata");
    const json_t *template = json_object_get(json_object_get(job, "spec"), "template");
    json_t *pod = json_deep_copy(template);
    json_t *metadata = json_object_get(pod, "metadata");
    (void)json_object_del(metadata, "name");
    (void)json_object_set_new(
        metadata, "generateName",
        json_sprintf("%s-", json_string_value(json_object_get(job_metadata_json, "name"))));
    write_text(metadata, "namespace",
               json_string_value(json_object_get(job_metadata_json, "namespace")));
    write_text(pod, "apiVersion", "v1");
    write_text(pod, "kind", "Pod");
    return pod;
}
