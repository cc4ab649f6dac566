/* SPDX-License-Identifier: Apache-2.0 */
/* From the caches, and what the present chain of steps has learnt, to the input of a decision. No I/O. */
#ifndef INTERLUDE_APP_OBSERVE_H
#define INTERLUDE_APP_OBSERVE_H

#include "app/work.h"
#include "domain/announce.h"
#include "domain/observed.h"

/* A fresh look older than this is none: the process may have been stopped meanwhile. */
#define OBSERVE_FRESH_MS 10000

/* ret_seen borrows from the stores, the work and its arena. The migration must be in its store. */
void observe(struct work *work, struct observed *ret_seen);

/* The kinds of the fleet that must be watched to judge the migration, as bits. */
unsigned observe_needs(const struct migration *migration);

/* The first thing that has no Event yet, as far as the work knows; in its arena. False: none. */
bool observe_next_event(struct work *work, const struct migration *migration, int64_t now_s,
                        struct announcement *ret_event);

/* The workload that inheritFrom names, as far as the fleet knows it; NULL: none. */
const struct workload *observe_inherited(const struct work *work,
                                         const struct migration *migration);
struct edition observe_inherited_edition(const struct work *work,
                                         const struct migration *migration);
/* False: the cache of its kind is not complete. */
bool observe_knows_inherited(const struct work *work, const struct migration *migration);

#endif
