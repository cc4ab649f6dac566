/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workloads of status.applications that are gone, or came back as others: their pods may live on, and are
 * counted by what the status remembers of them.
 */
#ifndef INTERLUDE_DOMAIN_REMEMBERED_H
#define INTERLUDE_DOMAIN_REMEMBERED_H

#include "base/arena.h"
#include "domain/observed.h"

/*
 * Those that entry number index of spec.applications answers for, each once. An entry that asks what was asked
 * when they were written is alone in that; where the spec was edited since, every entry that means them is.
 * In the arena; their texts are borrowed from seen.
 */
size_t remembered_of(struct arena *arena, const struct observed *seen, size_t index,
                     const struct application_status **ret_remembered);

#endif
