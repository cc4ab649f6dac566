/* SPDX-License-Identifier: Apache-2.0 */
/* Applications that are CronJobs, or of a kind that nobody here knows. The messages stand in docs/reference/fleet.md. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/arena.h"
#include "cases.h"
#include "domain/application.h"
#include "domain/application_name.h"
#include "verdict.h"
#include "world.h"

#define MOST 3

struct made {          /* by the workload: a ReplicaSet or Job; or a pod */
    const char *image; /* NULL: no more */
    const char *name;
    const char *uid;
    const char *owner_uid; /* NULL: an orphan */
    const char *owner_kind;
    const char *owner_name;
    const char *controller; /* another one's UID; NULL: the owner is it */
    bool is_not_controlled; /* by its owner, nor by anything else */
    const char *label;      /* of key app */
    const char *job_name;   /* the Job controller's label */
    const char *container;  /* default nightly */
    int64_t desired;
    bool is_terminating;
    bool is_a_run;
    bool is_over;
};

struct row {
    const char *name;
    struct application application;
    struct workload workload; /* the rest is filled in */
    bool is_absent;
    bool has_no_selector;
    bool absent_is_met;
    enum kind_state kind_state;
    const char *why;
    struct made makers[MOST];
    struct made pods[MOST];
    const char *remembered;
    const char *remembered_selector;
    /* expected, as in test_application.c */
    const char *reason;
    const char *message;
    const char *unsettled;
    const char *running;
    size_t statuses;
    bool is_rolling;
};

#define TWO  .versions = ">=2.0.0 <3.0.0"
#define OK   .reason = "Compatible", .statuses = 1
#define CRON .application = {TWO, .kind = WORKLOAD_CRON_JOB, .name = "nightly"}
#define ROLLOUT                                                                                    \
    .application = {TWO,                                                                           \
                    .kind = WORKLOAD_OTHER,                                                        \
                    .name = "orders-api",                                                          \
                    .api_version = "argoproj.io/v1alpha1",                                         \
                    .other_kind = "Rollout",                                                       \
                    .other_type = "Rollout.argoproj.io"}
#define OF_TYPE(type)                                                                              \
    .application = {TWO, .kind = WORKLOAD_OTHER, .name = "orders-api", .other_kind = "a kind",     \
                    .other_type = (type)}
#define OF_NIGHTLY .owner_kind = "CronJob", .owner_name = "nightly", .owner_uid = "uid-w"
#define OF_JOB     .owner_kind = "Job", .owner_name = "nightly-29384756", .owner_uid = "uid-j"
#define A_JOB      .name = "nightly-29384756", .uid = "uid-j", .desired = 1
#define TELLS      .has_template = true
#define NOT_TOLD   .desired = -1, .replicas = -1, .updated = -1, .ready = -1
#define ALL_SAME                                                                                   \
    .observed_generation = 4, .desired = 2, .replicas = 2, .updated = 2, .ready = 2,               \
    .other = {TELLS, .available = 2}

