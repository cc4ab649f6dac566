/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attrs.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_server.h"
#include "kube/auth_internal.h"
#include "kube/client.h"

#define PATIENCE_MS 15000

static struct fake_pki pki; /* made once: keys take time */

struct place {
    struct loop *loop;
    struct kube_config config;
    struct kube_client *client;
    struct fake_server server;
    struct loop_timer end;
    int left; /* answers until the loop ends */
};

/* One request and how it ended. */
struct asked {
    struct place *place;
    struct kube_request *request;
    struct kube_request *cancels; /* in its callback; NULL: none */
    int calls;
    bool is_ok;
    int http_status;
    enum err_kind kind;
    char text[ERR_TEXT_MAX];
    char reason[64];
    char kept[64]; /* "kept" of the body */
    int64_t retry_after_ms;
    int64_t server_time_s;
};

static void end_turns(void *arg)
{
    loop_stop(((struct place *)arg)->loop);
}

static void on_response(void *arg, const struct kube_response *response)
{
    struct asked *asked = arg;
    assert_int_equal(response->is_ok, response->err.kind == ERR_NONE);
    assert_int_equal(response->is_ok, response->body != NULL);
    asked->calls++;
    asked->is_ok = response->is_ok;
    asked->http_status = response->http_status;
    asked->kind = response->err.kind;
    asked->retry_after_ms = response->retry_after_ms;
    asked->server_time_s = response->server_time_s;
    (void)snprintf(asked->text, sizeof(asked->text), "%s", response->err.text);
    (void)snprintf(asked->reason, sizeof(asked->reason), "%s", str_or_empty(response->reason));
    (void)snprintf(asked->kept, sizeof(asked->kept), "%s",
                   str_or_empty(json_string_value(json_object_get(response->body, "kept"))));
    if (asked->cancels != NULL) {
        kube_request_cancel(asked->cancels);
        asked->place->left--;
    }
    kube_request_cancel(asked->request); /* from within its own callback it does nothing */
    if (--asked->place->left <= 0) {
        loop_stop(asked->place->loop);
    }
}

static void place_init(struct place *place, const struct fake_reply *replies, size_t count)
{
    *place = (struct place){0};
    struct err err = {0};
    fake_server_start(&place->server, &pki, replies, count);
    place->loop = loop_new(&err);
    place->end = (struct loop_timer){.fn = end_turns, .arg = place};
    place->config.server = xstrdup(place->server.url);
    place->config.ca_data = xstrdup(pki.ca);
}

/* With these credentials; NULL: a token. */
static void client_init(struct place *place, const struct kube_auth_spec *auth)
{
    static const struct kube_auth_spec token = {.token = "secret"};
    struct err err = {0};
    assert_true(kube_auth_new(auth == NULL ? &token : auth, &place->config.auth, &err));
    place->client = kube_client_new(place->loop, &place->config, &err);
    assert_non_null(place->client);
}

static void place_fini(struct place *place)
{
    kube_client_free(place->client);
    kube_config_fini(&place->config);
    loop_timer_stop(place->loop, &place->end);
    loop_free(place->loop);
    fake_server_stop(&place->server);
}

static void ask(struct place *place, const struct kube_call *call, struct asked *asked)
{
    *asked = (struct asked){.place = place, .cancels = asked->cancels};
    asked->request = kube_client_call(place->client, call, on_response, asked);
    assert_int_equal(asked->calls, 0);
    place->left++;
}

/* Until every answer is there, or so long. */
static void pass(struct place *place, int64_t ms)
{
    struct err err = {0};
    loop_timer_start(place->loop, &place->end, clock_now_ms() + ms);
    assert_true(loop_run(place->loop, &err));
}

static void ask_one(struct place *place, const struct kube_call *call, struct asked *asked)
{
    ask(place, call, asked);
    pass(place, PATIENCE_MS);
    assert_int_equal(asked->calls, 1);
}

static const struct kube_call get_x = {.method = KUBE_GET, .path = "/x"};

struct row {
    const char *name;
    struct fake_reply reply;
    bool is_ok;
    int http_status;
    enum err_kind kind;
    const char *text; /* a part of it */
    const char *reason;
    int64_t retry_after_ms;
};

