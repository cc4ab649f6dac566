/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/job_patch.h"

#include "codec/writer.h"
#include "domain/jobstate.h"

/* {metadata: {uid}}; *ret_metadata is borrowed from it. */
static json_t *patch_of(const char *uid, json_t **ret_metadata)
{
    json_t *metadata = json_object();
    write_text(metadata, "uid", uid);
    *ret_metadata = metadata;
    return writer_pair("metadata", metadata);
}

/* A directive of the strategic merge patch: takes the one finalizer out, whatever else is there. */
static void drop_finalizer(json_t *metadata)
{
    (void)json_object_set_new(metadata, "$deleteFromPrimitiveList/finalizers",
                              writer_list_of(FINALIZER_OUTCOME));
}

json_t *job_arm_patch(const char *uid, int64_t active_deadline_s)
{
    json_t *metadata = NULL;
    json_t *patch = patch_of(uid, &metadata);
    (void)json_object_set_new(metadata, "finalizers", writer_list_of(FINALIZER_OUTCOME));
    json_t *spec = writer_pair("parallelism", json_integer(1));
    if (active_deadline_s > 0) {
        write_number(spec, "activeDeadlineSeconds", active_deadline_s);
    }
    (void)json_object_set_new(patch, "spec", spec);
    return patch;
}

json_t *job_end_patch(const char *uid, const char *resource_version)
{
    json_t *metadata = NULL;
    json_t *patch = patch_of(uid, &metadata);
    write_text(metadata, "resourceVersion", resource_version);
    (void)json_object_set_new(
        patch, "spec", writer_pair("activeDeadlineSeconds", json_integer(JOB_ENDED_DEADLINE_S)));
    return patch;
}

json_t *job_let_go_patch(const char *uid, const struct meta *owner, int64_t ttl_s)
{
    json_t *metadata = NULL;
    json_t *patch = patch_of(uid, &metadata);
    drop_finalizer(metadata);
    if (owner != NULL) {
        json_t *reference = json_object();
        write_text(reference, "apiVersion", API_VERSION);
        write_text(reference, "kind", "SchemaMigration");
        write_text(reference, "name", owner->name);
        write_text(reference, "uid", owner->uid);
        json_t *owners = json_array();
        (void)json_array_append_new(owners, reference);
        (void)json_object_set_new(metadata, "ownerReferences", owners);
    }
    if (ttl_s >= 0) {
        (void)json_object_set_new(patch, "spec",
                                  writer_pair("ttlSecondsAfterFinished", json_integer(ttl_s)));
    }
    return patch;
}

json_t *pod_let_go_patch(const struct meta *pod)
{
    json_t *metadata = NULL;
    json_t *patch = patch_of(pod->uid, &metadata);
    drop_finalizer(metadata);
    return patch;
}

json_t *pod_open_patch(const char *uid)
{
    json_t *metadata = NULL;
    json_t *patch = patch_of(uid, &metadata);
    json_t *gate = json_object();
    write_text(gate, "name", SCHEDULING_GATE);
    write_text(gate, "$patch", "delete");
    json_t *gates = json_array();
    (void)json_array_append_new(gates, gate);
    (void)json_object_set_new(patch, "spec", writer_pair("schedulingGates", gates));
    return patch;
}

json_t *delete_options(const char *uid, const char *resource_version)
{
    json_t *options = json_object();
    write_text(options, "apiVersion", "v1");
    write_text(options, "kind", "DeleteOptions");
    json_t *preconditions = json_object();
    write_text(preconditions, "uid", uid);
    write_text(preconditions, "resourceVersion", resource_version);
    write_filled(options, "preconditions", preconditions);
    write_text(options, "propagationPolicy", "Background");
    return options;
}
