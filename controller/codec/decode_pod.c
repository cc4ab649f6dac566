/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "codec/decode.h"
#include "codec/meta.h"
#include "codec/pod_template.h"
#include "codec/reader.h"

#define LABEL_JOB_UID "batch.kubernetes.io/controller-uid"

/* A longer annotation is no version. */
#define ANNOTATION_VALUE_MAX ((size_t)128)

void version_facts_read(struct reader *reader, const json_t *object, struct version_facts *ret)
{
    const json_t *metadata = reader_object(reader, object, "metadata");
    const json_t *spec = reader_object(reader, object, "spec");
    size_t mark = reader_enter(reader, "metadata");
    *ret = (struct version_facts){
        .default_container =
            arena_strdup(reader->arena, meta_annotation_get(object, ANNOTATION_DEFAULT_CONTAINER)),
        .labels = reader_pairs(reader, metadata, "labels", SIZE_MAX),
        .annotations = reader_pairs(reader, metadata, "annotations", ANNOTATION_VALUE_MAX),
    };
    reader_leave(reader, mark);
    mark = reader_enter(reader, "spec");
    const json_t *containers = reader_list(reader, spec, "containers");
    ret->container_count = json_array_size(containers);
    if (ret->container_count > 0) {
        ret->containers =
            arena_array(reader->arena, ret->container_count, sizeof(*ret->containers));
    }
    for (size_t i = 0; i < ret->container_count; i++) {
        const json_t *container = json_array_get(containers, i);
        size_t item_mark = reader_enter_item(reader, "containers", i);
        ret->containers[i].name = reader_required_text(reader, container, "name");
        ret->containers[i].image = reader_text(reader, container, "image");
        reader_leave(reader, item_mark);
    }
    reader_leave(reader, mark);
}

static bool is_present(const json_t *object, const char *key)
{
    return !str_is_empty(json_string_value(json_object_get(object, key)));
}

/*
 * Whether a terminated state is one of a process that ran. A runtime that could not start it writes the
 * epoch as startedAt (StartError). The kubelet writes ContainerStatusUnknown without any times for what
 * it cannot find. As the last state that means that the container used to run. As the present state it
 * says nothing, because what never started is marked so too: then the container's ID tells whether the
 * runtime ever had it.
 */
static bool has_run(struct reader *reader, const json_t *terminated, bool is_known)
{
    if (terminated == NULL) {
        return false;
    }
    if (!is_present(terminated, "startedAt")) {
        return is_known;
    }
    return reader_time(reader, terminated, "startedAt") > 0;
}

static void state_read(struct reader *reader, const json_t *status, struct container_status *ret)
{
    const json_t *state = reader_object(reader, status, "state");
    size_t mark = reader_enter(reader, "state");
    const json_t *waiting = reader_object(reader, state, "waiting");
    const json_t *running = reader_object(reader, state, "running");
    const json_t *terminated = reader_object(reader, state, "terminated");
    const json_t *detail = NULL;
    if (terminated != NULL) {
        ret->state = CONTAINER_TERMINATED;
        detail = terminated;
    } else if (running != NULL) {
        ret->state = CONTAINER_RUNNING;
        detail = running;
    } else if (waiting != NULL) {
        ret->state = CONTAINER_WAITING;
        detail = waiting;
    }
    ret->reason = reader_text(reader, detail, "reason");
    ret->message = reader_text(reader, detail, "message");
    ret->started_s = reader_time(reader, detail, "startedAt");
    ret->finished_s = reader_time(reader, terminated, "finishedAt");
    ret->exit_code = reader_number(reader, terminated, "exitCode", 0);
    reader_leave(reader, mark);
    const json_t *last = reader_object(reader, status, "lastState");
    ret->ever_started = running != NULL ||
                        has_run(reader, terminated, is_present(status, "containerID")) ||
                        has_run(reader, reader_object(reader, last, "terminated"), true) ||
                        reader_number(reader, status, "restartCount", 0) > 0;
}

/* Appends the statuses of one list to ret->containers, which has room. */
static void statuses_read(struct reader *reader, const json_t *status, const char *key,
                          struct pod *ret)
{
    const json_t *list = reader_list(reader, status, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct container_status *container = &ret->containers[ret->container_count++];
        size_t mark = reader_enter_item(reader, key, i);
        container->name = reader_required_text(reader, item, "name");
        container->image_id = reader_text(reader, item, "imageID");
        container->is_init = str_eq(key, "initContainerStatuses");
        state_read(reader, item, container);
        reader_leave(reader, mark);
    }
}

