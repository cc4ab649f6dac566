/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the API server has said of its kinds, kept by group and version: where the objects of a kind stand, which
 * only the server knows of those that others install. Asks nothing by itself: who does not find a kind asks at
 * kinds_path() and gives the answer to kinds_learn(), however old what is known is; so a kind that is installed
 * later is found by whoever asks again.
 */
#ifndef INTERLUDE_APP_KINDS_H
#define INTERLUDE_APP_KINDS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"
#include "base/map.h"
#include "codec/api_kinds.h"

/* A zeroed one is empty. */
struct kinds {
    struct map by_version; /* "v1", "apps/v1" -> struct known (kinds.c) */
};

void kinds_fini(struct kinds *kinds);

/* Where the server lists the kinds of the group and version. In the arena. */
char *kinds_path(struct arena *arena, const char *api_version) MUST_CHECK;

/* Takes in the server's answer, in the stead of an older one. False: it cannot be read; the older one stays. */
bool kinds_learn(struct kinds *kinds, const char *api_version, const json_t *body,
                 struct err *err) MUST_CHECK;

/* It was told that there is no such group and version, or what is known of it has proved wrong. */
void kinds_forget(struct kinds *kinds, const char *api_version);

/* Borrowed until the next kinds_learn() or kinds_forget(); NULL: not known. */
const struct api_kind *kinds_find(const struct kinds *kinds, const char *api_version,
                                  const char *kind);

#endif
