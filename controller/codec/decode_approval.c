/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "codec/decode.h"
#include "codec/meta.h"
#include "codec/reader.h"

bool approval_decode(struct arena *arena, const json_t *object, struct approval *ret,
                     struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    *ret = (struct approval){0};
    meta_read(&reader, object, FINALIZER_MIGRATION, &ret->meta);
    const json_t *spec = reader_object(&reader, object, "spec");
    size_t mark = reader_enter(&reader, "spec");
    ret->migration = reader_required_text(&reader, spec, "migration");
    ret->uid = reader_required_text(&reader, spec, "uid");
    ret->spec_hash = reader_required_text(&reader, spec, "specHash");
    ret->approved_by = reader_required_text(&reader, spec, "approvedBy");
    ret->comment = reader_text(&reader, spec, "comment");
    reader_leave(&reader, mark);
    if (reader_has_failed(&reader)) {
        *err = reader.err;
        return false;
    }
    ret->migration_key = arena_printf(arena, "%s/%s", str_or_empty(ret->meta.ns), ret->migration);
    return true;
}
