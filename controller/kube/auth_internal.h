/* SPDX-License-Identifier: Apache-2.0 */
/* How kube/config.c makes a struct kube_auth; nobody else needs this. */
#ifndef INTERLUDE_KUBE_AUTH_INTERNAL_H
#define INTERLUDE_KUBE_AUTH_INTERNAL_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/auth.h"
#include "kube/exec_plugin.h"

/* At most one of token, token_file, user and plugin; at most one of each _file and _data. */
struct kube_auth_spec { /* all borrowed and copied, all may be NULL */
    const char *token;
    const char *token_file;
    const char *user;
    const char *password;
    const char *cert_file;
    const char *cert_data;
    const char *key_file;
    const char *key_data;
    const struct exec_plugin_spec *plugin;
};

/* Reads the token file once, so that a wrong path is said at the start. Blocks for that long. */
bool kube_auth_new(const struct kube_auth_spec *spec, struct kube_auth **ret_auth,
                   struct err *err) MUST_CHECK;

#endif
