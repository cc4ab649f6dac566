/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/lease.h"

#include "codec/reader.h"
#include "codec/writer.h"

bool lease_decode(struct arena *arena, const json_t *object, struct lease *ret, struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    const json_t *metadata = reader_object(&reader, object, "metadata");
    size_t mark = reader_enter(&reader, "metadata");
    *ret = (struct lease){
        .resource_version = reader_required_text(&reader, metadata, "resourceVersion"),
    };
    reader_leave(&reader, mark);

    const json_t *spec = reader_object(&reader, object, "spec");
    mark = reader_enter(&reader, "spec");
    ret->holder = reader_text(&reader, spec, "holderIdentity");
    ret->duration_s = reader_number(&reader, spec, "leaseDurationSeconds", 0);
    ret->acquired = reader_text(&reader, spec, "acquireTime");
    ret->renewed = reader_text(&reader, spec, "renewTime");
    ret->transitions = reader_number(&reader, spec, "leaseTransitions", 0);
    reader_leave(&reader, mark);
    if (reader_has_failed(&reader)) {
        *err = reader.err;
        return false;
    }
    return true;
}

json_t *lease_build(const char *ns, const char *name, const struct lease *lease)
{
    json_t *metadata = json_object();
    write_text(metadata, "namespace", ns);
    write_text(metadata, "name", name);
    write_text(metadata, "resourceVersion", lease->resource_version);

    json_t *spec = json_object();
    write_text(spec, "holderIdentity", lease->holder);
    write_number(spec, "leaseDurationSeconds", lease->duration_s);
    write_text(spec, "acquireTime", lease->acquired);
    write_text(spec, "renewTime", lease->renewed);
    write_number(spec, "leaseTransitions", lease->transitions);

    json_t *object = json_object();
    write_text(object, "apiVersion", "coordination.k8s.io/v1");
    write_text(object, "kind", "Lease");
    (void)json_object_set_new(object, "metadata", metadata);
    (void)json_object_set_new(object, "spec", spec);
    return object;
}
