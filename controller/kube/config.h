/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the API server is and who we are: from a kubeconfig file
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/) or from
 * inside a pod (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/). TLS is always
 * verified: insecure-skip-tls-verify is refused.
 */
#ifndef INTERLUDE_KUBE_CONFIG_H
#define INTERLUDE_KUBE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"
#include "base/err.h"

struct kube_auth; /* kube/auth.h: the credentials, renewed by themselves */

struct kube_config {
    char *server;          /* "https://host:port", no slash at the end */
    char *tls_server_name; /* NULL: the host of server */
    char *ca_file;         /* NULL: the system's certificates, or ca_data */
    char *ca_data;         /* PEM text; NULL: see ca_file */
    char *ns;              /* the context's namespace, or the pod's; NULL: none */
    char *proxy_url;       /* proxy-url; NULL: none */
    struct kube_auth *auth;
};

/* Both read files and block for that long. ret_config is written only on success. */
bool kube_config_load_file(const char *path, const char *context, struct kube_config *ret_config,
                           struct err *err) MUST_CHECK; /* context NULL: current-context */
bool kube_config_load_in_cluster(struct kube_config *ret_config, struct err *err) MUST_CHECK;
void kube_config_fini(struct kube_config *config);

#endif
