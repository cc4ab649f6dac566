/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running controller: fills the caches from its watches, says what a change concerns, and gives the
 * keys that the queue hands out to those who work on them.
 */
#ifndef INTERLUDE_APP_MANAGER_H
#define INTERLUDE_APP_MANAGER_H

#include <stdbool.h>

#include "app/options.h"
#include "app/telemetry.h"
#include "base/arena.h"
#include "kube/client.h"
#include "kube/loop.h"

struct manager;

/* Borrows loop, client and telemetry. Starts the watches. */
struct manager *manager_new(struct loop *loop, struct kube_client *client,
                            const struct options *options, struct telemetry *telemetry) MUST_CHECK;
void manager_free(struct manager *manager); /* NULL accepted */

/* Every watch works and the caches are full. Else *ret_why says what is missing; in the arena. */
bool manager_is_ready(const struct manager *manager, struct arena *arena, const char **ret_why);

/* How much there is of everything, for the metrics. */
void manager_gauge(const struct manager *manager, struct telemetry_gauges *ret_gauges);

#endif
