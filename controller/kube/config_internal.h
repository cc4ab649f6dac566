/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of kube/config.h that tests reach with files and addresses of their own. */
#ifndef INTERLUDE_KUBE_CONFIG_INTERNAL_H
#define INTERLUDE_KUBE_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/config.h"

struct kube_pod {
    const char *root; /* put before the paths of the service account; "" in a pod */
    const char *host; /* KUBERNETES_SERVICE_HOST; NULL: not set */
    const char *port; /* KUBERNETES_SERVICE_PORT; NULL: not set */
};

bool kube_config_load_pod(const struct kube_pod *pod, struct kube_config *ret_config,
                          struct err *err) MUST_CHECK;

/*
 * A kubeconfig's text; path is its name in errors and its folder the start of relative paths. Reads
 * the files that it names.
 */
bool kubeconfig_parse(const char *path, const char *text, size_t len, const char *context,
                      struct kube_config *ret_config, struct err *err) MUST_CHECK;

/* Moves the config out, so that a CLEANUP on it has nothing left to do. */
struct kube_config kube_config_take(struct kube_config *config) MUST_CHECK;

#endif
