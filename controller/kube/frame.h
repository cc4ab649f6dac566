/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the lines out of a stream that comes in pieces of any size. Holds no more than one line that is
 * not finished, and none over its maximum; knows nothing of what a line means.
 */
#ifndef INTERLUDE_KUBE_FRAME_H
#define INTERLUDE_KUBE_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * The longest line of a watch. etcd takes 1.5 MiB for an object
 * (https://etcd.io/docs/v3.5/dev-guide/limit/), which may be protobuf or JSON with fewer escapes.
 */
#define FRAME_LINE_MAX ((size_t)8 * 1024 * 1024)

struct frame {
    struct buf partial; /* the line that is not finished, without any '\n' */
};

/* A line without its '\n', never empty; borrowed until the call returns. False: no more lines. */
typedef bool frame_line_fn(void *arg, const char *line, size_t len);

void frame_init(struct frame *frame, size_t line_max);
void frame_fini(struct frame *frame);

/* Forgets an unfinished line. */
void frame_reset(struct frame *frame);

/*
 * Calls fn for each line that these bytes finish. False with ERR_INVALID for a line over the maximum:
 * the stream is lost then and the frame empty. When fn returned false, the rest of the bytes is dropped,
 * the frame is not touched any more, and the result is true.
 */
bool frame_feed(struct frame *frame, const char *data, size_t len, frame_line_fn *fn, void *arg,
                struct err *err) MUST_CHECK;

#endif
