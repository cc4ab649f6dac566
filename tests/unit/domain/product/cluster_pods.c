/* SPDX-License-Identifier: Apache-2.0 */
/* The pods of an attempt: how Job controller, kubelet, garbage collector and people deal with them. */
#include <assert.h>
#include <string.h>

#include "base/attrs.h"
#include "base/str.h"
#include "cluster_parts.h"
#include "domain/jobstate.h"

#define PODS_MAX 2

static size_t pod_count(struct cluster *cluster)
{
    return cluster->scene.seen.pod_count;
}

static bool is_waiting(const struct pod *pod)
{
    return pod->is_gated && pod->meta.deleted_s == 0;
}

/* Deleted before it was bound to a node, it never is. */
static bool is_alive(const struct pod *pod)
{
    bool is_unbound = pod->node == NULL && pod->meta.deleted_s != 0;
    return !pod->is_gated && !is_unbound &&
           (str_eq(pod->phase, "Pending") || str_eq(pod->phase, "Running"));
}

struct pod *live_pod(struct cluster *cluster)
{
    for (size_t i = 0; i < pod_count(cluster); i++) {
        if (is_alive(&cluster->scene.pods[i])) {
            return &cluster->scene.pods[i];
        }
    }
    return NULL;
}

bool may_be_let_start(struct cluster *cluster)
{
    const char *noted = migration_of(cluster)->status.attempt.pod_uid;
    for (size_t i = 0; i < pod_count(cluster); i++) {
        const struct pod *pod = &cluster->scene.pods[i];
        if (is_waiting(pod) && (cluster->is_gone || str_eq(pod->meta.uid, noted))) {
            return true;
        }
    }
    return false;
}

/* ---- pods come and go ---- */

static void delete_pod(struct cluster *cluster, struct pod *pod)
{
    pod->meta.deleted_s = cluster->now_s;
    pod->meta.generation++;
}

static void take_gate_off(struct pod *pod)
{
    pod->is_gated = false;
    pod->meta.generation++;
}

static void remove_first(struct cluster *cluster)
{
    struct scene *scene = &cluster->scene;
    scene->pods[0] = scene->pods[1];
    scene->containers[0] = scene->containers[1];
    scene->pods[0].containers = &scene->containers[0];
    scene->seen.pod_count--;
    cluster->is_first_forgotten = false;
}

static struct pod *make_pod(struct cluster *cluster)
{
    struct scene *scene = &cluster->scene;
    size_t i = scene->seen.pod_count++;
    assert(i < PODS_MAX);
    cluster->pods_attempt = scene->job.attempt;
    scene->pods[i] = (struct pod){
        .meta = {.name = "pod-1",
                 .uid = arena_printf(&cluster->arena, "uid-of-pod-%u", ++cluster->pods_made),
                 .generation = 1,
                 .has_finalizer = true},
        .phase = "Pending",
        .job_uid = scene->job.meta.uid,
        .is_gated = true,
        .containers_wanted = 1,
    };
    return &scene->pods[i];
}

/* ---- mishaps ---- */

static bool strikes(struct cluster *cluster, enum mishap mishap)
{
    bool is_it = cluster->mishap == mishap;
    if (is_it) {
        cluster->mishap = MISHAP_NONE;
    }
    return is_it;
}

static void make_pods(struct cluster *cluster)
{
    struct pod *pod = make_pod(cluster);
    if (strikes(cluster, MISHAP_SECOND)) {
        (void)make_pod(cluster);
    } else if (strikes(cluster, MISHAP_UNGATED)) {
        take_gate_off(pod);
    } else if (strikes(cluster, MISHAP_SECOND_UNGATED)) {
        take_gate_off(make_pod(cluster));
    } else if (strikes(cluster, MISHAP_WITHDRAWN)) {
        delete_pod(cluster, pod);
        cluster->is_first_forgotten = true;
    }
}

void strike_noted_pod(struct cluster *cluster)
{
    struct pod *pod = &cluster->scene.pods[0];
    const char *noted = migration_of(cluster)->status.attempt.pod_uid;
    if (pod_count(cluster) == 0 || !is_waiting(pod) || !str_eq(pod->meta.uid, noted)) {
        return;
    }
    if (strikes(cluster, MISHAP_NOTED_WITHDRAWN)) {
        delete_pod(cluster, pod);
        cluster->is_first_forgotten = true;
    } else if (strikes(cluster, MISHAP_NOTED_STRIPPED)) {
        remove_first(cluster);
    }
}

static bool strike_running_pod(struct cluster *cluster, const struct pod *pod)
{
    if (pod != &cluster->scene.pods[0] || pod->container_count == 0) {
        return false;
    }
    if (strikes(cluster, MISHAP_STRIPPED)) {
        remove_first(cluster);
        cluster->is_node_lost = true;
        return true;
    }
    cluster->is_first_forgotten = cluster->is_first_forgotten || strikes(cluster, MISHAP_UNCOUNTED);
    return false;
}

