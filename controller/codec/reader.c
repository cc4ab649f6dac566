/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* The end of the year 9999; what is later, or before 1970, could not be written back. */
#define TIME_MAX_S INT64_C(253402300799)

void reader_init(struct reader *reader, struct arena *arena)
{
    *reader = (struct reader){.arena = arena};
}

bool reader_has_failed(const struct reader *reader)
{
    return reader->err.kind != ERR_NONE;
}

/* A path that does not fit is cut: it only tells a person where to look. */
static size_t grow_path(struct reader *reader, int added)
{
    size_t mark = reader->path_len;
    size_t room = sizeof(reader->path) - mark;
    reader->path_len += added < 0 || (size_t)added >= room ? room - 1 : (size_t)added;
    return mark;
}

size_t reader_enter(struct reader *reader, const char *key)
{
    int added = snprintf(reader->path + reader->path_len, sizeof(reader->path) - reader->path_len,
                         "%s%s", reader->path_len > 0 ? "." : "", key);
    return grow_path(reader, added);
}

size_t reader_enter_item(struct reader *reader, const char *key, size_t index)
{
    int added = snprintf(reader->path + reader->path_len, sizeof(reader->path) - reader->path_len,
                         "%s%s[%zu]", reader->path_len > 0 ? "." : "", key, index);
    return grow_path(reader, added);
}

void reader_leave(struct reader *reader, size_t mark)
{
    reader->path[mark] = '\0';
    reader->path_len = mark;
}

void reader_refuse(struct reader *reader, const char *key, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (reader_has_failed(reader)) {
        return;
    }
    bool both = reader->path_len > 0 && key != NULL;
    err_set(&reader->err, ERR_INVALID, "%s%s%s: %s", reader->path, both ? "." : "",
            str_or_empty(key), text);
}

static const char *type_word(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        return "null";
    }
    return "something else";
}

/* The field, or NULL when it is absent, null or not as wanted. */
static json_t *field(struct reader *reader, const json_t *object, const char *key, json_type want)
{
    json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    json_type have = json_typeof(value);
    if (have == want || (want == JSON_TRUE && have == JSON_FALSE)) {
        return value;
    }
    static const char *const wanted[] = {
        [JSON_OBJECT] = "an object",   [JSON_ARRAY] = "a list",       [JSON_STRING] = "a string",
        [JSON_INTEGER] = "an integer", [JSON_TRUE] = "true or false",
    };
    reader_refuse(reader, key, "must be %s, is %s", wanted[want], type_word(value));
    return NULL;
}

static const char *borrowed_text(struct reader *reader, const json_t *object, const char *key)
{
    return json_string_value(field(reader, object, key, JSON_STRING));
}

const char *reader_text(struct reader *reader, const json_t *object, const char *key)
{
    return arena_strdup(reader->arena, borrowed_text(reader, object, key));
}

const char *reader_required_text(struct reader *reader, const json_t *object, const char *key)
{
    const char *text = borrowed_text(reader, object, key);
    if (str_is_empty(text)) {
        reader_refuse(reader, key, "is missing; it must not be empty");
        return "";
    }
    return arena_strdup(reader->arena, text);
}

int64_t reader_number(struct reader *reader, const json_t *object, const char *key,
                      int64_t fallback)
{
    const json_t *value = field(reader, object, key, JSON_INTEGER);
    return value == NULL ? fallback : (int64_t)json_integer_value(value);
}

bool reader_flag(struct reader *reader, const json_t *object, const char *key)
{
    return json_is_true(field(reader, object, key, JSON_TRUE));
}

int64_t reader_time(struct reader *reader, const json_t *object, const char *key)
{
    const char *text = borrowed_text(reader, object, key);
    int64_t wall_s = 0;
    bool is_time = text == NULL || clock_parse(text, &wall_s);
    if (!is_time || wall_s < 0 || wall_s > TIME_MAX_S) {
        reader_refuse(reader, key, "\"%s\" is no time; write one such as 2026-12-01T00:00:00Z",
                      text);
        return 0;
    }
    return wall_s;
}

