/* SPDX-License-Identifier: Apache-2.0 */
/* The status that we wrote ourselves, read back: the inverse of codec/status.h. For codec/decode.c. */
#ifndef INTERLUDE_CODEC_STATUS_DECODE_H
#define INTERLUDE_CODEC_STATUS_DECODE_H

#include <jansson.h>

#include "codec/reader.h"
#include "domain/types.h"

/*
 * object is the whole migration or database; an absent status leaves *ret zeroed. Of a migration that is
 * done (codec/decode.h) only what is still asked for is read.
 */
void migration_status_read(struct reader *reader, const json_t *object, bool is_done,
                           struct migration_status *ret);
void database_status_read(struct reader *reader, const json_t *object, struct database *ret);

#endif
