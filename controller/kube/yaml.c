/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/yaml.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/str.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

/* A mapping or sequence that is still open; the one inside it stands above it on the stack. */
struct level {
    json_t *container; /* borrowed: the root, or held by the level below */
    char *key;         /* of a mapping: read, and its value has not come; else NULL */
};

struct build {
    struct level levels[YAML_MAX_DEPTH];
    size_t depth;
    json_t *root; /* NULL: nothing has come yet */
    bool has_document;
};

static void build_fini(struct build *build)
{
    for (size_t i = 0; i < build->depth; i++) {
        free(build->levels[i].key);
    }
    json_decref(build->root);
}

static size_t line_of(const yaml_event_t *event)
{
    return event->start_mark.line + 1;
}

/* Puts a value where the text has it and takes over the reference. */
static void add_value(struct build *build, json_t *value)
{
    if (build->depth == 0) {
        assert(build->root == NULL);
        build->root = value;
        return;
    }
    struct level *top = &build->levels[build->depth - 1];
    int failed = 0;
    if (top->key != NULL) {
        failed = json_object_set_new_nocheck(top->container, top->key, value);
        mem_free_text(&top->key);
    } else {
        failed = json_array_append_new(top->container, value);
    }
    assert(failed == 0); /* a fresh, valid value: jansson fails on a NULL or a cycle alone */
    (void)failed;
}

/* Where a mapping expects a key, nothing but a scalar may stand. */
static bool wants_key(const struct build *build)
{
    if (build->depth == 0) {
        return false;
    }
    const struct level *top = &build->levels[build->depth - 1];
    return json_is_object(top->container) && top->key == NULL;
}

static bool open_container(struct build *build, const yaml_event_t *event, struct err *err)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    const char *tag = is_map ? (const char *)event->data.mapping_start.tag
                             : (const char *)event->data.sequence_start.tag;
    if (wants_key(build)) {
        return err_set(err, ERR_INVALID, "line %zu: a key must be text, not a %s", line_of(event),
                       is_map ? "mapping" : "list");
    }
    if (build->depth == YAML_MAX_DEPTH) {
        return err_set(err, ERR_INVALID, "line %zu: nested deeper than %zu levels", line_of(event),
                       YAML_MAX_DEPTH);
    }
    if (tag != NULL && !str_eq(tag, is_map ? TAG_PREFIX "map" : TAG_PREFIX "seq")) {
        return err_set(err, ERR_INVALID, "line %zu: the tag \"%s\" is not accepted: leave it out",
                       line_of(event), tag);
    }
    json_t *container = is_map ? json_object() : json_array();
    add_value(build, container);
    build->levels[build->depth++] = (struct level){.container = container};
    return true;
}

static bool is_one_of(const char *text, const char *const words[3])
{
    return strcmp(text, words[0]) == 0 || strcmp(text, words[1]) == 0 ||
           strcmp(text, words[2]) == 0;
}

/* How many digits of the base text begins with. */
static size_t span_digits(const char *text, const char *digits)
{
    return strspn(text, digits);
}

