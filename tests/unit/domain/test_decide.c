/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/arena.h"
#include "cases.h"
#include "domain/condition.h"
#include "domain/decide.h"
#include "world.h"

#define CHECKED  .dry_run.result = DRY_RUN_ACCEPTED
#define ALL_OPEN CHECKED, .are_applications_known = true

/* What a look at the server before the start shows. */
#define FRESH ALL_OPEN, .is_fresh = true

#define HELD .has_finalizer = true

/* An attempt that ended long ago. */
#define SUCCEEDED_1                                                                                \
    {                                                                                              \
        .phase = PHASE_SUCCEEDED, .reason = "Completed", .message = "done", .spec_hash = HASH,     \
        .observed_generation = 1, .attempt = {                                                     \
            .number = 1,                                                                           \
            .outcome = OUTCOME_SUCCEEDED,                                                          \
            .reason = "Completed",                                                                 \
            .to_version = "3"                                                                      \
        }                                                                                          \
    }
#define FAILED_WITH(why)                                                                           \
    {                                                                                              \
        .phase = PHASE_FAILED, .reason = (why), .message = "it failed", .observed_generation = 1,  \
        .spec_hash = HASH, .attempt = {                                                            \
            .number = 1,                                                                           \
            .outcome = OUTCOME_FAILED,                                                             \
            .reason = (why),                                                                       \
            .message = "it failed",                                                                \
            .completion_s = NOW - 5                                                                \
        }                                                                                          \
    }
#define FAILED_1 FAILED_WITH("ExitCode")

static struct condition skewed[] = {
    {CONDITION_VERSION_SKEW, CONDITION_TRUE, "VersionsIncompatible", "1.9.2 runs", 1, NOW - 1},
};
static struct transition waited[] = {{PHASE_WAITING, "NotClaimed", NOW - 9}};
static struct passage own_passage[] = {
    {.version = "3",
     .migration = "orders-3",
     .uid = "uid-before",
     .spec_hash = HASH,
     .completion_s = NOW - 86400},
};
static const char *passed_3[] = {"3"};

static const struct time_zone utc = {0};

static const char *after_2[] = {"orders-2"};
static const struct migration pending = {0};
static const struct migration *not_judged[] = {&pending};
static struct requirement secret[] = {{.api_version = "v1", .kind = "Secret", .name = "db"}};
static const struct prerequisite_seen absent[] = {{.state = PREREQUISITE_ABSENT}};
static const struct prerequisite_seen unread[] = {{.state = PREREQUISITE_UNKNOWN}};

static const struct approval approval = {.meta = {.name = "yes", .uid = "uid-yes"},
                                         .migration = "orders-3",
                                         .uid = UID,
                                         .spec_hash = HASH,
                                         .approved_by = "alice"};
static const struct approval approval_of_before = {.meta = {.name = "yes", .uid = "uid-yes"},
                                                   .migration = "orders-3",
                                                   .uid = UID,
                                                   .spec_hash = HASH2,
                                                   .approved_by = "alice"};
static const struct approval *approved[] = {&approval};
static const struct approval *approved_before[] = {&approval_of_before};

