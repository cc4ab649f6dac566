/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "kube/auth.h"
#include "kube/auth_internal.h"
#include "kube/config_internal.h"
#include "kube/secret.h"
#include "kube/yaml.h"

#define SERVICE_ACCOUNT     "/var/run/secrets/kubernetes.io/serviceaccount"
#define NAMESPACE_MAX_BYTES ((size_t)1024)

void kube_config_fini(struct kube_config *config)
{
    kube_auth_free(config->auth);
    free(config->server);
    free(config->tls_server_name);
    free(config->ca_file);
    free(config->ca_data);
    free(config->ns);
    secret_free(config->proxy_url); /* may hold a password */
    *config = (struct kube_config){0};
}

struct kube_config kube_config_take(struct kube_config *config)
{
    struct kube_config taken = *config;
    *config = (struct kube_config){0};
    return taken;
}

bool kube_config_load_file(const char *path, const char *context, struct kube_config *ret_config,
                           struct err *err)
{
    CLEANUP(secret_free_text) char *text = NULL;
    size_t len = 0;
    if (!secret_read_file(path, YAML_MAX_BYTES, &text, &len, err)) {
        return err_wrap(err, "kubeconfig");
    }
    return kubeconfig_parse(path, text, len, context, ret_config, err);
}

/* "https://[fd00::1]:443". */
static bool pod_server(const struct kube_pod *pod, char **ret_server, struct err *err)
{
    uint64_t port = 0;
    if (pod->host == NULL || pod->port == NULL || str_is_empty(pod->host) ||
        str_is_empty(pod->port)) {
        return err_set(err, ERR_NOT_FOUND,
                       "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is "
                       "not a pod; name a kubeconfig file instead");
    }
    if (!str_parse_u64(pod->port, &port) || port == 0 || port > 65535) {
        return err_set(err, ERR_INVALID, "KUBERNETES_SERVICE_PORT: \"%s\" is not a port",
                       pod->port);
    }
    if (strspn(pod->host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:") !=
        strlen(pod->host)) {
        return err_set(err, ERR_INVALID, "KUBERNETES_SERVICE_HOST: \"%s\" is not a host",
                       pod->host);
    }
    bool is_ipv6 = strchr(pod->host, ':') != NULL;
    *ret_server =
        xasprintf(is_ipv6 ? "https://[%s]:%u" : "https://%s:%u", pod->host, (unsigned)port);
    return true;
}

/* The pod's namespace; NULL when the file is missing, as in a pod with a projected token alone. */
static bool pod_namespace(const char *path, char **ret_ns, struct err *err)
{
    CLEANUP(secret_free_text) char *text = NULL;
    size_t len = 0;
    if (!secret_read_file(path, NAMESPACE_MAX_BYTES, &text, &len, err)) {
        return err->kind == ERR_NOT_FOUND;
    }
    size_t end = strcspn(text, " \t\r\n");
    *ret_ns = end > 0 ? xstrndup(text, end) : NULL;
    return true;
}

bool kube_config_load_pod(const struct kube_pod *pod, struct kube_config *ret_config,
                          struct err *err)
{
    CLEANUP(kube_config_fini) struct kube_config config = {0};
    CLEANUP(mem_free_text) char *token = xasprintf("%s" SERVICE_ACCOUNT "/token", pod->root);
    CLEANUP(mem_free_text) char *ns = xasprintf("%s" SERVICE_ACCOUNT "/namespace", pod->root);
    config.ca_file = xasprintf("%s" SERVICE_ACCOUNT "/ca.crt", pod->root);
    if (!pod_server(pod, &config.server, err)) {
        return false;
    }
    if (access(config.ca_file, R_OK) < 0) {
        return err_set(err, ERR_INVALID,
                       "cannot read %s: %s; does the pod mount its service account?",
                       config.ca_file, strerrordesc_np(errno));
    }
    if (!pod_namespace(ns, &config.ns, err)) {
        return err_wrap(err, "service account");
    }
    struct kube_auth_spec spec = {.token_file = token};
    if (!kube_auth_new(&spec, &config.auth, err)) {
        return err_wrap(err, "service account");
    }
    *ret_config = kube_config_take(&config);
    return true;
}

bool kube_config_load_in_cluster(struct kube_config *ret_config, struct err *err)
{
    struct kube_pod pod = {
        .root = "",
        .host = getenv("KUBERNETES_SERVICE_HOST"),
        .port = getenv("KUBERNETES_SERVICE_PORT"),
    };
    return kube_config_load_pod(&pod, ret_config, err);
}
