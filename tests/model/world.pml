/* SPDX-License-Identifier: Apache-2.0 */
/* Pods, nodes, people and time. */

#define RUN_ENDS(j) \
    :: d_step { pod[j] == RUNS -> pod[j] = EXITED_0; printf("    pod %d exits with 0\n", j) } \
    :: d_step { pod[j] == RUNS -> pod[j] = EXITED; printf("    pod %d fails\n", j) } \
    :: d_step { VERIFY && pod[j] == RUNS -> pod[j] = CHECK_FAILED; printf("    pod %d: its check fails\n", j) } \
    :: d_step { INTERRUPTIONS && pod[j] == RUNS -> pod[j] = CUT_OFF; printf("    pod %d is cut off\n", j) } \
    :: d_step { INTERRUPTIONS && pod[j] == RUNS -> pod[j] = CUT_OFF_0; printf("    pod %d is cut off, with 0\n", j) } \
    :: d_step { pod[j] == STUCK -> pod[j] = RUNS; printf("    pod %d starts after all\n", j) } \
    :: d_step { LOST_NODE && !calm && pod[j] == RUNS -> pod[j] = LOST; printf("    pod %d: its node is lost\n", j) } \
    :: d_step { pod[j] == LOST -> pod[j] = LOST_ENDED; printf("    pod %d ends unseen\n", j) } \
    :: d_step { pod[j] == LOST_ENDED -> pod[j] = LOST_KNOWN; printf("    somebody confirms the end of pod %d\n", j) } \
    /* time to live: what was let go is deleted sooner or later */ \
    :: d_step { !calm && job[j].what == ARMED && !job[j].held && !runs(j) && !variant(NO_JOB_FINALIZER) -> \
                job[j].what = NONE; printf("    Job %d is gone, its time is over\n", j) }

proctype Pods() {
end:
    do
    RUN_ENDS(0)
    RUN_ENDS(ATTEMPTS)
#if ATTEMPTS > 1
    RUN_ENDS(1)
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
        job[j].held = 0 \
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
    promise(R6, !succeeded[m] || moved[m]); \
    promise(OUTCOME, M[m].outcome != SUCCEEDED || M[m].number > 0 || moved[0])

#define job_rests(m, j) \
    promise(AT_REST, job[j].what != PARKED && !job[j].held && !lives(j)); \
    promise(OUTCOME, pod[j] != EXITED_0 || moved[m] || stripped[j])

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
    bit edited, retried, closed_gate, created, deleted_database, born;
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
