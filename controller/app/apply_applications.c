/* SPDX-License-Identifier: Apache-2.0 */
/* The applications, with what makes their pods, and the pods, read anew before the start (R7). */
#include <string.h>

#include "app/applications.h"
#include "app/apply.h"
#include "app/resource.h"
#include "base/str.h"
#include "codec/decode.h"
#include "domain/application_name.h"
#include "domain/selector.h"
#include "kube/path.h"

static struct work *work_of(struct task *task)
{
    return (struct work *)(void *)task;
}

static void get(struct work *work, const char *path, task_fn *fn, size_t index)
{
    struct kube_call call = {.method = KUBE_GET, .path = path};
    task_call(&work->task, &call, fn, index);
}

/* ---- what the answers tell ---- */

/* The items of a list, or the object itself, as an array of borrowed references. */
static size_t item_count(const json_t *body)
{
    const json_t *items = json_object_get(body, "items");
    return items == NULL ? 1 : json_array_size(items);
}

static const json_t *item_at(const json_t *body, size_t i)
{
    const json_t *items = json_object_get(body, "items");
    return items == NULL ? body : json_array_get(items, i);
}

static const struct workload **decode_workloads(struct work *work, enum workload_kind kind,
                                                const struct kube_response *response,
                                                size_t *ret_count)
{
    struct arena *arena = &work->learnt.arena;
    size_t count = item_count(response->body);
    const struct workload **workloads = arena_array(arena, count, sizeof(const struct workload *));
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        struct workload *workload = arena_alloc(arena, sizeof(*workload));
        if (!workload_decode(arena, item_at(response->body, i), kind, workload, &err)) {
            task_fail_with(&work->task, &err);
            return workloads;
        }
        workloads[(*ret_count)++] = workload;
    }
    return workloads;
}

/* The migration that the look is for: its applications cannot have changed, or the look is void. */
static const struct application *application_at(const struct work *work, size_t index)
{
    const struct migration *migration = apply_migration(work);
    return migration == NULL || index >= migration->application_count
               ? NULL
               : &migration->applications[index];
}

/* As in learnt.looked_for: whose pods are asked for, and by which selector. */
static char *mark_of(struct arena *arena, const struct workload *workload)
{
    return arena_printf(arena, "\n%s %s\n", workload->meta.uid,
                        selector_text(arena, &workload->selector));
}

/*
 * A workload that the caches did not know, or by another selector, has pods that nobody asked for: the look is void.
 */
static void fail_if_pods_are_missing(struct work *work, size_t index)
{
    const struct application_seen *seen = &work->learnt.applications[index];
    for (size_t i = 0; i < seen->workload_count; i++) {
        const char *mark = mark_of(&work->learnt.arena, seen->workloads[i]);
        if (strstr(work->learnt.looked_for[index], mark) == NULL) {
            task_fail_with(&work->task,
                           &(struct err){ERR_TRANSIENT, "an application has just been created"});
            return;
        }
    }
}

static void on_workload(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    const struct application *application = application_at(work, index);
    if (!response->is_ok && response->err.kind == ERR_NOT_FOUND) {
        return; /* absent: the seen stays empty */
    }
    if (!response->is_ok) {
        task_fail(task, response, "read an application");
        return;
    }
    if (application == NULL) {
        task_fail_with(task, &(struct err){ERR_CONFLICT, "the migration changed during the look"});
        return;
    }
    struct application_seen *seen = &work->learnt.applications[index];
    seen->workloads = decode_workloads(work, application->kind, response, &seen->workload_count);
    fail_if_pods_are_missing(work, index);
    const struct migration *migration = apply_migration(work);
    bool is_inherited = migration->inherit_from.name != NULL &&
                        migration->inherit_from.kind == application->kind &&
                        str_eq(migration->inherit_from.name, application->name);
    if (is_inherited && work->learnt.inherited == NULL) {
        work->learnt.inherited = json_incref(response->body);
    }
}

/* It may be read no more, or is of no kind any more, or of one that is never listed: an answer, too. */
static bool is_refusal(const struct err *err)
{
    return err->kind == ERR_FORBIDDEN || err->kind == ERR_NOT_FOUND || err->kind == ERR_INVALID;
}

/* Of a server that does not know the selector all come. */
static void keep_its_own(struct application_seen *seen, const struct application *application)
{
    size_t kept = 0;
    for (size_t i = 0; i < seen->workload_count; i++) {
        const struct workload *workload = seen->workloads[i];
        bool is_its = application->has_selector
                          ? selector_matches(&application->selector, &workload->labels)
                          : str_eq(workload->meta.name, application->name);
        if (is_its) {
            seen->workloads[kept++] = workload;
        }
    }
    seen->workload_count = kept;
}

