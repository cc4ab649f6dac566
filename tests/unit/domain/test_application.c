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
#include "domain/application.h"
#include "domain/application_name.h"
#include "verdict.h"
#include "world.h"

#define PODS_MAX 4
#define SETS_MAX 3

/* A pod of the application; the version is its image's tag. */
struct pod_sketch_of {
    const char *image;      /* NULL: no more pods */
    const char *sidecar;    /* image of a second container, named proxy */
    const char *phase;      /* default Running */
    const char *owner_kind; /* default: as the workload's own pods have it */
    const char *owner_name;
    const char *owner_uid;
    const char *label; /* of key app; default orders */
    const char *version_label;
    const char *version_annotation;
    const char *revision;
    const char *default_container;
    const char *node;
    bool is_orphan;
    bool is_terminating;
    bool is_a_run;
};

struct set_sketch {
    const char *image; /* NULL: no more ReplicaSets */
    int64_t desired;
    const char *uid;       /* default uid-rs */
    const char *owner_uid; /* default: the workload's */
    const char *owner_name;
    bool is_orphan;
};

struct row {
    const char *name;
    struct application application;
    bool is_absent;
    bool absent_is_met;
    struct workload workload; /* kind, counts; the rest is filled in */
    const char *image;        /* of its template; default orders:2.0.0 */
    const char *sidecar;
    const char *default_container;
    struct pod_sketch_of pods[PODS_MAX];
    struct set_sketch sets[SETS_MAX];
    const char *remembered;          /* workload; NULL: nothing */
    const char *remembered_selector; /* default app=orders */
    /* expected; "" for Compatible and for settled */
    const char *reason;
    const char *message;
    const char *unsettled;
    const char *running; /* "2.0.0=3 1.9.0=1"; NULL: nothing */
    const char *desired; /* of the first status; NULL: not looked at */
    size_t statuses;
};

#define ROLLED_OUT(n) .desired = (n), .replicas = (n), .updated = (n), .ready = (n)
#define TWO           .versions = ">=2.0.0 <3.0.0"
#define OK            .reason = "Compatible", .statuses = 1