/* The base of an integer in the core schema, with *ret_digits behind sign and prefix; 0: no integer. */
static int integer_base(const char *text, const char **ret_digits)
{
    static const struct {
        const char *prefix;
        const char *digits;
        int base;
    } prefixed[] = {
        {"0x", "0123456789abcdefABCDEF", 16},
        {"0o", "01234567", 8},
    };
    for (size_t i = 0; i < ARRAY_LEN(prefixed); i++) {
        if (str_starts_with(text, prefixed[i].prefix)) {
            *ret_digits = text + 2;
            size_t count = span_digits(text + 2, prefixed[i].digits);
            return count > 0 && text[2 + count] == '\0' ? prefixed[i].base : 0;
        }
    }
    const char *at = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    size_t count = span_digits(at, "0123456789");
    *ret_digits = text;
    return count > 0 && at[count] == '\0' ? 10 : 0;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_float(const char *text)
{
    const char *at = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    size_t whole = span_digits(at, "0123456789");
    size_t fraction = 0;
    at += whole;
    if (*at == '.') {
        fraction = span_digits(at + 1, "0123456789");
        at += 1 + fraction;
    }
    if (whole + fraction == 0) {
        return false;
    }
    if (*at == 'e' || *at == 'E') {
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        size_t exponent = span_digits(at, "0123456789");
        if (exponent == 0) {
            return false;
        }
        at += exponent;
    }
    return *at == '\0';
}

static bool is_infinite_or_nan(const char *text)
{
    static const char *const inf[] = {".inf", ".Inf", ".INF"};
    static const char *const nan[] = {".nan", ".NaN", ".NAN"};
    const char *at = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    return is_one_of(at, inf) || is_one_of(text, nan);
}

/* A number, or NULL in *ret_value when the text is none. */
static bool resolve_number(const char *text, size_t line, json_t **ret_value, struct err *err)
{
    const char *digits = NULL;
    int base = integer_base(text, &digits);
    bool fits = true;
    *ret_value = NULL;
    if (base != 0) {
        errno = 0;
        long long number = strtoll(digits, NULL, base);
        fits = errno == 0;
        *ret_value = fits ? json_integer(number) : NULL;
    } else if (is_float(text)) {
        double number = strtod(text, NULL);
        fits = isfinite(number);
        *ret_value = fits ? json_real(number) : NULL;
    } else {
        fits = !is_infinite_or_nan(text);
    }
    if (!fits) {
        return err_set(err, ERR_INVALID,
                       "line %zu: a number that does not fit: put it in quotes if it is text",
                       line);
    }
    return true;
}

/* A plain scalar by the core schema. */
static bool resolve_plain(const char *text, size_t line, json_t **ret_value, struct err *err)
{
    static const char *const null_words[] = {"null", "Null", "NULL"};
    static const char *const true_words[] = {"true", "True", "TRUE"};
    static const char *const false_words[] = {"false", "False", "FALSE"};
    if (text[0] == '\0' || strcmp(text, "~") == 0 || is_one_of(text, null_words)) {
        *ret_value = json_null();
    } else if (is_one_of(text, true_words)) {
        *ret_value = json_true();
    } else if (is_one_of(text, false_words)) {
        *ret_value = json_false();
    } else {
        if (!resolve_number(text, line, ret_value, err)) {
            return false;
        }
        if (*ret_value == NULL) {
            *ret_value = json_string_nocheck(text);
        }
    }
    return true;
}

static bool take_key(struct level *top, const char *text, size_t line, bool is_plain,
                     struct err *err)
{
    if (is_plain && strcmp(text, "<<") == 0) {
        return err_set(err, ERR_INVALID,
                       "line %zu: merge keys (<<) are not accepted: write the keys out", line);
    }
    if (json_object_get(top->container, text) != NULL) {
        return err_set(err, ERR_INVALID,
                       "line %zu: the key \"%s\" is there twice: keep one of them", line, text);
    }
    top->key = xstrdup(text);
    return true;
}

static bool add_scalar(struct build *build, const yaml_event_t *event, struct err *err)
{
    const char *text = (const char *)event->data.scalar.value;
    const char *tag = (const char *)event->data.scalar.tag;
    size_t line = line_of(event);
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && tag == NULL;
    if (tag != NULL && !str_eq(tag, "!") && !str_eq(tag, TAG_PREFIX "str")) {
        return err_set(err, ERR_INVALID, "line %zu: the tag \"%s\" is not accepted: leave it out",
                       line, tag);
    }
    if (strlen(text) != event->data.scalar.length) {
        return err_set(err, ERR_INVALID, "line %zu: a NUL character within text", line);
    }
    if (wants_key(build)) {
        return take_key(&build->levels[build->depth - 1], text, line, is_plain, err);
    }
    json_t *value = NULL;
    if (!is_plain) {
        value = json_string_nocheck(text);
    } else if (!resolve_plain(text, line, &value, err)) {
        return false;
    }
    add_value(build, value);
    return true;
}

static bool take_event(struct build *build, const yaml_event_t *event, struct err *err)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (build->has_document) {
            return err_set(err, ERR_INVALID,
                           "line %zu: a second document begins (---): keep one in a file",
                           line_of(event));
        }
        build->has_document = true;
        return true;
    case YAML_ALIAS_EVENT:
        return err_set(err, ERR_INVALID,
                       "line %zu: aliases (*%s) are not accepted: write the value out",
                       line_of(event), (const char *)event->data.alias.anchor);
    case YAML_SCALAR_EVENT:
        return add_scalar(build, event, err);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return open_container(build, event, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        build->depth--;
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    return true;
}

static bool parser_failed(const yaml_parser_t *parser, struct err *err)
{
    const char *problem = parser->problem != NULL ? parser->problem : "not YAML";
    if (parser->error == YAML_MEMORY_ERROR) {
        return err_set(err, ERR_INTERNAL, "out of memory in libyaml");
    }
    if (parser->error == YAML_READER_ERROR) {
        return err_set(err, ERR_INVALID, "line %zu: %s (byte %zu)", parser->mark.line + 1, problem,
                       parser->problem_offset);
    }
    return err_set(err, ERR_INVALID, "line %zu: %s", parser->problem_mark.line + 1, problem);
}

bool yaml_parse(const char *text, size_t len, json_t **ret_value, struct err *err)
{
    if (len > YAML_MAX_BYTES) {
        return err_set(err, ERR_INVALID, "line 1: %zu bytes, more than the %zu that are read", len,
                       YAML_MAX_BYTES);
    }
    CLEANUP(yaml_parser_delete) yaml_parser_t parser = {0};
    if (yaml_parser_initialize(&parser) == 0) {
        return err_set(err, ERR_INTERNAL, "out of memory in libyaml");
    }
    /* Without this a byte order mark could turn the text into UTF-16. */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    CLEANUP(build_fini) struct build build = {0};
    bool is_over = false;
    while (!is_over) {
        CLEANUP(yaml_event_delete) yaml_event_t event = {0};
        if (yaml_parser_parse(&parser, &event) == 0) {
            return parser_failed(&parser, err);
        }
        if (!take_event(&build, &event, err)) {
            return false;
        }
        is_over = event.type == YAML_STREAM_END_EVENT;
    }
    *ret_value = build.root != NULL ? build.root : json_null();
    build.root = NULL;
    return true;
}
