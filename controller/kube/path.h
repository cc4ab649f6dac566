/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of the Kubernetes API, every segment and value percent-escaped
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris). Pure.
 */
#ifndef INTERLUDE_KUBE_PATH_H
#define INTERLUDE_KUBE_PATH_H

#include "base/arena.h"

struct kube_path {
    const char *group_version; /* "v1", "apps/v1", "interlude.dev/v1alpha1" */
    const char *ns;            /* NULL: all namespaces, or a cluster-wide kind */
    const char *resource;      /* "deployments"; NULL: the group and version itself */
    const char *name;          /* NULL: the collection */
    const char *subresource;   /* NULL: the object itself */
};

/* "/apis/apps/v1/namespaces/shop/deployments/orders-api". In the arena. */
char *kube_path_text(struct arena *arena, const struct kube_path *path) MUST_CHECK;

/* The path with "?key=value" or "&key=value" behind it. In the arena. */
char *kube_path_query(struct arena *arena, const char *path, const char *key,
                      const char *value) MUST_CHECK;

#endif
