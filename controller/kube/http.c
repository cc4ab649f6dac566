/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/http_setup.h"
#include "kube/list.h"
#include "kube/status.h"

/* Bytes that nobody acknowledges for so long end the connection. */
#define UNACKNOWLEDGED_MS 20000U

struct http_conn {
    struct loop *loop;
    const struct http_target *target;
    CURLM *multi;
    struct loop_timer timer;    /* when libcurl wants to be called */
    struct list_link transfers; /* struct http_transfer.link: all that are in multi */
    struct list_link sockets;   /* struct watched_socket.link: all that libcurl wants polled */
    size_t load;
    int64_t heard_ms;
    uint64_t started; /* transfers so far: the number of the last */
    uint64_t opener;  /* number of the transfer that opened the connection; 0: none yet */
    /*
     * libcurl is on the stack below: its multi handle must not be touched, and canceled transfers wait
     * in their list until it has returned.
     */
    bool is_inside;
    bool has_canceled;
    bool is_acting; /* act() is on the stack below: the connection must not be freed */
};

struct http_transfer {
    struct http_conn *conn;
    struct list_link link; /* in http_conn.transfers */
    CURL *easy;
    struct http_setup setup; /* what libcurl borrows */
    struct http_handler handler;
    void *arg;
    uint64_t number;     /* from 1 in its connection */
    bool is_repeatable;  /* a GET */
    bool is_turned_away; /* it wanted a connection of its own */
    bool is_answered;
    bool is_canceled;
    bool is_ending; /* on_end runs */
};

struct watched_socket {
    struct http_conn *conn;
    struct list_link link; /* in http_conn.sockets */
    struct loop_io io;
};

/* libcurl says by this only that memory is out, or that we hold it wrong. */
static void must(CURLMcode code)
{
    if (code != CURLM_OK) {
        abort();
    }
}

static void transfer_free(struct http_transfer *transfer)
{
    list_remove(&transfer->link);
    curl_easy_cleanup(transfer->easy);
    http_setup_fini(&transfer->setup);
    free(transfer);
}

/* Takes it from libcurl, which resets its stream if that is still open. */
static void transfer_detach(struct http_transfer *transfer)
{
    must(curl_multi_remove_handle(transfer->conn->multi, transfer->easy));
    transfer->conn->load--;
}

static int64_t header_date_s(CURL *easy)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return 0;
    }
    int64_t at_s = (int64_t)curl_getdate(header->value, NULL);
    return at_s < 0 ? 0 : at_s;
}

static int64_t header_retry_after_ms(CURL *easy, int64_t server_time_s)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return 0;
    }
    return kube_status_retry_after_ms(header->value,
                                      server_time_s != 0 ? server_time_s : clock_wall_s());
}

/* Certainly not carried out by the server, or worth nothing to be carried out twice. */
static bool can_be_handed_back(const struct http_transfer *transfer)
{
    const struct http_setup *setup = &transfer->setup;
    long sent_bytes = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    /* A header whose body has not followed is no request yet. */
    bool is_unsent = setup->body_len > 0 ? setup->body_sent == 0 : sent_bytes == 0;
    return transfer->is_turned_away && (is_unsent || transfer->is_repeatable);
}

static void read_end(const struct http_transfer *transfer, CURLcode code, struct http_end *end)
{
    CURL *easy = transfer->easy;
    long status = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    end->http_status = (int)status;
    end->server_time_s = header_date_s(easy);
    end->retry_after_ms = header_retry_after_ms(easy, end->server_time_s);
    if (transfer->setup.is_refused) {
        err_set(&end->err, ERR_CANCELED, "not sent, for it may not be sent any more");
    } else if (code != CURLE_OK) {
        const char *detail = transfer->setup.error_text;
        if (transfer->is_turned_away) {
            detail = "the connection ended before an answer";
        } else if (detail[0] == '\0') {
            detail = curl_easy_strerror(code);
        }
        err_set(&end->err, ERR_TRANSIENT, "%s: %s", transfer->conn->target->base_url, detail);
    }
}

