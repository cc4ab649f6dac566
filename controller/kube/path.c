/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"

/* RFC 3986, section 2.3: what needs no escape anywhere. */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static char *escape(struct arena *arena, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *escaped = arena_alloc(arena, 3 * strlen(text) + 1);
    char *to = escaped;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (is_unreserved(*text)) {
            *to++ = *text;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    return escaped;
}

/*
 * A name that Kubernetes allows nowhere: "", ".", "..", and those with '/' or '%'
 * (k8s.io/apimachinery IsValidPathSegmentName). The API server takes a path apart after it has undone
 * the escapes, so that "a%2Fstatus" is a subresource to it and an empty name is the whole collection.
 */
static bool is_impossible(const char *segment)
{
    return str_is_empty(segment) || str_eq(segment, ".") || str_eq(segment, "..") ||
           strpbrk(segment, "/%") != NULL;
}

/* An impossible name keeps its escapes on the server's side: it finds nothing, and nothing else. */
static char *segment_text(struct arena *arena, const char *segment)
{
    if (!is_impossible(segment)) {
        return escape(arena, segment);
    }
    return escape(arena, arena_printf(arena, "%%%s", escape(arena, segment)));
}

/* "" for no segment, so that all parts can be put in one row. */
static char *optional(struct arena *arena, const char *before, const char *segment)
{
    if (segment == NULL) {
        return arena_strdup(arena, "");
    }
    return arena_printf(arena, "%s%s", before, segment_text(arena, segment));
}

static char *group_version_text(struct arena *arena, const char *group_version)
{
    const char *slash = strchr(group_version, '/');
    if (slash == NULL) {
        return arena_printf(arena, "/api/%s", segment_text(arena, group_version));
    }
    char *group = arena_strndup(arena, group_version, (size_t)(slash - group_version));
    return arena_printf(arena, "/apis/%s/%s", segment_text(arena, group),
                        segment_text(arena, slash + 1));
}

char *kube_path_text(struct arena *arena, const struct kube_path *path)
{
    return arena_printf(arena, "%s%s%s%s%s", group_version_text(arena, path->group_version),
                        optional(arena, "/namespaces/", path->ns),
                        optional(arena, "/", path->resource), optional(arena, "/", path->name),
                        optional(arena, "/", path->subresource));
}

char *kube_path_query(struct arena *arena, const char *path, const char *key, const char *value)
{
    return arena_printf(arena, "%s%c%s=%s", path, strchr(path, '?') == NULL ? '?' : '&',
                        escape(arena, key), escape(arena, value));
}
