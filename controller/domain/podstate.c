/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What counts as proof that a container does not run (R8b):
 *
 * - Its status says terminated. Only the kubelet writes statuses, after the runtime told it so.
 * - Its pod was never bound to a node and can no longer be: it is being deleted (the API server refuses
 *   to bind such a pod), or its phase is terminal.
 * - It waits, and the kubelet gave the pod a terminal phase: the kubelet does that only once nothing of
 *   the pod runs (pkg/kubelet/status, mergePodStatus), so what waited never started. That it was the
 *   kubelet is told by a reason, or by the containers themselves: it marks as ended all but those that
 *   wait for an init container which did not succeed (TerminatePod).
 * - The pod is Failed with a reason of its own (Evicted, OutOfcpu, NodeAffinity) and has no statuses at
 *   all: that is the kubelet's refusal of a pod, by the same rule. A refusal after a restart of the
 *   kubelet wipes the statuses of a pod that had run, so it counts as one that may have started, and as
 *   cut off. A pod that ran and was then evicted keeps its statuses.
 *
 * What does not: a phase that somebody else wrote. The pod garbage collector sets Failed when the node
 * is gone, or out of service, and leaves the statuses as the kubelet last told them; a container that
 * "waits" there may have started since. It may be known by its DisruptionTarget (DeletionByPodGC), which
 * it does not set for a node that is out of service; the taint manager's deletion
 * (DeletionByTaintManager) and the node controller's NodeLost also come from a node that does not
 * answer. And a container that "runs" in a terminal pod, whoever wrote the phase.
 */
#include "domain/podstate.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "domain/selector.h"

static bool is_terminal(const struct pod *pod)
{
    return str_eq(pod->phase, "Succeeded") || str_eq(pod->phase, "Failed");
}

static bool is_being_deleted(const struct pod *pod)
{
    return pod->meta.deleted_s != 0;
}

static bool node_may_be_lost(const struct pod *pod)
{
    return str_eq(pod->reason, "NodeLost") ||
           (pod->is_disrupted && (str_eq(pod->disruption_reason, "DeletionByPodGC") ||
                                  str_eq(pod->disruption_reason, "DeletionByTaintManager")));
}

/* The kubelet's own word, not a consequence of what the containers did. */
static bool was_ended_by_kubelet(const struct pod *pod)
{
    return str_eq(pod->phase, "Failed") && !str_is_empty(pod->reason) && !node_may_be_lost(pod);
}

/*
 * An init container ended in a way that keeps those behind it from starting, and no other than the kubelet
 * can have told so. A sidecar's end is always such: while they may start, it runs.
 */
static bool did_init_stop_it(const struct pod *pod)
{
    for (size_t i = 0; i < pod->container_count; i++) {
        const struct container_status *container = &pod->containers[i];
        if (container->state == CONTAINER_TERMINATED &&
            (container->exit_code != 0 || container->is_sidecar)) {
            return true;
        }
    }
    return false;
}

static bool container_is_over(const struct pod *pod, const struct container_status *container)
{
    switch (container->state) {
    case CONTAINER_TERMINATED:
        return true;
    case CONTAINER_WAITING:
        return is_terminal(pod) && !node_may_be_lost(pod) &&
               (was_ended_by_kubelet(pod) || did_init_stop_it(pod));
    case CONTAINER_RUNNING:
    case CONTAINER_UNKNOWN:
        return false;
    }
    return false;
}

static bool pod_is_over(const struct pod *pod)
{
    if (pod->node == NULL) {
        return is_terminal(pod) || is_being_deleted(pod);
    }
    if (pod->container_count == 0) {
        return was_ended_by_kubelet(pod);
    }
    for (size_t i = 0; i < pod->container_count; i++) {
        if (!container_is_over(pod, &pod->containers[i])) {
            return false;
        }
    }
    return pod->container_count >= pod->containers_wanted;
}

/* In doubt true: what may have started may have changed the database. */
static bool has_started(const struct pod *pod)
{
    for (size_t i = 0; i < pod->container_count; i++) {
        if (pod->containers[i].ever_started) {
            return true;
        }
    }
    bool is_silent = pod->container_count == 0 || !pod_is_over(pod);
    return pod->node != NULL && is_terminal(pod) && is_silent;
}

