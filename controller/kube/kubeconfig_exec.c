/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig_exec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "kube/base64.h"
#include "kube/secret.h"

#define API_V1         "client.authentication.k8s.io/v1"
#define API_V1BETA1    "client.authentication.k8s.io/v1beta1"
#define EXEC_EXTENSION "client.authentication.k8s.io/exec"
#define CA_MAX_BYTES   ((size_t)256 * 1024)
#define ARGS_MAX       256

const char *kubeconfig_path(const struct node *node, const char *path)
{
    const char *slash = strrchr(node->file, '/');
    if (path[0] == '/' || slash == NULL) {
        return arena_strdup(node->arena, path);
    }
    return arena_printf(node->arena, "%.*s%s", (int)(slash - node->file + 1), node->file, path);
}

/* The whole CA as PEM text in base64, or NULL when the system's certificates are used. */
static bool ca_in_base64(const struct node *cluster, const struct kube_config *config,
                         char **ret_text, struct err *err)
{
    *ret_text = NULL;
    if (config->ca_data != NULL) {
        *ret_text = base64_encode(config->ca_data, strlen(config->ca_data));
    } else if (config->ca_file != NULL) {
        CLEANUP(secret_free_text) char *text = NULL;
        size_t len = 0;
        if (!secret_read_file(config->ca_file, CA_MAX_BYTES, &text, &len, err)) {
            struct err cause = *err;
            return node_fail(cluster, "certificate-authority", err, "%s", cause.text);
        }
        *ret_text = base64_encode(text, len);
    }
    return true;
}

/* The extension of the cluster that is meant for plugins; NULL: none. Borrowed. */
static bool cluster_extension(const struct node *cluster, const json_t **ret_extension,
                              struct err *err)
{
    const json_t *list = NULL;
    *ret_extension = NULL;
    if (!node_list(cluster, "extensions", &list, err)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct node member;
        const char *name = NULL;
        if (!node_member(cluster, "extensions", i, &member, err) ||
            !node_text(&member, "name", &name, err)) {
            return false;
        }
        if (str_eq(name, EXEC_EXTENSION)) {
            *ret_extension = json_object_get(member.json, "extension");
        }
    }
    return true;
}

/* spec.cluster of the ExecCredential that the plugin gets; a new reference. */
static bool cluster_info(const struct node *cluster, const struct kube_config *config,
                         json_t **ret_info, struct err *err)
{
    CLEANUP(mem_free_text) char *ca = NULL;
    const json_t *extension = NULL;
    if (!ca_in_base64(cluster, config, &ca, err) || !cluster_extension(cluster, &extension, err)) {
        return false;
    }
    json_auto_t *copy = json_deep_copy(extension);
    *ret_info = json_pack("{s:s, s:s*, s:s*, s:s*, s:O*}", "server", config->server,
                          "tls-server-name", config->tls_server_name, "certificate-authority-data",
                          ca, "proxy-url", config->proxy_url, "config", copy);
    return true;
}

/* "KUBERNETES_EXEC_INFO={...}" */
static bool exec_info(const struct node *cluster, const struct kube_config *config,
                      const char *api_version, bool with_cluster, const char **ret_variable,
                      struct err *err)
{
    json_auto_t *info = NULL;
    if (with_cluster && !cluster_info(cluster, config, &info, err)) {
        return false;
    }
    json_auto_t *root = json_pack("{s:s, s:s, s:{s:O*, s:b}}", "apiVersion", api_version, "kind",
                                  "ExecCredential", "spec", "cluster", info, "interactive", 0);
    CLEANUP(mem_free_text) char *text = json_dumps(root, JSON_COMPACT);
    if (text == NULL) {
        return node_fail(cluster, NULL, err, "cannot be told to the credential plugin");
    }
    *ret_variable = arena_printf(cluster->arena, "KUBERNETES_EXEC_INFO=%s", text);
    return true;
}

static bool check_api_version(const struct node *exec, const char **ret_version, struct err *err)
{
    const char *version = NULL;
    if (!node_text(exec, "apiVersion", &version, err)) {
        return false;
    }
    if (!str_eq(version, API_V1) && !str_eq(version, API_V1BETA1)) {
        return node_fail(exec, "apiVersion", err,
                         "\"%.60s\" is not supported: use " API_V1 " or " API_V1BETA1,
                         str_or_empty(version));
    }
    *ret_version = version;
    return true;
}

