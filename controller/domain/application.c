/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/application.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "domain/constraint.h"
#include "domain/image.h"
#include "domain/selector.h"

/* ---- reading a version ---- */

static const struct container_image *container_named(const struct version_facts *facts,
                                                     const char *name)
{
    for (size_t i = 0; i < facts->container_count; i++) {
        if (str_eq(facts->containers[i].name, name)) {
            return &facts->containers[i];
        }
    }
    return NULL;
}

static const char *container_names(struct arena *arena, const struct version_facts *facts)
{
    const char *names = "";
    for (size_t i = 0; i < facts->container_count; i++) {
        names = arena_printf(arena, "%s%s%s", names, i > 0 ? ", " : "", facts->containers[i].name);
    }
    return names;
}

static const struct container_image *container_of(struct arena *arena,
                                                  const struct application *application,
                                                  const struct version_facts *facts,
                                                  const char **ret_why)
{
    const char *name = application->container;
    if (name == NULL && facts->container_count == 1) {
        return &facts->containers[0];
    }
    if (name == NULL) {
        name = facts->default_container;
    }
    if (name == NULL) {
        *ret_why =
            arena_printf(arena, "it has %zu containers (%s): name the application's in `container`",
                         facts->container_count, container_names(arena, facts));
        return NULL;
    }
    const struct container_image *found = container_named(facts, name);
    if (found == NULL) {
        *ret_why = arena_printf(arena, "it has no container %s (it has: %s)", name,
                                container_names(arena, facts));
    }
    return found;
}

static const char *image_version(struct arena *arena, const struct application *application,
                                 const struct version_facts *facts, const char **ret_why)
{
    const struct container_image *container = container_of(arena, application, facts, ret_why);
    if (container == NULL) {
        return NULL;
    }
    struct image image;
    struct err err = {0};
    if (!image_parse(arena, container->image, &image, &err)) {
        *ret_why = arena_printf(arena, "image %s of container %s cannot be read: %s",
                                container->image, container->name, err.text);
        return NULL;
    }
    if (image.tag == NULL) {
        *ret_why = arena_printf(arena,
                                "image %s of container %s has no tag: set versionFrom to Label or "
                                "Annotation",
                                container->image, container->name);
    }
    return image.tag;
}

static const char *pair_version(struct arena *arena, const struct pairs *pairs, const char *what,
                                const char *key, const char **ret_why)
{
    const char *value = pairs_get(pairs, key);
    if (str_is_empty(value)) {
        *ret_why = arena_printf(arena, "its pods carry no %s %s", what, key);
        return NULL;
    }
    return value;
}

const char *application_version(struct arena *arena, const struct application *application,
                                const struct version_facts *facts, const char **ret_why)
{
    switch (application->source) {
    case SOURCE_LABEL:
        return pair_version(arena, &facts->labels, "label", application->key, ret_why);
    case SOURCE_ANNOTATION:
        return pair_version(arena, &facts->annotations, "annotation", application->key, ret_why);
    case SOURCE_IMAGE_TAG:
    case VERSION_SOURCE_MAX:
        break;
    }
    return image_version(arena, application, facts, ret_why);
}

/* ---- which pods are whose ---- */

static bool is_alive(const struct pod *pod)
{
    return !str_eq(pod->phase, "Succeeded") && !str_eq(pod->phase, "Failed");
}

static const struct workload *replica_set_of(const struct application_seen *seen, const char *uid)
{
    for (size_t i = 0; i < seen->replica_set_count; i++) {
        if (str_eq(seen->replica_sets[i]->meta.uid, uid)) {
            return seen->replica_sets[i];
        }
    }
    return NULL;
}

