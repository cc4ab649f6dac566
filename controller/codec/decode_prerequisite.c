/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object of any kind. Its status is another's, who may write into it what they like: a condition that cannot
 * be read is none, and nothing here is refused but an object without a name.
 */
#include <string.h>

#include "base/str.h"
#include "codec/decode.h"
#include "codec/meta.h"
#include "codec/reader.h"

/* A reason is a word; what is longer is cut. */
#define REASON_MAX ((size_t)128)

static const char *text_of(struct arena *arena, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? NULL : arena_strndup(arena, text, strnlen(text, REASON_MAX));
}

static enum condition_status status_of(const json_t *item)
{
    const char *word = json_string_value(json_object_get(item, "status"));
    if (str_eq(word, condition_status_name(CONDITION_TRUE))) {
        return CONDITION_TRUE;
    }
    return str_eq(word, condition_status_name(CONDITION_FALSE)) ? CONDITION_FALSE
                                                                : CONDITION_UNKNOWN;
}

/* Without their messages: nobody is told them, and they are most of what is there. */
static struct conditions conditions_read(struct arena *arena, const json_t *status)
{
    const json_t *list = json_object_get(status, "conditions");
    struct conditions conditions = {
        .items = arena_array(arena, json_array_size(list), sizeof(struct condition)),
    };
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        const json_t *generation = json_object_get(item, "observedGeneration");
        struct condition condition = {
            .type = text_of(arena, item, "type"),
            .status = status_of(item),
            .reason = text_of(arena, item, "reason"),
            .observed_generation = json_integer_value(generation),
        };
        if (condition.type != NULL) {
            conditions.items[conditions.count++] = condition;
        }
    }
    return conditions;
}

bool prerequisite_decode(struct arena *arena, const json_t *object, struct prerequisite *ret,
                         struct err *err)
{
    struct reader reader;
    reader_init(&reader, arena);
    const json_t *status = json_object_get(object, "status");
    *ret = (struct prerequisite){
        .observed_generation = json_integer_value(json_object_get(status, "observedGeneration")),
        .conditions = conditions_read(arena, status),
    };
    meta_read(&reader, object, FINALIZER_MIGRATION, &ret->meta);
    if (reader_has_failed(&reader)) {
        *err = reader.err;
        return false;
    }
    return true;
}
