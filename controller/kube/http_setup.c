/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/http_setup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define CONNECT_DEADLINE_MS 10000L
/* libcurl's own buffer of each transfer; a TLS record is no larger. */
#define BUFFER_BYTES (16L * 1024)

/*
 * A peer that is gone without a word: idle connections are probed after 15 s, each 5 s (kube/http.c
 * tells what becomes of bytes that nobody acknowledges). Long idle connections are not used again.
 */
#define KEEPALIVE_IDLE_S     15L
#define KEEPALIVE_INTERVAL_S 5L
#define IDLE_REUSE_S         100L

#ifndef INTERLUDE_VERSION
#error "the build must define INTERLUDE_VERSION"
#endif

/* An option fails only if memory is out or libcurl was built without what Interlude needs. */
#define SET(easy, option, value) must_be_set(curl_easy_setopt(easy, option, value))

static void must_be_set(CURLcode code)
{
    if (code != CURLE_OK) {
        abort();
    }
}

static void set_connection(CURL *easy, const struct http_target *target)
{
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_PROTOCOLS_STR, "https");
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* While the connection is being opened, wait to share it instead of opening another. */
    SET(easy, CURLOPT_PIPEWAIT, 1L);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_DEADLINE_MS);
    SET(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    SET(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    SET(easy, CURLOPT_MAXAGE_CONN, IDLE_REUSE_S);
    if (target->proxy_url != NULL) {
        SET(easy, CURLOPT_PROXY, target->proxy_url);
    }
    if (target->connect_to != NULL) {
        SET(easy, CURLOPT_CONNECT_TO, target->connect_to);
    }
}

/* The whole text, without its NUL. NOCOPY: it lives as long as the target; COPY: not even the call. */
static void set_blob(CURL *easy, CURLoption option, const char *text, unsigned flags)
{
    union {
        const char *from;
        void *to;
    } data = {.from = text}; /* libcurl only reads it */
    struct curl_blob blob = {.data = data.to, .len = strlen(text), .flags = flags};
    SET(easy, option, &blob);
}

static void set_tls(CURL *easy, const struct http_target *target,
                    const struct kube_credentials *credentials)
{
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Each handle would keep its own sessions, and connections are few. */
    SET(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (target->ca_data != NULL || target->ca_file != NULL) {
        /* The cluster's CA instead of the system's, not beside them. */
        SET(easy, CURLOPT_CAPATH, NULL);
        SET(easy, CURLOPT_CAINFO, target->ca_data != NULL ? NULL : target->ca_file);
    }
    if (target->ca_data != NULL) {
        set_blob(easy, CURLOPT_CAINFO_BLOB, target->ca_data, CURL_BLOB_NOCOPY);
    }
    if (credentials->cert_data != NULL) {
        set_blob(easy, CURLOPT_SSLCERT_BLOB, credentials->cert_data, CURL_BLOB_COPY);
    } else if (credentials->cert_file != NULL) {
        SET(easy, CURLOPT_SSLCERT, credentials->cert_file);
    }
    if (credentials->key_data != NULL) {
        set_blob(easy, CURLOPT_SSLKEY_BLOB, credentials->key_data, CURL_BLOB_COPY);
    } else if (credentials->key_file != NULL) {
        SET(easy, CURLOPT_SSLKEY, credentials->key_file);
    }
}

static void add_header(struct http_setup *setup, const char *name, const char *value)
{
    CLEANUP(mem_free_text) char *line = xasprintf("%s: %s", name, value);
    setup->headers = curl_slist_append(setup->headers, line);
    if (setup->headers == NULL) {
        abort();
    }
}

/* Whether the guard, if there is one, still lets it go out. */
static bool may_send(struct http_setup *setup)
{
    const struct kube_guard *guard = setup->guard;
    setup->is_refused = guard != NULL && !guard->may_send(guard->arg);
    return !setup->is_refused;
}

/* The connection is there; what comes next is the request's first byte. */
// NOLINTNEXTLINE(readability-non-const-parameter): the type of CURLOPT_PREREQFUNCTION
static int before_request(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    return may_send(arg) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* The header may have gone out a turn of the loop before, but without its body it is no request. */
static size_t read_body(char *data, size_t size, size_t count, void *arg)
{
    struct http_setup *setup = arg;
    size_t len = size * count;
    size_t left = setup->body_len - setup->body_sent;
    if (left > 0 && !may_send(setup)) {
        return CURL_READFUNC_ABORT;
    }
    if (len > left) {
        len = left;
    }
    memcpy(data, setup->body + setup->body_sent, len);
    setup->body_sent += len;
    return len;
}

/*
 * A body comes from a callback that cannot go back: libcurl would otherwise send a request again by
 * itself when a connection that it had used before dies without an answer, and a write that may have
 * been applied must not be applied twice.
 */
static void set_request(CURL *easy, struct http_setup *setup, const struct http_call *call)
{
    setup->guard = call->guard;
    SET(easy, CURLOPT_PREREQFUNCTION, before_request);
    SET(easy, CURLOPT_PREREQDATA, setup);
    if (call->content_type != NULL) {
        setup->body = call->body;
        setup->body_len = call->body_len;
        add_header(setup, "Content-Type", call->content_type);
        SET(easy, CURLOPT_POST, 1L);
        SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
        SET(easy, CURLOPT_READFUNCTION, read_body);
        SET(easy, CURLOPT_READDATA, setup);
    }
    SET(easy, CURLOPT_CUSTOMREQUEST, call->method);
    add_header(setup, "Accept", call->accept == NULL ? "application/json" : call->accept);
    add_header(setup, "Expect", ""); /* HTTP/1.1 would wait for a 100 before a large body */
    SET(easy, CURLOPT_USERAGENT, "interlude/" INTERLUDE_VERSION);
}

static void set_credentials(CURL *easy, struct http_setup *setup,
                            const struct kube_credentials *credentials)
{
    if (credentials->bearer_token != NULL) {
        CLEANUP(mem_free_text) char *value = xasprintf("Bearer %s", credentials->bearer_token);
        add_header(setup, "Authorization", value);
    } else if (credentials->basic_user != NULL) {
        SET(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(easy, CURLOPT_USERNAME, credentials->basic_user);
        SET(easy, CURLOPT_PASSWORD, str_or_empty(credentials->basic_password));
    }
}

CURL *http_setup_easy(struct http_setup *setup, const struct http_target *target,
                      const struct http_call *call, const struct kube_credentials *credentials)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        abort();
    }
    CLEANUP(mem_free_text) char *url = xasprintf("%s%s", target->base_url, call->path);
    SET(easy, CURLOPT_URL, url);
    SET(easy, CURLOPT_PATH_AS_IS, 1L);
    SET(easy, CURLOPT_ERRORBUFFER, setup->error_text);
    set_connection(easy, target);
    set_tls(easy, target, credentials);
    set_request(easy, setup, call);
    set_credentials(easy, setup, credentials);
    SET(easy, CURLOPT_HTTPHEADER, setup->headers);
    return easy;
}

void http_setup_drop_body(struct http_setup *setup)
{
    setup->body_len = setup->body_sent;
}

void http_setup_fini(struct http_setup *setup)
{
    curl_slist_free_all(setup->headers);
}
