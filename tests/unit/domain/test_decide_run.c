/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "cases.h"
#include "domain/announce.h"
#include "domain/condition.h"
#include "domain/decide.h"
#include "world.h"

#define SEE                                                                                        \
    "see how far it came, then annotate with interlude.dev/retry=1, or let run.recover and "       \
    "run.onInterruption do so"
#define HELD .has_finalizer = true

/* The migration says: attempt 1 runs, as the Job with JOB_UID. */
#define RUNS .phase = PHASE_RUNNING, .reason = "Started", .attempt = {.number = 1}
/* The same, and which pod of the Job may start. */
#define NOTED                                                                                      \
    .phase = PHASE_RUNNING, .reason = "Started", .attempt = {.number = 1, .pod_uid = POD_UID}
#define NOTED_M                                                                                    \
    {                                                                                              \
        .meta = {HELD}, .status = { NOTED }                                                        \
    }
#define RUNNING_M                                                                                  \
    {                                                                                              \
        .meta = {HELD}, .status = { RUNS }                                                         \
    }
/* The same two, a moment ago. */
#define STARTS_M                                                                                   \
    {                                                                                              \
        .meta = {HELD}, .status = {                                                                \
            .phase = PHASE_RUNNING,                                                                \
            .reason = "Started",                                                                   \
            .attempt = {.number = 1, .start_s = NOW - 29}                                          \
        }                                                                                          \
    }
#define OPENS_M                                                                                    \
    {                                                                                              \
        .meta = {HELD}, .status = {                                                                \
            .phase = PHASE_RUNNING,                                                                \
            .reason = "Started",                                                                   \
            .attempt = {.number = 1, .start_s = NOW - 29, .pod_uid = POD_UID}                      \
        }                                                                                          \
    }
/* A gate had closed before its pod was opened. */
#define MISSED_M                                                                                   \
    {                                                                                              \
        .meta = {HELD}, .status = {                                                                \
            .phase = PHASE_RUNNING,                                                                \
            .reason = "StartMissed",                                                               \
            .message = "attempt 1 had not started after 30 s",                                     \
            .attempt = {.number = 1, .pod_uid = POD_UID}                                           \
        }                                                                                          \
    }
#define DELETED_M                                                                                  \
    {                                                                                              \
        .meta = {HELD, .deleted_s = NOW - 1}, .status = { RUNS }                                   \
    }

#define PRESENT       .job_presence = PRESENCE_PRESENT
#define PRESENT_FRESH .job_presence = PRESENCE_PRESENT, .is_job_fresh = true
#define ABSENT        .job_presence = PRESENCE_ABSENT
#define PODS_FRESH    .are_pods_fresh = true

/* Let go by step 8. */
#define ARMED     .meta = {HELD}, .parallelism = 1
#define COMPLETE  ARMED, .is_complete = true, .succeeded = 1
#define FAILED    ARMED, .is_failed = true, .failed = 1, .failed_reason = "BackoffLimitExceeded"
#define LATE      ARMED, .is_failed = true, .failed_reason = "DeadlineExceeded"
#define SUSPENDED ARMED, .is_suspended = true

#define OUTCOME(word, why)                                                                         \
    .actions = ACTION_WRITE_STATUS, .attempt = 1, .phase = PHASE_##word,                           \
    .outcome = OUTCOME_##word, .reason = (why)

static struct attempt failed_twice[] = {
    {.number = 2, .spec_hash = HASH, .outcome = OUTCOME_FAILED, .reason = "ExitCode"},
    {.number = 1, .spec_hash = HASH, .outcome = OUTCOME_FAILED, .reason = "NeverStarted"},
};

