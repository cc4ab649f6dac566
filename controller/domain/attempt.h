/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts: which number comes next, which are closed, whether another may begin, and what the end of
 * one means. The words (closed, withdrawn) are those of the run protocol, docs/protocol.md. Pure.
 */
#ifndef INTERLUDE_DOMAIN_ATTEMPT_H
#define INTERLUDE_DOMAIN_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/podstate.h"
#include "domain/types.h"

/*
 * Of an attempt, and before of the phase: nothing of it had started long after its gates were judged, and
 * they had closed. It is as good as given back: another begins when they are open.
 */
#define REASON_START_MISSED "StartMissed"

/* Attempt n can never run, or never again: it has an outcome, was withdrawn, or a later one began. */
bool attempt_is_closed(const struct migration *migration, int64_t number);

/* The number that the next attempt will have. */
int64_t attempt_next(const struct migration *migration);

/* An attempt's Job has been let go, or may have been, and its end is not recorded. */
bool attempt_is_running(const struct migration *migration);

/* The spec is another than the one that the last attempt ran. */
bool attempt_spec_changed(const struct migration *migration);

/*
 * The migration may begin an attempt, its gates permitting. Never after it succeeded; after a failed
 * attempt only when the spec changed, a retry of just this attempt was asked for, run.retries has one
 * left, or it was interrupted and run.onInterruption is Retry.
 */
bool attempt_may_begin(const struct migration *migration);

/* Anything is left to do for it: one that is finished and let go costs nothing. */
bool migration_is_unfinished(const struct migration *migration);

/*
 * When the next attempt that nobody asked for (run.retries, run.onInterruption) may begin, longer with
 * each in a row (seconds since 1970); 0: at once.
 */
int64_t attempt_not_before(const struct migration *migration);

/*
 * After attempts that were given back before they started: when the next may be claimed, longer with
 * each in a row, at most half a minute. 0, or past: at once.
 */
int64_t attempt_given_back_until(const struct migration *migration, int64_t now_s);

/* How many attempts run.retries still allows after the present one failed for this reason. */
int64_t attempt_retries_left(const struct migration *migration, const struct attempt *ended);

/*
 * run.onInterruption begins another attempt after this one. Where its end was not seen (a lost node, a Job
 * that was taken away) not before a person has confirmed it.
 */
bool attempt_is_tried_again(const struct migration *migration, const struct attempt *ended);

/* What the end of a Job and of its pods means for the attempt. */
struct attempt_end {
    const struct job *job; /* NULL: it has vanished */
    const struct run_state *run;
    bool is_noted_gone;       /* the pod that was let start is not among those of the run */
    const char *last_reason;  /* of the migration's status: why it had not started, if it had not */
    const char *last_message; /* likewise */
    enum on_interruption on_interruption;
};

/*
 * Interrupted means: cut off from outside, so that nobody knows how far it came. Its pod was disrupted
 * (evicted, preempted, drained, its node lost), deleted, or ended by the kubelet, before the containers had
 * ended by themselves; or the end of a container was not seen; or its Job was suspended by hand, deleted
 * or lost from sight. Not: an exit code that the run itself ended with, a run that could not be started,
 * and one that was ended by its own deadline. Of an attempt that has its outcome.
 */
bool attempt_was_interrupted(const struct attempt_end *end, const struct attempt *attempt);

/*
 * Fills outcome, reason, exit code, message, image and times of an attempt that has ended, and what the
 * next one must know of it. is_recovery_due is then true when the run began and was interrupted; when it
 * never began, what it was stays: what an earlier run left behind is still there.
 */
void attempt_close(struct arena *arena, const struct attempt_end *end, int64_t now_s,
                   struct attempt *attempt);

/*
 * An interruption while the namespace was being deleted: its pods go first and nothing can hold that up, so
 * what is left to say is that, and nobody is asked to confirm anything (R4, R8b).
 */
void attempt_blame_namespace(struct arena *arena, struct attempt *attempt);

/* The outcome leaves open whether a process still runs: only a person's word releases the claim. */
bool attempt_end_is_unproven(const struct attempt *attempt);

#endif
