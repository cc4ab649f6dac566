/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/session.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "kube/list.h"

struct session {
    struct loop *loop;
    struct kube_auth *auth; /* borrowed from the config */
    struct http_target target;
    struct loop_task pump; /* starts what waits, then frees connections that nobody needs */
    struct list_link waiting[LANE_MAX]; /* struct exchange.link, in the order of their start */
    struct list_link conns;             /* struct pooled_conn.link */
    size_t live;                        /* exchanges that have not ended */
    uint64_t sent[LANE_MAX];
    uint64_t generation; /* of the credentials that the connections were opened with */
    bool is_asking;      /* kube_auth_wait() will call credentials_came() */
};

struct pooled_conn {
    struct session *session;
    struct list_link link; /* in session.conns */
    struct http_conn *http;
    enum session_lane lane;
    bool is_retired; /* takes no further exchange: dead, said GOAWAY, or of old credentials */
};

struct exchange {
    struct session *session;
    struct list_link link; /* in session.waiting until it is sent */
    enum session_lane lane;
    struct http_call call;
    struct http_handler handler;
    void *arg;
    struct pooled_conn *conn; /* NULL until it is sent */
    struct http_transfer *transfer;
    uint64_t generation; /* of the credentials that it was sent with */
    bool is_ending;      /* on_end runs */
};

static void pump(void *arg);

bool session_new(struct loop *loop, const struct kube_config *config, struct session **ret_session,
                 struct err *err)
{
    struct http_target target = {0};
    if (!http_target_init(&target, config, err)) {
        return false;
    }
    struct session *session = xcalloc(1, sizeof(*session));
    session->loop = loop;
    session->auth = config->auth;
    session->target = target;
    session->pump = (struct loop_task){.fn = pump, .arg = session};
    for (int lane = 0; lane < LANE_MAX; lane++) {
        list_init(&session->waiting[lane]);
    }
    list_init(&session->conns);
    *ret_session = session;
    return true;
}

static void conn_free(struct pooled_conn *conn)
{
    list_remove(&conn->link);
    http_conn_free(conn->http);
    free(conn);
}

void session_free(struct session *session)
{
    if (session == NULL) {
        return;
    }
    assert(session->live == 0);
    if (session->is_asking) {
        kube_auth_cancel(session->auth, session);
    }
    loop_task_cancel(session->loop, &session->pump);
    struct list_link *at = NULL;
    while ((at = list_first(&session->conns)) != NULL) {
        conn_free(LIST_OBJECT(at, struct pooled_conn, link));
    }
    http_target_fini(&session->target);
    free(session);
}

struct loop *session_loop(const struct session *session)
{
    return session->loop;
}

uint64_t session_sent(const struct session *session, enum session_lane lane)
{
    return session->sent[lane];
}

static void exchange_free(struct exchange *exchange)
{
    struct session *session = exchange->session;
    list_remove(&exchange->link);
    session->live--;
    /* Its stream is free for another, or its connection for none. */
    loop_task_post(session->loop, &session->pump);
    free(exchange);
}

static void exchange_end(struct exchange *exchange, const struct http_end *end)
{
    exchange->is_ending = true;
    exchange->handler.on_end(exchange->arg, end);
    exchange_free(exchange);
}

static void answer_came(void *arg, int http_status)
{
    const struct exchange *exchange = arg;
    exchange->handler.on_answer(exchange->arg, http_status);
}

static void data_came(void *arg, const char *data, size_t len)
{
    const struct exchange *exchange = arg;
    exchange->handler.on_data(exchange->arg, data, len);
}

static void transfer_ended(void *arg, const struct http_end *end)
{
    struct exchange *exchange = arg;
    if (end->is_handed_back) {
        exchange->conn->is_retired = true;
        exchange->conn = NULL;
        exchange->transfer = NULL;
        list_prepend(&exchange->session->waiting[exchange->lane], &exchange->link);
        loop_task_post(exchange->session->loop, &exchange->session->pump);
        return;
    }
    if (end->http_status == 401) {
        kube_auth_refused(exchange->session->auth, exchange->generation);
    }
    exchange_end(exchange, end);
}

/* A connection of the lane with a stream to spare, a new one if need be; NULL: the lane is full. */
static struct pooled_conn *conn_for(struct session *session, enum session_lane lane)
{
    size_t load = 0; /* of the lane */
    struct list_link *at = list_first(&session->conns);
    for (; at != NULL; at = list_after(&session->conns, at)) {
        struct pooled_conn *conn = LIST_OBJECT(at, struct pooled_conn, link);
        if (conn->lane != lane) {
            continue;
        }
        size_t conn_load = http_conn_load(conn->http);
        if (!conn->is_retired && conn_load < SESSION_STREAMS) {
            return conn;
        }
        load += conn_load;
    }
    if (lane == LANE_REQUESTS && load >= SESSION_STREAMS) {
        return NULL;
    }
    struct pooled_conn *conn = xcalloc(1, sizeof(*conn));
    conn->session = session;
    conn->http = http_conn_new(session->loop, &session->target);
    conn->lane = lane;
    list_append(&session->conns, &conn->link);
    return conn;
}

