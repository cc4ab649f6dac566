/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "base/attrs.h"
#include "domain/attempt.h"
#include "scene_parts.h"

#define X(name, word, values, is_side)                                                             \
    {word, (const char *const[]){values(PRODUCT_WORD)}, 0 values(PRODUCT_ONE), is_side},
const struct dimension scene_dimensions[DIM_MAX] = {DIMENSIONS(X)};
#undef X

#define HASH         "v1:one"
#define HASH2        "v1:two"
#define NEXT_JOB_UID "uid-j3"

/* ---- the migration ---- */

static void build_attempt(struct scene *scene)
{
    const unsigned char *at = scene->at;
    struct attempt *attempt = &scene->migration.status.attempt;
    static const struct {
        enum outcome outcome;
        const char *reason;
    } ends[] = {
        [ATTEMPT_NONE] = {OUTCOME_NONE, NULL},
        [ATTEMPT_OPEN] = {OUTCOME_NONE, NULL},
        [ATTEMPT_SUCCEEDED] = {OUTCOME_SUCCEEDED, "Completed"},
        [ATTEMPT_FAILED] = {OUTCOME_FAILED, "ExitCode"},
        [ATTEMPT_CUT_OFF] = {OUTCOME_FAILED, "Evicted"},
        [ATTEMPT_UNPROVEN] = {OUTCOME_FAILED, "EndUnproven"},
    };
    static const char *const notes[] = {[NOTED_FIRST] = SCENE_POD_UID,
                                        [NOTED_NONE] = NULL,
                                        [NOTED_STRAY] = SCENE_STRAY,
                                        [NOTED_GONE] = SCENE_GONE};
    if (at[DIM_ATTEMPT] == ATTEMPT_NONE) {
        return;
    }
    *attempt = (struct attempt){
        .number = SCENE_RECORDED,
        .generation = 1,
        .spec_hash = HASH,
        .to_version = at[DIM_RECORD] == RECORD_OF_VERSION ? "3" : NULL,
        .job = "orders-3-2",
        .job_uid = SCENE_JOB_UID,
        .start_s = SCENE_NOW - (at[DIM_TIME] == TIME_JUST_NOW ? 1 : 60),
        .outcome = ends[at[DIM_ATTEMPT]].outcome,
        .reason = ends[at[DIM_ATTEMPT]].reason,
        .message = at[DIM_ATTEMPT] == ATTEMPT_OPEN ? NULL : "it ended:\n  the last words",
        .is_interrupted = at[DIM_ATTEMPT] == ATTEMPT_CUT_OFF || at[DIM_ATTEMPT] == ATTEMPT_UNPROVEN,
    };
    attempt->pod_uid = scene_has_note(at) ? notes[at[DIM_NOTED]] : NULL;
    if (at[DIM_ATTEMPT] == ATTEMPT_UNPROVEN && at[DIM_NOTED] == NOTED_GONE) {
        attempt->reason = "PodVanished";
    }
    attempt->is_recovery_due = at[DIM_RECOVERY] == RECOVERY_DUE;
    if (attempt->outcome != OUTCOME_NONE) {
        attempt->completion_s = SCENE_NOW - (at[DIM_RETRIES] == RETRIES_LATER ? 1 : 50);
    }
}

static int64_t named(int64_t number, unsigned char word)
{
    return word == RETRY_NONE ? 0 : word == RETRY_RECORDED ? number : 1;
}

static void build_conditions(struct scene *scene)
{
    const unsigned char *at = scene->at;
    size_t count = 0;
    if (at[DIM_GIVEN_BACK] == GIVEN_BACK_JUST_NOW) {
        scene->migration.status.withdrawn_s = SCENE_NOW - 1;
    }
    if (at[DIM_SKEW] != SKEW_UNTOLD) {
        scene->conditions[count++] = (struct condition){
            .type = CONDITION_VERSION_SKEW,
            .status = at[DIM_SKEW] == SKEW_TOLD ? CONDITION_TRUE : CONDITION_FALSE,
            .changed_s = SCENE_NOW - 1};
    }
    scene->migration.status.conditions = (struct conditions){scene->conditions, count};
}

