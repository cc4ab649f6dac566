/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured records on standard error, one line each: a constant message, all else as key and value.
 * Only app/ logs; what lies below returns an err. Never a secret, a token or SQL text.
 */
#ifndef INTERLUDE_BASE_LOG_H
#define INTERLUDE_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
    const char *key;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

#define KV_S(name, value)                                                                          \
    ((struct log_field){.key = (name), .text = (value) == NULL ? "" : (value)})
#define KV_I(name, value) ((struct log_field){.key = (name), .number = (value)})

/* Once, before the first record. The level is the least that is written. */
void log_setup(enum log_level level, enum log_format format);
bool log_is_on(enum log_level level);

void log_write(enum log_level level, const char *msg, const struct log_field *fields, size_t count);

#define LOG_AT(level, msg, ...)                                                                    \
    log_write(level, msg, (const struct log_field[]){__VA_ARGS__},                                 \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define log_debug(msg, ...) LOG_AT(LOG_DEBUG, msg, __VA_ARGS__)
#define log_info(msg, ...)  LOG_AT(LOG_INFO, msg, __VA_ARGS__)
#define log_warn(msg, ...)  LOG_AT(LOG_WARN, msg, __VA_ARGS__)
#define log_error(msg, ...) LOG_AT(LOG_ERROR, msg, __VA_ARGS__)

#endif