static const struct row rows[] = {
    /* ---- CronJobs ---- */
    {
        .name = "a CronJob that makes nothing now: its template alone",
        CRON,
        OK,
    },
    {
        .name = "a Job of an old version that is not over",
        CRON,
        .makers = {{"orders:1.0.0", A_JOB, OF_NIGHTLY}},
        .reason = "VersionsIncompatible",
        .message =
            "nightly still wants 1 pod of 1.0.0 (Job nightly-29384756); needs >=2.0.0 <3.0.0",
        .unsettled = "nightly is to run 2.0.0, and its Job nightly-29384756 is of 1.0.0",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "and its pod is told first",
        CRON,
        .makers = {{"orders:1.0.0", A_JOB, OF_NIGHTLY}},
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB}},
        .reason = "VersionsIncompatible",
        .message = "nightly runs 1.0.0 in 1 of 1 pod; needs >=2.0.0 <3.0.0",
        .unsettled = "~its Job nightly-29384756 is of 1.0.0",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "several Jobs of the template's version are settled",
        CRON,
        .makers = {{"orders:2.0.0", A_JOB, OF_NIGHTLY},
                   {"orders:2.0.0", .name = "nightly-2", .uid = "uid-j2", .desired = 4,
                    OF_NIGHTLY}},
        .pods = {{"orders:2.0.0", .name = "p", OF_JOB}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "an admitted Job of another version than the template's",
        CRON,
        .makers = {{"orders:2.1.0", A_JOB, OF_NIGHTLY}},
        OK,
        .unsettled = "~its Job nightly-29384756 is of 2.1.0",
        .is_rolling = true,
    },
    {
        .name = "a Job that is over, and its pods",
        CRON,
        .makers = {{"orders:1.0.0", .name = "nightly-1", .uid = "uid-j", OF_NIGHTLY}},
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB, .is_over = true}},
        OK,
    },
    {
        .name = "a Job that is over, and a pod of it that is not",
        CRON,
        .makers = {{"orders:1.0.0", .name = "nightly-1", .uid = "uid-j", OF_NIGHTLY}},
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB, .is_terminating = true}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0 in 1 of 1 pod",
        .unsettled = "nightly still has a terminating pod of 1.0.0 (p)",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "a Job that a person made from it, by a name of its own",
        CRON,
        .makers = {{"orders:1.0.0", .name = "by-hand", .uid = "uid-j", .desired = 1, OF_NIGHTLY}},
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0 in 1 of 1 pod",
        .unsettled = "~its Job by-hand is of 1.0.0",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "an orphaned Job by its name",
        CRON,
        .makers = {{"orders:1.0.0", A_JOB}},
        .reason = "VersionsIncompatible",
        .message = "~still wants 1 pod of 1.0.0",
        .unsettled = "~its Job nightly-29384756",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "by hand, and not said to be controlled by it",
        CRON,
        .makers = {{"orders:1.0.0", .name = "by-hand", .uid = "uid-j", .desired = 1, OF_NIGHTLY,
                    .is_not_controlled = true, .container = "renamed"}},
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB, .container = "renamed"}},
        .reason = "VersionsIncompatible",
        .message = "nightly runs 1.0.0 in 1 of 1 pod; needs >=2.0.0 <3.0.0",
        .unsettled = "~its Job by-hand is of 1.0.0",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "by hand, and controlled by something else",
        CRON,
        .makers = {{"orders:1.0.0", .name = "by-hand", .uid = "uid-j", .desired = 1, OF_NIGHTLY,
                    .controller = "uid-flow", .container = "renamed"}},
        .reason = "VersionsIncompatible",
        .message = "~still wants 1 pod of 1.0.0 (Job by-hand)",
        .unsettled = "~its Job by-hand is of 1.0.0",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "by hand of the one before it, and not said to be controlled by it",
        CRON,
        .makers = {{"orders:1.0.0", .name = "by-hand", .uid = "uid-j", .desired = 1,
                    .owner_kind = "CronJob", .owner_name = "nightly", .owner_uid = "uid-before",
                    .is_not_controlled = true, .container = "renamed"}},
        .reason = "VersionsIncompatible",
        .message = "~still wants 1 pod of 1.0.0 (Job by-hand)",
        .unsettled = "~its Job by-hand is of 1.0.0",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "an orphaned Job of another name: by its containers",
        CRON,
        .makers = {{"orders:1.0.0", .name = "by-hand", .uid = "uid-j", .desired = 1}},
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0 in 1 of 1 pod",
        .unsettled = "~its Job by-hand is of 1.0.0",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "Jobs of others, owned and not",
        CRON,
        .makers = {{"orders:1.0.0", .name = "nightly-b-1", .uid = "uid-j", .desired = 1,
                    .container = "backup"},
                   {"orders:1.0.0", .name = "nightly-7", .uid = "uid-j2", .desired = 1,
                    .owner_kind = "CronJob", .owner_name = "weekly", .owner_uid = "uid-o"},
                   {"orders:1.0.0", .name = "nightly-8", .uid = "uid-j3", .desired = 1,
                    .owner_kind = "CronJob", .owner_name = "weekly", .owner_uid = "uid-o",
                    .is_not_controlled = true}},
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB},
                 {"orders:1.0.0", .name = "q", .owner_kind = "ReplicaSet", .owner_uid = "uid-rs"},
                 {"orders:1.0.0", .name = "r"}},
        OK,
    },
    {
        .name = "made anew: the Jobs of the one before it run on",
        CRON,
        .makers = {{"orders:1.0.0", A_JOB, .owner_kind = "CronJob", .owner_name = "nightly",
                    .owner_uid = "uid-before"}},
        .reason = "VersionsIncompatible",
        .message = "~still wants 1 pod of 1.0.0",
        .unsettled = "~its Job nightly-29384756",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "the pod of a Job that is deleted already: by the Job's name",
        CRON,
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB, .container = "renamed",
                  .is_terminating = true}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0 in 1 of 1 pod",
        .unsettled = "~terminating pod of 1.0.0",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "by hand and deleted already: its containers are all that tells whose pod it is",
        CRON,
        .pods = {{"orders:1.0.0", .name = "p", .owner_kind = "Job", .owner_name = "by-hand",
                  .owner_uid = "uid-j"}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0 in 1 of 1 pod",
        .unsettled = "nightly is to run 2.0.0, and runs 1.0.0 in 1 of 1 pod",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "a pod of a Job of others that is deleted already",
        CRON,
        .pods = {{"orders:1.0.0", .name = "p", .owner_kind = "Job", .owner_name = "backup-1",
                  .owner_uid = "uid-j", .container = "backup"}},
        OK,
    },
    {
        .name = "a pod that its Job left behind",
        CRON,
        .pods = {{"orders:1.0.0", .name = "p", .job_name = "nightly-29384756"}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0 in 1 of 1 pod",
        .unsettled = "~and runs 1.0.0",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "a migration's run has a Job, too",
        CRON,
        .pods = {{"orders:1.0.0", .name = "p", .owner_kind = "Job", .owner_name = "nightly-7",
                  .owner_uid = "uid-j", .is_a_run = true}},
        OK,
    },
    {
        .name = "deleted, and an orphaned Job is not over",
        CRON,
        .is_absent = true,
        .absent_is_met = true,
        .makers = {{"orders:1.0.0", A_JOB}},
        .pods = {{"orders:1.0.0", .name = "p", OF_JOB}},
        .remembered = "CronJob/nightly",
        .reason = "VersionsIncompatible",
        .message = "nightly (deleted) runs 1.0.0 in 1 of 1 pod; needs >=2.0.0 <3.0.0",
        .unsettled = "nightly was deleted and has pods left",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "deleted, and its Jobs wait for the garbage collector",
        CRON,
        .is_absent = true,
        .absent_is_met = true,
        .makers = {{"orders:1.0.0", A_JOB, OF_NIGHTLY}},
        .remembered = "CronJob/nightly",
        .reason = "VersionsIncompatible",
        .message = "~still wants 1 pod of 1.0.0",
        .unsettled = "~was deleted",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "deleted: nothing tells whose a Job of no owner was",
        CRON,
        .is_absent = true,
        .absent_is_met = true,
        .makers = {{"orders:1.0.0", .name = "by-hand", .uid = "uid-j", .desired = 1},
                   {"orders:1.1.0", .name = "of-weekly", .uid = "uid-j2", .desired = 1,
                    .owner_kind = "CronJob", .owner_name = "weekly", .owner_uid = "uid-o",
                    .is_not_controlled = true}},
        .remembered = "CronJob/nightly",
        .reason = "VersionsIncompatible",
        .message = "nightly still wants 1 pod of 1.0.0 (Job by-hand); needs >=2.0.0 "
                   "<3.0.0",
        .unsettled = "nightly was deleted and has pods left",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "deleted with all that it made: forgotten",
        CRON,
        .is_absent = true,
        .absent_is_met = true,
        .remembered = "CronJob/nightly",
        .reason = "Compatible",
    },
    {
        .name = "a CronJob that is not there",
        CRON,
        .is_absent = true,
        .reason = "ApplicationAbsent",
        .message = "~CronJob nightly does not exist",
        .unsettled = "~CronJob nightly does not exist",
    },
    {
        .name = "a CronJob that is being deleted",
        CRON,
        .workload = {.meta = {.deleted_s = NOW}},
        OK,
        .unsettled = "nightly is being deleted",
    },
    /* ---- any other kind ---- */
    {
        .name = "a Rollout that is over",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 2,
                     .replicas = 2,
                     .updated = 2,
                     .ready = 2,
                     .other = {TELLS, .available = 2, .phase = "Healthy"}},
        .makers = {{"orders:2.0.0", .name = "set", .label = "orders", .desired = 2},
                   {"orders:1.0.0", .name = "old", .label = "orders"}},
        .pods = {{"orders:2.0.0", .name = "p", .label = "orders"}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "whoever owns a pod that it selects",
        ROLLOUT,
        .workload = {ALL_SAME},
        .pods = {{"orders:1.0.0", .name = "p", .label = "orders", .owner_kind = "Machine",
                  .owner_name = "m", .owner_uid = "uid-m"},
                 {"orders:1.0.0", .name = "q", .label = "others", .owner_uid = "uid-w"}},
        .reason = "VersionsIncompatible",
        .message = "orders-api runs 1.0.0 in 1 of 1 pod; needs >=2.0.0 <3.0.0",
        .unsettled = "orders-api is to run 2.0.0, and runs 1.0.0 in 1 of 1 pod",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "but no run",
        ROLLOUT,
        .workload = {ALL_SAME},
        .pods = {{"orders:1.0.0", .name = "p", .label = "orders", .is_a_run = true}},
        OK,
    },
    {
        .name = "a ReplicaSet that wants pods, whoever owns it",
        ROLLOUT,
        .workload = {ALL_SAME},
        .makers = {{"orders:1.0.0", .name = "set", .label = "orders", .desired = 1},
                   {"orders:2.0.0", .name = "new", .label = "orders", .desired = 2},
                   {"orders:1.0.0", .name = "far", .label = "others", .desired = 2}},
        .reason = "VersionsIncompatible",
        .message = "orders-api still wants 1 pod of 1.0.0 (ReplicaSet set); needs >=2.0.0 <3.0.0",
        .unsettled = "2 ReplicaSets of orders-api want pods",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "a terminating pod of another version",
        ROLLOUT,
        .workload = {ALL_SAME},
        .pods = {{"orders:2.1.0", .name = "p", .label = "orders", .is_terminating = true}},
        OK,
        .unsettled = "orders-api still has a terminating pod of 2.1.0 (p)",
        .running = "2.1.0=1",
        .is_rolling = true,
    },
    {
        .name = "no template",
        ROLLOUT,
        .workload = {NOT_TOLD, .observed_generation = 4, .other = {.available = -1}},
        .pods = {{"orders:2.0.0", .name = "p", .label = "orders"}},
        .reason = "VersionUnknown",
        .message = "the version of orders-api cannot be read: it has no spec.template with "
                   "containers: name the workload that makes its pods instead",
        .unsettled = "the rollout of orders-api cannot be seen: it has no spec.template with "
                     "containers: name the workload that makes its pods instead",
        .running = "2.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "no selector",
        ROLLOUT,
        .workload = {ALL_SAME},
        .has_no_selector = true,
        .pods = {{"orders:1.0.0", .name = "p", .label = "orders"}},
        .reason = "VersionUnknown",
        .message = "the version of orders-api cannot be read: it has no spec.selector that tells "
                   "its pods: name the workload that makes them instead",
        .unsettled = "~cannot be seen: it has no spec.selector",
        .statuses = 1,
    },
    {
        .name = "the template of another",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     NOT_TOLD,
                     .other = {TELLS, .available = -1, .template_of = "Deployment orders-api"}},
        .reason = "VersionUnknown",
        .message = "the version of orders-api cannot be read: its pod template is that of "
                   "Deployment orders-api (spec.workloadRef): give it a spec.template of its own",
        .unsettled = "~(spec.workloadRef)",
        .statuses = 1,
    },
    {
        .name = "without versions nothing needs to be read",
        .application = {.kind = WORKLOAD_OTHER, .name = "a", .other_kind = "A", .other_type = "A"},
        .workload = {.observed_generation = 4, NOT_TOLD, .other = {.available = -1}},
        OK,
        .unsettled = "~it has no spec.template",
    },
    {
        .name = "nothing tells whether its controller has seen it",
        ROLLOUT,
        .workload = {NOT_TOLD, .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "orders-api does not tell whether its controller has seen its newest spec "
                     "(status.observedGeneration): set rollout to Any, if the versions are enough",
    },
    {
        .name = "its controller has not seen it",
        ROLLOUT,
        .workload = {NOT_TOLD, .observed_generation = 3, .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "the rollout of orders-api has not begun yet",
    },
    {
        .name = "it tells no count at all",
        ROLLOUT,
        .workload = {NOT_TOLD, .observed_generation = 4, .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "orders-api does not tell how many pods it wants (spec.replicas) or has "
                     "(status.replicas): set rollout to Any, if the versions are enough",
    },
    {
        .name = "nobody says how many are wanted, and none is there: perhaps not yet",
        ROLLOUT,
        .workload = {.observed_generation = 4, .desired = -1, .other = {TELLS}},
        OK,
        .unsettled = "~does not tell how many pods it wants",
    },
    {
        .name = "scaled to zero, and zeros are left out",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .replicas = -1,
                     .updated = -1,
                     .ready = -1,
                     .other = {TELLS, .available = -1}},
        OK,
    },
    {
        .name = "scaled to zero, and one is there yet",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .replicas = 1,
                     .updated = 1,
                     .ready = -1,
                     .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "~its spec.replicas is 0, and its status.replicas is 1",
    },
    {
        .name = "none is ready: a zero that is left out",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 3,
                     .replicas = 3,
                     .updated = 3,
                     .ready = -1,
                     .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: its spec.replicas is 3, and its "
                     "status.readyReplicas is not told (if it never is, set rollout to Any)",
    },
    {
        .name = "none is available yet: likewise",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 3,
                     .replicas = 3,
                     .updated = 3,
                     .ready = 3,
                     .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "~its status.availableReplicas is not told",
    },
    {
        .name = "none is updated: likewise, and pods are to go",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 3,
                     .replicas = 3,
                     .updated = -1,
                     .ready = 3,
                     .other = {TELLS, .available = 3}},
        OK,
        .unsettled = "~its status.updatedReplicas is not told",
        .is_rolling = true,
    },
    {
        .name = "there is no pod at all: likewise",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 3,
                     .replicas = -1,
                     .updated = -1,
                     .ready = -1,
                     .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "~its status.replicas is not told",
    },
    {
        .name = "a ReplicationController never tells how many are updated",
        OF_TYPE("ReplicationController"),
        .workload = {.observed_generation = 4,
                     .desired = 2,
                     .replicas = 2,
                     .updated = -1,
                     .ready = 2,
                     .other = {TELLS, .available = 2}},
        OK,
    },
    {
        .name = "nor does a ReplicaSet",
        OF_TYPE("ReplicaSet.apps"),
        .workload = {.observed_generation = 4,
                     .desired = 2,
                     .replicas = 2,
                     .updated = -1,
                     .ready = 2,
                     .other = {TELLS, .available = 2}},
        OK,
    },
    {
        .name = "but how many of its pods are ready",
        OF_TYPE("ReplicationController"),
        .workload = {.observed_generation = 4,
                     .desired = 3,
                     .replicas = 3,
                     .updated = -1,
                     .ready = -1,
                     .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "~its status.readyReplicas is not told",
    },
    {
        .name = "some are updated",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 3,
                     .replicas = 3,
                     .updated = 1,
                     .ready = -1,
                     .other = {TELLS, .available = -1}},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: its spec.replicas is 3, and its "
                     "status.updatedReplicas is 1",
        .is_rolling = true,
    },
    {
        .name = "not all are available, and that is no other rollout",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 3,
                     .replicas = 3,
                     .updated = 3,
                     .ready = 3,
                     .paused = true,
                     .other = {TELLS, .available = 2}},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: its spec.replicas is 3, and its "
                     "status.availableReplicas is 2, and it is paused: resume it",
    },
    {
        .name = "as many as are there, when nobody says how many are wanted",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = -1,
                     .replicas = 2,
                     .updated = 2,
                     .ready = 1,
                     .other = {TELLS, .available = 1}},
        OK,
        .unsettled = "~its status.replicas is 2, and its status.readyReplicas is 1",
    },
    {
        .name = "it waits in the middle of its steps",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 2,
                     .replicas = 2,
                     .updated = 1, /* half-way, which its phase explains */
                     .ready = 2,
                     .other = {TELLS, .available = 2, .phase = "Paused",
                               .phase_message = "CanaryPauseStep"}},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: its phase is Paused (CanaryPauseStep)",
        .is_rolling = true,
    },
    {
        .name = "it hangs",
        ROLLOUT,
        .workload = {NOT_TOLD, .observed_generation = 4,
                     .other = {TELLS, .available = -1, .phase = "Degraded"}},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: its phase is Degraded",
        .is_rolling = true,
    },
    {
        .name = "pods are added to the same revision",
        ROLLOUT,
        .workload = {NOT_TOLD, .observed_generation = 4,
                     .other = {TELLS, .available = -1, .phase = "Progressing",
                               .phase_message = "more replicas need to be updated"}},
        OK,
        .unsettled = "~its phase is Progressing (more replicas need to be updated)",
    },
    {
        .name = "a phase in words of another",
        ROLLOUT,
        .workload = {.observed_generation = 4,
                     .desired = 2,
                     .replicas = 2,
                     .updated = 2,
                     .ready = 2,
                     .other = {TELLS, .available = 2, .phase = "Running"}},
        OK,
    },
    {
        .name = "a condition that is not True",
        ROLLOUT,
        .workload = {NOT_TOLD, .observed_generation = 4,
                     .other = {TELLS, .available = -1, .not_ready = "Available"}},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: its condition Available is not True",
    },
    {
        .name = "a kind that is not installed: no absence, also where that would do",
        ROLLOUT,
        .is_absent = true,
        .absent_is_met = true,
        .kind_state = KIND_MISSING,
        .why = "the API server has no kind Rollout in argoproj.io/v1alpha1: install it, or correct "
               "the spec",
        .reason = "ApplicationKindMissing",
        .message = "Rollout orders-api cannot be read: the API server has no kind Rollout in "
                   "argoproj.io/v1alpha1: install it, or correct the spec",
        .unsettled = "~Rollout orders-api cannot be read",
    },
    {
        .name = "a kind that may not be read: what is remembered stays",
        ROLLOUT,
        .is_absent = true,
        .absent_is_met = true,
        .kind_state = KIND_FORBIDDEN,
        .why = "forbidden",
        .remembered = "Rollout.argoproj.io/orders-api",
        .remembered_selector = "app=orders",
        .reason = "ApplicationForbidden",
        .message = "Rollout orders-api cannot be read: forbidden; allow list and watch by a "
                   "ClusterRole with the label interlude.dev/aggregate-to-controller: \"true\"",
        .unsettled = "~Rollout orders-api cannot be read",
        .statuses = 1,
    },
    {
        .name = "deleted, and its pods live on",
        ROLLOUT,
        .is_absent = true,
        .absent_is_met = true,
        .pods = {{"orders:1.0.0", .name = "p", .label = "orders", .owner_kind = "ReplicaSet",
                  .owner_uid = "uid-rs"}},
        .remembered = "Rollout.argoproj.io/orders-api",
        .remembered_selector = "app=orders",
        .reason = "VersionsIncompatible",
        .message = "orders-api (deleted; its pods: app=orders) runs 1.0.0 in 1 of 1 pod; needs "
                   ">=2.0.0 <3.0.0",
        .unsettled = "orders-api was deleted and has pods left (app=orders)",
        .running = "1.0.0=1",
        .statuses = 1,
        .is_rolling = true,
    },
    {
        .name = "a Rollout that is not there",
        ROLLOUT,
        .is_absent = true,
        .reason = "ApplicationAbsent",
        .message = "~Rollout orders-api does not exist",
        .unsettled = "~Rollout orders-api does not exist",
    },
};

