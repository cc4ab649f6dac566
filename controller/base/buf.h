/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte buffer with a maximum. Whoever makes one says how much it may ever hold: nothing that comes
 * from outside grows without a limit. The content is always followed by a NUL that does not count.
 */
#ifndef INTERLUDE_BASE_BUF_H
#define INTERLUDE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"

struct buf {
    char *data; /* NULL while empty and never used */
    size_t len;
    size_t room; /* allocated, the NUL included */
    size_t max;  /* len never exceeds it */
};

void buf_init(struct buf *buf, size_t max);
void buf_fini(struct buf *buf);
void buf_reset(struct buf *buf); /* empties it and gives a large allocation back */

/* False, with nothing added, when max would be exceeded. */
bool buf_append(struct buf *buf, const void *data, size_t len) MUST_CHECK;
bool buf_append_text(struct buf *buf, const char *text) MUST_CHECK;
bool buf_printf(struct buf *buf, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;

/* Drops the first len bytes. */
void buf_consume(struct buf *buf, size_t len);

/* The content as text, "" when empty. Borrowed until the next change. */
const char *buf_text(const struct buf *buf);

/* The content as a heap string that the caller frees; the buffer is empty afterwards. */
char *buf_take(struct buf *buf) MUST_CHECK;

#endif
