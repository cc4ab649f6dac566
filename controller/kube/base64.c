/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/base64.h"

#include <string.h>

#include "base/mem.h"
#include "kube/secret.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool base64_decode(const char *text, char **ret_data, size_t *ret_len)
{
    CLEANUP(secret_free_text) char *data = xcalloc(strlen(text) / 4 * 3 + 4, 1);
    size_t len = 0;
    size_t count = 0; /* of characters, the padding included */
    size_t padding = 0;
    unsigned bits = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (is_space(*at)) {
            continue;
        }
        const char *found = strchr(alphabet, *at);
        if (*at == '=') {
            padding++;
        } else if (found == NULL || padding > 0) {
            return false;
        }
        bits = bits << 6 | (*at == '=' ? 0 : (unsigned)(found - alphabet));
        count++;
        if (count % 4 == 0) {
            data[len++] = (char)(bits >> 16 & 0xff);
            data[len++] = (char)(bits >> 8 & 0xff);
            data[len++] = (char)(bits & 0xff);
            bits = 0;
        }
    }
    if (count % 4 != 0 || padding > 2) {
        return false;
    }
    len -= padding;
    data[len] = '\0';
    *ret_data = data;
    *ret_len = len;
    data = NULL;
    return true;
}

/* The i-th digit of three bytes, or padding. */
static char digit_of(unsigned bits, unsigned i, bool is_there)
{
    if (!is_there) {
        return '=';
    }
    return alphabet[bits >> (18 - 6 * i) & 63];
}

char *base64_encode(const char *data, size_t len)
{
    char *text = xmalloc((len + 2) / 3 * 4 + 1);
    size_t at = 0;
    for (size_t i = 0; i < len; i += 3) {
        unsigned bits = 0;
        for (size_t j = 0; j < 3; j++) {
            bits = bits << 8 | (i + j < len ? (unsigned char)data[i + j] : 0U);
        }
        for (unsigned j = 0; j < 4; j++) {
            text[at++] = digit_of(bits, j, j < 2 || i + j - 1 < len);
        }
    }
    text[at] = '\0';
    return text;
}
