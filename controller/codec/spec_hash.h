/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity of what a migration's spec asks for. Two specs that ask for the same have the same hash:
 * the order of keys, nulls, empty lists, values equal to their default and `suspend` do not count. So
 * neither a new CRD with new defaults nor a re-apply changes it.
 */
#ifndef INTERLUDE_CODEC_SPEC_HASH_H
#define INTERLUDE_CODEC_SPEC_HASH_H

#include <jansson.h>

#include "base/arena.h"
#include "base/attrs.h"

/* "v1:" and 64 hexadecimal digits, in the arena. spec is borrowed; NULL hashes like an empty spec. */
char *spec_hash(struct arena *arena, const json_t *spec) MUST_CHECK;

#endif
