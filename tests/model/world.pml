/* SPDX-License-Identifier: Apache-2.0 */
/* Pods, nodes, people and time. */

/* A pod of it has ended, so the Job has: unless it is being deleted. */
inline job_ends(j) {
    if
    :: is_active(j) -> job[j].over = 1; job[j].ending = 0
    :: else
    fi
}

#define ENDS_AS(j, k, condition, how) \
    :: d_step { pod_of(j, k) == RUNS && (condition) -> pod_of(j, k) = how; job_ends(j); said(j, k, how) }
#define said(j, k, how) printf("    pod %d of Job %d has ended: %d\n", (k) + 1, j, how)
/* Its containers are asked to stop, if any runs. */
#define stop_pod(j, k) pod_of(j, k) = (pod_of(j, k) == RUNS -> CUT_OFF : NEVER_STARTED)

/*
 * A Job is ended because nothing of it had started, and in just that moment something starts: what a kubelet tells late
 * (R4a), or a pod that was noted before the migration went, or its start was missed, by a request that was under way.
 * docs/guarantees.md.
 */
#define is_last_moment (STUCK_FIRST || ((ABANDON || LATE) && SLOTS > 1))

#define POD(j, k) \
    ENDS_AS(j, k, true, EXITED_0) \
    ENDS_AS(j, k, true, EXITED) \
    ENDS_AS(j, k, VERIFY, CHECK_FAILED) \
    ENDS_AS(j, k, INTERRUPTIONS, CUT_OFF) \
    ENDS_AS(j, k, INTERRUPTIONS, CUT_OFF_0) \
    ENDS_AS(j, k, LOST_NODE && !calm, LOST) \
    :: d_step { INTERRUPTIONS && !calm && is_gated(pod_of(j, k)) -> \
                stop_pod(j, k); job_ends(j); printf("    pod %d of Job %d is deleted\n", (k) + 1, j) } \
    :: d_step { pod_of(j, k) == STUCK -> \
                pod_of(j, k) = RUNS; printf("    pod %d of Job %d starts after all\n", (k) + 1, j) } \
    :: d_step { pod_of(j, k) == LOST -> \
                pod_of(j, k) = LOST_ENDED; printf("    pod %d of Job %d ends unseen\n", (k) + 1, j) } \
    :: d_step { pod_of(j, k) == LOST_ENDED -> \
                pod_of(j, k) = LOST_KNOWN; printf("    somebody confirms the end of pod %d of Job %d\n", (k) + 1, j) } \
    /* The Job controller stops what is left of a Job that is over, is being ended, or was stopped by hand. */ \
    :: d_step { job[j].what == ARMED && (job[j].over || job[j].ending || (job[j].stopped && !job[j].deleted)) && is_unended(pod_of(j, k)) -> \
                promise(R4, is_last_moment || !job[j].ending || pod_of(j, k) != RUNS); \
                stop_pod(j, k); printf("    the Job controller stops pod %d of Job %d\n", (k) + 1, j); \
                if :: job[j].ending -> job_ends(j) :: else fi } \
    /* The garbage collector; and a person where there is no other way out: the migration is gone, or the start was missed and the Job
     * suspended, and the Job is going. */ \
    :: d_step { is_gated(pod_of(j, k)) && \
                (job[j].what != ARMED || \
                 (job[j].deleted && D.holder != 0 && (!M[D.holder - 1].exists || (M[0].missed && job[j].stopped)))) -> \
                stop_pod(j, k); printf("    somebody deletes pod %d of Job %d\n", (k) + 1, j) }

#define JOB(j) \
    POD(j, 0) \
    :: d_step { job[j].ending && is_active(j) && !any_pod(is_unended, j) -> \
                job_ends(j); printf("    Job %d is over: its deadline\n", j) } \
    /* time to live: what was let go is deleted sooner or later */ \
    :: d_step { !calm && job[j].what == ARMED && !job[j].held && is_over(j) && !runs(j) && !variant(NO_JOB_FINALIZER) -> \
                job[j].what = NONE; printf("    Job %d is gone, its time is over\n", j) }

