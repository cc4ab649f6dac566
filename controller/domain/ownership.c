/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/ownership.h"

#include <string.h>

#include "base/str.h"
#include "domain/selector.h"

static bool is_alive(const struct pod *pod)
{
    return !str_eq(pod->phase, "Succeeded") && !str_eq(pod->phase, "Failed");
}

/* A migration's own pod is no application, whatever labels its template has. */
static bool is_a_run(const struct pod *pod)
{
    return pairs_get(&pod->facts.labels, LABEL_MIGRATION_UID) != NULL;
}

/* NULL: an orphan. */
const struct owner_reference *ownership_controller(const struct meta *made)
{
    for (size_t i = 0; i < made->owner_count; i++) {
        if (made->owners[i].is_controller) {
            return &made->owners[i];
        }
    }
    return NULL;
}

static bool is_object(const struct owner_reference *owner, const struct workload *workload)
{
    return owner->uid != NULL && str_eq(owner->uid, workload->meta.uid);
}

static bool is_of_kind(const struct owner_reference *owner, enum workload_kind kind)
{
    return str_eq(owner->kind, workload_kind_name(kind));
}

/* The same name with another UID: it was deleted and created again, and what it made lives on. */
static bool is_namesake(const struct owner_reference *owner, const struct workload *workload)
{
    return is_of_kind(owner, workload->kind) && str_eq(owner->name, workload->meta.name);
}

static const struct workload *maker_of(const struct application_seen *seen, const struct pod *pod)
{
    const struct owner_reference *owner = ownership_controller(&pod->meta);
    for (size_t i = 0; owner != NULL && i < seen->maker_count; i++) {
        if (is_object(owner, seen->makers[i])) {
            return seen->makers[i];
        }
    }
    return NULL;
}

/* ---- what makes pods ---- */

/* As the CronJob controller calls its Jobs: nightly-29384756. */
static bool is_named_after(const struct workload *cron_job, const char *job)
{
    const char *name = cron_job->meta.name;
    size_t len = strlen(name);
    if (job == NULL || strncmp(job, name, len) != 0 || job[len] != '-') {
        return false;
    }
    const char *number = job + len + 1;
    return number[0] != '\0' && number[strspn(number, "0123456789")] == '\0';
}

/* Of a CronJob that is gone none are known, and anything has them. */
static bool has_containers_of(const struct workload *workload, const struct version_facts *facts)
{
    const struct version_facts *template = &workload->pod_template;
    for (size_t i = 0; i < template->container_count; i++) {
        size_t k = 0;
        while (k < facts->container_count &&
               !str_eq(facts->containers[k].name, template->containers[i].name)) {
            k++;
        }
        if (k == facts->container_count) {
            return false;
        }
    }
    return true;
}

/*
 * Whoever makes a Job from a CronJob by hand need not say that the CronJob controls it (kubectl did not for years), and
 * an orphan runs on: then it is told by its name, or by nothing but its containers, if a person gave it that.
 */
static bool is_job_of(const struct workload *cron_job, const struct workload *job)
{
    bool is_orphan = ownership_controller(&job->meta) == NULL;
    for (size_t i = 0; i < job->meta.owner_count; i++) {
        const struct owner_reference *owner = &job->meta.owners[i];
        if (is_object(owner, cron_job) || is_namesake(owner, cron_job)) {
            return true;
        }
        is_orphan = is_orphan && !is_of_kind(owner, WORKLOAD_CRON_JOB);
    }
    return is_orphan && (is_named_after(cron_job, job->meta.name) ||
                         has_containers_of(cron_job, &job->pod_template));
}

bool ownership_of_maker(const struct workload *workload, const struct workload *maker)
{
    const struct owner_reference *owner = ownership_controller(&maker->meta);
    if (owner != NULL && is_object(owner, workload)) {
        return true;
    }
    switch (workload->kind) {
    case WORKLOAD_DEPLOYMENT: /* adopts whatever orphan its selector selects */
        return (owner == NULL || is_namesake(owner, workload)) &&
               selector_matches(&workload->selector, &maker->pod_template.labels);
    case WORKLOAD_CRON_JOB:
        return is_job_of(workload, maker);
    case WORKLOAD_OTHER:
        return selector_matches(&workload->selector, &maker->pod_template.labels);
    case WORKLOAD_STATEFUL_SET:
    case WORKLOAD_DAEMON_SET:
    case WORKLOAD_REPLICA_SET:
    case WORKLOAD_JOB:
    case WORKLOAD_KIND_MAX:
        break;
    }
    return false;
}

/* ---- pods ---- */

/* An orphaned ReplicaSet or pod counts for whoever selects it: its version runs, whoever owns it. */
static bool is_anothers(const struct workload *workload, const struct application_seen *seen,
                        const struct pod *pod)
{
    const struct owner_reference *owner = ownership_controller(&pod->meta);
    if (owner == NULL || is_object(owner, workload)) {
        return false;
    }
    if (workload->kind != WORKLOAD_DEPLOYMENT) {
        return !is_namesake(owner, workload);
    }
    if (!is_of_kind(owner, WORKLOAD_REPLICA_SET)) {
        return true;
    }
    const struct workload *replica_set = maker_of(seen, pod);
    const struct owner_reference *above =
        replica_set == NULL ? NULL : ownership_controller(&replica_set->meta);
    return above != NULL && !is_object(above, workload) &&
           !str_eq(above->name, workload->meta.name);
}

