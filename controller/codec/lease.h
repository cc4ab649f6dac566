/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Lease of the leader election ↔ struct lease
 * (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/).
 */
#ifndef INTERLUDE_CODEC_LEASE_H
#define INTERLUDE_CODEC_LEASE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"
#include "domain/lease.h"

/* Everything lands in the arena. On failure *ret is undefined. */
bool lease_decode(struct arena *arena, const json_t *object, struct lease *ret,
                  struct err *err) MUST_CHECK;

/*
 * New: for a POST, or, where the record has a resourceVersion, a merge patch that is refused with 409 when
 * the Lease is at another one; it leaves alone what others may have written there beside the record.
 */
json_t *lease_build(const char *ns, const char *name, const struct lease *lease) MUST_CHECK;

#endif
