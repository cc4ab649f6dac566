/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structs of domain/types.h → what is written to our own resources. Every patch is a JSON merge
 * patch (application/merge-patch+json) that carries the resourceVersion of the version that was judged,
 * so that the server refuses it with 409 when anybody wrote since. All results are new references.
 */
#ifndef INTERLUDE_CODEC_STATUS_H
#define INTERLUDE_CODEC_STATUS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attrs.h"
#include "domain/types.h"

/* The whole status as the API has it. */
json_t *migration_status_encode(const struct migration_status *status) MUST_CHECK;

/* For the status subresource: what next changes of judged's status; NULL when that is nothing. */
json_t *migration_status_patch(const struct migration *judged,
                               const struct migration_status *next) MUST_CHECK;

/*
 * For the status subresource. The judged version must show no claim. An empty ledger starts at
 * spec.baseline, where one is given.
 */
json_t *database_claim_patch(const struct database *judged, const struct claim *claim) MUST_CHECK;

/*
 * For the status subresource: removes the claim and, with a passage, moves the ledger in the same write:
 * version, passed (each version once), history (the newest DATABASE_HISTORY_MAX).
 */
json_t *
database_release_patch(const struct database *judged,
                       const struct passage *passage /* NULL: the ledger stays */) MUST_CHECK;

/*
 * For the main resource: `finalizer` must be the one that meta.has_finalizer speaks of. The others keep
 * their order; ours is last. Carries uid and resourceVersion.
 */
json_t *finalizer_patch(const struct meta *judged, const char *finalizer, bool on) MUST_CHECK;

#endif
