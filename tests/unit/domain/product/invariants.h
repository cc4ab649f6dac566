/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of every plan, as code in the words of the rules (docs/protocol.md). They look at the
 * point, which says what is true, and at the plan; how the decision came about is nothing to them.
 */
#ifndef INTERLUDE_TESTS_INVARIANTS_H
#define INTERLUDE_TESTS_INVARIANTS_H

#include "domain/plan.h"
#include "scene.h"

/* The first invariant that the plan breaks, with its rule; NULL: none. Static. */
const char *invariants_broken(const struct scene *scene, const struct plan *plan);

#endif
