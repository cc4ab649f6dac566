/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question that is asked just before a request goes out, whatever it had to wait for: credentials, a free
 * stream, a connection, or a process that was stopped. For who may send something now but not later.
 */
#ifndef INTERLUDE_KUBE_GUARD_H
#define INTERLUDE_KUBE_GUARD_H

#include <stdbool.h>

struct kube_guard {
    bool (*may_send)(void *arg); /* false: it is not sent, and ends with ERR_CANCELED */
    void *arg;
};

#endif
