/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec.after: migrations of the same namespace that must have succeeded first. Here is the one thing about them
 * that no single one can tell: whether they wait for each other in a circle. Pure.
 */
#ifndef INTERLUDE_DOMAIN_DEPENDENCY_H
#define INTERLUDE_DOMAIN_DEPENDENCY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "domain/types.h"

/* The migration of that name in the namespace, borrowed; NULL: there is none. */
typedef const struct migration *dependency_find_fn(void *arg, const char *name);

/*
 * The shortest way on which the migration waits for itself, "a after b after a", in the arena; NULL: there is none.
 * Whoever waits for a circle without being in it is told so by the circle's own members.
 */
const char *dependency_cycle(struct arena *arena, const struct migration *self,
                             dependency_find_fn *find, void *arg) MUST_CHECK;

/* It has not begun: what it comes after still holds it up. */
bool dependency_is_waiting(const struct migration *migration);

#endif
