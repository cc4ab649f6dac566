/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/frame.h"

#include <string.h>

void frame_init(struct frame *frame, size_t line_max)
{
    buf_init(&frame->partial, line_max);
}

void frame_fini(struct frame *frame)
{
    buf_fini(&frame->partial);
}

void frame_reset(struct frame *frame)
{
    buf_reset(&frame->partial);
}

static bool too_long(struct frame *frame, struct err *err)
{
    frame_reset(frame);
    return err_set(err, ERR_INVALID, "a line of the stream is longer than %zu bytes",
                   frame->partial.max);
}

/* Ends the unfinished line with these bytes. Ownership leaves the frame first, as fn may free that. */
static bool finish_partial(struct frame *frame, frame_line_fn *fn, void *arg)
{
    CLEANUP(buf_fini) struct buf line = frame->partial;
    buf_init(&frame->partial, line.max);
    return fn(arg, line.data, line.len);
}

bool frame_feed(struct frame *frame, const char *data, size_t len, frame_line_fn *fn, void *arg,
                struct err *err)
{
    const char *end = data + len;
    while (data < end) {
        /* Only new bytes are searched: what stands in partial holds no '\n'. */
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        size_t piece = (size_t)((newline == NULL ? end : newline) - data);
        if (newline == NULL || frame->partial.len > 0) {
            if (!buf_append(&frame->partial, data, piece)) {
                return too_long(frame, err);
            }
        } else if (piece > frame->partial.max) {
            return too_long(frame, err);
        }
        if (newline == NULL) {
            return true;
        }
        bool more = true;
        if (frame->partial.len > 0) {
            more = finish_partial(frame, fn, arg);
        } else if (piece > 0) {
            more = fn(arg, data, piece);
        }
        if (!more) {
            return true;
        }
        data = newline + 1;
    }
    return true;
}
