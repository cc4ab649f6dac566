/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/application.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "domain/constraint.h"
#include "domain/rollout.h"
#include "domain/running.h"
#include "domain/selector.h"
#include "domain/soak.h"
#include "domain/version_source.h"

/* On each pod of a StatefulSet: the name of the ControllerRevision that it was made from. */
#define LABEL_REVISION "controller-revision-hash"

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

static const char *workload_text(struct arena *arena, const struct workload *workload)
{
    return arena_printf(arena, "%s/%s", workload_kind_name(workload->kind), workload->meta.name);
}

bool application_is_same(struct arena *arena, const struct workload *workload,
                         const struct application_status *remembered)
{
    return str_eq(remembered->workload, workload_text(arena, workload)) &&
           str_eq(str_or_empty(remembered->selector), selector_text(arena, &workload->selector));
}

/* ---- judging ---- */

struct judge {
    struct arena *arena;
    const struct application_question *question;
    const struct constraint *constraint; /* NULL: every version will do */
    bool is_constraint_invalid;          /* then none is known to do */
    struct application_verdict *verdict;
    const char *container; /* the only one of its template: a sidecar may join it in the pods */
    const char *needs;     /* what is asked of the application, in words */
    bool is_workload_compatible; /* of the workload being judged; so the next two */
    bool is_workload_settled;
    bool is_workload_rolling;
};

static void breach(struct judge *judge, const char *reason, const char *message)
{
    judge->is_workload_compatible = false;
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

/* As unsettled; and more than that pods are to come or to go. */
static void rolling(struct judge *judge, const char *message)
{
    unsettled(judge, message);
    judge->is_workload_rolling = true;
    if (judge->verdict->rolling == NULL) {
        judge->verdict->rolling = message;
    }
}

static const char *noun(int64_t pods)
{
    return pods == 1 ? "pod" : "pods";
}

static const char *needs(const struct judge *judge)
{
    return judge->question->application->versions;
}

/* What stands in the status for it. */
static const char *shown(const char *version)
{
    return version == NULL ? "unknown" : version;
}

static bool is_admitted(const struct judge *judge, const char *version)
{
    return judge->constraint == NULL || constraint_admits(judge->constraint, version);
}

static void judge_running(struct judge *judge, struct application_status *status, const char *name)
{
    running_sort(status);
    int64_t pods = running_pods(status);
    for (size_t i = 0; i < status->running_count; i++) {
        const struct running_version *running = &status->running[i];
        if (!is_admitted(judge, running->version)) {
            breach(judge, "VersionsIncompatible",
                   arena_printf(judge->arena,
                                "%s runs %s in %" PRId64 " of %" PRId64 " %s; needs %s", name,
                                running->version, running->pods, pods, noun(pods), needs(judge)));
        }
    }
}

/* NULL when the version cannot be read: a breach when it must be. */
static const char *read_version(struct judge *judge, const struct version_facts *facts,
                                const char *name, const char *where)
{
    const char *why = NULL;
    const char *version = version_source_read(judge->arena, judge->question->application,
                                              judge->container, facts, &why);
    if (version == NULL && judge->constraint != NULL) {
        breach(
            judge, "VersionUnknown",
            arena_printf(judge->arena, "the version of %s%s cannot be read: %s", name, where, why));
    }
    return version;
}

static void judge_template(struct judge *judge, const struct workload *workload)
{
    const char *name = workload->meta.name;
    const char *version = read_version(judge, &workload->pod_template, name, "'s template");
    if (!is_admitted(judge, version)) {
        breach(
            judge, "VersionsIncompatible",
            arena_printf(judge->arena, "%s is to run %s; needs %s", name, version, needs(judge)));
    }
}

/* By its owner; one that lost its owner will be adopted by whoever selects its pods. */
static bool owns_replica_set(const struct workload *workload, const struct workload *set)
{
    if (str_eq(set->meta.owner_uid, workload->meta.uid)) {
        return true;
    }
    bool is_namesakes = set->meta.owner_uid == NULL ||
                        (str_eq(set->meta.owner_kind, workload_kind_name(workload->kind)) &&
                         str_eq(set->meta.owner_name, workload->meta.name));
    return workload->kind == WORKLOAD_DEPLOYMENT && is_namesakes &&
           selector_matches(&workload->selector, &set->pod_template.labels);
}

static bool is_taken_over(const struct application_seen *seen, const struct workload *set)
{
    for (size_t i = 0; i < seen->workload_count; i++) {
        if (owns_replica_set(seen->workloads[i], set)) {
            return true;
        }
    }
    return false;
}

/* One that wants pods and has none (quota) will bring its version yet. How many want some. */
static size_t judge_replica_sets(struct judge *judge, const struct workload *workload, bool is_gone)
{
    const struct application_seen *seen = judge->question->seen;
    size_t wanting = 0;
    for (size_t i = 0; i < seen->replica_set_count; i++) {
        const struct workload *set = seen->replica_sets[i];
        if (set->desired == 0 || !owns_replica_set(workload, set) ||
            (is_gone && is_taken_over(seen, set))) {
            continue;
        }
        wanting++;
        const char *version =
            read_version(judge, &set->pod_template, workload->meta.name, "'s ReplicaSet");
        if (!is_admitted(judge, version)) {
            breach(judge, "VersionsIncompatible",
                   arena_printf(judge->arena,
                                "%s still wants %" PRId64 " %s of %s (ReplicaSet %s); needs %s",
                                workload->meta.name, set->desired, noun(set->desired),
                                shown(version), set->meta.name, needs(judge)));
        }
    }
    return wanting;
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
        running_add(judge->arena, status, shown(version));
        /* Of two versions that cannot be read nobody knows whether they are the same. */
        if (pod->meta.deleted_s != 0 && (version == NULL || !str_eq(version, status->desired))) {
            rolling(judge,
                    arena_printf(judge->arena, "%s still has a terminating pod of %s (%s%s%s)",
                                 workload->meta.name, shown(version), pod->meta.name,
                                 pod->node == NULL ? "" : " on node ", str_or_empty(pod->node)));
        }
    }
}

