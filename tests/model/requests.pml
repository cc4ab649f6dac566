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

hidden byte k;

/* A pod is free to start, and starts. */
inline start_pod(which) {
    promise(R1, !started[j] || (UNGATED && SECOND_POD));
    promise(R2, (!lives(0) || (UNGATED && j == 0)) && !lives(1) && !lives(JOBS - 1));
    promise(R3, M[m].outcome != SUCCEEDED && !moved[m] && !(REBORN && moved[0]));
    promise(R6, claimed_by(m, n));
    promise(ASKED, n == 1 || (!runs(J(m, 1)) && (!succeeded(J(m, 1)) || stripped[J(m, 1)])));
    started[j] = 1;
    pod_of(j, which) = (STUCK_FIRST -> STUCK : RUNS);
    printf("      pod %d of the Job starts\n", (which) + 1)
}

/* The Job controller makes a pod of a Job that was let go. */
#define has_gate (!UNGATED && !variant(NO_GATE) && !variant(JOB_IS_TRUTH))
inline make_pod(which) {
    if
    :: has_gate -> pod_of(j, which) = GATED
    :: else -> start_pod(which)
    fi
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
        M[m].pod = 0;
        M[m].missed = 0;
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
        promise(R8, o == UNPROVEN || !runs(j));
        promise(OUTCOME, o != SUCCEEDED || succeeded(j));
        promise(OUTCOME, o == SUCCEEDED || !succeeded(j) || stripped[j]);
        M[m].number = n;
        M[m].outcome = o;
        M[m].pod = 0; /* nobody asks for it any more */
        M[m].missed = M[m].missed && o == FAILED && !started[j];
        recorded[m] = recorded[m] || o == SUCCEEDED;
        changed_M(m)
    :: else
    fi
}

/* Nobody may note a pod of an attempt that is closed, nor a second one. */
inline note() {
    if
    :: M[m].exists -> M[m].pod = u; changed_M(m)
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
        recorded[m] = recorded[m] && kind_of(r) != ABANDON_IT;
        if
        :: M[m].deleted -> M[m].exists = 0; printf("      the migration is gone\n")
        :: else
        fi;
        changed_M(m);
        if
        :: variant(ABANDON_RELEASES) && kind_of(r) == ABANDON_IT && D.holder == m + 1 ->
            send(request(RELEASE, m, D.attempt, 0, 0, NONE))
        :: else
        fi
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
    promise(R6, succeeded(j) && !D.passed[m]);
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
        job[j].ending = 0;
        job[j].over = 0;
        job[j].stopped = 0;
        if
        :: variant(NO_PARK) || variant(JOB_IS_TRUTH) ->
            job[j].what = ARMED;
            job[j].held = !variant(NO_JOB_FINALIZER);
            make_pod(0)
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
        make_pod(0)
    :: else
    fi
}

inline job_gone() {
    job[j].what = NONE;
    job[j].deleted = 0;
    job[j].held = 0;
    job[j].ending = 0;
    job[j].over = 0;
    job[j].stopped = 0
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

/* Ends a Job of which nothing has started, naming the version of it that says so. Its controller does it in a moment. */
inline end_job() {
    if
    :: job[j].uid == u && can_be_ended(j) && !any_pod(is_running, j) -> job[j].ending = 1
    :: variant(END_BY_UID) && job[j].uid == u && is_active(j) && any_pod(is_running, j) ->
        promise(R4, false);
        job[j].ending = 1
    :: else
    fi
}

/* A Job that was stopped by hand. */
inline delete_stopped() {
    if
    :: job[j].uid == u && is_active(j) && job[j].stopped -> promise(R4, !runs(j)); job[j].deleted = 1
    :: else
    fi
}

/* ---- on pods ---- */

/* Naming the pod's UID. In a world of one request at a time, an end was never asked for since this was decided. */
inline open() {
    k = u - 1;
    if
    :: variant(OPEN_BY_NAME) && PODS > 1 && is_gone(pod_of(j, k)) -> k = PODS - 1 - k /* the next has its name */
    :: else
    fi;
    if
    :: is_gated(pod_of(j, k)) -> promise(R4, SLOTS > 1 || !job[j].ending); start_pod(k)
    :: else
    fi
}

/* Whoever has read the pods now reads the Job. */
inline pods_were_seen() {
    if
    :: M[m].exists && M[m].outcome == RUNNING && M[m].number == n && (is_over(j) || job[j].what == NONE) ->
        send(request(WRITE_OUTCOME, m, n, 0, 0, o))
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
    :: kind_of(r) == NOTE -> printf("M%d 9a: attempt %d, pod %d is noted\n", m, n, u); note()
    :: kind_of(r) == OPEN -> printf("M%d 9b: open pod %d of attempt %d\n", m, u, n); open()
    :: kind_of(r) == DELETE_STOPPED -> printf("M%d  9: delete the stopped Job of attempt %d\n", m, n); delete_stopped()
    :: kind_of(r) == PODS_SEEN -> printf("M%d  9: the pods of attempt %d were read before\n", m, n); pods_were_seen()
    :: kind_of(r) == WITHDRAW -> printf("M%d 12: attempt %d is given back\n", m, n); withdraw()
    :: kind_of(r) == LET_GO -> printf("M%d 11: finalizer off\n", m); let_go()
    :: kind_of(r) == ABANDON_IT -> printf("M%d 15: finalizer off\n", m); let_go()
    :: kind_of(r) == ALREADY_APPLIED ->
        printf("M%d  1: AlreadyApplied\n", m);
        if
        :: M[m].exists -> M[m].outcome = SUCCEEDED; changed_M(m)
        :: else
        fi
    :: kind_of(r) == WRITE_STATUS ->
        printf("M%d  9: attempt %d missed its start\n", m, n);
        M[m].missed = LATE;
        changed_M(m)
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
    :: kind_of(r) == END -> printf("M%d  9 or 13: what never started of attempt %d is ended\n", m, n); end_job()
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