static struct version_facts facts_of(struct arena *arena, const struct made *made)
{
    struct container_image *container = arena_alloc(arena, sizeof(*container));
    container->name = made->container != NULL ? made->container : "nightly";
    container->image = made->image;
    struct version_facts facts = {.containers = container, .container_count = 1};
    struct pair *labels = arena_array(arena, 3, sizeof(*labels));
    facts.labels.items = labels;
    if (made->label != NULL) {
        labels[facts.labels.count++] = (struct pair){"app", made->label};
    }
    if (made->job_name != NULL) {
        labels[facts.labels.count++] = (struct pair){LABEL_JOB_NAME, made->job_name};
    }
    if (made->is_a_run) {
        labels[facts.labels.count++] = (struct pair){LABEL_MIGRATION_UID, UID};
    }
    return facts;
}

static struct meta meta_of(struct arena *arena, const struct made *made)
{
    struct meta meta = {
        .name = made->name,
        .uid = made->uid != NULL ? made->uid : made->name,
        .deleted_s = made->is_terminating ? NOW : 0,
    };
    if (made->owner_uid == NULL) {
        return meta;
    }
    meta.owners = arena_array(arena, 2, sizeof(*meta.owners));
    meta.owners[meta.owner_count++] = (struct owner_reference){
        .kind = made->owner_kind,
        .name = made->owner_name,
        .uid = made->owner_uid,
        .is_controller = made->controller == NULL && !made->is_not_controlled,
    };
    if (made->controller != NULL) {
        meta.owners[meta.owner_count++] = (struct owner_reference){
            .kind = "Workflow", .name = "w", .uid = made->controller, .is_controller = true};
    }
    return meta;
}

