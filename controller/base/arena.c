/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, size)   ASAN_POISON_MEMORY_REGION(at, size)
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define POISON(at, size)   ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

/* The first block is small: most arenas hold one decoded object. Later ones double up to the largest. */
#define FIRST_BLOCK_BYTES   ((size_t)1024)
#define LARGEST_BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGN_BYTES         _Alignof(max_align_t)

/* Texts lie close together, but where a sanitizer wants to see a gap after each. */
#ifdef ARENA_ASAN
#define TEXT_ALIGN_BYTES ALIGN_BYTES
#else
#define TEXT_ALIGN_BYTES ((size_t)1)
#endif

struct arena_block {
    struct arena_block *older;
    size_t size_bytes; /* of data */
    _Alignas(max_align_t) unsigned char data[];
};

static size_t next_size(const struct arena_block *newest, size_t at_least)
{
    size_t size = newest == NULL ? FIRST_BLOCK_BYTES : newest->size_bytes * 2;
    if (size > LARGEST_BLOCK_BYTES) {
        size = LARGEST_BLOCK_BYTES;
    }
    return size < at_least ? at_least : size;
}

static struct arena_block *block_new(struct arena_block *older, size_t size)
{
    struct arena_block *block = xmalloc(sizeof(*block) + size);
    block->older = older;
    block->size_bytes = size;
    POISON(block->data, size);
    return block;
}

static void blocks_free(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *older = block->older;
        UNPOISON(block->data, block->size_bytes);
        free(block);
        block = older;
    }
}

void arena_reset(struct arena *arena)
{
    if (arena->blocks == NULL) {
        return;
    }
    blocks_free(arena->blocks->older);
    arena->blocks->older = NULL;
    arena->used_bytes = 0;
    arena->taken_bytes = 0;
    if (arena->blocks->size_bytes > LARGEST_BLOCK_BYTES) {
        arena_fini(arena); /* made for one huge object, that need not come again */
        return;
    }
    POISON(arena->blocks->data, arena->blocks->size_bytes);
}

void arena_fini(struct arena *arena)
{
    blocks_free(arena->blocks);
    *arena = (struct arena){0};
}

void arena_reserve(struct arena *arena, size_t bytes)
{
    assert(arena->blocks == NULL);
    arena->blocks = block_new(NULL, bytes);
}

size_t arena_taken(const struct arena *arena)
{
    return arena->taken_bytes;
}

/* Zeroed, at a multiple of align, which is a power of two. */
static void *alloc(struct arena *arena, size_t size, size_t align)
{
    size_t padding = -arena->used_bytes & (align - 1);
    size_t wanted = padding + size;
    if (wanted < size) {
        abort(); /* an overflow is a bug of the caller */
    }
    if (arena->blocks == NULL || arena->blocks->size_bytes - arena->used_bytes < wanted) {
        arena->blocks = block_new(arena->blocks, next_size(arena->blocks, size));
        arena->used_bytes = 0;
        /* The same in one block may need padding where this block needs none. */
        arena->taken_bytes += ALIGN_BYTES;
        wanted = size;
        padding = 0;
    }
    void *at = arena->blocks->data + arena->used_bytes + padding;
    arena->used_bytes += wanted;
    arena->taken_bytes += wanted;
    UNPOISON(at, size);
    memset(at, 0, size);
    return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return alloc(arena, size, ALIGN_BYTES);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        abort();
    }
    return arena_alloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    if (text == NULL) {
        return NULL;
    }
    char *copy = alloc(arena, len + 1, TEXT_ALIGN_BYTES);
    memcpy(copy, text, len);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len < 0) {
        abort();
    }
    char *text = alloc(arena, (size_t)len + 1, TEXT_ALIGN_BYTES);
    (void)vsnprintf(text, (size_t)len + 1, fmt, args);
    return text;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = arena_vprintf(arena, fmt, args);
    va_end(args);
    return text;
}

size_t arena_size(const struct arena *arena)
{
    size_t bytes = 0;
    for (const struct arena_block *block = arena->blocks; block != NULL; block = block->older) {
        bytes += sizeof(*block) + block->size_bytes;
    }
    return bytes;
}
