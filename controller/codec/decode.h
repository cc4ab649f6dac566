/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of the API as JSON → the structs of domain/types.h. Only fields that we judge by are read,
 * unknown ones are ignored, defaults are filled in. Everything lands in the arena; the JSON is borrowed
 * and may be freed at once. On failure err is ERR_INVALID and its text starts with the field's path
 * ("status.history[3].at: ..."); *ret is then undefined.
 */
#ifndef INTERLUDE_CODEC_DECODE_H
#define INTERLUDE_CODEC_DECODE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"
#include "domain/types.h"

/*
 * A mistake in the spec is no failure: the migration is there, with spec_error set to the field, its
 * value and the remedy, so that its user gets a condition. What could not be read then has its default.
 * It fails when metadata or status cannot be read: to take an unreadable status for an empty one could
 * run a migration twice.
 *
 * Of one that is done (it succeeded, was let go, and is not edited since), of which there may be thousands,
 * only what is still asked for is read: no conditions, applications, hashes of the spec and earlier attempts,
 * and the newest entry of the history alone. No status is ever written from it: whatever wants that has first changed its
 * metadata, and it is no longer done.
 */
bool migration_decode(struct arena *arena, const json_t *object, struct migration *ret,
                      struct err *err) MUST_CHECK;
bool database_decode(struct arena *arena, const json_t *object, struct database *ret,
                     struct err *err) MUST_CHECK;
bool approval_decode(struct arena *arena, const json_t *object, struct approval *ret,
                     struct err *err) MUST_CHECK;
bool job_decode(struct arena *arena, const json_t *object, struct job *ret,
                struct err *err) MUST_CHECK;
bool pod_decode(struct arena *arena, const json_t *object, struct pod *ret,
                struct err *err) MUST_CHECK;
/* Items of a list carry no kind of their own: the caller knows what it asked for. */
bool workload_decode(struct arena *arena, const json_t *object, enum workload_kind kind,
                     struct workload *ret, struct err *err) MUST_CHECK;

/* An object of any kind, or its metadata alone. In its status, which is another's, nothing is a mistake. */
bool prerequisite_decode(struct arena *arena, const json_t *object, struct prerequisite *ret,
                         struct err *err) MUST_CHECK;

#endif
