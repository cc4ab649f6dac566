/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text is cut at ||, an alternative into terms, and domain/term spells out each term. The library
 * instead rewrites hyphen ranges in the text before it cuts; where that shows, a comment says so.
 */
#include "domain/constraint.h"

#include <string.h>

#include "base/str.h"
#include "domain/term.h"

/* Longer ones first, so that the first that fits is the one that is meant. */
static const struct {
    const char *text;
    enum term_op op;
} operators[] = {
    {"!=", TERM_NOT_EQUAL}, {">=", TERM_AT_LEAST}, {"=>", TERM_AT_LEAST}, {"<=", TERM_AT_MOST},
    {"=<", TERM_AT_MOST},   {"~>", TERM_TILDE},    {"=", TERM_EQUAL},     {">", TERM_GREATER},
    {"<", TERM_LESS},       {"~", TERM_TILDE},     {"^", TERM_CARET},
};

struct parser {
    struct arena *arena;
    const char *begin; /* of the alternative */
    const char *at;
    const char *end;
    bool is_first; /* the alternative begins the text, not after || */
    bool is_last;
    struct alternative *alternative;
    struct err *err;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* ---- an alternative as terms ---- */

/* True when there was some. */
static bool skip_space(struct parser *parser)
{
    const char *begin = parser->at;
    while (parser->at < parser->end && is_space(*parser->at)) {
        parser->at++;
    }
    return parser->at > begin;
}

static bool is_literal_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || c == '-' || c == '+';
}

/* What a tag may be, and + for texts from labels and annotations. */
static bool is_literal_text(struct slice text)
{
    if (text.len > CONSTRAINT_LITERAL_MAX || text.at[0] == '.' || text.at[0] == '-' ||
        text.at[0] == '+') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_literal_char(text.at[i])) {
            return false;
        }
    }
    return true;
}

static enum term_op read_operator(struct parser *parser)
{
    size_t left = (size_t)(parser->end - parser->at);
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        size_t len = strlen(operators[i].text);
        if (len <= left && memcmp(parser->at, operators[i].text, len) == 0) {
            parser->at += len;
            return operators[i].op;
        }
    }
    return TERM_NONE;
}

static bool refuse_missing_version(const struct parser *parser, const struct term *term)
{
    if (term->op != TERM_NONE) {
        return err_set(parser->err, ERR_INVALID,
                       "\"%.*s\" has no version after it: write one, as in >=1.2.3",
                       (int)term->whole.len, term->whole.at);
    }
    return err_set(parser->err, ERR_INVALID,
                   "there is no term where one is expected: write one on both sides of || and of "
                   "each comma, or \"*\" for any release version");
}

static bool read_term(struct parser *parser, struct term *ret_term)
{
    struct term term = {.whole = {.at = parser->at}};

    term.op = read_operator(parser);
    term.whole.len = (size_t)(parser->at - term.whole.at);
    (void)skip_space(parser);
    term.text.at = parser->at;
    while (parser->at < parser->end && !is_space(*parser->at) && *parser->at != ',') {
        parser->at++;
    }
    term.text.len = (size_t)(parser->at - term.text.at);
    if (term.text.len == 0) {
        return refuse_missing_version(parser, &term);
    }
    term.whole.len = (size_t)(parser->at - term.whole.at);
    if (!term_read_version(parser->arena, &term)) {
        term.is_literal = true;
        if (term.op != TERM_NONE && term.op != TERM_EQUAL) {
            return err_set(parser->err, ERR_INVALID,
                           "\"%.*s\" compares with no version: write one, as in >=1.2.3; other "
                           "text is admitted only as a whole, as in =latest",
                           (int)term.whole.len, term.whole.at);
        }
        if (!is_literal_text(term.text)) {
            return err_set(parser->err, ERR_INVALID,
                           "\"%.*s\" is neither a version nor a tag: write the operator before "
                           "the version, and a space or comma between terms, as in >=1.2 <2",
                           (int)term.whole.len, term.whole.at);
        }
    }
    *ret_term = term;
    return true;
}