static const struct row rows[] = {
    {
        .name = "all pods run a version that is admitted",
        .application = {TWO},
        .workload = {ROLLED_OUT(2)},
        .pods = {{.image = "orders:2.0.0"}, {.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=2",
        .desired = "2.0.0",
    },
    {
        .name = "one pod of an old version",
        .application = {TWO},
        .workload = {ROLLED_OUT(2)},
        .pods = {{.image = "orders:2.0.0"}, {.image = "orders:1.9.2"}},
        .reason = "VersionsIncompatible",
        .message = "orders-api runs 1.9.2 in 1 of 2 pods; needs >=2.0.0 <3.0.0",
        .unsettled = "orders-api is to run 2.0.0, and runs 1.9.2 in 1 of 2 pods",
        .running = "1.9.2=1 2.0.0=1",
        .statuses = 1,
    },
    {
        .name = "a terminating pod counts",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"}, {.image = "orders:1.9.2", .is_terminating = true}},
        .reason = "VersionsIncompatible",
        .message = "orders-api runs 1.9.2 in 1 of 2 pods; needs >=2.0.0 <3.0.0",
        .unsettled = "orders-api still has a terminating pod of 1.9.2 (pod-1)",
        .running = "1.9.2=1 2.0.0=1",
        .statuses = 1,
    },
    {
        .name = "a terminating pod of the same version unsettles nothing",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"}, {.image = "orders:2.0.0", .is_terminating = true}},
        OK,
        .running = "2.0.0=2",
    },
    {
        .name = "pods that are over do not count",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"},
                 {.image = "orders:1.0.0", .phase = "Succeeded"},
                 {.image = "orders:1.0.0", .phase = "Failed"}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "a pod that is Pending counts",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:1.0.0", .phase = "Pending"}},
        .reason = "VersionsIncompatible",
        .message = "orders-api runs 1.0.0 in 1 of 1 pod; needs >=2.0.0 <3.0.0",
        .unsettled = "orders-api is to run 2.0.0, and runs 1.0.0 in 1 of 1 pod",
        .running = "1.0.0=1",
        .statuses = 1,
    },
    {
        .name = "a pod that its ReplicaSet lost counts",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:1.0.0", .is_orphan = true}},
        .reason = "VersionsIncompatible",
        .message = "~orders-api runs 1.0.0 in 1 of 1 pod",
        .unsettled = "~orders-api is to run ",
        .running = "1.0.0=1",
        .statuses = 1,
    },
    {
        .name = "pods of another workload do not count",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"},
                 {.image = "orders:1.0.0",
                  .owner_kind = "Job",
                  .owner_name = "j",
                  .owner_uid = "uid-x"},
                 {.image = "orders:1.0.0", .owner_uid = "uid-rs-other"}},
        .sets = {{.image = "orders:1.0.0",
                  .desired = 0,
                  .uid = "uid-rs-other",
                  .owner_uid = "uid-d2",
                  .owner_name = "other"}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "pods of a ReplicaSet that nobody knows count",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:1.0.0", .owner_uid = "uid-rs-lost"}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0",
        .unsettled = "~orders-api is to run ",
        .running = "1.0.0=1",
        .statuses = 1,
    },
    {
        .name = "pods that it does not select do not count",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"}, {.image = "orders:1.0.0", .label = "billing"}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "a migration's own pod is no application",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"},
                 {.image = "orders:1.0.0", .is_a_run = true, .is_orphan = true}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "the template's version counts before any pod has it",
        .application = {TWO},
        .workload = {.desired = 1, .replicas = 1},
        .image = "orders:3.0.0",
        .pods = {{.image = "orders:2.0.0"}},
        .reason = "VersionsIncompatible",
        .message = "orders-api is to run 3.0.0; needs >=2.0.0 <3.0.0",
        .unsettled = "orders-api is rolling out 3.0.0: 0 of 1 pods updated, 1 in all",
        .running = "2.0.0=1",
        .desired = "3.0.0",
        .statuses = 1,
    },
    {
        .name = "a ReplicaSet that wants pods and has none counts",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"}},
        .sets = {{.image = "orders:2.0.0", .desired = 1},
                 {.image = "orders:1.0.0", .desired = 2, .uid = "uid-rs-old"}},
        .reason = "VersionsIncompatible",
        .message = "orders-api still wants 2 pods of 1.0.0 (ReplicaSet set-1); needs >=2.0.0 "
                   "<3.0.0",
        .unsettled = "2 ReplicaSets of orders-api want pods",
        .running = "2.0.0=1",
        .statuses = 1,
    },
    {
        .name = "a ReplicaSet that wants none does not",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"}},
        .sets = {{.image = "orders:1.0.0", .desired = 0}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "an orphaned ReplicaSet will be adopted, and counts",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"}},
        .sets = {{.image = "orders:1.0.0", .desired = 1, .is_orphan = true}},
        .reason = "VersionsIncompatible",
        .message = "~still wants 1 pod of 1.0.0",
        .running = "2.0.0=1",
        .statuses = 1,
    },
    {
        .name = "scaled to zero: its template speaks",
        .application = {TWO},
        .workload = {ROLLED_OUT(0)},
        OK,
        .desired = "2.0.0",
    },
    {
        .name = "without versions any will do",
        .workload = {ROLLED_OUT(2)},
        .pods =
            {{.image = "orders:2.0.0"},
             {.image =
                  "orders@sha256:0123456789012345678901234567890123456789012345678901234567890123"}},
        OK,
        .running = "2.0.0=1 unknown=1",
        .unsettled = "~orders-api is to run ",
    },
    /* ---- where the version is read ---- */
    {
        .name = "a digest alone is no version",
        .application = {TWO},
        .workload = {ROLLED_OUT(0)},
        .image = "orders@sha256:0123456789012345678901234567890123456789012345678901234567890123",
        .reason = "VersionUnknown",
        .message =
            "the version of orders-api's template cannot be read: image "
            "orders@sha256:0123456789012345678901234567890123456789012345678901234567890123 of container api has no tag: set versionFrom to Label or Annotation",
        .desired = "unknown",
        .statuses = 1,
    },
    {
        .name = "of two versions that cannot be read nobody knows whether they are the same",
        .workload = {ROLLED_OUT(1)},
        .image = "orders@sha256:0123456789012345678901234567890123456789012345678901234567890123",
        .pods =
            {{.image =
                  "orders@sha256:0123456789012345678901234567890123456789012345678901234567890124",
              .is_terminating = true}},
        OK,
        .running = "unknown=1",
        .unsettled = "orders-api still has a terminating pod of unknown (pod-0)",
    },
    {
        .name = "several containers: which one?",
        .application = {TWO},
        .workload = {ROLLED_OUT(0)},
        .sidecar = "proxy:1.0.0",
        .reason = "VersionUnknown",
        .message = "the version of orders-api's template cannot be read: it has 2 containers (api, "
                   "proxy): name the application's in `container`",
        .statuses = 1,
    },
    {
        .name = "several containers, named",
        .application = {TWO, .container = "api"},
        .workload = {ROLLED_OUT(0)},
        .sidecar = "proxy:1.0.0",
        OK,
        .desired = "2.0.0",
    },
    {
        .name = "several containers, the annotation names it",
        .application = {TWO},
        .workload = {ROLLED_OUT(0)},
        .sidecar = "proxy:1.0.0",
        .default_container = "api",
        OK,
        .desired = "2.0.0",
    },
    {
        .name = "named, and not there",
        .application = {TWO, .container = "web"},
        .workload = {ROLLED_OUT(0)},
        .reason = "VersionUnknown",
        .message = "the version of orders-api's template cannot be read: it has no container web "
                   "(it has: api)",
        .statuses = 1,
    },
    {
        .name = "a sidecar that a webhook added to the pods is none of the application's",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0", .sidecar = "proxy:1.0.0"}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "the only container of the template counts, whatever a webhook annotates",
        .application = {TWO},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0", .sidecar = "proxy:1.0.0", .default_container = "proxy"}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "by label",
        .application = {TWO, .source = SOURCE_LABEL, .key = "app.kubernetes.io/version"},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:latest", .version_label = "2.1.0"}},
        .reason = "VersionUnknown",
        .message = "the version of orders-api's template cannot be read: its pods carry no label "
                   "app.kubernetes.io/version",
        .running = "2.1.0=1",
        .unsettled = "~orders-api is to run ",
        .statuses = 1,
    },
    {
        .name = "by annotation",
        .application = {TWO, .source = SOURCE_ANNOTATION, .key = "app.kubernetes.io/version"},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:latest", .version_annotation = "2.2.0"}},
        .reason = "VersionUnknown",
        .message = "~its pods carry no annotation app.kubernetes.io/version",
        .running = "2.2.0=1",
        .unsettled = "~orders-api is to run ",
        .statuses = 1,
    },
    {
        .name = "a constraint that cannot be read: closed, and the pods are shown all the same",
        .application = {.versions = ">=two"},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"}},
        .reason = "ConstraintInvalid",
        .message = "~spec.applications[0].versions: ",
        .running = "2.0.0=1",
        .statuses = 1,
    },
    /* ---- settled ---- */
    {
        .name = "a rollout that its controller has not seen",
        .workload = {ROLLED_OUT(1), .meta = {.generation = 4}, .observed_generation = 3},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "the rollout of orders-api has not begun yet",
    },
    {
        .name = "a rollout half-way",
        .workload = {.desired = 3, .updated = 1, .replicas = 4},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "orders-api is rolling out 2.0.0: 1 of 3 pods updated, 4 in all",
    },
    {
        .name = "all updated, and an old one more",
        .workload = {.desired = 1, .updated = 1, .replicas = 2},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "orders-api is rolling out 2.0.0: 1 of 1 pods updated, 2 in all",
    },
    {
        .name = "paused half-way",
        .workload = {.desired = 3, .updated = 1, .replicas = 3, .paused = true},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "orders-api is rolling out 2.0.0: 1 of 3 pods updated, 3 in all, and it is "
                     "paused: resume it",
    },
    {
        .name = "all updated, and never all available",
        .workload = {ROLLED_OUT(3), .progress = "ReplicaSetUpdated"},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: 3 of 3 pods updated, but they were not all "
                     "available yet",
    },
    {
        .name = "a rollout that its controller saw through, and a reason that is not known",
        .workload = {ROLLED_OUT(3), .progress = "NewReplicaSetAvailable"},
        OK,
    },
    {
        .name = "a rollout that hangs, though the counts are met",
        .workload = {ROLLED_OUT(3), .progress = "ProgressDeadlineExceeded",
                     .hang = "ReplicaSet \"set-1\" has timed out progressing."},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: 3 of 3 pods updated, but they were not all "
                     "available yet, and it hangs: ReplicaSet \"set-1\" has timed out "
                     "progressing. (ProgressDeadlineExceeded): look at its new pods, or roll it "
                     "back",
    },
    {
        .name = "in the middle of maxSurge",
        .workload = {.desired = 2, .updated = 2, .replicas = 4, .progress = "ReplicaSetUpdated"},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: 2 of 2 pods updated, 4 in all",
    },
    {
        .name = "Recreate between the old pods and the new",
        .workload = {.desired = 2, .progress = "NewReplicaSetAvailable"},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: 0 of 2 pods updated, 0 in all",
    },
    {
        .name = "a quota keeps pods from being created",
        .workload = {.desired = 3,
                     .updated = 1,
                     .replicas = 1,
                     .create_failure = "pods \"p\" is forbidden: exceeded quota: one-pod"},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "orders-api is rolling out 2.0.0: 1 of 3 pods updated, 1 in all, and its pods "
                     "cannot be created: pods \"p\" is forbidden: exceeded quota: one-pod",
    },
    {
        .name = "being deleted",
        .workload = {ROLLED_OUT(1), .meta = {.deleted_s = NOW}},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "orders-api is being deleted",
    },
    {
        .name = "one version, but not the template's",
        .workload = {ROLLED_OUT(1)},
        .image = "orders:2.1.0",
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "orders-api is to run 2.1.0, and runs 2.0.0 in 1 of 1 pod",
    },
    /* ---- other kinds ---- */
    {
        .name = "a StatefulSet's pods",
        .application = {TWO, .kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET, ROLLED_OUT(2)},
        .pods = {{.image = "orders:2.0.0"}, {.image = "orders:1.0.0"}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0 in 1 of 2 pods",
        .unsettled = "~orders-api is to run ",
        .running = "1.0.0=1 2.0.0=1",
        .statuses = 1,
    },
    {
        .name = "a StatefulSet's pods from before it was created again",
        .application = {TWO, .kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET, ROLLED_OUT(1)},
        .pods = {{.image = "orders:1.0.0",
                  .owner_kind = "StatefulSet",
                  .owner_name = "orders-api",
                  .owner_uid = "uid-old"}},
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0",
        .unsettled = "~orders-api is to run ",
        .running = "1.0.0=1",
        .statuses = 1,
    },
    {
        .name = "another StatefulSet's pods with the same labels",
        .application = {TWO, .kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET, ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"},
                 {.image = "orders:1.0.0",
                  .owner_kind = "StatefulSet",
                  .owner_name = "other",
                  .owner_uid = "uid-x"}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "a DaemonSet half-way",
        .application = {TWO, .kind = WORKLOAD_DAEMON_SET},
        .workload = {.kind = WORKLOAD_DAEMON_SET, .desired = 2, .replicas = 2, .updated = 1},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "~1 of 2 pods updated",
    },
    {
        .name = "a StatefulSet held by its partition",
        .application = {.kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET,
                     .desired = 3,
                     .updated = 1,
                     .replicas = 3,
                     .partition = 2,
                     .current_revision = "r1",
                     .update_revision = "r2"},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
        .unsettled = "orders-api is rolling out 2.0.0: 1 of 3 pods updated, 3 in all, and its "
                     "partition 2 keeps the others back: set it to 0 to let them follow",
    },
    {
        .name = "a partition, and no pod below it: what comes is of an earlier template",
        .application = {TWO, .kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET,
                     .desired = 2,
                     .updated = 1,
                     .replicas = 1,
                     .partition = 1,
                     .current_revision = "r1",
                     .update_revision = "r2"},
        .pods = {{.image = "orders:2.0.0", .revision = "r2"}},
        .reason = "VersionUnknown",
        .message = "orders-api still makes pods of its earlier revision r1, as its partition is 1, "
                   "and none lives to tell their version: set the partition to 0",
        .running = "2.0.0=1",
        .unsettled = "~partition 1 keeps",
        .statuses = 1,
    },
    {
        .name = "a partition, and a pod below it tells the earlier version",
        .application = {TWO, .kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET,
                     .desired = 2,
                     .updated = 1,
                     .replicas = 2,
                     .partition = 1,
                     .current_revision = "r1",
                     .update_revision = "r2"},
        .pods = {{.image = "orders:2.1.0", .revision = "r1"}, {.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1 2.1.0=1",
        .unsettled = "~partition 1 keeps",
    },
    {
        .name = "a partition that is left from a rollout that is over",
        .application = {TWO, .kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET,
                     ROLLED_OUT(1),
                     .partition = 1,
                     .current_revision = "r2",
                     .update_revision = "r2"},
        .pods = {{.image = "orders:2.0.0"}},
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "a Deployment whose condition tells of the rollout before",
        .workload =
            {.desired = 2, .replicas = 2, .updated = 2, .progress = "NewReplicaSetAvailable"},
        OK,
        .unsettled = "~2 of 2 pods updated, but they were not all available yet",
    },
    {
        .name = "a StatefulSet all updated, and never all ready",
        .application = {.kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET,
                     ROLLED_OUT(2),
                     .current_revision = "r1",
                     .update_revision = "r2"},
        OK,
        .unsettled = "~2 of 2 pods updated, but they were not all available yet",
    },
    {
        .name = "a StatefulSet that waits for deletions",
        .application = {.kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET,
                     .desired = 2,
                     .updated = 1,
                     .replicas = 2,
                     .is_on_delete = true,
                     .current_revision = "r1",
                     .update_revision = "r2"},
        OK,
        .unsettled = "orders-api is rolling out 2.0.0: 1 of 2 pods updated, 2 in all, and its "
                     "updateStrategy is OnDelete: delete the old pods",
    },
    {
        .name = "a StatefulSet whose old pods were all deleted: its revisions differ for good",
        .application = {.kind = WORKLOAD_STATEFUL_SET},
        .workload = {.kind = WORKLOAD_STATEFUL_SET,
                     ROLLED_OUT(2),
                     .is_on_delete = true,
                     .current_revision = "r1",
                     .update_revision = "r2"},
        OK,
    },
    {
        .name = "a DaemonSet that waits for deletions",
        .application = {.kind = WORKLOAD_DAEMON_SET},
        .workload = {.kind = WORKLOAD_DAEMON_SET,
                     .desired = 2,
                     .updated = 1,
                     .replicas = 2,
                     .is_on_delete = true},
        OK,
        .unsettled = "~OnDelete: delete the old pods",
    },
    {
        .name = "a DaemonSet's pod that cannot go, as its node does not answer",
        .application = {TWO, .kind = WORKLOAD_DAEMON_SET},
        .workload = {.kind = WORKLOAD_DAEMON_SET, ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.1.0", .is_terminating = true, .node = "node-7"}},
        OK,
        .running = "2.1.0=1",
        .unsettled = "orders-api still has a terminating pod of 2.1.0 (pod-0 on node node-7)",
    },
    /* ---- absent ---- */
    {
        .name = "absent",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .reason = "ApplicationAbsent",
        .message = "Deployment orders-api does not exist (spec.applications[0]); set whenAbsent: "
                   "Proceed if it need not",
        .unsettled = "~does not exist",
    },
    {
        .name = "absent, and that is met",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .absent_is_met = true,
        .reason = "Compatible",
    },
    {
        .name = "nothing selected",
        .application = {TWO, .has_selector = true,
                        .selector = {(struct selector_term[]){{"app", SELECTOR_EXISTS, NULL, 0}},
                                     1}},
        .is_absent = true,
        .reason = "ApplicationAbsent",
        .message = "~a Deployment with app does not exist",
        .unsettled = "~does not exist",
    },
    {
        .name = "deleted, and its pods live on",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .absent_is_met = true,
        .pods = {{.image = "orders:1.0.0", .is_terminating = true},
                 {.image = "orders:1.0.0", .label = "billing"}},
        .remembered = "Deployment/orders-api",
        .reason = "VersionsIncompatible",
        .message = "orders-api (deleted; its pods: app=orders) runs 1.0.0 in 1 of 1 pod; "
                   "needs >=2.0.0 <3.0.0",
        .unsettled = "orders-api was deleted and has pods left (app=orders)",
        .running = "1.0.0=1",
        .statuses = 1,
    },
    {
        .name = "deleted, its last pods run what is admitted: unsettled alone",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .absent_is_met = true,
        .pods = {{.image = "orders:2.0.0"}},
        .remembered = "Deployment/orders-api",
        OK,
        .unsettled = "orders-api was deleted and has pods left (app=orders)",
        .running = "2.0.0=1",
    },
    {
        .name = "deleted, its pods gone: forgotten",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .absent_is_met = true,
        .remembered = "Deployment/orders-api",
        .reason = "Compatible",
    },
    {
        .name = "deleted, its orphaned ReplicaSet still wants pods",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .absent_is_met = true,
        .sets = {{.image = "orders:1.0.0", .desired = 2, .is_orphan = true}},
        .remembered = "Deployment/orders-api",
        .reason = "VersionsIncompatible",
        .message = "~still wants 2 pods of 1.0.0",
        .unsettled = "~was deleted",
        .statuses = 1,
    },
    {
        .name = "deleted and waited for: what still runs is told first",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .pods = {{.image = "orders:1.0.0"}},
        .remembered = "Deployment/orders-api",
        .reason = "VersionsIncompatible",
        .message = "~runs 1.0.0 in 1 of 1 pod",
        .unsettled = "~was deleted",
        .running = "1.0.0=1",
        .statuses = 1,
    },
    {
        .name = "deleted, and another workload has pods with the same labels",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .absent_is_met = true,
        .pods = {{.image = "orders:1.0.0", .owner_uid = "uid-rs-other"}},
        .sets = {{.image = "orders:1.0.0",
                  .desired = 0,
                  .uid = "uid-rs-other",
                  .owner_uid = "uid-d2",
                  .owner_name = "other"}},
        .remembered = "Deployment/orders-api",
        .reason = "Compatible",
    },
    {
        .name = "made anew with another selector: the old one's pods count too",
        .application = {TWO, .name = "orders-api"},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"},
                 {.image = "orders:1.0.0", .label = "old", .owner_uid = "uid-rs-lost"}},
        .remembered = "Deployment/orders-api",
        .remembered_selector = "app=old",
        .reason = "VersionsIncompatible",
        .message = "orders-api (deleted; its pods: app=old) runs 1.0.0 in 1 of 1 pod; needs "
                   ">=2.0.0 <3.0.0",
        .unsettled = "~was deleted",
        .running = "2.0.0=1 1.0.0=1",
        .statuses = 2,
    },
    {
        .name = "a canary of the selection was deleted: what the other owns is not counted twice",
        .application = {TWO, .has_selector = true},
        .workload = {ROLLED_OUT(1)},
        .pods = {{.image = "orders:2.0.0"}},
        .remembered = "Deployment/canary",
        OK,
        .running = "2.0.0=1",
    },
    {
        .name = "what is remembered cannot be read",
        .application = {TWO, .name = "orders-api"},
        .is_absent = true,
        .absent_is_met = true,
        .pods = {{.image = "orders:1.0.0"}},
        .remembered = "orders-api",
        .reason = "Compatible",
    },
};

static struct version_facts facts_of(struct arena *arena, const char *image, const char *sidecar,
                                     const char *label)
{
    struct container_image *containers = arena_array(arena, 2, sizeof(*containers));
    containers[0] = (struct container_image){"api", image};
    containers[1] = (struct container_image){"proxy", sidecar};
    struct pair *labels = arena_array(arena, 3, sizeof(*labels));
    labels[0] = (struct pair){"app", label};
    return (struct version_facts){
        .containers = containers,
        .container_count = sidecar == NULL ? 1 : 2,
        .labels = {labels, 1},
    };
}

static void fill_pods(struct arena *arena, const struct row *row, struct application_seen *seen)
{
    const struct pod **pods = arena_array(arena, PODS_MAX, sizeof(*pods));
    const char *kind = row->workload.kind == WORKLOAD_DEPLOYMENT
                           ? "ReplicaSet"
                           : workload_kind_name(row->workload.kind);
    for (size_t i = 0; i < PODS_MAX && row->pods[i].image != NULL; i++) {
        const struct pod_sketch_of *sketch = &row->pods[i];
        struct pod *pod = arena_alloc(arena, sizeof(*pod));
        pod->meta.name = arena_printf(arena, "pod-%zu", i);
        if (!sketch->is_orphan) {
            bool has_set = row->workload.kind == WORKLOAD_DEPLOYMENT;
            set_controller(arena, &pod->meta,
                           sketch->owner_kind != NULL ? sketch->owner_kind : kind,
                           sketch->owner_name != NULL ? sketch->owner_name : "set-0",
                           sketch->owner_uid != NULL ? sketch->owner_uid
                           : has_set                 ? "uid-rs"
                                                     : "uid-d");
        }
        pod->meta.deleted_s = sketch->is_terminating ? NOW : 0;
        pod->phase = sketch->phase != NULL ? sketch->phase : "Running";
        pod->facts = facts_of(arena, sketch->image, sketch->sidecar,
                              sketch->label != NULL ? sketch->label : "orders");
        struct pairs *labels = &pod->facts.labels;
        pod->facts.default_container = sketch->default_container;
        pod->node = sketch->node;
        if (sketch->revision != NULL) {
            labels->items[labels->count++] =
                (struct pair){"controller-revision-hash", sketch->revision};
        }
        if (sketch->is_a_run) {
            labels->items[labels->count++] = (struct pair){LABEL_MIGRATION_UID, UID};
        }
        if (sketch->version_label != NULL) {
            labels->items[labels->count++] =
                (struct pair){"app.kubernetes.io/version", sketch->version_label};
        }
        if (sketch->version_annotation != NULL) {
            struct pair *items = arena_array(arena, 1, sizeof(*items));
            items[0] = (struct pair){"app.kubernetes.io/version", sketch->version_annotation};
            pod->facts.annotations = (struct pairs){items, 1};
        }
        pods[seen->pod_count++] = pod;
    }
    seen->pods = pods;
}

static void fill_sets(struct arena *arena, const struct row *row, struct application_seen *seen)
{
    const struct workload **sets = arena_array(arena, SETS_MAX, sizeof(*sets));
    for (size_t i = 0; i < SETS_MAX && row->sets[i].image != NULL; i++) {
        const struct set_sketch *sketch = &row->sets[i];
        struct workload *set = arena_alloc(arena, sizeof(*set));
        set->kind = WORKLOAD_REPLICA_SET;
        set->meta.name = arena_printf(arena, "set-%zu", i);
        set->meta.uid = sketch->uid != NULL ? sketch->uid : "uid-rs";
        if (!sketch->is_orphan) {
            set_controller(arena, &set->meta, "Deployment",
                           sketch->owner_name != NULL ? sketch->owner_name : "orders-api",
                           sketch->owner_uid != NULL ? sketch->owner_uid : "uid-d");
        }
        set->desired = sketch->desired;
        set->pod_template = facts_of(arena, sketch->image, NULL, "orders");
        sets[seen->maker_count++] = set;
    }
    seen->makers = sets;
}

static void fill_workload(struct arena *arena, const struct row *row, struct workload *workload)
{
    static const char *orders[] = {"orders"};
    static struct selector_term terms[] = {{"app", SELECTOR_IN, orders, 1}};
    *workload = row->workload;
    workload->meta.name = "orders-api";
    workload->meta.uid = "uid-d";
    workload->selector = (struct selector){terms, 1};
    workload->pod_template =
        facts_of(arena, row->image != NULL ? row->image : "orders:2.0.0", row->sidecar, "orders");
    workload->pod_template.default_container = row->default_container;
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct workload workload;
    fill_workload(&arena, row, &workload);
    const struct workload *workloads[] = {&workload};
    struct application_seen seen = {
        .workloads = workloads,
        .workload_count = row->is_absent ? 0 : 1,
    };
    fill_pods(&arena, row, &seen);
    fill_sets(&arena, row, &seen);
    struct application_status remembered = {
        .workload = row->remembered,
        .selector = row->remembered_selector != NULL ? row->remembered_selector : "app=orders",
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
        .is_absent = row->is_absent,
    };
    struct application_verdict verdict;

    application_judge(&arena, &question, &verdict);
    assert_verdict(&arena, &verdict, &expected);
    if (row->desired != NULL) {
        assert_string_equal(verdict.statuses[0].desired, row->desired);
    }
    if (row->statuses > 0 && !row->is_absent) {
        assert_int_equal(verdict.statuses[0].settled, row->unsettled == NULL || row->statuses == 2);
        assert_string_equal(verdict.statuses[0].selector, "app=orders");
    }
    arena_fini(&arena);
}

/* The order of the cache must not show: a status that differs is a write. */
static void test_order(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct workload a = {.meta = {.name = "a", .uid = "uid-a"}, .kind = WORKLOAD_STATEFUL_SET};
    struct workload b = {.meta = {.name = "b", .uid = "uid-b"}, .kind = WORKLOAD_STATEFUL_SET};
    const struct workload *workloads[] = {&b, &a};
    struct application application = {.kind = WORKLOAD_STATEFUL_SET, .has_selector = true};
    struct application_seen seen = {.workloads = workloads, .workload_count = 2};
    struct application_question question = {.application = &application, .seen = &seen};
    struct application_verdict verdict;
    application_judge(&arena, &question, &verdict);
    assert_int_equal(verdict.status_count, 2);
    assert_string_equal(verdict.statuses[0].workload, "StatefulSet/a");
    assert_string_equal(verdict.statuses[1].workload, "StatefulSet/b");
    arena_fini(&arena);
}

static void test_names(void **state)
{
    (void)state;
    struct application named = {.name = "api"};
    struct application set = {.kind = WORKLOAD_STATEFUL_SET, .name = "api"};
    struct application selected = {.has_selector = true};
    assert_true(application_names(&named, "Deployment/api"));
    assert_false(application_names(&named, "Deployment/api2"));
    assert_false(application_names(&named, "StatefulSet/api"));
    assert_false(application_names(&named, "api"));
    assert_true(application_names(&set, "StatefulSet/api"));
    assert_false(application_names(&selected, "Deployment/api"));
    assert_true(application_selects_kind(&selected, "Deployment/api"));
    assert_false(application_selects_kind(&selected, "DaemonSet/api"));
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_names),
    };
    int failed = CASES_RUN("application", rows, test_row);
    return failed + cmocka_run_group_tests_name("application, more", others, NULL, NULL);
}