static void fill(struct arena *arena, const struct row *row, struct application_seen *seen)
{
    const struct workload **makers = arena_array(arena, MOST, sizeof(*makers));
    const struct pod **pods = arena_array(arena, MOST, sizeof(*pods));
    bool is_cron_job = row->application.kind == WORKLOAD_CRON_JOB;
    for (size_t i = 0; i < MOST && row->makers[i].image != NULL; i++) {
        struct workload *maker = arena_alloc(arena, sizeof(*maker));
        *maker = (struct workload){
            .meta = meta_of(arena, &row->makers[i]),
            .kind = is_cron_job ? WORKLOAD_JOB : WORKLOAD_REPLICA_SET,
            .pod_template = facts_of(arena, &row->makers[i]),
            .desired = row->makers[i].desired,
        };
        makers[seen->maker_count++] = maker;
    }
    for (size_t i = 0; i < MOST && row->pods[i].image != NULL; i++) {
        struct pod *pod = arena_alloc(arena, sizeof(*pod));
        *pod = (struct pod){
            .meta = meta_of(arena, &row->pods[i]),
            .facts = facts_of(arena, &row->pods[i]),
            .phase = row->pods[i].is_over ? "Succeeded" : "Running",
        };
        pods[seen->pod_count++] = pod;
    }
    seen->makers = makers;
    seen->pods = pods;
}

