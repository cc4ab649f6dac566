/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/other_workload.h"

#include "base/attrs.h"
#include "base/str.h"
#include "codec/meta.h"
#include "codec/pod_template.h"
#include "codec/reader.h"

/* A message is a sentence; what is longer is cut. */
#define TEXT_MAX ((size_t)256)

static const char *text_of(struct arena *arena, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? NULL : arena_strndup(arena, text, str_utf8_len(text, TEXT_MAX));
}

static int64_t count_of(const json_t *object, const char *key)
{
    const json_t *count = json_object_get(object, key);
    bool is_told = json_is_integer(count) && json_integer_value(count) >= 0;
    return is_told ? json_integer_value(count) : -1;
}

/* A number; of an Argo Rollout its digits. */
static int64_t generation_of(const json_t *status)
{
    const json_t *told = json_object_get(status, "observedGeneration");
    uint64_t number = 0;
    if (json_is_string(told)) {
        bool is_number = str_parse_u64(json_string_value(told), &number) && number <= INT64_MAX;
        return is_number ? (int64_t)number : 0;
    }
    return json_integer_value(told) > 0 ? json_integer_value(told) : 0;
}

static bool has_condition(const json_t *status, const char *type)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(status, "conditions"), i, item)
    {
        if (str_eq(json_string_value(json_object_get(item, "type")), type)) {
            return true;
        }
    }
    return false;
}

/* A LabelSelector, or labels and their values alone, as a ReplicationController has them. */
static struct selector selector_of(struct arena *arena, const json_t *spec)
{
    json_t *told = json_object_get(spec, "selector");
    bool is_label_selector = json_object_get(told, "matchLabels") != NULL ||
                             json_object_get(told, "matchExpressions") != NULL;
    json_auto_t *whole = is_label_selector
                             ? json_pack("{s:O}", "selector", told)
                             : json_pack("{s:{s:O*}}", "selector", "matchLabels", told);
    struct reader reader;
    reader_init(&reader, arena);
    struct selector selector = meta_selector_read(&reader, whole, "selector");
    return reader_has_failed(&reader) ? (struct selector){0} : selector;
}

static bool template_read(struct arena *arena, const json_t *spec, struct version_facts *ret)
{
    struct reader reader;
    reader_init(&reader, arena);
    version_facts_read(&reader, reader_object(&reader, spec, "template"), ret);
    if (reader_has_failed(&reader) || ret->container_count == 0) {
        *ret = (struct version_facts){0};
        return false;
    }
    return true;
}

/* An Argo Rollout may have its pod template in another workload. */
static const char *template_of(struct arena *arena, const json_t *spec)
{
    const json_t *ref = json_object_get(spec, "workloadRef");
    const char *kind = text_of(arena, ref, "kind");
    const char *name = text_of(arena, ref, "name");
    return json_is_object(ref) ? arena_printf(arena, "%s %s", kind == NULL ? "another" : kind,
                                              name == NULL ? "workload" : name)
                               : NULL;
}

/* Ready, or else Available, if it is told and not True. */
static const char *not_ready_of(const json_t *status)
{
    static const char *const types[] = {"Ready", "Available"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (meta_condition_get(status, types[i], "True") != NULL) {
            return NULL;
        }
        if (has_condition(status, types[i])) {
            return types[i];
        }
    }
    return NULL;
}

void other_workload_read(struct arena *arena, const json_t *object, struct workload *ret)
{
    const json_t *spec = json_object_get(object, "spec");
    const json_t *status = json_object_get(object, "status");
    ret->selector = selector_of(arena, spec);
    ret->desired = count_of(spec, "replicas");
    ret->paused = json_is_true(json_object_get(spec, "paused"));
    ret->replicas = count_of(status, "replicas");
    ret->updated = count_of(status, "updatedReplicas");
    ret->ready = count_of(status, "readyReplicas");
    ret->observed_generation = generation_of(status);
    ret->other = (struct other_workload){
        .has_template = template_read(arena, spec, &ret->pod_template),
        .template_of = template_of(arena, spec),
        .available = count_of(status, "availableReplicas"),
        .phase = text_of(arena, status, "phase"),
        .phase_message = text_of(arena, status, "message"),
        .not_ready = not_ready_of(status),
    };
}
