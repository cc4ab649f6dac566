/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pods of an attempt say about its run: whether anything ever started, whether it has ended for
 * certain (R8b), and whether it succeeded (R8a). Pure. The reasoning, pod by pod, is in podstate.c.
 */
#ifndef INTERLUDE_DOMAIN_PODSTATE_H
#define INTERLUDE_DOMAIN_PODSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/types.h"

enum run_end {
    RUN_PENDING,  /* no container has started, and one still may: also when there is no pod */
    RUN_RUNNING,  /* a container has started, and not all are known to have ended */
    RUN_ENDED,    /* nothing runs and nothing will */
    RUN_UNPROVEN, /* the pod is said to be over, but a container may still run (a lost node) */
};

/* Texts are borrowed from the pods or lie in the arena; NULL when there is nothing to say. */
struct run_state {
    enum run_end end;
    size_t pods;       /* how many were judged; 0: whether there ever was one, the Job must tell */
    bool ever_started; /* a container of the attempt has started, or may have */
    bool is_stopping;  /* every pod has ended, or is being deleted; false without any */
    bool proven_ended; /* every container has terminated or never started, and no more will start */
    bool succeeded;    /* R8a; implies RUN_ENDED */
    bool is_unsure;    /* exit 0, but R8a does not hold: InterruptedUnproven */
    /* Cut off from outside, whether or not anything had started; of RUN_ENDED and RUN_UNPROVEN. */
    bool is_interrupted;
    bool run_started;   /* the run's own container has started, or may have */
    struct check check; /* of run.verify */
    bool has_exit_code;
    int64_t exit_code;   /* of the run; of the container that failed first, if the run did not */
    const char *reason;  /* one CamelCase word for the end */
    const char *message; /* the end of the last output, or what the kubelet says */
    const char *cause;   /* of an interruption: the kubelet's or the API server's sentence */
    const char
        *waiting_reason; /* what keeps a container from starting: ImagePullBackOff, Unschedulable */
    const char *waiting_message;
    const char *image_id; /* the run's image with its digest */
    const char
        *silent_node; /* it may not answer, so that nobody knows what runs there; NULL: none */
    int64_t start_s;  /* of the run's container; 0: not started */
    int64_t end_s;    /* when the last container ended; 0: not known */
};

#define RUN_MESSAGE_MAX 1024 /* bytes of the last output that are kept */

/* All pods that carry the Job's UID, terminating ones included. run_container: see codec/job.h. */
void run_state_judge(struct arena *arena, const struct pod *pods, size_t count,
                     const char *run_container, struct run_state *ret);

#endif
