/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "server/http_server.h"

#define NO_ANSWER_MS 20000

/* A server and one client, both on the same loop. */
struct fixture {
    struct loop *loop;
    struct http_server *server;
    int calls; /* of the routes' function */

    int fd; /* the client's; -1: closed */
    struct loop_io io;
    struct loop_timer limit; /* fails the test instead of waiting for ever */
    struct loop_timer drip;  /* sends one more byte */
    struct buf answer;
};

static void reply_ok(void *arg, struct http_server_reply *reply)
{
    struct fixture *fixture = arg;
    fixture->calls++;
    assert_true(buf_append_text(&reply->body, "ok"));
}

static void reply_large(void *arg, struct http_server_reply *reply)
{
    (void)arg;
    for (int i = 0; i < 100000; i++) {
        assert_true(buf_append_text(&reply->body, "0123456789"));
    }
}

static void reply_failed(void *arg, struct http_server_reply *reply)
{
    (void)arg;
    reply->status = 500;
    reply->content_type = "text/x-test";
    assert_true(buf_append_text(&reply->body, "no"));
}

static void on_limit(void *arg)
{
    (void)arg;
    fail_msg("no end of the answer within %d ms", NO_ANSWER_MS);
}

static void on_answer(void *arg, uint32_t events)
{
    (void)events;
    struct fixture *fixture = arg;
    char chunk[4096];
    ssize_t count = recv(fixture->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    if (count > 0) {
        assert_true(buf_append(&fixture->answer, chunk, (size_t)count));
    } else if (count == 0 || errno != EAGAIN) {
        loop_stop(fixture->loop);
    }
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    const struct http_server_route routes[] = {
        {.path = "/healthz", .fn = reply_ok, .arg = fixture},
        {.path = "/large", .fn = reply_large},
        {.path = "/failed", .fn = reply_failed},
    };
    struct err err = {0};
    fixture->loop = loop_new(&err);
    assert_non_null(fixture->loop);
    fixture->server =
        http_server_start(fixture->loop, "127.0.0.1:0", routes, ARRAY_LEN(routes), &err);
    assert_string_equal(err.text, "");
    assert_non_null(fixture->server);
    fixture->fd = -1;
    fixture->io = (struct loop_io){.fn = on_answer, .arg = fixture};
    fixture->limit = (struct loop_timer){.fn = on_limit, .arg = fixture};
    buf_init(&fixture->answer, (size_t)4 << 20);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    http_server_stop(fixture->server);
    loop_free(fixture->loop);
    buf_fini(&fixture->answer);
    free(fixture);
    return 0;
}

static int open_client(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(fixture->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Sends the request on a new connection and takes in what comes until the server closes it. */
static void ask(struct fixture *fixture, const char *request)
{
    struct err err = {0};
    buf_reset(&fixture->answer);
    fixture->fd = open_client(fixture);
    ssize_t sent = send(fixture->fd, request, strlen(request), MSG_NOSIGNAL);
    assert_int_equal(sent, (ssize_t)strlen(request));
    assert_true(loop_io_start(fixture->loop, &fixture->io, fixture->fd, EPOLLIN, &err));
    loop_timer_start(fixture->loop, &fixture->limit, clock_now_ms() + NO_ANSWER_MS);
    assert_true(loop_run(fixture->loop, &err));
    loop_timer_stop(fixture->loop, &fixture->limit);
    loop_io_stop(fixture->loop, &fixture->io);
    (void)close(fixture->fd);
    fixture->fd = -1;
}

struct row {
    const char *name;
    const char *request;
    const char *status; /* of the first line */
    const char *header; /* a line that must be there; NULL: any */
    const char *body;   /* NULL: any */
    int calls;
};

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static const struct row rows[] = {
    {.name = "get",
     .request = GET("/healthz"),
     .status = "200",
     .header = "Content-Type: text/plain; charset=utf-8",
     .body = "ok",
     .calls = 1},
    {.name = "closes",
     .request = GET("/healthz"),
     .status = "200",
     .header = "Connection: close",
     .calls = 1},
    {.name = "query is ignored",
     .request = GET("/healthz?verbose"),
     .status = "200",
     .body = "ok",
     .calls = 1},
    {.name = "head",
     .request = "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
     .status = "200",
     .header = "Content-Length: 2",
     .body = "",
     .calls = 1},
    {.name = "HTTP 1.0",
     .request = "GET /healthz HTTP/1.0\r\n\r\n",
     .status = "200",
     .body = "ok",
     .calls = 1},
    {.name = "status and type of the route",
     .request = GET("/failed"),
     .status = "500",
     .header = "Content-Type: text/x-test",
     .body = "no"},
    {.name = "unknown path", .request = GET("/"), .status = "404", .body = "404 page not found\n"},
    {.name = "longer path", .request = GET("/healthz/"), .status = "404"},
    {.name = "escaped path", .request = GET("/%68ealthz"), .status = "200", .calls = 1},
    {.name = "post",
     .request = "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
     .status = "405",
     .header = "Allow: GET, HEAD"},
    {.name = "post whose body never comes",
     .request = "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
     .status = "405"},
    {.name = "chunked post whose body never comes",
     .request = "POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
     .status = "405"},
    {.name = "delete", .request = "DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n", .status = "405"},
    {.name = "post to an unknown path",
     .request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
     .status = "404"},
    {.name = "no host", .request = "GET /healthz HTTP/1.1\r\n\r\n", .status = "400"},
};

static void check_answer(struct fixture *fixture, const struct row *row)
{
    char first[40];
    const char *answer = buf_text(&fixture->answer);
    (void)snprintf(first, sizeof(first), "HTTP/1.1 %s ", row->status);
    const char *end = strstr(answer, "\r\n\r\n");
    if (!str_starts_with(answer, first) || end == NULL) {
        fail_msg("not %s: %s", row->status, answer);
    }
    if (row->header != NULL &&
        (strstr(answer, row->header) == NULL || strstr(answer, row->header) > end)) {
        fail_msg("no %s: %s", row->header, answer);
    }
    if (row->body != NULL) {
        assert_string_equal(end + 4, row->body);
    }
    assert_int_equal(fixture->calls, row->calls);
}

static void run_row(void **state)
{
    const struct row *row = *state;
    void *fixture = NULL;
    assert_int_equal(setup(&fixture), 0);
    ask(fixture, row->request);
    check_answer(fixture, row);
    (void)teardown(&fixture);
}

static void large_answer(void **state)
{
    struct fixture *fixture = *state;
    ask(fixture, GET("/large"));
    const char *body = strstr(buf_text(&fixture->answer), "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(strlen(body + 4), 1000000);
}

static void large_request_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static char request[2 * HTTP_SERVER_REQUEST_BYTES];
    int len = snprintf(request, sizeof(request), "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ");
    memset(request + len, 'x', sizeof(request) - (size_t)len - 1);
    ask(fixture, request);
    check_answer(fixture, &(struct row){.status = "431"});
}

static void many_one_after_another(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 1; i <= 200; i++) {
        ask(fixture, GET("/healthz"));
        check_answer(fixture, &(struct row){.status = "200", .body = "ok", .calls = i});
    }
}

/* Connections of one address beyond its share are closed at once, and the share is given back. */
static void idle_connections_are_limited(void **state)
{
    struct fixture *fixture = *state;
    int fds[HTTP_SERVER_PER_ADDRESS];
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = open_client(fixture);
    }
    ask(fixture, GET("/healthz"));
    assert_string_equal(buf_text(&fixture->answer), "");
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        (void)close(fds[i]);
    }
    /* The server sees the ends in the same turn in which it accepts, or in one before. */
    for (int i = 0; i < 10 && fixture->answer.len == 0; i++) {
        ask(fixture, GET("/healthz"));
    }
    check_answer(fixture, &(struct row){.status = "200", .body = "ok", .calls = 1});
}

