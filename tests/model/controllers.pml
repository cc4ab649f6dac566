/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps 0 to 15: what a controller asks for next, from what it reads. The numbers are those of docs/protocol.md. A
 * variant changes the step that it leaves out.
 */

/* The word of the caches, and of most variants, on whether an attempt may begin. */
#define begins(m) \
    (variant(JOB_IS_TRUTH) -> is_there(m) && job[J(m, 1)].what == NONE : \
     may_begin(m) || (is_there(m) && has_failed(m) && variant(RECREATE)) || \
     (is_there(m) && M[m].outcome == INTERRUPTED && M[m].number <= RETRIES && variant(INTERRUPTED_IS_RETRIED)))
#define is_there(m) (M[m].exists && !M[m].deleted)
#define is_in_ledger(m) (!variant(NO_LEDGER_CHECK) && !variant(JOB_IS_TRUTH) && passed(m))
#define is_claimable \
    (D.exists && !D.deleted && (D.held || variant(NO_DATABASE_FINALIZER)) && \
     (D.holder == 0 || variant(NO_CLAIM)))
#define wakes(m) (begins(m) && gate[m] && next(m) <= attempts(m) && !is_in_ledger(m))
/* The caches may be as old as they like: what they say was true once. */
#define may_be_old (!calm)
#define was_next(m, n) \
    (may_be_old && ((m) == 0 || M[m].exists || !REBORN) && !is_in_ledger(m) && (n) <= next(m) && (n) <= attempts(m))
#define is_wanted_database (wakes(0) || wakes(1) || may_be_old)

#define runs_as(m, n) (M[m].outcome == RUNNING && M[m].number == (n))

/* ---- what is to be done for a Job that was let go, and its pods: M says Running, n, and perhaps a pod ---- */

#define is_vanished(m, j) (job[j].what == NONE || job[j].uid != M[m].job)
#define noted(m, j) pod_of(j, M[m].pod - 1)
#define is_stopping(j) (job[j].ending || job[j].stopped)
/* 9a: caches may show a pod that is long gone. A fence on M: it does not matter which one is noted. */
#define may_note(m, j, k) \
    (M[m].pod == 0 && !M[m].missed && !is_vanished(m, j) && is_active(j) && (!is_stopping(j) || variant(OPENED_THOUGH_ENDED)) && \
     (is_gated(pod_of(j, k)) || (may_be_old && pod_of(j, k) != NONE)))
/*
 * Between 7 and 9b much time may pass, and a gate may have closed: then nothing of it is let start, and its Job is ended.
 * First M says so, which refuses whoever is about to note a pod.
 */
#define is_objected(m) (!gate[m] || M[m].spec != M[m].ran || M[m].deleted)

#define waits_behind_gate(m, j) \
    (!is_vanished(m, j) && can_be_ended(j) && !is_stopping(j) && !runs(j) && (M[m].pod == 0 -> gated(j) : is_gated(noted(m, j))))
#define is_missed(m, j) (LATE && !M[m].missed && is_objected(m) && waits_behind_gate(m, j))
/* 9b: what was noted has begun, whatever became of its Job; but for a Job that is being ended. */
#define is_noted_gated(m, j) (M[m].pod != 0 && is_gated(noted(m, j)))
#define may_open(m, j) \
    (is_noted_gated(m, j) && \
     (is_vanished(m, j) || (job[j].deleted && !M[m].missed && !job[j].ending && !variant(NOT_OPENED_OF_DELETED)) || \
      (is_active(j) && !M[m].missed && (!is_stopping(j) || variant(OPENED_THOUGH_ENDED)))))
/* 10: nothing of it can run any more. Gated pods that were not noted never will: the outcome is a CAS. */
#define may_start(m, j) ((is_noted_gated(m, j) && !variant(NOTED_IS_LEFT_OUT)) || \
                         (gated(j) && variant(GATED_IS_WAITED_FOR)))
#define has_ended(m, j) (!runs(j) && !may_start(m, j) && (is_vanished(m, j) || is_over(j)))
/* The Job controller made more pods than one, or lost sight of the one that was noted: its Job will not end by itself. */
#define is_spent(m, j) \
    (M[m].pod != 0 && !is_vanished(m, j) && is_active(j) && !is_stopping(j) && !runs(j) && !is_gated(noted(m, j)) && \
     !variant(SPENT_IS_WAITED_FOR) && !variant(NOTED_ANEW))
#define is_to_be_deleted(m, j) \
    (!is_vanished(m, j) && is_active(j) && job[j].stopped && !runs(j) && !is_noted_gated(m, j))