static const struct row rows[] = {
    {.name = "200",
     .reply = {.status = 200, .body = "{\"kept\":\"yes\"}"},
     .is_ok = true,
     .http_status = 200,
     .text = "",
     .reason = ""},
    {.name = "201",
     .reply = {.status = 201, .body = "{\"kept\":\"yes\",\"nul\":\"\\u0000\"}"},
     .is_ok = true,
     .http_status = 201,
     .text = "",
     .reason = ""},
    {.name = "409 AlreadyExists",
     .reply = {.status = 409,
               .body = "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\",\"message\":\"there\"}"},
     .http_status = 409,
     .kind = ERR_EXISTS,
     .text = "there",
     .reason = "AlreadyExists"},
    {.name = "429 with Retry-After",
     .reply = {.status = 429, .header = "retry-after: 3\r\n", .body = "slow"},
     .http_status = 429,
     .kind = ERR_TRANSIENT,
     .text = "HTTP status 429: slow",
     .reason = "",
     .retry_after_ms = 3000},
    {.name = "503 with a date against the server's clock",
     .reply = {.status = 503, .header = "Retry-After: Sun, 06 Nov 2033 08:49:47 GMT\r\n"},
     .http_status = 503,
     .kind = ERR_TRANSIENT,
     .text = "HTTP status 503",
     .reason = "",
     .retry_after_ms = 10000},
    {.name = "redirects are not followed",
     .reply = {.status = 302, .header = "Location: /y\r\n"},
     .http_status = 302,
     .kind = ERR_TRANSIENT,
     .text = "HTTP status 302",
     .reason = ""},
    {.name = "200 with no JSON",
     .reply = {.status = 200, .body = "<html>"},
     .http_status = 200,
     .kind = ERR_TRANSIENT,
     .text = "GET /x: HTTP status 200 with no readable body",
     .reason = ""},
    {.name = "200 with nothing",
     .reply = {.status = 200},
     .http_status = 200,
     .kind = ERR_TRANSIENT,
     .text = "GET /x: HTTP status 200 with no readable body",
     .reason = ""},
    {.name = "a cut before the answer",
     .reply = {.end = FAKE_CUT},
     .http_status = 0,
     .kind = ERR_TRANSIENT,
     .text = "GET /x: https://127.0.0.1:",
     .reason = ""},
    {.name = "a cut in the answer",
     .reply = {.status = 200, .body = "{\"kept\":", .end = FAKE_CUT},
     .http_status = 200,
     .kind = ERR_TRANSIENT,
     .text = "GET /x: https://127.0.0.1:",
     .reason = ""},
    {.name = "an answer of 100 MiB",
     .reply = {.status = 200, .end = FAKE_FLOOD},
     .http_status = 200,
     .kind = ERR_INVALID,
     .text = "GET /x: the answer is larger than 67108864 bytes",
     .reason = ""},
};

static void test_row(void **state)
{
    const struct row *row = *state;
    const struct kube_call call = {.method = KUBE_GET, .path = "/x", .deadline_ms = 5000};
    struct place place;
    struct asked asked = {0};
    place_init(&place, &row->reply, 1);
    client_init(&place, NULL);
    ask_one(&place, &call, &asked);
    assert_int_equal(asked.is_ok, row->is_ok);
    assert_int_equal(asked.http_status, row->http_status);
    assert_int_equal(asked.kind, row->kind);
    assert_non_null(strstr(asked.text, row->text));
    assert_string_equal(asked.reason, row->reason);
    assert_int_equal(asked.retry_after_ms, row->retry_after_ms);
    assert_string_equal(asked.kept, row->is_ok ? "yes" : "");
    assert_string_equal(fake_server_log(&place.server), "1 GET /x auth=Bearer secret cn= body=\n");
    place_fini(&place);
}

static void test_methods_and_bodies(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = "POST /a", .status = 201, .body = "{}"},
        {.match = "PUT /b", .status = 200, .body = "{}"},
        {.match = "PATCH /c", .status = 200, .body = "{}"},
        {.match = "DELETE /d", .status = 200, .body = "{}"},
        {.match = "DELETE /e", .status = 200, .body = "{}"},
    };
    static const char *const paths[] = {"/a", "/b", "/c", "/d", "/e"};
    static const enum kube_method methods[] = {KUBE_POST, KUBE_PUT, KUBE_PATCH, KUBE_DELETE,
                                               KUBE_DELETE};
    (void)state;
    struct place place;
    struct asked asked = {0};
    json_auto_t *body = json_pack("{s:s}", "a", "\xc3\xa4");
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct kube_call call = {.method = methods[i], .path = paths[i]};
        call.body = i == 4 ? NULL : body;
        call.content_type = methods[i] == KUBE_PATCH ? KUBE_MERGE_PATCH : NULL;
        ask_one(&place, &call, &asked);
        assert_true(asked.is_ok);
    }
    assert_string_equal(fake_server_log(&place.server),
                        "1 POST /a auth=Bearer secret cn= body={\"a\":\"\xc3\xa4\"}\n"
                        "1 PUT /b auth=Bearer secret cn= body={\"a\":\"\xc3\xa4\"}\n"
                        "1 PATCH /c auth=Bearer secret cn= body={\"a\":\"\xc3\xa4\"}\n"
                        "1 DELETE /d auth=Bearer secret cn= body={\"a\":\"\xc3\xa4\"}\n"
                        "1 DELETE /e auth=Bearer secret cn= body=\n");
    assert_int_equal(kube_client_requests_sent(place.client), 5);
    place_fini(&place);
}