/* An orphaned ReplicaSet or pod counts for whoever selects it: its version runs, whoever owns it. */
static bool is_anothers(const struct workload *workload, const struct application_seen *seen,
                        const struct pod *pod)
{
    const struct meta *pod_meta = &pod->meta;
    if (pod_meta->owner_uid == NULL || str_eq(pod_meta->owner_uid, workload->meta.uid)) {
        return false;
    }
    if (workload->kind != WORKLOAD_DEPLOYMENT) {
        /* The same name with another UID: it was deleted and created again, its old pods live on. */
        return !str_eq(pod_meta->owner_kind, workload_kind_name(workload->kind)) ||
               !str_eq(pod_meta->owner_name, workload->meta.name);
    }
    if (!str_eq(pod_meta->owner_kind, "ReplicaSet")) {
        return true;
    }
    const struct workload *replica_set = replica_set_of(seen, pod_meta->owner_uid);
    return replica_set != NULL && replica_set->meta.owner_uid != NULL &&
           !str_eq(replica_set->meta.owner_uid, workload->meta.uid) &&
           !str_eq(replica_set->meta.owner_name, workload->meta.name);
}

/* A migration's own pod is no application, whatever labels its template has. */
static bool is_a_run(const struct pod *pod)
{
    return pairs_get(&pod->facts.labels, LABEL_MIGRATION_UID) != NULL;
}

bool application_owns_pod(const struct workload *workload, const struct application_seen *seen,
                          const struct pod *pod)
{
    return is_alive(pod) && !is_a_run(pod) &&
           selector_matches(&workload->selector, &pod->facts.labels) &&
           !is_anothers(workload, seen, pod);
}

/* ---- judging ---- */

struct judge {
    struct arena *arena;
    const struct application_question *question;
    const struct constraint *constraint; /* NULL: every version will do */
    struct application_verdict *verdict;
    bool is_workload_settled; /* of the workload being judged */
};

static void breach(struct judge *judge, const char *reason, const char *message)
{
    if (judge->verdict->is_compatible) { /* the first one is told; the versions show the others */
        judge->verdict->is_compatible = false;
        judge->verdict->compatible_reason = reason;
        judge->verdict->compatible_message = message;
    }
}

static void unsettled(struct judge *judge, const char *message)
{
    judge->is_workload_settled = false;
    if (judge->verdict->is_settled) {
        judge->verdict->is_settled = false;
        judge->verdict->settled_message = message;
    }
}

static void count_version(struct judge *judge, struct application_status *status,
                          const char *version)
{
    for (size_t i = 0; i < status->running_count; i++) {
        if (str_eq(status->running[i].version, version)) {
            status->running[i].pods++;
            return;
        }
    }
    struct running_version *grown =
        arena_array(judge->arena, status->running_count + 1, sizeof(*grown));
    if (status->running_count > 0) {
        memcpy(grown, status->running, status->running_count * sizeof(*grown));
    }
    grown[status->running_count] = (struct running_version){.version = version, .pods = 1};
    status->running = grown;
    status->running_count++;
}

static int64_t pods_counted(const struct application_status *status)
{
    int64_t pods = 0;
    for (size_t i = 0; i < status->running_count; i++) {
        pods += status->running[i].pods;
    }
    return pods;
}

static const char *needs(const struct judge *judge)
{
    return judge->question->application->versions;
}

/* Most pods first, then by version, so that the same pods always read the same. */
static void sort_versions(struct application_status *status)
{
    for (size_t i = 1; i < status->running_count; i++) {
        struct running_version moved = status->running[i];
        size_t at = i;
        while (at > 0 && (status->running[at - 1].pods < moved.pods ||
                          (status->running[at - 1].pods == moved.pods &&
                           strcmp(status->running[at - 1].version, moved.version) > 0))) {
            status->running[at] = status->running[at - 1];
            at--;
        }
        status->running[at] = moved;
    }
}

static void judge_running(struct judge *judge, struct application_status *status, const char *name)
{
    sort_versions(status);
    int64_t pods = pods_counted(status);
    for (size_t i = 0; i < status->running_count; i++) {
        const struct running_version *running = &status->running[i];
        if (judge->constraint != NULL && !constraint_admits(judge->constraint, running->version)) {
            breach(judge, "VersionsIncompatible",
                   arena_printf(judge->arena,
                                "%s runs %s in %" PRId64 " of %" PRId64 " %s; needs %s", name,
                                running->version, running->pods, pods, pods == 1 ? "pod" : "pods",
                                needs(judge)));
        }
    }
}

