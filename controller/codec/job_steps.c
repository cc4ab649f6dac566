/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/job_steps.h"

#include "codec/named.h"
#include "codec/writer.h"
#include "domain/types.h"

#define STEP_NAME_MAX 64

/* Of the run alone; the API server refuses them on init containers. */
static const char *const fields_of_service[] = {"livenessProbe", "readinessProbe", "startupProbe",
                                                "lifecycle"};

/* The command of run.recover or run.verify, borrowed; NULL: there is none. */
static const json_t *command_of(const json_t *run, const char *step)
{
    const json_t *command = json_object_get(json_object_get(run, step), "command");
    return json_array_size(command) > 0 ? command : NULL;
}

/* The run's container with another name and command. New. */
static json_t *step_build(const json_t *container, const char *name, const json_t *command)
{
    json_t *step = json_deep_copy(container);
    write_text(step, "name", name);
    (void)json_object_set_new(step, "command", json_deep_copy(command));
    (void)json_object_del(step, "args");
    (void)json_object_del(step, "ports");
    for (size_t i = 0; i < ARRAY_LEN(fields_of_service); i++) {
        (void)json_object_del(step, fields_of_service[i]);
    }
    return step;
}

/* Whether the run may have steps around it. */
static bool check_run(const json_t *spec, bool becomes_init, struct err *err)
{
    const json_t *containers = json_object_get(spec, "containers");
    const json_t *inits = json_object_get(spec, "initContainers");
    if (inits != NULL && !json_is_array(inits)) {
        return err_set(err, ERR_INVALID,
                       "spec.run.podTemplate.spec.initContainers: must be a list");
    }
    if (json_array_size(containers) != 1) {
        return err_set(
            err, ERR_INVALID,
            "spec.run.podTemplate.spec.containers: has %zu containers, and with "
            "run.verify or run.recover those beside the run would start after them; make "
            "them native sidecars (initContainers with restartPolicy Always)",
            json_array_size(containers));
    }
    const json_t *container = json_array_get(containers, 0);
    for (size_t i = 0; becomes_init && i < ARRAY_LEN(fields_of_service); i++) {
        if (json_object_get(container, fields_of_service[i]) != NULL) {
            return err_set(err, ERR_INVALID,
                           "spec.run.podTemplate.spec.containers[0].%s: cannot be with run.verify, "
                           "which makes the run an init container; remove it",
                           fields_of_service[i]);
        }
    }
    return true;
}

bool job_steps_add(json_t *template, const json_t *run, bool is_recovery_due, struct err *err)
{
    json_t *spec = json_object_get(template, "spec");
    json_t *marks = json_object_get(json_object_get(template, "metadata"), "annotations");
    const json_t *recover = command_of(run, "recover");
    const json_t *verify = command_of(run, "verify");
    (void)json_object_del(marks,
                          ANNOTATION_RECOVER); /* a user's own would make the end unreadable */
    (void)json_object_del(marks, ANNOTATION_VERIFY);
    if (json_is_null(json_object_get(spec, "initContainers"))) {
        (void)json_object_del(spec, "initContainers");
    }
    if (recover == NULL && verify == NULL) {
        return true;
    }
    if (!check_run(spec, verify != NULL, err)) {
        return false;
    }
    json_t *containers = json_object_get(spec, "containers");
    json_t *container = json_array_get(containers, 0);
    json_t *inits = json_object_get(spec, "initContainers");
    json_auto_t *list = inits == NULL ? json_array() : json_incref(inits);
    char name[STEP_NAME_MAX];
    if (recover != NULL && is_recovery_due) {
        named_free("recover", containers, list, name, sizeof(name));
        write_text(marks, ANNOTATION_RECOVER, name);
        (void)json_array_append_new(list, step_build(container, name, recover));
    }
    if (verify != NULL) {
        named_free("verify", containers, list, name, sizeof(name));
        write_text(marks, ANNOTATION_VERIFY, name);
        json_t *check = step_build(container, name, verify);
        (void)json_array_append(list, container);
        (void)json_array_set_new(containers, 0, check);
    }
    if (json_array_size(list) > 0) {
        (void)json_object_set(spec, "initContainers", list);
    }
    return true;
}
