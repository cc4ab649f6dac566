/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kubeconfig file (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/). What is not
 * supported and would change who we are or whom we trust is refused, never skipped; fields that do not
 * matter here (extensions, preferences) are skipped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/auth_internal.h"
#include "kube/base64.h"
#include "kube/config_internal.h"
#include "kube/kubeconfig_exec.h"
#include "kube/kubeconfig_node.h"
#include "kube/secret.h"
#include "kube/yaml.h"

#define HOST_CHARACTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:[]_"

struct list {
    const char *field; /* "users": entries {name, <body>} */
    const char *body;  /* "user", also the word for one of them */
};

static const struct list clusters = {"clusters", "cluster"};
static const struct list contexts = {"contexts", "context"};
static const struct list users = {"users", "user"};

/* `"a", "b"`, cut where it gets long. */
static const char *names_of(const struct node *root, const char *field)
{
    const char *text = "";
    const json_t *entries = json_object_get(root->json, field);
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (name != NULL && strlen(text) < 200) {
            text =
                arena_printf(root->arena, "%s%s\"%.60s\"", text, text[0] != '\0' ? ", " : "", name);
        }
    }
    return text[0] != '\0' ? text : "none";
}

/* The body of the one entry of that name; ret_node->json stays NULL when there is none. */
static bool find_entry(const struct node *root, const struct list *list, const char *name,
                       struct node *ret_node, struct err *err)
{
    const json_t *entries = NULL;
    struct node found = {0};
    if (!node_list(root, list->field, &entries, err)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(entries); i++) {
        struct node entry;
        const char *entry_name = NULL;
        if (!node_member(root, list->field, i, &entry, err) ||
            !node_text(&entry, "name", &entry_name, err)) {
            return false;
        }
        if (!str_eq(entry_name, name)) {
            continue;
        }
        if (found.json != NULL) {
            return node_fail(&entry, "name", err, "\"%.60s\" is there twice: rename one of them",
                             name);
        }
        entry.path = arena_printf(root->arena, "%s \"%.60s\":", entry.path, name);
        if (!node_child(&entry, list->body, &found, err)) {
            return false;
        }
        if (found.json == NULL) {
            return node_fail(&found, NULL, err, "missing");
        }
    }
    *ret_node = found;
    return true;
}

/* find_entry() that must succeed; `from` and `field` are what names the entry. */
static bool need_entry(const struct node *from, const char *field, const struct node *root,
                       const struct list *list, struct node *ret_node, struct err *err)
{
    const char *name = NULL;
    if (!node_text(from, field, &name, err)) {
        return false;
    }
    if (name == NULL) {
        return node_fail(from, field, err, "missing: name one of these: %s",
                         names_of(root, list->field));
    }
    if (!find_entry(root, list, name, ret_node, err)) {
        return false;
    }
    if (ret_node->json == NULL) {
        return node_fail(from, field, err, "there is no %s \"%.60s\"; the file has: %s", list->body,
                         name, names_of(root, list->field));
    }
    return true;
}

static bool find_context(const struct node *root, const char *context, struct node *ret_node,
                         struct err *err)
{
    if (context == NULL) {
        return need_entry(root, "current-context", root, &contexts, ret_node, err);
    }
    if (!find_entry(root, &contexts, context, ret_node, err)) {
        return false;
    }
    if (ret_node->json == NULL) {
        return node_fail(root, "contexts", err, "there is no context \"%.60s\"; the file has: %s",
                         context, names_of(root, "contexts"));
    }
    return true;
}

/* "https://host:port/path" without user, query, fragment and the slash at the end. */
static bool decode_server(const struct node *cluster, char **ret_server, struct err *err)
{
    const char *server = NULL;
    if (!node_text(cluster, "server", &server, err)) {
        return false;
    }
    if (server == NULL) {
        return node_fail(cluster, "server", err,
                         "missing: set https://HOST:PORT of the API server");
    }
    if (str_starts_with(server, "http://")) {
        return node_fail(cluster, "server", err,
                         "\"%.200s\" is refused, for it is not encrypted: use https://", server);
    }
    const char *host = str_starts_with(server, "https://") ? server + strlen("https://") : NULL;
    size_t host_len = host != NULL ? strspn(host, HOST_CHARACTERS) : 0;
    if (host_len == 0 || (host[host_len] != '\0' && host[host_len] != '/') ||
        strcspn(host, "?#@\\") != strlen(host)) {
        return node_fail(cluster, "server", err, "\"%.200s\" must be https://HOST:PORT", server);
    }
    size_t len = strlen(server);
    while (server[len - 1] == '/') {
        len--;
    }
    *ret_server = xstrndup(server, len);
    return true;
}

