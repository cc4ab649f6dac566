/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the decision that lets one pod of an attempt start: steps 9a and 9b of the run protocol. It
 * is the moment that counts for R7: what was judged before is judged again when it was long ago. Pure.
 */
#ifndef INTERLUDE_DOMAIN_DECIDE_POD_H
#define INTERLUDE_DOMAIN_DECIDE_POD_H

#include <stdbool.h>

#include "domain/turn.h"

/* False: no pod waits for that, or none may start any more; the plan is as it was. */
bool decide_pod(struct turn *turn);

/* A pod may still be noted: of a Job that is neither over, nor on its way out, nor gone. */
bool decide_pod_may_note(const struct turn *turn);

/* The Job was told to end, as nothing of it had started (R4a). */
bool decide_pod_is_ending(const struct turn *turn);

/* The status says that a gate had closed before a pod was opened: none will be (R7). */
bool decide_pod_is_missed(const struct turn *turn);

/* That, or startTimeout is over: what has not started by now is not to start any more. */
bool decide_pod_is_too_late(const struct turn *turn);

/* The noted pod waits, is not to start any more, and nothing but the end of its Job takes it away. */
bool decide_pod_is_to_be_ended(const struct turn *turn);

/* When run.startTimeout is over (seconds since 1970); 0: there is none. */
int64_t decide_pod_deadline_s(const struct turn *turn);

#endif