static void transfer_end(struct http_transfer *transfer, CURLcode code)
{
    struct http_end end = {.is_handed_back = can_be_handed_back(transfer)};
    if (!end.is_handed_back) {
        read_end(transfer, code, &end);
    }
    transfer_detach(transfer);
    transfer->is_ending = true;
    if (!transfer->is_canceled) {
        transfer->handler.on_end(transfer->arg, &end);
    }
    transfer_free(transfer);
}

static void free_canceled(struct http_conn *conn)
{
    if (!conn->has_canceled) {
        return;
    }
    conn->has_canceled = false;
    struct list_link *next = NULL;
    for (struct list_link *at = list_first(&conn->transfers); at != NULL; at = next) {
        next = list_after(&conn->transfers, at);
        struct http_transfer *transfer = LIST_OBJECT(at, struct http_transfer, link);
        if (transfer->is_canceled) {
            transfer_detach(transfer);
            transfer_free(transfer);
        }
    }
}

/* Lets libcurl work on one socket, or on its timeouts, and tells what has ended by that. */
static void act(struct http_conn *conn, curl_socket_t fd, int events)
{
    int running = 0;
    conn->is_acting = true;
    conn->is_inside = true;
    must(curl_multi_socket_action(conn->multi, fd, events, &running));
    conn->is_inside = false;
    free_canceled(conn);

    CURLMsg *msg = NULL;
    int left = 0;
    while ((msg = curl_multi_info_read(conn->multi, &left)) != NULL) {
        char *private = NULL;
        assert(msg->msg == CURLMSG_DONE);
        CURLcode code = msg->data.result;
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
        transfer_end((struct http_transfer *)(void *)private, code);
    }
    conn->is_acting = false;
}

