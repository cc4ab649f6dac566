/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects that spec.requires names, of any kind: a kind in a namespace is watched while some migration waits for
 * an object of it, once by its metadata alone and once as a whole, as is asked for: whoever only wants to know that
 * a Secret exists never sees what is in it. A change wakes the migrations that name the object, and no others.
 */
#ifndef INTERLUDE_APP_PREREQUISITES_H
#define INTERLUDE_APP_PREREQUISITES_H

#include <stddef.h>

#include "app/kind_watch.h"
#include "app/telemetry.h"
#include "base/arena.h"
#include "base/attrs.h"
#include "domain/observed.h"
#include "domain/types.h"
#include "kube/queue.h"

struct prerequisites;

/* Borrows all, queue and telemetry too. */
struct prerequisites *prerequisites_new(const struct kind_watch_ground *ground, struct queue *queue,
                                        struct telemetry *telemetry) MUST_CHECK;
void prerequisites_free(struct prerequisites *prerequisites); /* NULL accepted */

/*
 * These objects of the namespace, and no others, is what the key of the queue wants to know of from now on; none: it
 * is forgotten. All texts are copied.
 */
void prerequisites_want(struct prerequisites *prerequisites, const char *ns, const char *key,
                        const struct requirement *requirements, size_t count);

/* What is known of it. Borrowed until the loop's next turn. Of what nobody wants nothing is. */
struct prerequisite_seen prerequisites_see(const struct prerequisites *prerequisites,
                                           const char *ns,
                                           const struct requirement *requirement) MUST_CHECK;

/*
 * How to ask for just this object: a list, so that no other permission is needed than the watch's, and that a kind
 * that is missing differs from an object that is. The path lies in the arena. False: where the kind stands is not
 * known.
 */
bool prerequisites_question(const struct prerequisites *prerequisites, struct arena *arena,
                            const char *ns, const struct requirement *requirement,
                            struct kube_call *ret_call) MUST_CHECK;

/* How many watches there are: for metrics. */
size_t prerequisites_watches(const struct prerequisites *prerequisites);

#endif