/* Reads the version of a template or pod; a breach when it cannot be read but must be. */
static const char *read_version(struct judge *judge, const struct version_facts *facts,
                                const char *name, const char *where)
{
    const char *why = NULL;
    const char *version =
        application_version(judge->arena, judge->question->application, facts, &why);
    if (version == NULL && judge->constraint != NULL) {
        breach(
            judge, "VersionUnknown",
            arena_printf(judge->arena, "the version of %s%s cannot be read: %s", name, where, why));
    }
    return version == NULL ? "unknown" : version;
}

static void judge_template(struct judge *judge, const struct workload *workload,
                           struct application_status *status)
{
    const char *name = workload->meta.name;
    status->desired = read_version(judge, &workload->pod_template, name, "'s template");
    if (judge->constraint != NULL && !constraint_admits(judge->constraint, status->desired)) {
        breach(judge, "VersionsIncompatible",
               arena_printf(judge->arena, "%s is to run %s; needs %s", name, status->desired,
                            needs(judge)));
    }
}

/* A ReplicaSet that wants pods and has none (quota) will bring its version yet. */
static void judge_replica_sets(struct judge *judge, const struct workload *workload)
{
    const struct application_seen *seen = judge->question->seen;
    for (size_t i = 0; i < seen->replica_set_count; i++) {
        const struct workload *set = seen->replica_sets[i];
        if (set->desired == 0 || !str_eq(set->meta.owner_uid, workload->meta.uid)) {
            continue;
        }
        const char *version =
            read_version(judge, &set->pod_template, workload->meta.name, "'s ReplicaSet");
        if (judge->constraint != NULL && !constraint_admits(judge->constraint, version)) {
            breach(judge, "VersionsIncompatible",
                   arena_printf(judge->arena,
                                "%s still wants %" PRId64 " %s of %s (ReplicaSet %s); needs %s",
                                workload->meta.name, set->desired,
                                set->desired == 1 ? "pod" : "pods", version, set->meta.name,
                                needs(judge)));
        }
    }
}

static void judge_pods(struct judge *judge, const struct workload *workload,
                       struct application_status *status)
{
    const struct application_seen *seen = judge->question->seen;
    for (size_t i = 0; i < seen->pod_count; i++) {
        const struct pod *pod = seen->pods[i];
        if (!application_owns_pod(workload, seen, pod)) {
            continue;
        }
        const char *where = arena_printf(judge->arena, "'s pod %s", pod->meta.name);
        const char *version = read_version(judge, &pod->facts, workload->meta.name, where);
        count_version(judge, status, version);
        if (pod->meta.deleted_s != 0 && !str_eq(version, status->desired)) {
            unsettled(judge, arena_printf(judge->arena, "%s still has a terminating pod of %s",
                                          workload->meta.name, version));
        }
    }
}

static void judge_settled(struct judge *judge, const struct workload *workload,
                          const struct application_status *status)
{
    const char *name = workload->meta.name;
    if (workload->observed_generation < workload->meta.generation) {
        unsettled(judge, arena_printf(judge->arena, "the rollout of %s has not begun yet", name));
    } else if (workload->updated != workload->desired || workload->replicas != workload->desired) {
        unsettled(judge,
                  arena_printf(judge->arena,
                               "%s is rolling out %s: %" PRId64 " of %" PRId64
                               " pods updated, %" PRId64 " in all%s",
                               name, status->desired, workload->updated, workload->desired,
                               workload->replicas, workload->paused ? ", and it is paused" : ""));
    } else if (status->running_count > 1 ||
               (status->running_count == 1 &&
                !str_eq(status->running[0].version, status->desired))) {
        unsettled(judge, arena_printf(judge->arena, "%s runs more than one version", name));
    }
}