static const struct world rows[] = {
    /* ---- A: abandoned ---- */
    {
        .name = "A1 abandoned while it runs: the finalizer goes, the claim stays",
        .migration = {.meta = {HELD, .deleted_s = NOW},
                      .abandon = true,
                      .status = {.phase = PHASE_RUNNING, .attempt = {.number = 1}}},
        .claim_attempt = 1,
        .expected = {.case_id = "A1", .actions = ACTION_LET_GO_MIGRATION},
    },
    {
        .name = "A1 not while nobody deletes it",
        .migration = {.meta = {HELD},
                      .abandon = true,
                      .status = {.phase = PHASE_RUNNING, .attempt = {.number = 1}}},
        .claim_attempt = 1,
        .expected = {.case_id = "J1", .actions = ACTION_READ_JOB},
    },
    {
        .name = "A1 not twice: without finalizer the run is watched on",
        .migration = {.meta = {.deleted_s = NOW},
                      .abandon = true,
                      .status = {.phase = PHASE_RUNNING, .attempt = {.number = 1}}},
        .claim_attempt = 1,
        .expected = {.case_id = "J1", .actions = ACTION_READ_JOB},
    },
    /* ---- S: claimed, not begun ---- */
    {
        .name = "S1 claimed: look at the server first",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .seen = {ALL_OPEN},
        .expected = {.case_id = "S1", .actions = ACTION_READ_FRESH},
    },
    {
        .name = "S1 fresh but not held: the finalizer comes first",
        .claim_attempt = 1,
        .seen = {FRESH},
        .expected = {.case_id = "S1", .actions = ACTION_READ_FRESH},
    },
    {
        .name = "S5 claimed by one that is gone: its Job is checked anew, and the claim kept",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .seen = {.are_applications_known = true, .is_fresh = true},
        .expected = {.case_id = "S5", .actions = ACTION_DRY_RUN},
    },
    {
        .name = "S5 not checked and not the next: nothing is checked for it",
        .migration = {.meta = {HELD}},
        .claim_attempt = 2,
        .seen = {.are_applications_known = true, .is_fresh = true},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "NotChecked",
                     .withdrawn = 2},
    },
    {
        .name = "S2 a gate closed since: given back",
        .migration = {.meta = {HELD}, .suspend = true},
        .claim_attempt = 1,
        .seen = {FRESH},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "Suspended",
                     .withdrawn = 1,
                     .message = "changed just before the start: suspended: set spec.suspend to "
                                "false to go on",
                     .history = 1},
    },
    {
        .name = "S2 R7 the window closed since: given back",
        .migration = {.meta = {HELD}, .window = {.schedule = "0 12 * * *", .duration_s = 3600}},
        .claim_attempt = 1,
        .seen = {FRESH, .zone = &utc},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "OutsideWindow",
                     .withdrawn = 1,
                     .message = "~changed just before the start: outside its window"},
    },
    {
        .name = "S2 R7 what it comes after was deleted and created again: given back",
        .migration = {.meta = {HELD}, .after = after_2, .after_count = 1},
        .claim_attempt = 1,
        .seen = {FRESH, .dependencies = not_judged},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "DependenciesNotMet",
                     .withdrawn = 1,
                     .message = "~changed just before the start: comes after others: migration "
                                "orders-2 is not judged yet"},
    },
    {
        .name = "S2 what it requires is gone again: given back",
        .migration = {.meta = {HELD}, .requirements = secret, .requirement_count = 1},
        .claim_attempt = 1,
        .seen = {FRESH, .prerequisites = absent},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "PrerequisiteMissing",
                     .withdrawn = 1,
                     .message = "~changed just before the start: Secret db does not exist"},
    },
    {
        .name = "S2 R7 the approval was taken back: given back",
        .migration = {.meta = {HELD}, .approval = APPROVAL_REQUIRED},
        .claim_attempt = 1,
        .seen = {FRESH},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "ApprovalMissing",
                     .withdrawn = 1,
                     .message = "~changed just before the start: needs an approval"},
    },
    {
        .name = "S2 R7 the approval is for a spec that was edited since: given back",
        .migration = {.meta = {HELD}, .approval = APPROVAL_REQUIRED},
        .claim_attempt = 1,
        .seen = {FRESH, .approvals = approved_before, .approval_count = 1},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "ApprovalOutdated",
                     .withdrawn = 1,
                     .message = "~given by alice, is for another spec"},
    },
    {
        .name = "S2 R7 edited and approved since the claim: what was claimed does not run",
        .migration = {.meta = {HELD, .generation = 2},
                      .spec_hash = HASH2,
                      .approval = APPROVAL_REQUIRED},
        .claim_attempt = 1,
        .seen = {FRESH, .approvals = approved_before, .approval_count = 1},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "GivenBack",
                     .withdrawn = 1,
                     .message = "the spec was edited after the database was claimed"},
    },
    {
        .name = "S2 gates not known: given back",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .seen = {CHECKED, .is_fresh = true},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "NotChecked",
                     .withdrawn = 1},
    },
    {
        .name = "S2 being deleted: given back",
        .migration = {.meta = {.deleted_s = NOW}},
        .claim_attempt = 1,
        .seen = {FRESH},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "GivenBack",
                     .withdrawn = 1,
                     .message = "the migration is being deleted"},
    },
    {
        .name = "S2 edited after the claim: given back",
        .migration = {.meta = {HELD, .generation = 2}, .spec_hash = HASH2},
        .claim_attempt = 1,
        .seen = {FRESH},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "GivenBack",
                     .withdrawn = 1,
                     .message = "the spec was edited after the database was claimed"},
    },
    {
        .name = "S2 not the next attempt: given back",
        .migration = {.meta = {HELD}},
        .claim_attempt = 2,
        .seen = {FRESH},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "GivenBack",
                     .withdrawn = 2,
                     .message = "~not the next one"},
    },
    {
        .name = "S2 failed, and nobody asks for another: it stays Failed",
        .migration = {.meta = {HELD}, .status = FAILED_1},
        .claim_attempt = 2,
        .seen = {FRESH},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_FAILED,
                     .reason = "ExitCode",
                     .withdrawn = 2,
                     .attempt = 1,
                     .message = "it failed",
                     .outcome = OUTCOME_FAILED},
    },
    {
        .name = "S2 R3 nothing overwrites Succeeded",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .claim_attempt = 2,
        .seen = {FRESH},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_SUCCEEDED,
                     .reason = "Completed",
                     .withdrawn = 2,
                     .attempt = 1,
                     .message = "done",
                     .outcome = OUTCOME_SUCCEEDED},
    },
    {
        .name = "S2 another's Job has the name",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .seen = {FRESH, .job_name_taken = "orders-of-old"},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "JobNameTaken",
                     .withdrawn = 1,
                     .message = "the name of the Job is taken by orders-of-old"},
    },
    {
        .name = "S2 a Job of another migration's UID has the name",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .job = {.migration_uid = "uid-x", .migration = "orders-old"},
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT, .is_job_fresh = true},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "JobNameTaken",
                     .withdrawn = 1,
                     .message = "~taken by orders-old"},
    },
    {
        .name = "S2 the Job of this name ran another spec",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .job = {.spec_hash = HASH2},
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT, .is_job_fresh = true},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "JobNameTaken",
                     .withdrawn = 1},
    },
    {
        .name = "S2 R1 the Job of this name is not parked: never used",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .job = {.parallelism = 1},
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT, .is_job_fresh = true},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "JobNameTaken",
                     .withdrawn = 1},
    },
    {
        .name = "S2 the parked Job is being deleted: it could never be armed",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .job = {.meta = {.deleted_s = NOW}},
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT, .is_job_fresh = true},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "JobNameTaken",
                     .withdrawn = 1},
    },
    {
        .name = "S2 the Job was refused",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .seen = {FRESH, .job_refused = "exceeded quota"},
        .expected = {.case_id = "S2",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "JobRefused",
                     .withdrawn = 1,
                     .message = "the Job was refused: exceeded quota"},
    },
    {
        .name = "S3 all holds: the Job is made, parked",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .seen = {FRESH},
        .expected = {.case_id = "S3", .actions = ACTION_CREATE_JOB},
    },
    {
        .name = "S4 the Job is parked: Running is written with its UID",
        .migration = {.meta = {HELD}},
        .claim_attempt = 1,
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT, .is_job_fresh = true},
        .expected = {.case_id = "S4",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1,
                     .history = 1,
                     .message = "attempt 1 starts as Job " JOB},
    },
    {
        .name = "S4 approved: the attempt keeps by whom",
        .migration = {.meta = {HELD}, .approval = APPROVAL_REQUIRED},
        .claim_attempt = 1,
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT, .is_job_fresh = true,
                 .approvals = approved, .approval_count = 1},
        .expected = {.case_id = "S4",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1,
                     .approved_by = "alice",
                     .message = "attempt 1 starts as Job " JOB ", approved by alice"},
    },
    {
        .name = "S4 a retry: the attempt before moves to the earlier ones",
        .migration = {.meta = {HELD}, .retry = 1, .status = FAILED_1},
        .claim_attempt = 2,
        .job = {.attempt = 2, .meta = {.name = "orders-3-uid-m-2", .uid = "uid-j2"}},
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT, .is_job_fresh = true},
        .expected = {.case_id = "S4",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 2,
                     .message = "attempt 2 starts as Job orders-3-uid-m-2"},
    },
    {
        .name = "S4 the Event of the transition before is not forgotten",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_WAITING, .history = waited, .history_count = 1}},
        .claim_attempt = 1,
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT, .is_event_due = true},
        .expected = {.case_id = "S4",
                     .actions = ACTION_WRITE_STATUS | ACTION_RECORD_EVENT,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1,
                     .history = 2},
    },
    /* ---- C: claimed, closed ---- */
    {
        .name = "C1 R6 succeeded: released, and the ledger moves in the same write",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .claim_attempt = 1,
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE, .version = "3"},
    },
    {
        .name = "C1 edited since: the ledger says what ran",
        .migration = {.meta = {HELD, .generation = 2},
                      .to_version = "9",
                      .spec_hash = HASH2,
                      .status = SUCCEEDED_1},
        .claim_attempt = 1,
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE, .version = "3"},
    },
    {
        .name = "C1 edited since, and only the Job knows what ran",
        .migration = {.meta = {HELD, .generation = 2},
                      .to_version = "9",
                      .spec_hash = HASH2,
                      .status = {.phase = PHASE_SUCCEEDED,
                                 .attempt = {.number = 1, .outcome = OUTCOME_SUCCEEDED}}},
        .claim_attempt = 1,
        .job = {.to_version = "3"},
        .seen = {.job_presence = PRESENCE_PRESENT},
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE, .version = "3"},
    },
    {
        .name = "C1 edited since, and the Job is another's: the ledger does not guess",
        .migration = {.meta = {HELD, .generation = 2},
                      .to_version = "9",
                      .spec_hash = HASH2,
                      .status = {.phase = PHASE_SUCCEEDED,
                                 .attempt = {.number = 1, .outcome = OUTCOME_SUCCEEDED}}},
        .claim_attempt = 1,
        .job = {.to_version = "8", .meta = {.uid = "uid-x"}},
        .seen = {.job_presence = PRESENCE_PRESENT},
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE},
    },
    {
        .name = "C1 not edited: the spec tells the version",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_SUCCEEDED,
                                 .attempt = {.number = 1, .outcome = OUTCOME_SUCCEEDED}}},
        .claim_attempt = 1,
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE, .version = "3"},
    },
    {
        .name = "C1 failed: released, the ledger stays",
        .migration = {.meta = {HELD}, .status = FAILED_1},
        .claim_attempt = 1,
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE},
    },
    {
        .name = "C1 withdrawn: released, the ledger stays",
        .migration = {.meta = {HELD}, .status = {.phase = PHASE_WAITING, .withdrawn = 1}},
        .claim_attempt = 1,
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE},
    },
    {
        .name = "C1 an older attempt's claim is released without the success of a later one",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_SUCCEEDED,
                                 .attempt = {.number = 2, .outcome = OUTCOME_SUCCEEDED}}},
        .claim_attempt = 1,
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE},
    },
    {
        .name = "C2 R8b the end is not proven: the claim stays",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_LOST,
        .expected = {.case_id = "C2"},
    },
    {
        .name = "C2 R8b nor when it is being deleted alone",
        .migration = {.meta = {HELD, .deleted_s = NOW}, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_LOST,
        .expected = {.case_id = "C2"},
    },
    {
        .name = "C2 R8b nor by what another pod did, whose gate was taken off by hand",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_FAILED,
                                 .attempt = {.number = 1,
                                             .outcome = OUTCOME_FAILED,
                                             .reason = "PodVanished",
                                             .pod_uid = POD_UID}}},
        .claim_attempt = 1,
        .second = POD_SUCCEEDED,
        .seen = {.are_pods_fresh = true},
        .expected = {.case_id = "C2"},
    },
    {
        .name = "C5 deleted: with its namespace?",
        .migration = {.meta = {HELD, .deleted_s = NOW}, .status = FAILED_WITH("EndUnproven")},
        .namespace_not_read = true,
        .claim_attempt = 1,
        .pod = POD_LOST,
        .expected = {.case_id = "C5", .actions = ACTION_READ_NAMESPACE},
    },
    {
        .name = "C2 R8b but of a Database that stays",
        .migration = {.meta = {HELD, .deleted_s = NOW},
                      .database_ns = "data",
                      .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_LOST,
        .seen = {.namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "C2"},
    },
    {
        .name = "C1 R4 with its namespace nothing can hold the claim",
        .migration = {.meta = {HELD, .deleted_s = NOW}, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_LOST,
        .seen = {.namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE},
    },
    {
        .name = "C2 R8b nor when the pod was taken away",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("PodVanished")},
        .claim_attempt = 1,
        .seen = {.are_pods_fresh = true},
        .expected = {.case_id = "C2"},
    },
    {
        .name = "C2 R8b nor without any pod",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .seen = {.are_pods_fresh = true},
        .expected = {.case_id = "C2"},
    },
    {
        .name = "C2 R8b another attempt's confirmation counts for nothing",
        .migration = {.meta = {HELD}, .confirm_ended = 2, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_LOST,
        .expected = {.case_id = "C2"},
    },
    {
        .name = "C2 meanwhile the Event is recorded",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_LOST,
        .seen = {.is_event_due = true},
        .expected = {.case_id = "E1", .actions = ACTION_RECORD_EVENT},
    },
    {
        .name = "C1 R8b a person says that it has ended",
        .migration = {.meta = {HELD}, .confirm_ended = 1, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_LOST,
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE},
    },
    {
        .name = "C1 R8b the node came back and proves it: no ledger all the same",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_SUCCEEDED,
        .seen = {.are_pods_fresh = true},
        .expected = {.case_id = "C1", .actions = ACTION_RELEASE},
    },
    {
        .name = "C4 R8b a late proof is read from the server",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .claim_attempt = 1,
        .pod = POD_FAILED,
        .expected = {.case_id = "C4", .actions = ACTION_READ_PODS},
    },
    {
        .name = "C3 edited since, the Job not seen: it is read for its version",
        .migration = {.meta = {HELD, .generation = 2},
                      .to_version = "9",
                      .spec_hash = HASH2,
                      .status = {.phase = PHASE_SUCCEEDED,
                                 .attempt = {.number = 1, .outcome = OUTCOME_SUCCEEDED}}},
        .claim_attempt = 1,
        .expected = {.case_id = "C3", .actions = ACTION_READ_JOB},
    },
    /* ---- F: finished, or deleted ---- */
    {
        .name = "F1 nothing is let go on a cache's word that the claim is released",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .has_pod_finalizer = true,
        .pod = POD_SUCCEEDED,
        .seen = {.is_database_cached = true},
        .expected = {.case_id = "F1", .actions = ACTION_READ_DATABASE},
    },
    {
        .name = "F2 the pods first",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .job = {.meta = {HELD}, .is_complete = true},
        .has_pod_finalizer = true,
        .pod = POD_SUCCEEDED,
        .seen = {.job_presence = PRESENCE_PRESENT},
        .expected = {.case_id = "F2", .actions = ACTION_LET_GO_PODS},
    },
    {
        .name = "F3 then the Job",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .job = {.meta = {HELD}, .is_complete = true},
        .pod = POD_SUCCEEDED,
        .seen = {.job_presence = PRESENCE_PRESENT},
        .expected = {.case_id = "F3", .actions = ACTION_LET_GO_JOB},
    },
    {
        .name = "E1 then the Event",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .seen = {.is_event_due = true},
        .expected = {.case_id = "E1", .actions = ACTION_RECORD_EVENT},
    },
    {
        .name = "F1 before the next attempt: not on a cache's word either",
        .migration = {.retry = 1, .status = FAILED_1},
        .database = {.meta = {HELD}},
        .job = {.meta = {HELD}, .is_failed = true},
        .has_pod_finalizer = true,
        .pod = POD_FAILED,
        .seen = {ALL_OPEN, .job_presence = PRESENCE_PRESENT, .is_database_cached = true},
        .expected = {.case_id = "F1", .actions = ACTION_READ_DATABASE},
    },
    {
        .name = "F2 the failed attempt's pods, before the next one begins",
        .migration = {.retry = 1, .status = FAILED_1},
        .database = {.meta = {HELD}},
        .job = {.meta = {HELD}, .is_failed = true},
        .has_pod_finalizer = true,
        .pod = POD_FAILED,
        .seen = {ALL_OPEN, .job_presence = PRESENCE_PRESENT},
        .expected = {.case_id = "F2", .actions = ACTION_LET_GO_PODS},
    },
    {
        .name = "F3 and its Job",
        .migration = {.retry = 1, .status = FAILED_1},
        .database = {.meta = {HELD}},
        .job = {.meta = {HELD}, .is_failed = true},
        .has_pod_finalizer = false,
        .pod = POD_FAILED,
        .seen = {ALL_OPEN, .job_presence = PRESENCE_PRESENT},
        .expected = {.case_id = "F3", .actions = ACTION_LET_GO_JOB},
    },
    {
        .name = "F4 the migration last",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .job = {.is_complete = true},
        .seen = {.job_presence = PRESENCE_PRESENT},
        .expected = {.case_id = "F4", .actions = ACTION_LET_GO_MIGRATION},
    },
    {
        .name = "F9 its Job is in no cache: it may have lost its labels, and has our finalizer",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .expected = {.case_id = "F9", .actions = ACTION_READ_JOB},
    },
    {
        .name = "F4 its Job is gone, says the server",
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .seen = {.job_presence = PRESENCE_ABSENT},
        .expected = {.case_id = "F4", .actions = ACTION_LET_GO_MIGRATION},
    },
    {
        .name = "F4 a deleted one that never ran",
        .migration = {.meta = {HELD, .deleted_s = NOW}},
        .expected = {.case_id = "F4", .actions = ACTION_LET_GO_MIGRATION},
    },
    {
        .name = "F5 the edit that asked for another attempt was taken back: Failed again",
        .migration = {.meta = {.generation = 3},
                      .status = {.phase = PHASE_WAITING,
                                 .reason = "Suspended",
                                 .observed_generation = 2,
                                 .attempt = {.number = 1,
                                             .outcome = OUTCOME_FAILED,
                                             .reason = "Evicted",
                                             .message = "cut off"}}},
        .expected = {.case_id = "F5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_FAILED,
                     .reason = "Evicted",
                     .message = "cut off",
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED},
    },
    {
        .name = "F6 succeeded: nothing, for ever",
        .migration = {.status = SUCCEEDED_1},
        .expected = {.case_id = "F6"},
    },
    {
        .name = "F6 R3 a retry asked of a success is nothing",
        .migration = {.retry = 1, .status = SUCCEEDED_1},
        .expected = {.case_id = "F6"},
    },
    {
        .name = "F6 failed: nothing until somebody acts",
        .migration = {.status = FAILED_1},
        .expected = {.case_id = "F6"},
    },
    {
        .name = "F6 a retry asked of another attempt is nothing",
        .migration = {.retry = 2, .status = FAILED_1},
        .expected = {.case_id = "F6"},
    },
    {
        .name = "F6 another hash of the same generation is no edit",
        .migration = {.spec_hash = "v2:one", .status = FAILED_1},
        .expected = {.case_id = "F6"},
    },
    {
        .name = "F7 R3 edited after success: only said",
        .migration = {.meta = {.generation = 2}, .spec_hash = HASH2, .status = SUCCEEDED_1},
        .expected = {.case_id = "F7",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_SUCCEEDED,
                     .reason = "Completed",
                     .message = "done",
                     .attempt = 1,
                     .outcome = OUTCOME_SUCCEEDED},
    },
    {
        .name = "F7 an edit without effect on a failed one: the generation follows",
        .migration = {.meta = {.generation = 2}, .status = FAILED_1},
        .expected = {.case_id = "F7",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_FAILED,
                     .reason = "ExitCode",
                     .message = "it failed",
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED},
    },
    {
        .name = "F10 R8b the claim is gone, the end is not proven: nothing is let go",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .has_pod_finalizer = true,
        .pod = POD_LOST,
        .seen = {.are_pods_fresh = true},
        .expected = {.case_id = "F10"},
    },
    {
        .name = "E1 F10 meanwhile the Event is recorded",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .has_pod_finalizer = true,
        .pod = POD_LOST,
        .seen = {.is_event_due = true},
        .expected = {.case_id = "E1", .actions = ACTION_RECORD_EVENT},
    },
    {
        .name = "F7 F10 and the generation follows",
        .migration = {.meta = {HELD, .generation = 2}, .status = FAILED_WITH("EndUnproven")},
        .pod = POD_LOST,
        .expected = {.case_id = "F7",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_FAILED,
                     .reason = "EndUnproven",
                     .message = "it failed",
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED},
    },
    {
        .name = "F10 R8b what the cache does not show is asked for",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .expected = {.case_id = "F10", .actions = ACTION_READ_PODS},
    },
    {
        .name = "F10 R4 deleted: with its namespace?",
        .migration = {.meta = {HELD, .deleted_s = NOW}, .status = FAILED_WITH("EndUnproven")},
        .namespace_not_read = true,
        .has_pod_finalizer = true,
        .pod = POD_LOST,
        .expected = {.case_id = "F10", .actions = ACTION_READ_NAMESPACE},
    },
    {
        .name = "F10 deleted alone: it waits for the proof",
        .migration = {.meta = {HELD, .deleted_s = NOW}, .status = FAILED_WITH("EndUnproven")},
        .has_pod_finalizer = true,
        .pod = POD_LOST,
        .expected = {.case_id = "F10"},
    },
    {
        .name = "F2 R4 with its namespace nothing can hold the pods",
        .migration = {.meta = {HELD, .deleted_s = NOW}, .status = FAILED_WITH("EndUnproven")},
        .has_pod_finalizer = true,
        .pod = POD_LOST,
        .seen = {.namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "F2", .actions = ACTION_LET_GO_PODS},
    },
    {
        .name = "F2 R8b a person says that it has ended",
        .migration = {.meta = {HELD}, .confirm_ended = 1, .status = FAILED_WITH("EndUnproven")},
        .has_pod_finalizer = true,
        .pod = POD_LOST,
        .expected = {.case_id = "F2", .actions = ACTION_LET_GO_PODS},
    },
    {
        .name = "F2 R8b the node came back and proves it",
        .migration = {.meta = {HELD}, .status = FAILED_WITH("EndUnproven")},
        .has_pod_finalizer = true,
        .pod = POD_FAILED,
        .seen = {.are_pods_fresh = true},
        .expected = {.case_id = "F2", .actions = ACTION_LET_GO_PODS},
    },
    {
        .name = "F8 deleted, and others hold it",
        .migration = {.meta = {.deleted_s = NOW}},
        .expected = {.case_id = "F8"},
    },
    {
        .name = "F8 being deleted it never begins",
        .migration = {.meta = {.deleted_s = NOW}, .retry = 1, .status = FAILED_1},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "F8"},
    },
    /* ---- W: waiting ---- */
    {
        .name = "W1 R3 it comes back without its status: AlreadyApplied",
        .database = {.version = "3",
                     .passed = passed_3,
                     .passed_count = 1,
                     .history = own_passage,
                     .history_count = 1},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W1",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_SUCCEEDED,
                     .reason = "AlreadyApplied",
                     .message = "~database orders was brought to version 3 by this migration at "},
    },
    {
        .name = "W7 R3 the ledger is read first: a cache may show one that was replaced",
        .database = {.version = "3",
                     .passed = passed_3,
                     .passed_count = 1,
                     .history = own_passage,
                     .history_count = 1},
        .seen = {ALL_OPEN, .is_database_cached = true},
        .expected = {.case_id = "W7", .actions = ACTION_READ_DATABASE},
    },
    {
        .name = "W5 R3 with another spec it is not the same: VersionTaken",
        .migration = {.spec_hash = HASH2, .meta = {.name = "orders-3b"}},
        .database = {.meta = {HELD},
                     .version = "3",
                     .passed = passed_3,
                     .passed_count = 1,
                     .history = own_passage,
                     .history_count = 1},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "VersionTaken",
                     .message = "database orders has passed version 3 already, by migration "
                                "orders-3: give this migration a toVersion of its own"},
    },
    {
        .name = "W5 R3 named in the history but not passed: not applied",
        .database = {.meta = {HELD},
                     .version = "2",
                     .history = own_passage,
                     .history_count = 1,
                     .claim = {"other", "uid-o", 1, HASH, NOW - 1, NULL}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "DatabaseBusy",
                     .is_ready = true},
    },
    {
        .name = "W2 the dry run, and the Database that is missing",
        .no_database = true,
        .expected = {.case_id = "W2", .actions = ACTION_DRY_RUN | ACTION_CREATE_DATABASE},
    },
    {
        .name = "W2 the Database is held before it can be claimed",
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W2", .actions = ACTION_HOLD_DATABASE},
    },
    {
        .name = "W2 refused for a time, and the time has come",
        .database = {.meta = {HELD}},
        .seen = {.are_applications_known = true,
                 .dry_run = {DRY_RUN_LATER, "Forbidden", "no", NOW}},
        .expected = {.case_id = "W2", .actions = ACTION_DRY_RUN},
    },
    {
        .name = "W3 young, and the watches have not told all",
        .migration = {.meta = {.created_s = NOW - 4}},
        .database = {.meta = {HELD}},
        .seen = {CHECKED},
        .expected = {.case_id = "W3", .wake_at_s = NOW + 1},
    },
    {
        .name = "W3 old, but the watches have only just begun",
        .database = {.meta = {HELD}},
        .seen = {CHECKED, .unknown_since_s = NOW - 1},
        .expected = {.case_id = "W3", .wake_at_s = NOW + 4},
    },
    {
        .name = "W3 the watch on what it requires has only just begun",
        .migration = {.requirements = secret, .requirement_count = 1},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN, .prerequisites = unread, .are_prerequisites_unread = true,
                 .unknown_since_s = NOW - 1},
        .expected = {.case_id = "W3", .wake_at_s = NOW + 4},
    },
    {
        .name = "W5 what it requires is not there",
        .migration = {.requirements = secret, .requirement_count = 1},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN, .prerequisites = absent},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "PrerequisiteMissing"},
    },
    {
        .name = "W5 a watch that never tells is told",
        .database = {.meta = {HELD}},
        .seen = {CHECKED, .unknown_since_s = NOW - 5},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "NotChecked"},
    },
    {
        .name = "W4 all gates open, the database free, first in the queue: claimed",
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W4", .actions = ACTION_CLAIM, .is_ready = true},
    },
    {
        .name = "W4 a retry of just this attempt",
        .migration = {.retry = 1, .status = FAILED_1},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W4", .actions = ACTION_CLAIM, .is_ready = true},
    },
    {
        .name = "W4 failed, and the spec was edited",
        .migration = {.meta = {.generation = 2}, .spec_hash = HASH2, .status = FAILED_1},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W4", .actions = ACTION_CLAIM, .is_ready = true},
    },
    {
        .name = "W5 R2 another holds the database",
        .database = {.meta = {HELD}, .claim = {"orders-2", "uid-2", 1, HASH, NOW - 1, NULL}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "DatabaseBusy",
                     .is_ready = true},
    },
    {
        .name = "W5 not first in the queue",
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN, .queue_place = 1, .queue_ahead = "orders-2"},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "Queued",
                     .message = "place 2 in the queue, behind orders-2",
                     .is_ready = true},
    },
    {
        .name = "W5 the Database is being deleted: not claimed",
        .database = {.meta = {HELD, .deleted_s = NOW}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "DatabaseDeleted",
                     .is_ready = true},
    },
    {
        .name = "W5 a closed gate",
        .migration = {.suspend = true},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "Suspended",
                     .message = "suspended: set spec.suspend to false to go on",
                     .history = 1},
    },
    {
        .name = "W5 what it comes after is missing: no time tells when it comes",
        .migration = {.after = after_2, .after_count = 1},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN, .dependencies = (const struct migration *[]){NULL}},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "DependencyMissing",
                     .message = "comes after others: migration orders-2 does not exist"},
    },
    {
        .name = "W5 not approved: no time tells when it will be",
        .migration = {.approval = APPROVAL_REQUIRED},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN, .approvals = approved_before, .approval_count = 1},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "ApprovalOutdated",
                     .message = "~needs an approval (spec.approval): create a MigrationApproval"},
    },
    {
        .name = "W5 the Database wants an approval of this step",
        .database = {.meta = {HELD}, .approval_for = STEPS_ALL},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "ApprovalMissing",
                     .message = "~needs an approval (spec.approvalFor of Database orders): create"},
    },
    {
        .name = "W5 not its time yet: looks again then",
        .migration = {.not_before_s = NOW + 60},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "NotBefore",
                     .message = "not before 1970-01-12T13:47:40Z",
                     .wake_at_s = NOW + 60},
    },
    {
        .name = "W4 its time has come",
        .migration = {.not_before_s = NOW},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W4", .actions = ACTION_CLAIM, .is_ready = true},
    },
    {
        .name =
            "W5 another holds the database: its place in the queue is lost when the window closes",
        .migration = {.window = {.schedule = "0 13 * * *", .duration_s = 3600}},
        .database = {.meta = {HELD}, .claim = {"orders-2", "uid-2", 1, HASH, NOW - 1, NULL}},
        .seen = {ALL_OPEN, .zone = &utc},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "DatabaseBusy",
                     .is_ready = true,
                     .wake_at_s = NOW + 800},
    },
    {
        .name = "W5 the nearest of two times",
        .migration = {.not_before_s = NOW + 60},
        .database = {.meta = {HELD}},
        .seen = {.are_applications_known = true,
                 .dry_run = {DRY_RUN_LATER, "Forbidden", "exceeded quota", NOW + 30}},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "Forbidden",
                     .wake_at_s = NOW + 30},
    },
    {
        .name = "W5 refused for a time: looks again then",
        .database = {.meta = {HELD}},
        .seen = {.are_applications_known = true,
                 .dry_run = {DRY_RUN_LATER, "Forbidden", "exceeded quota", NOW + 30}},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "Forbidden",
                     .message = "exceeded quota",
                     .wake_at_s = NOW + 30},
    },
    {
        .name = "W5 its own retry waits its time",
        .migration = {.retries = 1,
                      .status = {.phase = PHASE_WAITING,
                                 .reason = "RetryBackoff",
                                 .attempt = {.number = 1,
                                             .outcome = OUTCOME_FAILED,
                                             .reason = "ExitCode",
                                             .message = "exit 3",
                                             .completion_s = NOW - 4}}},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W5",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "RetryBackoff",
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED,
                     .message = "exit 3; attempt 2 may begin at 1970-01-12T13:46:46Z",
                     .wake_at_s = NOW + 6},
    },
    {
        .name = "W4 its own retry, when the time has come",
        .migration = {.retries = 1,
                      .status = {.phase = PHASE_WAITING,
                                 .reason = "RetryBackoff",
                                 .attempt = {.number = 1,
                                             .outcome = OUTCOME_FAILED,
                                             .reason = "ExitCode",
                                             .completion_s = NOW - 10}}},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W4", .actions = ACTION_CLAIM, .is_ready = true},
    },
    {
        .name = "W6 just given back: not at once again",
        .migration = {.status = {.phase = PHASE_WAITING,
                                 .withdrawn = 1,
                                 .withdrawn_s = NOW - 1,
                                 .observed_generation = 1}},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W6", .wake_at_s = NOW + 1},
    },
    {
        .name = "W6 and longer with each in a row",
        .migration = {.status = {.phase = PHASE_WAITING,
                                 .withdrawn = 4,
                                 .withdrawn_s = NOW - 1,
                                 .observed_generation = 1}},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W6", .wake_at_s = NOW + 15},
    },
    {
        .name = "W4 given back, and the spec was edited: at once",
        .migration = {.meta = {.generation = 2},
                      .spec_hash = HASH2,
                      .status = {.phase = PHASE_WAITING,
                                 .withdrawn = 1,
                                 .withdrawn_s = NOW - 1,
                                 .observed_generation = 1}},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W4", .actions = ACTION_CLAIM, .is_ready = true},
    },
    {
        .name = "W8 R8b a retry of what may still run, its claim taken away: nothing begins",
        .migration = {.meta = {HELD}, .retry = 1, .status = FAILED_WITH("EndUnproven")},
        .database = {.meta = {HELD}},
        .has_pod_finalizer = true,
        .pod = POD_LOST,
        .seen = {ALL_OPEN, .are_pods_fresh = true},
        .expected = {.case_id = "W8",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "EndUnproven",
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED,
                     .message = "attempt 2 waits, although the claim of attempt 1 is gone: "
                                "it failed"},
    },
    {
        .name = "W8 R8b nor after an edit, its Database deleted: none is made",
        .migration = {.meta = {HELD, .generation = 2},
                      .spec_hash = HASH2,
                      .status = FAILED_WITH("EndUnproven")},
        .no_database = true,
        .pod = POD_LOST,
        .expected = {.case_id = "W8",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "EndUnproven",
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED},
    },
    {
        .name = "W8 R8b another attempt's confirmation counts for nothing",
        .migration =
            {.meta = {HELD}, .retry = 1, .confirm_ended = 2, .status = FAILED_WITH("EndUnproven")},
        .database = {.meta = {HELD}},
        .pod = POD_LOST,
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W8",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .reason = "EndUnproven",
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED},
    },
    {
        .name = "W8 R8b the cache shows no pod: the server is asked",
        .migration = {.retry = 1, .status = FAILED_WITH("EndUnproven")},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W8", .actions = ACTION_READ_PODS},
    },
    {
        .name = "W8 R8b a late proof is read from the server",
        .migration = {.retry = 1, .status = FAILED_WITH("EndUnproven")},
        .database = {.meta = {HELD}},
        .pod = POD_FAILED,
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W8", .actions = ACTION_READ_PODS},
    },
    {
        .name = "W4 R8b proven late, and let go: the next one may begin",
        .migration = {.retry = 1, .status = FAILED_WITH("EndUnproven")},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN, .are_pods_fresh = true},
        .expected = {.case_id = "W4", .actions = ACTION_CLAIM, .is_ready = true},
    },
    {
        .name = "W4 R8b a person says that it has ended",
        .migration = {.retry = 1, .confirm_ended = 1, .status = FAILED_WITH("EndUnproven")},
        .database = {.meta = {HELD}},
        .pod = POD_LOST,
        .seen = {ALL_OPEN},
        .expected = {.case_id = "W4", .actions = ACTION_CLAIM, .is_ready = true},
    },
};