static void judge_settled(struct judge *judge, const struct workload *workload,
                          const struct application_status *status, size_t wanting)
{
    struct arena *arena = judge->arena;
    const char *name = workload->meta.name;
    const char *why = rollout_unsettled(arena, workload, status->desired);
    if (why != NULL) {
        unsettled(judge, why);
    } else if (wanting > 1) {
        unsettled(judge, arena_printf(arena, "%zu ReplicaSets of %s want pods", wanting, name));
    }
    int64_t pods = running_pods(status);
    for (size_t i = 0; i < status->running_count; i++) {
        const struct running_version *running = &status->running[i];
        if (!str_eq(running->version, status->desired)) {
            rolling(judge,
                    arena_printf(
                        arena, "%s is to run %s, and runs %s in %" PRId64 " of %" PRId64 " %s",
                        name, status->desired, running->version, running->pods, pods, noun(pods)));
        }
    }
    if (wanting > 1 || rollout_is_unfinished(workload) || workload->updated < workload->replicas) {
        rolling(judge, arena_printf(arena, "%s is rolling out %s", name, status->desired));
    }
}

/* Pods that a StatefulSet may yet make of an earlier template, whose version only such pods tell. */
static void judge_kept_revision(struct judge *judge, const struct workload *workload)
{
    const struct application_seen *seen = judge->question->seen;
    const char *revision = rollout_kept_revision(workload);
    if (revision == NULL || judge->constraint == NULL) {
        return;
    }
    for (size_t i = 0; i < seen->pod_count; i++) {
        const struct pod *pod = seen->pods[i];
        if (application_owns_pod(workload, seen, pod) &&
            str_eq(pairs_get(&pod->facts.labels, LABEL_REVISION), revision)) {
            return;
        }
    }
    breach(judge, "VersionUnknown",
           arena_printf(judge->arena,
                        "%s still makes pods of its earlier revision %s, as its partition is "
                        "%" PRId64 ", and none lives to tell their version: set the partition to 0",
                        workload->meta.name, revision, workload->partition));
}

static void judge_workload(struct judge *judge, const struct workload *workload,
                           struct application_status *status)
{
    status->workload = workload_text(judge->arena, workload);
    status->selector = selector_text(judge->arena, &workload->selector);
    status->uid = workload->meta.uid;
    status->revision = workload->revision;
    status->needs = judge->needs;
    judge->is_workload_compatible = !judge->is_constraint_invalid;
    judge->is_workload_settled = true;
    judge->is_workload_rolling = false;
    const char *why = NULL;
    judge->container = version_source_container(&workload->pod_template);
    status->desired = shown(version_source_read(judge->arena, judge->question->application,
                                                judge->container, &workload->pod_template, &why));
    /* What runs is told before what is to run: the first breach is the message. */
    judge_pods(judge, workload, status);
    judge_running(judge, status, workload->meta.name);
    judge_template(judge, workload);
    judge_kept_revision(judge, workload);
    size_t wanting = judge_replica_sets(judge, workload, false);
    judge_settled(judge, workload, status, wanting);
    status->settled = judge->is_workload_settled;
    bool is_held = judge->is_workload_compatible &&
                   !(judge->question->must_settle && judge->is_workload_rolling);
    status->compatible_since_s = soak_since(&(struct soak_sight){
        .workload = workload,
        .status = status,
        .is_broken = !is_held,
        .last = judge->question->last,
        .last_count = judge->question->last_count,
        .now_s = judge->question->now_s,
    });
}

