/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the controller knows of the objects of a cluster: plain values, no JSON. codec/ fills these from
 * the API's JSON, domain/ judges them. All pointers lead into the arena that the object was decoded
 * into; a text that is absent in the API is NULL, an absent list has count 0. Times are seconds since
 * 1970 UTC, 0 when absent. Field names follow the API (docs/reference/api.md).
 */
#ifndef INTERLUDE_DOMAIN_TYPES_H
#define INTERLUDE_DOMAIN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- names in the API ---- */

#define API_GROUP                "interlude.dev"
#define API_VERSION              "interlude.dev/v1alpha1"
#define FINALIZER_MIGRATION      "interlude.dev/run" /* on a SchemaMigration and on a Database */
#define FINALIZER_OUTCOME        "interlude.dev/outcome" /* on an attempt's Job and its pod */
#define SCHEDULING_GATE          "interlude.dev/start" /* of an attempt's pods: domain/podgate.h */
#define LABEL_DATABASE           "interlude.dev/database"
#define LABEL_DATABASE_NAMESPACE "interlude.dev/database-namespace"
#define LABEL_MIGRATION          "interlude.dev/migration"
#define LABEL_MIGRATION_UID      "interlude.dev/migration-uid"
#define LABEL_ATTEMPT            "interlude.dev/attempt"
#define LABEL_JOB_NAME           "batch.kubernetes.io/job-name" /* on a Job's pod: Kubernetes' own */
#define ANNOTATION_SPEC_HASH     "interlude.dev/spec-hash"      /* on the Job */
#define ANNOTATION_TO_VERSION    "interlude.dev/to-version"     /* likewise */
#define ANNOTATION_RECOVER       "interlude.dev/recover-container" /* on the pod: their names */
#define ANNOTATION_VERIFY        "interlude.dev/verify-container"
#define ANNOTATION_RETRY         "interlude.dev/retry"
#define ANNOTATION_ABANDON       "interlude.dev/abandon"
#define ANNOTATION_CONFIRM_ENDED "interlude.dev/confirm-ended"

#define CONDITION_VERSION_SKEW "VersionSkew"

/* ---- enumerations; the second word is the API's ---- */

#define STEPS(X) X(STEP_EXPAND, "Expand") X(STEP_DATA, "Data") X(STEP_CONTRACT, "Contract")
#define PHASES(X)                                                                                  \
    X(PHASE_PENDING, "Pending")                                                                    \
    X(PHASE_WAITING, "Waiting")                                                                    \
    X(PHASE_RUNNING, "Running")                                                                    \
    X(PHASE_SUCCEEDED, "Succeeded")                                                                \
    X(PHASE_FAILED, "Failed")
#define WORKLOAD_KINDS(X)                                                                          \
    X(WORKLOAD_DEPLOYMENT, "Deployment")                                                           \
    X(WORKLOAD_STATEFUL_SET, "StatefulSet")                                                        \
    X(WORKLOAD_DAEMON_SET, "DaemonSet")                                                            \
    X(WORKLOAD_CRON_JOB, "CronJob")                                                                \
    X(WORKLOAD_REPLICA_SET, "ReplicaSet") /* these two make the pods of others */                  \
    X(WORKLOAD_JOB, "Job")                                                                         \
    X(WORKLOAD_OTHER, "other") /* any kind with a pod template */
#define VERSION_SOURCES(X)                                                                         \
    X(SOURCE_IMAGE_TAG, "ImageTag")                                                                \
    X(SOURCE_LABEL, "Label")                                                                       \
    X(SOURCE_ANNOTATION, "Annotation")
#define WHEN_ABSENT(X)     X(ABSENT_WAIT, "Wait") X(ABSENT_PROCEED, "Proceed")
#define ROLLOUTS(X)        X(ROLLOUT_ANY, "Any") X(ROLLOUT_SETTLED, "Settled")
#define READY_WHEN(X)      X(READY_WHEN_SUCCEEDED, "Succeeded") X(READY_WHEN_ACCEPTED, "Accepted")
#define APPROVALS(X)       X(APPROVAL_NONE, "None") X(APPROVAL_REQUIRED, "Required")
#define ON_INTERRUPTION(X) X(ON_INTERRUPTION_FAIL, "Fail") X(ON_INTERRUPTION_RETRY, "Retry")
#define CONDITION_STATUSES(X)                                                                      \
    X(CONDITION_UNKNOWN, "Unknown")                                                                \
    X(CONDITION_TRUE, "True")                                                                      \
    X(CONDITION_FALSE, "False")
