/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/arena.h"
#include "base/str.h"
#include "cases.h"
#include "domain/approval.h"
#include "world.h"

#define APPROVALS_MAX 3

struct row {
    const char *name;
    enum approval_need asked; /* by a migration of step Contract */
    unsigned policy;          /* spec.approvalFor of its Database */
    bool no_database;
    struct approval approvals[APPROVALS_MAX]; /* until one without a name */
    const char *error;                        /* why they are not all known */
    /* expected */
    bool is_not_needed;
    enum condition_status status;
    const char *reason;
    const char *message;
    const char *by; /* whose approval opens the gate; NULL: nobody's */
};

#define ASKED                       .asked = APPROVAL_REQUIRED
#define OF(migration_, uid_, hash_) .migration = (migration_), .uid = (uid_), .spec_hash = (hash_)
#define FOR_IT                      OF("orders-3", UID, HASH)
#define ALICES                                                                                     \
    {                                                                                              \
        .meta = {.name = "yes", .created_s = NOW - 60}, FOR_IT, .approved_by = "alice"             \
    }
#define WHAT_TO_DO                                                                                 \
    "create a MigrationApproval with spec {migration: orders-3, uid: " UID ", specHash: \"" HASH   \
    "\", approvedBy: <your own user name>}"

static const struct row rows[] = {
    {
        .name = "nobody asks for one",
        .approvals = {ALICES},
        .error = "forbidden",
        .is_not_needed = true,
        .status = CONDITION_TRUE,
        .reason = "NotRequired",
        .message = "no approval is asked for",
    },
    {
        .name = "the policy is about other steps",
        .policy = STEP_BIT(STEP_EXPAND) | STEP_BIT(STEP_DATA),
        .is_not_needed = true,
        .status = CONDITION_TRUE,
        .reason = "NotRequired",
        .message = "no approval is asked for",
    },
    {
        .name = "none: who must do what",
        ASKED,
        .status = CONDITION_FALSE,
        .reason = "ApprovalMissing",
        .message = "needs an approval (spec.approval): " WHAT_TO_DO,
    },
    {
        .name = "the migration itself asks, and there is no Database yet",
        ASKED,
        .no_database = true,
        .status = CONDITION_FALSE,
        .reason = "ApprovalMissing",
        .message = "needs an approval (spec.approval): " WHAT_TO_DO,
    },
    {
        .name = "the Database asks whatever the migration says",
        .policy = STEP_BIT(STEP_CONTRACT),
        .status = CONDITION_FALSE,
        .reason = "ApprovalMissing",
        .message = "needs an approval (spec.approvalFor of Database orders): " WHAT_TO_DO,
    },
    {
        .name = "approved",
        ASKED,
        .approvals = {ALICES},
        .status = CONDITION_TRUE,
        .reason = "Approved",
        .message = "approved by alice (MigrationApproval yes)",
        .by = "alice",
    },
    {
        .name = "approved, with a comment",
        .policy = STEPS_ALL,
        .approvals = {{.meta = {.name = "yes"},
                       FOR_IT,
                       .approved_by = "alice",
                       .comment = "tried on the copy"}},
        .status = CONDITION_TRUE,
        .reason = "Approved",
        .message = "approved by alice (MigrationApproval yes): tried on the copy",
        .by = "alice",
    },
    {
        .name = "one that is known holds, whatever else there may be: a start reads it anew",
        ASKED,
        .approvals = {ALICES},
        .error = "forbidden",
        .status = CONDITION_TRUE,
        .reason = "Approved",
        .message = "~alice",
        .by = "alice",
    },
    {
        .name = "of several that hold the oldest is the one",
        ASKED,
        .approvals = {{.meta = {.name = "b", .created_s = NOW - 1}, FOR_IT, .approved_by = "bob"},
                      {.meta = {.name = "d", .created_s = NOW - 2}, FOR_IT, .approved_by = "dan"},
                      {.meta = {.name = "c", .created_s = NOW - 2},
                       FOR_IT,
                       .approved_by = "carol"}},
        .status = CONDITION_TRUE,
        .reason = "Approved",
        .message = "approved by carol (MigrationApproval c)",
        .by = "carol",
    },
    {
        .name = "of an earlier spec",
        ASKED,
        .approvals = {{.meta = {.name = "yes"},
                       OF("orders-3", UID, "v1:before"),
                       .approved_by = "alice"}},
        .status = CONDITION_FALSE,
        .reason = "ApprovalOutdated",
        .message = "needs an approval (spec.approval): " WHAT_TO_DO
                   "; MigrationApproval yes, given by alice, is for another spec (v1:before)",
    },
    {
        .name = "of the migration before this one",
        ASKED,
        .approvals = {{.meta = {.name = "yes"},
                       OF("orders-3", "uid-before", HASH),
                       .approved_by = "alice"}},
        .status = CONDITION_FALSE,
        .reason = "ApprovalOutdated",
        .message = "~; MigrationApproval yes, given by alice, is for another migration of this "
                   "name (uid uid-before)",
    },
    {
        .name = "with the name of another migration",
        ASKED,
        .approvals = {{.meta = {.name = "yes"}, OF("orders-4", UID, HASH), .approved_by = "alice"}},
        .status = CONDITION_FALSE,
        .reason = "ApprovalOutdated",
        .message = "~is for migration orders-4",
    },
    {
        .name = "it is being deleted",
        ASKED,
        .approvals = {{.meta = {.name = "yes", .deleted_s = NOW}, FOR_IT, .approved_by = "alice"}},
        .status = CONDITION_FALSE,
        .reason = "ApprovalRevoked",
        .message = "~; MigrationApproval yes, given by alice, is being deleted",
    },
    {
        .name = "one is being deleted, another one holds",
        ASKED,
        .approvals = {{.meta = {.name = "a", .deleted_s = NOW}, FOR_IT, .approved_by = "alice"},
                      {.meta = {.name = "b", .created_s = NOW}, FOR_IT, .approved_by = "bob"}},
        .status = CONDITION_TRUE,
        .reason = "Approved",
        .message = "approved by bob (MigrationApproval b)",
        .by = "bob",
    },
    {
        .name = "of several that do not hold the newest is named",
        ASKED,
        .approvals = {{.meta = {.name = "b", .created_s = NOW - 1},
                       OF("orders-3", UID, "v1:b"),
                       .approved_by = "bob"},
                      {.meta = {.name = "c", .created_s = NOW - 2},
                       OF("orders-3", UID, "v1:c"),
                       .approved_by = "carol"}},
        .status = CONDITION_FALSE,
        .reason = "ApprovalOutdated",
        .message = "~given by bob, is for another spec (v1:b)",
    },
    {
        .name = "nobody knows",
        ASKED,
        .error = "not installed",
        .status = CONDITION_UNKNOWN,
        .reason = "ApprovalsUnknown",
        .message = "needs an approval (spec.approval), and approvals cannot be read: not installed",
    },
};

