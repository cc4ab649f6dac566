/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May a run start now, as far as the clock is concerned? `notBefore`, and `window`: openings that begin at
 * the times of a schedule (domain/cron) and last for a duration of real time, so that a change of the clocks
 * makes none of them longer or shorter. Each opening stands for itself, also where two overlap or touch: what
 * must finish inside its window must finish inside one of them. Pure; the verdict says when to look again.
 */
#ifndef INTERLUDE_DOMAIN_WINDOW_H
#define INTERLUDE_DOMAIN_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "domain/timezone.h"

struct window_terms {
    int64_t not_before_s; /* 0: any time */
    const char *schedule; /* NULL: no window, and what follows says nothing */
    int64_t duration_s;
    const char *zone_name;        /* as written; NULL: UTC */
    const struct time_zone *zone; /* NULL: it could not be read, and zone_error says why */
    const char *zone_error;
    bool must_finish;  /* the rest of the opening has to be timeout_s at least */
    int64_t timeout_s; /* of the run; 0: none */
};

/*
 * An opening contains its beginning and not its end, and a run that must finish may end with it. The message
 * does not change from one second to the next, only when the verdict does.
 */
struct window_verdict {
    bool is_open;
    const char *
        reason; /* Always, Passed, Open; NotBefore, OutsideWindow, RestTooShort, WindowInvalid. Static */
    const char *message; /* one sentence; in the arena */
    int64_t wake_at_s;   /* when the verdict changes by itself; 0: never, or only by an edit */
};

struct window_verdict window_judge(struct arena *arena, const struct window_terms *terms,
                                   int64_t now_s) MUST_CHECK;

#endif