/* ---- the kubelet ---- */

static bool is_told_to_end(struct cluster *cluster)
{
    return cluster->is_job_there && cluster->scene.job.active_deadline_s == JOB_ENDED_DEADLINE_S;
}

static void begin_pod(struct cluster *cluster, struct pod *pod)
{
    const char **ran_uid = &cluster->ran_uid[cluster->pods_attempt];
    struct container_status *container = &cluster->scene.containers[pod - cluster->scene.pods];
    assert((size_t)cluster->pods_attempt < ARRAY_LEN(cluster->ran_uid));
    if (*ran_uid != NULL && !str_eq(*ran_uid, pod->meta.uid)) {
        break_rule(cluster, "R1: a second pod of one attempt");
    }
    *ran_uid = pod->meta.uid;
    *container = (struct container_status){.name = "migrate",
                                           .state = CONTAINER_RUNNING,
                                           .started_s = cluster->now_s,
                                           .ever_started = true};
    pod->phase = "Running";
    pod->node = "node-1";
    pod->observed_generation = pod->meta.generation;
    pod->containers = container;
    pod->container_count = 1;
}

/* It ends by itself, but where its Job is being deleted or suspended: then it was asked to. */
static void end_pod(struct cluster *cluster, struct pod *pod)
{
    struct job *job = &cluster->scene.job;
    bool is_asked = cluster->is_job_there && (job->meta.deleted_s != 0 || job->is_suspended);
    bool is_cut_short = is_told_to_end(cluster);
    struct container_status *container = &cluster->scene.containers[pod - cluster->scene.pods];
    bool has_started = container->ever_started;
    *container = (struct container_status){
        .name = "migrate",
        .state = CONTAINER_TERMINATED,
        .started_s = has_started || !is_cut_short ? cluster->now_s : 0,
        .finished_s = cluster->now_s,
        .ever_started = has_started || !is_cut_short,
        .exit_code = cluster->exits_with_0 && !is_cut_short ? 0 : 1,
    };
    pod->node = "node-1";
    pod->phase = container->exit_code == 0 ? "Succeeded" : "Failed";
    pod->containers = container;
    pod->container_count = 1;
    if (is_asked) {
        delete_pod(cluster, pod);
        pod->observed_generation = pod->meta.generation;
    }
}

static bool move_live_pod(struct cluster *cluster)
{
    struct pod *pod = live_pod(cluster);
    if (pod == NULL) {
        return false;
    }
    const struct container_status *container =
        &cluster->scene.containers[pod - cluster->scene.pods];
    if (!container->ever_started && !is_told_to_end(cluster)) {
        begin_pod(cluster, pod);
    } else if (!strike_running_pod(cluster, pod)) {
        end_pod(cluster, pod);
    }
    return true;
}

/* ---- the Job controller, and the garbage collector ---- */

/* A Job that is being deleted lets its pods be, until it is gone or its deadline has passed. */
static bool is_unwanted(struct cluster *cluster, const struct pod *pod)
{
    const struct job *job = &cluster->scene.job;
    bool is_its = cluster->is_job_there && str_eq(pod->job_uid, job->meta.uid);
    return !is_its || job->is_complete || job->is_failed || is_told_to_end(cluster) ||
           (job->meta.deleted_s == 0 && job->is_suspended);
}

static bool withdraw_pods(struct cluster *cluster)
{
    for (size_t i = 0; i < pod_count(cluster); i++) {
        struct pod *pod = &cluster->scene.pods[i];
        if (is_waiting(pod) && is_unwanted(cluster, pod)) {
            delete_pod(cluster, pod);
            return true;
        }
    }
    return false;
}

/* None of them is alive; those that its controller has forgotten do not count. */
static bool move_job(struct cluster *cluster)
{
    struct job *job = &cluster->scene.job;
    size_t count = 0;
    if (!may_get_pod(cluster)) {
        return false;
    }
    for (size_t i = cluster->is_first_forgotten ? 1 : 0; i < pod_count(cluster); i++, count++) {
        const struct pod *pod = &cluster->scene.pods[i];
        if (is_waiting(pod)) {
            return false;
        }
        job->is_complete = job->is_complete || str_eq(pod->phase, "Succeeded");
    }
    if (count == 0 && !is_told_to_end(cluster)) {
        make_pods(cluster);
        return true;
    }
    job->is_failed = !job->is_complete;
    job->failed_reason = is_told_to_end(cluster) ? "DeadlineExceeded" : "BackoffLimitExceeded";
    return true;
}

bool move_pods(struct cluster *cluster)
{
    return withdraw_pods(cluster) || move_live_pod(cluster) || move_job(cluster);
}