/* What the Job controller does of its own accord: it does not see its pod, or not that it was let go of. */
#define FORGOTTEN(k) \
    :: d_step { !calm && is_unended(pod_of(0, k)) && is_unended(pod_of(0, 1 - (k))) && is_active(0) -> \
                stop_pod(0, k); printf("    the Job controller deletes pod %d of Job 0: one too many\n", (k) + 1) } \
    :: d_step { !calm && is_gated(pod_of(0, k)) && is_active(0) -> \
                stop_pod(0, k); job_ends(0); printf("    somebody deletes pod %d of Job 0, which fails\n", (k) + 1) } \
    :: d_step { !calm && pod_of(0, k) == RUNS && is_active(0) -> \
                pod_of(0, k) = EXITED_0; printf("    pod %d of Job 0 exits with 0, and does not count\n", (k) + 1) }
#define nobody_knows(p) ((p) == LOST || (p) == LOST_ENDED)
#define STRIPPED(k) \
    :: d_step { !calm && pod_of(0, k) != NONE && !is_gone(pod_of(0, k)) && !nobody_knows(pod_of(0, k)) -> \
                stripped[0] = stripped[0] || !is_gated(pod_of(0, k)); \
                pod_of(0, k) = (pod_of(0, k) == EXITED_0 -> GONE_AFTER_0 : GONE); \
                printf("    somebody takes the finalizers off pod %d of Job 0 and deletes it\n", (k) + 1) }

proctype Pods() {
end:
    do
    JOB(0)
    JOB(ATTEMPTS)
#if ATTEMPTS > 1
    JOB(1)
#endif
#if SECOND_POD
    POD(0, 1)
    FORGOTTEN(0)
    FORGOTTEN(1)
    :: d_step {
        (!calm || !any_pod(is_unended, 0)) && is_active(0) && !is_stopping(0) && pod_of(0, 1) == NONE ->
        printf("    the Job controller makes pod 2 of Job 0\n");
        m = 0; n = 1; j = 0;
        make_pod(1)
    }
    :: d_step {
        is_active(0) && !is_stopping(0) && pod_of(0, 1) != NONE && !any_pod(is_unended, 0) && M[0].pod == 0 ->
        job_ends(0); printf("    there is no pod 3 of Job 0, which fails\n")
    }
#endif
#if POD_STRIPPED
    STRIPPED(0)
#if PODS > 1
    STRIPPED(1)
#endif
#endif
    od
}

/* Somebody deletes a Job: our finalizer keeps it. */
#define DELETE_JOB(j) \
    :: d_step { \
        !calm && deletions < JOB_DELETIONS && job[j].what != NONE && !job[j].deleted -> \
        deletions++; \
        printf("    somebody deletes Job %d\n", j); \
        if \
        :: job[j].held -> job[j].deleted = 1 \
        :: else -> job[j].what = NONE \
        fi \
    } \
    :: d_step { \
        STRIP && !calm && !stripped[j] && job[j].held -> \
        printf("    somebody takes the finalizers off Job %d and deletes it\n", j); \
        stripped[j] = 1; \
        job[j].what = NONE; \
        job[j].deleted = 0; \
        job[j].held = 0; \
        job[j].ending = 0; \
        job[j].over = 0; \
        job[j].stopped = 0 \
    }

#define DELETE_MIGRATION(m) \
    :: d_step { \
        !calm && M[m].exists && !M[m].deleted -> \
        printf("    somebody deletes M%d\n", m); \
        if \
        :: M[m].held -> M[m].deleted = 1 \
        :: else -> M[m].exists = 0; promise(R4, M[m].outcome != RUNNING) \
        fi; \
        changed_M(m) \
    }

#define is_name_free (job[0].what == NONE && job[0].uid < 6)