static void on_timer(void *arg)
{
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_socket(void *arg, uint32_t events)
{
    const struct watched_socket *socket = arg;
    int flags = 0;
    flags |= (events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    flags |= (events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0;
    act(socket->conn, socket->io.fd, flags);
}

static int timer_wanted(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct http_conn *conn = arg;
    if (timeout_ms < 0) {
        loop_timer_stop(conn->loop, &conn->timer);
    } else {
        loop_timer_start(conn->loop, &conn->timer, clock_now_ms() + timeout_ms);
    }
    return 0;
}

static struct watched_socket *socket_of(struct http_conn *conn, curl_socket_t fd)
{
    struct list_link *at = list_first(&conn->sockets);
    for (; at != NULL; at = list_after(&conn->sockets, at)) {
        struct watched_socket *found = LIST_OBJECT(at, struct watched_socket, link);
        if (found->io.fd == fd) {
            return found;
        }
    }
    struct watched_socket *made = xcalloc(1, sizeof(*made));
    made->conn = conn;
    made->io = (struct loop_io){.fn = on_socket, .arg = made, .fd = fd};
    list_append(&conn->sockets, &made->link);
    return made;
}

/* libcurl 7.88 closes a socket that was still being connected before it says that it need not be polled. */
static void socket_free(struct watched_socket *socket)
{
    loop_io_abandon(socket->conn->loop, &socket->io);
    list_remove(&socket->link);
    free(socket);
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    (void)easy;
    (void)unused;
    struct watched_socket *socket = socket_of(arg, fd);
    if (what == CURL_POLL_REMOVE) {
        socket_free(socket);
        return 0;
    }
    uint32_t events = 0;
    events |= what == CURL_POLL_IN || what == CURL_POLL_INOUT ? (uint32_t)EPOLLIN : 0;
    events |= what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? (uint32_t)EPOLLOUT : 0;
    struct err err = {0};
    if (!loop_io_start(socket->conn->loop, &socket->io, fd, events, &err)) {
        abort(); /* the kernel has no memory or no room for another descriptor */
    }
    return 0;
}

/*
 * Only one transfer may open sockets (several, where a name has several addresses). The others wait for
 * that connection, and are turned away when libcurl, left to itself, would give each its own.
 */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct http_transfer *transfer = arg;
    struct http_conn *conn = transfer->conn;
    if (conn->opener == 0) {
        conn->opener = transfer->number;
    }
    if (conn->opener != transfer->number) {
        transfer->is_turned_away = true;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    unsigned timeout_ms = UNACKNOWLEDGED_MS;
    if (fd >= 0) {
        /* Without it a dead connection is noticed later, by the deadlines. */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* The type of CURLOPT_HEADERFUNCTION. NOLINTNEXTLINE(readability-non-const-parameter) */
static size_t header_came(char *data, size_t size, size_t count, void *arg)
{
    struct http_transfer *transfer = arg;
    size_t len = size * count;
    transfer->conn->heard_ms = clock_now_ms();
    if (transfer->is_canceled) {
        return 0; /* libcurl ends a transfer whose bytes are not taken */
    }
    bool is_last = len <= 2 && (len == 0 || data[0] == '\r' || data[0] == '\n');
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_last && status >= 200 && !transfer->is_answered) {
        transfer->is_answered = true;
        transfer->handler.on_answer(transfer->arg, (int)status);
    }
    return transfer->is_canceled ? 0 : len;
}

static size_t data_came(char *data, size_t size, size_t count, void *arg)
{
    struct http_transfer *transfer = arg;
    size_t len = size * count;
    transfer->conn->heard_ms = clock_now_ms();
    if (!transfer->is_canceled && len > 0) {
        transfer->handler.on_data(transfer->arg, data, len);
    }
    return transfer->is_canceled ? CURL_WRITEFUNC_ERROR : len;
}

struct http_conn *http_conn_new(struct loop *loop, const struct http_target *target)
{
    struct http_conn *conn = xcalloc(1, sizeof(*conn));
    conn->loop = loop;
    conn->target = target;
    conn->timer = (struct loop_timer){.fn = on_timer, .arg = conn};
    list_init(&conn->transfers);
    list_init(&conn->sockets);
    conn->multi = curl_multi_init();
    if (conn->multi == NULL) {
        abort();
    }
    must(curl_multi_setopt(conn->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted));
    must(curl_multi_setopt(conn->multi, CURLMOPT_SOCKETDATA, conn));
    must(curl_multi_setopt(conn->multi, CURLMOPT_TIMERFUNCTION, timer_wanted));
    must(curl_multi_setopt(conn->multi, CURLMOPT_TIMERDATA, conn));
    must(curl_multi_setopt(conn->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX));
    return conn;
}

void http_conn_free(struct http_conn *conn)
{
    if (conn == NULL) {
        return;
    }
    assert(!conn->is_acting);
    struct list_link *at = NULL;
    while ((at = list_first(&conn->transfers)) != NULL) {
        http_transfer_cancel(LIST_OBJECT(at, struct http_transfer, link));
    }
    must(curl_multi_cleanup(conn->multi));
    while ((at = list_first(&conn->sockets)) != NULL) {
        socket_free(LIST_OBJECT(at, struct watched_socket, link));
    }
    loop_timer_stop(conn->loop, &conn->timer);
    free(conn);
}

size_t http_conn_load(const struct http_conn *conn)
{
    return conn->load;
}

int64_t http_conn_heard_ms(const struct http_conn *conn)
{
    return conn->heard_ms;
}

struct http_transfer *http_transfer_start(struct http_conn *conn, const struct http_call *call,
                                          const struct kube_credentials *credentials,
                                          const struct http_handler *handler, void *arg)
{
    assert(!conn->is_inside);
    struct http_transfer *transfer = xcalloc(1, sizeof(*transfer));
    transfer->conn = conn;
    transfer->handler = *handler;
    transfer->arg = arg;
    transfer->number = ++conn->started;
    transfer->is_repeatable = str_eq(call->method, "GET");
    list_append(&conn->transfers, &transfer->link);
    conn->load++;

    transfer->easy = http_setup_easy(&transfer->setup, conn->target, call, credentials);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, header_came);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, data_came);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
    must(curl_multi_add_handle(conn->multi, transfer->easy));
    return transfer;
}

void http_transfer_cancel(struct http_transfer *transfer)
{
    if (transfer->is_ending || transfer->is_canceled) {
        return;
    }
    transfer->is_canceled = true;
    if (transfer->conn->is_inside) {
        transfer->conn->has_canceled = true;
        http_setup_drop_body(&transfer->setup);
        return;
    }
    transfer_detach(transfer);
    transfer_free(transfer);
}
