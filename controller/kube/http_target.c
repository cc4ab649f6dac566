/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "kube/http.h"

static void url_free(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void text_free(char **text)
{
    curl_free(*text);
}

static bool part_get(CURLU *url, CURLUPart part, unsigned flags, char **ret_text)
{
    return curl_url_get(url, part, ret_text, flags) == CURLUE_OK;
}

/*
 * Puts the name that TLS is to verify into the URL, so that it also becomes the SNI and the Host, and
 * remembers the address beside it: libcurl has no option for the verified name alone.
 */
static bool use_server_name(struct http_target *target, CURLU *url, const char *name)
{
    CLEANUP(text_free) char *host = NULL;
    CLEANUP(text_free) char *port = NULL;
    if (!part_get(url, CURLUPART_HOST, 0, &host) ||
        !part_get(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port) ||
        curl_url_set(url, CURLUPART_HOST, name, 0) != CURLUE_OK) {
        return false;
    }
    CLEANUP(mem_free_text) char *entry = xasprintf("::%s:%s", host, port);
    target->connect_to = curl_slist_append(NULL, entry);
    if (target->connect_to == NULL) {
        abort();
    }
    return true;
}

bool http_target_init(struct http_target *target, const struct kube_config *config, struct err *err)
{
    *target = (struct http_target){
        .ca_file = config->ca_file,
        .ca_data = config->ca_data,
        .proxy_url = config->proxy_url,
    };
    CLEANUP(url_free) CURLU *url = curl_url();
    if (url == NULL) {
        abort();
    }
    CLEANUP(text_free) char *scheme = NULL;
    CLEANUP(text_free) char *whole = NULL;
    if (curl_url_set(url, CURLUPART_URL, config->server, 0) != CURLUE_OK ||
        !part_get(url, CURLUPART_SCHEME, 0, &scheme)) {
        return err_set(err, ERR_INVALID, "server \"%s\" is no URL", config->server);
    }
    if (!str_eq(scheme, "https")) {
        return err_set(err, ERR_INVALID, "server \"%s\" is not https", config->server);
    }
    if (config->tls_server_name != NULL && !use_server_name(target, url, config->tls_server_name)) {
        return err_set(err, ERR_INVALID, "tls-server-name \"%s\" is no host name",
                       config->tls_server_name);
    }
    if (!part_get(url, CURLUPART_URL, 0, &whole)) {
        http_target_fini(target);
        return err_set(err, ERR_INVALID, "server \"%s\" is no URL", config->server);
    }
    target->base_url = xstrdup(whole);
    size_t len = strlen(target->base_url);
    while (len > 0 && target->base_url[len - 1] == '/') {
        target->base_url[--len] = '\0';
    }
    return true;
}

void http_target_fini(struct http_target *target)
{
    free(target->base_url);
    curl_slist_free_all(target->connect_to);
    *target = (struct http_target){0};
}
