/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of a group and version, as the API server's discovery tells them: an APIResourceList
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris, /api/v1 and /apis/GROUP/VERSION).
 */
#ifndef INTERLUDE_CODEC_API_KINDS_H
#define INTERLUDE_CODEC_API_KINDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"

struct api_kind {
    const char *kind;   /* "Backup" */
    const char *plural; /* "backups": its place in a path */
    bool is_namespaced;
    bool is_watchable; /* can be listed and watched */
};

struct api_kinds {
    struct api_kind *items;
    size_t count;
};

/* All in the arena; the JSON is borrowed. False: it is no such list (ERR_INVALID). */
bool api_kinds_decode(struct arena *arena, const json_t *body, struct api_kinds *ret,
                      struct err *err) MUST_CHECK;

/* NULL: there is none. */
const struct api_kind *api_kinds_find(const struct api_kinds *kinds, const char *kind);

#endif