/*
 * A Job that is deleted is gone before its pods are. Whose it was only its name tells then, and not even that where
 * a person gave it one.
 */
static bool is_of_cron_job(const struct workload *cron_job, const struct application_seen *seen,
                           const struct pod *pod)
{
    const struct workload *job = maker_of(seen, pod);
    if (job != NULL) {
        return ownership_of_maker(cron_job, job);
    }
    const struct owner_reference *owner = ownership_controller(&pod->meta);
    const char *name = owner == NULL ? pairs_get(&pod->facts.labels, LABEL_JOB_NAME)
                       : is_of_kind(owner, WORKLOAD_JOB) ? owner->name
                                                         : NULL;
    return name != NULL &&
           (is_named_after(cron_job, name) || has_containers_of(cron_job, &pod->facts));
}

bool ownership_of_pod(const struct workload *workload, const struct application_seen *seen,
                      const struct pod *pod)
{
    if (!is_alive(pod) || is_a_run(pod)) {
        return false;
    }
    if (workload->kind == WORKLOAD_CRON_JOB) {
        return is_of_cron_job(workload, seen, pod);
    }
    return selector_matches(&workload->selector, &pod->facts.labels) &&
           (workload->kind == WORKLOAD_OTHER || !is_anothers(workload, seen, pod));
}

/* ---- whom a change concerns ---- */

/* WORKLOAD_OTHER: one that is not known here. WORKLOAD_KIND_MAX: there is no owner. */
static enum workload_kind kind_of(const struct owner_reference *owner)
{
    if (owner == NULL) {
        return WORKLOAD_KIND_MAX;
    }
    unsigned kind = 0;
    while (kind < WORKLOAD_OTHER && !is_of_kind(owner, (enum workload_kind)kind)) {
        kind++;
    }
    return (enum workload_kind)kind;
}

/* Of any CronJob that it names: who made it by hand may have named it without being its controller. */
static struct whose whose_job(const struct workload *job)
{
    const struct owner_reference *cron_job = NULL;
    for (size_t i = 0; i < job->meta.owner_count; i++) {
        const struct owner_reference *owner = &job->meta.owners[i];
        if (!is_of_kind(owner, WORKLOAD_CRON_JOB)) {
            continue;
        }
        if (cron_job != NULL) {
            return (struct whose){WORKLOAD_KIND_MAX, NULL};
        }
        cron_job = owner;
    }
    return cron_job != NULL ? (struct whose){WORKLOAD_CRON_JOB, cron_job->name}
                            : (struct whose){WORKLOAD_JOB, NULL};
}

static struct whose whose_replica_set(const struct workload *replica_set)
{
    const struct owner_reference *owner = ownership_controller(&replica_set->meta);
    enum workload_kind by = kind_of(owner);
    if (by == WORKLOAD_DEPLOYMENT) {
        return (struct whose){by, owner->name};
    }
    bool is_orphan = by == WORKLOAD_OTHER || by == WORKLOAD_KIND_MAX;
    return (struct whose){is_orphan ? WORKLOAD_REPLICA_SET : WORKLOAD_KIND_MAX, NULL};
}

struct whose whose_workload(const struct workload *workload)
{
    if (workload->kind == WORKLOAD_JOB) {
        return whose_job(workload);
    }
    return workload->kind == WORKLOAD_REPLICA_SET
               ? whose_replica_set(workload)
               : (struct whose){workload->kind, workload->meta.name};
}

struct whose whose_pod(const struct pod *pod, const struct workload *maker)
{
    if (maker != NULL) {
        return whose_workload(maker);
    }
    const struct owner_reference *owner = ownership_controller(&pod->meta);
    enum workload_kind by = kind_of(owner);
    bool is_named = by != WORKLOAD_REPLICA_SET && by != WORKLOAD_JOB && by < WORKLOAD_OTHER;
    return (struct whose){by, is_named ? owner->name : NULL};
}

/* What the owner has made counts for others only by the rules of ownership_of_pod() and ownership_of_maker(). */
static bool is_of(enum workload_kind kind, const char *name, struct whose whose)
{
    switch (whose.kind) {
    case WORKLOAD_REPLICA_SET:
        return kind == WORKLOAD_DEPLOYMENT;
    case WORKLOAD_JOB:
        return kind == WORKLOAD_CRON_JOB;
    case WORKLOAD_DEPLOYMENT:
    case WORKLOAD_STATEFUL_SET:
    case WORKLOAD_DAEMON_SET:
    case WORKLOAD_CRON_JOB:
    case WORKLOAD_OTHER:
        return kind == whose.kind && (whose.name == NULL || str_eq(name, whose.name));
    case WORKLOAD_KIND_MAX:
        break;
    }
    return true;
}

bool whose_may_concern(const struct migration *migration, struct whose whose)
{
    const struct inherit_from *inherited = &migration->inherit_from;
    if (inherited->name != NULL && is_of(inherited->kind, inherited->name, whose)) {
        return true;
    }
    for (size_t i = 0; i < migration->application_count; i++) {
        const struct application *application = &migration->applications[i];
        /* Of another kind all that its selector selects counts, whoever made it. */
        bool takes_all = application->kind == WORKLOAD_OTHER && whose.kind != WORKLOAD_OTHER;
        if (application->has_selector || takes_all ||
            is_of(application->kind, application->name, whose)) {
            return true;
        }
    }
    return false;
}
