/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* Events taken from the kernel in one turn; the rest come in the next. */
#define TURN_EVENTS 64

struct task_list {
    struct loop_task *first;
    struct loop_task *last;
};

struct loop {
    int epoll_fd;
    struct epoll_event events[TURN_EVENTS];
    int event_count; /* of events, while step 3 goes through them */

    struct loop_timer **timers; /* a binary heap, the nearest time first */
    size_t timer_count;
    size_t timer_room;
    bool is_firing;  /* step 4 runs */
    int64_t turn_ms; /* the time at which step 4 began */

    struct task_list posted;  /* wait for the end of this turn, or of the next during step 5 */
    struct task_list running; /* step 5 works on these */

    bool is_stopping;
};

struct loop *loop_new(struct err *err)
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) {
        err_set(err, ERR_INTERNAL, "epoll_create1: %s", strerror(errno));
        return NULL;
    }
    struct loop *loop = xcalloc(1, sizeof(*loop));
    loop->epoll_fd = epoll_fd;
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    assert(loop->timer_count == 0 && loop->posted.first == NULL);
    (void)close(loop->epoll_fd);
    free(loop->timers);
    free(loop);
}

static void heap_set(struct loop *loop, size_t at, struct loop_timer *timer)
{
    loop->timers[at] = timer;
    timer->slot = at + 1;
}

/* Moves the timer from place `at`, which counts as empty, towards the root to where it belongs. */
static void heap_raise(struct loop *loop, size_t at, struct loop_timer *timer)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (loop->timers[parent]->at_ms <= timer->at_ms) {
            break;
        }
        heap_set(loop, at, loop->timers[parent]);
        at = parent;
    }
    heap_set(loop, at, timer);
}

/* Likewise towards the leaves. */
static void heap_sink(struct loop *loop, size_t at, struct loop_timer *timer)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= loop->timer_count) {
            break;
        }
        if (child + 1 < loop->timer_count &&
            loop->timers[child + 1]->at_ms < loop->timers[child]->at_ms) {
            child++;
        }
        if (timer->at_ms <= loop->timers[child]->at_ms) {
            break;
        }
        heap_set(loop, at, loop->timers[child]);
        at = child;
    }
    heap_set(loop, at, timer);
}

/* Puts the timer where its time belongs, `at` being an empty place of the heap. */
static void heap_place(struct loop *loop, size_t at, struct loop_timer *timer)
{
    if (at > 0 && timer->at_ms < loop->timers[(at - 1) / 2]->at_ms) {
        heap_raise(loop, at, timer);
    } else {
        heap_sink(loop, at, timer);
    }
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t at_ms)
{
    /* A timer that starts itself again without a delay must not keep step 4 from ending. */
    timer->at_ms = loop->is_firing && at_ms <= loop->turn_ms ? loop->turn_ms + 1 : at_ms;
    if (timer->slot != 0) {
        heap_place(loop, timer->slot - 1, timer);
        return;
    }
    if (loop->timer_count == loop->timer_room) {
        loop->timer_room = loop->timer_room == 0 ? 16 : loop->timer_room * 2;
        loop->timers = xreallocarray(loop->timers, loop->timer_room, sizeof(struct loop_timer *));
    }
    heap_raise(loop, loop->timer_count++, timer);
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    if (timer->slot == 0) {
        return;
    }
    size_t at = timer->slot - 1;
    timer->slot = 0;
    struct loop_timer *last = loop->timers[--loop->timer_count];
    if (last != timer) {
        heap_place(loop, at, last);
    }
}

static void list_push(struct task_list *list, struct loop_task *task)
{
    task->next = NULL;
    if (list->last == NULL) {
        list->first = task;
    } else {
        list->last->next = task;
    }
    list->last = task;
}

static bool list_drop(struct task_list *list, const struct loop_task *task)
{
    struct loop_task *before = NULL;
    for (struct loop_task *at = list->first; at != NULL; before = at, at = at->next) {
        if (at != task) {
            continue;
        }
        if (before == NULL) {
            list->first = at->next;
        } else {
            before->next = at->next;
        }
        if (list->last == at) {
            list->last = before;
        }
        return true;
    }
    return false;
}

void loop_task_post(struct loop *loop, struct loop_task *task)
{
    if (!task->is_posted) {
        task->is_posted = true;
        list_push(&loop->posted, task);
    }
}