static bool decode_proxy(const struct node *cluster, char **ret_url, struct err *err)
{
    const char *url = NULL;
    if (!node_text(cluster, "proxy-url", &url, err)) {
        return false;
    }
    if (url != NULL && !str_starts_with(url, "http://") && !str_starts_with(url, "https://") &&
        !str_starts_with(url, "socks5://")) {
        return node_fail(cluster, "proxy-url", err,
                         "must begin with http://, https:// or socks5://");
    }
    *ret_url = xstrdup(url);
    return true;
}

static bool check_verified(const struct node *cluster, struct err *err)
{
    bool is_insecure = false;
    if (!node_flag(cluster, "insecure-skip-tls-verify", &is_insecure, err)) {
        return false;
    }
    if (is_insecure) {
        return node_fail(cluster, "insecure-skip-tls-verify", err,
                         "true is refused, for TLS is always verified: remove it and set "
                         "certificate-authority or certificate-authority-data to the cluster's CA");
    }
    return true;
}

/* A field in its two forms: `field` names a file, `field`-data holds PEM text in base64. */
static bool decode_pem(const struct node *node, const char *field, char **ret_file, char **ret_data,
                       struct err *err)
{
    const char *data_field = arena_printf(node->arena, "%s-data", field);
    const char *file = NULL;
    const char *encoded = NULL;
    if (!node_text(node, field, &file, err) || !node_text(node, data_field, &encoded, err)) {
        return false;
    }
    if (file != NULL && encoded != NULL) {
        return node_fail(node, field, err, "%s is there too: keep one of the two", data_field);
    }
    if (file != NULL) {
        const char *path = kubeconfig_path(node, file);
        if (access(path, R_OK) < 0) {
            return node_fail(node, field, err, "cannot read %s: %s", path, strerrordesc_np(errno));
        }
        *ret_file = xstrdup(path);
    }
    if (encoded != NULL) {
        CLEANUP(secret_free_text) char *text = NULL;
        size_t len = 0;
        if (!base64_decode(encoded, &text, &len)) {
            return node_fail(node, data_field, err, "not base64: use base64 -w0 of the PEM file");
        }
        if (strlen(text) != len || strstr(text, "-----BEGIN ") == NULL) {
            return node_fail(node, data_field, err,
                             "holds no PEM text (-----BEGIN ...): use base64 -w0 of the PEM file");
        }
        *ret_data = text;
        text = NULL;
    }
    return true;
}

static bool decode_cluster(const struct node *cluster, struct kube_config *config, struct err *err)
{
    const char *server_name = NULL;
    if (!check_verified(cluster, err) || !decode_server(cluster, &config->server, err) ||
        !decode_proxy(cluster, &config->proxy_url, err) ||
        !decode_pem(cluster, "certificate-authority", &config->ca_file, &config->ca_data, err) ||
        !node_text(cluster, "tls-server-name", &server_name, err)) {
        return false;
    }
    if (server_name != NULL && strspn(server_name, HOST_CHARACTERS) != strlen(server_name)) {
        return node_fail(cluster, "tls-server-name", err, "\"%.60s\" is not a host name",
                         server_name);
    }
    config->tls_server_name = xstrdup(server_name);
    return true;
}

/* What would make us somebody else than it seems. */
static bool check_unsupported(const struct node *user, struct err *err)
{
    static const struct {
        const char *field;
        const char *remedy;
    } refused[] = {
        {"auth-provider", "not supported, and gone from kubectl: use exec with a plugin"},
        {"as", "impersonation is not supported: bind the roles to the user itself"},
        {"as-uid", "impersonation is not supported: bind the roles to the user itself"},
        {"as-groups", "impersonation is not supported: bind the roles to the user itself"},
        {"as-user-extra", "impersonation is not supported: bind the roles to the user itself"},
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (node_has(user, refused[i].field)) {
            return node_fail(user, refused[i].field, err, "%s", refused[i].remedy);
        }
    }
    return true;
}

/* Of token, password and plugin each would write the same header. */
static bool check_methods(const struct node *user, const struct kube_auth_spec *spec,
                          struct err *err)
{
    bool has_token = spec->token != NULL || spec->token_file != NULL;
    bool has_basic = spec->user != NULL || spec->password != NULL;
    bool has_exec = node_has(user, "exec");
    if (has_token + has_basic + has_exec > 1) {
        return node_fail(user, NULL, err, "has %s%s%s: keep one of them",
                         has_token ? (spec->token != NULL ? "token, " : "tokenFile, ") : "",
                         has_basic ? (has_exec ? "username, " : "username") : "",
                         has_exec ? "exec" : "");
    }
    if (has_basic && (spec->user == NULL || strchr(spec->user, ':') != NULL)) {
        return node_fail(user, "username", err, "must be there and hold no \":\"");
    }
    for (const char *at = str_or_empty(spec->token); *at != '\0'; at++) {
        if (*at <= 0x20 || *at >= 0x7f) {
            return node_fail(user, "token", err,
                             "holds white space or characters that no token has");
        }
    }
    return true;
}

