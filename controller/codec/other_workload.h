/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workload of a kind that nobody here knows, read by the fields that such kinds have in common: a pod template, a
 * selector, counts, a generation. What is not there, or is something else, is not told, and never a mistake: then
 * the object would be as good as none. For the decoders here.
 */
#ifndef INTERLUDE_CODEC_OTHER_WORKLOAD_H
#define INTERLUDE_CODEC_OTHER_WORKLOAD_H

#include <jansson.h>

#include "base/arena.h"
#include "domain/types.h"

/* All but metadata. */
void other_workload_read(struct arena *arena, const json_t *object, struct workload *ret);

#endif
