/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig_node.h"

#include <stdarg.h>

#include "base/str.h"

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "a mapping";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "unknown";
}

/* An entry's path ends in its name and a colon; all else is joined by dots. */
static const char *path_of(const struct node *node, const char *field)
{
    if (field == NULL || node->path[0] == '\0') {
        return field == NULL ? node->path : field;
    }
    const char *between = str_ends_with(node->path, ":") ? " " : ".";
    return arena_printf(node->arena, "%s%s%s", node->path, between, field);
}

bool node_fail(const struct node *node, const char *field, struct err *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *message = arena_vprintf(node->arena, fmt, args);
    va_end(args);
    const char *path = path_of(node, field);
    return err_set(err, ERR_INVALID, "%s: %s%s%s", node->file, path, path[0] != '\0' ? ": " : "",
                   message);
}

/* The value of the field; NULL when it is not there or null. */
static const json_t *value_of(const struct node *node, const char *field)
{
    const json_t *value = json_object_get(node->json, field);
    return json_is_null(value) ? NULL : value;
}

bool node_has(const struct node *node, const char *field)
{
    return value_of(node, field) != NULL;
}

bool node_text(const struct node *node, const char *field, const char **ret_text, struct err *err)
{
    const json_t *value = value_of(node, field);
    if (value != NULL && !json_is_string(value)) {
        return node_fail(node, field, err, "must be text, not %s: put it in quotes",
                         type_name(value));
    }
    const char *text = json_string_value(value);
    *ret_text = str_is_empty(text) ? NULL : text;
    return true;
}

bool node_flag(const struct node *node, const char *field, bool *ret_flag, struct err *err)
{
    const json_t *value = value_of(node, field);
    if (value != NULL && !json_is_boolean(value)) {
        return node_fail(node, field, err, "must be true or false, not %s", type_name(value));
    }
    *ret_flag = json_is_true(value);
    return true;
}

bool node_list(const struct node *node, const char *field, const json_t **ret_list, struct err *err)
{
    const json_t *value = value_of(node, field);
    if (value != NULL && !json_is_array(value)) {
        return node_fail(node, field, err, "must be a list, not %s", type_name(value));
    }
    *ret_list = value;
    return true;
}

bool node_child(const struct node *node, const char *field, struct node *ret_child, struct err *err)
{
    const json_t *value = value_of(node, field);
    if (value != NULL && !json_is_object(value)) {
        return node_fail(node, field, err, "must be a mapping, not %s", type_name(value));
    }
    *ret_child = (struct node){
        .arena = node->arena,
        .file = node->file,
        .path = path_of(node, field),
        .json = value,
    };
    return true;
}

bool node_member(const struct node *node, const char *field, size_t i, struct node *ret_member,
                 struct err *err)
{
    const json_t *value = json_array_get(json_object_get(node->json, field), i);
    const char *path = arena_printf(node->arena, "%s[%zu]", path_of(node, field), i);
    struct node member = {.arena = node->arena, .file = node->file, .path = path, .json = value};
    if (!json_is_object(value)) {
        return node_fail(&member, NULL, err, "must be a mapping, not %s",
                         value == NULL ? "nothing" : type_name(value));
    }
    *ret_member = member;
    return true;
}
