/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the decision for what has ended: the claim is released, then the rest is let go. Pure. */
#ifndef INTERLUDE_DOMAIN_DECIDE_END_H
#define INTERLUDE_DOMAIN_DECIDE_END_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/observed.h"
#include "domain/plan.h"

/* How certain the end of the last attempt is (R8b). While it is open, nothing is let go and nothing follows. */
enum end_doubt {
    END_CERTAIN,        /* seen, confirmed by a person, or its namespace goes with it */
    END_WITH_NAMESPACE, /* it is being deleted: its namespace too? */
    END_BY_CACHE,       /* so far only the cache says so: the pods are to be read */
    END_OPEN,           /* EndUnproven, and its process may still run */
};

/*
 * is_claimed: its claim stands. Then it takes pods to prove the end; without it their absence is enough, since
 * they were let go when the claim was released for a reason.
 */
enum end_doubt decide_end_doubt(struct arena *arena, const struct observed *seen, bool is_claimed);

/* The Database shows a claim of the migration, for an attempt that is closed. *plan is empty. */
void decide_closed(struct arena *arena, const struct observed *seen, struct plan *plan);

/*
 * What the last attempt leaves behind is let go, before another one begins too. The claim is released, and
 * the end certain. False: nothing is left, *plan is as it was.
 */
bool decide_let_go_attempt(const struct observed *seen, struct plan *plan);

/* Not claimed, and no attempt may begin: it is finished, or being deleted. *plan is empty. */
void decide_finished(struct arena *arena, const struct observed *seen, struct plan *plan);

#endif
