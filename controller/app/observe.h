/* SPDX-License-Identifier: Apache-2.0 */
/* From the caches, and what the present chain of steps has learnt, to the input of a decision. No I/O. */
#ifndef INTERLUDE_APP_OBSERVE_H
#define INTERLUDE_APP_OBSERVE_H

#include "app/work.h"
#include "domain/observed.h"

/* A fresh look older than this is none: the process may have been stopped meanwhile. */
#define OBSERVE_FRESH_MS 10000

/* ret_seen borrows from the stores, the work and its arena. The migration must be in its store. */
void observe(struct work *work, struct observed *ret_seen);

/* The kinds of the fleet that must be watched to judge the migration, as bits. */
unsigned observe_needs(const struct migration *migration);

/* The Event that tells of the newest entry of status.history: its name. In the arena. */
char *observe_event_name(struct arena *arena, const struct migration *migration) MUST_CHECK;

/* The workload that inheritFrom names, as far as the fleet knows it; NULL: none. */
const struct workload *observe_inherited(const struct work *work,
                                         const struct migration *migration);

#endif
