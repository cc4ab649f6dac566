/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/leftover.h"

#include <stdbool.h>

#include "base/str.h"
#include "domain/attempt.h"
#include "domain/jobstate.h"
#include "domain/selector.h"

const char *leftover_case(enum leftover_action action)
{
    switch (action) {
    case LEFTOVER_NOTHING:
        return "L1";
    case LEFTOVER_DELETE:
        return "L2";
    case LEFTOVER_LET_GO:
        return "L3";
    }
    return "L1";
}

static bool is_claimed(const struct database *database, const char *uid, int64_t attempt)
{
    return database != NULL && database->claim.migration != NULL &&
           str_eq(database->claim.uid, uid) && database->claim.attempt == attempt;
}

/* The migration of that UID, NULL when it is gone: a new one of the same name is another. */
static const struct migration *owner_of(const struct migration *migration, const char *uid)
{
    return migration != NULL && str_eq(migration->meta.uid, uid) ? migration : NULL;
}

/* It knows what its attempts held, and whether their end is certain (R8b); it is let go last of all. */
static bool lets_go_itself(const struct migration *owner)
{
    return owner != NULL && owner->meta.has_finalizer;
}

/* The migration runs this attempt with another Job: whatever this one is, nothing will arm it. */
static bool is_another_job(const struct migration *owner, const struct job *job)
{
    const struct attempt *attempt = &owner->status.attempt;
    return attempt->number == job->attempt && !str_eq(attempt->job_uid, job->meta.uid);
}

enum leftover_action leftover_judge(const struct migration *migration,
                                    const struct database *database, const struct job *job)
{
    if (job->migration_uid == NULL || job->attempt < 1) {
        return LEFTOVER_NOTHING; /* not one of ours */
    }
    const struct migration *owner = owner_of(migration, job->migration_uid);
    bool is_closed = owner == NULL || attempt_is_closed(owner, job->attempt);
    bool is_held = is_claimed(database, job->migration_uid, job->attempt);
    /* While the claim stands its own steps deal with the Job that it names. */
    if (job_is_parked(job) && job->meta.deleted_s == 0) {
        bool is_stray = (owner != NULL && is_another_job(owner, job)) || (is_closed && !is_held);
        return is_stray ? LEFTOVER_DELETE : LEFTOVER_NOTHING;
    }
    if (job->meta.has_finalizer && job_is_over(job) && is_closed && !is_held &&
        !lets_go_itself(owner)) {
        return LEFTOVER_LET_GO;
    }
    return LEFTOVER_NOTHING;
}

enum leftover_action leftover_judge_pod(const struct migration *migration,
                                        const struct database *database, const struct pod *pod)
{
    const char *uid = pairs_get(&pod->facts.labels, LABEL_MIGRATION_UID);
    uint64_t attempt = 0;
    if (uid == NULL || !pod->meta.has_finalizer ||
        !str_parse_u64(pairs_get(&pod->facts.labels, LABEL_ATTEMPT), &attempt) || attempt < 1 ||
        attempt > INT64_MAX) {
        return LEFTOVER_NOTHING;
    }
    const struct migration *owner = owner_of(migration, uid);
    bool is_closed = owner == NULL || attempt_is_closed(owner, (int64_t)attempt);
    if (is_closed && !is_claimed(database, uid, (int64_t)attempt) && !lets_go_itself(owner)) {
        return LEFTOVER_LET_GO;
    }
    return LEFTOVER_NOTHING;
}