static void fill_workload(struct arena *arena, const struct row *row, struct workload *workload)
{
    static const char *orders[] = {"orders"};
    static struct selector_term terms[] = {{"app", SELECTOR_IN, orders, 1}};
    *workload = row->workload;
    workload->kind = row->application.kind;
    workload->meta.name = row->application.name;
    workload->meta.uid = "uid-w";
    workload->meta.generation = 4;
    if (workload->kind != WORKLOAD_CRON_JOB && !row->has_no_selector) {
        workload->selector = (struct selector){terms, 1};
    }
    if (workload->kind == WORKLOAD_CRON_JOB || row->workload.other.has_template) {
        workload->pod_template = facts_of(arena, &(struct made){.image = "orders:2.0.0"});
    }
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct workload workload;
    fill_workload(&arena, row, &workload);
    const struct workload *workloads[] = {&workload};
    struct application_seen seen = {
        .kind_state = row->kind_state,
        .unread_why = row->why,
        .workloads = workloads,
        .workload_count = row->is_absent ? 0 : 1,
    };
    fill(&arena, row, &seen);
    struct application_status remembered = {
        .workload = row->remembered,
        .selector = row->remembered_selector,
        .compatible_since_s = NOW,
        .settled = true,
    };
    struct application_question question = {
        .application = &row->application,
        .seen = &seen,
        .remembered = &remembered,
        .remembered_count = row->remembered != NULL ? 1 : 0,
        .absent_is_met = row->absent_is_met,
    };
    const struct expected_verdict expected = {
        .reason = row->reason,
        .message = row->message,
        .unsettled = row->unsettled,
        .running = row->running,
        .statuses = row->statuses,
        .is_absent = row->is_absent && row->kind_state == KIND_READ,
    };
    struct application_verdict verdict;

    application_judge(&arena, &question, &verdict);
    assert_verdict(&arena, &verdict, &expected);
    assert_int_equal(verdict.rolling != NULL, row->is_rolling);
    assert_int_equal(verdict.is_unread, row->kind_state != KIND_READ);
    if (row->statuses > 0) {
        const struct application_status *status = &verdict.statuses[0];
        assert_true(application_names(&row->application, status->workload));
        assert_int_equal(status->settled, row->unsettled == NULL);
        if (row->unsettled != NULL && row->kind_state != KIND_READ) {
            assert_int_equal(status->compatible_since_s, 0);
        }
    }
    arena_fini(&arena);
}

/* Whatever version it is served in: a bumped apiVersion is the same application, another group is another. */
static void test_names(void **state)
{
    (void)state;
    struct application rollout = rows[ARRAY_LEN(rows) - 1].application;
    assert_true(application_names(&rollout, "Rollout.argoproj.io/orders-api"));
    assert_false(application_names(&rollout, "Rollout/orders-api"));
    assert_false(application_names(&rollout, "Rollout.a.example/orders-api"));
    assert_false(application_names(&rollout, "Deployment/orders-api"));
    rollout.api_version = "argoproj.io/v1";
    assert_true(application_names(&rollout, "Rollout.argoproj.io/orders-api"));
    struct application cron_job = {.kind = WORKLOAD_CRON_JOB, .name = "nightly"};
    assert_true(application_names(&cron_job, "CronJob/nightly"));
    assert_string_equal(application_kind(&cron_job), "CronJob");
    assert_string_equal(application_kind(&rollout), "Rollout");
}

int main(void)
{
    const struct CMUnitTest others[] = {cmocka_unit_test(test_names)};
    int failed = CASES_RUN("application kinds", rows, test_row);
    return failed + cmocka_run_group_tests_name("application kinds, more", others, NULL, NULL);
}
