/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/application.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "domain/application_name.h"
#include "domain/constraint.h"
#include "domain/rollout.h"
#include "domain/running.h"
#include "domain/selector.h"
#include "domain/soak.h"
#include "domain/unread.h"
#include "domain/version_source.h"

/* On each pod of a StatefulSet: the name of the ControllerRevision that it was made from. */
#define LABEL_REVISION "controller-revision-hash"

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

static bool is_taken_over(const struct application_seen *seen, const struct workload *maker)
{
    for (size_t i = 0; i < seen->workload_count; i++) {
        if (ownership_of_maker(seen->workloads[i], maker)) {
            return true;
        }
    }
    return false;
}

static void judge_maker(struct judge *judge, const struct workload *workload,
                        const struct workload *maker, const char *desired)
{
    struct arena *arena = judge->arena;
    const char *kind = workload_kind_name(maker->kind);
    const char *name = workload->meta.name;
    const char *version =
        read_version(judge, &maker->pod_template, name, arena_printf(arena, "'s %s", kind));
    if (!is_admitted(judge, version)) {
        breach(judge, "VersionsIncompatible",
               arena_printf(arena, "%s still wants %" PRId64 " %s of %s (%s %s); needs %s", name,
                            maker->desired, noun(maker->desired), shown(version), kind,
                            maker->meta.name, needs(judge)));
    }
    bool is_other = desired != NULL && (version == NULL || !str_eq(version, desired));
    if (workload->kind == WORKLOAD_CRON_JOB && is_other) {
        rolling(judge, arena_printf(arena, "%s is to run %s, and its Job %s is of %s", name,
                                    desired, maker->meta.name, shown(version)));
    }
}

/*
 * One that wants pods and has none (quota) will bring its version yet. How many want some; desired is the version
 * of the workload's template, NULL where that is gone.
 */
