/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/meta.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

/* The finalizers but ours, as JSON text; NULL when there are no others. */
static const char *other_finalizers(struct reader *reader, const json_t *list, const char *ours)
{
    json_auto_t *others = json_array();
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (!str_eq(json_string_value(item), ours)) {
            (void)json_array_append(others, item);
        }
    }
    if (json_array_size(others) == 0) {
        return NULL;
    }
    CLEANUP(mem_free_text) char *text = json_dumps(others, JSON_COMPACT);
    return arena_strdup(reader->arena, text);
}

static bool has_text(const json_t *list, const char *text)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (str_eq(json_string_value(item), text)) {
            return true;
        }
    }
    return false;
}

static void owners_read(struct reader *reader, const json_t *metadata, struct meta *ret)
{
    const json_t *owners = reader_list(reader, metadata, "ownerReferences");
    ret->owner_count = json_array_size(owners);
    if (ret->owner_count == 0) {
        return;
    }
    ret->owners = arena_array(reader->arena, ret->owner_count, sizeof(*ret->owners));
    for (size_t i = 0; i < ret->owner_count; i++) {
        const json_t *owner = json_array_get(owners, i);
        size_t mark = reader_enter_item(reader, "ownerReferences", i);
        ret->owners[i] = (struct owner_reference){
            .kind = reader_text(reader, owner, "kind"),
            .name = reader_text(reader, owner, "name"),
            .uid = reader_text(reader, owner, "uid"),
            .is_controller = reader_flag(reader, owner, "controller"),
        };
        reader_leave(reader, mark);
    }
}

void meta_read(struct reader *reader, const json_t *object, const char *our_finalizer,
               struct meta *ret)
{
    const json_t *metadata = reader_object(reader, object, "metadata");
    size_t mark = reader_enter(reader, "metadata");
    *ret = (struct meta){
        .ns = reader_text(reader, metadata, "namespace"),
        .name = reader_required_text(reader, metadata, "name"),
        .uid = reader_required_text(reader, metadata, "uid"),
        .resource_version = reader_text(reader, metadata, "resourceVersion"),
        .generation = reader_number(reader, metadata, "generation", 0),
        .created_s = reader_time(reader, metadata, "creationTimestamp"),
        .deleted_s = reader_time(reader, metadata, "deletionTimestamp"),
        .grace_s = reader_number(reader, metadata, "deletionGracePeriodSeconds", 0),
    };
    const json_t *finalizers = reader_list(reader, metadata, "finalizers");
    ret->has_finalizer = has_text(finalizers, our_finalizer);
    ret->finalizers = other_finalizers(reader, finalizers, our_finalizer);
    owners_read(reader, metadata, ret);
    reader_leave(reader, mark);
}

static const char *metadata_get(const json_t *object, const char *map, const char *key)
{
    const json_t *metadata = json_object_get(object, "metadata");
    return json_string_value(json_object_get(json_object_get(metadata, map), key));
}

const char *meta_annotation_get(const json_t *object, const char *key)
{
    return metadata_get(object, "annotations", key);
}

const char *meta_label_get(const json_t *object, const char *key)
{
    return metadata_get(object, "labels", key);
}

int64_t meta_annotation_number(const json_t *object, const char *key)
{
    uint64_t number = 0;
    if (!str_parse_u64(meta_annotation_get(object, key), &number) || number > INT64_MAX) {
        return 0;
    }
    return (int64_t)number;
}

static void match_label(struct reader *reader, const char *key, const json_t *value,
                        struct selector_term *ret)
{
    if (!json_is_string(value)) {
        reader_refuse(reader, key, "must be a string");
    }
    ret->key = arena_strdup(reader->arena, key);
    ret->op = SELECTOR_IN;
    ret->values = arena_array(reader->arena, 1, sizeof(*ret->values));
    ret->values[0] = arena_strdup(reader->arena, str_or_empty(json_string_value(value)));
    ret->value_count = 1;
}

