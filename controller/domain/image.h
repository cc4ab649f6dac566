/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References to container images, by the grammar of github.com/distribution/reference v0.6 (Parse),
 * which the kubelet follows: [host[:port]/]path[:tag][@digest]. `registry:5000/orders-api` has no tag.
 * Nothing is filled in: no docker.io, no library, no latest.
 */
#ifndef INTERLUDE_DOMAIN_IMAGE_H
#define INTERLUDE_DOMAIN_IMAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/err.h"

#define IMAGE_TAG_MAX  128 /* bytes */
#define IMAGE_PATH_MAX 255 /* bytes, without the host */

struct image {
    const char *name;   /* host and path, as written */
    const char *tag;    /* NULL: none */
    const char *digest; /* "sha256:…"; NULL: none */
};

/* The texts live in the arena. False with an INVALID error that says which part is wrong. */
bool image_parse(struct arena *arena, const char *text, struct image *ret_image,
                 struct err *err) MUST_CHECK;

#endif
