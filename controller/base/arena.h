/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: many small allocations with one end. Structs of a reconcile and decoded objects live in
 * one and are never freed one by one. Under AddressSanitizer a reset poisons what was handed out, so
 * that a pointer kept too long is reported. Never fails (base/mem.h).
 */
#ifndef INTERLUDE_BASE_ARENA_H
#define INTERLUDE_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attrs.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;          /* of the newest block */
    size_t taken_bytes;         /* of all blocks, with what aligning cost */
};

/* A zeroed struct arena is an empty, valid one. */
void arena_reset(struct arena *arena); /* keeps one block of common size for reuse */
void arena_fini(struct arena *arena);

/*
 * Makes an empty arena's first block just so large. With arena_taken() of an arena that the same was
 * allocated from before, all of it fits, and next to nothing is left over.
 */
void arena_reserve(struct arena *arena, size_t bytes);

/* How many bytes were allocated since the last reset: at most, alignment included. */
size_t arena_taken(const struct arena *arena);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
void *arena_array(struct arena *arena, size_t count, size_t size) MUST_CHECK;

/* Texts are not aligned: most of what a decoded object holds. NULL in, NULL out. */
char *arena_strdup(struct arena *arena, const char *text) MUST_CHECK;
char *arena_strndup(struct arena *arena, const char *text, size_t len) MUST_CHECK;
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;
char *arena_vprintf(struct arena *arena, const char *fmt, va_list args) PRINTF(2, 0) MUST_CHECK;

/* What the arena holds of the heap, in bytes. */
size_t arena_size(const struct arena *arena);

#endif