/* There is never a terminal here, so that a plugin which must have one cannot work. */
static bool check_interactive(const struct node *exec, const char *api_version, struct err *err)
{
    const char *mode = NULL;
    if (!node_text(exec, "interactiveMode", &mode, err)) {
        return false;
    }
    if (mode == NULL && str_eq(api_version, API_V1)) {
        return node_fail(exec, "interactiveMode", err,
                         "missing, but " API_V1 " wants it: set Never or IfAvailable");
    }
    if (str_eq(mode, "Always")) {
        return node_fail(
            exec, "interactiveMode", err,
            "Always is refused, for the plugin gets no terminal: set IfAvailable if it "
            "can do without, or use another credential");
    }
    if (mode != NULL && !str_eq(mode, "Never") && !str_eq(mode, "IfAvailable")) {
        return node_fail(exec, "interactiveMode", err,
                         "\"%.60s\" is not known: set Never or IfAvailable", mode);
    }
    return true;
}

/* A command with a slash is a path from the kubeconfig's folder; others are looked up in PATH. */
static bool build_argv(const struct node *exec, const char *const **ret_argv, struct err *err)
{
    const char *command = NULL;
    const json_t *list = NULL;
    if (!node_text(exec, "command", &command, err) || !node_list(exec, "args", &list, err)) {
        return false;
    }
    if (command == NULL) {
        return node_fail(exec, "command", err, "missing: name the credential plugin's program");
    }
    size_t count = json_array_size(list);
    if (count > ARGS_MAX) {
        return node_fail(exec, "args", err, "%zu arguments, more than %d", count, ARGS_MAX);
    }
    const char **argv = arena_array(exec->arena, count + 2, sizeof(*argv));
    argv[0] = strchr(command, '/') != NULL ? kubeconfig_path(exec, command)
                                           : arena_strdup(exec->arena, command);
    for (size_t i = 0; i < count; i++) {
        const char *argument = json_string_value(json_array_get(list, i));
        if (argument == NULL) {
            const char *field = arena_printf(exec->arena, "args[%zu]", i);
            return node_fail(exec, field, err, "must be text: put it in quotes");
        }
        argv[i + 1] = argument;
    }
    *ret_argv = argv;
    return true;
}

/* The list's variables and KUBERNETES_EXEC_INFO; NULL on failure. */
static const char **build_env(const struct node *exec, const char *info, struct err *err)
{
    const json_t *list = NULL;
    if (!node_list(exec, "env", &list, err)) {
        return NULL;
    }
    size_t count = json_array_size(list);
    if (count > ARGS_MAX) {
        (void)node_fail(exec, "env", err, "%zu variables, more than %d", count, ARGS_MAX);
        return NULL;
    }
    const char **env = arena_array(exec->arena, count + 2, sizeof(*env));
    for (size_t i = 0; i < count; i++) {
        struct node member;
        const char *name = NULL;
        const char *value = NULL;
        if (!node_member(exec, "env", i, &member, err) || !node_text(&member, "name", &name, err) ||
            !node_text(&member, "value", &value, err)) {
            return NULL;
        }
        if (name == NULL || strchr(name, '=') != NULL) {
            (void)node_fail(&member, "name", err, "must be there and hold no \"=\"");
            return NULL;
        }
        env[i] = arena_printf(exec->arena, "%s=%s", name, str_or_empty(value));
    }
    env[count] = info;
    return env;
}

bool kubeconfig_exec(const struct node *exec, const struct node *cluster,
                     const struct kube_config *config, struct exec_plugin_spec *ret_spec,
                     struct err *err)
{
    struct exec_plugin_spec spec = {0};
    const char *info = NULL;
    bool with_cluster = false;
    if (!check_api_version(exec, &spec.api_version, err) ||
        !check_interactive(exec, spec.api_version, err) || !build_argv(exec, &spec.argv, err) ||
        !node_text(exec, "installHint", &spec.install_hint, err) ||
        !node_flag(exec, "provideClusterInfo", &with_cluster, err) ||
        !exec_info(cluster, config, spec.api_version, with_cluster, &info, err)) {
        return false;
    }
    spec.env = build_env(exec, info, err);
    if (spec.env == NULL) {
        return false;
    }
    *ret_spec = spec;
    return true;
}