/* The parser stands at the hyphen, with space before it. */
static bool read_range(struct parser *parser, struct term *lower, bool may_start_range)
{
    struct term upper = {0};

    parser->at++;
    if (!skip_space(parser) || lower->op != TERM_NONE || lower->is_literal) {
        return err_set(parser->err, ERR_INVALID,
                       "a hyphen after \"%.*s\" makes no range: write two plain versions with a "
                       "space on both sides of it, as in 1.2 - 2.3",
                       (int)lower->whole.len, lower->whole.at);
    }
    if (!may_start_range) { /* the library's rewriting eats the space before a range */
        return err_set(parser->err, ERR_INVALID,
                       "the hyphen range at \"%.*s\" follows another term: put a comma between",
                       (int)lower->whole.len, lower->whole.at);
    }
    if (!read_term(parser, &upper)) {
        return false;
    }
    if (upper.op != TERM_NONE || upper.is_literal) {
        return err_set(parser->err, ERR_INVALID,
                       "the hyphen range at \"%.*s\" ends in \"%.*s\", which is no plain version: "
                       "write two of them, as in 1.2 - 2.3",
                       (int)lower->whole.len, lower->whole.at, (int)upper.whole.len,
                       upper.whole.at);
    }
    if ((!parser->is_first && lower->whole.at == parser->begin) ||
        (!parser->is_last && parser->at == parser->end)) {
        return err_set(parser->err, ERR_INVALID,
                       "the hyphen range \"%.*s\" touches ||: put a space between",
                       (int)(parser->at - lower->whole.at), lower->whole.at);
    }
    lower->op = TERM_AT_LEAST;
    upper.op = TERM_AT_MOST;
    term_add(lower, parser->alternative);
    term_add(&upper, parser->alternative);
    return true;
}

/* True when there was one. */
static bool skip_comma(struct parser *parser)
{
    if (parser->at == parser->end || *parser->at != ',') {
        return false;
    }
    parser->at++;
    (void)skip_space(parser);
    return true;
}

/* Every term but the first has a separator before it. */
static size_t terms_at_most(const char *at, const char *end)
{
    size_t terms = 1;
    for (; at < end; at++) {
        if (is_space(*at) || *at == ',') {
            terms++;
        }
    }
    return terms;
}

static bool parse_terms(struct parser *parser, size_t *ret_terms)
{
    struct alternative *alternative = parser->alternative;
    bool may_start_range = true;
    bool has_comma = false;

    *ret_terms = 0;
    do {
        struct term term = {0};
        if (!read_term(parser, &term)) {
            return false;
        }
        bool has_space = skip_space(parser);
        bool is_range = has_space && parser->at < parser->end && *parser->at == '-';
        if (is_range) {
            if (!read_range(parser, &term, may_start_range)) {
                return false;
            }
            (void)skip_space(parser);
        } else if (term.is_literal) {
            alternative->literal = arena_strndup(parser->arena, term.text.at, term.text.len);
        } else {
            term_add(&term, alternative);
        }
        (*ret_terms)++;
        has_comma = skip_comma(parser);
        may_start_range = is_range || has_comma;
    } while (parser->at < parser->end || has_comma);
    return true;
}

static bool parse_alternative(struct parser *parser)
{
    struct alternative *alternative = parser->alternative;
    size_t terms = 0;

    alternative->comparators =
        arena_array(parser->arena, TERM_COMPARATORS_MAX * terms_at_most(parser->at, parser->end),
                    sizeof(*alternative->comparators));
    (void)skip_space(parser);
    if (!parse_terms(parser, &terms)) {
        return false;
    }
    if (alternative->literal != NULL && terms > 1) {
        return err_set(parser->err, ERR_INVALID,
                       "\"%s\" is no version and so can only stand alone: put || between it and "
                       "other terms, or correct it",
                       alternative->literal);
    }
    return true;
}

/* ---- the whole ---- */

static bool is_blank(const char *text)
{
    while (is_space(*text)) {
        text++;
    }
    return *text == '\0';
}

