/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "kube/list.h"

/* Keys handed out in one turn, so that a thousand of them do not keep the loop from its descriptors. */
#define TURN_KEYS 16

/*
 * News after a failure waits at least so long: most news is the echo of what the failed work itself
 * wrote, and a key that fails and writes at once must not run in circles.
 */
#define ECHO_MS 100

static const struct backoff_policy retry_policy = {.first_ms = 250, .largest_ms = 60000};

struct queue {
    struct loop *loop;
    queue_fn *fn;
    void *arg;
    struct map entries;     /* key → struct queue_entry */
    struct list_link ready; /* struct queue_entry.link, the longest waiting first */
    size_t depth;           /* of ready */
    struct loop_task hand_out;
};

/*
 * A key is ready (on the list), being worked on, waiting for its timer, or at rest after a failure whose
 * count it keeps. A key of which nothing needs to be remembered has no entry.
 */
struct queue_entry {
    struct queue *queue;
    char *key;
    struct list_link link;   /* in queue.ready while is_ready */
    struct loop_timer timer; /* makes it ready */
    bool is_ready;
    bool is_working;
    bool is_news;          /* queue_add() came while it was being worked on */
    bool has_wish;         /* likewise queue_add_at() */
    int64_t wish_ms;       /* the earliest of these times */
    int64_t not_before_ms; /* after a failure: 0 for no such time */
    unsigned failures;     /* in a row */
};

static void hand_out(void *arg);

struct queue *queue_new(struct loop *loop, queue_fn *fn, void *arg)
{
    struct queue *queue = xcalloc(1, sizeof(*queue));
    queue->loop = loop;
    queue->fn = fn;
    queue->arg = arg;
    queue->hand_out = (struct loop_task){.fn = hand_out, .arg = queue};
    list_init(&queue->ready);
    return queue;
}

static void entry_free(struct queue_entry *entry)
{
    struct queue *queue = entry->queue;
    loop_timer_stop(queue->loop, &entry->timer);
    if (entry->is_ready) {
        list_remove(&entry->link);
        queue->depth--;
    }
    free(entry->key);
    free(entry);
}

void queue_clear(struct queue *queue)
{
    size_t at = 0;
    struct queue_entry *entry = NULL;
    while ((entry = map_next(&queue->entries, &at, NULL)) != NULL) {
        entry_free(entry);
    }
    map_fini(&queue->entries);
    loop_task_cancel(queue->loop, &queue->hand_out);
}

void queue_free(struct queue *queue)
{
    if (queue != NULL) {
        queue_clear(queue);
        free(queue);
    }
}

static void make_ready(struct queue_entry *entry)
{
    struct queue *queue = entry->queue;
    loop_timer_stop(queue->loop, &entry->timer);
    entry->is_ready = true;
    list_append(&queue->ready, &entry->link);
    queue->depth++;
    loop_task_post(queue->loop, &queue->hand_out);
}

static void on_timer(void *arg)
{
    make_ready(arg);
}

static struct queue_entry *entry_of(struct queue *queue, const char *key)
{
    struct queue_entry *entry = map_get(&queue->entries, key);
    if (entry == NULL) {
        entry = xcalloc(1, sizeof(*entry));
        entry->queue = queue;
        entry->key = xstrdup(key);
        entry->timer = (struct loop_timer){.fn = on_timer, .arg = entry};
        list_init(&entry->link);
        (void)map_set(&queue->entries, key, entry);
    }
    return entry;
}

/* Ready at that time, or when the timer runs out that is already set, but not before it may be. */
static void schedule(struct queue_entry *entry, int64_t at_ms)
{
    if (at_ms < entry->not_before_ms) {
        at_ms = entry->not_before_ms;
    }
    if (at_ms <= clock_now_ms()) {
        make_ready(entry);
    } else if (entry->timer.slot == 0 || at_ms < entry->timer.at_ms) {
        loop_timer_start(entry->queue->loop, &entry->timer, at_ms);
    }
}

void queue_add(struct queue *queue, const char *key)
{
    struct queue_entry *entry = entry_of(queue, key);
    if (entry->is_working) {
        entry->is_news = true;
    } else if (!entry->is_ready) {
        schedule(entry, clock_now_ms());
    }
}

void queue_add_at(struct queue *queue, const char *key, int64_t at_ms)
{
    struct queue_entry *entry = entry_of(queue, key);
    if (entry->is_working) {
        entry->wish_ms = entry->has_wish && entry->wish_ms < at_ms ? entry->wish_ms : at_ms;
        entry->has_wish = true;
    } else if (!entry->is_ready) {
        schedule(entry, at_ms);
    }
}

static void hand_out(void *arg)
{
    struct queue *queue = arg;
    for (int i = 0; i < TURN_KEYS && !list_is_empty(&queue->ready); i++) {
        struct queue_entry *entry =
            LIST_OBJECT(list_first(&queue->ready), struct queue_entry, link);
        list_remove(&entry->link);
        queue->depth--;
        entry->is_ready = false;
        entry->is_working = true;
        queue->fn(queue->arg, entry->key);
    }
    if (!list_is_empty(&queue->ready)) {
        loop_task_post(queue->loop, &queue->hand_out);
    }
}

/* The work is over: what was wanted meanwhile counts from now on. */
static void take_wishes(struct queue_entry *entry)
{
    if (entry->is_news) {
        schedule(entry, clock_now_ms());
    }
    if (entry->has_wish && !entry->is_ready) {
        schedule(entry, entry->wish_ms);
    }
    entry->is_news = false;
    entry->has_wish = false;
}

void queue_done(struct queue *queue, const char *key)
{
    struct queue_entry *entry = map_get(&queue->entries, key);
    assert(entry != NULL && entry->is_working);
    entry->is_working = false;
    entry->failures = 0;
    entry->not_before_ms = 0;
    take_wishes(entry);
    if (!entry->is_ready && entry->timer.slot == 0) {
        (void)map_take(&queue->entries, key);
        entry_free(entry);
    }
}

void queue_failed(struct queue *queue, const char *key, int64_t at_least_ms)
{
    struct queue_entry *entry = map_get(&queue->entries, key);
    assert(entry != NULL && entry->is_working);
    int64_t now_ms = clock_now_ms();
    int64_t delay_ms = backoff_delay_ms(&retry_policy, ++entry->failures, arc4random());
    entry->is_working = false;
    entry->not_before_ms = now_ms + (at_least_ms > ECHO_MS ? at_least_ms : ECHO_MS);
    schedule(entry, now_ms + delay_ms);
    take_wishes(entry);
}

void queue_drop(struct queue *queue, const char *key)
{
    struct queue_entry *entry = map_get(&queue->entries, key);
    if (entry != NULL && !entry->is_working) {
        (void)map_take(&queue->entries, key);
        entry_free(entry);
    }
}

size_t queue_depth(const struct queue *queue)
{
    return queue->depth;
}