/* The server takes a write on a connection that was used before and dies: nobody sends it again. */
static void test_a_write_is_sent_once(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = "GET /x", .status = 200, .body = "{}"},
        {.match = "POST /w", .end = FAKE_CUT},
        {.match = "POST /w", .status = 201, .body = "{}"},
    };
    (void)state;
    struct place place;
    struct asked asked = {0};
    json_auto_t *body = json_object();
    const struct kube_call post = {.method = KUBE_POST, .path = "/w", .body = body};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    ask_one(&place, &get_x, &asked);
    ask_one(&place, &post, &asked);
    assert_int_equal(asked.kind, ERR_TRANSIENT);
    assert_int_equal(asked.http_status, 0);
    assert_string_equal(fake_server_log(&place.server), "1 GET /x auth=Bearer secret cn= body=\n"
                                                        "1 POST /w auth=Bearer secret cn= "
                                                        "body={}\n");
    place_fini(&place);
}

static void test_deadline(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = "/slow", .end = FAKE_HANG},
        {.match = "/half", .status = 200, .body = "{", .end = FAKE_HANG},
        {.match = "/x", .status = 200, .body = "{}"},
    };
    (void)state;
    struct place place;
    struct asked asked[2] = {0};
    struct kube_call call = {.method = KUBE_GET, .path = "/slow", .deadline_ms = 200};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    int64_t start_ms = clock_now_ms();
    ask(&place, &call, &asked[0]);
    call.path = "/half";
    ask(&place, &call, &asked[1]);
    pass(&place, PATIENCE_MS);
    assert_in_range(clock_now_ms() - start_ms, 200, 2000);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(asked[i].calls, 1);
        assert_int_equal(asked[i].kind, ERR_TRANSIENT);
        assert_int_equal(asked[i].http_status, 0);
        assert_non_null(strstr(asked[i].text, "no answer within 200 ms"));
    }
    ask_one(&place, &get_x, &asked[0]); /* on a new connection */
    assert_true(asked[0].is_ok);
    place_fini(&place);
}

static void test_401_reads_the_token_again(void **state)
{
    static const struct fake_reply replies[] = {
        {.status = 200, .body = "{}"},
        {.status = 401, .body = "no"},
        {.status = 200, .body = "{\"kept\":\"yes\"}"},
    };
    (void)state;
    char path[] = "/tmp/interlude-test-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "old", 3), 3);
    const struct kube_auth_spec auth = {.token_file = path};
    struct place place;
    struct asked asked = {0};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, &auth);
    ask_one(&place, &get_x, &asked);
    assert_int_equal(pwrite(fd, "new", 3, 0), 3);
    ask_one(&place, &get_x, &asked);
    assert_true(asked.is_ok);
    assert_string_equal(asked.kept, "yes");
    assert_non_null(strstr(fake_server_log(&place.server), "Bearer new"));
    assert_int_equal(kube_client_requests_sent(place.client), 3);
    place_fini(&place);
    (void)close(fd);
    (void)unlink(path);
}

static void test_401_twice_is_reported(void **state)
{
    static const struct fake_reply replies[] = {{.status = 401, .body = "no"},
                                                {.status = 401, .body = "no"},
                                                {.status = 200, .body = "{}"}};
    (void)state;
    struct place place;
    struct asked asked = {0};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    ask_one(&place, &get_x, &asked);
    assert_int_equal(asked.kind, ERR_UNAUTHORIZED);
    assert_int_equal(asked.http_status, 401);
    assert_int_equal(kube_client_requests_sent(place.client), 2);
    place_fini(&place);
}

