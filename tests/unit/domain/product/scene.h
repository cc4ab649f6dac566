/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inputs of the decision as dimensions of a product, and what each value looks like: a migration whose
 * last attempt, if it had one, is number 2, its Database, the Job that is looked at and its pods.
 *
 * To add an input: a list of values, a line in DIMENSIONS (the last of its kind if in doubt), and in
 * scene.c the lines that put it into the scene; exclusions and invariants as the rules ask for.
 */
#ifndef INTERLUDE_TESTS_SCENE_H
#define INTERLUDE_TESTS_SCENE_H

#include "base/arena.h"
#include "domain/gates.h"
#include "domain/observed.h"
#include "domain/types.h"
#include "product.h"

/* The record that the last attempt left. What failed by itself, what was cut off, and what nobody saw end. */
#define ATTEMPTS(X)                                                                                \
    X(ATTEMPT_NONE, "none")                                                                        \
    X(ATTEMPT_OPEN, "open")                                                                        \
    X(ATTEMPT_SUCCEEDED, "succeeded")                                                              \
    X(ATTEMPT_FAILED, "failed")                                                                    \
    X(ATTEMPT_CUT_OFF, "cut-off")                                                                  \
    X(ATTEMPT_UNPROVEN, "unproven")
#define WITHDRAWALS(X) X(WITHDRAWN_NONE, "none") X(WITHDRAWN_NEXT, "next")
/* By the number it names: the recorded attempt's, the next one's, ... or whose else it is. */
#define CLAIMS(X)                                                                                  \
    X(CLAIM_NONE, "none")                                                                          \
    X(CLAIM_RECORDED, "recorded")                                                                  \
    X(CLAIM_NEXT, "next")                                                                          \
    X(CLAIM_NEXT_OF_OTHER_SPEC, "next-of-other-spec")                                              \
    X(CLAIM_OLDER, "older")                                                                        \
    X(CLAIM_LATER, "later")                                                                        \
    X(CLAIM_WITHDRAWN, "withdrawn")                                                                \
    X(CLAIM_OF_ANOTHER, "of-another")                                                              \
    X(CLAIM_OF_NAMESAKE, "of-namesake")
#define DATABASES(X)                                                                               \
    X(DATABASE_HELD, "held")                                                                       \
    X(DATABASE_ABSENT, "absent")                                                                   \
    X(DATABASE_DELETED, "deleted")                                                                 \
    X(DATABASE_UNHELD, "without-finalizer")
#define JOBS(X)                                                                                    \
    X(JOB_UNKNOWN, "unknown")                                                                      \
    X(JOB_ABSENT, "absent")                                                                        \
    X(JOB_PARKED, "parked")                                                                        \
    X(JOB_PARKED_DELETED, "parked-deleted")                                                        \
    X(JOB_ACTIVE, "active")                                                                        \
    X(JOB_STRIPPED, "active-without-finalizer")                                                    \
    X(JOB_ENDING, "being-ended") /* by the deadline of R4a */                                      \
    X(JOB_SUSPENDED, "suspended")                                                                  \
    X(JOB_DELETED, "deleted")                                                                      \
    X(JOB_COMPLETE, "complete")                                                                    \
    X(JOB_FAILED, "failed")                                                                        \
    X(JOB_LATE, "deadline-exceeded")                                                               \
    X(JOB_LET_GO, "complete-let-go")                                                               \
    X(JOB_SECOND, "second") /* parked, of this attempt, and not the one recorded */                \
    X(JOB_FOREIGN, "foreign")
