/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: one thread, one epoll descriptor, timers, and tasks that wait for the end of the turn.
 * A callback never runs inside the call that caused it: what is posted runs later in the same turn, so
 * no module is entered twice. The order of a turn stands in docs/architecture.md and in loop_run().
 */
#ifndef INTERLUDE_KUBE_LOOP_H
#define INTERLUDE_KUBE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"

struct loop;

typedef void loop_fn(void *arg);
typedef void loop_io_fn(void *arg, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */

struct loop_timer { /* in its user's storage; zeroed is stopped */
    loop_fn *fn;
    void *arg;
    int64_t at_ms; /* clock_now_ms() */
    size_t slot;   /* the loop's own: 1 + place in its heap, 0 while stopped */
};

struct loop_task { /* likewise; zeroed is not posted */
    loop_fn *fn;
    void *arg;
    struct loop_task *next; /* the loop's own */
    bool is_posted;
};

struct loop_io { /* likewise; zeroed is stopped */
    loop_io_fn *fn;
    void *arg;
    int fd; /* borrowed: the loop never closes it */
    uint32_t events;
    bool is_started;
};

struct loop *loop_new(struct err *err) MUST_CHECK;
void loop_free(struct loop *loop); /* NULL accepted; everything on it must have been stopped */

/* Starting a started timer moves it. A time in the past fires in the next turn. */
void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t at_ms);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* Runs once, at the end of the present turn; posting a posted task does nothing. */
void loop_task_post(struct loop *loop, struct loop_task *task);
void loop_task_cancel(struct loop *loop, struct loop_task *task);

/* Starting a started one changes its events. The descriptor must be open until it is stopped. */
bool loop_io_start(struct loop *loop, struct loop_io *io, int fd, uint32_t events,
                   struct err *err) MUST_CHECK;
void loop_io_stop(struct loop *loop, struct loop_io *io);

/* Likewise for a descriptor that its owner may just have closed; its number must not be another's yet. */
void loop_io_abandon(struct loop *loop, struct loop_io *io);

/* Turns until loop_stop() was called. False only if the machine refuses epoll. */
bool loop_run(struct loop *loop, struct err *err) MUST_CHECK;
void loop_stop(struct loop *loop);

#endif
