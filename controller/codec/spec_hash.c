/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/spec_hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define VERSION_PREFIX "v1:"
#define OPAQUE_PATH    "run.podTemplate"

/*
 * Fields whose value, where it is the default, counts like no field at all. A field that comes to the
 * API with a default must come to this table with it: rows are added, never changed, or the hash of
 * what ran already changes under its migration.
 */
static const struct default_value {
    const char *path;
    const char *text; /* NULL: the number counts; 0 is false, too */
    json_int_t number;
} defaults[] = {
    {.path = "applications[].kind", .text = "Deployment"},
    {.path = "applications[].versionFrom.source", .text = "ImageTag"},
    {.path = "applications[].versionFrom.key", .text = "app.kubernetes.io/version"},
    {.path = "applications[].whenAbsent", .text = "Wait"},
    {.path = "soak", .text = "0s"},
    {.path = "approval", .text = "None"},
    {.path = "readyWhen", .text = "Succeeded"},
    {.path = "window.timeZone", .text = "UTC"},
    {.path = "window.mustFinish", .number = 0},
    {.path = "run.retries", .number = 0},
    {.path = "run.onInterruption", .text = "Fail"},
    {.path = "run.container.inheritFrom.kind", .text = "Deployment"},
};

struct walk {
    struct arena *scratch; /* for paths */
    const char *rollout;   /* the default of this spec's step */
};

static bool is_default(const struct walk *walk, const char *path, const json_t *value)
{
    if (str_eq(path, "suspend")) {
        return true; /* says when, not what */
    }
    if (str_eq(path, "rollout")) {
        return str_eq(json_string_value(value), walk->rollout);
    }
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        if (strcmp(defaults[i].path, path) != 0) {
            continue;
        }
        if (defaults[i].text == NULL) {
            bool is_number = json_is_integer(value) || json_is_false(value);
            return is_number && json_integer_value(value) == defaults[i].number;
        }
        return str_eq(json_string_value(value), defaults[i].text);
    }
    return false;
}

static bool counts(const struct walk *walk, const char *path, json_t *value);

/* Takes out what does not count. Inside a pod template the path stays the template's. */
static void prune_object(const struct walk *walk, const char *path, json_t *object)
{
    bool is_root = path[0] == '\0';
    bool is_opaque = str_eq(path, OPAQUE_PATH);
    const char *key = NULL;
    void *next = NULL;
    json_t *value = NULL;
    json_object_foreach_safe(object, next, key, value)
    {
        const char *below = path;
        if (!is_opaque) {
            below = is_root ? key : arena_printf(walk->scratch, "%s.%s", path, key);
        }
        if (!counts(walk, below, value)) {
            (void)json_object_del(object, key);
        }
    }
}

/* Items keep their places: one that says nothing stays. */
static void prune_array(const struct walk *walk, const char *path, const json_t *array)
{
    const char *below =
        str_eq(path, OPAQUE_PATH) ? path : arena_printf(walk->scratch, "%s[]", path);
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(array, i, item)
    {
        (void)counts(walk, below, item);
    }
}

/*
 * Whether the value says anything, once what says nothing was taken out of it. In a pod template only
 * nulls say nothing: an empty object there can mean something (emptyDir: {}).
 */
static bool counts(const struct walk *walk, const char *path, json_t *value)
{
    if (json_is_null(value) || is_default(walk, path, value)) {
        return false;
    }
    bool is_opaque = str_eq(path, OPAQUE_PATH);
    if (json_is_object(value)) {
        prune_object(walk, path, value);
        return is_opaque || json_object_size(value) > 0;
    }
    if (json_is_array(value)) {
        prune_array(walk, path, value);
        return is_opaque || json_array_size(value) > 0;
    }
    return true;
}

static char *digest_text(struct arena *arena, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int ok = EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL);
    assert(ok == 1); /* SHA-256 is always there */
    (void)ok;
    char *out = arena_alloc(arena, strlen(VERSION_PREFIX) + 2 * (size_t)len + 1);
    memcpy(out, VERSION_PREFIX, strlen(VERSION_PREFIX));
    char *at = out + strlen(VERSION_PREFIX);
    for (unsigned i = 0; i < len; i++) {
        *at++ = hex[digest[i] >> 4];
        *at++ = hex[digest[i] & 0xf];
    }
    return out;
}

char *spec_hash(struct arena *arena, const json_t *spec)
{
    CLEANUP(arena_fini) struct arena scratch = {0};
    const char *step = json_string_value(json_object_get(spec, "step"));
    struct walk walk = {
        .scratch = &scratch,
        .rollout = str_eq(step, "Expand") ? "Any" : "Settled",
    };
    json_auto_t *copy = json_is_object(spec) ? json_deep_copy(spec) : json_object();
    prune_object(&walk, "", copy);
    CLEANUP(mem_free_text) char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
    return digest_text(arena, text);
}
