/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts that several kinds of objects have in common: metadata, label selectors, conditions. For the
 * decoders of this folder alone. Mistakes go to the reader.
 */
#ifndef INTERLUDE_CODEC_META_H
#define INTERLUDE_CODEC_META_H

#include <jansson.h>
#include <stdint.h>

#include "codec/reader.h"
#include "domain/types.h"

/* metadata of the object; our_finalizer is the one that meta.has_finalizer speaks of. */
void meta_read(struct reader *reader, const json_t *object, const char *our_finalizer,
               struct meta *ret);

/* The annotation's number; 0 when it is absent or no number. */
int64_t meta_annotation_number(const json_t *object, const char *key);

/* The annotation or label, borrowed; NULL when absent or no text. */
const char *meta_annotation_get(const json_t *object, const char *key);
const char *meta_label_get(const json_t *object, const char *key);

/* A metav1.LabelSelector in object[key]. */
struct selector meta_selector_read(struct reader *reader, const json_t *object, const char *key);

/* A list of metav1.Condition in object["conditions"]. */
struct conditions meta_conditions_read(struct reader *reader, const json_t *object);

/* The condition of that type in object["conditions"] whose status is as given, borrowed; or NULL. */
const json_t *meta_condition_get(const json_t *object, const char *type, const char *status);

#endif