/* The workload that a status remembers, as far as it does: neither UID nor template. */
static bool recall(struct arena *arena, const struct application_status *remembered,
                   struct workload *ret_gone)
{
    const char *slash = strchr(remembered->workload, '/');
    *ret_gone = (struct workload){.meta.uid = ""};
    if (slash == NULL ||
        !selector_parse(arena, str_or_empty(remembered->selector), &ret_gone->selector)) {
        return false;
    }
    const char *kind =
        arena_strndup(arena, remembered->workload, (size_t)(slash - remembered->workload));
    while (ret_gone->kind < WORKLOAD_KIND_MAX &&
           !str_eq(workload_kind_name(ret_gone->kind), kind)) {
        ret_gone->kind++;
    }
    ret_gone->meta.name = slash + 1;
    return ret_gone->kind < WORKLOAD_KIND_MAX;
}

static bool is_owned_by_present(const struct application_seen *seen, const struct pod *pod)
{
    for (size_t i = 0; i < seen->workload_count; i++) {
        if (application_owns_pod(seen->workloads[i], seen, pod)) {
            return true;
        }
    }
    return false;
}

/* A deleted workload's pods live on for a while, and its orphaned ReplicaSets for good. */
static void judge_remains(struct judge *judge, const struct application_status *remembered)
{
    const struct application_seen *seen = judge->question->seen;
    struct application_verdict *verdict = judge->verdict;
    struct application_status *status = &verdict->statuses[verdict->status_count];
    struct workload gone;
    if (!recall(judge->arena, remembered, &gone)) {
        return;
    }
    /* Another of its name may be there, and who looks for these pods needs their labels. */
    const char *name = arena_printf(judge->arena, "%s (deleted; its pods: %s)", gone.meta.name,
                                    remembered->selector);
    judge->container = NULL;
    for (size_t i = 0; i < seen->pod_count; i++) {
        const struct pod *pod = seen->pods[i];
        if (application_owns_pod(&gone, seen, pod) && !is_owned_by_present(seen, pod)) {
            const char *where = arena_printf(judge->arena, "'s pod %s", pod->meta.name);
            running_add(judge->arena, status, shown(read_version(judge, &pod->facts, name, where)));
        }
    }
    judge_running(judge, status, name);
    bool is_wanting = judge_replica_sets(judge, &gone, true) > 0;
    if (status->running_count == 0 && !is_wanting) {
        return;
    }
    status->workload = remembered->workload;
    status->selector = remembered->selector;
    rolling(judge, arena_printf(judge->arena, "%s was deleted and has pods left (%s)",
                                gone.meta.name, remembered->selector));
    verdict->status_count++;
}

bool application_names(const struct application *application, const char *workload)
{
    const char *slash = strchr(workload, '/');
    return !application->has_selector && slash != NULL && str_eq(slash + 1, application->name) &&
           application_selects_kind(application, workload);
}

bool application_selects_kind(const struct application *application, const char *workload)
{
    const char *kind = workload_kind_name(application->kind);
    size_t len = strlen(kind);
    return strncmp(workload, kind, len) == 0 && workload[len] == '/';
}

static void judge_absent(struct judge *judge)
{
    const struct application_question *question = judge->question;
    const struct application *application = question->application;

    judge->verdict->is_absent = true;
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

/* In an order that does not depend on the cache's, so that the same workloads read the same. */
static const struct workload **by_name(struct arena *arena, const struct application_seen *seen)
{
    const struct workload **sorted = arena_array(arena, seen->workload_count, sizeof(*sorted));
    for (size_t i = 0; i < seen->workload_count; i++) {
        size_t at = i;
        while (at > 0 && strcmp(sorted[at - 1]->meta.name, seen->workloads[i]->meta.name) > 0) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = seen->workloads[i];
    }
    return sorted;
}

void application_judge(struct arena *arena, const struct application_question *question,
                       struct application_verdict *ret_verdict)
{
    const struct application_seen *seen = question->seen;
    struct judge judge = {.arena = arena, .question = question, .verdict = ret_verdict};
    judge.needs = soak_needs(arena, question->application, question->must_settle);
    struct err err = {0};

    *ret_verdict = (struct application_verdict){
        .is_compatible = true,
        .compatible_reason = "Compatible",
        .is_settled = true,
    };
    if (question->application->versions != NULL) {
        judge.constraint = constraint_parse(arena, question->application->versions, &err);
        if (judge.constraint == NULL) {
            judge.is_constraint_invalid = true;
            breach(&judge, "ConstraintInvalid",
                   arena_printf(arena, "spec.applications[%zu].versions: %s", question->index,
                                err.text));
        }
    }
    ret_verdict->statuses = arena_array(arena, seen->workload_count + question->remembered_count,
                                        sizeof(*ret_verdict->statuses));
    const struct workload **workloads = by_name(arena, seen);
    for (size_t i = 0; i < seen->workload_count; i++) {
        judge_workload(&judge, workloads[i], &ret_verdict->statuses[ret_verdict->status_count++]);
    }
    for (size_t i = 0; i < question->remembered_count; i++) {
        judge_remains(&judge, &question->remembered[i]);
    }
    if (seen->workload_count == 0) {
        judge_absent(&judge); /* after what still runs: that matters more than who is missing */
    }
}
