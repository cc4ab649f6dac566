/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/announce.h"

#include <inttypes.h>

#include "base/str.h"
#include "domain/condition.h"

#define EVENT_LIFE_S 3600

static const char *name(struct arena *arena, const struct migration *migration, const char *what,
                        int64_t at_s)
{
    char *lower = arena_strdup(arena, what);
    for (char *at = lower; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z') {
            *at = (char)(*at - 'A' + 'a');
        }
    }
    return arena_printf(arena, "%s.%.8s.%" PRId64 ".%s.%" PRIx64, migration->meta.name,
                        migration->meta.uid, migration->status.attempt.number, lower,
                        (uint64_t)at_s);
}

size_t announcements(struct arena *arena, const struct migration *migration, int64_t now_s,
                     struct announcement ret[ANNOUNCEMENTS_MAX])
{
    const struct migration_status *status = &migration->status;
    const struct condition *skew = condition_get(&status->conditions, CONDITION_VERSION_SKEW);
    size_t count = 0;

    if (skew != NULL && skew->status == CONDITION_TRUE && now_s - skew->changed_s < EVENT_LIFE_S) {
        ret[count++] = (struct announcement){
            .kind = ANNOUNCE_SKEW,
            .name = name(arena, migration, CONDITION_VERSION_SKEW, skew->changed_s),
            .is_warning = true,
            .reason = CONDITION_VERSION_SKEW,
            .message = skew->message,
            .at_s = skew->changed_s,
        };
    }
    if (status->history_count > 0) {
        const struct transition *newest = &status->history[status->history_count - 1];
        if (now_s - newest->at_s < EVENT_LIFE_S) {
            ret[count++] = (struct announcement){
                .kind = ANNOUNCE_TRANSITION,
                .name = name(arena, migration, phase_name(newest->phase), newest->at_s),
                .is_warning = newest->phase == PHASE_FAILED,
                .reason = phase_name(newest->phase),
                .message = arena_printf(arena, "%s: %s", str_or_empty(newest->reason),
                                        str_or_empty(status->message)),
                .at_s = newest->at_s,
            };
        }
    }
    return count;
}
