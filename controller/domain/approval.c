/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/approval.h"

#include <string.h>

#include "base/str.h"

static bool is_database_policy(const struct migration *migration, const struct database *database)
{
    return database != NULL && (database->approval_for & STEP_BIT(migration->step)) != 0;
}

bool approval_is_needed(const struct migration *migration, const struct database *database)
{
    return migration->approval == APPROVAL_REQUIRED || is_database_policy(migration, database);
}

/* It is for this migration, and for the spec as it stands now. */
static bool is_current(const struct approval *approval, const struct migration *migration)
{
    return str_eq(approval->migration, migration->meta.name) &&
           str_eq(approval->uid, migration->meta.uid) &&
           str_eq(approval->spec_hash, migration->spec_hash);
}

static bool is_older(const struct approval *a, const struct approval *b)
{
    if (a->meta.created_s != b->meta.created_s) {
        return a->meta.created_s < b->meta.created_s;
    }
    return strcmp(a->meta.name, b->meta.name) < 0;
}

const struct approval *approval_find(const struct observed *seen)
{
    const struct approval *found = NULL;
    for (size_t i = 0; i < seen->approval_count; i++) {
        const struct approval *approval = seen->approvals[i];
        bool holds = is_current(approval, seen->migration) && approval->meta.deleted_s == 0;
        if (holds && (found == NULL || is_older(approval, found))) {
            found = approval;
        }
    }
    return found;
}

/* The newest of those that do not hold: what its giver believes to be enough. */
static const struct approval *find_void(const struct observed *seen)
{
    const struct approval *found = NULL;
    for (size_t i = 0; i < seen->approval_count; i++) {
        if (found == NULL || is_older(found, seen->approvals[i])) {
            found = seen->approvals[i];
        }
    }
    return found;
}

static const char *describe_void(struct arena *arena, const struct approval *approval,
                                 const struct migration *migration, const char **ret_reason)
{
    const char *what = arena_printf(arena, "MigrationApproval %s, given by %s,",
                                    approval->meta.name, approval->approved_by);
    *ret_reason = "ApprovalOutdated";
    if (!str_eq(approval->migration, migration->meta.name)) {
        return arena_printf(arena, "%s is for migration %s", what, approval->migration);
    }
    if (!str_eq(approval->uid, migration->meta.uid)) {
        return arena_printf(arena, "%s is for another migration of this name (uid %s)", what,
                            approval->uid);
    }
    if (!str_eq(approval->spec_hash, migration->spec_hash)) {
        return arena_printf(arena, "%s is for another spec (%s)", what, approval->spec_hash);
    }
    *ret_reason = "ApprovalRevoked";
    return arena_printf(arena, "%s is being deleted", what);
}

static struct approval_verdict judge_missing(struct arena *arena, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    const struct approval *other = find_void(seen);
    struct approval_verdict verdict = {.status = CONDITION_FALSE, .reason = "ApprovalMissing"};
    const char *who_asks =
        is_database_policy(migration, seen->database)
            ? arena_printf(arena, "spec.approvalFor of Database %s", migration->database)
            : "spec.approval";
    verdict.message = arena_printf(
        arena,
        "needs an approval (%s): create a MigrationApproval with spec {migration: %s, uid: %s, "
        "specHash: \"%s\", approvedBy: <your own user name>}",
        who_asks, migration->meta.name, str_or_empty(migration->meta.uid),
        str_or_empty(migration->spec_hash));
    if (other != NULL) {
        const char *why = describe_void(arena, other, migration, &verdict.reason);
        verdict.message = arena_printf(arena, "%s; %s", verdict.message, why);
    }
    if (seen->approvals_error != NULL) {
        verdict.status = CONDITION_UNKNOWN;
        verdict.reason = "ApprovalsUnknown";
        verdict.message =
            arena_printf(arena, "needs an approval (%s), and approvals cannot be read: %s",
                         who_asks, seen->approvals_error);
    }
    return verdict;
}

struct approval_verdict approval_judge(struct arena *arena, const struct observed *seen)
{
    if (!approval_is_needed(seen->migration, seen->database)) {
        return (struct approval_verdict){CONDITION_TRUE, "NotRequired", "no approval is asked for",
                                         NULL};
    }
    const struct approval *approval = approval_find(seen);
    if (approval == NULL) {
        return judge_missing(arena, seen);
    }
    bool is_explained = !str_is_empty(approval->comment);
    return (struct approval_verdict){
        CONDITION_TRUE,
        "Approved",
        arena_printf(arena, "approved by %s (MigrationApproval %s)%s%s", approval->approved_by,
                     approval->meta.name, is_explained ? ": " : "",
                     is_explained ? approval->comment : ""),
        approval,
    };
}

struct approval_record approval_record_of(const struct approval *approval)
{
    if (approval == NULL) {
        return (struct approval_record){0};
    }
    return (struct approval_record){
        .by = approval->approved_by,
        .name = approval->meta.name,
        .uid = approval->meta.uid,
    };
}
