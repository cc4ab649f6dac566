/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a transfer: what Interlude asks of TLS, of a connection and of a request. Part of
 * kube/http.h alone.
 */
#ifndef INTERLUDE_KUBE_HTTP_SETUP_H
#define INTERLUDE_KUBE_HTTP_SETUP_H

#include <curl/curl.h>
#include <stddef.h>

#include "kube/http.h"

/* What libcurl borrows for as long as the easy handle lives. */
struct http_setup {
    struct curl_slist *headers;
    const char *body; /* borrowed from the call */
    size_t body_len;
    size_t body_sent;
    const struct kube_guard *guard; /* borrowed from the call; NULL: none */
    bool is_refused;                /* by the guard */
    char error_text[CURL_ERROR_SIZE];
};

/* The handle, which the caller cleans up before the setup. The setup must not move. */
CURL *http_setup_easy(struct http_setup *setup, const struct http_target *target,
                      const struct http_call *call,
                      const struct kube_credentials *credentials) MUST_CHECK;

/* The body is not read any more, though libcurl may still ask for it. */
void http_setup_drop_body(struct http_setup *setup);
void http_setup_fini(struct http_setup *setup);

#endif