#define is_run_due(m, j) \
    (has_ended(m, j) || may_open(m, j) || is_spent(m, j) || is_to_be_deleted(m, j) || \
     (!is_vanished(m, j) && job[j].what != ARMED) || \
     (runs(j) && ((M[m].spec != M[m].ran && variant(DELETE_RUNNING)) || variant(STATUS_EACH_TIME) || \
                  variant(OUTCOME_WHILE_IT_RUNS) || \
                  (job[j].what == NONE && (variant(GONE_IS_OVER) || variant(GONE_IS_RUN_AGAIN))))))

/* 13: nobody is left to note a pod. One that was noted before may still be opened, so gated pods are waited for. */
#define is_orphan_idle(j) (is_active(j) && !job[j].ending && !may_live(j) && \
                           !(gated(j) && (job[j].stopped || variant(ORPHANS_GATED_WAITED_FOR))))
#define has_orphan_ended(j) (!is_active(j) && !may_live(j) && !(gated(j) && !variant(ORPHANS_GATED_LEFT_OUT)))

/* Nothing to do for the claim but to wait for what it names. */
#define waits(m, n) ( \
    (!M[m].exists && ((!is_orphan_idle(J(m, n)) && !has_orphan_ended(J(m, n))) || variant(NO_ORPHANS))) || \
    (M[m].exists && runs_as(m, n) && !is_run_due(m, J(m, n))) || \
    (M[m].exists && M[m].outcome == UNPROVEN && M[m].number == (n) && may_live(J(m, n))) || \
    (M[m].exists && !closed(m, n) && job[J(m, n)].what == SOMEBODYS && variant(FOREIGN_WAITED_FOR)) || \
    (M[m].exists && runs(J(m, n)) && variant(JOB_IS_TRUTH)))

/* ---- 3 to 7: the claim names an attempt that has not begun ---- */

#define may_go_on(m, n, s) \
    (variant(NO_FRESH_LOOK) || (begins(m) && gate[m] && M[m].spec == (s) && (n) == next(m)))
#define is_name_taken(j) \
    ((job[j].what == SOMEBODYS && !variant(FOREIGN_ADOPTED)) || (job[j].what == ARMED && !variant(NO_PARK)))

inline steps_3_to_7() {
    if
    :: !may_go_on(m, n, s) || is_name_taken(j) -> /* 12 */
        if
        :: variant(NO_WITHDRAW) -> send(request(RELEASE, m, n, 0, 0, NONE))
        :: else -> send(request(WITHDRAW, m, n, 0, 0, NONE))
        fi
    :: else ->
        if
        :: !M[m].held && !variant(NO_FINALIZER) -> send(request(HOLD, m, 0, 0, 0, NONE))
        :: else ->
            if
            :: job[j].what == NONE -> send(request(CREATE, m, n, 0, 0, NONE))
            :: else -> send(request(WRITE_RUNNING, m, n, job[j].uid, s, NONE))
            fi
        fi
    fi
}

/* ---- 9 and 10: M says Running ---- */

/* What the pods prove, and the Job says. Where none was noted, none has started, or the Job is an older controller's. */
#define told(m, j) pod_of(j, (M[m].pod == 0 -> 0 : M[m].pod - 1))
#define outcome_by_pod(m, j) \
    (is_success(told(m, j)) -> SUCCEEDED : (is_failure(told(m, j)) -> FAILED : \
     (told(m, j) == CHECK_FAILED -> UNVERIFIED : outcome_cut(j))))
#define is_success(p) \
    (p == EXITED_0 || (p == CHECK_FAILED && variant(RUN_IS_SUCCESS)) || \
     (p == CUT_OFF_0 && variant(COMPLETE_IS_SUCCESS)))
#define is_failure(p) (p == EXITED || p == NEVER_STARTED || p == GATED)
/* Only what was noted is ever opened, and nobody notes a pod of a Job that is gone. */
#define was_none_opened(m, j) (M[m].pod == 0 && has_gate && !may_live(j))
#define outcome_cut(j) (may_live(j) && !variant(FAILED_IS_ENDED) && !runs(j) -> UNPROVEN : INTERRUPTED)

inline end_attempt(how) {
    if
    :: variant(RELEASE_FIRST) -> send(request(RELEASE, m, n, 0, 1, how))
    :: variant(DELETED_BEFORE_RECORDED) && job[j].what == ARMED ->
        send(request(DELETE, m, n, job[j].uid, 1, how))
    :: else -> send(request(WRITE_OUTCOME, m, n, 0, 0, how))
    fi
}