/* The claim names what was judged, and nothing else. */
static void test_claim(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {
        .migration = {.retry = 1, .status = FAILED_1},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
    };
    world.migration.status.withdrawn = 4;
    struct observed seen = world_see(&arena, &world);
    struct plan plan;
    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, "W4");
    assert_string_equal(plan.claim.migration, "orders-3");
    assert_string_equal(plan.claim.uid, UID);
    assert_string_equal(plan.claim.spec_hash, HASH);
    assert_int_equal(plan.claim.attempt, 5);
    assert_int_equal(plan.claim.since_s, NOW);
    arena_fini(&arena);
}

static void test_running_record(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {
        .migration = {.meta = {HELD, .generation = 7}, .retry = 1, .status = FAILED_1},
        .claim_attempt = 2,
        .job = {.attempt = 2, .meta = {.name = "job-2", .uid = "uid-j2"}},
        .seen = {FRESH, .job_presence = PRESENCE_PRESENT},
    };
    world.migration.status.attempt.is_recovery_due = true;
    world.migration.status.conditions = (struct conditions){skewed, 1};
    struct observed seen = world_see(&arena, &world);
    struct plan plan;
    decide(&arena, &seen, &plan);
    const struct attempt *attempt = &plan.status.attempt;
    assert_true(attempt->is_recovery_due);
    assert_null(condition_get(&plan.status.conditions, CONDITION_VERSION_SKEW));
    assert_int_equal(attempt->number, 2);
    assert_int_equal(attempt->generation, 7);
    assert_int_equal(attempt->start_s, NOW);
    assert_string_equal(attempt->spec_hash, HASH);
    assert_string_equal(attempt->to_version, "3");
    assert_string_equal(attempt->job, "job-2");
    assert_string_equal(attempt->job_uid, "uid-j2");
    assert_int_equal(plan.status.attempt_count, 1);
    assert_int_equal(plan.status.attempts[0].number, 1);
    arena_fini(&arena);
}

