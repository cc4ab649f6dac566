/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server holds, and the words of docs/protocol.md for it. */

/* status.attempt.outcome */
#define NONE 0
#define RUNNING 1     /* the phase: an attempt without an outcome yet */
#define SUCCEEDED 2
#define FAILED 3      /* by itself: run.retries counts */
#define INTERRUPTED 4 /* cut off, or nobody knows how it ended: JobVanished, JobDeleted, InterruptedUnproven … */
#define UNPROVEN 5    /* EndUnproven: it may still run */
#define UNVERIFIED 6  /* VerifyFailed */

typedef Migration {
    bit exists;
    bit deleted; /* deletionTimestamp */
    bit held;    /* our finalizer */
    bit spec;    /* 1: it was edited */
    unsigned number : 2;
    unsigned outcome : 3;
    unsigned job : 3; /* status.attempt.jobUID */
    unsigned pod : 2; /* status.attempt.podUID, as long as the attempt is open; 0: none is noted */
    bit ran;          /* the spec of that attempt */
    bit missed;       /* StartMissed: a gate closed before a pod of that attempt was opened; nothing of it ever ran */
    unsigned withdrawn : 2;
    unsigned retry : 2 /* interlude.dev/retry */
};
Migration M[2];
bit gate[2]; /* all gates of it are open */

typedef Database {
    bit exists;
    bit deleted;
    bit held;
    unsigned holder : 2; /* 0: free, else 1 + migration */
    unsigned attempt : 2;
    bit spec;
    bit passed[2] /* the ledger: which migration's version */
};
Database D;
#define claimed_by(m, n) (D.holder == (m) + 1 && D.attempt == (n))

/* Jobs, by name: the name follows from migration and attempt, so one of them is there at a time. */
#define J(m, n) ((m) == 0 -> (n) - 1 : ATTEMPTS)
#define JOBS (ATTEMPTS + 1)
#define PARKED 1
#define ARMED 2
#define SOMEBODYS 3
typedef Job {
    unsigned what : 2; /* NONE: there is none */
    unsigned uid : 3;  /* of the newest object of that name */
    bit deleted;
    bit held;
    bit ending;  /* its deadline was set to 1: its controller ends it any moment now */
    bit over;    /* Complete or Failed */
    bit stopped  /* suspended, or parallelism 0 after it was let go */
};
Job job[JOBS];

/*
 * The pods of a Job's name, and what is true of them; their UIDs are 1 and 2. The first is there as soon as the Job is
 * armed. A pod that was opened starts at once, and its object with all that it tells stays as long as our finalizers
 * are on.
 */
#define RUNS 1
#define EXITED_0 2    /* and the check as well, if there is one */
#define EXITED 3      /* with another code */
#define CHECK_FAILED 4
#define CUT_OFF 5     /* evicted, or deleted */
#define CUT_OFF_0 6   /* likewise, and it exited with 0: its Job is Complete */
#define LOST 7        /* its Job says Failed; it runs on a node that nobody can ask */
#define LOST_ENDED 8  /* likewise; it has ended, and nobody knows */
#define LOST_KNOWN 9  /* the node is back and told its end, or a person confirmed it */
#define STUCK 10      /* opened, and no container has started: no image, no node */
#define NEVER_STARTED 11 /* and never will: it was deleted before */
#define GATED 12
#define GONE 13       /* its object too */
#define GONE_AFTER_0 14 /* likewise, and it had exited with 0 */
#define is_gone(p) ((p) == GONE || (p) == GONE_AFTER_0)
#define PODS (1 + SECOND_POD)
byte pod[JOBS * PODS];
#define pod_of(j, k) pod[(j) * PODS + (k)]
#if PODS > 1
#define any_pod(is, j) (is(pod_of(j, 0)) || is(pod_of(j, 1)))
#else
#define any_pod(is, j) is(pod_of(j, 0))
#endif
#define is_running(p) ((p) == RUNS)
#define is_started(p) ((p) == RUNS || (p) == STUCK)
#define is_living(p) (is_started(p) || (p) == LOST)
#define is_maybe_living(p) (is_living(p) || (p) == LOST_ENDED)
#define is_gated(p) ((p) == GATED)
#define is_unended(p) (is_started(p) || is_gated(p))
#define has_exited_0(p) ((p) == EXITED_0)
#define has_succeeded(p) ((p) == EXITED_0 || (p) == GONE_AFTER_0)
#define runs(j) any_pod(is_started, j)
#define lives(j) any_pod(is_living, j)
#define may_live(j) any_pod(is_maybe_living, j) /* as far as anybody can tell */
#define gated(j) any_pod(is_gated, j)
#define succeeds(j) any_pod(has_exited_0, j)   /* as its pods tell */
#define succeeded(j) any_pod(has_succeeded, j) /* in truth */
/* Of a Job that was let go. */
#define is_over(j) (job[j].what == ARMED && (job[j].deleted || job[j].over))
#define is_active(j) (job[j].what == ARMED && !job[j].deleted && !job[j].over)
#define can_be_ended(j) (job[j].what == ARMED && !job[j].over)

/* What was true, for the promises. */
bit moved[2];       /* the ledger has moved for this migration */
bit recorded[2];    /* its success was recorded */
bit stripped[JOBS]; /* somebody took the evidence away by force */
bit started[JOBS];  /* a pod of this attempt was started */

/* No fault and no person from here on. */
bit calm;

/* ---- words ---- */

#define larger(a, b) ((a) > (b) -> (a) : (b))
#define closed(m, n) ((M[m].number == (n) && M[m].outcome != RUNNING) || M[m].number > (n) || \
                      (M[m].number != (n) && M[m].withdrawn >= (n)))
