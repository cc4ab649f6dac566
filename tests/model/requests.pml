/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server does with each request, one at a time. What it writes is held against the promises here. */

/* The request at hand; within one d_step only. */
hidden short r;
hidden byte m;
hidden byte n;
hidden byte u;
hidden byte s;
hidden byte o;
hidden byte j;

/* The Job controller makes the pod of a Job that was let go. */
inline start_pod() {
    promise(R1, pod[j] == NONE);
    promise(R2, !lives(0) && !lives(1) && !lives(JOBS - 1));
    promise(R3, M[m].outcome != SUCCEEDED && !moved[m] && !(REBORN && moved[0]));
    promise(R6, claimed_by(m, n));
    promise(ASKED, n == 1 || (!runs(J(m, 1)) && (pod[J(m, 1)] != EXITED_0 || stripped[J(m, 1)])));
    pod[j] = (STUCK_FIRST -> STUCK : RUNS);
    printf("      the Job has a pod\n")
}

/* ---- on M ---- */

inline hold() {
    /* The server refuses a new finalizer on an object that is being deleted. */
    if
    :: M[m].exists && !M[m].deleted -> M[m].held = 1; changed_M(m)
    :: else
    fi
}

inline write_running() {
    if
    :: M[m].exists ->
        promise(R7, (variant(RECREATE) || may_begin(m)) && M[m].spec == s);
        promise(ASKED, n == 1 || M[m].number == 0 || is_asked_for(m));
        promise(R4, M[m].held);
        M[m].number = n;
        M[m].outcome = RUNNING;
        M[m].job = u;
        M[m].ran = s;
        changed_M(m)
    :: else
    fi
}

inline write_outcome() {
    if
    :: M[m].exists ->
        promise(R3, M[m].outcome != SUCCEEDED || o == SUCCEEDED);
        promise(OUTCOME, M[m].number <= n);
        promise(OUTCOME, o != SUCCEEDED || pod[j] == EXITED_0);
        promise(OUTCOME, o == SUCCEEDED || pod[j] != EXITED_0 || stripped[j]);
        M[m].number = n;
        M[m].outcome = o;
        succeeded[m] = succeeded[m] || o == SUCCEEDED;
        changed_M(m)
    :: else
    fi
}

inline withdraw() {
    if
    :: M[m].exists -> M[m].withdrawn = n; changed_M(m)
    :: else
    fi
}

inline let_go() {
    if
    :: M[m].exists ->
        promise(R4, M[m].outcome != RUNNING || kind_of(r) == ABANDON_IT);
        M[m].held = 0;
        /* Who abandons it gives its record up; what the Job tells still counts. */
        succeeded[m] = succeeded[m] && kind_of(r) != ABANDON_IT;
        if
        :: M[m].deleted -> M[m].exists = 0; printf("      the migration is gone\n")
        :: else
        fi;
        changed_M(m)
    :: else
    fi
}

/* ---- on D ---- */

inline claim() {
    if
    :: D.exists -> D.holder = m + 1; D.attempt = n; D.spec = s; changed_D()
    :: else
    fi
}

inline move_ledger() {
    promise(R6, pod[j] == EXITED_0 && !D.passed[m]);
    D.passed[m] = 1;
    moved[m] = 1;
    printf("      the ledger moves\n")
}

inline release() {
    promise(R6, claimed_by(m, n));
    promise(R6, !M[m].exists || closed(m, n));
    promise(R2, !lives(j));
    D.holder = 0;
    D.attempt = 0;
    D.spec = 0;
    if
    :: o == SUCCEEDED && !variant(LEDGER_SEPARATE) -> move_ledger()
    :: else
    fi;
    changed_D();
    if
    :: o == SUCCEEDED && variant(LEDGER_SEPARATE) -> send(request(MOVE_LEDGER, m, n, 0, 0, 0))
    :: variant(RELEASE_FIRST) && s -> send(request(WRITE_OUTCOME, m, n, 0, 0, o))
    :: else
    fi
}

inline let_go_database() {
    D.held = 0;
    if
    :: D.deleted ->
        D.exists = 0;
        D.deleted = 0;
        D.holder = 0;
        D.attempt = 0;
        D.spec = 0;
        D.passed[0] = 0;
        D.passed[1] = 0;
        printf("      the Database is gone, and the ledger with it\n")
    :: else
    fi;
    changed_D()
}

/* ---- on Jobs ---- */

inline create() {
    if
    :: job[j].what == NONE ->
        assert(ONLY != ALL || job[j].uid < 7); /* else the field is too small for this world */
        job[j].uid = (job[j].uid < 7 -> job[j].uid + 1 : 1);
        job[j].deleted = 0;
        job[j].held = 0;
        if
        :: variant(NO_PARK) || variant(JOB_IS_TRUTH) ->
            job[j].what = ARMED;
            job[j].held = !variant(NO_JOB_FINALIZER);
            start_pod()
        :: else -> job[j].what = PARKED
        fi
    :: else
    fi
}

inline arm() {
    if
    :: (job[j].uid == u || variant(ARM_BY_NAME)) && !job[j].deleted &&
       (job[j].what == PARKED || job[j].what == SOMEBODYS) ->
        promise(FOREIGNERS, job[j].what != SOMEBODYS);
        job[j].what = ARMED;
        job[j].held = !variant(NO_JOB_FINALIZER);
        start_pod()
    :: else
    fi
}

