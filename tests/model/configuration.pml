/* SPDX-License-Identifier: Apache-2.0 */
/* How large the world is. tests/model/run sets these with -D. */

#ifndef SLOTS
#define SLOTS 2 /* requests that were decided upon and are still to arrive, see state.pml */
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 1 /* attempts of the first migration; the second has one */
#endif
#ifndef MIGRATIONS
#define MIGRATIONS 2 /* of one database */
#endif

/* What people do, each at any moment, or never. */
#ifndef DELETIONS
#define DELETIONS 1 /* migrations that may be deleted: 0, the first, or 2: both */
#endif
#ifndef ABANDON
#define ABANDON 0 /* a migration that is being deleted may be annotated with interlude.dev/abandon */
#endif
#ifndef EDIT
#define EDIT 0 /* the spec of the first is edited once */
#endif
#ifndef RETRY
#define RETRY 0 /* a retry of an attempt that has failed is asked for */
#endif
#ifndef GATE
#define GATE 0 /* the gate of the first closes, and opens again */
#endif
#ifndef JOB_DELETIONS
#define JOB_DELETIONS 1 /* how often somebody deletes a Job, of whatever state */
#endif
#ifndef STRIP
#define STRIP 0 /* somebody takes the finalizers off an armed Job and deletes it: its pod lives on */
#endif
#ifndef FOREIGN
#define FOREIGN 0 /* somebody creates a Job with the name of the first attempt */
#endif
#ifndef DATABASE_DELETED
#define DATABASE_DELETED 0 /* the Database is deleted once */
#endif
#ifndef REBORN
#define REBORN 0 /* the second migration is the first one, come back without its status after it was deleted */
#endif

/* How a run may end, besides with 0 or another exit code. */
#ifndef INTERRUPTIONS
#define INTERRUPTIONS 0 /* evicted or deleted; it may exit with 0 because it was asked to stop */
#endif
#ifndef LOST_NODE
#define LOST_NODE 0 /* the node is lost: the pod is said to have failed, and its process may live */
#endif
#ifndef STUCK_FIRST
#define STUCK_FIRST 0 /* what keeps a pod from starting may go away at any moment; a controller may end it before */
#endif
#ifndef LATE
#define LATE 0 /* at any moment before a pod is opened so much time may have passed that the gates are judged again */
#endif
#ifndef SECOND_POD
#define SECOND_POD 0 /* the Job controller makes a second pod of the first Job, or forgets or deletes one of the two */
#endif
#ifndef POD_STRIPPED
#define POD_STRIPPED 0 /* somebody takes all finalizers off a pod of the first Job and deletes it */
#endif
#ifndef SUSPENDED
#define SUSPENDED 0 /* somebody suspends the first Job, once, and may resume it */
#endif
#ifndef UNGATED
#define UNGATED 0 /* the Jobs are an older controller's: their pods have no gate */
#endif
#ifndef VERIFY
#define VERIFY 0 /* run and check: the run may succeed and the check fail */
#endif

/* What the spec asks for. */
#ifndef RETRIES
#define RETRIES 0 /* run.retries */
#endif
#ifndef ON_INTERRUPTION_RETRY
#define ON_INTERRUPTION_RETRY 0 /* onInterruption: Retry */
#endif

/*
 * The promises, by the rules that they stand for. -DONLY=R2 checks just this one: so a variant is known to be found by
 * the promise that it breaks.
 */
#define ALL 0
#define R1 1       /* one pod of an attempt ever runs */
#define R2 2       /* one at a time on a database */
#define R3 3       /* what succeeded never runs again, and stays Succeeded */
#define R4 4       /* nothing is killed half-way; the migration stays as long as its run */
#define R6 6       /* claim before Job, outcome before release, the ledger with the release */
#define R7 7       /* Running is written only for an attempt that may begin */
#define R8 12      /* no outcome while a pod that was opened is not over, unless it says that nobody knows */
#define OUTCOME 8  /* no outcome is lost and none made up (R5, R8, R8a, R20) */
#define ASKED 9    /* another attempt only where somebody asked for it (R21) */
#define FOREIGNERS 10 /* a Job of somebody else's is never touched */
#define AT_REST 11 /* when nothing is left to do, all is done */
#ifndef ONLY
#define ONLY ALL
#endif
#define promise(rule, condition) assert((ONLY != ALL && ONLY != rule) || (condition))

