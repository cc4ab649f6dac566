/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod and a pod template have in common: where a version can be read. For the decoders here. */
#ifndef INTERLUDE_CODEC_POD_TEMPLATE_H
#define INTERLUDE_CODEC_POD_TEMPLATE_H

#include <jansson.h>

#include "codec/reader.h"
#include "domain/types.h"

#define ANNOTATION_DEFAULT_CONTAINER "kubectl.kubernetes.io/default-container"

/* object has metadata and spec; NULL leaves *ret zeroed. */
void version_facts_read(struct reader *reader, const json_t *object, struct version_facts *ret);

#endif