static void on_drip(void *arg)
{
    struct fixture *fixture = arg;
    (void)send(fixture->fd, "x", 1, MSG_NOSIGNAL);
    loop_timer_start(fixture->loop, &fixture->drip, clock_now_ms() + 500);
}

/* A byte every half second keeps a connection open no longer than the deadline. */
static void slow_client_is_cut_off(void **state)
{
    struct fixture *fixture = *state;
    int64_t begin_ms = clock_now_ms();
    fixture->drip = (struct loop_timer){.fn = on_drip, .arg = fixture};
    loop_timer_start(fixture->loop, &fixture->drip, begin_ms + 500);
    ask(fixture, "GET /healthz HTTP/1.1\r\nHost: ");
    loop_timer_stop(fixture->loop, &fixture->drip);
    int64_t took_ms = clock_now_ms() - begin_ms;
    assert_true(took_ms >= HTTP_SERVER_DEADLINE_MS - 100);
    assert_true(took_ms < HTTP_SERVER_DEADLINE_MS + 2000);
    ask(fixture, GET("/healthz"));
    check_answer(fixture, &(struct row){.status = "200", .body = "ok", .calls = 1});
}

static void stop_with_open_connections(void **state)
{
    struct fixture *fixture = *state;
    int fd = open_client(fixture);
    ask(fixture, GET("/healthz")); /* by now the first is accepted too */
    http_server_stop(fixture->server);
    fixture->server = NULL;
    char byte = 0;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
}

static void bad_address_is_said(void **state)
{
    (void)state;
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    assert_null(http_server_start(loop, "nowhere", NULL, 0, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test_setup_teardown(large_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(large_request_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(many_one_after_another, setup, teardown),
        cmocka_unit_test_setup_teardown(idle_connections_are_limited, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_client_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_with_open_connections, setup, teardown),
        cmocka_unit_test(bad_address_is_said),
    };
    struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(others)];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = run_row};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    memcpy(tests + ARRAY_LEN(rows), others, sizeof(others));
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
