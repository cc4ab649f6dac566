/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to one API server: HTTP/2, TLS always verified, credentials of a struct kube_config. Nothing
 * here blocks and nothing is tried again: the caller hears how it ended, once, from the loop. Requests
 * share one connection that no watch uses (kube/watch.h); those beyond its streams wait in order. Urgent
 * ones have another.
 */
#ifndef INTERLUDE_KUBE_CLIENT_H
#define INTERLUDE_KUBE_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/config.h"
#include "kube/guard.h"
#include "kube/loop.h"

struct kube_client;
struct kube_request;

enum kube_method { KUBE_GET, KUBE_POST, KUBE_PUT, KUBE_PATCH, KUBE_DELETE };

/* Content types of a PATCH (https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-update). */
#define KUBE_MERGE_PATCH           "application/merge-patch+json"
#define KUBE_STRATEGIC_MERGE_PATCH "application/strategic-merge-patch+json"

/*
 * An object, or a list, of which nothing but the metadata is sent
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations). A server that
 * cannot do so answers 406: what is not to be seen never comes instead.
 */
#define KUBE_METADATA      "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
#define KUBE_METADATA_LIST "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

#define KUBE_REQUEST_DEADLINE_MS 30000

struct kube_call {
    enum kube_method method;
    const char *path;         /* escaped, with query (kube/path.h); copied */
    const char *accept;       /* of the answer; NULL: application/json. A constant: borrowed */
    const char *content_type; /* NULL: application/json; copied */
    const json_t *body;       /* NULL: none; written out at once, not kept */
    int64_t deadline_ms;      /* 0: KUBE_REQUEST_DEADLINE_MS */
    bool is_urgent;           /* on a connection apart from all other requests */
    const struct kube_guard *guard; /* NULL: none; borrowed until the request has ended */
};

struct kube_response {
    bool is_ok;      /* 2xx with a readable body: the write is known to be applied */
    struct err err;  /* when not is_ok: the kind, and the server's own message (Status.message) */
    int http_status; /* 0: no answer came, so a write may or may not have been applied */
    const char *reason;     /* Status.reason of an error ("AlreadyExists", "Expired"); NULL: none */
    json_t *body;           /* borrowed; json_incref() to keep. NULL when not is_ok */
    int64_t retry_after_ms; /* of a Retry-After header, else 0 */
    int64_t server_time_s;  /* of the Date header, else 0 */
};

typedef void kube_response_fn(void *arg, const struct kube_response *response);

/* Borrows loop and config, which must outlive it. */
struct kube_client *kube_client_new(struct loop *loop, struct kube_config *config,
                                    struct err *err) MUST_CHECK;

/*
 * Cancels every request; no callback runs. The watches must have been stopped. Not from within a
 * callback of a request or watch: post a task instead.
 */
void kube_client_free(struct kube_client *client);

/*
 * Starts a request. fn runs exactly once, from the loop and never inside this call, unless the request
 * is cancelled first. The handle is valid until fn returns.
 */
struct kube_request *kube_client_call(struct kube_client *client, const struct kube_call *call,
                                      kube_response_fn *fn, void *arg);

/* fn will not run. A write may be applied all the same. */
void kube_request_cancel(struct kube_request *request);

/* The server's clock as its last Date header told it, carried on by ours; ours before the first. */
int64_t kube_client_server_time_s(const struct kube_client *client);

/* False: no answer has told it yet, and the above is this machine's own. */
bool kube_client_knows_time(const struct kube_client *client);

/* Requests sent so far, watches not counted: for metrics. */
uint64_t kube_client_requests_sent(const struct kube_client *client);

#endif