/* An attempt without outcome is running, or may be. */
#define OUTCOMES(X)                                                                                \
    X(OUTCOME_NONE, "")                                                                            \
    X(OUTCOME_SUCCEEDED, "Succeeded")                                                              \
    X(OUTCOME_FAILED, "Failed")

#define X(name, word) name,
enum step { STEPS(X) STEP_MAX };
enum phase { PHASES(X) PHASE_MAX };
enum workload_kind { WORKLOAD_KINDS(X) WORKLOAD_KIND_MAX };
enum version_source { VERSION_SOURCES(X) VERSION_SOURCE_MAX };
enum when_absent { WHEN_ABSENT(X) WHEN_ABSENT_MAX };
enum rollout { ROLLOUTS(X) ROLLOUT_MAX };
enum ready_when { READY_WHEN(X) READY_WHEN_MAX };
enum approval_need { APPROVALS(X) APPROVAL_MAX };
enum on_interruption { ON_INTERRUPTION(X) ON_INTERRUPTION_MAX };
enum condition_status { CONDITION_STATUSES(X) CONDITION_STATUS_MAX };
enum outcome { OUTCOMES(X) OUTCOME_MAX };
#undef X

#define STEP_BIT(step) (1U << (unsigned)(step))
#define STEPS_ALL      (STEP_BIT(STEP_MAX) - 1)

/* The API's word. Static. */
const char *step_name(enum step step);
const char *phase_name(enum phase phase);
const char *workload_kind_name(enum workload_kind kind);
const char *version_source_name(enum version_source source);
const char *when_absent_name(enum when_absent when);
const char *rollout_name(enum rollout rollout);
const char *ready_when_name(enum ready_when when);
const char *condition_status_name(enum condition_status status);
const char *outcome_name(enum outcome outcome);

/* ---- what every object has ---- */

struct owner_reference {
    const char *kind;
    const char *name;
    const char *uid;
    bool is_controller; /* one of an object's owners at most */
};

struct meta {
    const char *ns;
    const char *name;
    const char *uid;
    const char *resource_version;
    int64_t generation;
    int64_t created_s;
    int64_t deleted_s;  /* deletionTimestamp: when it may be killed; 0 while nobody asked */
    int64_t grace_s;    /* deletionGracePeriodSeconds */
    bool has_finalizer; /* ours (FINALIZER_MIGRATION or FINALIZER_OUTCOME, as fits the kind) */
    const char
        *finalizers; /* the others, as JSON array text, to write back untouched; NULL: none */
    struct owner_reference *owners;
    size_t owner_count;
};

struct pair {
    const char *key;
    const char *value;
};

struct pairs {
    struct pair *items;
    size_t count;
};

/* metav1.LabelSelector */
enum selector_operator { SELECTOR_IN, SELECTOR_NOT_IN, SELECTOR_EXISTS, SELECTOR_DOES_NOT_EXIST };

struct selector_term {
    const char *key;
    enum selector_operator op;
    const char **values;
    size_t value_count;
};

struct selector {
    struct selector_term *terms; /* all must hold; matchLabels are SELECTOR_IN with one value */
    size_t count;
};

/* Whether the objects of a kind that others install could be read at all. */
enum kind_state {
    KIND_READ,
    KIND_MISSING,   /* the server has no such kind, or none that lies in a namespace */
    KIND_FORBIDDEN, /* we may not read it */
};

/* ---- workloads and pods ---- */

struct container_image {
    const char *name;
    const char *image;
};

/* Where a version can be read: a pod's, or a pod template's. */
struct version_facts {
    struct container_image *containers; /* without init containers */
    size_t container_count;
    const char *default_container; /* annotation kubectl.kubernetes.io/default-container */
    struct pairs labels;
    struct pairs annotations; /* with values of at most 128 bytes: longer ones are no version */
};

/* What a workload of another kind tells besides, as far as it does. */
struct other_workload {
    bool has_template;
    const char
        *template_of;  /* the workload whose template it runs instead: "Deployment api"; or NULL */
    int64_t available; /* status.availableReplicas; -1: not told */
    const char *phase; /* status.phase; NULL: not told */
    const char *phase_message;
    const char *not_ready; /* condition Ready, or else Available, that is not True; NULL: none */
};

