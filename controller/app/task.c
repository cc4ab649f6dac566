/* SPDX-License-Identifier: Apache-2.0 */
#include "app/task.h"

#include <stdlib.h>

#include "base/mem.h"

struct task_request {
    struct task *task;
    task_fn *fn;
    size_t index;
    struct kube_request *handle;
    struct task_request *next;
    struct task_request *previous;
};

static void leave(struct task_request *request)
{
    struct task *task = request->task;
    if (request->next != NULL) {
        request->next->previous = request->previous;
    }
    if (request->previous != NULL) {
        request->previous->next = request->next;
    } else {
        task->requests = request->next;
    }
}

static void on_response(void *arg, const struct kube_response *response)
{
    struct task_request *request = arg;
    struct task *task = request->task;
    leave(request);
    request->fn(task, response, request->index);
    free(request);
    task->in_flight--;
    if (task->in_flight == 0) {
        task->on_idle(task);
    }
}

void task_call(struct task *task, const struct kube_call *call, task_fn *fn, size_t index)
{
    struct task_request *request = xmalloc(sizeof(*request));
    *request = (struct task_request){
        .task = task,
        .fn = fn,
        .index = index,
        .next = task->requests,
    };
    if (task->requests != NULL) {
        task->requests->previous = request;
    }
    task->requests = request;
    task->in_flight++;
    struct kube_call guarded = *call;
    guarded.guard = task->guard;
    request->handle = kube_client_call(task->client, &guarded, on_response, request);
}

void task_fini(struct task *task)
{
    while (task->requests != NULL) {
        struct task_request *request = task->requests;
        kube_request_cancel(request->handle);
        leave(request);
        free(request);
    }
    task->in_flight = 0;
}

void task_fail(struct task *task, const struct kube_response *response, const char *what)
{
    struct err err = response->err;
    (void)err_wrap(&err, "%s", what);
    if (response->retry_after_ms > task->retry_after_ms) {
        task->retry_after_ms = response->retry_after_ms;
    }
    task_fail_with(task, &err);
}

void task_fail_with(struct task *task, const struct err *err)
{
    if (!task->is_failed) {
        task->is_failed = true;
        task->err = *err;
    }
}

void task_reset(struct task *task)
{
    task->is_failed = false;
    task->err.kind = ERR_NONE;
    task->err.text[0] = '\0';
    task->retry_after_ms = 0;
}
