/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the decision for an attempt whose Job has been let go, or may have been. Pure. */
#ifndef INTERLUDE_DOMAIN_DECIDE_RUN_H
#define INTERLUDE_DOMAIN_DECIDE_RUN_H

#include "base/arena.h"
#include "domain/observed.h"
#include "domain/plan.h"

/* is_claimed: the Database shows the claim of this migration. *plan is empty. */
void decide_run(struct arena *arena, const struct observed *seen, bool is_claimed,
                struct plan *plan);

#endif