#define READS(X) X(READ_CACHED, "cached") X(READ_FRESH, "fresh")
#define PODS(X)                                                                                    \
    X(PODS_NONE, "none")                                                                           \
    X(PODS_PENDING, "pending")                                                                     \
    X(PODS_STUCK, "stuck") /* ImagePullBackOff */                                                  \
    X(PODS_RUNNING, "running")                                                                     \
    X(PODS_STOPPING, "stopping") /* it was asked to stop, and runs */                              \
    X(PODS_SUCCEEDED, "succeeded")                                                                 \
    X(PODS_SUCCEEDED_LET_GO, "succeeded-let-go")                                                   \
    X(PODS_SUCCEEDED_THEN_DELETED, "succeeded-then-deleted")                                       \
    X(PODS_DELETED_THEN_SUCCEEDED, "deleted-then-succeeded")                                       \
    X(PODS_EVICTED, "evicted-and-succeeded")                                                       \
    X(PODS_CHECKED, "succeeded-and-checked") /* run.verify */                                      \
    X(PODS_UNCHECKED, "succeeded-and-check-failed")                                                \
    X(PODS_FAILED, "exit-1")                                                                       \
    X(PODS_LOST, "lost-node")                                                                      \
    X(PODS_NEVER, "never-started")                                                                 \
    X(PODS_TWO, "one-failed-one-runs")                                                             \
    X(PODS_GATED, "gated")         /* behind our scheduling gate */                                \
    X(PODS_WITHDRAWN, "withdrawn") /* deleted behind it */
/* Another pod of the Job, which a fault has it make. */
#define STRAYS(X) X(STRAY_NONE, "none") X(STRAY_GATED, "gated") X(STRAY_WITHDRAWN, "withdrawn")
/* The pod that the attempt notes (steps 9a and 9b): the first, if there is one. */
#define NOTES(X)                                                                                   \
    X(NOTED_FIRST, "first") X(NOTED_NONE, "none") X(NOTED_STRAY, "stray") X(NOTED_GONE, "gone")
#define DELETIONS(X) X(DELETION_NONE, "no") X(DELETION_ASKED, "asked")
#define ABANDONS(X)  X(ABANDON_NONE, "no") X(ABANDON_ASKED, "asked")
#define HOLDS(X)     X(HOLD_ON, "on") X(HOLD_OFF, "off")
#define LOOKS(X)     X(LOOK_NONE, "none") X(LOOK_FRESH, "taken")
/* One of them is closed, or not known, and all others are open; LockHeld apart. */
#define GATES_SEEN(X)                                                                              \
    X(GATES_OPEN, "open")                                                                          \
    X(GATES_ASKED_FOR, "all-asked-for-and-open") /* all that a spec need not ask for */            \
    X(GATES_NOT_CHECKED, "not-checked")                                                            \
    X(GATES_REFUSED, "refused")                                                                    \
    X(GATES_REFUSED_FOR_NOW, "refused-for-now")                                                    \
    X(GATES_REFUSED_UNTIL_NOW, "refused-until-now")                                                \
    X(GATES_SPEC_WRONG, "spec-wrong")                                                              \
    X(GATES_SUSPENDED, "suspended")                                                                \
    X(GATES_NOT_ITS_TURN, "comes-after-another")                                                   \
    X(GATES_PREREQUISITE_MISSING, "prerequisite-missing")                                          \
    X(GATES_PREREQUISITE_UNKNOWN, "prerequisite-unknown")                                          \
    X(GATES_TAKEN, "version-taken")                                                                \
    X(GATES_IS_BASELINE, "version-is-baseline")                                                    \
    X(GATES_NOT_MET, "schema-not-met")                                                             \
    X(GATES_INCOMPATIBLE, "incompatible")                                                          \
    X(GATES_UNSETTLED, "unsettled")                                                                \
    X(GATES_SOAKING, "soaking")                                                                    \
    X(GATES_NOT_APPROVED, "not-approved") /* for this spec */                                      \
    X(GATES_APPROVALS_UNKNOWN, "approvals-unknown")                                                \
    X(GATES_OUTSIDE_WINDOW, "outside-window")                                                      \
    X(GATES_UNKNOWN, "unknown") /* versions and rollout */                                         \
    X(GATES_UNKNOWN_YET, "unknown-yet")
#define EDITS(X)                                                                                   \
    X(EDIT_NONE, "no")                                                                             \
    X(EDIT_REAL, "yes") X(EDIT_IN_GENERATION, "generation-alone") X(EDIT_IN_HASH, "hash-alone")