static size_t count_alternatives(const char *text)
{
    size_t count = 1;
    for (const char *at = strstr(text, "||"); at != NULL; at = strstr(at + 2, "||")) {
        count++;
    }
    return count;
}

static bool parse_all(struct arena *arena, const char *text, struct constraint *constraint,
                      struct err *err)
{
    const char *at = text;
    for (size_t i = 0; i < constraint->count; i++) {
        const char *bars = strstr(at, "||");
        struct parser parser = {
            .arena = arena,
            .begin = at,
            .at = at,
            .end = bars == NULL ? at + strlen(at) : bars,
            .is_first = i == 0,
            .is_last = bars == NULL,
            .alternative = &constraint->alternatives[i],
            .err = err,
        };
        if (!parse_alternative(&parser)) {
            return false;
        }
        at = bars == NULL ? parser.end : bars + 2;
    }
    return true;
}

struct constraint *constraint_parse(struct arena *arena, const char *text, struct err *err)
{
    if (text == NULL || is_blank(text)) {
        (void)err_set(err, ERR_INVALID,
                      "it is empty: write \"*\" for any release version, or leave the field out");
        return NULL;
    }
    if (strlen(text) > CONSTRAINT_TEXT_MAX) {
        (void)err_set(err, ERR_INVALID, "it is longer than %d bytes: write fewer terms",
                      CONSTRAINT_TEXT_MAX);
        return NULL;
    }
    size_t count = count_alternatives(text);
    if (count > CONSTRAINT_ALTERNATIVES_MAX) {
        (void)err_set(err, ERR_INVALID,
                      "it has %zu alternatives, and at most %d are read: join some as a range",
                      count, CONSTRAINT_ALTERNATIVES_MAX);
        return NULL;
    }
    struct constraint *constraint = arena_alloc(arena, sizeof(*constraint));
    constraint->count = count;
    constraint->alternatives = arena_array(arena, count, sizeof(*constraint->alternatives));
    return parse_all(arena, text, constraint, err) ? constraint : NULL;
}

/* ---- verdicts ---- */

static bool is_same_prerelease(const struct version *a, const struct version *b)
{
    return a->prerelease_len == b->prerelease_len &&
           (a->prerelease_len == 0 || memcmp(a->prerelease, b->prerelease, a->prerelease_len) == 0);
}

static bool comparator_holds(const struct comparator *comparator, const struct version *version)
{
    const struct version *bound = &comparator->version;
    int order = version_compare(version, bound);
    switch (comparator->op) {
    case COMPARATOR_EQUAL:
        return order == 0;
    case COMPARATOR_NOT_EQUAL:
        return order != 0;
    case COMPARATOR_LESS:
        return order < 0;
    case COMPARATOR_AT_MOST:
        return order <= 0;
    case COMPARATOR_GREATER:
        return order > 0;
    case COMPARATOR_AT_LEAST:
        return order >= 0;
    case COMPARATOR_OTHER_MAJOR:
        return version->major != bound->major;
    case COMPARATOR_OTHER_MINOR:
        return version->major != bound->major || version->minor != bound->minor ||
               !is_same_prerelease(version, bound);
    case COMPARATOR_OP_MAX:
        break;
    }
    return false;
}

static bool alternative_admits(const struct alternative *alternative, const struct version *version)
{
    if (alternative->literal != NULL ||
        (version->prerelease_len > 0 && !alternative->admits_prerelease)) {
        return false;
    }
    for (size_t i = 0; i < alternative->count; i++) {
        if (!comparator_holds(&alternative->comparators[i], version)) {
            return false;
        }
    }
    return true;
}

bool constraint_admits(const struct constraint *constraint, const char *version_text)
{
    if (version_text == NULL) {
        return false;
    }
    struct version version;
    bool is_version = version_scan(version_text, strlen(version_text), &version);
    for (size_t i = 0; i < constraint->count; i++) {
        const struct alternative *alternative = &constraint->alternatives[i];
        if (is_version ? alternative_admits(alternative, &version)
                       : str_eq(alternative->literal, version_text)) {
            return true;
        }
    }
    return false;
}