static void test_cancel(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = "/slow", .end = FAKE_HANG},
        {.match = "/half", .status = 200, .body = "{", .end = FAKE_HANG},
        {.match = "/x", .status = 200, .body = "{}"},
    };
    (void)state;
    struct place place;
    struct asked asked[3] = {0};
    struct kube_call call = {.method = KUBE_GET, .path = "/slow"};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    ask(&place, &call, &asked[0]);
    call.path = "/half";
    ask(&place, &call, &asked[1]);
    pass(&place, 200); /* both are on their way */
    asked[2].cancels = asked[0].request;
    ask(&place, &get_x, &asked[2]);
    pass(&place, 300);
    assert_int_equal(asked[2].calls, 1);
    kube_request_cancel(asked[1].request);
    ask(&place, &get_x, &asked[1]); /* not sent yet */
    kube_request_cancel(asked[1].request);
    pass(&place, 50);
    assert_int_equal(asked[0].calls, 0);
    assert_int_equal(asked[1].calls, 0);
    assert_null(strchr(fake_server_log(&place.server), '!'));
    place_fini(&place);
}

struct question {
    int asked;
    int yes; /* so many times */
};

static bool may_send(void *arg)
{
    struct question *question = arg;
    return question->asked++ < question->yes;
}

/* What its guard refuses never reaches the server, be it asked late: a connection is there by then. */
static void test_guard(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = "/a", .status = 200, .body = "{}"},
        {.match = "/x", .status = 200, .body = "{}"},
    };
    (void)state;
    struct place place;
    struct asked asked = {0};
    struct question question = {.yes = 2}; /* before the header, and before the body */
    const struct kube_guard guard = {.may_send = may_send, .arg = &question};
    json_auto_t *body = json_pack("{s:s}", "key", "value");
    struct kube_call call = {.method = KUBE_POST, .path = "/a", .body = body, .guard = &guard};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    ask_one(&place, &call, &asked);
    assert_true(asked.is_ok);
    assert_int_equal(question.asked, 2);

    call.path = "/b";
    ask_one(&place, &call, &asked);
    assert_int_equal(asked.kind, ERR_CANCELED);
    assert_int_equal(asked.http_status, 0);
    assert_int_equal(question.asked, 3);

    ask_one(&place, &get_x, &asked); /* the others go on */
    assert_true(asked.is_ok);
    assert_null(strstr(fake_server_log(&place.server), "/b"));
    place_fini(&place);
}

/* The header went out, and then it may not be sent any more: the server never gets a whole request. */
static void test_guard_before_the_body(void **state)
{
    (void)state;
    struct place place;
    struct asked asked = {0};
    struct question question = {.yes = 1};
    const struct kube_guard guard = {.may_send = may_send, .arg = &question};
    json_auto_t *body = json_pack("{s:s}", "key", "value");
    struct kube_call call = {.method = KUBE_POST, .path = "/a", .body = body, .guard = &guard};
    place_init(&place, NULL, 0);
    client_init(&place, NULL);
    ask_one(&place, &call, &asked);
    assert_int_equal(asked.kind, ERR_CANCELED);
    pass(&place, 50);
    assert_string_equal(fake_server_log(&place.server), "");
    place_fini(&place);
}

/* On a connection apart: the other one may be as slow as it likes. */
static void test_urgent(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = "/slow", .end = FAKE_HANG},
        {.match = "/x", .status = 200, .body = "{}"},
    };
    (void)state;
    struct place place;
    struct asked asked[2] = {0};
    struct kube_call call = {.method = KUBE_GET, .path = "/slow"};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    ask(&place, &call, &asked[0]);
    pass(&place, 200);
    call = (struct kube_call){.method = KUBE_GET, .path = "/x", .is_urgent = true};
    ask(&place, &call, &asked[1]);
    pass(&place, 1000);
    assert_true(asked[1].is_ok);
    assert_non_null(strstr(fake_server_log(&place.server), "2 GET /x"));
    place_fini(&place);
}

static void test_free_with_requests_under_way(void **state)
{
    static const struct fake_reply replies[] = {{.end = FAKE_HANG}};
    (void)state;
    struct place place;
    struct asked asked[2] = {0};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    ask(&place, &get_x, &asked[0]);
    pass(&place, 100);
    ask(&place, &get_x, &asked[1]);
    place_fini(&place);
    assert_int_equal(asked[0].calls, 0);
    assert_int_equal(asked[1].calls, 0);
}