static void build_migration(struct scene *scene)
{
    const unsigned char *at = scene->at;
    bool has_attempt = at[DIM_ATTEMPT] != ATTEMPT_NONE;
    scene->migration = (struct migration){
        .meta = {.ns = "shop", .name = "orders-3", .uid = SCENE_UID, .created_s = SCENE_NOW - 100},
        .database = "orders",
        .database_ns = "shop",
        .to_version = "3",
        .spec_hash = at[DIM_EDIT] == EDIT_REAL || at[DIM_EDIT] == EDIT_IN_HASH ? HASH2 : HASH,
        .retries = at[DIM_RETRIES] == RETRIES_NONE ? 0 : 3,
        .retry = named(SCENE_RECORDED, at[DIM_RETRY]),
        .confirm_ended = named(SCENE_RECORDED, at[DIM_CONFIRM]),
        .on_interruption = at[DIM_INTERRUPTION] == INTERRUPTION_RETRIES ? ON_INTERRUPTION_RETRY
                                                                        : ON_INTERRUPTION_FAIL,
        .abandon = at[DIM_ABANDON] == ABANDON_ASKED,
        .timeout_s = at[DIM_TIMEOUT] == TIMEOUT_OF_A_SECOND ? 1 : 0,
        .start_timeout_s = at[DIM_TIME] == TIME_TOO_LONG ? 30 : 600,
    };
    struct meta *meta = &scene->migration.meta;
    meta->generation = at[DIM_EDIT] == EDIT_REAL || at[DIM_EDIT] == EDIT_IN_GENERATION ? 2 : 1;
    meta->has_finalizer = at[DIM_HOLD] == HOLD_ON;
    meta->deleted_s = at[DIM_DELETION] == DELETION_NONE ? 0 : SCENE_NOW - 1;

    struct migration_status *status = &scene->migration.status;
    status->phase = (enum phase)at[DIM_PHASE];
    status->reason = at[DIM_ATTEMPT] != ATTEMPT_OPEN ? "Other"
                     : at[DIM_MISSED] == MISSED_TOLD ? REASON_START_MISSED
                                                     : "Started";
    status->message = "as it was told";
    status->spec_hash = HASH;
    status->observed_generation = meta->generation - (at[DIM_OBSERVED] == GENERATION_NEW ? 1 : 0);
    status->withdrawn = at[DIM_WITHDRAWN] == WITHDRAWN_NEXT ? scene_next(at) - 1 : 0;
    scene->history[0] = (struct transition){.phase = PHASE_PENDING, .at_s = SCENE_NOW - 90};
    scene->history[1] = (struct transition){.phase = status->phase, .at_s = SCENE_NOW - 80};
    status->history = scene->history;
    status->history_count = status->phase == PHASE_PENDING ? 0 : 2;
    build_conditions(scene);
    if (has_attempt) {
        build_attempt(scene);
    }
}

/* ---- the Database ---- */

static void build_claim(struct scene *scene)
{
    enum claim_seen word = scene->at[DIM_CLAIM];
    if (word == CLAIM_NONE) {
        return;
    }
    bool is_recorded = word == CLAIM_RECORDED || word == CLAIM_OLDER || word == CLAIM_WITHDRAWN;
    bool is_of_other_spec = word == CLAIM_NEXT_OF_OTHER_SPEC;
    scene->database.claim = (struct claim){
        .migration = word == CLAIM_OF_ANOTHER ? "orders-4" : "orders-3",
        .uid = word == CLAIM_OF_ANOTHER || word == CLAIM_OF_NAMESAKE ? "uid-x" : SCENE_UID,
        .attempt = scene_claimed(scene->at) != 0 ? scene_claimed(scene->at) : SCENE_RECORDED,
        .spec_hash = is_of_other_spec ? "v1:old"
                     : is_recorded    ? HASH
                                      : scene->migration.spec_hash,
        .since_s = SCENE_NOW - 61,
    };
}