#define next(m) (1 + larger(M[m].number, M[m].withdrawn))
#define attempts(m) ((m) == 0 -> ATTEMPTS : 1)
#define passed(m) (REBORN -> D.passed[0] || D.passed[1] : D.passed[m])

/* Step 1: it never started, or was given back, or failed and another attempt is asked for. Never from Succeeded. */
#define is_asked_for(m) (M[m].retry == M[m].number || M[m].spec != M[m].ran || \
                         (M[m].outcome == FAILED && (M[m].number <= RETRIES || M[m].missed)) || \
                         (M[m].outcome == INTERRUPTED && ON_INTERRUPTION_RETRY))
#define has_failed(m) (M[m].outcome >= FAILED)
#define may_begin(m) (M[m].exists && !M[m].deleted && \
                      (M[m].outcome == NONE || (has_failed(m) && is_asked_for(m))))

/* ---- requests under way ---- */

/*
 * A controller reads, decides, and sends one request; then it forgets all and begins at 0. Between its decision and the
 * moment when the server acts any time may pass: the controller may be paused, may be dead already while its request
 * is still on the wire, may be one of several that all believe to lead. All that is the same to the server: a request
 * that was decided upon some time ago. So the model has no controllers, only SLOTS such requests. Two slots are two
 * acting controllers, or one and the late request of a predecessor; three are two controllers and a late request.
 *
 * A CAS that names an older version is refused. So it is dropped at the moment when its object changes: nothing else can
 * become of it. That is all there is to resourceVersion here.
 *
 * Reads that lead to one request are taken at one moment. That loses nothing: either the request is refused when what
 * was read has changed (CAS, UID), or what was read never becomes untrue again (closed, released, ended).
 */
#define request(kind, m, n, u, s, o) ((kind) + 32 * (m) + 64 * (n) + 256 * (u) + 2048 * (s) + 4096 * (o))
#define kind_of(r) ((r) & 31)
#define m_of(r) (((r) >> 5) & 1)
#define n_of(r) (((r) >> 6) & 3)
#define uid_of(r) (((r) >> 8) & 7)
#define spec_of(r) (((r) >> 11) & 1)
#define outcome_of(r) (((r) >> 12) & 7)
short under_way[SLOTS]; /* sorted, as it does not matter which slot it is; 0: none */
#define is_slot_free (under_way[SLOTS - 1] == 0)

/* CAS on M */
#define HOLD 1
#define WRITE_RUNNING 2
#define WRITE_OUTCOME 3
#define WITHDRAW 4
#define LET_GO 5
#define ABANDON_IT 6
#define ALREADY_APPLIED 7
#define WRITE_STATUS 8 /* StartMissed, and nothing but that */
#define NOTE 9
/* CAS on D */
#define CLAIM 10
#define RELEASE 11
#define HOLD_DATABASE 12
#define LET_GO_DATABASE 13
/* without */
#define CREATE 14
#define ARM 15
#define DELETE 16
#define LET_GO_JOB 17
#define CREATE_DATABASE 18
#define MOVE_LEDGER 19
#define END 20
#define OPEN 21
#define DELETE_STOPPED 22
#define PODS_SEEN 23 /* no request: a controller that has read the pods, and is about to read the Job */
#define is_cas(r) (!(variant(OUTCOME_NO_CAS) && kind_of(r) == WRITE_OUTCOME) && \
                   !(variant(RUNNING_NO_CAS) && kind_of(r) == WRITE_RUNNING) && \
                   !(variant(CLAIM_NO_CAS) && kind_of(r) == CLAIM) && \
                   !(variant(NOTE_NO_CAS) && kind_of(r) == NOTE) && \
                   !(variant(FINALIZER_OFF_NO_CAS) && kind_of(r) == LET_GO))
#define is_cas_on_M(r, m) (kind_of(r) >= HOLD && kind_of(r) <= NOTE && m_of(r) == (m) && is_cas(r))
#define is_cas_on_D(r) (kind_of(r) >= CLAIM && kind_of(r) <= LET_GO_DATABASE && is_cas(r))

/* These live within one d_step only. */
hidden short swapped;
hidden byte i;

inline sort() {
    i = 0;
    do
    :: i + 1 < SLOTS && under_way[i] < under_way[i + 1] ->
        swapped = under_way[i];
        under_way[i] = under_way[i + 1];
        under_way[i + 1] = swapped;
        i = 0
    :: i + 1 < SLOTS && under_way[i] >= under_way[i + 1] -> i++
    :: i + 1 >= SLOTS -> break
    od;
    i = 0 /* a d_step may not end with a loop */
}

#define send(r) under_way[SLOTS - 1] = r; sort()

/* An object has changed: what was decided upon an older version of it is refused. */
inline changed_M(x) {
    i = 0;
    do
    :: i < SLOTS && is_cas_on_M(under_way[i], x) -> under_way[i] = 0; i++
    :: i < SLOTS && !is_cas_on_M(under_way[i], x) -> i++
    :: i >= SLOTS -> break
    od;
    sort()
}

inline changed_D() {
    i = 0;
    do
    :: i < SLOTS && is_cas_on_D(under_way[i]) -> under_way[i] = 0; i++
    :: i < SLOTS && !is_cas_on_D(under_way[i]) -> i++
    :: i >= SLOTS -> break
    od;
    sort()
}

/* Somebody resumed a Job: what names the version of it that was stopped is refused. */
inline changed_stopped() {
    i = 0;
    do
    :: i < SLOTS && kind_of(under_way[i]) == DELETE_STOPPED -> under_way[i] = 0; i++
    :: i < SLOTS && kind_of(under_way[i]) != DELETE_STOPPED -> i++
    :: i >= SLOTS -> break
    od;
    sort()
}
