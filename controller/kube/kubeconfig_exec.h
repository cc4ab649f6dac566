/* SPDX-License-Identifier: Apache-2.0 */
/* The section user.exec of a kubeconfig, and what its plugin is told of the cluster. */
#ifndef INTERLUDE_KUBE_KUBECONFIG_EXEC_H
#define INTERLUDE_KUBE_KUBECONFIG_EXEC_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/config.h"
#include "kube/exec_plugin.h"
#include "kube/kubeconfig_node.h"

/*
 * exec is user.exec, cluster the entry that the context names, config has its decoded fields. What
 * *ret_spec points to lives in the arena of exec. Reads config->ca_file if the plugin wants it.
 */
bool kubeconfig_exec(const struct node *exec, const struct node *cluster,
                     const struct kube_config *config, struct exec_plugin_spec *ret_spec,
                     struct err *err) MUST_CHECK;

/* A path as the kubeconfig means it: relative ones start at the file's folder. In the arena. */
const char *kubeconfig_path(const struct node *node, const char *path) MUST_CHECK;

#endif