static void match_expression(struct reader *reader, const json_t *item, struct selector_term *ret)
{
    static const char *const words[] = {
        [SELECTOR_IN] = "In",
        [SELECTOR_NOT_IN] = "NotIn",
        [SELECTOR_EXISTS] = "Exists",
        [SELECTOR_DOES_NOT_EXIST] = "DoesNotExist",
    };
    ret->key = reader_required_text(reader, item, "key");
    ret->op = (enum selector_operator)reader_required_word(
        reader, item, "operator", (struct word_list){words, ARRAY_LEN(words)}, SELECTOR_IN);
    ret->values = reader_texts(reader, item, "values", &ret->value_count);
    bool wants_values = ret->op == SELECTOR_IN || ret->op == SELECTOR_NOT_IN;
    if (wants_values && ret->value_count == 0) {
        reader_refuse(reader, "values", "is missing; %s needs at least one", words[ret->op]);
    }
}

struct selector meta_selector_read(struct reader *reader, const json_t *object, const char *key)
{
    struct selector selector = {0};
    const json_t *json = reader_object(reader, object, key);
    size_t mark = reader_enter(reader, key);
    json_t *labels = reader_object(reader, json, "matchLabels");
    const json_t *expressions = reader_list(reader, json, "matchExpressions");
    size_t room = json_object_size(labels) + json_array_size(expressions);
    selector.terms = arena_array(reader->arena, room, sizeof(*selector.terms));
    size_t labels_mark = reader_enter(reader, "matchLabels");
    for (void *at = json_object_iter(labels); at != NULL; at = json_object_iter_next(labels, at)) {
        match_label(reader, json_object_iter_key(at), json_object_iter_value(at),
                    &selector.terms[selector.count++]);
    }
    reader_leave(reader, labels_mark);
    for (size_t i = 0; i < json_array_size(expressions); i++) {
        size_t item_mark = reader_enter_item(reader, "matchExpressions", i);
        match_expression(reader, json_array_get(expressions, i), &selector.terms[selector.count++]);
        reader_leave(reader, item_mark);
    }
    reader_leave(reader, mark);
    return selector;
}

static void condition_read(struct reader *reader, const json_t *item, struct condition *ret)
{
#define X(name, word) [name] = (word),
    static const char *const words[] = {CONDITION_STATUSES(X)};
#undef X
    *ret = (struct condition){
        .type = reader_required_text(reader, item, "type"),
        .status = (enum condition_status)reader_word(
            reader, item, "status", (struct word_list){words, ARRAY_LEN(words)}, CONDITION_UNKNOWN),
        .reason = reader_text(reader, item, "reason"),
        .message = reader_text(reader, item, "message"),
        .observed_generation = reader_number(reader, item, "observedGeneration", 0),
        .changed_s = reader_time(reader, item, "lastTransitionTime"),
    };
}

struct conditions meta_conditions_read(struct reader *reader, const json_t *object)
{
    const json_t *list = reader_list(reader, object, "conditions");
    struct conditions conditions = {.count = json_array_size(list)};
    if (conditions.count == 0) {
        return conditions;
    }
    conditions.items = arena_array(reader->arena, conditions.count, sizeof(*conditions.items));
    for (size_t i = 0; i < conditions.count; i++) {
        size_t mark = reader_enter_item(reader, "conditions", i);
        condition_read(reader, json_array_get(list, i), &conditions.items[i]);
        reader_leave(reader, mark);
    }
    return conditions;
}

const json_t *meta_condition_get(const json_t *object, const char *type, const char *status)
{
    const json_t *conditions = json_object_get(object, "conditions");
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(conditions, i, item)
    {
        if (str_eq(json_string_value(json_object_get(item, "type")), type) &&
            str_eq(json_string_value(json_object_get(item, "status")), status)) {
            return item;
        }
    }
    return NULL;
}
