/* SPDX-License-Identifier: Apache-2.0 */
/* Events (v1) about our resources. The name is the caller's: made again, it is refused as a duplicate. */
#ifndef INTERLUDE_CODEC_EVENT_H
#define INTERLUDE_CODEC_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"
#include "domain/types.h"

#define EVENT_MESSAGE_MAX 1024 /* bytes; the server refuses longer ones */

struct event {
    const char *name;
    const char *api_version; /* of the object that it is about */
    const char *kind;
    const struct meta *about;
    bool is_warning;
    const char *reason;  /* at most 128 bytes */
    const char *message; /* cut to EVENT_MESSAGE_MAX */
    int64_t at_s;
    const char *instance; /* which of our replicas says so; NULL: not told */
};

/* New. */
json_t *event_build(const struct event *event) MUST_CHECK;

#endif