static void judge_workload(struct judge *judge, const struct workload *workload,
                           struct application_status *status)
{
    status->workload = arena_printf(judge->arena, "%s/%s", workload_kind_name(workload->kind),
                                    workload->meta.name);
    status->selector = selector_text(judge->arena, &workload->selector);
    judge->is_workload_settled = true;
    judge_template(judge, workload, status);
    judge_replica_sets(judge, workload);
    judge_pods(judge, workload, status);
    judge_running(judge, status, workload->meta.name);
    judge_settled(judge, workload, status);
    status->settled = judge->is_workload_settled;
}

/* A deleted workload's pods live on: found by the selector that the status remembers. */
static void judge_remains(struct judge *judge, const struct application_status *remembered,
                          struct application_status *status)
{
    const struct application_seen *seen = judge->question->seen;
    const char *name = strchr(remembered->workload, '/');
    name = name == NULL ? remembered->workload : name + 1;
    struct selector selector;
    if (!selector_parse(judge->arena, str_or_empty(remembered->selector), &selector)) {
        return;
    }
    for (size_t i = 0; i < seen->pod_count; i++) {
        const struct pod *pod = seen->pods[i];
        if (is_alive(pod) && !is_a_run(pod) && selector_matches(&selector, &pod->facts.labels)) {
            count_version(judge, status, read_version(judge, &pod->facts, name, "'s last pod"));
        }
    }
    status->workload = remembered->workload;
    status->selector = remembered->selector;
    judge_running(judge, status, name);
    if (status->running_count > 0) {
        unsettled(judge, arena_printf(judge->arena, "%s was deleted and has pods left", name));
    }
}

static bool is_of(const struct application *application, const char *workload, struct arena *arena)
{
    return application->name != NULL &&
           str_eq(workload, arena_printf(arena, "%s/%s", workload_kind_name(application->kind),
                                         application->name));
}

static void judge_absent(struct judge *judge)
{
    const struct application_question *question = judge->question;
    const struct application *application = question->application;
    struct application_verdict *verdict = judge->verdict;

    verdict->is_absent = true;
    verdict->statuses = arena_array(judge->arena, 1, sizeof(*verdict->statuses));
    for (size_t i = 0; i < question->remembered_count; i++) {
        if (is_of(application, question->remembered[i].workload, judge->arena)) {
            judge_remains(judge, &question->remembered[i], &verdict->statuses[0]);
            verdict->status_count = verdict->statuses[0].running_count > 0 ? 1 : 0;
        }
    }
    if (question->absent_is_met) {
        return;
    }
    const char *kind = workload_kind_name(application->kind);
    const char *which = application->name != NULL
                            ? arena_printf(judge->arena, "%s %s", kind, application->name)
                            : arena_printf(judge->arena, "a %s with %s", kind,
                                           selector_text(judge->arena, &application->selector));
    const char *message =
        arena_printf(judge->arena,
                     "%s does not exist (spec.applications[%zu]); set whenAbsent: "
                     "Proceed if it need not",
                     which, question->index);
    breach(judge, "ApplicationAbsent", message);
    unsettled(judge, message);
}

void application_judge(struct arena *arena, const struct application_question *question,
                       struct application_verdict *ret_verdict)
{
    const struct application_seen *seen = question->seen;
    struct judge judge = {.arena = arena, .question = question, .verdict = ret_verdict};
    struct err err = {0};

    *ret_verdict = (struct application_verdict){
        .is_compatible = true,
        .compatible_reason = "Compatible",
        .is_settled = true,
    };
    if (question->application->versions != NULL) {
        judge.constraint = constraint_parse(arena, question->application->versions, &err);
        if (judge.constraint == NULL) {
            breach(&judge, "ConstraintInvalid",
                   arena_printf(arena, "spec.applications[%zu].versions: %s", question->index,
                                err.text));
            return;
        }
    }
    if (seen->workload_count == 0) {
        judge_absent(&judge);
        return;
    }
    ret_verdict->statuses =
        arena_array(arena, seen->workload_count, sizeof(*ret_verdict->statuses));
    ret_verdict->status_count = seen->workload_count;
    for (size_t i = 0; i < seen->workload_count; i++) {
        judge_workload(&judge, seen->workloads[i], &ret_verdict->statuses[i]);
    }
}
