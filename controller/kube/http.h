/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP transfers on the loop, by libcurl. A struct http_conn is one connection, opened by its first
 * transfer and shared by all (HTTP/2); it never becomes two. What it cannot take, because the server
 * said GOAWAY, allows fewer streams or speaks HTTP/1.1, is handed back. Nothing here knows what is
 * transferred, how long that may take, or how many transfers a connection bears: its users do.
 */
#ifndef INTERLUDE_KUBE_HTTP_H
#define INTERLUDE_KUBE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/auth.h"
#include "kube/config.h"
#include "kube/guard.h"
#include "kube/loop.h"

struct curl_slist;

/* Where the server is and whom it must prove to be. */
struct http_target {
    char *base_url;                /* "https://name:port/prefix"; name is what TLS verifies */
    struct curl_slist *connect_to; /* the address, where it is not that name; else NULL */
    const char *ca_file;           /* borrowed from the config, as the next two */
    const char *ca_data;
    const char *proxy_url;
};

struct http_conn;
struct http_transfer;

struct http_call {
    const char *method;       /* "GET" */
    const char *path;         /* escaped, with query */
    const char *accept;       /* NULL: application/json; borrowed until the transfer has ended */
    const char *content_type; /* of the body; NULL: no body */
    const char *body;         /* borrowed until the transfer has ended */
    size_t body_len;
    const struct kube_guard *guard; /* NULL: none; borrowed likewise */
};

struct http_end {
    /*
     * The connection takes no more transfers. The server has not carried this one out, or it is a GET:
     * it can start on another connection. Nothing else is set.
     */
    bool is_handed_back;
    int http_status; /* 0: no answer came */
    struct err err;  /* ERR_NONE: the answer is complete, whatever its status */
    int64_t retry_after_ms;
    int64_t server_time_s; /* of the Date header; 0: none */
};

/*
 * Any of them may cancel any transfer and ask for work to be posted, but not start a transfer or free a
 * connection: that is for a task of the loop.
 */
struct http_handler {
    void (*on_answer)(void *arg, int http_status); /* the header has come */
    void (*on_data)(void *arg, const char *data, size_t len);
    void (*on_end)(void *arg, const struct http_end *end); /* the last call */
};

/* Borrows from the config, which must outlive it. Refuses what is not https. */
bool http_target_init(struct http_target *target, const struct kube_config *config,
                      struct err *err) MUST_CHECK;
void http_target_fini(struct http_target *target);

/* Borrows both, which must outlive it. */
struct http_conn *http_conn_new(struct loop *loop, const struct http_target *target) MUST_CHECK;
void http_conn_free(struct http_conn *conn); /* NULL accepted; cancels its transfers */

/* Transfers that have not ended. */
size_t http_conn_load(const struct http_conn *conn);

/* When a byte of any answer came last, clock_now_ms(); 0: never. */
int64_t http_conn_heard_ms(const struct http_conn *conn);

/* The handle is valid until on_end returns. Copies all but the body. */
struct http_transfer *http_transfer_start(struct http_conn *conn, const struct http_call *call,
                                          const struct kube_credentials *credentials,
                                          const struct http_handler *handler, void *arg) MUST_CHECK;

/* No callback runs any more. From within on_end it does nothing. */
void http_transfer_cancel(struct http_transfer *transfer);

#endif
