/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocators that never return NULL: out of memory ends the process, the kubelet starts it again, and
 * the next reconcile finds where it was from what the API server holds. Everything they return is freed
 * with free().
 */
#ifndef INTERLUDE_BASE_MEM_H
#define INTERLUDE_BASE_MEM_H

#include <stddef.h>

#include "base/attrs.h"

void *xmalloc(size_t size) MUST_CHECK;
void *xcalloc(size_t count, size_t size) MUST_CHECK;
void *xreallocarray(void *old, size_t count, size_t size) MUST_CHECK;

/* NULL in, NULL out. */
char *xstrdup(const char *text) MUST_CHECK;
char *xstrndup(const char *text, size_t len) MUST_CHECK;

char *xasprintf(const char *fmt, ...) PRINTF(1, 2) MUST_CHECK;

/*
 * Gives free memory back to the system. What a burst of work leaves is spread between what stays, and the C
 * library keeps all of it. Takes some milliseconds.
 */
void mem_trim(void);

/* For CLEANUP(mem_free_text) char *x: frees and sets to NULL. */
void mem_free_text(char **text);

#endif