static bool check_pair(const struct node *user, const struct kube_auth_spec *spec, struct err *err)
{
    bool has_cert = spec->cert_file != NULL || spec->cert_data != NULL;
    bool has_key = spec->key_file != NULL || spec->key_data != NULL;
    if (has_cert == has_key) {
        return true;
    }
    return node_fail(user, has_cert ? "client-key" : "client-certificate", err,
                     "missing, but %s is there: a client certificate needs both",
                     has_cert ? "client-certificate" : "client-key");
}

/* user->json NULL: the context names none, and requests are anonymous. */
static bool decode_user(const struct node *user, const struct node *cluster,
                        struct kube_config *config, struct err *err)
{
    CLEANUP(mem_free_text) char *cert_file = NULL;
    CLEANUP(mem_free_text) char *key_file = NULL;
    CLEANUP(secret_free_text) char *cert_data = NULL;
    CLEANUP(secret_free_text) char *key_data = NULL;
    struct kube_auth_spec spec = {0};
    struct exec_plugin_spec plugin = {0};
    struct node exec = {0};
    if (!check_unsupported(user, err) || !node_text(user, "token", &spec.token, err) ||
        !node_text(user, "tokenFile", &spec.token_file, err) ||
        !node_text(user, "username", &spec.user, err) ||
        !node_text(user, "password", &spec.password, err) ||
        !decode_pem(user, "client-certificate", &cert_file, &cert_data, err) ||
        !decode_pem(user, "client-key", &key_file, &key_data, err) ||
        !node_child(user, "exec", &exec, err) || !check_methods(user, &spec, err)) {
        return false;
    }
    spec.cert_file = cert_file;
    spec.cert_data = cert_data;
    spec.key_file = key_file;
    spec.key_data = key_data;
    if (!check_pair(user, &spec, err)) {
        return false;
    }
    if (exec.json != NULL) {
        if (!kubeconfig_exec(&exec, cluster, config, &plugin, err)) {
            return false;
        }
        spec.plugin = &plugin;
    }
    if (spec.token_file != NULL) {
        spec.token = NULL; /* as kubectl: the file goes first */
        spec.token_file = kubeconfig_path(user, spec.token_file);
    }
    if (!kube_auth_new(&spec, &config->auth, err)) {
        struct err cause = *err;
        return node_fail(user, "tokenFile", err, "%s", cause.text);
    }
    return true;
}

static bool check_root(const struct node *root, struct err *err)
{
    const char *version = NULL;
    const char *kind = NULL;
    if (!json_is_object(root->json)) {
        return node_fail(root, NULL, err, "is not a kubeconfig: it must be a mapping");
    }
    if (!node_text(root, "apiVersion", &version, err) || !node_text(root, "kind", &kind, err)) {
        return false;
    }
    if (version != NULL && !str_eq(version, "v1")) {
        return node_fail(root, "apiVersion", err, "\"%.60s\" must be v1", version);
    }
    if (kind != NULL && !str_eq(kind, "Config")) {
        return node_fail(root, "kind", err, "\"%.60s\" must be Config: is this a kubeconfig?",
                         kind);
    }
    return true;
}

static bool decode(const struct node *root, const char *context_name, struct kube_config *config,
                   struct err *err)
{
    struct node context = {0};
    struct node cluster = {0};
    struct node user = {.arena = root->arena, .file = root->file, .path = "users"};
    const char *ns = NULL;
    const char *user_name = NULL;
    if (!check_root(root, err) || !find_context(root, context_name, &context, err) ||
        !need_entry(&context, "cluster", root, &clusters, &cluster, err) ||
        !node_text(&context, "namespace", &ns, err) ||
        !node_text(&context, "user", &user_name, err)) {
        return false;
    }
    if (user_name != NULL && !need_entry(&context, "user", root, &users, &user, err)) {
        return false;
    }
    config->ns = xstrdup(ns);
    return decode_cluster(&cluster, config, err) && decode_user(&user, &cluster, config, err);
}

bool kubeconfig_parse(const char *path, const char *text, size_t len, const char *context,
                      struct kube_config *ret_config, struct err *err)
{
    CLEANUP(secret_free_json) json_t *json = NULL;
    CLEANUP(arena_fini) struct arena arena = {0};
    CLEANUP(kube_config_fini) struct kube_config config = {0};
    if (!yaml_parse(text, len, &json, err)) {
        return err_wrap(err, "%s", path);
    }
    struct node root = {.arena = &arena, .file = path, .path = "", .json = json};
    if (!decode(&root, context, &config, err)) {
        return false;
    }
    *ret_config = kube_config_take(&config);
    return true;
}
