/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reference is cut from its end: what follows the only @ is the digest, what follows a colon after the
 * last slash is the tag. No part can hold the mark that ends it, so the cuts are where the grammar's are.
 */
#include "domain/image.h"

#include <string.h>

struct slice {
    const char *at;
    size_t len;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return is_lower(c) || is_upper(c);
}

static bool is_lower_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_hex(char c)
{
    return is_lower_hex(c) || (c >= 'A' && c <= 'F');
}

static bool are_all(struct slice text, bool (*is_one)(char c))
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_one(text.at[i])) {
            return false;
        }
    }
    return text.len > 0;
}

/* Up to the mark, or all; *rest starts behind the mark. False when there is no mark. */
static bool cut(struct slice text, char mark, struct slice *ret_head, struct slice *ret_rest)
{
    const char *at = memchr(text.at, mark, text.len);
    if (at == NULL) {
        *ret_head = text;
        *ret_rest = (struct slice){.at = text.at + text.len};
        return false;
    }
    ret_head->at = text.at;
    ret_head->len = (size_t)(at - text.at);
    ret_rest->at = at + 1;
    ret_rest->len = text.len - ret_head->len - 1;
    return true;
}

/* ---- host ---- */

/* Letters, digits and inner hyphens. */
static bool is_host_label(struct slice label)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];
        bool is_edge = i == 0 || i + 1 == label.len;
        if (!is_letter(c) && !is_digit(c) && (c != '-' || is_edge)) {
            return false;
        }
    }
    return label.len > 0;
}

static bool is_host_name(struct slice host)
{
    struct slice label;
    struct slice rest = host;
    bool has_more = false;
    do {
        has_more = cut(rest, '.', &label, &rest);
        if (!is_host_label(label)) {
            return false;
        }
    } while (has_more);
    return true;
}

static bool is_address_char(char c)
{
    return is_hex(c) || c == ':';
}

/* A name or an IPv6 address in brackets, with or without a port. */
static bool is_host(struct slice text)
{
    struct slice host;
    struct slice port;

    if (text.len > 0 && text.at[0] == '[') {
        struct slice inner = {.at = text.at + 1, .len = text.len - 1};
        if (!cut(inner, ']', &host, &port) || !are_all(host, is_address_char)) {
            return false;
        }
        if (port.len == 0) {
            return true;
        }
        struct slice digits = {.at = port.at + 1, .len = port.len - 1};
        return port.at[0] == ':' && are_all(digits, is_digit);
    }
    bool has_port = cut(text, ':', &host, &port);
    return is_host_name(host) && (!has_port || are_all(port, is_digit));
}

/* ---- path ---- */

/* Between letters and digits: one dot, one or two underscores, or any number of hyphens. */
static bool is_separator(struct slice text)
{
    if (text.at[0] == '-') {
        for (size_t i = 1; i < text.len; i++) {
            if (text.at[i] != '-') {
                return false;
            }
        }
        return true;
    }
    return (text.len == 1 && (text.at[0] == '.' || text.at[0] == '_')) ||
           (text.len == 2 && memcmp(text.at, "__", 2) == 0);
}

static bool is_word_char(char c)
{
    return is_lower(c) || is_digit(c);
}

/* Words with separators between. */
static bool is_path_part(struct slice part)
{
    size_t i = 0;
    while (true) {
        size_t word = i;
        while (i < part.len && is_word_char(part.at[i])) {
            i++;
        }
        if (i == word) {
            return false;
        }
        if (i == part.len) {
            return true;
        }
        struct slice separator = {.at = part.at + i};
        while (i < part.len && !is_word_char(part.at[i])) {
            i++;
        }
        separator.len = (size_t)(part.at + i - separator.at);
        if (!is_separator(separator)) {
            return false;
        }
    }
}

static bool refuse_path_part(struct slice part, struct err *err)
{
    for (size_t i = 0; i < part.len; i++) {
        if (is_upper(part.at[i])) {
            return err_set(err, ERR_INVALID,
                           "\"%.*s\" in its name has an upper-case letter: write it in lower case",
                           (int)part.len, part.at);
        }
    }
    if (part.len == 0) {
        return err_set(err, ERR_INVALID,
                       "a part of its name is empty: write host/path/name:tag without a slash at "
                       "either end and without two in a row");
    }
    return err_set(err, ERR_INVALID,
                   "\"%.*s\" in its name is not made of lower-case letters and digits with single "
                   "dots, one or two underscores or hyphens between",
                   (int)part.len, part.at);
}