static void build_database(struct scene *scene)
{
    const unsigned char *at = scene->at;
    scene->database = (struct database){
        .meta = {.ns = "shop",
                 .name = "orders",
                 .has_finalizer = at[DIM_DATABASE] != DATABASE_UNHELD},
    };
    if (at[DIM_DATABASE] == DATABASE_DELETED) {
        scene->database.meta.deleted_s = SCENE_NOW - 1;
    }
    build_claim(scene);
    scene->database.baseline = at[DIM_GATES] == GATES_IS_BASELINE ? "3" : NULL;
    bool is_passed = at[DIM_LEDGER] != LEDGER_EMPTY || at[DIM_GATES] == GATES_TAKEN;
    if (is_passed) {
        scene->passages[0] = (struct passage){
            .version = "3",
            .migration = at[DIM_GATES] == GATES_TAKEN ? "orders-x" : "orders-3",
            .uid = "uid-before",
            .spec_hash =
                at[DIM_LEDGER] == LEDGER_OTHER_SPEC ? "v1:old" : scene->migration.spec_hash,
        };
        scene->passed[0] = "3";
        scene->database.version = "3";
        scene->database.passed = scene->passed;
        scene->database.passed_count = 1;
        scene->database.history = scene->passages;
        scene->database.history_count = 1;
    }
}

/* ---- the Job and its pods ---- */

/* By the number of the attempt. */
static const char *const job_names[] = {"orders-3-0", "orders-3-1", "orders-3-2",
                                        "orders-3-3", "orders-3-4", "orders-3-5"};

static void build_job(struct scene *scene)
{
    enum job_seen word = scene->at[DIM_JOB];
    int64_t deleted_s = SCENE_NOW - (scene->at[DIM_TIME] == TIME_JUST_NOW ? 1 : 60);
    bool is_starting = scene_is_starting(scene->at);
    bool is_parked = word == JOB_PARKED || word == JOB_PARKED_DELETED || word == JOB_SECOND;
    struct job *job = &scene->job;
    *job = (struct job){
        .meta = {.name = job_names[is_starting ? scene->database.claim.attempt : SCENE_RECORDED],
                 .uid = is_starting ? NEXT_JOB_UID : SCENE_JOB_UID,
                 .has_finalizer = !is_parked && word != JOB_LET_GO && word != JOB_FOREIGN &&
                                  word != JOB_STRIPPED},
        .migration_uid = SCENE_UID,
        .migration = "orders-3",
        .attempt = is_starting ? scene->database.claim.attempt : SCENE_RECORDED,
        .spec_hash = is_starting ? scene->database.claim.spec_hash : HASH,
        .to_version = "3",
        .parallelism = is_parked ? 0 : 1,
        .is_suspended = word == JOB_SUSPENDED,
        .active_deadline_s = word == JOB_ENDING ? 1 : 0,
        .is_complete = word == JOB_COMPLETE || word == JOB_LET_GO,
        .is_failed = word == JOB_FAILED || word == JOB_LATE,
        .failed_reason = word == JOB_LATE ? "DeadlineExceeded" : "BackoffLimitExceeded",
    };
    if (word == JOB_DELETED || word == JOB_PARKED_DELETED) {
        job->meta.deleted_s = deleted_s;
    }
    if (word == JOB_SECOND || word == JOB_FOREIGN) {
        job->meta.uid = "uid-other";
        /* Before Running no UID is written down: any parked Job of the attempt will do, this is of none. */
        job->attempt += is_starting ? 5 : 0;
    }
    if (word == JOB_FOREIGN) {
        job->migration_uid = NULL;
        job->migration = NULL;
        job->attempt = 0;
    }
}

static struct pod pod_with(const char *phase, struct container_status *container)
{
    return (struct pod){
        .meta = {.name = "pod-1", .uid = SCENE_POD_UID, .generation = 2, .has_finalizer = true},
        .phase = phase,
        .node = "node-1",
        .job_uid = SCENE_JOB_UID,
        .observed_generation = 2,
        .containers = container,
        .container_count = 1,
        .containers_wanted = 1,
    };
}