static void test_row(void **state)
{
    const struct row *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    const struct migration migration = {
        .meta = {.ns = "shop", .name = "orders-3", .uid = UID},
        .database = "orders",
        .step = STEP_CONTRACT,
        .spec_hash = HASH,
        .approval = row->asked,
    };
    const struct database database = {.approval_for = row->policy};
    const struct approval *approvals[APPROVALS_MAX];
    struct observed seen = {
        .now_s = NOW,
        .migration = &migration,
        .database = row->no_database ? NULL : &database,
        .approvals = approvals,
        .approvals_error = row->error,
    };
    while (seen.approval_count < APPROVALS_MAX &&
           row->approvals[seen.approval_count].meta.name != NULL) {
        approvals[seen.approval_count] = &row->approvals[seen.approval_count];
        seen.approval_count++;
    }
    assert_int_equal(approval_is_needed(&migration, seen.database), !row->is_not_needed);
    struct approval_verdict verdict = approval_judge(&arena, &seen);
    assert_string_equal(condition_status_name(verdict.status), condition_status_name(row->status));
    assert_string_equal(verdict.reason, row->reason);
    assert_text(verdict.message, row->message);
    struct approval_record record = approval_record_of(verdict.approval);
    assert_text(record.by, row->by);
    assert_int_equal(record.name != NULL, row->by != NULL);
}

int main(void)
{
    return CASES_RUN("approval", rows, test_row);
}