/* ---- when nothing is left to do ---- */

/* It has ended, or waits for a person: a gate is closed, or the Database is being deleted. */
#define is_done(m) (!M[m].exists || (M[m].outcome != RUNNING && \
                    (!may_begin(m) || !gate[m] || D.deleted || next(m) > attempts(m))))

#define rests(m) \
    promise(AT_REST, !M[m].exists || !M[m].deleted); \
    promise(AT_REST, is_done(m)); \
    promise(AT_REST, !M[m].exists || !M[m].held || may_begin(m)); \
    promise(R6, !recorded[m] || moved[m]); \
    promise(OUTCOME, M[m].outcome != SUCCEEDED || M[m].number > 0 || moved[0])

#define job_rests(m, j) \
    promise(AT_REST, job[j].what != PARKED && !job[j].held && !lives(j) && !gated(j) && !is_active(j)); \
    promise(OUTCOME, !succeeded(j) || moved[m] || stripped[j])

inline at_rest() {
    promise(AT_REST, calm && D.holder == 0 && under_way[0] == 0);
    promise(AT_REST, !D.held || is_unfinished(0) || is_unfinished(1));
    rests(0);
    rests(1);
    job_rests(0, 0);
    job_rests(1, ATTEMPTS)
#if ATTEMPTS > 1
    ; job_rests(0, 1)
#endif
}

proctype People() {
    byte deletions;
    bit edited, retried, closed_gate, created, deleted_database, born, suspended;
end:
    do
    DELETE_JOB(0)
    DELETE_JOB(ATTEMPTS)
#if ATTEMPTS > 1
    DELETE_JOB(1)
#endif
#if DELETIONS > 0
    DELETE_MIGRATION(0)
#endif
#if DELETIONS > 1
    DELETE_MIGRATION(1)
#endif
#if EDIT
    :: d_step {
        !calm && !edited && M[0].exists ->
        edited = 1; M[0].spec = 1; changed_M(0);
        printf("    somebody edits M0\n")
    }
#endif
#if RETRY
    :: d_step {
        !calm && !retried && M[0].exists && has_failed(0) ->
        retried = 1; M[0].retry = M[0].number; changed_M(0);
        printf("    a retry of attempt %d is asked for\n", M[0].number)
    }
#endif
#if GATE
    :: d_step {
        !calm && !closed_gate && gate[0] ->
        closed_gate = 1; gate[0] = 0;
        printf("    the gate closes\n")
    }
    :: d_step { !gate[0] -> gate[0] = 1; printf("    the gate opens\n") }
#endif
#if FOREIGN
    :: d_step {
        !calm && !created && is_name_free ->
        created = 1; job[0].what = SOMEBODYS; job[0].uid++;
        printf("    somebody else creates a Job of that name\n")
    }
#endif
#if SUSPENDED
    :: d_step {
        !calm && !suspended && is_active(0) && !is_stopping(0) ->
        suspended = 1; job[0].stopped = 1;
        printf("    somebody suspends Job 0\n")
    }
    :: d_step {
        !calm && is_active(0) && job[0].stopped ->
        job[0].stopped = 0; changed_stopped();
        printf("    somebody resumes Job 0\n")
    }
#endif
#if DATABASE_DELETED
    :: d_step {
        !calm && !deleted_database && D.exists ->
        deleted_database = 1;
        printf("    somebody deletes the Database\n");
        D.deleted = 1;
        if
        :: !D.held -> let_go_database()
        :: else -> changed_D()
        fi
    }
#endif
#if REBORN
    :: d_step {
        !born && !M[0].exists ->
        born = 1; M[1].exists = 1;
        printf("    the migration comes back without its status: M1\n")
    }
#endif
    :: d_step { !calm -> calm = 1; printf("    from here on nothing fails and nobody does anything\n") }
    :: atomic { timeout -> goto rest }
    od;
rest:
    /* Nothing is left to do. */
    at_rest()
}
