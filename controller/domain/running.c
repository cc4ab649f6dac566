/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/running.h"

#include <string.h>

#include "base/str.h"

void running_add(struct arena *arena, struct application_status *status, const char *version)
{
    for (size_t i = 0; i < status->running_count; i++) {
        if (str_eq(status->running[i].version, version)) {
            status->running[i].pods++;
            return;
        }
    }
    struct running_version *grown = arena_array(arena, status->running_count + 1, sizeof(*grown));
    if (status->running_count > 0) {
        memcpy(grown, status->running, status->running_count * sizeof(*grown));
    }
    grown[status->running_count] = (struct running_version){.version = version, .pods = 1};
    status->running = grown;
    status->running_count++;
}

int64_t running_pods(const struct application_status *status)
{
    int64_t pods = 0;
    for (size_t i = 0; i < status->running_count; i++) {
        pods += status->running[i].pods;
    }
    return pods;
}

void running_sort(struct application_status *status)
{
    for (size_t i = 1; i < status->running_count; i++) {
        struct running_version moved = status->running[i];
        size_t at = i;
        while (at > 0 && (status->running[at - 1].pods < moved.pods ||
                          (status->running[at - 1].pods == moved.pods &&
                           strcmp(status->running[at - 1].version, moved.version) > 0))) {
            status->running[at] = status->running[at - 1];
            at--;
        }
        status->running[at] = moved;
    }
}
