/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the API server's refusals mean: the one place that turns an HTTP code and a Status body
 * (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/) into a struct err.
 */
#ifndef INTERLUDE_KUBE_STATUS_H
#define INTERLUDE_KUBE_STATUS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define STATUS_REASON_MAX 64

/* A server does not make us wait longer than this, whatever its Retry-After says. */
#define STATUS_RETRY_AFTER_MAX_MS 600000

struct kube_status {
    int code;                       /* HTTP */
    char reason[STATUS_REASON_MAX]; /* "AlreadyExists"; "" for none */
    struct err err;                 /* the kind, and the server's own message */
    int64_t retry_after_ms;         /* details.retryAfterSeconds; 0 for none */
};

/* The kind for an HTTP code that is not 2xx; the reason tells the two meanings of 409 apart. Pure. */
enum err_kind kube_status_kind(int code, const char *reason);

/* From an answer that is not 2xx. A body that is no Status still gives a text: its own beginning. */
void kube_status_decode(int code, const char *body, size_t len, struct kube_status *ret_status);

/* From a Status object, as in an ERROR event of a watch. Anything else gives ERR_INVALID. */
void kube_status_from_object(const json_t *object, struct kube_status *ret_status);

/* Retry-After in seconds or as an HTTP date, against the given time; 0 when it says nothing. Pure. */
int64_t kube_status_retry_after_ms(const char *value, int64_t now_s);

#endif
