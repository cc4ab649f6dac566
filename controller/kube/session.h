/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What requests and watches have in common: an exchange with the API server waits for credentials and
 * for a free stream, goes out on a connection of its lane, and ends once. Knows which connection may
 * still be trusted; knows nothing of objects. The API server allows 100 streams on a connection, and
 * libcurl 7.88 waits for ever beyond them, so the session stays below.
 */
#ifndef INTERLUDE_KUBE_SESSION_H
#define INTERLUDE_KUBE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/config.h"
#include "kube/http.h"
#include "kube/loop.h"

#define SESSION_STREAMS 80 /* on one connection */

enum session_lane {
    LANE_REQUESTS, /* one connection; what is beyond its streams waits in order */
    LANE_URGENT,   /* a connection of its own: nothing here waits behind a request of the others */
    LANE_WATCHES,  /* further connections, as many as needed, each freed when empty */
    LANE_MAX
};

struct session;
struct exchange;

/* Borrows loop and config, which must outlive it. */
bool session_new(struct loop *loop, const struct kube_config *config, struct session **ret_session,
                 struct err *err) MUST_CHECK;

/* NULL accepted. Every exchange must have ended or been canceled. */
void session_free(struct session *session);

struct loop *session_loop(const struct session *session);

/*
 * The handler's functions run from the loop, never inside this call, as kube/http.h says; on_end may run
 * without an on_answer. A 401 has been told to the credentials by then. The call is borrowed until the
 * exchange has ended. The handle is valid until on_end returns.
 */
struct exchange *session_start(struct session *session, enum session_lane lane,
                               const struct http_call *call, const struct http_handler *handler,
                               void *arg) MUST_CHECK;

/* No callback runs any more. From within on_end it does nothing. */
void exchange_cancel(struct exchange *exchange);

/*
 * The exchange got no answer in time. Unless its connection brought something else within quiet_ms, that
 * counts as dead: no other exchange starts there. The exchange itself goes on until it is canceled.
 */
void exchange_doubt(struct exchange *exchange, int64_t quiet_ms);

/* True once it is on its way: before that the server cannot have heard of it. */
bool exchange_is_sent(const struct exchange *exchange);

/* Exchanges sent so far in the lane. */
uint64_t session_sent(const struct session *session, enum session_lane lane);

#endif