/* 120 at once: no more than the streams of a connection are under way, all are answered. */
static void test_many_at_once(void **state)
{
    static struct fake_reply replies[120];
    static struct asked asked[120];
    (void)state;
    struct place place;
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        replies[i] = (struct fake_reply){.status = 200, .body = "{\"kept\":\"yes\"}"};
    }
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        ask(&place, &get_x, &asked[i]);
    }
    pass(&place, PATIENCE_MS);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        assert_true(asked[i].is_ok);
    }
    place_fini(&place);
}

static void test_server_time(void **state)
{
    static const struct fake_reply replies[] = {{.status = 200, .body = "{}"}};
    (void)state;
    struct place place;
    struct asked asked = {0};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, NULL);
    assert_in_range(kube_client_server_time_s(place.client), clock_wall_s() - 2, clock_wall_s());
    ask_one(&place, &get_x, &asked);
    assert_int_equal(asked.server_time_s, 2014879777); /* as fake_server.c says */
    assert_in_range(kube_client_server_time_s(place.client), 2014879777, 2014879779);
    place_fini(&place);
}

/* What TLS must refuse, and what it must not. */
struct tls_row {
    const char *name;
    const char *server_name; /* NULL: none */
    bool is_other_ca;
    bool is_ca_file;
    bool is_ok;
};

static const struct tls_row tls_rows[] = {
    {.name = "TLS: the address", .is_ok = true},
    {.name = "TLS: the CA from a file", .is_ca_file = true, .is_ok = true},
    {.name = "TLS: a name", .server_name = FAKE_SERVER_NAME, .is_ok = true},
    {.name = "TLS: a wrong name", .server_name = "api.other.test"},
    {.name = "TLS: a wrong CA", .is_other_ca = true},
    {.name = "TLS: a wrong CA from a file", .is_other_ca = true, .is_ca_file = true},
    {.name = "TLS: a wrong CA with a name", .server_name = FAKE_SERVER_NAME, .is_other_ca = true},
};

static void test_tls(void **state)
{
    static const struct fake_reply replies[] = {{.status = 200, .body = "{}"}};
    const struct tls_row *row = *state;
    char path[] = "/tmp/interlude-test-XXXXXX";
    struct place place;
    struct asked asked = {0};
    place_init(&place, replies, ARRAY_LEN(replies));
    if (row->is_other_ca) {
        free(place.config.ca_data);
        place.config.ca_data = xstrdup(pki.other_ca);
    }
    int fd = mkstemp(path);
    if (row->is_ca_file) {
        size_t len = strlen(place.config.ca_data);
        assert_int_equal(write(fd, place.config.ca_data, len), len);
        mem_free_text(&place.config.ca_data);
        place.config.ca_file = xstrdup(path);
    }
    place.config.tls_server_name = xstrdup(row->server_name);
    client_init(&place, NULL);
    ask_one(&place, &get_x, &asked);
    assert_int_equal(asked.is_ok, row->is_ok);
    if (!row->is_ok) {
        assert_int_equal(asked.kind, ERR_TRANSIENT);
        assert_non_null(strstr(asked.text, "SSL"));
        assert_string_equal(fake_server_log(&place.server), "");
    }
    place_fini(&place);
    (void)close(fd);
    (void)unlink(path);
}

static void write_text(const char *path, const char *text)
{
    FILE *stream = fopen(path, "we");
    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    (void)fclose(stream);
}

/* A client certificate is shown when a connection is opened: a new one must open another. */
static void test_certificate_is_rotated(void **state)
{
    static const struct fake_reply replies[] = {{.status = 200, .body = "{}"},
                                                {.status = 200, .body = "{}"},
                                                {.status = 200, .body = "{}"}};
    (void)state;
    char folder[] = "/tmp/interlude-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    CLEANUP(mem_free_text) char *cert = xasprintf("%s/cert", folder);
    CLEANUP(mem_free_text) char *key = xasprintf("%s/key", folder);
    const struct kube_auth_spec auth = {.cert_file = cert, .key_file = key};
    struct place place;
    struct asked asked = {0};
    write_text(cert, pki.client_cert[0]);
    write_text(key, pki.client_key[0]);
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, &auth);
    ask_one(&place, &get_x, &asked);
    ask_one(&place, &get_x, &asked);
    write_text(cert, pki.client_cert[1]);
    write_text(key, pki.client_key[1]);
    ask_one(&place, &get_x, &asked);
    assert_string_equal(fake_server_log(&place.server), "1 GET /x auth= cn=client-0 body=\n"
                                                        "1 GET /x auth= cn=client-0 body=\n"
                                                        "2 GET /x auth= cn=client-1 body=\n");
    place_fini(&place);
    (void)unlink(cert);
    (void)unlink(key);
    (void)rmdir(folder);
}

