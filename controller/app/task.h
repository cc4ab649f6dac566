/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that one key of the queue waits for. When the last of them has been answered the task is
 * idle, and its owner looks at the world again. One failed request makes the task failed: what was
 * learnt is forgotten and the key begins anew after a while.
 */
#ifndef INTERLUDE_APP_TASK_H
#define INTERLUDE_APP_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/client.h"

struct task_request;

struct task {
    struct kube_client *client;     /* borrowed */
    const struct kube_guard *guard; /* of each of its requests; NULL: none. Borrowed */
    struct task_request *requests;  /* in flight */
    void (*on_idle)(struct task *task);
    size_t in_flight;
    bool is_failed;
    struct err err; /* of the first failure */
    int64_t retry_after_ms;
};

/* Looks at one answer; index is what task_call() was given. */
typedef void task_fn(struct task *task, const struct kube_response *response, size_t index);

void task_call(struct task *task, const struct kube_call *call, task_fn *fn, size_t index);

/* The answer does not let the task go on. `what` says what was tried. */
void task_fail(struct task *task, const struct kube_response *response, const char *what);

/* For an object that cannot be read. */
void task_fail_with(struct task *task, const struct err *err);

/* Forgets a failure, before the next try. */
void task_reset(struct task *task);

/* Gives up what is in flight; a write may be applied all the same. */
void task_fini(struct task *task);

#endif
