/* SPDX-License-Identifier: Apache-2.0 */
/* What an attempt's Job says by itself; its pods are judged in podstate.h. Pure. */
#ifndef INTERLUDE_DOMAIN_JOBSTATE_H
#define INTERLUDE_DOMAIN_JOBSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/types.h"

/* activeDeadlineSeconds that ends a run of which nothing started (R4a). */
#define JOB_ENDED_DEADLINE_S 1

/* It was made for this attempt of the migration with this UID. */
bool job_is_of(const struct job *job, const char *migration_uid, int64_t attempt);

/* As it was created: it never had a pod, and has none until it is armed (step 8 of the protocol). */
bool job_is_parked(const struct job *job);

/*
 * Of a Job that was let go: somebody stopped it by hand. The Job controller lets go of the pods that it stops
 * so without counting them: whoever resumes the Job has it start the run anew.
 */
bool job_is_stopped(const struct job *job);

/* What somebody has edited by hand of a Job that was let go, "parallelism 2"; NULL: nothing. */
const char *job_edits(struct arena *arena, const struct job *job);

/* R8: at a terminal condition, or being deleted and so never to reach one. Its pods may still run. */
bool job_is_over(const struct job *job);

/*
 * Until when an attempt without any pod may still get one: the Job controller, too, acts on what it saw a
 * moment ago. job: NULL when it is gone. since_s: when the Job was let go, at the earliest.
 */
int64_t job_pod_may_come_until_s(const struct job *job, int64_t since_s);

#endif
