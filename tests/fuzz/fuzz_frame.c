/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The framing of a watch. The first byte says how the rest is cut into pieces. Beyond not crashing: the
 * lines are those that a plain split of the whole gives, up to the first that is too long.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "fuzz.h"
#include "kube/frame.h"

#define LINE_MAX_BYTES ((size_t)64)

static void claim(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* What a plain split expects next. */
struct oracle {
    const char *at;
    const char *end;
};

/* The next line that is not empty, with its end; NULL: there is none. */
static const char *next_line(const struct oracle *oracle, const char **ret_end)
{
    const char *at = oracle->at;
    while (at < oracle->end && *at == '\n') {
        at++;
    }
    const char *end = at == oracle->end ? NULL : memchr(at, '\n', (size_t)(oracle->end - at));
    *ret_end = end == NULL ? oracle->end : end;
    return end == NULL ? NULL : at;
}

static bool on_line(void *arg, const char *line, size_t len)
{
    struct oracle *oracle = arg;
    const char *end = NULL;
    const char *wanted = next_line(oracle, &end);
    claim(wanted != NULL && (size_t)(end - wanted) == len && len > 0 && len <= LINE_MAX_BYTES);
    claim(memcmp(line, wanted, len) == 0);
    oracle->at = end + 1;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *at = (const char *)data + 1;
    const char *stream_end = (const char *)data + size;
    size_t piece_max = (size_t)data[0] + 1;
    struct oracle oracle = {.at = at, .end = stream_end};
    struct err err = {0};
    struct frame frame;
    bool is_readable = true;

    frame_init(&frame, LINE_MAX_BYTES);
    while (is_readable && at < stream_end) {
        size_t piece =
            (size_t)(stream_end - at) < piece_max ? (size_t)(stream_end - at) : piece_max;
        is_readable = frame_feed(&frame, at, piece, on_line, &oracle, &err);
        claim(frame.partial.len <= LINE_MAX_BYTES);
        at += piece;
    }
    const char *end = NULL;
    const char *left = next_line(&oracle, &end);
    if (is_readable) {
        claim(left == NULL && err.kind == ERR_NONE);
    } else {
        /* What comes next is too long, be it finished or not. */
        const char *start = end - 1;
        while (start >= oracle.at && *start != '\n') {
            start--;
        }
        claim(err.kind == ERR_INVALID && (size_t)(end - 1 - start) > LINE_MAX_BYTES);
    }
    frame_fini(&frame);
    return 0;
}
