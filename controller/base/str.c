/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

bool str_eq(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a, b) == 0;
}

bool str_is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

bool str_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *text, const char *suffix)
{
    size_t text_len = strlen(text);
    size_t suffix_len = strlen(suffix);
    return text_len >= suffix_len && strcmp(text + text_len - suffix_len, suffix) == 0;
}

const char *str_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

size_t str_utf8_len(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len <= max) {
        return len;
    }
    /* Back over continuation bytes (10xxxxxx) to the start of the character that does not fit. */
    for (len = max; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80; len--) {
    }
    return len;
}

bool str_parse_u64(const char *text, uint64_t *ret_number)
{
    if (str_is_empty(text)) {
        return false;
    }
    uint64_t number = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number)) {
            return false;
        }
    }
    *ret_number = number;
    return true;
}
