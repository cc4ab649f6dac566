/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a migration is told by an Event: its newest transition (R9), and versions that left the
 * constraint while it runs (R22). Pure.
 */
#ifndef INTERLUDE_DOMAIN_ANNOUNCE_H
#define INTERLUDE_DOMAIN_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/types.h"

enum announcement_kind { ANNOUNCE_TRANSITION, ANNOUNCE_SKEW, ANNOUNCEMENTS_MAX };

struct announcement {
    enum announcement_kind kind;
    /* Of the Event; follows from what happened, so that a second Event of it is refused. */
    const char *name;
    bool is_warning;
    const char *reason;
    const char *message;
    int64_t at_s;
};

/*
 * What the status says that may need an Event: how many. Texts lie in the arena or are the migration's.
 * Nothing that happened longer ago than Events live (an hour, kube-apiserver --event-ttl).
 */
size_t announcements(struct arena *arena, const struct migration *migration, int64_t now_s,
                     struct announcement ret[ANNOUNCEMENTS_MAX]);

#endif