/* An end that the runtime saw: ContainerStatusUnknown has neither times nor a true exit code. */
static bool has_seen_end(const struct container_status *container)
{
    return container->state == CONTAINER_TERMINATED && container->finished_s != 0;
}

static int64_t last_end_s(const struct pod *pod)
{
    int64_t last = 0;
    for (size_t i = 0; i < pod->container_count; i++) {
        if (pod->containers[i].finished_s > last) {
            last = pod->containers[i].finished_s;
        }
    }
    return last;
}

/* The run's container by name; without one the only, else the first of the pod's own. */
static const struct container_status *find_run(const struct pod *pod, const char *name)
{
    const char *wanted = name != NULL ? name : pod->facts.default_container;
    for (size_t i = 0; i < pod->container_count; i++) {
        const struct container_status *container = &pod->containers[i];
        if (wanted == NULL ? !container->is_init : str_eq(container->name, wanted)) {
            return container;
        }
    }
    return NULL;
}

/* The container that one of our annotations on the pod names; NULL: none. */
static const struct container_status *find_step(const struct pod *pod, const char *annotation)
{
    const char *name = pairs_get(&pod->facts.annotations, annotation);
    return name == NULL ? NULL : find_run(pod, name);
}

/*
 * Whether the process ended by itself, and not because somebody deleted its pod. No time tells: when a
 * finalizer holds the pod, the kubelet's last deletion (grace 0) overwrites the deletionTimestamp, and
 * with it when the deletion was asked for. But a pod has generation 1 until its spec changes, 2 once our
 * scheduling gate is off it, as it must be before a kubelet hears of it, and the deletion makes it 3: a
 * kubelet whose last word is about 2 did not know of it. (observedGeneration comes with Kubernetes 1.34;
 * before, every deleted pod counts as cut off; so does one whose spec somebody else has changed too.)
 */
static bool ended_by_itself(const struct pod *pod)
{
    return !is_being_deleted(pod) || (pod->meta.generation == 3 && pod->observed_generation == 2);
}

/* R8a. */
static bool has_succeeded(const struct pod *pod, const struct container_status *run)
{
    if (!str_eq(pod->phase, "Succeeded") || pod->is_disrupted || !pod_is_over(pod)) {
        return false;
    }
    for (size_t i = 0; i < pod->container_count; i++) {
        if (!has_seen_end(&pod->containers[i])) {
            return false;
        }
    }
    const struct container_status *check = find_step(pod, ANNOTATION_VERIFY);
    bool has_check = pairs_get(&pod->facts.annotations, ANNOTATION_VERIFY) != NULL;
    bool is_checked = !has_check || (check != NULL && check->exit_code == 0);
    return run != NULL && run->ever_started && run->exit_code == 0 && is_checked &&
           ended_by_itself(pod);
}

static bool was_interrupted(const struct pod *pod)
{
    bool by_kubelet = was_ended_by_kubelet(pod) && !str_eq(pod->reason, "DeadlineExceeded");
    bool is_silent = has_started(pod) && pod->container_count == 0;
    if (pod->is_disrupted || by_kubelet || is_silent) {
        return true;
    }
    for (size_t i = 0; i < pod->container_count; i++) {
        const struct container_status *container = &pod->containers[i];
        if (container->ever_started && !has_seen_end(container)) {
            return true;
        }
    }
    return !ended_by_itself(pod);
}

/*
 * The container that decided the end: the run's where it failed; else an init container that kept it
 * from starting, or another container that failed, the check among them. Native sidecars end with any
 * code and decide nothing.
 */
static const struct container_status *find_culprit(const struct pod *pod,
                                                   const struct container_status *run)
{
    bool run_ended = run != NULL && has_seen_end(run);
    if (run_ended && run->exit_code != 0) {
        return run;
    }
    for (size_t i = 0; i < pod->container_count; i++) {
        const struct container_status *container = &pod->containers[i];
        bool may_decide = !container->is_init || !run_ended;
        if (may_decide && has_seen_end(container) && container->exit_code != 0) {
            return container;
        }
    }
    return run_ended ? run : NULL;
}