static bool check_name(struct slice name, struct err *err)
{
    struct slice part;
    struct slice rest;
    struct slice path = name;

    if (cut(name, '/', &part, &rest) && is_host(part)) {
        path = rest;
    }
    rest = path;
    bool has_more = false;
    do {
        has_more = cut(rest, '/', &part, &rest);
        if (!is_path_part(part)) {
            return refuse_path_part(part, err);
        }
    } while (has_more);
    if (path.len > IMAGE_PATH_MAX) {
        return err_set(err, ERR_INVALID,
                       "its name has %zu bytes without the host, and at most %d are allowed",
                       path.len, IMAGE_PATH_MAX);
    }
    return true;
}

/* ---- tag and digest ---- */

static bool is_tag_char(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

static bool check_tag(struct slice tag, struct err *err)
{
    if (tag.len == 0) {
        return err_set(err, ERR_INVALID, "its tag is empty: write one, or no colon");
    }
    if (tag.len > IMAGE_TAG_MAX) {
        return err_set(err, ERR_INVALID, "its tag has %zu bytes, and at most %d are allowed",
                       tag.len, IMAGE_TAG_MAX);
    }
    if (!are_all(tag, is_tag_char) || tag.at[0] == '.' || tag.at[0] == '-') {
        return err_set(err, ERR_INVALID,
                       "its tag \"%.*s\" is not made of letters, digits, _, . and -, beginning "
                       "with none of the last two",
                       (int)tag.len, tag.at);
    }
    return true;
}

/* The three algorithms of github.com/opencontainers/go-digest. */
static const struct {
    const char *prefix;
    size_t hex_len;
} algorithms[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};

static bool check_digest(struct slice digest, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        size_t prefix_len = strlen(algorithms[i].prefix);
        if (digest.len < prefix_len || memcmp(digest.at, algorithms[i].prefix, prefix_len) != 0) {
            continue;
        }
        struct slice hex = {.at = digest.at + prefix_len, .len = digest.len - prefix_len};
        if (hex.len == algorithms[i].hex_len && are_all(hex, is_lower_hex)) {
            return true;
        }
        return err_set(err, ERR_INVALID, "its digest has not %zu lower-case hex digits after %s",
                       algorithms[i].hex_len, algorithms[i].prefix);
    }
    return err_set(err, ERR_INVALID,
                   "its digest \"%.*s\" does not begin with sha256:, sha384: or sha512:",
                   (int)digest.len, digest.at);
}

/* ---- the whole ---- */

/* Cuts ":tag" off the name; a colon before the last slash is a port's. */
static bool cut_tag(struct slice *name, struct slice *ret_tag)
{
    size_t last = name->len;
    while (last > 0 && name->at[last - 1] != '/') {
        last--;
    }
    const char *colon = memchr(name->at + last, ':', name->len - last);
    if (colon == NULL) {
        return false;
    }
    ret_tag->at = colon + 1;
    ret_tag->len = (size_t)(name->at + name->len - ret_tag->at);
    name->len = (size_t)(colon - name->at);
    return true;
}

bool image_parse(struct arena *arena, const char *text, struct image *ret_image, struct err *err)
{
    struct slice name;
    struct slice tag = {0};
    struct slice digest;

    if (text == NULL || text[0] == '\0') {
        return err_set(err, ERR_INVALID, "it is empty: write host/path/name:tag");
    }
    bool has_digest = cut((struct slice){.at = text, .len = strlen(text)}, '@', &name, &digest);
    bool has_tag = cut_tag(&name, &tag);
    if (!check_name(name, err) || (has_tag && !check_tag(tag, err)) ||
        (has_digest && !check_digest(digest, err))) {
        return false;
    }
    ret_image->name = arena_strndup(arena, name.at, name.len);
    ret_image->tag = has_tag ? arena_strndup(arena, tag.at, tag.len) : NULL;
    ret_image->digest = has_digest ? arena_strndup(arena, digest.at, digest.len) : NULL;
    return true;
}
