/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/selector.h"

#include <string.h>

#include "base/str.h"

const char *pairs_get(const struct pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (str_eq(pairs->items[i].key, key)) {
            return pairs->items[i].value;
        }
    }
    return NULL;
}

static bool is_among(const struct selector_term *term, const char *value)
{
    for (size_t i = 0; i < term->value_count; i++) {
        if (str_eq(term->values[i], value)) {
            return true;
        }
    }
    return false;
}

static bool term_matches(const struct selector_term *term, const struct pairs *labels)
{
    const char *value = pairs_get(labels, term->key);
    switch (term->op) {
    case SELECTOR_IN:
        return value != NULL && is_among(term, value);
    case SELECTOR_NOT_IN: /* a missing label matches, as in the API */
        return value == NULL || !is_among(term, value);
    case SELECTOR_EXISTS:
        return value != NULL;
    case SELECTOR_DOES_NOT_EXIST:
        return value == NULL;
    }
    return false;
}

bool selector_matches(const struct selector *selector, const struct pairs *labels)
{
    for (size_t i = 0; i < selector->count; i++) {
        if (!term_matches(&selector->terms[i], labels)) {
            return false;
        }
    }
    return selector->count > 0;
}

static char *values_text(struct arena *arena, const struct selector_term *term)
{
    char *text = arena_strdup(arena, "");
    for (size_t i = 0; i < term->value_count; i++) {
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? "," : "", term->values[i]);
    }
    return text;
}

static char *term_text(struct arena *arena, const struct selector_term *term)
{
    switch (term->op) {
    case SELECTOR_IN:
        if (term->value_count == 1) {
            return arena_printf(arena, "%s=%s", term->key, term->values[0]);
        }
        return arena_printf(arena, "%s in (%s)", term->key, values_text(arena, term));
    case SELECTOR_NOT_IN:
        return arena_printf(arena, "%s notin (%s)", term->key, values_text(arena, term));
    case SELECTOR_EXISTS:
        return arena_strdup(arena, term->key);
    case SELECTOR_DOES_NOT_EXIST:
        return arena_printf(arena, "!%s", term->key);
    }
    return arena_strdup(arena, "");
}

char *selector_text(struct arena *arena, const struct selector *selector)
{
    char *text = arena_strdup(arena, "");
    for (size_t i = 0; i < selector->count; i++) {
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? "," : "",
                            term_text(arena, &selector->terms[i]));
    }
    return text;
}

/* Splits text at commas outside parentheses; the parts lie in the arena. */
static size_t split(struct arena *arena, const char *text, char ***ret_parts)
{
    size_t count = 1;
    for (const char *at = text; *at != '\0'; at++) {
        count += *at == ',';
    }
    char **parts = arena_array(arena, count, sizeof(*parts));
    size_t used = 0;
    int depth = 0;
    const char *start = text;
    for (const char *at = text;; at++) {
        if (*at == '(') {
            depth++;
        } else if (*at == ')') {
            depth--;
        }
        if (*at == '\0' || (*at == ',' && depth == 0)) {
            parts[used++] = arena_strndup(arena, start, (size_t)(at - start));
            start = at + 1;
        }
        if (*at == '\0') {
            break;
        }
    }
    *ret_parts = parts;
    return used;
}

/* "key in (a,b)" or "key notin (a,b)"; word is " in (" or " notin (". */
static bool parse_set(struct arena *arena, const char *part, const char *word,
                      struct selector_term *term)
{
    const char *at = strstr(part, word);
    size_t len = strlen(part);
    if (at == NULL || part[len - 1] != ')') {
        return false;
    }
    const char *values = at + strlen(word);
    char **items = NULL;
    char *list = arena_strndup(arena, values, (size_t)(part + len - 1 - values));
    term->value_count = split(arena, list, &items);
    term->values = arena_array(arena, term->value_count, sizeof(*term->values));
    for (size_t i = 0; i < term->value_count; i++) {
        term->values[i] = items[i];
    }
    term->key = arena_strndup(arena, part, (size_t)(at - part));
    return true;
}

static bool parse_term(struct arena *arena, const char *part, struct selector_term *term)
{
    if (parse_set(arena, part, " in (", term)) {
        term->op = SELECTOR_IN;
    } else if (parse_set(arena, part, " notin (", term)) {
        term->op = SELECTOR_NOT_IN;
    } else if (part[0] == '!') {
        term->op = SELECTOR_DOES_NOT_EXIST;
        term->key = part + 1;
    } else if (strchr(part, '=') != NULL) {
        const char *equals = strchr(part, '=');
        term->op = SELECTOR_IN;
        term->key = arena_strndup(arena, part, (size_t)(equals - part));
        term->values = arena_array(arena, 1, sizeof(*term->values));
        term->values[0] = equals + 1;
        term->value_count = 1;
    } else {
        term->op = SELECTOR_EXISTS;
        term->key = part;
    }
    return term->key[0] != '\0';
}

bool selector_parse(struct arena *arena, const char *text, struct selector *ret_selector)
{
    struct selector selector = {0};
    if (text[0] != '\0') {
        char **parts = NULL;
        selector.count = split(arena, text, &parts);
        selector.terms = arena_array(arena, selector.count, sizeof(*selector.terms));
        for (size_t i = 0; i < selector.count; i++) {
            if (!parse_term(arena, parts[i], &selector.terms[i])) {
                return false;
            }
        }
    }
    *ret_selector = selector;
    return true;
}