/*
 * What has a pod template: one that a migration may name, or a ReplicaSet or Job, which make the pods of such a
 * one. Of WORKLOAD_OTHER the counts are -1, and observed_generation is 0, where they are not told.
 */
struct workload {
    struct meta meta;
    enum workload_kind kind;
    struct selector selector; /* a CronJob has none */
    struct version_facts pod_template;
    struct pairs labels;
    int64_t desired;  /* spec.replicas; DaemonSet: desiredNumberScheduled; Job: 0 once it is over */
    int64_t replicas; /* status.replicas; DaemonSet: currentNumberScheduled */
    int64_t updated;  /* status.updatedReplicas; DaemonSet: updatedNumberScheduled */
    int64_t ready;    /* status.readyReplicas; DaemonSet: numberReady */
    int64_t observed_generation;
    bool paused;
    bool is_on_delete;            /* spec.updateStrategy.type is OnDelete */
    int64_t partition;            /* StatefulSet: pods with a lower number are not updated */
    const char *current_revision; /* StatefulSet: of the template that the update began from */
    const char *update_revision;
    const char *progress;       /* Deployment: reason of condition Progressing; NULL: none */
    const char *hang;           /* its message, where it is False; NULL: it is not */
    const char *create_failure; /* message of condition ReplicaFailure, where it is True */
    /* Another one is another rollout, also one back to the same template: see domain/soak.h. */
    const char *revision;
    int64_t rolled_out_s;        /* when the last rollout was complete; 0: under way, or not told */
    struct other_workload other; /* of WORKLOAD_OTHER */
};

enum container_state {
    CONTAINER_UNKNOWN,
    CONTAINER_WAITING,
    CONTAINER_RUNNING,
    CONTAINER_TERMINATED
};

struct container_status {
    const char *name;
    const char *image_id; /* with digest, as the runtime reports it */
    enum container_state state;
    const char *reason;
    const char *message;
    int64_t exit_code; /* of CONTAINER_TERMINATED */
    int64_t started_s;
    int64_t finished_s;
    bool is_init;
    bool is_sidecar;   /* an init container that restarts: it runs beside the others */
    bool ever_started; /* it runs, or ran before (startedAt, restartCount or lastState say so) */
};

struct pod {
    struct meta meta;
    struct version_facts facts;
    const char *phase;  /* Pending, Running, Succeeded, Failed, Unknown */
    const char *reason; /* status.reason: Evicted, NodeLost, DeadlineExceeded */
    const char *message;
    const char *node;
    int64_t
        observed_generation; /* of the object that the kubelet's last word is about; 0: not told */
    const char *job_uid;     /* label batch.kubernetes.io/controller-uid */
    bool is_gated;           /* SCHEDULING_GATE is on it: never bound to a node, nothing started */
    const char *other_gate;  /* a scheduling gate that somebody else is to open; NULL: none */
    bool is_disrupted;       /* condition DisruptionTarget is True */
    const char *disruption_reason;
    const char *disruption_message;
    const char *unschedulable;           /* message of PodScheduled False; NULL when scheduled */
    struct container_status *containers; /* init containers (native sidecars among them) first */
    size_t container_count;
    size_t containers_wanted; /* of spec, init ones included: fewer statuses means not yet known */
};

/* ---- Job ---- */

struct job {
    struct meta meta;
    const char *migration_uid; /* label; NULL on a Job that is not ours */
    const char *migration;
    const char *database;
    const char *database_ns;
    int64_t attempt;
    const char *spec_hash;
    const char *to_version; /* annotation: for the ledger, should the migration be gone by then */
    int64_t parallelism;
    int64_t backoff_limit;
    bool is_suspended;
    int64_t active_deadline_s; /* 0: none */
    int64_t active;            /* status counts */
    int64_t ready;
    int64_t succeeded;
    int64_t failed;
    int64_t start_s;
    int64_t completion_s;
    bool is_complete; /* condition Complete is True */
    bool is_failed;   /* condition Failed is True */
    const char *failed_reason;
    const char *failed_message;
    int64_t failed_s; /* lastTransitionTime of Failed */
    bool has_owner;   /* an ownerReference to the migration */
};

