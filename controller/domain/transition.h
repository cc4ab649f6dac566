/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that writes status.phase: with its reason, message, history and the summary conditions
 * Ready, Reconciling and Stalled that kstatus, Flux, Argo CD and `kubectl wait` read. Pure.
 */
#ifndef INTERLUDE_DOMAIN_TRANSITION_H
#define INTERLUDE_DOMAIN_TRANSITION_H

#include "base/arena.h"
#include "domain/gates.h"
#include "domain/types.h"

/*
 * A copy of the present status that may be changed; observedGeneration is current, and specHash too
 * unless it succeeded: then it tells what did.
 */
void status_begin(struct arena *arena, const struct migration *migration,
                  struct migration_status *ret_status);

/* The gates as conditions, and what the applications run. */
void status_set_gates(struct arena *arena, struct migration_status *status,
                      const struct gates *gates, int64_t now_s);

struct move {
    enum phase phase;
    const char *reason;
    const char *message;
    bool is_accepted; /* it waits without an error: Ready where readyWhen is Accepted */
};

/* Moves to the phase: a change of phase is added to the history, once. */
void status_move(struct arena *arena, const struct migration *migration,
                 struct migration_status *status, const struct move *move, int64_t now_s);

/* How much two statuses differ. */
enum status_change {
    STATUS_SAME,
    STATUS_MINOR, /* in texts and counts alone */
    STATUS_MAJOR, /* in what somebody may wait for: phase, reason, a condition's status, an attempt */
};

enum status_change status_compare(const struct migration_status *a,
                                  const struct migration_status *b);

/* Makes room for a new attempt: the present one becomes the newest of the earlier ones. */
void status_push_attempt(struct arena *arena, struct migration_status *status,
                         const struct attempt *attempt);

#endif