inline steps_9_and_10() {
    if
    :: may_open(m, j) -> send(request(OPEN, m, n, M[m].pod, 0, NONE)) /* 9b; 9a is below */
    :: !may_open(m, j) && is_vanished(m, j) ->
        if
        :: variant(GONE_IS_RUN_AGAIN) && job[j].what == NONE -> send(request(CREATE, m, n, 0, 0, NONE))
        :: variant(GONE_IS_RUN_AGAIN) && job[j].what == PARKED -> send(request(ARM, m, n, job[j].uid, 0, NONE))
        :: else -> end_attempt((was_none_opened(m, j) -> FAILED : outcome_cut(j)))
        fi
    :: else ->
        if
        :: job[j].what == PARKED || job[j].what == SOMEBODYS -> /* 8, or it is taken back */
            send(request((M[m].deleted -> DELETE : ARM), m, n, job[j].uid, 0, NONE))
        :: job[j].what == ARMED && runs(j) ->
            if
            :: variant(DELETE_RUNNING) -> send(request(DELETE, m, n, job[j].uid, 1, NONE))
            :: variant(OUTCOME_WHILE_IT_RUNS) -> end_attempt(outcome_by_pod(m, j))
            :: variant(STATUS_EACH_TIME) -> send(request(WRITE_STATUS, m, 0, 0, 0, NONE))
            :: else
            fi
        :: else ->
            if
            :: is_to_be_deleted(m, j) -> send(request(DELETE_STOPPED, m, n, job[j].uid, 0, NONE))
            :: is_spent(m, j) -> send(request(END, m, n, job[j].uid, 0, NONE))
            :: else -> end_attempt(outcome_by_pod(m, j))
            fi
        fi
    fi
}

/* ---- 13: M is gone ---- */

inline step_13() {
    if
    :: job[j].what == PARKED -> send(request(DELETE, m, n, job[j].uid, 0, NONE))
    :: is_active(j) && job[j].stopped -> send(request(DELETE_STOPPED, m, n, job[j].uid, 0, NONE))
    :: is_active(j) && !job[j].stopped -> send(request(END, m, n, job[j].uid, 0, NONE))
    :: else -> send(request(RELEASE, m, n, 0, 0, (job[j].what == ARMED && succeeds(j) -> SUCCEEDED : NONE)))
    fi
}

/* ---- 0: whatever claim stands ---- */

inline drive() {
    j = J(m, n);
    if
    :: !M[m].exists -> step_13()
    :: else ->
        if
        :: M[m].outcome == RUNNING && M[m].number == n -> steps_9_and_10()
        :: else ->
            if
            :: variant(JOB_IS_TRUTH) ->
                if
                :: job[j].what == NONE -> send(request(CREATE, m, n, 0, 0, NONE))
                :: else -> send(request((closed(m, n) -> RELEASE : WRITE_OUTCOME), m, n, 0, 0, outcome_by_pod(m, j)))
                fi
            :: else ->
                if
                :: closed(m, n) -> /* 11 */
                    send(request(RELEASE, m, n, 0, 0, (M[m].number == n -> M[m].outcome : NONE)))
                :: else -> steps_3_to_7()
                fi
            fi
        fi
    fi
}

/* ---- 11 and 14: what is left ---- */

#define is_stray(m, n) \
    (job[J(m, n)].what == PARKED && !variant(NO_STRAYS) && \
     (!M[m].exists || (M[m].number == (n) && (M[m].outcome != RUNNING || M[m].job != job[J(m, n)].uid)) || \
      (M[m].number != (n) && closed(m, n))))
#define is_job_left(m, n) \
    (job[J(m, n)].held && is_over(J(m, n)) && \
     (variant(JOB_LET_GO_EARLY) || (!claimed_by(m, n) && (!M[m].exists || closed(m, n)))))
#define is_held_in_vain(m) \
    (M[m].exists && M[m].held && M[m].outcome != RUNNING && !may_begin(m) && \
     (D.holder != m + 1 || variant(FINALIZER_OFF_CLAIMED)))
#define is_unfinished(m) (M[m].exists && (M[m].deleted || M[m].held || M[m].outcome == RUNNING || may_begin(m)))
#define is_database_held_in_vain \
    (D.exists && D.held && D.holder == 0 && (may_be_old || (!is_unfinished(0) && !is_unfinished(1))))

/* Forgets at once: nothing is kept but what is asked for. */
#define ASK(condition, r) :: atomic { is_slot_free && (condition) -> d_step { send(r) } }
#define LOOK_AT(m_) ASK(is_held_in_vain(m_), request(LET_GO, m_, 0, 0, 0, NONE)) \
    ASK(ABANDON && !calm && M[m_].deleted && M[m_].held, request(ABANDON_IT, m_, 0, 0, 0, NONE))
#define LOOK_AT_JOB(m_, n_) ASK(is_stray(m_, n_), request(DELETE, m_, n_, job[J(m_, n_)].uid, 0, NONE)) \
    ASK(is_job_left(m_, n_), request(LET_GO_JOB, m_, n_, job[J(m_, n_)].uid, 0, NONE))