static void on_others(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    struct application_seen *seen = &work->learnt.applications[index];
    const struct application *application = application_at(work, index);
    if (!response->is_ok && is_refusal(&response->err)) {
        seen->kind_state = response->err.kind == ERR_FORBIDDEN ? KIND_FORBIDDEN : KIND_MISSING;
        seen->unread_why = arena_strdup(&work->learnt.arena, response->err.text);
    } else if (!response->is_ok) {
        task_fail(task, response, "read an application");
    } else if (application == NULL) {
        task_fail_with(task, &(struct err){ERR_CONFLICT, "the migration changed during the look"});
    } else {
        seen->workloads = decode_workloads(work, WORKLOAD_OTHER, response, &seen->workload_count);
        keep_its_own(seen, application);
        fail_if_pods_are_missing(work, index);
    }
}

/* A server of another kind may refuse the selector: then all are asked for. */
static void on_selected(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    const struct application *application = application_at(work, index);
    const char *path = application == NULL
                           ? NULL
                           : applications_kind(work->cluster->fleet, work->ns, application).path;
    if (!response->is_ok && response->err.kind == ERR_INVALID && path != NULL) {
        get(work, path, on_others, index);
    } else {
        on_others(task, response, index);
    }
}

/* They are read once for all applications: the judgement knows whose they are. */
static void share_makers(struct work *work, enum workload_kind kind,
                         const struct kube_response *response)
{
    struct learnt *learnt = &work->learnt;
    if (!response->is_ok) {
        task_fail(&work->task, response, "read what makes an application's pods");
        return;
    }
    size_t count = 0;
    const struct workload **makers = decode_workloads(work, kind, response, &count);
    for (size_t i = 0; i < learnt->application_count; i++) {
        const struct application *application = application_at(work, i);
        bool is_cron_job = application != NULL && application->kind == WORKLOAD_CRON_JOB;
        if (is_cron_job == (kind == WORKLOAD_JOB)) {
            learnt->applications[i].makers = makers;
            learnt->applications[i].maker_count = count;
        }
    }
}

static void on_replica_sets(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    share_makers(work_of(task), WORKLOAD_REPLICA_SET, response);
}

static void on_jobs(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    share_makers(work_of(task), WORKLOAD_JOB, response);
}

/* Pods of several selectors are added up. */
static void add_pods(struct application_seen *seen, struct arena *arena, const struct pod **more,
                     size_t count)
{
    const struct pod **all =
        arena_array(arena, seen->pod_count + count, sizeof(const struct pod *));
    for (size_t i = 0; i < seen->pod_count; i++) {
        all[i] = seen->pods[i];
    }
    for (size_t i = 0; i < count; i++) {
        all[seen->pod_count + i] = more[i];
    }
    seen->pods = all;
    seen->pod_count += count;
}

static const struct pod **decode_pods(struct work *work, const struct kube_response *response,
                                      size_t *ret_count)
{
    struct arena *arena = &work->learnt.arena;
    if (!response->is_ok) {
        task_fail(&work->task, response, "read an application's pods");
        return NULL;
    }
    size_t count = item_count(response->body);
    const struct pod **pods = arena_array(arena, count, sizeof(const struct pod *));
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        struct pod *pod = arena_alloc(arena, sizeof(*pod));
        if (!pod_decode(arena, item_at(response->body, i), pod, &err)) {
            task_fail_with(&work->task, &err);
            return pods;
        }
        pods[(*ret_count)++] = pod;
    }
    return pods;
}

static void on_pods(struct task *task, const struct kube_response *response, size_t index)
{
    struct work *work = work_of(task);
    size_t count = 0;
    const struct pod **pods = decode_pods(work, response, &count);
    add_pods(&work->learnt.applications[index], &work->learnt.arena, pods, count);
}

static void on_pods_of_jobs(struct task *task, const struct kube_response *response, size_t index)
{
    (void)index;
    struct work *work = work_of(task);
    size_t count = 0;
    const struct pod **pods = decode_pods(work, response, &count);
    for (size_t i = 0; i < work->learnt.application_count; i++) {
        const struct application *application = application_at(work, i);
        if (application != NULL && application->kind == WORKLOAD_CRON_JOB) {
            work->learnt.applications[i].pods = pods;
            work->learnt.applications[i].pod_count = count;
        }
    }
}

/* ---- what is asked ---- */

/* selector NULL: all of them. */
static const char *list_path(struct work *work, enum resource resource, const char *selector)
{
    char *path = selector == NULL
                     ? resource_path(&work->arena, resource, work->ns, NULL)
                     : resource_select_path(&work->arena, resource, work->ns, selector);
    if (work->snapshot == NULL) {
        return path;
    }
    path = kube_path_query(&work->arena, path, "resourceVersion", work->snapshot);
    return kube_path_query(&work->arena, path, "resourceVersionMatch", "Exact");
}

static void look_at_pods(struct work *work, size_t index, const char *selector)
{
    if (!str_is_empty(selector)) {
        get(work, list_path(work, RESOURCE_POD, selector), on_pods, index);
    }
}