/* The end of a text without the white space around it; a longer one loses its beginning. */
static const char *trimmed(struct arena *arena, const char *text)
{
    if (str_is_empty(text)) {
        return NULL;
    }
    static const char space[] = " \t\r\n";
    const char *start = text + strspn(text, space);
    size_t len = strlen(start);
    while (len > 0 && strchr(space, start[len - 1]) != NULL) {
        len--;
    }
    if (len == 0) {
        return NULL;
    }
    if (len <= RUN_MESSAGE_MAX) {
        return arena_strndup(arena, start, len);
    }
    static const char mark[] = "...";
    size_t skip = len - (RUN_MESSAGE_MAX - strlen(mark));
    while (skip < len && ((unsigned char)start[skip] & 0xc0) == 0x80) {
        skip++; /* not into the middle of a character */
    }
    return arena_printf(arena, "%s%.*s", mark, (int)(len - skip), start + skip);
}

static const char *interruption(const struct pod *pod)
{
    if (!str_is_empty(pod->reason)) {
        return pod->reason;
    }
    if (pod->is_disrupted && !str_is_empty(pod->disruption_reason)) {
        return pod->disruption_reason;
    }
    return is_being_deleted(pod) ? "PodDeleted" : "ContainerLost";
}

static const char *failure(const struct pod *pod, const struct container_status *run,
                           const struct container_status *culprit)
{
    if (str_eq(pod->reason, "DeadlineExceeded") || culprit == NULL) {
        return str_is_empty(pod->reason) ? "Unknown" : pod->reason;
    }
    if (culprit == find_step(pod, ANNOTATION_RECOVER)) {
        return "RecoverFailed";
    }
    if (culprit == find_step(pod, ANNOTATION_VERIFY)) {
        return "VerifyFailed";
    }
    if (str_eq(culprit->reason, "OOMKilled")) {
        return "OOMKilled";
    }
    if (culprit == run) {
        return "ExitCode";
    }
    return culprit->is_init ? "InitContainerFailed" : "ContainerFailed";
}

/* The runtime's word for why it could not start the container (StartError), if it has one. */
static const char *not_started(const struct container_status *culprit)
{
    return culprit != NULL && !str_is_empty(culprit->reason) ? culprit->reason : "NeverStarted";
}

/* What the kubelet, or who disrupted the pod, says about its end. */
static const char *words_of_end(struct arena *arena, const struct pod *pod)
{
    const char *words = trimmed(arena, pod->message);
    return words != NULL ? words : trimmed(arena, pod->disruption_message);
}

static const char *end_message(struct arena *arena, const struct pod *pod,
                               const struct container_status *run,
                               const struct container_status *culprit)
{
    const char *output = culprit == NULL ? NULL : trimmed(arena, culprit->message);
    if (output != NULL && culprit != run) {
        return arena_printf(arena, "container %s: %s", culprit->name, output);
    }
    return output != NULL ? output : words_of_end(arena, pod);
}

static void judge_check(struct arena *arena, const struct container_status *container,
                        struct check *ret)
{
    if (container != NULL && has_seen_end(container)) {
        *ret = (struct check){
            .has_ended = true,
            .exit_code = container->exit_code,
            .message = trimmed(arena, container->message),
        };
    }
}

/* Fills in what only a pod that is over, or said to be, can tell. */
static void judge_end(struct arena *arena, const struct pod *pod,
                      const struct container_status *run, struct run_state *ret)
{
    const struct container_status *culprit = find_culprit(pod, run);
    const struct container_status *check = find_step(pod, ANNOTATION_VERIFY);
    judge_check(arena, check, &ret->check);
    bool started = has_started(pod);
    ret->succeeded = ret->end == RUN_ENDED && has_succeeded(pod, run);
    ret->is_interrupted = was_interrupted(pod);
    ret->has_exit_code = started && culprit != NULL;
    /* Where the check failed, code and message are the run's all the same: the check has its own. */
    const struct container_status *told = culprit != NULL && culprit == check ? run : culprit;
    ret->exit_code = ret->has_exit_code ? told->exit_code : 0;
    bool exited_with_0 = run != NULL && has_seen_end(run) && run->exit_code == 0;
    bool is_check_open = check != NULL && !has_seen_end(check);
    ret->is_unsure = exited_with_0 && !ret->succeeded && culprit == run && !is_check_open;
    ret->end_s = ret->end == RUN_ENDED ? last_end_s(pod) : 0;
    ret->message = end_message(arena, pod, run, told);
    ret->cause = ret->is_interrupted ? words_of_end(arena, pod) : NULL;
    ret->run_started = ret->end == RUN_UNPROVEN || run == NULL ? started : run->ever_started;
    if (ret->end == RUN_UNPROVEN) {
        ret->reason = node_may_be_lost(pod) ? "NodeLost" : "EndUnknown";
    } else if (!started) {
        ret->reason = not_started(culprit);
    } else if (ret->succeeded) {
        ret->reason = "Completed";
    } else if (ret->is_interrupted) {
        ret->reason = interruption(pod);
    } else {
        ret->reason = failure(pod, run, culprit);
    }
}

