/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/version_source.h"

#include "base/str.h"
#include "domain/image.h"
#include "domain/selector.h"

static const struct container_image *container_named(const struct version_facts *facts,
                                                     const char *name)
{
    for (size_t i = 0; i < facts->container_count; i++) {
        if (str_eq(facts->containers[i].name, name)) {
            return &facts->containers[i];
        }
    }
    return NULL;
}

static const char *container_names(struct arena *arena, const struct version_facts *facts)
{
    const char *names = "";
    for (size_t i = 0; i < facts->container_count; i++) {
        names = arena_printf(arena, "%s%s%s", names, i > 0 ? ", " : "", facts->containers[i].name);
    }
    return names;
}

static const struct container_image *
container_of(struct arena *arena, const struct application *application, const char *usual,
             const struct version_facts *facts, const char **ret_why)
{
    const char *name = application->container;
    if (name == NULL) {
        name = version_source_container(facts);
    }
    if (name == NULL && container_named(facts, usual) != NULL) {
        name = usual; /* before the annotation, which a webhook may set as well */
    }
    if (name == NULL) {
        name = facts->default_container;
    }
    if (name == NULL) {
        *ret_why =
            arena_printf(arena, "it has %zu containers (%s): name the application's in `container`",
                         facts->container_count, container_names(arena, facts));
        return NULL;
    }
    const struct container_image *found = container_named(facts, name);
    if (found == NULL) {
        *ret_why = arena_printf(arena, "it has no container %s (it has: %s)", name,
                                container_names(arena, facts));
    }
    return found;
}

static const char *image_version(struct arena *arena, const struct application *application,
                                 const char *usual, const struct version_facts *facts,
                                 const char **ret_why)
{
    const struct container_image *container =
        container_of(arena, application, usual, facts, ret_why);
    if (container == NULL) {
        return NULL;
    }
    struct image image;
    struct err err = {0};
    if (!image_parse(arena, container->image, &image, &err)) {
        *ret_why = arena_printf(arena, "image %s of container %s cannot be read: %s",
                                str_or_empty(container->image), container->name, err.text);
        return NULL;
    }
    if (image.tag == NULL) {
        *ret_why = arena_printf(arena,
                                "image %s of container %s has no tag: set versionFrom to Label or "
                                "Annotation",
                                container->image, container->name);
    }
    return image.tag;
}

static const char *pair_version(struct arena *arena, const struct pairs *pairs, const char *what,
                                const char *key, const char **ret_why)
{
    const char *value = pairs_get(pairs, key);
    if (str_is_empty(value)) {
        *ret_why = arena_printf(arena, "its pods carry no %s %s", what, key);
        return NULL;
    }
    return value;
}

const char *version_source_container(const struct version_facts *facts)
{
    return facts->container_count == 1 ? facts->containers[0].name : NULL;
}

const char *version_source_read(struct arena *arena, const struct application *application,
                                const char *usual, const struct version_facts *facts,
                                const char **ret_why)
{
    switch (application->source) {
    case SOURCE_LABEL:
        return pair_version(arena, &facts->labels, "label", application->key, ret_why);
    case SOURCE_ANNOTATION:
        return pair_version(arena, &facts->annotations, "annotation", application->key, ret_why);
    case SOURCE_IMAGE_TAG:
    case VERSION_SOURCE_MAX:
        break;
    }
    return image_version(arena, application, usual, facts, ret_why);
}