/* Pods of workloads that were deleted, or came back with another selector, are still there perhaps. */
static void look_at_remembered(struct work *work, const struct migration *migration, size_t index,
                               const char *asked)
{
    const struct application *application = &migration->applications[index];
    for (size_t i = 0; i < migration->status.application_count; i++) {
        const struct application_status *remembered = &migration->status.applications[i];
        const char *selector =
            arena_printf(&work->arena, "\n%s\n", str_or_empty(remembered->selector));
        bool is_its = application_names(application, remembered->workload) ||
                      application_selects_kind(application, remembered->workload);
        if (is_its && strstr(asked, selector) == NULL) {
            look_at_pods(work, index, remembered->selector);
            asked = arena_printf(&work->arena, "%s%s", asked, selector);
        }
    }
}

/*
 * No selector tells whose Jobs and their pods are, nor whose pods a ReplicaSet makes: its own labels may be others than
 * those of its template. So all of them are read, and once.
 */
static void look_at_makers(struct work *work, const struct observed *seen)
{
    unsigned needs = applications_needs(seen->migration);
    bool has_workload = seen->migration->status.application_count > 0;
    for (size_t i = 0; i < seen->migration->application_count; i++) {
        has_workload = has_workload || seen->applications[i].workload_count > 0;
    }
    if (has_workload && (needs & FLEET_BIT(WORKLOAD_REPLICA_SET)) != 0) {
        get(work, list_path(work, RESOURCE_REPLICA_SET, NULL), on_replica_sets, 0);
    }
    if ((needs & FLEET_BIT(WORKLOAD_JOB)) != 0) {
        get(work, list_path(work, RESOURCE_JOB, "!" LABEL_MIGRATION_UID), on_jobs, 0);
        get(work, list_path(work, RESOURCE_POD, LABEL_JOB_NAME ",!" LABEL_MIGRATION_UID),
            on_pods_of_jobs, 0);
    }
}

/*
 * A list, so that no other permission is needed than the watch's, and that a kind that is missing differs from an
 * object that is. Where the kind stands its watch finds out; if it has something to say instead, that is the answer.
 */
static void look_at_other(struct work *work, const struct application *application, size_t index)
{
    struct arena *arena = &work->arena;
    struct application_seen *seen = &work->learnt.applications[index];
    struct fleet_other other = applications_kind(work->cluster->fleet, work->ns, application);
    if (other.path != NULL && application->has_selector) {
        const char *selector = selector_text(arena, &application->selector);
        get(work, kube_path_query(arena, other.path, "labelSelector", selector), on_selected,
            index);
    } else if (other.path != NULL) {
        const char *selector = arena_printf(arena, "metadata.name=%s", application->name);
        get(work, kube_path_query(arena, other.path, "fieldSelector", selector), on_selected,
            index);
    } else if (other.state == KIND_READ) {
        task_fail_with(&work->task,
                       &(struct err){ERR_TRANSIENT, "an application's kind is not found yet"});
    } else {
        seen->kind_state = other.state;
        seen->unread_why = arena_strdup(&work->learnt.arena, other.why);
    }
}

static void look_at_workloads(struct work *work, const struct application *application,
                              size_t index)
{
    struct arena *arena = &work->arena;
    if (application->kind == WORKLOAD_OTHER) {
        look_at_other(work, application, index);
        return;
    }
    enum resource resource = resource_of(application->kind);
    if (application->has_selector) {
        const char *selector = selector_text(arena, &application->selector);
        get(work, list_path(work, resource, selector), on_workload, index);
    } else {
        get(work, resource_path(arena, resource, work->ns, application->name), on_workload, index);
    }
}

static void look_at_application(struct work *work, const struct observed *seen, size_t index)
{
    const struct application *application = &seen->migration->applications[index];
    /* Whose pods: by the selectors that the caches know. */
    const struct application_seen *cached = &seen->applications[index];
    const char **looked_for = &work->learnt.looked_for[index];
    const char *asked = "";

    look_at_workloads(work, application, index);
    for (size_t i = 0; i < cached->workload_count; i++) {
        const struct workload *workload = cached->workloads[i];
        const char *selector = selector_text(&work->arena, &workload->selector);
        *looked_for =
            arena_printf(&work->learnt.arena, "%s%s", *looked_for, mark_of(&work->arena, workload));
        asked = arena_printf(&work->arena, "%s\n%s\n", asked, selector);
        look_at_pods(work, index, selector);
    }
    look_at_remembered(work, seen->migration, index, asked);
}

void apply_look_at_applications(struct work *work, const struct observed *seen)
{
    struct learnt *learnt = &work->learnt;
    size_t count = seen->migration->application_count;
    learnt->applications = arena_array(&learnt->arena, count, sizeof(*learnt->applications));
    learnt->looked_for = arena_array(&learnt->arena, count, sizeof(*learnt->looked_for));
    for (size_t i = 0; i < count; i++) {
        learnt->looked_for[i] = "";
        look_at_application(work, seen, i);
    }
    look_at_makers(work, seen);
}
