/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a kubeconfig's mappings so that each error names the file and the field, as in
 * `~/.kube/config: users[2] "admin": user.exec.command: must be text, not a number`. Values are never
 * shown here, for some are secret. Everything lives in the arena and in the JSON value.
 */
#ifndef INTERLUDE_KUBE_KUBECONFIG_NODE_H
#define INTERLUDE_KUBE_KUBECONFIG_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"

struct node {
    struct arena *arena;
    const char *file;
    const char *path;   /* from the top of the file; "" at the top */
    const json_t *json; /* a mapping; NULL: not there */
};

/* An INVALID error about a field, or about the node itself with NULL. Returns false. */
bool node_fail(const struct node *node, const char *field, struct err *err, const char *fmt, ...)
    PRINTF(4, 5);

/* What is not there, null or "" is NULL; what has another type is an error. */
bool node_text(const struct node *node, const char *field, const char **ret_text,
               struct err *err) MUST_CHECK;
bool node_flag(const struct node *node, const char *field, bool *ret_flag,
               struct err *err) MUST_CHECK;
bool node_list(const struct node *node, const char *field, const json_t **ret_list,
               struct err *err) MUST_CHECK;
bool node_child(const struct node *node, const char *field, struct node *ret_child,
                struct err *err) MUST_CHECK;

/* The i-th member of node_list(field), which must be a mapping. */
bool node_member(const struct node *node, const char *field, size_t i, struct node *ret_member,
                 struct err *err) MUST_CHECK;

bool node_has(const struct node *node, const char *field);

#endif
