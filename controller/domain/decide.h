/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision: from what was seen of one migration to the next step of the run protocol. Pure: no I/O,
 * no clock, nothing remembered, so that a crash at any point changes nothing: the next decision is made
 * on what the API server holds. The cases are numbered as in docs/state-machine.md.
 */
#ifndef INTERLUDE_DOMAIN_DECIDE_H
#define INTERLUDE_DOMAIN_DECIDE_H

#include "base/arena.h"
#include "domain/observed.h"
#include "domain/plan.h"

/* The plan borrows from seen and from the arena. */
void decide(struct arena *arena, const struct observed *seen, struct plan *ret_plan);

#endif
