/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/client.h"

#include <assert.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "kube/client_internal.h"
#include "kube/json.h"
#include "kube/list.h"
#include "kube/session.h"
#include "kube/status.h"

/* The largest answer: a page of KUBE_LIST_PAGE objects may hold some that are over a MiB. */
#define ANSWER_MAX_BYTES ((size_t)64 * 1024 * 1024)

/* A connection on which nothing at all came for so long before a deadline is not used again. */
#define QUIET_MS 5000

/*
 * With two answers of 200 KB on one connection libcurl 7.88 forgets the end of one of them about once in
 * a hundred times, until another frame happens to come. So a request that is late gets company: the
 * frames of a small answer bring it to its end.
 */
#define LATE_MS 1000

#define STREAMING_RETRY_MS (INT64_C(60) * 60 * 1000)

struct kube_client {
    struct loop *loop;
    struct session *session;
    struct list_link requests;    /* struct kube_request.link: all that have not ended */
    struct exchange *company;     /* of late requests; NULL: none under way */
    int64_t server_time_s;        /* as the last answer told it; 0: none yet */
    int64_t server_time_at_ms;    /* when that was */
    int64_t streaming_refused_ms; /* when a streaming list was last refused; 0: never */
};

struct kube_request {
    struct kube_client *client;
    struct list_link link; /* in kube_client.requests */
    struct exchange *exchange;
    char *path;
    char *content_type; /* NULL: no body */
    char *body;
    struct http_call call; /* points to the three above */
    enum session_lane lane;
    int64_t deadline_ms;
    struct loop_timer deadline;
    struct loop_timer late;
    struct buf answer;
    int http_status;    /* 0: no answer yet */
    bool is_second_try; /* after a 401 */
    bool is_ending;     /* fn runs */
    kube_response_fn *fn;
    void *arg;
};

static const char *method_name(enum kube_method method)
{
    static const char *const names[] = {
        [KUBE_GET] = "GET",     [KUBE_POST] = "POST",     [KUBE_PUT] = "PUT",
        [KUBE_PATCH] = "PATCH", [KUBE_DELETE] = "DELETE",
    };
    return names[method];
}

struct kube_client *kube_client_new(struct loop *loop, struct kube_config *config, struct err *err)
{
    struct session *session = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(err, ERR_INTERNAL, "libcurl cannot start");
        return NULL;
    }
    if (!session_new(loop, config, &session, err)) {
        curl_global_cleanup();
        return NULL;
    }
    struct kube_client *client = xcalloc(1, sizeof(*client));
    client->loop = loop;
    client->session = session;
    list_init(&client->requests);
    return client;
}

static void request_free(struct kube_request *request)
{
    loop_timer_stop(request->client->loop, &request->deadline);
    loop_timer_stop(request->client->loop, &request->late);
    list_remove(&request->link);
    buf_fini(&request->answer);
    free(request->path);
    free(request->content_type);
    free(request->body);
    free(request);
}

void kube_client_free(struct kube_client *client)
{
    if (client == NULL) {
        return;
    }
    struct list_link *at = NULL;
    while ((at = list_first(&client->requests)) != NULL) {
        kube_request_cancel(LIST_OBJECT(at, struct kube_request, link));
    }
    if (client->company != NULL) {
        exchange_cancel(client->company);
    }
    session_free(client->session);
    curl_global_cleanup();
    free(client);
}

static void respond(struct kube_request *request, const struct kube_response *response)
{
    request->is_ending = true;
    request->fn(request->arg, response);
    request_free(request);
}

static void respond_success(struct kube_request *request, struct kube_response *response)
{
    json_error_t json_err;
    json_auto_t *body = kube_json_load(buf_text(&request->answer), request->answer.len, &json_err);
    buf_fini(&request->answer);
    response->is_ok = body != NULL;
    response->body = body;
    if (body == NULL) {
        err_set(&response->err, ERR_TRANSIENT, "%s %s: HTTP status %d with no readable body: %s",
                request->call.method, request->path, response->http_status, json_err.text);
    }
    respond(request, response);
}

static void respond_refusal(struct kube_request *request, struct kube_response *response)
{
    struct kube_status status;
    kube_status_decode(response->http_status, buf_text(&request->answer), request->answer.len,
                       &status);
    response->err = status.err;
    response->reason = status.reason[0] == '\0' ? NULL : status.reason;
    if (response->retry_after_ms == 0) {
        response->retry_after_ms = status.retry_after_ms;
    }
    respond(request, response);
}

static void respond_failure(struct kube_request *request, enum err_kind kind, int http_status,
                            const char *text)
{
    struct kube_response response = {.http_status = http_status};
    err_set(&response.err, kind, "%s %s: %s", request->call.method, request->path, text);
    respond(request, &response);
}

static void learn_time(struct kube_client *client, int64_t server_time_s)
{
    if (server_time_s != 0) {
        client->server_time_s = server_time_s;
        client->server_time_at_ms = clock_now_ms();
    }
}

static void send_request(struct kube_request *request);

static void on_answer(void *arg, int http_status)
{
    ((struct kube_request *)arg)->http_status = http_status;
}

static void on_data(void *arg, const char *data, size_t len)
{
    struct kube_request *request = arg;
    if (buf_append(&request->answer, data, len)) {
        return;
    }
    char text[64];
    (void)snprintf(text, sizeof(text), "the answer is larger than %zu bytes", ANSWER_MAX_BYTES);
    exchange_cancel(request->exchange);
    request->exchange = NULL;
    respond_failure(request, ERR_INVALID, request->http_status, text);
}