void loop_task_cancel(struct loop *loop, struct loop_task *task)
{
    if (task->is_posted) {
        bool found = list_drop(&loop->running, task) || list_drop(&loop->posted, task);
        assert(found);
        (void)found;
        task->is_posted = false;
    }
}

bool loop_io_start(struct loop *loop, struct loop_io *io, int fd, uint32_t events, struct err *err)
{
    assert(!io->is_started || io->fd == fd);
    struct epoll_event event = {.events = events, .data.ptr = io};
    int how = io->is_started ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int status = epoll_ctl(loop->epoll_fd, how, fd, &event);
    if (status < 0 && how == EPOLL_CTL_MOD && errno == ENOENT) {
        /* libcurl closes a connecting socket before it says so, and the next one has its number. */
        status = epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    }
    if (status < 0) {
        return err_set(err, ERR_INTERNAL, "epoll_ctl: %s", strerror(errno));
    }
    io->fd = fd;
    io->events = events;
    io->is_started = true;
    return true;
}

static void forget_io(struct loop *loop, struct loop_io *io)
{
    io->is_started = false;
    /* The kernel may have told about it in this very turn. */
    for (int i = 0; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == io) {
            loop->events[i].data.ptr = NULL;
        }
    }
}

void loop_io_stop(struct loop *loop, struct loop_io *io)
{
    if (io->is_started) {
        int status = epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
        /* Else the descriptor was closed too early: its number may be another's by now. */
        assert(status == 0);
        (void)status;
        forget_io(loop, io);
    }
}

void loop_io_abandon(struct loop *loop, struct loop_io *io)
{
    if (io->is_started) {
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
        forget_io(loop, io);
    }
}

static int sleep_ms(const struct loop *loop)
{
    if (loop->posted.first != NULL || loop->is_stopping) {
        return 0;
    }
    if (loop->timer_count == 0) {
        return -1;
    }
    int64_t left_ms = loop->timers[0]->at_ms - clock_now_ms();
    if (left_ms <= 0) {
        return 0;
    }
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void run_io(struct loop *loop, int count)
{
    loop->event_count = count;
    for (int i = 0; i < count; i++) {
        struct loop_io *io = loop->events[i].data.ptr;
        if (io != NULL) {
            io->fn(io->arg, loop->events[i].events);
        }
    }
    loop->event_count = 0;
}

static void run_timers(struct loop *loop)
{
    loop->turn_ms = clock_now_ms();
    loop->is_firing = true;
    while (loop->timer_count > 0 && loop->timers[0]->at_ms <= loop->turn_ms) {
        struct loop_timer *timer = loop->timers[0];
        loop_timer_stop(loop, timer);
        timer->fn(timer->arg);
    }
    loop->is_firing = false;
}

static void run_tasks(struct loop *loop)
{
    loop->running = loop->posted;
    loop->posted = (struct task_list){0};
    while (loop->running.first != NULL) {
        struct loop_task *task = loop->running.first;
        (void)list_drop(&loop->running, task);
        task->is_posted = false;
        task->fn(task->arg);
    }
}

/*
 * One turn:
 *   1. Ask how long there is nothing to do: no time while tasks wait, else until the nearest timer.
 *   2. Sleep that long in epoll_wait, or until a descriptor has something.
 *   3. Call the descriptors that have something. One that was stopped meanwhile is passed over.
 *   4. Call the timers whose time has come, the earliest first. One that is started now for a time in
 *      the past waits for the next turn.
 *   5. Run the tasks in the order in which they were posted. What these post waits for the next turn,
 *      which does not sleep: so tasks that post tasks never starve the descriptors.
 *   6. Leave if loop_stop() was called.
 */
bool loop_run(struct loop *loop, struct err *err)
{
    do {
        int timeout_ms = sleep_ms(loop);
        int count = epoll_wait(loop->epoll_fd, loop->events, TURN_EVENTS, timeout_ms);
        if (count < 0 && errno != EINTR) {
            return err_set(err, ERR_INTERNAL, "epoll_wait: %s", strerror(errno));
        }
        run_io(loop, count < 0 ? 0 : count);
        run_timers(loop);
        run_tasks(loop);
    } while (!loop->is_stopping);
    loop->is_stopping = false;
    return true;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopping = true;
}