static const struct world rows[] = {
    /* ---- what is known of the Job ---- */
    {
        .name = "J1 the Job is not in the cache: that proves nothing",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .expected = {.case_id = "J1", .actions = ACTION_READ_JOB},
    },
    {
        .name = "J1 the cache has another UID under its name: that proves nothing",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {.uid = "uid-x"}},
        .seen = {PRESENT},
        .expected = {.case_id = "J1", .actions = ACTION_READ_JOB},
    },
    {
        .name = "J5 R5 the server has another UID under its name: it has vanished",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {.uid = "uid-x"}},
        .seen = {PRESENT_FRESH},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J1 R1 another's parked Job under its name is never armed",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {.uid = "uid-x"}},
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J7", OUTCOME(FAILED, "NeverStarted")},
    },
    /* ---- the one pod ---- */
    {
        .name = "J15 R1 the pod behind the gate is noted before it is let start",
        .migration = STARTS_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J15",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1,
                     .pod_uid = POD_UID},
    },
    {
        .name = "J15 R1 one whose gate was taken off by hand is noted before one that has it",
        .migration = STARTS_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .second = POD_RUNNING,
        .seen = {PRESENT},
        .expected = {.case_id = "J15",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1,
                     .pod_uid = SECOND_UID},
    },
    {
        .name = "J12 a pod without any gate, of an older controller, needs no note",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_PENDING,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1},
    },
    {
        .name = "J16 the noted pod is let start",
        .migration = OPENS_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .second = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J16", .actions = ACTION_OPEN_POD},
    },
    {
        .name = "J16 R5 also while its Job is being deleted",
        .migration = OPENS_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 1}, .parallelism = 1},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J16", .actions = ACTION_OPEN_POD},
    },
    /* ---- a start that comes late (R7) ---- */
    {
        .name = "J18 R7 what was judged long ago is looked at again before its pod is noted",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J18", .actions = ACTION_READ_FRESH},
    },
    {
        .name = "J18 R7 and before it is opened",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J18", .actions = ACTION_READ_FRESH},
    },
    {
        .name = "J15 R7 its gates are still open",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_fresh = true, .are_applications_known = true},
        .expected = {.case_id = "J15",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1,
                     .pod_uid = POD_UID},
    },
    {
        .name = "J16 R7 likewise",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_fresh = true, .are_applications_known = true},
        .expected = {.case_id = "J16", .actions = ACTION_OPEN_POD},
    },
    {
        .name = "J19 R7 a gate has closed since: the start is missed",
        .migration = {.meta = {HELD}, .suspend = true, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_fresh = true, .are_applications_known = true},
        .expected = {.case_id = "J19",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "StartMissed",
                     .message = "attempt 1 had not started after 30 s, and meanwhile: suspended: "
                                "set spec.suspend to false to go on",
                     .attempt = 1},
    },
    {
        .name = "J19 R7 what a dry run says matters no more: the Job is there",
        .migration = {.meta = {HELD}, .suspend = true, .status = {NOTED}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_fresh = true, .are_applications_known = true,
                 .dry_run = {.result = DRY_RUN_LATER, .reason = "JobForbidden", .message = "no"}},
        .expected = {.case_id = "J19",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "StartMissed",
                     .message = "attempt 1 had not started after 30 s, and meanwhile: suspended: "
                                "set spec.suspend to false to go on",
                     .attempt = 1},
    },
    {
        .name = "J19 R7 a breach is noted with it: the next attempt soaks after that",
        .migration = {.meta = {HELD},
                      .suspend = true,
                      .status = {RUNS, .last_breach = {"VersionsIncompatible", "x", NOW - 90, 0}}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_fresh = true, .are_applications_known = true},
        .expected = {.case_id = "J19",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "StartMissed",
                     .message = "~suspended",
                     .breach_until_s = NOW,
                     .attempt = 1},
    },
    {
        .name = "J19 R7 the approval was taken back since",
        .migration = {.meta = {HELD}, .approval = APPROVAL_REQUIRED, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_fresh = true, .are_applications_known = true},
        .expected = {.case_id = "J19",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "StartMissed",
                     .message = "~and meanwhile: needs an approval (spec.approval)",
                     .attempt = 1},
    },
    {
        .name = "J19 R7 the spec was edited since",
        .migration = {.meta = {HELD, .generation = 2}, .spec_hash = HASH2, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_fresh = true, .are_applications_known = true},
        .expected = {.case_id = "J19",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "StartMissed",
                     .message =
                         "attempt 1 had not started after 30 s, and meanwhile: the spec was edited",
                     .attempt = 1},
    },
    {
        .name = "J19 R7 it is being deleted",
        .migration = DELETED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_fresh = true, .are_applications_known = true},
        .expected = {.case_id = "J19",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "StartMissed",
                     .message = "~the migration is being deleted",
                     .attempt = 1},
    },
    {
        .name = "J4 R7 without the claim nothing starts late: the Database is asked",
        .migration = RUNNING_M,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, .is_database_cached = true},
        .expected = {.case_id = "J4", .actions = ACTION_READ_DATABASE},
    },
    {
        .name = "J19 R7 the claim was taken away",
        .migration = RUNNING_M,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J19",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "StartMissed",
                     .message = "~the claim was taken off the Database",
                     .attempt = 1},
    },
    {
        .name = "J18 R7 what comes late is looked at again, too, while its Job is being deleted",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 1}, .parallelism = 1},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J18", .actions = ACTION_READ_FRESH},
    },
    {
        .name = "J10 R7 missed: its Job is ended though it is being deleted",
        .migration = MISSED_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 1}, .parallelism = 1},
        .pod = POD_GATED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J10", .actions = ACTION_END_JOB},
    },
    {
        .name = "J12 R7 and its pod is waited for, and never opened",
        .migration = MISSED_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 1}, .parallelism = 1, .active_deadline_s = 1},
        .pod = POD_GATED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "StartMissed",
                     .message = "attempt 1 had not started after 30 s",
                     .attempt = 1},
    },
    {
        .name = "J10 R7 what is missed is ended, also when the gates are open again",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_RUNNING,
                                 .reason = "StartMissed",
                                 .attempt = {.number = 1, .pod_uid = POD_UID}}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, PODS_FRESH, .is_fresh = true, .are_applications_known = true},
        .expected = {.case_id = "J10", .actions = ACTION_END_JOB},
    },
    {
        .name = "J10 R4a startTimeout is over while nobody followed: nothing is let start",
        .migration = {.meta = {HELD}, .start_timeout_s = 60, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GATED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J10", .actions = ACTION_END_JOB},
    },
    {
        .name = "J8 R7 missed: another attempt begins when the gates are open, without a retry",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_RUNNING,
                                 .reason = "StartMissed",
                                 .message = "attempt 1 had not started after 30 s",
                                 .attempt = {.number = 1, .pod_uid = POD_UID}}},
        .claim_attempt = 1,
        .job = {LATE, .active_deadline_s = 1},
        .pod = POD_WITHDRAWN,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     .actions = ACTION_WRITE_STATUS,
                     .attempt = 1,
                     .phase = PHASE_WAITING,
                     .outcome = OUTCOME_FAILED,
                     .reason = "RetryBackoff",
                     .message = "nothing of attempt 1 ever ran: attempt 1 had not started after "
                                "30 s; it is tried again"},
    },
    {
        .name = "J12 R4 not of a Job that was stopped by hand, whose controller deletes it",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Suspended",
                     .attempt = 1},
    },
    {
        .name = "J7 R5 of a Job that is gone none is noted any more: nothing was let start",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .pod = POD_GATED,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J7",
                     OUTCOME(FAILED, "NeverStarted"),
                     .message =
                         "nothing of attempt 1 ever ran: Job " JOB " was deleted before that"},
    },
    {
        .name = "J17 its Job never counts it: somebody took its finalizer off it",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT, PODS_FRESH, .now_s = NOW + 120},
        .expected = {.case_id = "J17", .actions = ACTION_END_JOB},
    },
    {
        .name = "J16 R5 also without its Job: it would else wait for ever",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .pod = POD_GATED,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J16", .actions = ACTION_OPEN_POD},
    },
    {
        .name = "J13 R4a not once its Job is told to end",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED, .active_deadline_s = 1},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J13"},
    },
    {
        .name = "J16 a run.timeout of a second tells nothing to end",
        .migration = {.meta = {HELD},
                      .timeout_s = 1,
                      .status = {.phase = PHASE_RUNNING,
                                 .attempt = {.number = 1, .start_s = NOW - 1, .pod_uid = POD_UID}}},
        .claim_attempt = 1,
        .job = {ARMED, .active_deadline_s = 1},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J16", .actions = ACTION_OPEN_POD},
    },
    {
        .name = "J12 step 9b: nor of a Job that was stopped by hand: its controller deletes it",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Suspended",
                     .attempt = 1},
    },
    {
        .name = "J5 step 9b: nor of one that is over",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J12 nor once it is being deleted",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_WITHDRAWN,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1},
    },
    {
        .name = "J17 R1 deleted behind the gate, and the Job has another: that never starts either",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_WITHDRAWN,
        .second = POD_GATED,
        .seen = {PRESENT, PODS_FRESH, .now_s = NOW + 2},
        .expected = {.case_id = "J17", .actions = ACTION_END_JOB},
    },
    {
        .name = "J12 R1 a second pod is never let start, and tells nothing",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_RUNNING,
        .second = POD_GATED,
        .seen = {PRESENT, .now_s = NOW},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobRunning",
                     .attempt = 1},
    },
    {
        .name = "J8 R8a and keeps no success back",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_SUCCEEDED,
        .second = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8", OUTCOME(SUCCEEDED, "Completed")},
    },
    {
        .name = "J17 the noted pod is not there: the server is asked",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .second = POD_GATED,
        .seen = {PRESENT},
        .expected = {.case_id = "J17", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J17 R1 it is gone: what the Job made in its place never starts",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .second = POD_GATED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J17", .actions = ACTION_END_JOB},
    },
    {
        .name = "J17 R1 it ended and its Job counts another, which never starts",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_SUCCEEDED,
        .second = POD_GATED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J17", .actions = ACTION_END_JOB},
    },
    {
        .name = "J8 R8a and it is what its pod says",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {LATE, .active_deadline_s = 1},
        .pod = POD_SUCCEEDED,
        .second = POD_WITHDRAWN,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8", OUTCOME(SUCCEEDED, "Completed")},
    },
    {
        .name = "J8 R8b it is gone: nobody knows how it ended, or whether",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {LATE, .active_deadline_s = 1},
        .second = POD_WITHDRAWN,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "PodVanished")},
    },
    {
        .name = "J8 R4a a failed Job whose noted pod is gone is not one that never started",
        .migration = {.meta = {HELD}, .retries = 3, .status = {NOTED}},
        .claim_attempt = 1,
        .job = {FAILED},
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "PodVanished")},
    },
    {
        .name = "J8 R8b R8a it is gone: what another did, which somebody let start, proves nothing",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .second = POD_SUCCEEDED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "PodVanished")},
    },
    {
        .name = "J8 deleted together with the noted pod",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 60}, .parallelism = 1},
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "JobDeleted")},
    },
    /* ---- parked ---- */
    {
        .name = "J1 parked in the cache: read it",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .seen = {PRESENT},
        .expected = {.case_id = "J1", .actions = ACTION_READ_JOB},
    },
    {
        .name = "J2 parked: armed",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .seen = {PRESENT_FRESH},
        .expected = {.case_id = "J2", .actions = ACTION_ARM},
    },
    {
        .name = "J3 parked, and the migration is being deleted: never armed",
        .migration = DELETED_M,
        .claim_attempt = 1,
        .seen = {PRESENT_FRESH},
        .expected = {.case_id = "J3", .actions = ACTION_DELETE_JOB},
    },
    {
        .name = "J4 parked, and the cache knows of no claim: ask",
        .migration = RUNNING_M,
        .seen = {PRESENT_FRESH, .is_database_cached = true},
        .expected = {.case_id = "J4", .actions = ACTION_READ_DATABASE},
    },
    {
        .name = "J3 R2 parked without a claim (the Database was lost): never armed",
        .migration = RUNNING_M,
        .seen = {PRESENT_FRESH},
        .expected = {.case_id = "J3", .actions = ACTION_DELETE_JOB},
    },
    {
        .name = "J3 R2 parked, and the claim is of another attempt: never armed",
        .migration = RUNNING_M,
        .claim_attempt = 2,
        .seen = {PRESENT_FRESH},
        .expected = {.case_id = "J3", .actions = ACTION_DELETE_JOB},
    },
    {
        .name = "J5 parked and being deleted: it can never be armed",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {.deleted_s = NOW - 60}},
        .seen = {PRESENT_FRESH},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J8 parked and deleted, no pod: it never started",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {.deleted_s = NOW - 60}},
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "NeverStarted")},
    },
    {
        .name = "J9 R1 parallelism 0 with pods counted is not parked: it is not armed again",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.failed = 1},
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J9", .actions = ACTION_DELETE_JOB},
    },
    {
        .name = "J9 R1 as if parked, but it had a pod: it is not armed again",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .pod = POD_EVICTED,
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J9", .actions = ACTION_DELETE_JOB},
    },
    /* ---- active ---- */
    {
        .name = "J13 it has just started: told only if it does not end at once",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_RUNNING,
                                 .reason = "Started",
                                 .attempt = {.number = 1, .start_s = NOW - 4}}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_RUNNING,
        .seen = {PRESENT},
        .expected = {.case_id = "J13", .wake_at_s = NOW + 1},
    },
    {
        .name = "J12 it runs: that is shown, with the image",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_RUNNING,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobRunning",
                     .attempt = 1,
                     .message = "attempt 1 runs as Job " JOB " since 1970-01-12T13:45:50Z"},
    },
    {
        .name = "J12 R4 deleted meanwhile: nothing is killed",
        .migration = DELETED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_RUNNING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "DeletionWaits",
                     .attempt = 1},
    },
    {
        .name = "J12 R4 edited meanwhile: kept for later",
        .migration = {.meta = {HELD, .generation = 2},
                      .spec_hash = HASH2,
                      .start_timeout_s = 1,
                      .retry = 1,
                      .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_RUNNING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobRunning",
                     .attempt = 1},
    },
    {
        .name = "J12 what it waits for is shown",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_STARTING,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "ImagePullBackOff",
                     .attempt = 1,
                     .message = "attempt 1 cannot start yet: no such image"},
    },
    {
        .name = "J12 with startTimeout it is looked at again then",
        .migration = {.meta = {HELD}, .start_timeout_s = 100, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_STARTING,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "ImagePullBackOff",
                     .attempt = 1,
                     .wake_at_s = NOW + 40},
    },
    {
        .name = "J11 no pod for a while: its watch may tell nothing",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .seen = {PRESENT},
        .expected = {.case_id = "J11", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J11 there is none: ask why",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J11", .actions = ACTION_READ_JOB_EVENTS},
    },
    {
        .name = "J12 R4a why there is no pod is shown",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .seen = {PRESENT, .no_pod_reason = "exceeded quota: pods"},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "FailedCreate",
                     .attempt = 1,
                     .wake_at_s = NOW + NO_POD_REASON_STANDS_S,
                     .message = "attempt 1 cannot start yet: exceeded quota: pods"},
    },
    {
        .name = "J12 young and without pod: the question is put later",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_RUNNING,
                                 .reason = "Started",
                                 .attempt = {.number = 1, .start_s = NOW - 2}}},
        .claim_attempt = 1,
        .job = {ARMED},
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1,
                     .wake_at_s = NOW + 1},
    },
    /* ---- R4a: what never started may be ended ---- */
    {
        .name = "J10 R4a startTimeout: only on fresh pods",
        .migration = {.meta = {HELD}, .start_timeout_s = 60, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_STARTING,
        .seen = {PRESENT},
        .expected = {.case_id = "J10", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J10 R4a startTimeout",
        .migration = {.meta = {HELD}, .start_timeout_s = 60, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_STARTING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J10", .actions = ACTION_END_JOB},
    },
    {
        .name = "J12 R4a not what is ready by the word of its Job",
        .migration = {.meta = {HELD}, .start_timeout_s = 60, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED, .ready = 1},
        .pod = POD_STARTING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "ImagePullBackOff",
                     .attempt = 1},
    },
    {
        .name = "J10 R4a a retry",
        .migration = {.meta = {HELD}, .retry = 1, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_STARTING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J10", .actions = ACTION_END_JOB},
    },
    {
        .name = "J12 R4a a retry of another attempt ends nothing",
        .migration = {.meta = {HELD}, .retry = 2, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_STARTING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "ImagePullBackOff",
                     .attempt = 1},
    },
    {
        .name = "J10 R4a an edit",
        .migration = {.meta = {HELD, .generation = 2}, .spec_hash = HASH2, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_STARTING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J10", .actions = ACTION_END_JOB},
    },
    {
        .name = "J10 R4a the migration's deletion, without any pod",
        .migration = DELETED_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .seen = {PRESENT, PODS_FRESH, .no_pod_reason = "exceeded quota"},
        .expected = {.case_id = "J10", .actions = ACTION_END_JOB},
    },
    {
        .name = "J12 R4a an edit while a container is being created: it may run already",
        .migration = {.meta = {HELD, .generation = 2}, .spec_hash = HASH2, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_PENDING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Started",
                     .attempt = 1},
    },
    {
        .name = "J12 R4a an edit that changes nothing ends nothing",
        .migration = {.meta = {HELD, .generation = 2}, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_STARTING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "ImagePullBackOff",
                     .attempt = 1},
    },
    {
        .name = "J13 R4a ended already: the reason told stays",
        .migration = {.meta = {HELD}, .retry = 1, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED, .active_deadline_s = 1},
        .pod = POD_STARTING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J13"},
    },
    {
        .name = "J8 R4a and it reads NeverStarted",
        .migration = {.meta = {HELD},
                      .retry = 1,
                      .status = {RUNS, .message = "attempt 1 cannot start yet: no such image"}},
        .claim_attempt = 1,
        .job = {LATE, .active_deadline_s = 1},
        .pod = POD_NEVER,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "NeverStarted"),
                     .message = "nothing of attempt 1 ever ran: attempt 1 cannot start yet: no "
                                "such image"},
    },
    /* ---- the end ---- */
    {
        .name = "J8 complete, and its pod proves it: Succeeded",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8", OUTCOME(SUCCEEDED, "Completed"), .message = "done"},
    },
    {
        .name = "J5 R8a complete, but the pod was not seen: it is looked for",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .seen = {PRESENT},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J8 R8a complete, and no pod to prove it",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "InterruptedUnproven"),
                     .message = "nothing proves that attempt 1 did its work: its Job is complete, "
                                "but the pod that would prove it is gone; " SEE},
    },
    {
        .name = "J8 R8a exit 0 after it was asked to stop is no success",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_EVICTED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "InterruptedUnproven"),
                     .message = "nothing proves that attempt 1 did its work: it exited with 0, but "
                                "after it was asked to stop; " SEE "; last output: done"},
    },
    {
        .name = "J5 complete, but the cache's pod runs: read it",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_RUNNING,
        .seen = {PRESENT},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J12 R8 failed, but the pod still runs: wait",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_RUNNING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobRunning",
                     .attempt = 1},
    },
    {
        .name = "J12 R8 a pod that failed is not the end of its Job",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_FAILED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobRunning",
                     .attempt = 1,
                     .wake_at_s = NOW + 2},
    },
    {
        .name = "J8 failed with its exit code",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_FAILED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "ExitCode"),
                     .message = "attempt 1 failed with exit code 3 (ExitCode); last output: no "
                                "such column"},
    },
    {
        .name = "J8 timeout",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {LATE, .active_deadline_s = 20},
        .pod = POD_FAILED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "DeadlineExceeded"),
                     .message = "attempt 1 was stopped after its timeout of 20s; last output: no "
                                "such column"},
    },
    {
        .name = "J8 the run ended with 0 before the deadline hit: Succeeded",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {LATE, .active_deadline_s = 20},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8", OUTCOME(SUCCEEDED, "Completed")},
    },
    {
        .name = "J5 R8b a lost node: only the server's word counts",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_LOST,
        .seen = {PRESENT},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J8 R8b a lost node: EndUnproven",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_LOST,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "EndUnproven"),
                     .message = "~annotate with interlude.dev/confirm-ended=1"},
    },
    {
        .name = "J8 a retry is left: Waiting, not Failed",
        .migration = {.meta = {HELD}, .retries = 2, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_FAILED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED,
                     .reason = "RetryBackoff",
                     .message = "~; 2 of 2 retries left"},
    },
    {
        .name = "J8 cut off, onInterruption Retry: Waiting, not Failed",
        .migration = {.meta = {HELD}, .on_interruption = ON_INTERRUPTION_RETRY, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_EVICTED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_WAITING,
                     .attempt = 1,
                     .outcome = OUTCOME_FAILED,
                     .reason = "RetryBackoff",
                     .message = "~asked to stop; last output: done; it is tried again"},
    },
    {
        .name = "J8 cut off, onInterruption Retry, being deleted: Failed",
        .migration = {.meta = {HELD, .deleted_s = NOW - 5},
                      .on_interruption = ON_INTERRUPTION_RETRY,
                      .status = {RUNS}},
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_EVICTED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "InterruptedUnproven")},
    },
    {
        .name = "J8 an exit code is no interruption",
        .migration = {.meta = {HELD}, .on_interruption = ON_INTERRUPTION_RETRY, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_FAILED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "ExitCode")},
    },
    {
        .name = "J8 R8b a lost node, onInterruption Retry: Failed until the end is confirmed",
        .migration = {.meta = {HELD}, .on_interruption = ON_INTERRUPTION_RETRY, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_LOST,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "EndUnproven")},
    },
    {
        .name = "J8 no retry is left",
        .migration = {.meta = {HELD},
                      .retries = 2,
                      .status = {.phase = PHASE_RUNNING,
                                 .attempt = {.number = 3},
                                 .attempts = failed_twice,
                                 .attempt_count = 2}},
        .claim_attempt = 3,
        .job = {FAILED},
        .pod = POD_FAILED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_FAILED,
                     .attempt = 3,
                     .outcome = OUTCOME_FAILED,
                     .reason = "ExitCode"},
    },
    {
        .name = "J8 R21 what was cut off is not retried",
        .migration = {.meta = {HELD}, .retries = 2, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_EVICTED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "InterruptedUnproven")},
    },
    {
        .name = "J8 nor what is being deleted",
        .migration = {.meta = {HELD, .deleted_s = NOW}, .retries = 2, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_FAILED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "ExitCode")},
    },
    {
        .name = "J14 cut off: with its namespace?",
        .migration = RUNNING_M,
        .namespace_not_read = true,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_EVICTED,
        .seen = {PRESENT},
        .expected = {.case_id = "J14", .actions = ACTION_READ_NAMESPACE},
    },
    {
        .name = "J8 R4 cut off with its namespace",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_EVICTED,
        .seen = {PRESENT, .namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "NamespaceDeleted"),
                     .message = "the namespace was deleted during attempt 1, its pod first"},
    },
    {
        .name = "J8 cut off with its namespace, onInterruption Retry: never again",
        .migration = {.meta = {HELD}, .on_interruption = ON_INTERRUPTION_RETRY, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_EVICTED,
        .seen = {PRESENT, .namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "NamespaceDeleted")},
    },
    {
        .name = "J8 R8b on a lost node, with its namespace: nobody is left to confirm",
        .migration = DELETED_M,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_LOST,
        .seen = {PRESENT, PODS_FRESH, .namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "NamespaceDeleted")},
    },
    {
        .name = "J8 R8b but where the Database is another namespace's, which stays",
        .migration = {.meta = {HELD, .deleted_s = NOW}, .database_ns = "data", .status = {RUNS}},
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_LOST,
        .seen = {PRESENT, PODS_FRESH, .namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "EndUnproven")},
    },
    {
        .name = "J8 what failed by itself keeps its reason",
        .migration = DELETED_M,
        .claim_attempt = 1,
        .job = {FAILED},
        .pod = POD_FAILED,
        .seen = {PRESENT, .namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "J8", OUTCOME(FAILED, "ExitCode")},
    },
    {
        .name = "J8 and what succeeded before, its success",
        .migration = DELETED_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT, .namespace_state = NAMESPACE_TERMINATING},
        .expected = {.case_id = "J8", OUTCOME(SUCCEEDED, "Completed")},
    },
    {
        .name = "J8 R9 the Event of the start is not forgotten",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT, .is_event_due = true},
        .expected = {.case_id = "J8",
                     .actions = ACTION_WRITE_STATUS | ACTION_RECORD_EVENT,
                     .attempt = 1,
                     .phase = PHASE_SUCCEEDED,
                     .outcome = OUTCOME_SUCCEEDED,
                     .reason = "Completed"},
    },
    /* ---- deleted, vanished ---- */
    {
        .name = "J12 the Job is being deleted and its pod runs: wait",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 60}, .parallelism = 1},
        .pod = POD_RUNNING,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobDeleted",
                     .attempt = 1,
                     .message = "Job " JOB " is being deleted; waiting for its pod to end"},
    },
    {
        .name = "J8 deleted, and its pod ended well before: Succeeded",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 10}, .parallelism = 1},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8", OUTCOME(SUCCEEDED, "Completed")},
    },
    {
        .name = "J6 just deleted, no pod: its controller may still make one",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 4}, .parallelism = 1},
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J6", .wake_at_s = NOW + 1},
    },
    {
        .name = "J8 deleted, and no pod tells anything: JobDeleted",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 5}, .parallelism = 1},
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "JobDeleted"),
                     .message = "Job " JOB " and its pod were deleted during the run, the result "
                                "is unknown; " SEE},
    },
    {
        .name = "J5 R5 vanished: its pods are read, whatever the cache has of them",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .pod = POD_SUCCEEDED,
        .seen = {ABSENT},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J12 R5 vanished, and its pod lives on: wait",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .pod = POD_RUNNING,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobVanished",
                     .attempt = 1,
                     .message = "Job " JOB " is gone; waiting for its pod to end"},
    },
    {
        .name = "J12 R5 vanished, and its pod may still start: wait",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .pod = POD_STARTING,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobVanished",
                     .attempt = 1},
    },
    {
        .name = "J7 R5 vanished, and its pod exited with 0: said, not believed",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .pod = POD_SUCCEEDED,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J7",
                     OUTCOME(FAILED, "JobVanished"),
                     .message = "Job " JOB " was deleted during the run; its pod exited with 0, so "
                                "it may have done its work; last output: done"},
    },
    {
        .name = "J7 R5 vanished, no pod left",
        .migration = NOTED_M,
        .claim_attempt = 1,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J7",
                     OUTCOME(FAILED, "JobVanished"),
                     .message = "Job " JOB " was deleted during the run; no pod of it is left, the "
                                "result is unknown; " SEE},
    },
    {
        .name = "J7 R5 vanished, no pod left, onInterruption Retry: not by itself",
        .migration = {.meta = {HELD}, .on_interruption = ON_INTERRUPTION_RETRY, .status = {NOTED}},
        .claim_attempt = 1,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J7",
                     OUTCOME(FAILED, "JobVanished"),
                     .message = "~annotate with interlude.dev/confirm-ended=1, and it is tried"},
    },
    {
        .name = "J6 R5 vanished right after the start: a pod may still come",
        .migration = {.meta = {HELD},
                      .status = {.phase = PHASE_RUNNING,
                                 .attempt = {.number = 1, .start_s = NOW - 4}}},
        .claim_attempt = 1,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J6", .wake_at_s = NOW + 1},
    },
    {
        .name = "J7 R8b vanished with its node: EndUnproven",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .pod = POD_LOST,
        .seen = {ABSENT, PODS_FRESH},
        .expected = {.case_id = "J7", OUTCOME(FAILED, "EndUnproven")},
    },
    {
        .name = "J12 the node may not answer: that is shown",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_GIVEN_UP,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "NodeLost",
                     .message = "~node-1 was last heard of",
                     .attempt = 1},
    },
    /* ---- edited by hand ---- */
    {
        .name = "J12 parallelism 2: that is shown, and the run goes on",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD}, .parallelism = 2},
        .pod = POD_RUNNING,
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobEdited",
                     .message = "~edited by hand: parallelism 2",
                     .attempt = 1},
    },
    {
        .name = "J12 R4 parallelism 0, its pod runs and nobody asked it to stop yet: wait",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD}},
        .pod = POD_RUNNING,
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "JobEdited",
                     .attempt = 1},
    },
    {
        .name =
            "J9 R1 parallelism 0, its pod is asked to stop: deleted, so that nobody starts it anew",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD}},
        .pod = POD_STOPPING,
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J9", .actions = ACTION_DELETE_JOB},
    },
    /* ---- suspended by hand ---- */
    {
        .name = "J9 R1 suspended, its pod is asked to stop: deleted, so that nobody resumes it",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_STOPPING,
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J9", .actions = ACTION_DELETE_JOB},
    },
    {
        .name = "J5 suspended, and in the cache its pod is asked to stop: read it",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_STOPPING,
        .seen = {PRESENT_FRESH},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J12 suspended, its pod runs: wait",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_RUNNING,
        .seen = {PRESENT},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Suspended",
                     .attempt = 1},
    },
    {
        .name = "J1 R4 suspended, its pod ended: first the Job, which may have been resumed",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_FAILED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J1", .actions = ACTION_READ_JOB},
    },
    {
        .name = "J5 suspended, its pod ended: then the pods",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_FAILED,
        .seen = {PRESENT_FRESH},
        .expected = {.case_id = "J5", .actions = ACTION_READ_PODS},
    },
    {
        .name = "J12 R4 suspended, and nobody knows whether its pod runs: not deleted",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_LOST,
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J12",
                     .actions = ACTION_WRITE_STATUS,
                     .phase = PHASE_RUNNING,
                     .reason = "Suspended",
                     .attempt = 1},
    },
    {
        .name = "J1 suspended, its pod ended: the Job is read before it is deleted",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_FAILED,
        .seen = {PRESENT, PODS_FRESH},
        .expected = {.case_id = "J1", .actions = ACTION_READ_JOB},
    },
    {
        .name = "J9 suspended, its pod ended: deleted, so that nobody resumes it",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {SUSPENDED},
        .pod = POD_FAILED,
        .seen = {PRESENT_FRESH, PODS_FRESH},
        .expected = {.case_id = "J9", .actions = ACTION_DELETE_JOB},
    },
    {
        .name = "J8 suspended and deleted",
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {.meta = {HELD, .deleted_s = NOW - 9}, .parallelism = 1, .is_suspended = true},
        .pod = POD_FAILED,
        .seen = {PRESENT},
        .expected = {.case_id = "J8",
                     OUTCOME(FAILED, "Suspended"),
                     .message = "Job " JOB " was suspended by hand during the run; " SEE
                                "; last output: no such column"},
    },
};

