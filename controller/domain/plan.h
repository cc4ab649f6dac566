/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a decision asks for: one step of the run protocol, or several that do not depend on each other.
 * app/apply.c carries it out and decides nothing. After it is done the world is looked at again. How a
 * branch of the decision fills it in: plan_act() and what follows.
 */
#ifndef INTERLUDE_DOMAIN_PLAN_H
#define INTERLUDE_DOMAIN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/types.h"

struct observed;

/* The numbers are the steps of docs/protocol.md. */
enum action {
    ACTION_DRY_RUN = 1 << 0,           /* create Job and Pod with dryRun=All */
    ACTION_CREATE_DATABASE = 1 << 1,   /* with defaults and our finalizer */
    ACTION_HOLD_DATABASE = 1 << 2,     /* finalizer on the Database */
    ACTION_CLAIM = 1 << 3,             /* 2: CAS on the Database, plan.claim */
    ACTION_READ_FRESH = 1 << 4,        /* 3 and 4: the migration and its applications; hold */
    ACTION_CREATE_JOB = 1 << 5,        /* 5: parked */
    ACTION_READ_JOB = 1 << 6,          /* 9 */
    ACTION_ARM = 1 << 7,               /* 8 */
    ACTION_READ_PODS = 1 << 8,         /* 9, 10: by the Job's UID */
    ACTION_READ_JOB_EVENTS = 1 << 9,   /* why the Job has no pod */
    ACTION_DELETE_JOB = 1 << 10,       /* 9, 14: this version of it */
    ACTION_END_JOB = 1 << 11,          /* a run that never started */
    ACTION_WRITE_STATUS = 1 << 12,     /* 7, 10, 12 and every judgement: CAS, plan.status */
    ACTION_RELEASE = 1 << 13,          /* 11: CAS on the Database, plan.passage */
    ACTION_LET_GO_PODS = 1 << 14,      /* 11: finalizer off the pods */
    ACTION_LET_GO_JOB = 1 << 15,       /* 11: finalizer off the Job; owner and TTL on */
    ACTION_RECORD_EVENT = 1 << 16,     /* of the newest entry of status.history */
    ACTION_LET_GO_MIGRATION = 1 << 17, /* 11, 15: finalizer off the migration */
    ACTION_READ_DATABASE = 1 << 18,    /* 11: whether the claim is really gone */
    ACTION_READ_NAMESPACE = 1 << 19,   /* 10: whether all of it is being deleted */
    ACTION_OPEN_POD = 1 << 20,         /* 9b: our scheduling gate off the pod that is noted */
};

struct plan {
    unsigned actions;    /* of enum action; 0: nothing to do now */
    const char *case_id; /* the case of docs/state-machine.md that it follows from. Static */
    struct migration_status status; /* with ACTION_WRITE_STATUS */
    /* The status differs in counts and texts alone: it may wait a moment for more of the kind. */
    bool is_status_minor;
    struct claim claim;            /* with ACTION_CLAIM */
    const struct passage *passage; /* with ACTION_RELEASE; NULL: the ledger stays */
    bool is_ready;     /* every gate but LockHeld is open: it has a place in the queue */
    int64_t wake_at_s; /* look again then, whatever happens; 0: only when something changes */
};

void plan_act(struct plan *plan, unsigned actions, const char *case_id);

/* Nothing else to do: what happened last is told meanwhile (E1). */
void plan_idle(const struct observed *seen, struct plan *plan, const char *case_id);

/* plan->status is to be written; where it says nothing new, there is nothing else to do. */
void plan_write_status(const struct observed *seen, struct plan *plan, const char *case_id);

#endif
