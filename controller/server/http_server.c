/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http_server.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/listen.h"

/* libmicrohttpd watches its sockets by an epoll descriptor of its own, which the loop watches. */
struct http_server {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_io io;       /* the daemon's epoll descriptor */
    struct loop_timer timer; /* when the daemon wants to run without an event */
    uint16_t port;
    struct http_server_route *routes;
    size_t route_count;
};

/* An open connection; libmicrohttpd's own timeout starts anew with every byte, this one does not. */
struct peer {
    struct http_server *server;
    struct loop_timer deadline;
    int fd;
};

/* One round of the daemon; it then says when it wants the next. */
static void run_daemon(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    (void)MHD_run(server->daemon);
    if (MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES) {
        loop_timer_start(server->loop, &server->timer, clock_now_ms() + (int64_t)timeout_ms);
    } else {
        loop_timer_stop(server->loop, &server->timer);
    }
}

static void on_event(void *arg, uint32_t events)
{
    (void)events;
    run_daemon(arg);
}

static void on_timer(void *arg)
{
    run_daemon(arg);
}

/* The daemon sees the end of the connection and closes it. */
static void on_deadline(void *arg)
{
    const struct peer *peer = arg;
    (void)shutdown(peer->fd, SHUT_RDWR);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **peer_slot,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct peer *peer = xcalloc(1, sizeof(*peer));
        peer->server = server;
        peer->fd = info->connect_fd;
        peer->deadline.fn = on_deadline;
        peer->deadline.arg = peer;
        loop_timer_start(server->loop, &peer->deadline, clock_now_ms() + HTTP_SERVER_DEADLINE_MS);
        *peer_slot = peer;
    } else if (*peer_slot != NULL) {
        struct peer *peer = *peer_slot;
        loop_timer_stop(server->loop, &peer->deadline);
        free(peer);
        *peer_slot = NULL;
    }
}

static void reply_fini(struct http_server_reply *reply)
{
    buf_fini(&reply->body);
}

static void set_text(struct http_server_reply *reply, unsigned status, const char *text)
{
    buf_reset(&reply->body);
    reply->status = status;
    bool fits = buf_append_text(&reply->body, text);
    assert(fits);
    (void)fits;
}

static const struct http_server_route *route_of(const struct http_server *server, const char *path)
{
    for (size_t i = 0; i < server->route_count; i++) {
        if (strcmp(server->routes[i].path, path) == 0) {
            return &server->routes[i];
        }
    }
    return NULL;
}

/* Takes the body out of the reply. */
static enum MHD_Result send_reply(struct MHD_Connection *connection,
                                  struct http_server_reply *reply)
{
    size_t len = reply->body.len;
    char *body = buf_take(&reply->body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(body);
        return MHD_NO;
    }
    enum MHD_Result result = MHD_YES;
    if (MHD_add_response_header(response, "Content-Type", reply->content_type) == MHD_NO ||
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_NO ||
        MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_NO ||
        MHD_add_response_header(response, "Connection", "close") == MHD_NO ||
        (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED &&
         MHD_add_response_header(response, "Allow", "GET, HEAD") == MHD_NO)) {
        result = MHD_NO;
    } else {
        result = MHD_queue_response(connection, reply->status, response);
    }
    MHD_destroy_response(response);
    return result;
}

/* NOLINTBEGIN(readability-function-size,readability-non-const-parameter): libmicrohttpd's signature */
/* Answers when the head is there; the body of a request, if any, is never read. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **slot)
{
    (void)version;
    (void)data;
    (void)data_len;
    (void)slot;
    const struct http_server *server = arg;
    CLEANUP(reply_fini)
    struct http_server_reply reply = {
        .status = MHD_HTTP_OK,
        .content_type = "text/plain; charset=utf-8",
    };
    buf_init(&reply.body, HTTP_SERVER_REPLY_MAX_BYTES);
    const struct http_server_route *route = route_of(server, url);
    if (route == NULL) {
        set_text(&reply, MHD_HTTP_NOT_FOUND, "404 page not found\n");
    } else if (!str_eq(method, MHD_HTTP_METHOD_GET) && !str_eq(method, MHD_HTTP_METHOD_HEAD)) {
        set_text(&reply, MHD_HTTP_METHOD_NOT_ALLOWED, "405 only GET and HEAD\n");
    } else {
        route->fn(route->arg, &reply);
    }
    return send_reply(connection, &reply);
}
/* NOLINTEND(readability-function-size,readability-non-const-parameter) */

/* The daemon takes over listen_fd, whether it starts or not. */
static struct MHD_Daemon *start_daemon(struct http_server *server, int listen_fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET,
        (MHD_socket)listen_fd, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_SERVER_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)HTTP_SERVER_PER_ADDRESS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_SERVER_REQUEST_BYTES, MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)1024,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(HTTP_SERVER_DEADLINE_MS / 1000),
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

struct http_server *http_server_start(struct loop *loop, const char *address,
                                      const struct http_server_route *routes, size_t count,
                                      struct err *err)
{
    int listen_fd = -1;
    if (!listen_open(address, &listen_fd, err)) {
        return NULL;
    }
    struct http_server *server = xcalloc(1, sizeof(*server));
    server->loop = loop;
    server->port = listen_port(listen_fd);
    server->routes = xcalloc(count, sizeof(*routes));
    memcpy(server->routes, routes, count * sizeof(*routes));
    server->route_count = count;
    server->io = (struct loop_io){.fn = on_event, .arg = server};
    server->timer = (struct loop_timer){.fn = on_timer, .arg = server};
    server->daemon = start_daemon(server, listen_fd);
    if (server->daemon == NULL) {
        (void)err_set(err, ERR_INTERNAL, "cannot start the HTTP server on \"%.100s\"", address);
        http_server_stop(server);
        return NULL;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!loop_io_start(loop, &server->io, info->epoll_fd, EPOLLIN, err)) {
        http_server_stop(server);
        return NULL;
    }
    return server;
}

void http_server_stop(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    loop_io_stop(server->loop, &server->io);
    loop_timer_stop(server->loop, &server->timer);
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    free(server->routes);
    free(server);
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}
