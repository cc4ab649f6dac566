/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/unread.h"

#include "base/str.h"

/* Roles with this label, set to "true", are the controller's own: what it may see of other kinds. */
#define LABEL_AGGREGATE "interlude.dev/aggregate-to-controller"

const char *unread_text(struct arena *arena, const char *what, enum kind_state state,
                        const char *why)
{
    if (state == KIND_FORBIDDEN) {
        return arena_printf(arena,
                            "%s cannot be read: %s; allow list and watch by a ClusterRole with "
                            "the label " LABEL_AGGREGATE ": \"true\"",
                            what, str_or_empty(why));
    }
    return arena_printf(arena, "%s cannot be read: %s", what, str_or_empty(why));
}