/* ---- SchemaMigration ---- */

struct application {
    enum workload_kind kind;
    const char *api_version;  /* of WORKLOAD_OTHER, as the next two */
    const char *other_kind;   /* "Rollout" */
    const char *other_type;   /* "Rollout.argoproj.io": in whatever version it is served */
    const char *name;         /* one of name and selector */
    struct selector selector; /* of the workloads' own labels */
    bool has_selector;
    const char *container;
    enum version_source source;
    const char *key;
    const char *versions; /* a constraint; NULL: any version */
    enum when_absent when_absent;
};

struct inherit_from {
    enum workload_kind kind;
    const char *name; /* NULL: nothing is inherited */
    const char *container;
};

struct condition {
    const char *type;
    enum condition_status status;
    const char *reason;
    const char *message;
    int64_t observed_generation;
    int64_t changed_s; /* lastTransitionTime */
};

struct conditions {
    struct condition *items;
    size_t count;
};

struct running_version {
    const char *version;
    int64_t pods;
};

/* status.applications[]: one for each workload found */
struct application_status {
    const char *workload; /* "Deployment/orders-api", "Rollout.argoproj.io/orders-api" */
    const char *desired;  /* the template's version */
    struct running_version *running;
    size_t running_count;
    bool settled;
    const char
        *selector; /* of its pods, as a query (a in (b),c): remembered for when it is deleted */
    /* Since when it has been what is asked of it, and of which object that is said: domain/soak.h. */
    const char *uid;
    const char *revision;
    const char *needs;          /* what is asked of it: the constraint, and what else counts */
    int64_t compatible_since_s; /* 0: it is not */
};

/* When something last ran that the migration does not allow. */
struct breach {
    const char *reason; /* NULL: there was none */
    const char *message;
    int64_t at_s;    /* when it was first seen */
    int64_t until_s; /* when it was first seen to be over; 0: it goes on */
};

/* How run.verify ended; of a check that did not, nothing is known. */
struct check {
    bool has_ended;
    int64_t exit_code;
    const char *message;
};

/* Who let an attempt begin: told here, so that it is known when the approval itself is deleted. */
struct approval_record {
    const char *by; /* NULL: none was needed */
    const char *name;
    const char *uid; /* of the MigrationApproval */
};

struct attempt {
    int64_t number;     /* 0: there was none */
    int64_t generation; /* of the spec that it ran */
    const char *spec_hash;
    const char *to_version; /* of that spec: a later edit must not change what the ledger says */
    const char *job;
    const char *job_uid;
    const char *pod_uid; /* the only one that is let start; NULL: none has been seen yet */
    struct approval_record approval;
    const char *image;
    int64_t start_s;
    int64_t completion_s;
    enum outcome outcome;
    const char *reason;
    bool has_exit_code;
    int64_t exit_code;
    const char *message;
    struct check verify;
    bool is_interrupted;  /* cut off from outside: attempt_was_interrupted() */
    bool is_recovery_due; /* of what a run that was cut off left behind: attempt_close() */
};

struct transition {
    enum phase phase;
    const char *reason;
    int64_t at_s;
};

struct migration_status {
    int64_t observed_generation;
    const char *spec_hash;
    enum phase phase;
    const char *reason;
    const char *message;
    const char *running;
    struct conditions conditions;
    struct application_status *applications;
    size_t application_count;
    struct breach last_breach;
    struct attempt attempt;
    struct attempt *attempts; /* earlier ones, newest first */
    size_t attempt_count;
    int64_t withdrawn;          /* the highest attempt that was given back before it started */
    int64_t withdrawn_s;        /* when */
    struct transition *history; /* newest last */
    size_t history_count;
};

#define STATUS_ATTEMPTS_MAX 10
#define STATUS_HISTORY_MAX  50

/* One of spec.requires: an object of the migration's namespace. domain/prerequisite.h judges it. */
struct requirement {
    const char *api_version;
    const char *kind;
    const char *name;
    const char *condition;     /* that must be True; NULL: that the object exists is enough */
    bool newer_than_migration; /* it must not have been created before the migration was */
};

/* spec.window: when a run may start; of a migration, or of its Database. domain/window.h judges it. */
struct window_spec {
    const char *schedule; /* NULL: there is no window */
    int64_t duration_s;
    const char *zone_name; /* NULL: UTC */
    bool must_finish;
    const char *error; /* of a Database's: as spec_error of a migration; NULL: none */
};

