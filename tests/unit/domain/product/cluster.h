/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster in the small, pure: the objects of a scene as the API server holds them, what each action of a
 * plan does to them there, and what Job controller, kubelet and clock do by themselves. Beside it what the
 * chain of steps has learnt, which any fault makes it forget.
 *
 * It watches over the rules that speak of more than one decision (R1, R2, R6): `broken` tells.
 */
#ifndef INTERLUDE_TESTS_CLUSTER_H
#define INTERLUDE_TESTS_CLUSTER_H

#include "base/arena.h"
#include "domain/plan.h"
#include "scene.h"

enum fault {
    FAULT_NONE,
    FAULT_NOT_APPLIED, /* the request never arrived, or was refused */
    FAULT_ANSWER_LOST, /* it was carried out, and the controller ends before it hears of it */
};

/* What befalls an attempt's pod, once: mistakes of the Job controller, and people. */
#define MISHAPS(X)                                                                                 \
    X(MISHAP_NONE, "none")                                                                         \
    X(MISHAP_SECOND, "second-pod")             /* two are made at once */                          \
    X(MISHAP_UNGATED, "gate-taken-off")        /* by hand, before the pod was seen */              \
    X(MISHAP_SECOND_UNGATED, "second-ungated") /* two are made, and the gate is off the second */  \
    X(MISHAP_WITHDRAWN, "withdrawn")           /* deleted behind the gate; another is made */      \
    X(MISHAP_NOTED_WITHDRAWN, "noted-withdrawn") /* likewise, once it is noted */                  \
    X(MISHAP_NOTED_STRIPPED, "noted-stripped")   /* taken away when noted; another is made */      \
    X(MISHAP_STRIPPED, "stripped")               /* taken away when it runs; another is made */    \
    X(MISHAP_UNCOUNTED, "uncounted")             /* let go while it runs; another is made */
enum mishap { MISHAPS(PRODUCT_ENUMERATOR) };

struct cluster {
    struct arena arena;
    struct scene scene;
    int64_t now_s;
    bool is_gone; /* the migration */
    bool is_job_there;
    bool exits_with_0; /* what the migration's process is going to do */
    bool
        is_node_lost; /* and with it all knowledge of the process, whether or not its pod is seen */
    enum mishap mishap;      /* what is to befall a pod; MISHAP_NONE: nothing, or not again */
    bool is_first_forgotten; /* its Job's controller sees the pods behind it alone */
    struct dry_run dry_run;
    bool is_event_due;
    const char *no_pod_reason;
    /* Learnt by this chain. */
    bool has_looked;
    bool is_database_read;
    bool are_pods_read;
    enum presence job_learnt;
    enum namespace_state namespace_state;
    const char *name_taken;
    /* Watched. */
    bool has_written;     /* a step since this was last set to false */
    int64_t pods_attempt; /* whose pods there are */
    unsigned pods_made;
    const char *ran_uid[32]; /* by attempt: of the pod that began */
    const char *broken;      /* the first rule that was; NULL: none */
};

/* Nothing is learnt yet. An unknown Job is one that is not there. */
void cluster_build(struct cluster *cluster, const unsigned char *point, bool exits_with_0);
void cluster_fini(struct cluster *cluster);

/* One decision (of the migration, or of the claim that it left), carried out. False: nothing to do. */
bool cluster_step(struct cluster *cluster, enum fault fault, int64_t *ret_wake_at_s);

/* What is left over is tidied up. False: nothing to do. */
bool cluster_tidy(struct cluster *cluster);

/* The others move: kubelet, Job controller, garbage collection. False: nothing to do. */
bool cluster_move(struct cluster *cluster);

/* The controller ends and begins again. */
void cluster_restart(struct cluster *cluster);

/* What it forgets at the end of a chain, and after any failure. */
void cluster_forget(struct cluster *cluster);

#endif