/*
 * The variants: -DVARIANT=NAME leaves one rule out, or makes one mistake that other tools make. The checker has to find
 * each; tests/model/run knows by which promise.
 */
#define NOTHING_LEFT_OUT 0
#define NO_CLAIM 1               /* 2 */
#define CLAIM_NO_CAS 2           /* 2 */
#define NO_LEDGER_CHECK 3        /* 2: toVersion among the versions passed */
#define NO_FRESH_LOOK 4          /* 3 */
#define NO_FINALIZER 5           /* 4: not on the migration */
#define NO_PARK 6                /* 5 */
#define FOREIGN_ADOPTED 7        /* 5: whatever Job has the name is taken */
#define FOREIGN_WAITED_FOR 8     /* 5: the claim is kept until the name is free */
#define RUNNING_NO_CAS 9         /* 7 */
#define ARM_BY_NAME 10           /* 8: without the UID */
#define NO_JOB_FINALIZER 11      /* 8 */
#define GONE_IS_OVER 12          /* 9: the Job is gone, so nobody asks for its pods */
#define GONE_IS_RUN_AGAIN 13     /* 9: the Job is gone, so it is created anew */
#define OUTCOME_NO_CAS 14        /* 10 */
#define OUTCOME_WHILE_IT_RUNS 48 /* 10: R8, the Job is not asked for its end */
#define COMPLETE_IS_SUCCESS 15   /* 10: R8a */
#define RUN_IS_SUCCESS 16        /* 10: R20, the check is not waited for */
#define FAILED_IS_ENDED 17       /* 10: R8b */
#define RELEASE_FIRST 18         /* 11: before the outcome */
#define LEDGER_SEPARATE 19       /* 11: the ledger in a write of its own */
#define FINALIZER_OFF_NO_CAS 20  /* 11 */
#define FINALIZER_OFF_CLAIMED 21 /* 11: the migration is let go while its claim stands */
#define JOB_LET_GO_EARLY 22      /* 11: the Job's finalizer goes when it has ended */
#define NO_WITHDRAW 23           /* 12: released only */
#define NO_ORPHANS 24            /* 13 */
#define NO_STRAYS 25             /* 14 */
#define DELETE_NO_PRECONDITION 26 /* 9, 13, 14: by UID only */
#define ABANDON_RELEASES 49      /* 15: the claim goes with the finalizer */
#define NO_DATABASE_FINALIZER 27
#define INTERRUPTED_IS_RETRIED 28 /* R21: run.retries counts for what was cut off, too */
#define STATUS_EACH_TIME 29      /* the status is written at each look, changed or not */
#define END_BY_UID 34    /* R4a: what never started is ended by a write that a start does not refuse */
#define NO_GATE 35               /* 5: pods start when the Job controller makes them */
#define OPEN_UNNOTED 36          /* 9a: a pod that is seen is opened */
#define NOTE_NO_CAS 37           /* 9a */
#define NOTED_ANEW 38            /* 9a: the noted pod is gone, so the next one is noted */
#define OPEN_BY_NAME 39          /* 9b: without the UID */
#define OPENED_THOUGH_ENDED 40   /* 9b: the Job's deadline was set to 1 */
#define NOT_OPENED_OF_DELETED 41 /* 9b: the Job is being deleted, so its pod is not opened */
#define NOTED_IS_LEFT_OUT 42     /* 10: a pod that is noted and gated counts as one that never starts */
#define GATED_IS_WAITED_FOR 43   /* 10: a pod that is gated and not noted counts as one that may start */
#define SPENT_IS_WAITED_FOR 44   /* 9: the noted pod is over or gone, and its Job is active: it is let be */
#define PODS_BEFORE_JOB 45       /* 9: the pods are read, and then the Job */
#define ORPHANS_GATED_LEFT_OUT 46 /* 13: gated pods count as such that never start */
#define ORPHANS_GATED_WAITED_FOR 47 /* 13: the Job whose pods are gated is let be */
/* Mistakes of other tools. */
#define DELETED_BEFORE_RECORDED 30 /* the Job is deleted, then the success is recorded */
#define DELETE_RUNNING 31        /* a running Job is deleted when a newer spec appears */
#define JOB_IS_TRUTH 32          /* no Job: it has not run */
#define RECREATE 33              /* what failed is run again for ever */
#ifndef VARIANT
#define VARIANT NOTHING_LEFT_OUT
#endif
#define variant(name) (VARIANT == name)
