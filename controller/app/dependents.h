/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for whom by spec.after, the other way round: a change of one migration wakes those that name it, and
 * no others. Whoever waits puts itself in, whether what it names exists or not.
 */
#ifndef INTERLUDE_APP_DEPENDENTS_H
#define INTERLUDE_APP_DEPENDENTS_H

#include "base/map.h"
#include "kube/queue.h"

/* A zeroed one is empty. */
struct dependents {
    struct map by_name; /* "namespace/name" of what is named -> set of keys of the queue */
};

void dependents_fini(struct dependents *dependents);

/* The key is copied. Joining twice is joining once; leaving what was never joined does nothing. */
void dependents_join(struct dependents *dependents, const char *ns, const char *name,
                     const char *key);
void dependents_leave(struct dependents *dependents, const char *ns, const char *name,
                      const char *key);

/* Puts the keys of those that wait for it into the queue. */
void dependents_wake(const struct dependents *dependents, const char *ns, const char *name,
                     struct queue *queue);

#endif