#define NAMED_ATTEMPTS(kind, X)                                                                    \
    X(kind##_NONE, "none") X(kind##_RECORDED, "recorded") X(kind##_OLDER, "older")
#define RETRY_WORDS(X)   NAMED_ATTEMPTS(RETRY, X)
#define CONFIRM_WORDS(X) NAMED_ATTEMPTS(CONFIRM, X)
#define RETRIES(X)       X(RETRIES_NONE, "none") X(RETRIES_LEFT, "left") X(RETRIES_LATER, "left-later")
#define QUEUES(X)        X(QUEUE_FIRST, "first") X(QUEUE_SECOND, "second")
#define EVENTS(X)        X(EVENT_RECORDED, "recorded") X(EVENT_DUE, "due")
#define LEDGERS(X)                                                                                 \
    X(LEDGER_EMPTY, "empty") X(LEDGER_NAMES_US, "names-us") X(LEDGER_OTHER_SPEC, "names-other-spec")
#define JOB_NAMES(X) X(NAME_FREE, "free") X(NAME_TAKEN, "taken") X(NAME_REFUSED, "refused")
/* When the attempt began, and the Job was deleted if it was. */
#define TIMES(X)                                                                                   \
    X(TIME_LONG_AGO, "long-ago")                                                                   \
    X(TIME_JUST_NOW, "just-now") X(TIME_TOO_LONG, "beyond-start-timeout")
#define SILENCES(X)                                                                                \
    X(SILENCE_NOT_ASKED, "not-asked") X(SILENCE_NO_REASON, "no-reason") X(SILENCE_REASON, "reason")
/* Where the version of a succeeded attempt is written down. */
#define RECORDS(X)    X(RECORD_OF_VERSION, "in-status") X(RECORD_WITHOUT, "not-in-status")
#define GIVEN_BACK(X) X(GIVEN_BACK_LONG_AGO, "long-ago") X(GIVEN_BACK_JUST_NOW, "just-now")
#define OBSERVED(X)   X(GENERATION_OBSERVED, "yes") X(GENERATION_NEW, "no")
#define NAMESPACES(X)                                                                              \
    X(NAMESPACE_IS_UNKNOWN, "not-asked")                                                           \
    X(NAMESPACE_STAYS, "there") X(NAMESPACE_ENDS, "being-deleted")
#define INTERRUPTIONS(X) X(INTERRUPTION_FAILS, "fail") X(INTERRUPTION_RETRIES, "retry")

/* Whether an earlier run may have left something behind (R21); what was told of versions (R22). */
#define RECOVERIES(X) X(RECOVERY_NONE, "not-due") X(RECOVERY_DUE, "due")
#define TIMEOUTS(X)   X(TIMEOUT_NONE, "none") X(TIMEOUT_OF_A_SECOND, "a-second")
#define SKEWS(X)      X(SKEW_UNTOLD, "untold") X(SKEW_TOLD, "told") X(SKEW_OVER, "told-to-be-over")
/* R7: the status says that it had not started in time, and a gate had closed. */
#define MISSES(X) X(MISSED_NO, "no") X(MISSED_TOLD, "told")

/* X(enumerator, name, values, is it a side dimension) */
#define DIMENSIONS(X)                                                                              \
    X(DIM_PHASE, "phase", PHASES, false)                                                           \
    X(DIM_ATTEMPT, "attempt", ATTEMPTS, false)                                                     \
    X(DIM_WITHDRAWN, "withdrawn", WITHDRAWALS, false)                                              \
    X(DIM_CLAIM, "claim", CLAIMS, false)                                                           \
    X(DIM_DATABASE_READ, "database-read", READS, false)                                            \
    X(DIM_DELETION, "deletion", DELETIONS, false)                                                  \
    X(DIM_LOOK, "fresh-look", LOOKS, false)                                                        \
    X(DIM_JOB, "job", JOBS, false)                                                                 \
    X(DIM_JOB_READ, "job-read", READS, false)                                                      \
    X(DIM_PODS, "pods", PODS, false)                                                               \
    X(DIM_PODS_READ, "pods-read", READS, false)                                                    \
    X(DIM_STRAY, "stray", STRAYS, true)                                                            \
    X(DIM_NOTED, "noted", NOTES, true)                                                             \
    X(DIM_TIMEOUT, "timeout", TIMEOUTS, true)                                                      \
    X(DIM_DATABASE, "database", DATABASES, true)                                                   \
    X(DIM_HOLD, "finalizer", HOLDS, true)                                                          \
    X(DIM_ABANDON, "abandon", ABANDONS, true)                                                      \
    X(DIM_GATES, "gates", GATES_SEEN, true)                                                        \
    X(DIM_EDIT, "edited", EDITS, true)                                                             \
    X(DIM_RETRY, "retry", RETRY_WORDS, true)                                                       \
    X(DIM_CONFIRM, "confirm-ended", CONFIRM_WORDS, true)                                           \
    X(DIM_RETRIES, "retries", RETRIES, true)                                                       \
    X(DIM_QUEUE, "queue", QUEUES, true)                                                            \
    X(DIM_EVENT, "event", EVENTS, true)                                                            \
    X(DIM_LEDGER, "ledger", LEDGERS, true)                                                         \
    X(DIM_JOB_NAME, "job-name", JOB_NAMES, true)                                                   \
    X(DIM_TIME, "began", TIMES, true)                                                              \
    X(DIM_SILENCE, "no-pod", SILENCES, true)                                                       \
    X(DIM_RECORD, "version-recorded", RECORDS, true)                                               \
    X(DIM_GIVEN_BACK, "given-back", GIVEN_BACK, true)                                              \
    X(DIM_OBSERVED, "generation-observed", OBSERVED, true)                                         \
    X(DIM_NAMESPACE, "namespace", NAMESPACES, true)                                                \
    X(DIM_INTERRUPTION, "on-interruption", INTERRUPTIONS, true)                                    \
    X(DIM_RECOVERY, "recovery", RECOVERIES, true)                                                  \
    X(DIM_SKEW, "skew", SKEWS, true)                                                               \
    X(DIM_MISSED, "start-missed", MISSES, true)

#define X(name, word, values, is_side) name,
enum scene_dimension { DIMENSIONS(X) DIM_MAX };
#undef X
enum attempt_seen { ATTEMPTS(PRODUCT_ENUMERATOR) };
enum withdrawal { WITHDRAWALS(PRODUCT_ENUMERATOR) };
enum claim_seen { CLAIMS(PRODUCT_ENUMERATOR) };
enum database_seen { DATABASES(PRODUCT_ENUMERATOR) };
enum job_seen { JOBS(PRODUCT_ENUMERATOR) };
enum read { READS(PRODUCT_ENUMERATOR) };
enum pods_seen { PODS(PRODUCT_ENUMERATOR) };
enum stray { STRAYS(PRODUCT_ENUMERATOR) };
enum noted { NOTES(PRODUCT_ENUMERATOR) };
enum timeout { TIMEOUTS(PRODUCT_ENUMERATOR) };
enum deletion { DELETIONS(PRODUCT_ENUMERATOR) };
enum abandon { ABANDONS(PRODUCT_ENUMERATOR) };
enum hold { HOLDS(PRODUCT_ENUMERATOR) };
enum look { LOOKS(PRODUCT_ENUMERATOR) };
enum gates_seen { GATES_SEEN(PRODUCT_ENUMERATOR) };
enum edit { EDITS(PRODUCT_ENUMERATOR) };
enum retry { RETRY_WORDS(PRODUCT_ENUMERATOR) };
enum confirm { CONFIRM_WORDS(PRODUCT_ENUMERATOR) };
enum retries { RETRIES(PRODUCT_ENUMERATOR) };
enum queue_place { QUEUES(PRODUCT_ENUMERATOR) };
enum event_seen { EVENTS(PRODUCT_ENUMERATOR) };
enum ledger { LEDGERS(PRODUCT_ENUMERATOR) };
enum job_name_seen { JOB_NAMES(PRODUCT_ENUMERATOR) };
enum began { TIMES(PRODUCT_ENUMERATOR) };
enum silence { SILENCES(PRODUCT_ENUMERATOR) };
enum record { RECORDS(PRODUCT_ENUMERATOR) };
enum given_back { GIVEN_BACK(PRODUCT_ENUMERATOR) };
enum observed_generation { OBSERVED(PRODUCT_ENUMERATOR) };
enum namespace_seen { NAMESPACES(PRODUCT_ENUMERATOR) };
enum interruption { INTERRUPTIONS(PRODUCT_ENUMERATOR) };
enum recovery { RECOVERIES(PRODUCT_ENUMERATOR) };
enum skew { SKEWS(PRODUCT_ENUMERATOR) };
enum missed { MISSES(PRODUCT_ENUMERATOR) };

extern const struct dimension scene_dimensions[DIM_MAX];
extern const struct product_exclusion scene_exclusions[];
extern const size_t scene_exclusion_count;

/* Phase, attempt, what was given back and the claim go together. */
bool scene_is_possible(const unsigned char *point);

#define SCENE_NOW      1000000
#define SCENE_UID      "uid-m"
#define SCENE_JOB_UID  "uid-j2" /* of the recorded attempt's Job */
#define SCENE_POD_UID  "uid-p"  /* of the first pod */
#define SCENE_STRAY    "uid-p2" /* of the second */
#define SCENE_GONE     "uid-p0" /* of one that is not there */
#define SCENE_RECORDED 2        /* the number of the recorded attempt */
#define SCENE_APPROVER "maria"

struct scene {
    const unsigned char *at;
    struct migration migration;
    struct transition history[3];
    struct condition conditions[2];
    struct application applications[1];
    const struct migration *dependencies[1];
    struct approval approval;
    const struct approval *approvals[1];
    struct database database;
    struct passage passages[1];
    const char *passed[1];
    struct job job;
    struct pod pods[2];
    struct container_status containers[2];
    struct pair annotations[1]; /* of a pod that is checked */
    struct container_image images[1];
    struct workload workload;
    const struct workload *workloads[1];
    struct application_seen application_seen;
    struct observed seen;
};

/* What the point looks like. The scene keeps a pointer to the point, and pointers into itself. */
void scene_build(struct scene *scene, const unsigned char *point);

/* ---- the same in the words of the rules, for the invariants ---- */

/* The number that the next attempt would have, and the one that the Database's claim names (0: none of ours). */
int64_t scene_next(const unsigned char *point);
int64_t scene_claimed(const unsigned char *point);

/* It has an outcome, a later one began, or it was given back. */
bool scene_is_closed(const unsigned char *point, int64_t number);

/* Its claim is for an attempt that has not begun and is not closed. */
bool scene_is_starting(const unsigned char *point);

/* Never started; or failed, and the spec changed, or a retry of it is asked for in one of the three ways. */
bool scene_is_wanted(const unsigned char *point);

/* What each gate's condition has to say. Of one that is open the reason is NULL: any. LockHeld apart. */
struct gate_truth {
    enum gate gate;
    enum condition_status status;
    const char *reason;
};
struct gate_truth scene_gate(const unsigned char *point, enum gate gate);

/* The first that is not open; its gate is GATE_MAX where all are. */
struct gate_truth scene_first_closed(const unsigned char *point);
bool scene_are_gates_open(const unsigned char *point);

/* The Job that is seen is the one that the status names. */
bool scene_is_recorded_job(const unsigned char *point);

/* At a terminal condition, or being deleted (R8). */
bool scene_is_job_over(const unsigned char *point);

/* The server said just now that the recorded Job is not there. */
bool scene_is_job_gone(const unsigned char *point);

/* What is true of the pods in each case, as a person would tell it. */
struct pods_truth {
    bool may_run;        /* a container runs, or may yet start */
    bool is_lost;        /* nobody can tell */
    bool has_started;    /* in doubt true */
    bool has_proof;      /* R8a: exit 0, and nobody had asked it to stop */
    bool have_finalizer; /* ours */
};
struct pods_truth scene_pods(const unsigned char *point);

/* The attempt notes a pod; and that one is seen, behind our gate or beyond it. */
bool scene_has_note(const unsigned char *point);
bool scene_is_noted_there(const unsigned char *point);

/* It stands behind the gate: it may be let start, or was deleted there. */
bool scene_is_noted_waiting(const unsigned char *point);
bool scene_is_noted_withdrawn(const unsigned char *point);

/*
 * It was let go, nothing of it has ended, and it can be ended: whether a pod of it may start is judged again
 * when it began long ago. And what that comes to.
 */
bool scene_is_start_late(const unsigned char *point);
bool scene_is_judged_anew(const unsigned char *point);

/* The UID that step 9a has to note now: of an open pod first; NULL: none waits behind the gate. */
const char *scene_to_note(const unsigned char *point);

/* The Job's deadline is the one that ends a run of which nothing started (R4a), not the user's. */
bool scene_is_told_to_end(const unsigned char *point);

/* R8b: the recorded attempt was seen to end, a person says so, or its namespace takes all with it. */
bool scene_is_end_certain(const unsigned char *point);

#endif
