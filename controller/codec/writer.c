/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/writer.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* The length of the UTF-8 character at *at as its first byte tells it; 0: no first byte. */
static size_t character_len(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        return 3;
    }
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Whether jansson takes the len bytes at text. */
static bool is_valid(const char *text, size_t len)
{
    json_auto_t *probe = len > 0 ? json_stringn(text, len) : NULL;
    return probe != NULL;
}

json_t *writer_text(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL) {
        return value;
    }
    CLEANUP(mem_free_text) char *mended = xstrdup(text);
    size_t left = strlen(mended);
    for (char *at = mended; left > 0;) {
        size_t len = character_len((unsigned char)*at);
        if (len == 0 || len > left || !is_valid(at, len)) {
            *at = '?';
            len = 1;
        }
        at += len;
        left -= len;
    }
    return json_string(mended);
}

void write_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        (void)json_object_set_new(object, key, writer_text(text));
    }
}

void write_number(json_t *object, const char *key, int64_t number)
{
    (void)json_object_set_new(object, key, json_integer(number));
}

void write_time(json_t *object, const char *key, int64_t wall_s)
{
    if (wall_s != 0) {
        char text[CLOCK_TEXT_MAX];
        clock_format(wall_s, text);
        write_text(object, key, text);
    }
}

void write_filled(json_t *object, const char *key, json_t *value)
{
    if (json_object_size(value) > 0 || json_array_size(value) > 0) {
        (void)json_object_set_new(object, key, value);
    } else {
        json_decref(value);
    }
}

json_t *writer_pair(const char *key, json_t *value)
{
    json_t *object = json_object();
    (void)json_object_set_new(object, key, value);
    return object;
}

json_t *writer_list_of(const char *text)
{
    json_t *list = json_array();
    (void)json_array_append_new(list, writer_text(text));
    return list;
}