/* Once the status says so, nothing is written again; the Event is recorded. */
static void test_running_is_stable(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {
        .migration = RUNNING_M,
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_RUNNING,
        .seen = {PRESENT},
    };
    struct observed seen = world_see(&arena, &world);
    struct plan first;
    struct plan second;
    decide(&arena, &seen, &first);
    assert_string_equal(first.status.attempt.image, "registry.example/orders@sha256:1");
    world.migration.status = first.status;
    decide(&arena, &seen, &second);
    assert_string_equal(second.case_id, "J13");
    assert_int_equal(second.actions, 0);
    seen.is_event_due = true;
    decide(&arena, &seen, &second);
    assert_string_equal(second.case_id, "E1");
    arena_fini(&arena);
}

/* One application that runs 1.9.2 where >=2 is wanted. */
static struct container_image old_image = {"api", "registry.example/orders-api:1.9.2"};
static const struct workload old_workload = {
    .meta = {.name = "orders-api", .uid = "uid-d"},
    .pod_template = {.containers = &old_image, .container_count = 1},
};
static const struct workload *old_workloads[] = {&old_workload};
static const struct application_seen old_seen = {.workloads = old_workloads, .workload_count = 1};
static const struct application_seen nothing_seen;

static const struct condition *skew_of(const struct plan *plan)
{
    return condition_get(&plan->status.conditions, CONDITION_VERSION_SKEW);
}

