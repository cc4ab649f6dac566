/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running controller: fills the caches from its watches, says what a change concerns, and gives the
 * keys that the queue hands out to those who work on them; but while somebody else leads it only watches.
 */
#ifndef INTERLUDE_APP_MANAGER_H
#define INTERLUDE_APP_MANAGER_H

#include <stdbool.h>

#include "app/election.h"
#include "app/telemetry.h"
#include "base/arena.h"
#include "kube/client.h"
#include "kube/loop.h"

struct manager;

struct manager_spec {
    const char *ns;                       /* NULL: all namespaces */
    const struct election_spec *election; /* NULL: acts without being elected */
};

/* Borrows loop, client and telemetry, the spec for the call alone. Starts the watches. */
struct manager *manager_new(struct loop *loop, struct kube_client *client,
                            const struct manager_spec *spec,
                            struct telemetry *telemetry) MUST_CHECK;

/*
 * Gives up what is under way, which is found again by whoever acts next, releases the Lease and then stops
 * the loop. Called again it stops the loop at once.
 */
void manager_stop(struct manager *manager);
void manager_free(struct manager *manager); /* NULL accepted */

/* Every watch works and the caches are full, be it leader or not. Else *ret_why says what is missing; in the arena. */
bool manager_is_ready(const struct manager *manager, struct arena *arena, const char **ret_why);

/* How much there is of everything, for the metrics. */
void manager_gauge(const struct manager *manager, struct telemetry_gauges *ret_gauges);

#endif
