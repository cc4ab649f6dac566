/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM_BYTES ((size_t)256)
/* A reset gives back more than this, so that one large answer does not stay in memory for ever. */
#define KEPT_ROOM_BYTES ((size_t)16 * 1024)

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_fini(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){.max = buf->max};
}

void buf_reset(struct buf *buf)
{
    if (buf->room > KEPT_ROOM_BYTES) {
        buf_fini(buf);
    }
    buf->len = 0;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

/* Makes room for len more bytes and the NUL. */
static bool reserve(struct buf *buf, size_t len)
{
    if (len > buf->max - buf->len) {
        return false;
    }
    size_t need = buf->len + len + 1;
    if (need <= buf->room) {
        return true;
    }
    size_t room = buf->room == 0 ? FIRST_ROOM_BYTES : buf->room;
    while (room < need) {
        room *= 2;
    }
    if (room > buf->max + 1) {
        room = buf->max + 1;
    }
    buf->data = xreallocarray(buf->data, room, 1);
    buf->room = room;
    return true;
}

bool buf_append(struct buf *buf, const void *data, size_t len)
{
    if (!reserve(buf, len)) {
        return false;
    }
    if (len > 0) {
        memcpy(buf->data + buf->len, data, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
    return true;
}

bool buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

bool buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0 || !reserve(buf, (size_t)len)) {
        return false;
    }
    va_start(args, fmt);
    (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)len;
    return true;
}

void buf_consume(struct buf *buf, size_t len)
{
    if (len >= buf->len) {
        buf_reset(buf);
        return;
    }
    memmove(buf->data, buf->data + len, buf->len - len + 1);
    buf->len -= len;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

char *buf_take(struct buf *buf)
{
    char *text = buf->data == NULL ? xstrdup("") : buf->data;
    *buf = (struct buf){.max = buf->max};
    return text;
}
