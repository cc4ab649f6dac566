/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the decision for a claim whose attempt has not begun: it begins, or is given back. Pure. */
#ifndef INTERLUDE_DOMAIN_DECIDE_START_H
#define INTERLUDE_DOMAIN_DECIDE_START_H

#include "base/arena.h"
#include "domain/observed.h"
#include "domain/plan.h"

/* The Database shows a claim of the migration, for an attempt that is not closed. *plan is empty. */
void decide_start(struct arena *arena, const struct observed *seen, struct plan *plan);

#endif
