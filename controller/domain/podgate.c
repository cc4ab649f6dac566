/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/podgate.h"

#include "base/str.h"

bool podgate_is_waiting(const struct pod *pod)
{
    return pod->is_gated && pod->meta.deleted_s == 0;
}

const struct pod *podgate_to_note(const struct pod *pods, size_t count)
{
    const struct pod *waiting = NULL;
    const struct pod *open = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!pods[i].is_gated && open == NULL) {
            open = &pods[i];
        } else if (podgate_is_waiting(&pods[i]) && waiting == NULL) {
            waiting = &pods[i];
        }
    }
    return waiting != NULL && open != NULL ? open : waiting;
}

const struct pod *podgate_find(const struct pod *pods, size_t count, const char *uid)
{
    for (size_t i = 0; uid != NULL && i < count; i++) {
        if (str_eq(pods[i].meta.uid, uid)) {
            return &pods[i];
        }
    }
    return NULL;
}

bool podgate_has_waiting(const struct pod *pods, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (podgate_is_waiting(&pods[i])) {
            return true;
        }
    }
    return false;
}

size_t podgate_select(struct arena *arena, const struct pod *pods, size_t count, const char *noted,
                      const struct pod **ret_pods)
{
    struct pod *selected = arena_array(arena, count, sizeof(*selected));
    size_t selected_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_noted = noted != NULL && str_eq(pods[i].meta.uid, noted);
        if (!pods[i].is_gated || is_noted) {
            selected[selected_count++] = pods[i];
        }
    }
    *ret_pods = selected_count == count ? pods : selected;
    return selected_count;
}
