/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/api_kinds.h"

#include <string.h>

#include "base/str.h"
#include "codec/reader.h"

static bool has_verb(struct reader *reader, const json_t *item, const char *verb)
{
    const json_t *verbs = reader_list(reader, item, "verbs");
    size_t i = 0;
    json_t *word = NULL;
    json_array_foreach(verbs, i, word)
    {
        if (str_eq(json_string_value(word), verb)) {
            return true;
        }
    }
    return false;
}

/* "backups/status", of the same kind, is no collection of it. */
static bool is_subresource(const struct api_kind *kind)
{
    return kind->plural != NULL && strchr(kind->plural, '/') != NULL;
}

bool api_kinds_decode(struct arena *arena, const json_t *body, struct api_kinds *ret,
                      struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    const json_t *list = reader_list(&reader, body, "resources");
    if (list == NULL) {
        reader_refuse(&reader, "resources", "is missing; this is no APIResourceList");
    }
    struct api_kinds kinds = {
        .items = arena_array(arena, json_array_size(list), sizeof(*kinds.items)),
    };
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        size_t mark = reader_enter_item(&reader, "resources", i);
        struct api_kind kind = {
            .kind = reader_required_text(&reader, item, "kind"),
            .plural = reader_required_text(&reader, item, "name"),
            .is_namespaced = reader_flag(&reader, item, "namespaced"),
            .is_watchable = has_verb(&reader, item, "list") && has_verb(&reader, item, "watch"),
        };
        if (!is_subresource(&kind)) {
            kinds.items[kinds.count++] = kind;
        }
        reader_leave(&reader, mark);
    }
    if (reader_has_failed(&reader)) {
        *err = reader.err;
        return false;
    }
    *ret = kinds;
    return true;
}

const struct api_kind *api_kinds_find(const struct api_kinds *kinds, const char *kind)
{
    for (size_t i = 0; i < kinds->count; i++) {
        if (str_eq(kinds->items[i].kind, kind)) {
            return &kinds->items[i];
        }
    }
    return NULL;
}
