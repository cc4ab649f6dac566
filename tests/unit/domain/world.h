/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for the decision: one migration, its Database, its Job and the Job's pod. A row sets what
 * differs; world_see() fills in the rest.
 */
#ifndef INTERLUDE_TESTS_WORLD_H
#define INTERLUDE_TESTS_WORLD_H

#include "base/arena.h"
#include "domain/observed.h"
#include "domain/plan.h"

#define NOW 1000000

#define UID        "uid-m"
#define JOB_UID    "uid-j"
#define POD_UID    "uid-p"
#define SECOND_UID "uid-p2"
#define HASH       "v1:one"
#define HASH2      "v1:two"
#define JOB        "orders-3-uid-m-1"

/* A pod's one container. */
enum pod_sketch {
    POD_NONE,
    POD_GATED,     /* behind our scheduling gate */
    POD_WITHDRAWN, /* as that, and being deleted */
    POD_PENDING,   /* no node yet */
    POD_STARTING,  /* ImagePullBackOff */
    POD_RUNNING,
    POD_STOPPING, /* runs, and is asked to stop */
    POD_SUCCEEDED,
    POD_FAILED,   /* exit 3 */
    POD_EVICTED,  /* exit 0 after it was asked to stop */
    POD_LOST,     /* its node is gone; "running" is the last that was heard */
    POD_GIVEN_UP, /* the taint manager deletes it; "running" is the last that was heard */
    POD_NEVER,    /* ended before anything started */
};

struct expected {
    const char *case_id;
    unsigned actions;
    enum phase phase; /* with ACTION_WRITE_STATUS */
    const char *reason;
    const char *message; /* see assert_text(); NULL: any */
    int64_t withdrawn;
    enum outcome outcome; /* of status.attempt */
    int64_t attempt;      /* its number */
    const char *pod_uid;  /* the pod that it notes */
    const char *approved_by;
    const char *version; /* of the passage; NULL: none */
    int64_t wake_at_s;
    size_t history;         /* entries; 0: any */
    int64_t breach_until_s; /* of status.last_breach */
    bool is_ready;
    bool is_minor;
};

struct world {
    const char *name;
    struct migration migration;
    struct database database;
    struct job job;
    enum pod_sketch pod;    /* POD_UID */
    enum pod_sketch second; /* SECOND_UID */
    bool has_pod_finalizer;
    bool no_database;
    bool namespace_not_read;
    int64_t claim_attempt;  /* of a claim of the migration's; 0: as database.claim says */
    const char *claim_hash; /* default HASH */
    struct observed seen;   /* flags and what else is not said above */
    struct expected expected;
};

/* What the world shows. Everything lies in the row, static storage and the arena. */
struct observed world_see(struct arena *arena, struct world *world);

/* decide() on it, and the comparison of the plan with what the row expects. */
void world_test(void **state);

struct pod world_pod(enum pod_sketch sketch);

#endif
