/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads fields of a JSON object and remembers the first mistake with its path, so that a decoder is a
 * plain list of fields and looks at the end once. After a mistake every read still returns something
 * usable: the fallback. Texts are copied into the arena. Knows no kind of object.
 */
#ifndef INTERLUDE_CODEC_READER_H
#define INTERLUDE_CODEC_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"
#include "domain/types.h"

#define READER_PATH_MAX 256

struct reader {
    struct arena *arena;
    char path[READER_PATH_MAX]; /* of the object being read; "" at the root */
    size_t path_len;
    struct err err; /* the first mistake; ERR_NONE: none */
};

void reader_init(struct reader *reader, struct arena *arena);
bool reader_has_failed(const struct reader *reader);

/* Goes down to a field, or to an item of a list field; leave with what enter returned. */
size_t reader_enter(struct reader *reader, const char *key);
size_t reader_enter_item(struct reader *reader, const char *key, size_t index);
void reader_leave(struct reader *reader, size_t mark);

/* Remembers a mistake about the field (NULL: the object itself), unless there was one before. */
void reader_refuse(struct reader *reader, const char *key, const char *fmt, ...) PRINTF(3, 4);

/* Absent and null are the same. object may be NULL: then all is absent. */
const char *reader_text(struct reader *reader, const json_t *object, const char *key);
const char *reader_required_text(struct reader *reader, const json_t *object, const char *key);
int64_t reader_number(struct reader *reader, const json_t *object, const char *key,
                      int64_t fallback);
bool reader_flag(struct reader *reader, const json_t *object, const char *key);
int64_t reader_time(struct reader *reader, const json_t *object, const char *key);

/* A Go duration, in seconds, rounded up: what is short must not become none. */
int64_t reader_duration_s(struct reader *reader, const json_t *object, const char *key,
                          int64_t fallback_s);

/* The index of the word in the list. */
struct word_list {
    const char *const *words;
    unsigned count;
};
unsigned reader_word(struct reader *reader, const json_t *object, const char *key,
                     struct word_list list, unsigned fallback);
unsigned reader_required_word(struct reader *reader, const json_t *object, const char *key,
                              struct word_list list, unsigned fallback);

/* Borrowed from object, not to be changed; NULL when absent. */
json_t *reader_object(struct reader *reader, const json_t *object, const char *key);
json_t *reader_list(struct reader *reader, const json_t *object, const char *key);

/* A map of texts; pairs whose value is longer than value_max bytes are left out. */
struct pairs reader_pairs(struct reader *reader, const json_t *object, const char *key,
                          size_t value_max);

/* A list of texts; *ret_count is 0 and the result NULL when absent. */
const char **reader_texts(struct reader *reader, const json_t *object, const char *key,
                          size_t *ret_count);

#endif