#define LOOK_AT_POD(m_, n_, k_) \
    ASK(runs_as(m_, n_) && M[m_].exists && may_note(m_, J(m_, n_), k_), request(NOTE, m_, n_, (k_) + 1, 0, NONE)) \
    ASK(variant(OPEN_UNNOTED) && runs_as(m_, n_) && is_gated(pod_of(J(m_, n_), k_)), \
        request(OPEN, m_, n_, (k_) + 1, 0, NONE)) \
    ASK(variant(NOTED_ANEW) && runs_as(m_, n_) && M[m_].pod != 0 && is_gone(noted(m_, J(m_, n_))) && \
        is_gated(pod_of(J(m_, n_), k_)), request(NOTE, m_, n_, (k_) + 1, 0, NONE)) \
    ASK(variant(PODS_BEFORE_JOB) && runs_as(m_, n_) && is_active(J(m_, n_)) && !may_live(J(m_, n_)), \
        request(PODS_SEEN, m_, n_, 0, 0, INTERRUPTED))

proctype Controllers() {
end:
    do
    /* 0 */
    :: d_step {
        is_slot_free && D.holder != 0 && !waits(D.holder - 1, D.attempt) ->
        m = D.holder - 1;
        n = D.attempt;
        s = D.spec;
        drive()
    }
    /* 1 and 2, awake for a reason, or by caches that are old */
    ASK(is_claimable && wakes(0), request(CLAIM, 0, next(0), 0, M[0].spec, NONE))
    ASK(is_claimable && wakes(1), request(CLAIM, 1, next(1), 0, M[1].spec, NONE))
    ASK(is_claimable && was_next(0, 1), request(CLAIM, 0, 1, 0, 0, NONE))
    ASK(is_claimable && was_next(1, 1), request(CLAIM, 1, 1, 0, 0, NONE))
#if ATTEMPTS > 1
    ASK(is_claimable && was_next(0, 2), request(CLAIM, 0, 2, 0, M[0].spec, NONE))
#endif
#if REBORN
    ASK(M[1].exists && M[1].outcome == NONE && passed(1), request(ALREADY_APPLIED, 1, 0, 0, 0, NONE))
#endif
    /* What 2 needs: the Database, with our finalizer as long as it is claimed or an unfinished migration names it. */
    ASK(!D.exists && is_wanted_database, request(CREATE_DATABASE, 0, 0, 0, 0, NONE))
    ASK(D.exists && !D.deleted && !D.held && is_wanted_database && !variant(NO_DATABASE_FINALIZER),
        request(HOLD_DATABASE, 0, 0, 0, 0, NONE))
    ASK(is_database_held_in_vain, request(LET_GO_DATABASE, 0, 0, 0, 0, NONE))
    /* 9a: what is seen may be any pod of the Job. */
    LOOK_AT_POD(0, M[0].number, 0)
    LOOK_AT_POD(1, 1, 0)
#if PODS > 1
    LOOK_AT_POD(0, M[0].number, 1)
#endif
#if LATE
    ASK(runs_as(0, M[0].number) && is_missed(0, J(0, M[0].number)), request(WRITE_STATUS, 0, M[0].number, 0, 0, NONE))
    ASK(runs_as(0, M[0].number) && M[0].missed && waits_behind_gate(0, J(0, M[0].number)),
        request(END, 0, M[0].number, M[0].job, 0, NONE))
#endif
#if STUCK_FIRST
    /* R4a */
    ASK(runs_as(0, M[0].number) && is_active(J(0, M[0].number)) && !any_pod(is_running, J(0, M[0].number)) &&
        !job[J(0, M[0].number)].ending && !is_noted_gated(0, J(0, M[0].number)),
        request(END, 0, M[0].number, M[0].job, 0, NONE))
#endif
    /* 11, 14, 15 */
    LOOK_AT(0)
    LOOK_AT(1)
    LOOK_AT_JOB(0, 1)
    LOOK_AT_JOB(1, 1)
#if ATTEMPTS > 1
    LOOK_AT_JOB(0, 2)
#endif
#if VARIANT == NO_CLAIM
    :: d_step {
        is_slot_free && (M[0].outcome == RUNNING || wakes(0)) && !waits(0, larger(M[0].number, 1)) ->
        m = 0; n = 1; s = M[0].spec;
        drive()
    }
    :: d_step {
        is_slot_free && (M[1].outcome == RUNNING || wakes(1)) && !waits(1, larger(M[1].number, 1)) ->
        m = 1; n = 1; s = M[1].spec;
        drive()
    }
#endif
    od
}
