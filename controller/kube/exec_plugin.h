/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A credential plugin: a program that prints an ExecCredential
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
 * It runs beside the loop, without a terminal, with a deadline and a limit on what it may print.
 */
#ifndef INTERLUDE_KUBE_EXEC_PLUGIN_H
#define INTERLUDE_KUBE_EXEC_PLUGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/loop.h"

#define EXEC_PLUGIN_DEADLINE_MS      60000
#define EXEC_PLUGIN_OUTPUT_MAX_BYTES ((size_t)256 * 1024)

struct exec_plugin_spec {
    const char *const *argv;  /* the command first, NULL last */
    const char *const *env;   /* "NAME=value" on top of our own environment, NULL last */
    const char *api_version;  /* "client.authentication.k8s.io/v1" or v1beta1 */
    const char *install_hint; /* NULL: none */
    int64_t deadline_ms;      /* 0: EXEC_PLUGIN_DEADLINE_MS */
};

struct exec_credential { /* owned; one of token and the pair is there */
    char *token;
    char *cert_data;
    char *key_data;
    int64_t expires_s; /* wall clock; 0: never */
};

/* Overwrites and frees the members. */
void exec_credential_fini(struct exec_credential *credential);

/* What the plugin printed. Pure. */
bool exec_credential_parse(const char *text, size_t len, const char *api_version,
                           struct exec_credential *ret_credential, struct err *err) MUST_CHECK;

struct exec_plugin;

struct exec_plugin *exec_plugin_new(const struct exec_plugin_spec *spec) MUST_CHECK; /* copies */
void exec_plugin_free(struct exec_plugin *plugin); /* NULL accepted; ends a running program */

/* err is NULL when there is a credential; its members may be moved out. */
typedef void exec_plugin_fn(void *arg, struct exec_credential *credential, const struct err *err);

/* Starts the program, which must not be running. fn runs once, from the loop; not when this fails. */
bool exec_plugin_start(struct exec_plugin *plugin, struct loop *loop, exec_plugin_fn *fn, void *arg,
                       struct err *err) MUST_CHECK;
bool exec_plugin_is_running(const struct exec_plugin *plugin);

#endif