static void test_certificate_from_data(void **state)
{
    static const struct fake_reply replies[] = {{.status = 200, .body = "{}"}};
    (void)state;
    const struct kube_auth_spec auth = {.cert_data = pki.client_cert[0],
                                        .key_data = pki.client_key[0]};
    struct place place;
    struct asked asked = {0};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, &auth);
    ask_one(&place, &get_x, &asked);
    assert_non_null(strstr(fake_server_log(&place.server), "cn=client-0"));
    place_fini(&place);
}

static void test_basic_credentials(void **state)
{
    static const struct fake_reply replies[] = {{.status = 200, .body = "{}"}};
    static const struct kube_auth_spec auth = {.user = "u", .password = "p"};
    (void)state;
    struct place place;
    struct asked asked = {0};
    place_init(&place, replies, ARRAY_LEN(replies));
    client_init(&place, &auth);
    ask_one(&place, &get_x, &asked);
    assert_non_null(strstr(fake_server_log(&place.server), "auth=Basic dTpw "));
    place_fini(&place);
}

static void test_servers_that_are_refused(void **state)
{
    static const struct {
        const char *server;
        const char *server_name;
    } refused[] = {
        {"http://127.0.0.1:8080", NULL}, {"ftp://127.0.0.1", NULL}, {"no url", NULL}, {"", NULL},
        {"https://127.0.0.1", "a b"},
    };
    (void)state;
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct kube_config config = {.server = xstrdup(refused[i].server),
                                     .tls_server_name = xstrdup(refused[i].server_name)};
        assert_null(kube_client_new(loop, &config, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        kube_config_fini(&config);
    }
    loop_free(loop);
}

/* A server behind a path, and a proxy that is not there: the proxy is asked, not the server. */
static void test_prefix_and_proxy(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = "GET /k8s/clusters/c-1/x", .status = 200, .body = "{}"}};
    (void)state;
    struct place place;
    struct asked asked = {0};
    place_init(&place, replies, ARRAY_LEN(replies));
    free(place.config.server);
    place.config.server = xasprintf("%s/k8s/clusters/c-1/", place.server.url);
    client_init(&place, NULL);
    ask_one(&place, &get_x, &asked);
    assert_true(asked.is_ok);
    place_fini(&place);

    place_init(&place, replies, ARRAY_LEN(replies));
    place.config.proxy_url = xstrdup("http://127.0.0.1:1");
    client_init(&place, NULL);
    ask_one(&place, &get_x, &asked);
    assert_int_equal(asked.kind, ERR_TRANSIENT);
    assert_non_null(strstr(asked.text, "127.0.0.1 port 1"));
    place_fini(&place);
}

static int make_pki(void **state)
{
    (void)state;
    fake_pki_make(&pki);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    fake_pki_fini(&pki);
    return 0;
}

static struct CMUnitTest row_test(const char *name, CMUnitTestFunction fn, const void *row)
{
    union {
        const void *row;
        void *state;
    } initial = {.row = row};
    return (struct CMUnitTest){.name = name, .test_func = fn, .initial_state = initial.state};
}

#define SINGLE_TESTS 14

int main(void)
{
    struct CMUnitTest tests[SINGLE_TESTS + ARRAY_LEN(rows) + ARRAY_LEN(tls_rows)] = {
        cmocka_unit_test(test_methods_and_bodies),
        cmocka_unit_test(test_a_write_is_sent_once),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_401_reads_the_token_again),
        cmocka_unit_test(test_401_twice_is_reported),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_guard_before_the_body),
        cmocka_unit_test(test_urgent),
        cmocka_unit_test(test_free_with_requests_under_way),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_server_time),
        cmocka_unit_test(test_certificate_is_rotated),
        cmocka_unit_test(test_certificate_from_data),
        cmocka_unit_test(test_basic_credentials),
        cmocka_unit_test(test_servers_that_are_refused),
        cmocka_unit_test(test_prefix_and_proxy),
    };
    size_t count = SINGLE_TESTS;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tests[count++] = row_test(rows[i].name, test_row, &rows[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(tls_rows); i++) {
        tests[count++] = row_test(tls_rows[i].name, test_tls, &tls_rows[i]);
    }
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