/* A client certificate is shown when a connection is opened: a new one needs new connections. */
static void follow_credentials(struct session *session, const struct kube_credentials *credentials)
{
    bool has_certificate = credentials->cert_file != NULL || credentials->cert_data != NULL;
    if (credentials->generation == session->generation || !has_certificate) {
        return;
    }
    session->generation = credentials->generation;
    struct list_link *at = list_first(&session->conns);
    for (; at != NULL; at = list_after(&session->conns, at)) {
        LIST_OBJECT(at, struct pooled_conn, link)->is_retired = true;
    }
}

static void send_waiting(struct session *session, enum session_lane lane,
                         const struct kube_credentials *credentials)
{
    static const struct http_handler handler = {
        .on_answer = answer_came, .on_data = data_came, .on_end = transfer_ended};

    struct list_link *first = NULL;
    while ((first = list_first(&session->waiting[lane])) != NULL) {
        struct pooled_conn *conn = conn_for(session, lane);
        if (conn == NULL) {
            return;
        }
        struct exchange *exchange = LIST_OBJECT(first, struct exchange, link);
        list_remove(first);
        exchange->conn = conn;
        exchange->generation = credentials->generation;
        exchange->transfer =
            http_transfer_start(conn->http, &exchange->call, credentials, &handler, exchange);
        session->sent[lane]++;
    }
}

static void send_all(struct session *session, const struct kube_credentials *credentials)
{
    follow_credentials(session, credentials);
    for (int lane = 0; lane < LANE_MAX; lane++) {
        send_waiting(session, (enum session_lane)lane, credentials);
    }
}

/* Only those that waited before: what their ends start anew asks for credentials anew. */
static void fail_waiting(struct session *session, const struct err *err)
{
    const struct http_end end = {.err = *err};
    struct list_link failing[LANE_MAX];
    for (int lane = 0; lane < LANE_MAX; lane++) {
        list_init(&failing[lane]);
        struct list_link *at = NULL;
        while ((at = list_first(&session->waiting[lane])) != NULL) {
            list_remove(at);
            list_append(&failing[lane], at);
        }
    }
    for (int lane = 0; lane < LANE_MAX; lane++) {
        struct list_link *at = NULL;
        while ((at = list_first(&failing[lane])) != NULL) {
            struct exchange *exchange = LIST_OBJECT(at, struct exchange, link);
            list_remove(at);
            exchange_end(exchange, &end);
        }
    }
}

static void credentials_came(void *arg, const struct kube_credentials *credentials,
                             const struct err *err)
{
    struct session *session = arg;
    session->is_asking = false;
    if (credentials == NULL) {
        fail_waiting(session, err);
        return;
    }
    send_all(session, credentials);
}

static void free_idle_conns(struct session *session)
{
    struct list_link *next = NULL;
    for (struct list_link *at = list_first(&session->conns); at != NULL; at = next) {
        next = list_after(&session->conns, at);
        struct pooled_conn *conn = LIST_OBJECT(at, struct pooled_conn, link);
        bool is_kept = conn->lane != LANE_WATCHES && !conn->is_retired;
        if (!is_kept && http_conn_load(conn->http) == 0) {
            conn_free(conn);
        }
    }
}

static bool is_waiting(const struct session *session)
{
    for (int lane = 0; lane < LANE_MAX; lane++) {
        if (!list_is_empty(&session->waiting[lane])) {
            return true;
        }
    }
    return false;
}

static void pump(void *arg)
{
    struct session *session = arg;
    struct kube_credentials credentials = {0};
    if (is_waiting(session) && !session->is_asking) {
        if (kube_auth_get(session->auth, &credentials)) {
            send_all(session, &credentials);
        } else {
            session->is_asking = true;
            kube_auth_wait(session->auth, session->loop, credentials_came, session);
        }
    }
    free_idle_conns(session);
}

struct exchange *session_start(struct session *session, enum session_lane lane,
                               const struct http_call *call, const struct http_handler *handler,
                               void *arg)
{
    struct exchange *exchange = xcalloc(1, sizeof(*exchange));
    exchange->session = session;
    exchange->lane = lane;
    exchange->call = *call;
    exchange->handler = *handler;
    exchange->arg = arg;
    list_append(&session->waiting[lane], &exchange->link);
    session->live++;
    loop_task_post(session->loop, &session->pump);
    return exchange;
}

void exchange_cancel(struct exchange *exchange)
{
    if (exchange->is_ending) {
        return;
    }
    if (exchange->transfer != NULL) {
        http_transfer_cancel(exchange->transfer);
    }
    exchange_free(exchange);
}

void exchange_doubt(struct exchange *exchange, int64_t quiet_ms)
{
    struct pooled_conn *conn = exchange->conn;
    if (conn != NULL && http_conn_heard_ms(conn->http) + quiet_ms < clock_now_ms()) {
        conn->is_retired = true;
    }
}

bool exchange_is_sent(const struct exchange *exchange)
{
    return exchange->conn != NULL;
}
