/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that want work. A key is in the queue at most once; one that is being worked on is handed out
 * again only after queue_done(), so that nothing is ever worked on twice at a time. Failures back off
 * for each key by itself.
 */
#ifndef INTERLUDE_KUBE_QUEUE_H
#define INTERLUDE_KUBE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "kube/loop.h"

struct queue;

/* Work on the key, now or over several turns; say queue_done() when it is finished. Key borrowed. */
typedef void queue_fn(void *arg, const char *key);

/* Borrows the loop. */
struct queue *queue_new(struct loop *loop, queue_fn *fn, void *arg) MUST_CHECK;
void queue_free(struct queue *queue);

/* Wants work at once, a failed key too: news may have mended it. */
void queue_add(struct queue *queue, const char *key);

/* Wants work at that time (clock_now_ms()) unless it gets some earlier; the nearest time wins. */
void queue_add_at(struct queue *queue, const char *key, int64_t at_ms);

/* The work is finished and the backoff forgotten. What was added meanwhile is handed out again. */
void queue_done(struct queue *queue, const char *key);

/*
 * The work failed: again after a backoff, or after at_least_ms (a Retry-After) if that is longer. News
 * (queue_add) wakes the key earlier, but not before at_least_ms is over.
 */
void queue_failed(struct queue *queue, const char *key, int64_t at_least_ms);

/* Forgets a key that is not being worked on. */
void queue_drop(struct queue *queue, const char *key);

/* Forgets all keys, those being worked on too: that work has been given up. */
void queue_clear(struct queue *queue);

/* Keys that wait for work now, those with a time not counted: for metrics. */
size_t queue_depth(const struct queue *queue);

#endif
