/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of decide_run() share: one look at an attempt that runs. */
#ifndef INTERLUDE_DOMAIN_TURN_H
#define INTERLUDE_DOMAIN_TURN_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/gates.h"
#include "domain/observed.h"
#include "domain/plan.h"
#include "domain/podstate.h"
#include "domain/transition.h"
#include "domain/types.h"

struct turn {
    struct arena *arena;
    const struct observed *seen;
    const struct migration *migration;
    const struct attempt *attempt;
    const struct job *job;   /* NULL while it is not known, or gone */
    const struct pod *noted; /* the one that may start; NULL: none is noted, or it is not there */
    struct run_state run;
    struct gate_verdict skew;  /* R22; reason NULL: not known, or none so far */
    struct breach last_breach; /* as far as it is known now */
    bool is_claimed;
    struct plan *plan;
};

/* What the run does, or what keeps it from starting, in words. Texts lie in the arena or are borrowed. */
void turn_describe(const struct turn *turn, struct move *ret_move);

#endif
