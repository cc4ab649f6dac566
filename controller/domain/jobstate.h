/* SPDX-License-Identifier: Apache-2.0 */
/* What an attempt's Job says by itself; its pods are judged in podstate.h. Pure. */
#ifndef INTERLUDE_DOMAIN_JOBSTATE_H
#define INTERLUDE_DOMAIN_JOBSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/types.h"

/* It was made for this attempt of the migration with this UID. */
bool job_is_of(const struct job *job, const char *migration_uid, int64_t attempt);

/* As it was created: it never had a pod, and has none until it is armed (step 8 of the protocol). */
bool job_is_parked(const struct job *job);

/* R8: at a terminal condition, or being deleted and so never to reach one. Its pods may still run. */
bool job_is_over(const struct job *job);

/*
 * Until when an attempt without any pod may still get one: the Job controller, too, acts on what it saw a
 * moment ago. job: NULL when it is gone. since_s: when the Job was let go, at the earliest.
 */
int64_t job_pod_may_come_until_s(const struct job *job, int64_t since_s);

#endif
