/* SPDX-License-Identifier: Apache-2.0 */
/* An image reference. Beyond not crashing: the parts put together again are the text. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/image.h"
#include "fuzz.h"

static void claim(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct err err = {0};
    struct image image = {0};
    const char *text = arena_strndup(&arena, size > 0 ? (const char *)data : "", size);

    if (image_parse(&arena, text, &image, &err)) {
        const char *again = arena_printf(
            &arena, "%s%s%s%s%s", image.name, image.tag == NULL ? "" : ":", str_or_empty(image.tag),
            image.digest == NULL ? "" : "@", str_or_empty(image.digest));
        claim(str_eq(again, text));
        claim(!str_is_empty(image.name) && strchr(image.name, '@') == NULL);
        claim(image.tag == NULL || strpbrk(image.tag, ":/@") == NULL);
    } else {
        claim(err.kind == ERR_INVALID && err.text[0] != '\0');
    }
    arena_fini(&arena);
    return 0;
}