static void conditions_read(struct reader *reader, const json_t *status, struct pod *ret)
{
    const json_t *disrupted = meta_condition_get(status, "DisruptionTarget", "True");
    const json_t *unscheduled = meta_condition_get(status, "PodScheduled", "False");
    size_t mark = reader_enter(reader, "conditions");
    ret->is_disrupted = disrupted != NULL;
    ret->disruption_reason = reader_text(reader, disrupted, "reason");
    ret->disruption_message = reader_text(reader, disrupted, "message");
    /* Of its gates the spec tells; the condition is behind once one has been taken off. */
    if (unscheduled != NULL &&
        !str_eq(reader_text(reader, unscheduled, "reason"), "SchedulingGated")) {
        const char *message = reader_text(reader, unscheduled, "message");
        ret->unschedulable = str_or_empty(message);
    }
    reader_leave(reader, mark);
}

static void pod_status_read(struct reader *reader, const json_t *object, struct pod *ret)
{
    const json_t *status = reader_object(reader, object, "status");
    size_t mark = reader_enter(reader, "status");
    ret->phase = reader_text(reader, status, "phase");
    ret->reason = reader_text(reader, status, "reason");
    ret->message = reader_text(reader, status, "message");
    ret->observed_generation = reader_number(reader, status, "observedGeneration", 0);
    conditions_read(reader, status, ret);
    size_t room = json_array_size(json_object_get(status, "initContainerStatuses")) +
                  json_array_size(json_object_get(status, "containerStatuses"));
    if (room > 0) {
        ret->containers = arena_array(reader->arena, room, sizeof(*ret->containers));
    }
    statuses_read(reader, status, "initContainerStatuses", ret);
    statuses_read(reader, status, "containerStatuses", ret);
    reader_leave(reader, mark);
}

/* Statuses do not tell which init containers are sidecars; the spec does. */
static void sidecars_read(struct reader *reader, const json_t *init_containers, struct pod *ret)
{
    for (size_t i = 0; i < json_array_size(init_containers); i++) {
        const json_t *item = json_array_get(init_containers, i);
        const char *name = json_string_value(json_object_get(item, "name"));
        size_t mark = reader_enter_item(reader, "initContainers", i);
        bool restarts = str_eq(reader_text(reader, item, "restartPolicy"), "Always");
        reader_leave(reader, mark);
        for (size_t j = 0; restarts && j < ret->container_count; j++) {
            struct container_status *container = &ret->containers[j];
            container->is_sidecar = container->is_sidecar || str_eq(container->name, name);
        }
    }
}

static void gates_read(struct reader *reader, const json_t *spec, struct pod *ret)
{
    const json_t *gates = reader_list(reader, spec, "schedulingGates");
    for (size_t i = 0; i < json_array_size(gates); i++) {
        size_t mark = reader_enter_item(reader, "schedulingGates", i);
        const char *name = reader_text(reader, json_array_get(gates, i), "name");
        if (str_eq(name, SCHEDULING_GATE)) {
            ret->is_gated = true;
        } else {
            ret->other_gate = name;
        }
        reader_leave(reader, mark);
    }
}

bool pod_decode(struct arena *arena, const json_t *object, struct pod *ret, struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    *ret = (struct pod){
        .job_uid = arena_strdup(arena, meta_label_get(object, LABEL_JOB_UID)),
    };
    meta_read(&reader, object, FINALIZER_OUTCOME, &ret->meta);
    version_facts_read(&reader, object, &ret->facts);
    const json_t *spec = reader_object(&reader, object, "spec");
    size_t mark = reader_enter(&reader, "spec");
    ret->node = reader_text(&reader, spec, "nodeName");
    gates_read(&reader, spec, ret);
    const json_t *init_containers = reader_list(&reader, spec, "initContainers");
    ret->containers_wanted = ret->facts.container_count + json_array_size(init_containers);
    reader_leave(&reader, mark);
    pod_status_read(&reader, object, ret);
    mark = reader_enter(&reader, "spec");
    sidecars_read(&reader, init_containers, ret);
    reader_leave(&reader, mark);
    if (reader_has_failed(&reader)) {
        *err = reader.err;
        return false;
    }
    return true;
}
