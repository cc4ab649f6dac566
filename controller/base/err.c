/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
#define X(name, word) [name] = (word),
    ERR_KINDS(X)
#undef X
};

/*
 * A cut text ends in dots, so that nobody takes it for the whole. They stand where a character begins:
 * half a one would make the text unfit for JSON.
 */
static void mark_cut(char *text, size_t size)
{
    size_t at = size - 4;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80) {
        at--;
    }
    memcpy(text + at, "...", 4);
}

bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    if (len >= (int)sizeof(err->text)) {
        mark_cut(err->text, sizeof(err->text));
    }
    err->kind = kind;
    return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
    char context[ERR_TEXT_MAX];
    char whole[ERR_TEXT_MAX];

    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(context, sizeof(context), fmt, args);
    va_end(args);
    if (len >= (int)sizeof(context)) {
        mark_cut(context, sizeof(context));
    }
    len = snprintf(whole, sizeof(whole), "%s: %s", context, err->text);
    if (len >= (int)sizeof(whole)) {
        mark_cut(whole, sizeof(whole));
    }
    memcpy(err->text, whole, sizeof(whole));
    return false;
}

const char *err_kind_name(enum err_kind kind)
{
    return kind < ERR_KIND_MAX ? kind_names[kind] : "Unknown";
}
