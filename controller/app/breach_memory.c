/* SPDX-License-Identifier: Apache-2.0 */
#include "app/breach_memory.h"

#include <stddef.h>

void breach_memory_keep(struct breach_memory *memory, const struct breach *breach)
{
    struct breach_memory kept = {.breach = *breach};
    kept.breach.reason = arena_strdup(&kept.arena, breach->reason);
    kept.breach.message = arena_strdup(&kept.arena, breach->message);
    arena_fini(&memory->arena);
    *memory = kept;
}

void breach_memory_forget(struct breach_memory *memory)
{
    arena_fini(&memory->arena);
    *memory = (struct breach_memory){0};
}

const struct breach *breach_memory_get(const struct breach_memory *memory)
{
    return memory->breach.reason == NULL ? NULL : &memory->breach;
}