static void judge_waiting(struct arena *arena, const struct pod *pod, struct run_state *ret)
{
    if (pod->is_gated) {
        return; /* for us to open */
    }
    if (pod->other_gate != NULL) {
        ret->waiting_reason = "SchedulingGated";
        ret->waiting_message =
            arena_printf(arena, "its scheduling gate %s is still closed", pod->other_gate);
        return;
    }
    if (pod->unschedulable != NULL && pod->node == NULL) {
        ret->waiting_reason = "Unschedulable";
        ret->waiting_message = pod->unschedulable;
        return;
    }
    for (size_t i = 0; i < pod->container_count; i++) {
        const struct container_status *container = &pod->containers[i];
        bool is_telling = !str_is_empty(container->reason) &&
                          !str_eq(container->reason, "ContainerCreating") &&
                          !str_eq(container->reason, "PodInitializing");
        if (container->state == CONTAINER_WAITING && is_telling) {
            ret->waiting_reason = container->reason;
            ret->waiting_message = container->message;
            return;
        }
    }
}

/*
 * All containers have ended, and the kubelet has yet to say how the pod did: its phase, which success
 * needs, comes a moment later. If the node is lost just then, the pod garbage collector gives it one.
 */
static bool is_phase_due(const struct pod *pod)
{
    return has_started(pod) && !is_terminal(pod) && !is_being_deleted(pod) && !pod->is_disrupted;
}

static enum run_end pod_end(const struct pod *pod)
{
    if (pod_is_over(pod)) {
        return is_phase_due(pod) ? RUN_RUNNING : RUN_ENDED;
    }
    if (is_terminal(pod)) {
        return RUN_UNPROVEN;
    }
    return has_started(pod) ? RUN_RUNNING : RUN_PENDING;
}

/* The pod that tells the story: one that started before one that did not, then the newest. */
static const struct pod *main_pod(const struct pod *pods, size_t count)
{
    const struct pod *main = &pods[0];
    for (size_t i = 1; i < count; i++) {
        bool started = has_started(&pods[i]);
        bool is_newer = pods[i].meta.created_s > main->meta.created_s;
        if (started == has_started(main) ? is_newer : started) {
            main = &pods[i];
        }
    }
    return main;
}

/* What is least over among the pods: runs, cannot be told, may still start, ended. */
static enum run_end all_ends(const struct pod *pods, size_t count)
{
    static const enum run_end order[] = {RUN_RUNNING, RUN_UNPROVEN, RUN_PENDING};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        for (size_t j = 0; j < count; j++) {
            if (pod_end(&pods[j]) == order[i]) {
                return order[i];
            }
        }
    }
    return RUN_ENDED;
}

void run_state_judge(struct arena *arena, const struct pod *pods, size_t count,
                     const char *run_container, struct run_state *ret)
{
    *ret = (struct run_state){.end = RUN_PENDING, .pods = count};
    if (count == 0) {
        return;
    }
    const struct pod *pod = main_pod(pods, count);
    const struct container_status *run = find_run(pod, run_container);
    ret->end = all_ends(pods, count);
    ret->proven_ended = ret->end == RUN_ENDED;
    ret->is_stopping = true;
    for (size_t i = 0; i < count; i++) {
        ret->ever_started = ret->ever_started || has_started(&pods[i]);
        ret->is_stopping =
            ret->is_stopping && (is_being_deleted(&pods[i]) || pod_end(&pods[i]) == RUN_ENDED);
    }
    ret->silent_node = node_may_be_lost(pod) ? pod->node : NULL;
    if (run != NULL) {
        ret->image_id = str_is_empty(run->image_id) ? NULL : run->image_id;
        ret->start_s = run->started_s;
    }
    if (ret->end == RUN_ENDED || ret->end == RUN_UNPROVEN) {
        judge_end(arena, pod, run, ret);
    } else {
        judge_waiting(arena, pod, ret);
    }
}
