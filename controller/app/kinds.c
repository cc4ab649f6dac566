/* SPDX-License-Identifier: Apache-2.0 */
#include "app/kinds.h"

#include <stdlib.h>

#include "base/mem.h"
#include "kube/path.h"

struct known {
    struct arena arena;
    struct api_kinds kinds;
};

static void known_free(struct known *known)
{
    if (known != NULL) {
        arena_fini(&known->arena);
        free(known);
    }
}

void kinds_fini(struct kinds *kinds)
{
    size_t at = 0;
    for (struct known *known; (known = map_next(&kinds->by_version, &at, NULL)) != NULL;) {
        known_free(known);
    }
    map_fini(&kinds->by_version);
}

char *kinds_path(struct arena *arena, const char *api_version)
{
    return kube_path_text(arena, &(struct kube_path){.group_version = api_version});
}

bool kinds_learn(struct kinds *kinds, const char *api_version, const json_t *body, struct err *err)
{
    struct known *known = xcalloc(1, sizeof(*known));
    if (!api_kinds_decode(&known->arena, body, &known->kinds, err)) {
        known_free(known);
        return err_wrap(err, "the kinds of %s", api_version);
    }
    known_free(map_set(&kinds->by_version, api_version, known));
    return true;
}

void kinds_forget(struct kinds *kinds, const char *api_version)
{
    known_free(map_take(&kinds->by_version, api_version));
}

const struct api_kind *kinds_find(const struct kinds *kinds, const char *api_version,
                                  const char *kind)
{
    const struct known *known = map_get(&kinds->by_version, api_version);
    return known == NULL ? NULL : api_kinds_find(&known->kinds, kind);
}
