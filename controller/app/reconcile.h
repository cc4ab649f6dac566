/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn after another for a migration: observe, decide, apply, until there is nothing to do but wait.
 * The queue hands out a key to one chain of turns at a time.
 */
#ifndef INTERLUDE_APP_RECONCILE_H
#define INTERLUDE_APP_RECONCILE_H

#include <stdbool.h>

#include "app/work.h"
#include "domain/types.h"

/* Begins a chain for the migration of that key, which the queue has handed out. */
void reconcile_migration(struct cluster *cluster, const char *ns, const char *name,
                         const char *key);

#endif
