/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts fields into a JSON object, leaving out what is absent. Texts that are no UTF-8 (a message that
 * was cut in the middle of a character) are mended and never lost. Knows no kind of object.
 */
#ifndef INTERLUDE_CODEC_WRITER_H
#define INTERLUDE_CODEC_WRITER_H

#include <jansson.h>
#include <stdint.h>

#include "base/attrs.h"

/* New; bytes that are no UTF-8 become '?'. */
json_t *writer_text(const char *text) MUST_CHECK;

void write_text(json_t *object, const char *key, const char *text); /* NULL: absent */
void write_number(json_t *object, const char *key, int64_t number);
void write_time(json_t *object, const char *key, int64_t wall_s); /* 0: absent */

/* The value is stolen; an empty object or list is dropped. */
void write_filled(json_t *object, const char *key, json_t *value);

/* New: {key: value}, of a text or of a stolen value. */
json_t *writer_pair(const char *key, json_t *value) MUST_CHECK;

/* New: [text]. */
json_t *writer_list_of(const char *text) MUST_CHECK;

#endif
