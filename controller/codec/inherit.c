/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/inherit.h"

#include "base/str.h"
#include "codec/meta.h"
#include "codec/named.h"
#include "codec/pod_template.h"
#include "codec/writer.h"

static const char *const kept_of_pod[] = {
    "serviceAccountName",
    "automountServiceAccountToken",
    "imagePullSecrets",
    "securityContext",
    "hostUsers",
    "nodeSelector",
    "tolerations",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "dnsPolicy",
    "dnsConfig",
    "hostAliases",
    "enableServiceLinks",
    "os",
};

static const char *const kept_of_container[] = {
    "image",         "imagePullPolicy", "env",        "envFrom",         "volumeMounts",
    "volumeDevices", "resources",       "workingDir", "securityContext",
};

/* Copies the named fields that are there. */
static void copy_fields(json_t *to, const json_t *from, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(from, names[i]);
        if (value != NULL) {
            (void)json_object_set_new(to, names[i], json_deep_copy(value));
        }
    }
}

/* The container that from means: the named one, the only one, the template's default. */
static const json_t *chosen_container(const json_t *template, const struct inherit_from *from,
                                      struct err *err)
{
    const json_t *containers = json_object_get(json_object_get(template, "spec"), "containers");
    const char *kind = workload_kind_name(from->kind);
    const char *name = from->container;
    if (name == NULL && json_array_size(containers) == 1) {
        return json_array_get(containers, 0);
    }
    if (name == NULL) {
        name = meta_annotation_get(template, ANNOTATION_DEFAULT_CONTAINER);
    }
    const json_t *container = named_item(containers, name);
    if (container == NULL && name == NULL) {
        err_set(err, ERR_INVALID,
                "spec.run.container.inheritFrom.container: %s/%s has %zu containers; name one",
                kind, from->name, json_array_size(containers));
    } else if (container == NULL) {
        err_set(err, ERR_INVALID,
                "spec.run.container.inheritFrom.container: %s/%s has no container \"%s\"; name "
                "one that it has",
                kind, from->name, name);
    }
    return container;
}

/* A claim on a device of the pod, which the run does not have. */
static void drop_claims(json_t *container)
{
    (void)json_object_del(json_object_get(container, "resources"), "claims");
}

/* Init containers that go on running beside the others. New. */
static json_t *sidecars_copy(const json_t *spec)
{
    json_t *sidecars = json_array();
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(spec, "initContainers"), i, item)
    {
        if (!str_eq(json_string_value(json_object_get(item, "restartPolicy")), "Always")) {
            continue;
        }
        json_t *copy = json_deep_copy(item);
        drop_claims(copy);
        size_t port_index = 0;
        json_t *port = NULL;
        json_array_foreach(json_object_get(copy, "ports"), port_index, port)
        {
            (void)json_object_del(port, "hostPort"); /* the application may hold it on the node */
        }
        (void)json_array_append_new(sidecars, copy);
    }
    return sidecars;
}

/* Takes out the mounts whose volume the template does not have: a claim template's. */
static void drop_lost_mounts(json_t *container, const char *field, const json_t *volumes)
{
    json_t *mounts = json_object_get(container, field);
    for (size_t i = json_array_size(mounts); i-- > 0;) {
        const json_t *mount = json_array_get(mounts, i);
        if (named_item(volumes, json_string_value(json_object_get(mount, "name"))) == NULL) {
            (void)json_array_remove(mounts, i);
        }
    }
    if (mounts != NULL && json_array_size(mounts) == 0) {
        (void)json_object_del(container, field);
    }
}

static void drop_mounts(json_t *containers, const json_t *volumes)
{
    size_t i = 0;
    json_t *container = NULL;
    json_array_foreach(containers, i, container)
    {
        drop_lost_mounts(container, "volumeMounts", volumes);
        drop_lost_mounts(container, "volumeDevices", volumes);
    }
}

static bool is_mounted(const json_t *containers, const char *volume)
{
    size_t i = 0;
    json_t *container = NULL;
    json_array_foreach(containers, i, container)
    {
        if (named_item(json_object_get(container, "volumeMounts"), volume) != NULL ||
            named_item(json_object_get(container, "volumeDevices"), volume) != NULL) {
            return true;
        }
    }
    return false;
}

/* The volumes that one of the containers still mounts. New. */
static json_t *volumes_copy(const json_t *volumes, const json_t *containers, const json_t *sidecars)
{
    json_t *kept = json_array();
    size_t i = 0;
    json_t *volume = NULL;
    json_array_foreach(volumes, i, volume)
    {
        const char *name = json_string_value(json_object_get(volume, "name"));
        if (is_mounted(containers, name) || is_mounted(sidecars, name)) {
            (void)json_array_append_new(kept, json_deep_copy(volume));
        }
    }
    return kept;
}

/* Resource fields (limits.cpu in an env or a volume) name their container: it has a new name now. */
static void rename_references(json_t *value, const char *from, const char *to)
{
    json_t *child = NULL;
    if (json_is_array(value)) {
        size_t i = 0;
        json_array_foreach(value, i, child)
        {
            rename_references(child, from, to);
        }
        return;
    }
    json_t *reference = json_object_get(value, "resourceFieldRef");
    if (str_eq(json_string_value(json_object_get(reference, "containerName")), from)) {
        write_text(reference, "containerName", to);
    }
    const char *key = NULL;
    json_object_foreach(value, key, child)
    {
        rename_references(child, from, to);
    }
}

json_t *inherit_pod_spec(const json_t *workload, const struct inherit_from *from, struct err *err)
{
    const json_t *template = json_object_get(json_object_get(workload, "spec"), "template");
    const json_t *spec = json_object_get(template, "spec");
    const json_t *volumes = json_object_get(spec, "volumes");
    const json_t *source = chosen_container(template, from, err);
    if (source == NULL) {
        return NULL;
    }
    json_t *sidecars = sidecars_copy(spec);
    drop_mounts(sidecars, volumes);
    char name[64];
    named_free(RUN_CONTAINER, sidecars, NULL, name, sizeof(name));
    json_t *container = writer_pair("name", json_string(name));
    copy_fields(container, source, kept_of_container, ARRAY_LEN(kept_of_container));
    drop_claims(container);
    json_t *containers = json_array();
    (void)json_array_append_new(containers, container);
    drop_mounts(containers, volumes);

    json_t *pod = json_object();
    copy_fields(pod, spec, kept_of_pod, ARRAY_LEN(kept_of_pod));
    json_t *affinity = json_object();
    static const char *const kept_of_affinity[] = {"nodeAffinity"};
    copy_fields(affinity, json_object_get(spec, "affinity"), kept_of_affinity, 1);
    write_filled(pod, "affinity", affinity);
    write_filled(pod, "volumes", volumes_copy(volumes, containers, sidecars));
    (void)json_object_set_new(pod, "containers", containers);
    write_filled(pod, "initContainers", sidecars);
    rename_references(pod, json_string_value(json_object_get(source, "name")), name);
    return pod;
}
