/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about text that the C library does not answer. Pure. */
#ifndef INTERLUDE_BASE_STR_H
#define INTERLUDE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"

/* NULL equals NULL alone. */
bool str_eq(const char *a, const char *b);

/* NULL and "" are empty. */
bool str_is_empty(const char *text);

bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);

/* The text, or "" for NULL. */
const char *str_or_empty(const char *text);

/*
 * The length of text, or the most bytes up to max that do not cut a UTF-8 character in two: the API
 * server refuses a text that is not UTF-8.
 */
size_t str_utf8_len(const char *text, size_t max) MUST_CHECK;

/* Decimal digits alone, no sign, no space, no overflow. Writes *ret_number only when true. */
bool str_parse_u64(const char *text, uint64_t *ret_number) MUST_CHECK;

#endif
