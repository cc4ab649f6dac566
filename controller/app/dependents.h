/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for what by spec.after, or spec.requires, the other way round: a change of an object wakes those that
 * name it, and no others. Whoever waits puts itself in, whether what it names exists or not.
 */
#ifndef INTERLUDE_APP_DEPENDENTS_H
#define INTERLUDE_APP_DEPENDENTS_H

#include <stdbool.h>

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

/* Likewise all of them, whatever they wait for. */
void dependents_wake_all(const struct dependents *dependents, struct queue *queue);

bool dependents_are_none(const struct dependents *dependents);

#endif
