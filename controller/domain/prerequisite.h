/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate PrerequisitesMet: each object that spec.requires names must be there and, where a condition is named,
 * have it True, told of the object as it is now. What the controller does not know, or may not see, keeps the gate
 * closed and is named with its remedy. Pure.
 */
#ifndef INTERLUDE_DOMAIN_PREREQUISITE_H
#define INTERLUDE_DOMAIN_PREREQUISITE_H

#include "base/arena.h"
#include "base/attrs.h"
#include "domain/gates.h"
#include "domain/observed.h"

/* The verdict's reason is that of the first one that is not met; its message tells of all. */
struct gate_verdict prerequisites_judge(struct arena *arena,
                                        const struct observed *seen) MUST_CHECK;

#endif
