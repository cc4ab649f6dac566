/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/json.h"

#include <stdbool.h>
#include <string.h>

#include "base/attrs.h"
#include "base/mem.h"

#define FIELD "\"managedFields\":["
/* {"items":[{"metadata":{: no object's own metadata stands deeper. */
#define DEPTH_MAX 4

struct scan {
    const char *at;
    const char *end;
    unsigned depth;
};

/* From a string's first '"' to behind its last. */
static void skip_string(struct scan *scan)
{
    const char *at = scan->at + 1;
    while (at < scan->end && *at != '"') {
        at += *at == '\\' && scan->end - at > 1 ? 2 : 1;
    }
    scan->at = at < scan->end ? at + 1 : scan->end;
}

/* Over one string, bracket or other byte. */
static void step(struct scan *scan)
{
    switch (*scan->at) {
    case '"':
        skip_string(scan);
        return;
    case '{':
    case '[':
        scan->depth++;
        break;
    case '}':
    case ']':
        scan->depth -= scan->depth > 0;
        break;
    default:
        break;
    }
    scan->at++;
}

static bool is_at_field(const struct scan *scan)
{
    return *scan->at == '"' && scan->depth <= DEPTH_MAX &&
           (size_t)(scan->end - scan->at) >= sizeof(FIELD) - 1 &&
           memcmp(scan->at, FIELD, sizeof(FIELD) - 1) == 0;
}

/* From its '[' to its ']', which stay. False: it does not end. */
static bool skip_elements(struct scan *scan, const char **ret_from, const char **ret_to)
{
    unsigned outside = scan->depth;
    scan->at += sizeof(FIELD) - 2;
    *ret_from = scan->at + 1;
    do {
        *ret_to = scan->at;
        step(scan);
    } while (scan->at < scan->end && scan->depth > outside);
    return scan->depth == outside;
}

json_t *kube_json_load(const char *text, size_t len, json_error_t *ret_err)
{
    CLEANUP(mem_free_text) char *rest = NULL; /* what was kept of the bytes before kept */
    size_t rest_len = 0;
    const char *kept = text;
    struct scan scan = {.at = text, .end = text + len};
    while (scan.at < scan.end) {
        const char *from = NULL;
        const char *to = NULL;
        if (!is_at_field(&scan)) {
            step(&scan);
        } else if (skip_elements(&scan, &from, &to) && to > from) {
            rest = rest == NULL ? xmalloc(len) : rest;
            memcpy(rest + rest_len, kept, (size_t)(from - kept));
            rest_len += (size_t)(from - kept);
            kept = to;
        }
    }
    if (rest == NULL) {
        return json_loadb(text, len, JSON_ALLOW_NUL, ret_err);
    }
    memcpy(rest + rest_len, kept, (size_t)(scan.end - kept));
    rest_len += (size_t)(scan.end - kept);
    return json_loadb(rest, rest_len, JSON_ALLOW_NUL, ret_err);
}
