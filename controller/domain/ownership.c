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

static const struct workload *maker_of(const struct application_seen *seen, const struct pod *pod)
{
    for (size_t i = 0; i < seen->maker_count; i++) {
        if (pod->meta.owner_uid != NULL && str_eq(seen->makers[i]->meta.uid, pod->meta.owner_uid)) {
            return seen->makers[i];
        }
    }
    return NULL;
}

/* The same name with another UID: it was deleted and created again, and what it made lives on. */
static bool is_a_namesakes(const struct workload *workload, const struct meta *made)
{
    return str_eq(made->owner_kind, workload_kind_name(workload->kind)) &&
           str_eq(made->owner_name, workload->meta.name);
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

bool ownership_of_maker(const struct workload *workload, const struct workload *maker)
{
    const struct meta *meta = &maker->meta;
    if (meta->owner_uid != NULL && str_eq(meta->owner_uid, workload->meta.uid)) {
        return true;
    }
    bool is_orphan = meta->owner_uid == NULL;
    switch (workload->kind) {
    case WORKLOAD_DEPLOYMENT: /* adopts whatever orphan its selector selects */
        return (is_orphan || is_a_namesakes(workload, meta)) &&
               selector_matches(&workload->selector, &maker->pod_template.labels);
    case WORKLOAD_CRON_JOB: /* adopts none, but an orphan runs on */
        return is_orphan ? is_named_after(workload, meta->name) : is_a_namesakes(workload, meta);
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
    const struct meta *meta = &pod->meta;
    if (meta->owner_uid == NULL || str_eq(meta->owner_uid, workload->meta.uid)) {
        return false;
    }
    if (workload->kind != WORKLOAD_DEPLOYMENT) {
        return !is_a_namesakes(workload, meta);
    }
    if (!str_eq(meta->owner_kind, "ReplicaSet")) {
        return true;
    }
    const struct workload *replica_set = maker_of(seen, pod);
    return replica_set != NULL && replica_set->meta.owner_uid != NULL &&
           !str_eq(replica_set->meta.owner_uid, workload->meta.uid) &&
           !str_eq(replica_set->meta.owner_name, workload->meta.name);
}

/* Of a CronJob that is gone none are known, and any pod has them. */
static bool has_containers_of(const struct workload *workload, const struct pod *pod)
{
    const struct version_facts *template = &workload->pod_template;
    for (size_t i = 0; i < template->container_count; i++) {
        size_t k = 0;
        while (k < pod->facts.container_count &&
               !str_eq(pod->facts.containers[k].name, template->containers[i].name)) {
            k++;
        }
        if (k == pod->facts.container_count) {
            return false;
        }
    }
    return true;
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
    const char *name = pod->meta.owner_uid == NULL ? pairs_get(&pod->facts.labels, LABEL_JOB_NAME)
                       : str_eq(pod->meta.owner_kind, workload_kind_name(WORKLOAD_JOB))
                           ? pod->meta.owner_name
                           : NULL;
    return name != NULL && (is_named_after(cron_job, name) || has_containers_of(cron_job, pod));
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