static void on_end(void *arg, const struct http_end *end)
{
    struct kube_request *request = arg;
    struct kube_response response = {
        .http_status = end->http_status,
        .retry_after_ms = end->retry_after_ms,
        .server_time_s = end->server_time_s,
    };
    request->exchange = NULL;
    learn_time(request->client, end->server_time_s);
    if (end->err.kind != ERR_NONE) {
        respond_failure(request, end->err.kind, end->http_status, end->err.text);
    } else if (end->http_status == 401 && !request->is_second_try) {
        /* It was not applied; the credentials are read again before the next one is sent. */
        request->is_second_try = true;
        buf_fini(&request->answer);
        send_request(request);
    } else if (end->http_status >= 200 && end->http_status < 300) {
        respond_success(request, &response);
    } else {
        respond_refusal(request, &response);
    }
}

static void send_request(struct kube_request *request)
{
    static const struct http_handler handler = {
        .on_answer = on_answer, .on_data = on_data, .on_end = on_end};

    request->exchange =
        session_start(request->client->session, request->lane, &request->call, &handler, request);
}

static void on_deadline(void *arg)
{
    struct kube_request *request = arg;
    char text[64];
    bool is_sent = exchange_is_sent(request->exchange);
    int64_t quiet_ms = request->deadline_ms < QUIET_MS ? request->deadline_ms : QUIET_MS;
    exchange_doubt(request->exchange, quiet_ms);
    exchange_cancel(request->exchange);
    request->exchange = NULL;
    (void)snprintf(text, sizeof(text), "%s within %" PRId64 " ms",
                   is_sent ? "no answer" : "not sent", request->deadline_ms);
    respond_failure(request, ERR_TRANSIENT, 0, text);
}

static void company_answer(void *arg, int http_status)
{
    (void)arg;
    (void)http_status;
}

static void company_data(void *arg, const char *data, size_t len)
{
    (void)arg;
    (void)data;
    (void)len;
}

static void company_end(void *arg, const struct http_end *end)
{
    struct kube_client *client = arg;
    (void)end; /* whatever it was: its frames have come */
    client->company = NULL;
}

static void on_late(void *arg)
{
    static const struct http_call call = {.method = "GET", .path = "/version"};
    static const struct http_handler handler = {
        .on_answer = company_answer, .on_data = company_data, .on_end = company_end};
    struct kube_request *request = arg;
    struct kube_client *client = request->client;
    if (client->company == NULL) {
        client->company = session_start(client->session, LANE_REQUESTS, &call, &handler, client);
    }
    loop_timer_start(client->loop, &request->late, clock_now_ms() + LATE_MS);
}

/* The body as text; a request without one has no content type either. */
static void take_body(struct kube_request *request, const struct kube_call *call)
{
    if (call->body == NULL) {
        return;
    }
    request->body = json_dumps(call->body, JSON_COMPACT | JSON_ENCODE_ANY);
    if (request->body == NULL) {
        abort(); /* memory is out, or the value holds itself */
    }
    request->content_type =
        xstrdup(call->content_type == NULL ? "application/json" : call->content_type);
}

struct kube_request *kube_client_call(struct kube_client *client, const struct kube_call *call,
                                      kube_response_fn *fn, void *arg)
{
    struct kube_request *request = xcalloc(1, sizeof(*request));
    request->client = client;
    request->fn = fn;
    request->arg = arg;
    request->path = xstrdup(call->path);
    take_body(request, call);
    request->call = (struct http_call){
        .method = method_name(call->method),
        .path = request->path,
        .accept = call->accept,
        .content_type = request->content_type,
        .body = request->body,
        .body_len = request->body == NULL ? 0 : strlen(request->body),
        .guard = call->guard,
    };
    request->lane = call->is_urgent ? LANE_URGENT : LANE_REQUESTS;
    buf_init(&request->answer, ANSWER_MAX_BYTES);
    list_append(&client->requests, &request->link);

    request->deadline_ms = call->deadline_ms > 0 ? call->deadline_ms : KUBE_REQUEST_DEADLINE_MS;
    request->deadline = (struct loop_timer){.fn = on_deadline, .arg = request};
    loop_timer_start(client->loop, &request->deadline, clock_now_ms() + request->deadline_ms);
    request->late = (struct loop_timer){.fn = on_late, .arg = request};
    if (request->lane == LANE_REQUESTS) { /* an urgent one's answers are small */
        loop_timer_start(client->loop, &request->late, clock_now_ms() + LATE_MS);
    }
    send_request(request);
    return request;
}

void kube_request_cancel(struct kube_request *request)
{
    if (request->is_ending) {
        return;
    }
    exchange_cancel(request->exchange);
    request_free(request);
}

int64_t kube_client_server_time_s(const struct kube_client *client)
{
    if (client->server_time_s == 0) {
        return clock_wall_s();
    }
    return client->server_time_s + (clock_now_ms() - client->server_time_at_ms) / 1000;
}

bool kube_client_knows_time(const struct kube_client *client)
{
    return client->server_time_s != 0;
}

uint64_t kube_client_requests_sent(const struct kube_client *client)
{
    return session_sent(client->session, LANE_REQUESTS) +
           session_sent(client->session, LANE_URGENT);
}

struct session *kube_client_session(struct kube_client *client)
{
    return client->session;
}

bool kube_client_streams_lists(const struct kube_client *client)
{
    return client->streaming_refused_ms == 0 ||
           clock_now_ms() - client->streaming_refused_ms > STREAMING_RETRY_MS;
}

void kube_client_streaming_refused(struct kube_client *client)
{
    client->streaming_refused_ms = clock_now_ms();
}
