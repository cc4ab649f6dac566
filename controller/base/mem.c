/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void *check(void *memory)
{
    if (memory == NULL) {
        /* No log record: building one allocates. */
        (void)fputs("level=error msg=\"out of memory\"\n", stderr);
        abort();
    }
    return memory;
}

void *xmalloc(size_t size)
{
    return check(malloc(size > 0 ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return check(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *xreallocarray(void *old, size_t count, size_t size)
{
    return check(reallocarray(old, count > 0 ? count : 1, size > 0 ? size : 1));
}

char *xstrdup(const char *text)
{
    return text == NULL ? NULL : check(strdup(text));
}

char *xstrndup(const char *text, size_t len)
{
    return text == NULL ? NULL : check(strndup(text, len));
}

char *xasprintf(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    return check(len < 0 ? NULL : text);
}

void mem_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

void mem_free_text(char **text)
{
    free(*text);
    *text = NULL;
}