int64_t reader_duration_s(struct reader *reader, const json_t *object, const char *key,
                          int64_t fallback_s)
{
    const char *text = borrowed_text(reader, object, key);
    if (text == NULL) {
        return fallback_s;
    }
    int64_t ms = 0;
    if (!clock_parse_duration(text, &ms)) {
        reader_refuse(reader, key, "\"%s\" is no duration; write one such as 90s, 30m or 1h30m",
                      text);
        return fallback_s;
    }
    return (ms + 999) / 1000;
}

/* "Expand, Data, Contract"; a list that does not fit is cut. */
static void list_words(struct word_list list, char *ret_text, size_t size)
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (unsigned i = 0; i < list.count; i++) {
        int added = snprintf(ret_text + len, size - len, "%s%s", i > 0 ? ", " : "", list.words[i]);
        if (added < 0 || (size_t)added >= size - len) {
            return;
        }
        len += (size_t)added;
    }
}

/* An absent field is a mistake when it is required. */
static unsigned word(struct reader *reader, const char *key, const char *text,
                     struct word_list list, unsigned fallback)
{
    for (unsigned i = 0; text != NULL && i < list.count; i++) {
        if (strcmp(text, list.words[i]) == 0) {
            return i;
        }
    }
    char choices[READER_PATH_MAX];
    list_words(list, choices, sizeof(choices));
    if (text == NULL) {
        reader_refuse(reader, key, "is missing; write one of %s", choices);
    } else {
        reader_refuse(reader, key, "\"%s\" is none of %s", text, choices);
    }
    return fallback;
}

unsigned reader_word(struct reader *reader, const json_t *object, const char *key,
                     struct word_list list, unsigned fallback)
{
    const char *text = borrowed_text(reader, object, key);
    return text == NULL ? fallback : word(reader, key, text, list, fallback);
}

unsigned reader_required_word(struct reader *reader, const json_t *object, const char *key,
                              struct word_list list, unsigned fallback)
{
    return word(reader, key, borrowed_text(reader, object, key), list, fallback);
}

json_t *reader_object(struct reader *reader, const json_t *object, const char *key)
{
    return field(reader, object, key, JSON_OBJECT);
}

json_t *reader_list(struct reader *reader, const json_t *object, const char *key)
{
    return field(reader, object, key, JSON_ARRAY);
}

struct pairs reader_pairs(struct reader *reader, const json_t *object, const char *key,
                          size_t value_max)
{
    json_t *map = reader_object(reader, object, key);
    struct pairs pairs = {0};
    if (json_object_size(map) == 0) {
        return pairs;
    }
    pairs.items = arena_array(reader->arena, json_object_size(map), sizeof(*pairs.items));
    size_t mark = reader_enter(reader, key);
    for (void *at = json_object_iter(map); at != NULL; at = json_object_iter_next(map, at)) {
        const char *name = json_object_iter_key(at);
        const char *value = borrowed_text(reader, map, name);
        if (value != NULL && strlen(value) <= value_max) {
            pairs.items[pairs.count++] = (struct pair){
                .key = arena_strdup(reader->arena, name),
                .value = arena_strdup(reader->arena, value),
            };
        }
    }
    reader_leave(reader, mark);
    return pairs;
}

const char **reader_texts(struct reader *reader, const json_t *object, const char *key,
                          size_t *ret_count)
{
    const json_t *list = reader_list(reader, object, key);
    size_t count = json_array_size(list);
    *ret_count = count;
    if (count == 0) {
        return NULL;
    }
    const char **texts = arena_array(reader->arena, count, sizeof(*texts));
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item)) {
            reader_refuse(reader, key, "must be a list of strings, item %zu is %s", i,
                          type_word(item));
            texts[i] = "";
            continue;
        }
        texts[i] = arena_strdup(reader->arena, json_string_value(item));
    }
    return texts;
}
