/* SPDX-License-Identifier: Apache-2.0 */
/* The times of a watch, so that a test need not wait minutes for them. */
#ifndef INTERLUDE_KUBE_WATCH_INTERNAL_H
#define INTERLUDE_KUBE_WATCH_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "kube/watch.h"

struct watch_timing {
    uint32_t least_s; /* timeoutSeconds: a stream is asked to last between the two */
    uint32_t most_s;
    int64_t slack_ms;   /* the server may end it so much later */
    int64_t answer_ms;  /* from the start of a stream to its first byte */
    int64_t silence_ms; /* between two bytes after that */
    int64_t steady_ms;  /* a stream that lived so long was no failure */
    size_t line_max;
    struct backoff_policy backoff;
};

/* kube_watch_start() with other times; the timing is borrowed until the watch is stopped. */
struct kube_watch *kube_watch_start_timed(struct kube_client *client,
                                          const struct kube_watch_spec *spec,
                                          const struct kube_watch_handler *handler, void *arg,
                                          const struct watch_timing *timing) MUST_CHECK;

#endif