static const struct container_status waits = {.name = "migrate",
                                              .state = CONTAINER_WAITING,
                                              .reason = "ImagePullBackOff",
                                              .message = "no such image\n"};
static const struct container_status runs = {.name = "migrate",
                                             .state = CONTAINER_RUNNING,
                                             .started_s = SCENE_NOW - 50,
                                             .ever_started = true};
static const struct container_status ended = {.name = "migrate",
                                              .state = CONTAINER_TERMINATED,
                                              .message = "first line\r\n\r\n  second line\n",
                                              .started_s = SCENE_NOW - 50,
                                              .finished_s = SCENE_NOW - 20,
                                              .ever_started = true};
static const struct container_status never = {.name = "migrate",
                                              .state = CONTAINER_TERMINATED,
                                              .reason = "ContainerStatusUnknown",
                                              .exit_code = 137};

/*
 * Opened it was generation 2, and its deletion made it 3. The kubelet knew of that, or not, when it told how
 * the pod had ended.
 */
static void delete_pod(struct pod *pod, int64_t known)
{
    pod->meta.deleted_s = SCENE_NOW - 10;
    pod->meta.generation = 3;
    pod->observed_generation = known;
}

static struct pod gated_pod(const char *uid, bool is_withdrawn)
{
    struct pod pod = pod_with("Pending", NULL);
    pod.meta.uid = uid;
    pod.meta.generation = is_withdrawn ? 2 : 1;
    pod.meta.deleted_s = is_withdrawn ? SCENE_NOW - 10 : 0;
    pod.observed_generation = 0;
    pod.node = NULL;
    pod.container_count = 0;
    pod.is_gated = true;
    return pod;
}

static void build_ended_pod(struct scene *scene, enum pods_seen word, struct pod *pod)
{
    struct container_status *container = &scene->containers[0];
    *container = word == PODS_LOST ? runs : word == PODS_NEVER ? never : ended;
    bool failed = word == PODS_FAILED || word == PODS_LOST || word == PODS_NEVER;
    *pod = pod_with(failed ? "Failed" : "Succeeded", container);
    if (word == PODS_FAILED) {
        container->exit_code = 1;
    } else if (word == PODS_LOST) {
        pod->reason = "NodeLost";
    } else if (word == PODS_EVICTED) {
        pod->is_disrupted = true;
        pod->disruption_reason = "EvictionByEvictionAPI";
    } else if (word == PODS_SUCCEEDED_THEN_DELETED || word == PODS_DELETED_THEN_SUCCEEDED) {
        delete_pod(pod, word == PODS_SUCCEEDED_THEN_DELETED ? 2 : 3);
    }
    pod->meta.has_finalizer = word != PODS_SUCCEEDED_LET_GO;
}

/* The run is an init container then, and its check the pod's own. */
static void build_checked_pod(struct scene *scene, bool has_passed, struct pod *pod)
{
    struct container_status *run = &scene->containers[0];
    struct container_status *check = &scene->containers[1];
    *run = ended;
    run->is_init = true;
    *check = ended;
    check->name = "verify";
    check->exit_code = has_passed ? 0 : 1;
    *pod = pod_with(has_passed ? "Succeeded" : "Failed", scene->containers);
    pod->container_count = 2;
    pod->containers_wanted = 2;
    scene->annotations[0] = (struct pair){ANNOTATION_VERIFY, check->name};
    pod->facts.annotations = (struct pairs){scene->annotations, 1};
}

