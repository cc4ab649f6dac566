/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/condition.h"

#include <string.h>

#include "base/str.h"

static struct condition *find(const struct conditions *conditions, const char *type)
{
    for (size_t i = 0; i < conditions->count; i++) {
        if (str_eq(conditions->items[i].type, type)) {
            return &conditions->items[i];
        }
    }
    return NULL;
}

const struct condition *condition_get(const struct conditions *conditions, const char *type)
{
    return find(conditions, type);
}

bool condition_is_true(const struct conditions *conditions, const char *type)
{
    const struct condition *condition = find(conditions, type);
    return condition != NULL && condition->status == CONDITION_TRUE;
}

/* The schema's limits: a word that breaks them would have the whole status refused, for good. */
#define REASON_MAX_BYTES  1024
#define MESSAGE_MAX_BYTES 32768

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Reasons come from the kubelet, the runtime and the API server too: CamelCase of what they say. */
static const char *tidy_reason(struct arena *arena, const char *reason)
{
    size_t len = strlen(str_or_empty(reason));
    char *tidy = arena_alloc(arena, len + 1);
    size_t used = 0;
    for (size_t i = 0; i < len && used < REASON_MAX_BYTES; i++) {
        bool is_allowed = used == 0 ? is_word(reason[i]) && (reason[i] < '0' || reason[i] > '9')
                                    : is_word(reason[i]) || strchr("_,:", reason[i]) != NULL;
        if (is_allowed) {
            tidy[used++] = reason[i];
        }
    }
    while (used > 0 && !is_word(tidy[used - 1])) {
        used--;
    }
    tidy[used] = '\0';
    return used == 0 ? "Unknown" : tidy;
}

/* A program's last output, and what the API server says of a Job, are often several lines. */
static const char *one_line(struct arena *arena, const char *message)
{
    static const char breaks[] = "\t\n\v\f\r";
    if (strpbrk(message, breaks) == NULL) {
        return message;
    }
    char *line = arena_strdup(arena, message);
    char *to = line;
    for (const char *at = line; *at != '\0'; at++) {
        bool is_blank = *at == ' ' || strchr(breaks, *at) != NULL;
        if (!is_blank) {
            *to++ = *at;
        } else if (to > line && to[-1] != ' ') {
            *to++ = ' ';
        }
    }
    while (to > line && to[-1] == ' ') {
        to--;
    }
    *to = '\0';
    return line;
}

const char *condition_line(struct arena *arena, const char *message, size_t max_bytes)
{
    const char *line = message == NULL ? NULL : one_line(arena, message);
    if (strlen(str_or_empty(line)) <= max_bytes) {
        return line;
    }
    size_t kept = str_utf8_len(line, max_bytes - 3);
    return arena_printf(arena, "%.*s...", (int)kept, line);
}

static struct condition tidied(struct arena *arena, const struct condition *set)
{
    struct condition tidy = *set;
    tidy.reason = tidy_reason(arena, set->reason);
    tidy.message = condition_line(arena, set->message, MESSAGE_MAX_BYTES);
    return tidy;
}

void condition_set(struct arena *arena, struct conditions *conditions, const struct condition *set,
                   int64_t now_s)
{
    struct condition *present = find(conditions, set->type);
    if (present != NULL) {
        int64_t changed_s = present->status == set->status ? present->changed_s : now_s;
        *present = tidied(arena, set);
        present->changed_s = changed_s;
        return;
    }
    struct condition *items = arena_array(arena, conditions->count + 1, sizeof(*items));
    if (conditions->count > 0) {
        memcpy(items, conditions->items, conditions->count * sizeof(*items));
    }
    items[conditions->count] = tidied(arena, set);
    items[conditions->count].changed_s = now_s;
    conditions->items = items;
    conditions->count++;
}

void condition_remove(struct conditions *conditions, const char *type)
{
    struct condition *present = find(conditions, type);
    if (present == NULL) {
        return;
    }
    size_t after = conditions->count - (size_t)(present - conditions->items) - 1;
    memmove(present, present + 1, after * sizeof(*present));
    conditions->count--;
}