static void test_passage(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {
        .migration = {.meta = {HELD}, .status = SUCCEEDED_1},
        .claim_attempt = 1,
    };
    world.migration.status.attempt.completion_s = NOW - 3;
    struct observed seen = world_see(&arena, &world);
    struct plan plan;
    decide(&arena, &seen, &plan);
    assert_non_null(plan.passage);
    assert_string_equal(plan.passage->migration, "orders-3");
    assert_string_equal(plan.passage->uid, UID);
    assert_string_equal(plan.passage->spec_hash, HASH);
    assert_string_equal(plan.passage->job, JOB);
    assert_int_equal(plan.passage->start_s, NOW - 60);
    assert_int_equal(plan.passage->completion_s, NOW - 3);
    arena_fini(&arena);
}

/* Once the status says so, nothing is written again. */
static void test_waiting_is_stable(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {
        .migration = {.suspend = true},
        .database = {.meta = {HELD}},
        .seen = {ALL_OPEN},
    };
    struct observed seen = world_see(&arena, &world);
    struct plan first;
    decide(&arena, &seen, &first);
    assert_int_equal(first.actions, ACTION_WRITE_STATUS);
    world.migration.status = first.status;
    seen.now_s = NOW + 60;
    struct plan second;
    decide(&arena, &seen, &second);
    assert_string_equal(second.case_id, "W5");
    assert_int_equal(second.actions, 0);
    seen.is_event_due = true;
    decide(&arena, &seen, &second);
    assert_string_equal(second.case_id, "E1");
    assert_int_equal(second.actions, ACTION_RECORD_EVENT);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_claim),
        cmocka_unit_test(test_running_record),
        cmocka_unit_test(test_passage),
        cmocka_unit_test(test_waiting_is_stable),
    };
    int failed = CASES_RUN("decide", rows, world_test);
    failed += cmocka_run_group_tests_name("decide, in full", others, NULL, NULL);
    return failed;
}