inline job_gone() {
    job[j].what = NONE;
    job[j].deleted = 0;
    job[j].held = 0
}

/* Naming UID and resourceVersion of what was judged: still parked. Or, for tools that delete what runs, whatever it is. */
inline delete() {
    if
    :: job[j].uid == u && (job[j].what == PARKED || (job[j].what != NONE && (variant(DELETE_NO_PRECONDITION) || s))) ->
        promise(R4, job[j].what != ARMED || !runs(j));
        promise(FOREIGNERS, job[j].what != SOMEBODYS);
        job_gone();
        if
        :: variant(DELETED_BEFORE_RECORDED) && o != NONE -> send(request(WRITE_OUTCOME, m, n, 0, 0, o))
        :: else
        fi
    :: else
    fi
}

inline let_go_job() {
    if
    :: job[j].uid == u && job[j].what != NONE ->
        promise(R4, job[j].what != ARMED || !runs(j));
        job[j].held = 0;
        if
        :: job[j].deleted -> job_gone()
        :: else
        fi
    :: else
    fi
}

/* Ends a run of which nothing has started, naming the version of its pod that says so. */
inline end_run() {
    if
    :: job[j].uid == u && job[j].what == ARMED && pod[j] == STUCK -> pod[j] = NEVER_STARTED
    :: variant(END_BY_UID) && job[j].uid == u && job[j].what == ARMED && pod[j] == RUNS ->
        promise(R4, false);
        pod[j] = CUT_OFF
    :: else
    fi
}

/* The step numbers are those of docs/protocol.md. */
inline serve(slot) {
    r = under_way[slot];
    under_way[slot] = 0;
    sort();
    m = m_of(r);
    n = n_of(r);
    u = uid_of(r);
    s = spec_of(r);
    o = outcome_of(r);
    j = J(m, larger(n, 1));
    if
    :: kind_of(r) == HOLD -> printf("M%d  4: finalizer on\n", m); hold()
    :: kind_of(r) == WRITE_RUNNING -> printf("M%d  7: Running, attempt %d, Job UID %d\n", m, n, u); write_running()
    :: kind_of(r) == WRITE_OUTCOME -> printf("M%d 10: attempt %d has outcome %d\n", m, n, o); write_outcome()
    :: kind_of(r) == WITHDRAW -> printf("M%d 12: attempt %d is given back\n", m, n); withdraw()
    :: kind_of(r) == LET_GO -> printf("M%d 11: finalizer off\n", m); let_go()
    :: kind_of(r) == ABANDON_IT -> printf("M%d 15: finalizer off\n", m); let_go()
    :: kind_of(r) == ALREADY_APPLIED ->
        printf("M%d  1: AlreadyApplied\n", m);
        if
        :: M[m].exists -> M[m].outcome = SUCCEEDED; changed_M(m)
        :: else
        fi
    :: kind_of(r) == WRITE_STATUS -> printf("M%d  9: status written again\n", m); changed_M(m)
    :: kind_of(r) == CLAIM -> printf("M%d  2: claims D for attempt %d\n", m, n); claim()
    :: kind_of(r) == RELEASE -> printf("M%d 11: attempt %d releases D, outcome %d\n", m, n, o); release()
    :: kind_of(r) == HOLD_DATABASE -> printf("D   2: finalizer on\n"); D.held = 1; changed_D()
    :: kind_of(r) == LET_GO_DATABASE -> printf("D    : finalizer off\n"); let_go_database()
    :: kind_of(r) == CREATE -> printf("M%d  5: create Job of attempt %d\n", m, n); create()
    :: kind_of(r) == ARM -> printf("M%d  8: arm Job of attempt %d, UID %d\n", m, n, u); arm()
    :: kind_of(r) == DELETE -> printf("M%d  9, 13 or 14: delete Job of attempt %d, UID %d\n", m, n, u); delete()
    :: kind_of(r) == LET_GO_JOB -> printf("M%d 11: finalizer off Job of attempt %d, UID %d\n", m, n, u); let_go_job()
    :: kind_of(r) == CREATE_DATABASE ->
        printf("D   2: create\n");
        if
        :: !D.exists -> D.exists = 1; D.held = 1; changed_D()
        :: else
        fi
    :: kind_of(r) == END -> printf("M%d  9: what never started of attempt %d is ended\n", m, n); end_run()
    :: kind_of(r) == MOVE_LEDGER -> printf("M%d 11: the ledger alone\n", m); move_ledger()
    :: else -> assert(false)
    fi
}

/*
 * A request arrives, or never does. (An answer that is lost is nothing else than a controller that has forgotten: it
 * forgets after each request anyway.)
 */
proctype Server() {
    byte slot;
end:
    do
    :: atomic {
        under_way[0] != 0 ->
        if
        :: slot = 0
#if SLOTS > 1
        :: under_way[1] != 0 -> slot = 1
#endif
#if SLOTS > 2
        :: under_way[2] != 0 -> slot = 2
#endif
        fi;
        if
        :: d_step { serve(slot); slot = 0 }
        :: d_step { !calm -> under_way[slot] = 0; sort(); slot = 0; printf("    a request is lost\n") }
        fi
    }
    od
}
