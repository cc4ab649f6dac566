/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/jobstate.h"

#include <inttypes.h>

#include "base/str.h"

/* Many times what the Job controller takes from a change of a Job to its pod. */
#define POD_COMES_WITHIN_S 5

bool job_is_of(const struct job *job, const char *migration_uid, int64_t attempt)
{
    return job->migration_uid != NULL && str_eq(job->migration_uid, migration_uid) &&
           job->attempt == attempt;
}

bool job_is_parked(const struct job *job)
{
    bool has_counted_pods = job->active != 0 || job->succeeded != 0 || job->failed != 0;
    return job->parallelism == 0 && !job->meta.has_finalizer && !job->is_complete &&
           !job->is_failed && !has_counted_pods;
}

bool job_is_stopped(const struct job *job)
{
    return job->is_suspended || job->parallelism == 0;
}

const char *job_edits(struct arena *arena, const struct job *job)
{
    const char *edits = NULL;
    if (job->parallelism != 1) {
        edits = arena_printf(arena, "parallelism %" PRId64, job->parallelism);
    }
    if (job->backoff_limit != 0) {
        edits = arena_printf(arena, "%s%sbackoffLimit %" PRId64, str_or_empty(edits),
                             edits == NULL ? "" : ", ", job->backoff_limit);
    }
    return edits;
}

bool job_is_over(const struct job *job)
{
    return job->is_complete || job->is_failed || job->meta.deleted_s != 0;
}

int64_t job_pod_may_come_until_s(const struct job *job, int64_t since_s)
{
    if (job == NULL) {
        return since_s + POD_COMES_WITHIN_S;
    }
    /* At a terminal condition its controller has made up its mind. */
    return job->is_complete || job->is_failed ? 0 : job->meta.deleted_s + POD_COMES_WITHIN_S;
}
