/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions as metav1.Condition defines them
 * (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties):
 * lastTransitionTime moves only when the status does. Pure.
 */
#ifndef INTERLUDE_DOMAIN_CONDITION_H
#define INTERLUDE_DOMAIN_CONDITION_H

#include "base/arena.h"
#include "domain/types.h"

/* NULL when there is none of that type. */
const struct condition *condition_get(const struct conditions *conditions, const char *type);

/* True when there is one of that type and its status is True. */
bool condition_is_true(const struct conditions *conditions, const char *type);

/*
 * Sets the condition of set->type, keeping the time of its last transition where the status stays and
 * taking now_s where it does not. Reason and message are made to fit what the schema allows; texts are
 * borrowed or lie in the arena, as does a grown list.
 */
void condition_set(struct arena *arena, struct conditions *conditions, const struct condition *set,
                   int64_t now_s);

/* A message as the status shows it: one line, its end cut off where it is longer. NULL stays NULL. */
const char *condition_line(struct arena *arena, const char *message, size_t max_bytes);

void condition_remove(struct conditions *conditions, const char *type);

#endif
