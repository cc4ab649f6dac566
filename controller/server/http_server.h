/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP/1.1 server on the loop for probes and metrics: GET and HEAD of a few fixed paths. Each
 * connection serves one request and lives no longer than HTTP_SERVER_DEADLINE_MS, and there are only
 * so many of them in all and of one address, so that a slow or hostile client harms nobody else.
 */
#ifndef INTERLUDE_SERVER_HTTP_SERVER_H
#define INTERLUDE_SERVER_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/err.h"
#include "kube/loop.h"

#define HTTP_SERVER_DEADLINE_MS     10000
#define HTTP_SERVER_CONNECTIONS     64
#define HTTP_SERVER_PER_ADDRESS     16
#define HTTP_SERVER_REQUEST_BYTES   8192
#define HTTP_SERVER_REPLY_MAX_BYTES ((size_t)4 * 1024 * 1024)

struct http_server;

struct http_server_reply {
    unsigned status;          /* 200 unless fn says otherwise */
    const char *content_type; /* "text/plain; charset=utf-8" unless fn says otherwise; static */
    struct buf body;          /* empty; at most HTTP_SERVER_REPLY_MAX_BYTES */
};

/* Runs from the loop and must not block. */
typedef void http_server_fn(void *arg, struct http_server_reply *reply);

struct http_server_route {
    const char *path; /* "/metrics", compared as it is */
    http_server_fn *fn;
    void *arg;
};

/*
 * Listens at once (address: server/listen.h) and serves while the loop runs. Copies the routes, borrows
 * what they point to. NULL on failure.
 */
struct http_server *http_server_start(struct loop *loop, const char *address,
                                      const struct http_server_route *routes, size_t count,
                                      struct err *err) MUST_CHECK;
void http_server_stop(struct http_server *server); /* NULL accepted; closes all connections */

/* The port that is listened on, also where the address said 0. */
uint16_t http_server_port(const struct http_server *server);

#endif