struct migration {
    struct meta meta;
    const char
        *database; /* as the spec names it: "orders", or "shop/orders" of another namespace */
    const char *database_ns;
    const char *database_name;
    const char *database_key; /* "shop/orders" */
    enum step step;
    const char *from_version; /* NULL: any */
    const char *to_version;
    struct application *applications;
    size_t application_count;
    enum rollout rollout; /* the default by step is filled in */
    int64_t soak_s;       /* 0: none */
    bool suspend;
    const char **after; /* names of migrations in its namespace */
    size_t after_count;
    struct requirement *requirements; /* spec.requires */
    size_t requirement_count;
    enum approval_need approval;
    int64_t not_before_s; /* 0: any time */
    struct window_spec window;
    enum ready_when ready_when;
    int64_t retries;
    enum on_interruption on_interruption;
    int64_t timeout_s;       /* 0: none */
    int64_t start_timeout_s; /* 0: none */
    int64_t keep_for_s;      /* -1: until the migration is deleted */
    struct inherit_from inherit_from;
    const char *run;       /* spec.run as compact JSON text; NULL once finished */
    const char *spec_hash; /* of the spec as it stands now */
    int64_t retry;         /* number in the annotation; 0: none */
    int64_t confirm_ended; /* likewise */
    bool abandon;
    const char *
        spec_error; /* what the schema could not refuse: names the field and the remedy; NULL: none */
    struct migration_status status;
};

/* ---- objects of any kind ---- */

/* As much of an object that a migration requires as a verdict needs; of some the metadata alone is read. */
struct prerequisite {
    struct meta meta;
    int64_t observed_generation; /* of its status as a whole; 0: it does not say */
    struct conditions conditions;
};

/* What is known of one of spec.requires. */
enum prerequisite_state {
    PREREQUISITE_UNKNOWN, /* not read yet, or it cannot be read at present */
    PREREQUISITE_ABSENT,
    PREREQUISITE_PRESENT,
    PREREQUISITE_NO_KIND,   /* the server has no such kind, or none that lies in a namespace */
    PREREQUISITE_FORBIDDEN, /* we may not read it */
};

struct prerequisite_seen {
    enum prerequisite_state state;
    const struct prerequisite *object; /* of PRESENT alone */
    const char *why;                   /* of the others: the server's words; NULL: none */
};

/* ---- Database ---- */

struct claim {
    const char *migration; /* NULL: nobody holds the database */
    const char *uid;
    int64_t attempt;
    const char *spec_hash;
    int64_t since_s;
    const char *ns; /* of the migration; NULL: the Database's own */
};

/* One version that a migration brought the database to. */
struct passage {
    const char *version;
    const char *ns; /* of the migration; NULL: the Database's own */
    const char *migration;
    const char *uid;
    const char *spec_hash;
    const char *job;
    int64_t start_s;
    int64_t completion_s;
};

#define DATABASE_HISTORY_MAX 100

/* spec.soak of a Database: the least soak of its migrations, by step. */
struct soak_policy {
    int64_t least_s[STEP_MAX];
    const char *error; /* as window_spec.error */
};

struct database {
    struct meta meta;
    const char *baseline;
    unsigned approval_for;     /* STEP_BIT() of the steps that need an approval in any case */
    struct window_spec window; /* of its migrations that have none of their own */
    struct soak_policy soak;
    const char **allowed; /* other namespaces whose migrations may name it */
    size_t allowed_count;
    const char *version; /* NULL: the ledger is empty */
    const char **passed;
    size_t passed_count;
    struct claim claim;
    struct passage *history;
    size_t history_count;
    struct conditions conditions;
    int64_t confirm_ended; /* annotation, for a claim whose migration is gone; 0: none */
};

/* ---- MigrationApproval ---- */

/* One person's word that one spec of one migration may run. domain/approval.h says when it holds. */
struct approval {
    struct meta meta;
    const char *migration;     /* in the approval's namespace */
    const char *migration_key; /* "namespace/migration" */
    const char *uid;           /* of the migration */
    const char *spec_hash;
    const char *approved_by; /* as all before it never empty */
    const char *comment;
};

#endif