static size_t judge_makers(struct judge *judge, const struct workload *workload,
                           const char *desired)
{
    const struct application_seen *seen = judge->question->seen;
    size_t wanting = 0;
    for (size_t i = 0; i < seen->maker_count; i++) {
        const struct workload *maker = seen->makers[i];
        bool is_its = maker->desired > 0 && ownership_of_maker(workload, maker);
        if (is_its && (desired != NULL || !is_taken_over(seen, maker))) {
            judge_maker(judge, workload, maker, desired);
            wanting++;
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
        if (!ownership_of_pod(workload, seen, pod)) {
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
    /* Jobs come and go side by side: what counts is their version. */
    bool is_split = wanting > 1 && workload->kind != WORKLOAD_CRON_JOB;
    const struct application *application = judge->question->application;
    const char *why = rollout_unsettled(arena, application, workload, status->desired);
    if (why != NULL) {
        unsettled(judge, why);
    } else if (is_split) {
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
    if (is_split || rollout_is_unfinished(workload) || rollout_is_short(application, workload)) {
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
        if (ownership_of_pod(workload, seen, pod) &&
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

/* Of a kind that nobody knows: what would have to be guessed. NULL: nothing. */
static const char *missing_in(struct arena *arena, const struct workload *workload)
{
    if (workload->kind != WORKLOAD_OTHER) {
        return NULL;
    }
    if (workload->other.template_of != NULL) {
        return arena_printf(arena,
                            "its pod template is that of %s (spec.workloadRef): give it a "
                            "spec.template of its own",
                            workload->other.template_of);
    }
    if (!workload->other.has_template) {
        return "it has no spec.template with containers: name the workload that makes its pods "
               "instead";
    }
    return workload->selector.count == 0
               ? "it has no spec.selector that tells its pods: name the workload that makes them "
                 "instead"
               : NULL;
}

static void judge_missing(struct judge *judge, const struct workload *workload)
{
    const char *name = workload->meta.name;
    const char *missing = missing_in(judge->arena, workload);
    if (missing == NULL) {
        return;
    }
    if (judge->constraint != NULL) {
        breach(judge, "VersionUnknown",
               arena_printf(judge->arena, "the version of %s cannot be read: %s", name, missing));
    }
    unsettled(judge,
              arena_printf(judge->arena, "the rollout of %s cannot be seen: %s", name, missing));
}

static void judge_workload(struct judge *judge, const struct workload *workload,
                           struct application_status *status)
{
    status->workload = application_workload(judge->arena, judge->question->application, workload);
    if (workload->selector.count > 0) {
        status->selector = selector_text(judge->arena, &workload->selector);
    }
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
    judge_missing(judge, workload);
    /* What runs is told before what is to run: the first breach is the message. */
    judge_pods(judge, workload, status);
    judge_running(judge, status, workload->meta.name);
    judge_template(judge, workload);
    judge_kept_revision(judge, workload);
    size_t wanting = judge_makers(judge, workload, status->desired);
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
static bool recall(struct judge *judge, const struct application_status *remembered,
                   struct workload *ret_gone)
{
    const char *slash = strchr(remembered->workload, '/');
    *ret_gone = (struct workload){.meta.uid = "", .kind = judge->question->application->kind};
    if (slash == NULL ||
        !selector_parse(judge->arena, str_or_empty(remembered->selector), &ret_gone->selector)) {
        return false;
    }
    ret_gone->meta.name = slash + 1;
    return true;
}

static bool is_owned_by_present(const struct application_seen *seen, const struct pod *pod)
{
    for (size_t i = 0; i < seen->workload_count; i++) {
        if (ownership_of_pod(seen->workloads[i], seen, pod)) {
            return true;
        }
    }
    return false;
}

/* A deleted workload's pods live on for a while, and its orphaned ReplicaSets and Jobs for good. */
static void judge_remains(struct judge *judge, const struct application_status *remembered)
{
    const struct application_seen *seen = judge->question->seen;
    struct application_verdict *verdict = judge->verdict;
    struct application_status *status = &verdict->statuses[verdict->status_count];
    struct workload gone;
    if (!recall(judge, remembered, &gone)) {
        return;
    }
    /* Another of its name may be there, and who looks for these pods needs their labels. */
    bool has_selector = remembered->selector != NULL;
    const char *name =
        arena_printf(judge->arena, "%s (deleted%s%s)", gone.meta.name,
                     has_selector ? "; its pods: " : "", has_selector ? remembered->selector : "");
    judge->container = NULL;
    for (size_t i = 0; i < seen->pod_count; i++) {
        const struct pod *pod = seen->pods[i];
        if (ownership_of_pod(&gone, seen, pod) && !is_owned_by_present(seen, pod)) {
            const char *where = arena_printf(judge->arena, "'s pod %s", pod->meta.name);
            running_add(judge->arena, status, shown(read_version(judge, &pod->facts, name, where)));
        }
    }
    judge_running(judge, status, name);
    bool is_wanting = judge_makers(judge, &gone, NULL) > 0;
    if (status->running_count == 0 && !is_wanting) {
        return;
    }
    status->workload = remembered->workload;
    status->selector = remembered->selector;
    status->needs = judge->needs;
    rolling(judge, arena_printf(judge->arena, "%s was deleted and has pods left%s%s%s",
                                gone.meta.name, has_selector ? " (" : "",
                                has_selector ? remembered->selector : "", has_selector ? ")" : ""));
    verdict->status_count++;
}

static const char *which(struct judge *judge)
{
    const struct application *application = judge->question->application;
    const char *kind = application_kind(application);
    return application->name != NULL
               ? arena_printf(judge->arena, "%s %s", kind, application->name)
               : arena_printf(judge->arena, "a %s with %s", kind,
                              selector_text(judge->arena, &application->selector));
}

static void judge_absent(struct judge *judge)
{
    const struct application_question *question = judge->question;

    judge->verdict->is_absent = true;
    if (question->absent_is_met) {
        return;
    }
    const char *message =
        arena_printf(judge->arena,
                     "%s does not exist (spec.applications[%zu]); set whenAbsent: "
                     "Proceed if it need not",
                     which(judge), question->index);
    breach(judge, "ApplicationAbsent", message);
    unsettled(judge, message);
}

/* Whether they are there nobody knows: what is remembered of them stays, but for how long it has held. */
static void judge_unread(struct judge *judge)
{
    const struct application_question *question = judge->question;
    struct application_verdict *verdict = judge->verdict;
    enum kind_state state = question->seen->kind_state;
    const char *message =
        unread_text(judge->arena, which(judge), state, question->seen->unread_why);

    verdict->is_unread = true;
    breach(judge, state == KIND_FORBIDDEN ? "ApplicationForbidden" : "ApplicationKindMissing",
           message);
    unsettled(judge, message);
    for (size_t i = 0; i < question->remembered_count; i++) {
        struct application_status *status = &verdict->statuses[verdict->status_count++];
        *status = question->remembered[i];
        status->compatible_since_s = 0;
        status->settled = false;
    }
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
    if (seen->kind_state != KIND_READ) {
        judge_unread(&judge);
        return;
    }
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