/* R22: told at once, though the run has only just begun; told again when it is over; and no more. */
static void test_skew_is_told(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct application application = {.name = "orders-api", .versions = ">=2"};
    struct world world = {
        .migration = {.meta = {HELD},
                      .applications = &application,
                      .application_count = 1,
                      .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_RUNNING,
        .seen = {PRESENT, .are_applications_known = true, .applications = &old_seen},
    };
    world.migration.status.attempt.start_s = NOW - 1;
    struct observed seen = world_see(&arena, &world);
    struct plan plan;
    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, "J12");
    assert_int_equal(plan.actions, ACTION_WRITE_STATUS);
    assert_false(plan.is_status_minor);
    assert_int_equal(skew_of(&plan)->status, CONDITION_TRUE);
    assert_text(skew_of(&plan)->message, "~while attempt 1 runs, orders-api");
    assert_int_equal(plan.status.phase, PHASE_RUNNING);
    /* The soak of another attempt, should one follow, begins after it. */
    assert_text(plan.status.last_breach.message, "~orders-api");
    assert_int_equal(plan.status.last_breach.at_s, NOW);
    assert_int_equal(plan.status.last_breach.until_s, 0);

    world.migration.status = plan.status;
    struct announcement told[ANNOUNCEMENTS_MAX];
    assert_int_equal(announcements(&arena, &world.migration, NOW + 1, told), 2);
    assert_int_equal(told[0].kind, ANNOUNCE_SKEW);
    assert_true(told[0].is_warning);
    assert_int_equal(announcements(&arena, &world.migration, NOW + 3600, told), 0);

    /* That it cannot be read any more says nothing of whether it is over. */
    struct application_seen unread = {.kind_state = KIND_FORBIDDEN};
    seen.applications = &unread;
    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, "J13");
    assert_int_equal(skew_of(&plan)->status, CONDITION_TRUE);
    seen.applications = &old_seen;

    application.versions = ">=1";
    seen.now_s = NOW + 60;
    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, "J12");
    assert_int_equal(skew_of(&plan)->status, CONDITION_FALSE);
    assert_int_equal(skew_of(&plan)->changed_s, NOW + 60);
    assert_int_equal(plan.status.last_breach.at_s, NOW);
    assert_int_equal(plan.status.last_breach.until_s, NOW + 60);
    world.migration.status = plan.status;
    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, "J13");
    arena_fini(&arena);
}

