/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The breach of a soak that a decision has seen, from then until a write of the status that tells it was answered.
 * That write may be refused, and when the world is looked at again the breach may be over: it counts all the same.
 */
#ifndef INTERLUDE_APP_BREACH_MEMORY_H
#define INTERLUDE_APP_BREACH_MEMORY_H

#include "base/arena.h"
#include "domain/types.h"

struct breach_memory {
    struct breach breach; /* its texts lie in the arena; reason NULL: none */
    struct arena arena;
};

/* Copies it; it may be the one that is kept. */
void breach_memory_keep(struct breach_memory *memory, const struct breach *breach);
void breach_memory_forget(struct breach_memory *memory);

/* NULL: none. Borrowed until one of the above. */
const struct breach *breach_memory_get(const struct breach_memory *memory);

#endif
