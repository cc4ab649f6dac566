/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a migration that waits does so without an error: it is one that will run when its time comes, and whose
 * readyWhen: Accepted may say so to those who wait for it. Pure.
 */
#ifndef INTERLUDE_DOMAIN_ACCEPTANCE_H
#define INTERLUDE_DOMAIN_ACCEPTANCE_H

#include <stdbool.h>

#include "domain/gates.h"

/* False while its Job is not known to be valid, and where only an edit of its spec or its Database's opens a gate. */
bool gates_are_acceptable(const struct gates *gates);

#endif