static void test_no_skew(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct application application = {.name = "orders-api", .versions = ">=2"};
    struct world world = {
        .migration = {.meta = {HELD, .generation = 2},
                      .spec_hash = HASH2,
                      .applications = &application,
                      .application_count = 1,
                      .status = {RUNS}},
        .claim_attempt = 1,
        .job = {ARMED},
        .pod = POD_RUNNING,
        .seen = {PRESENT, .are_applications_known = true, .applications = &old_seen},
    };
    struct observed seen = world_see(&arena, &world);
    struct plan plan;
    /* Edited: these are not the versions that the run was started on. */
    decide(&arena, &seen, &plan);
    assert_null(skew_of(&plan));
    /* Not known yet. */
    world.migration.spec_hash = HASH;
    seen.are_applications_known = false;
    decide(&arena, &seen, &plan);
    assert_null(skew_of(&plan));
    /* That nothing runs at all is no skew. */
    seen.are_applications_known = true;
    seen.applications = &nothing_seen;
    world.database.version = "2";
    decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, "J12");
    assert_null(skew_of(&plan));
    arena_fini(&arena);
}

static void test_outcome_in_full(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct world world = {
        .migration = {.meta = {HELD, .generation = 2}, .spec_hash = HASH2, .status = {RUNS}},
        .claim_attempt = 1,
        .job = {COMPLETE},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT},
    };
    struct observed seen = world_see(&arena, &world);
    struct plan plan;
    decide(&arena, &seen, &plan);
    const struct attempt *attempt = &plan.status.attempt;
    assert_true(attempt->has_exit_code);
    assert_int_equal(attempt->exit_code, 0);
    assert_int_equal(attempt->completion_s, NOW - 20);
    assert_string_equal(attempt->image, "registry.example/orders@sha256:1");
    /* What succeeded is the spec that ran, not the one that stands there now. */
    assert_string_equal(plan.status.spec_hash, HASH);
    assert_int_equal(plan.status.history_count, 1);
    assert_int_equal(plan.status.history[0].at_s, NOW);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_running_is_stable),
        cmocka_unit_test(test_skew_is_told),
        cmocka_unit_test(test_no_skew),
        cmocka_unit_test(test_outcome_in_full),
    };
    int failed = CASES_RUN("decide_run", rows, world_test);
    failed += cmocka_run_group_tests_name("decide_run, in full", others, NULL, NULL);
    return failed;
}
