/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision about a claim whose migration is gone (step 13 of the run protocol): nobody is left to
 * write an outcome to, so the Job and its pods alone tell whether the ledger moves. Pure. The cases are
 * numbered as in docs/state-machine.md.
 */
#ifndef INTERLUDE_DOMAIN_ORPHAN_H
#define INTERLUDE_DOMAIN_ORPHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/observed.h"
#include "domain/plan.h"
#include "domain/types.h"

/*
 * All borrowed. That the migration is gone (404, or another UID has its name) is the word of a read that
 * went to the server after the claim was seen: the caller makes sure.
 */
struct orphan {
    int64_t now_s;                   /* the API server's clock */
    const struct database *database; /* with the claim */

    /* The Job that carries the claim's UID and attempt as labels, or has the name that it should have. */
    enum presence job_presence;
    const struct job *job;
    bool is_job_fresh;

    const struct pod
        *pods; /* labelled with the claim's UID and attempt, whatever Job they belong to */
    size_t pod_count;
    bool are_pods_fresh;
    const char *run_container; /* NULL: as the pods themselves say */
};

/*
 * The next step: ACTION_READ_JOB, ACTION_READ_PODS, ACTION_DELETE_JOB (just the version of the Job that
 * was seen), ACTION_END_JOB, ACTION_RELEASE (with plan.passage when the run succeeded), or nothing but to wait. The plan
 * borrows from seen and from the arena.
 */
void orphan_decide(struct arena *arena, const struct orphan *seen, struct plan *ret_plan);

#endif