static void build_first_pod(struct scene *scene)
{
    enum pods_seen word = scene->at[DIM_PODS];
    struct container_status *container = &scene->containers[0];
    struct pod *pod = &scene->pods[0];
    switch (word) {
    case PODS_NONE:
        break;
    case PODS_PENDING:
        *pod = pod_with("Pending", NULL);
        pod->node = NULL;
        pod->container_count = 0;
        break;
    case PODS_STUCK:
        *container = waits;
        *pod = pod_with("Pending", container);
        break;
    case PODS_RUNNING:
    case PODS_STOPPING:
        *container = runs;
        *pod = pod_with("Running", container);
        if (word == PODS_STOPPING) {
            delete_pod(pod, 3);
        }
        break;
    case PODS_TWO:
        build_ended_pod(scene, PODS_FAILED, &scene->pods[0]);
        scene->containers[1] = runs;
        scene->pods[1] = pod_with("Running", &scene->containers[1]);
        scene->pods[1].meta.uid = SCENE_STRAY;
        break;
    case PODS_CHECKED:
    case PODS_UNCHECKED:
        build_checked_pod(scene, word == PODS_CHECKED, pod);
        break;
    case PODS_GATED:
    case PODS_WITHDRAWN:
        *pod = gated_pod(SCENE_POD_UID, word == PODS_WITHDRAWN);
        break;
    case PODS_SUCCEEDED:
    case PODS_SUCCEEDED_LET_GO:
    case PODS_SUCCEEDED_THEN_DELETED:
    case PODS_DELETED_THEN_SUCCEEDED:
    case PODS_EVICTED:
    case PODS_FAILED:
    case PODS_LOST:
    case PODS_NEVER:
        build_ended_pod(scene, word, pod);
        break;
    }
}

static void build_pods(struct scene *scene)
{
    enum pods_seen word = scene->at[DIM_PODS];
    enum stray stray = scene->at[DIM_STRAY];
    build_first_pod(scene);
    scene->seen.pods = scene->pods;
    scene->seen.pod_count = word == PODS_NONE ? 0 : word == PODS_TWO ? 2 : 1;
    if (stray != STRAY_NONE) {
        scene->pods[scene->seen.pod_count++] = gated_pod(SCENE_STRAY, stray == STRAY_WITHDRAWN);
    }
}

/* ---- what else is observed ---- */

static void build_job_seen(struct scene *scene)
{
    const unsigned char *at = scene->at;
    struct observed *seen = &scene->seen;
    build_job(scene);
    seen->job_presence = at[DIM_JOB] == JOB_UNKNOWN  ? PRESENCE_UNKNOWN
                         : at[DIM_JOB] == JOB_ABSENT ? PRESENCE_ABSENT
                                                     : PRESENCE_PRESENT;
    seen->job = seen->job_presence == PRESENCE_PRESENT ? &scene->job : NULL;
    seen->is_job_fresh = at[DIM_JOB_READ] == READ_FRESH;
    seen->job_name_taken = at[DIM_JOB_NAME] == NAME_TAKEN ? "somebody" : NULL;
    seen->job_refused = at[DIM_JOB_NAME] == NAME_REFUSED ? "a quota" : NULL;
}

void scene_build(struct scene *scene, const unsigned char *point)
{
    static const char *const silences[] = {NULL, "", "a quota"};
    static const enum namespace_state namespaces[] = {NAMESPACE_UNKNOWN, NAMESPACE_ACTIVE,
                                                      NAMESPACE_TERMINATING};
    scene->at = point;
    build_migration(scene);
    build_database(scene);
    scene->seen = (struct observed){
        .now_s = SCENE_NOW,
        .migration = &scene->migration,
        .database = point[DIM_DATABASE] == DATABASE_ABSENT ? NULL : &scene->database,
        .is_fresh = point[DIM_LOOK] == LOOK_FRESH,
        .is_database_cached = point[DIM_DATABASE_READ] == READ_CACHED,
        .queue_place = point[DIM_QUEUE] == QUEUE_FIRST ? 0 : 1,
        .queue_ahead = point[DIM_QUEUE] == QUEUE_FIRST ? NULL : "orders-2",
        .run_container = "migrate",
        .are_pods_fresh = point[DIM_PODS_READ] == READ_FRESH,
        .no_pod_reason = silences[point[DIM_SILENCE]],
        .namespace_state = namespaces[point[DIM_NAMESPACE]],
        .is_event_due = point[DIM_EVENT] == EVENT_DUE,
    };
    build_job_seen(scene);
    build_pods(scene);
    scene_build_gates(scene);
}
