/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process knows of one unfinished migration beside the caches: what this chain of steps has
 * learnt from the API server, and a few things remembered to save requests. All of it may be lost at any
 * time without harm: the next turn begins at what the API server holds.
 */
#ifndef INTERLUDE_APP_WORK_H
#define INTERLUDE_APP_WORK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/task.h"
#include "base/arena.h"
#include "domain/observed.h"
#include "domain/plan.h"
#include "domain/types.h"

struct cluster;

/* Read by this chain of steps; forgotten at its end and at any failure. */
struct learnt {
    struct arena arena;
    /* The fresh look (R7): valid while the migration is at this version and the look is young. */
    const char *migration_version; /* resourceVersion; NULL: none was taken */
    int64_t looked_at_ms;
    struct application_seen *applications; /* of this look */
    const char **looked_for; /* for each: the UIDs of the workloads whose pods were asked for */
    json_t *inherited;       /* the workload of inheritFrom; NULL: none. Owned */
    bool is_database_fresh;  /* read, or written by us, in this chain */
    enum presence job_presence;
    struct job *job;
    const char *job_name_taken;
    const char *job_refused;
    struct pod *pods;
    size_t pod_count;
    bool are_pods_fresh;
};

/* Of the last dry run: what it was asked about, so that it is asked again when that changes. */
struct dry_run_memory {
    enum dry_run_result result;
    char reason[64];
    char *message; /* owned */
    int64_t again_s;
    int64_t generation;
    int64_t inherited_generation; /* -1: the workload was missing */
};

struct work {
    struct task task;
    struct cluster *cluster;
    char *key; /* of the queue */
    char *ns;
    char *name;
    unsigned needs; /* kinds retained of the fleet */
    struct learnt learnt;
    struct dry_run_memory dry_run;
    char *recorded_event; /* name of the last one that the server has; NULL: none known */
    bool owes_event;      /* a status was written since: keeps a finished migration's work alive */
    char *no_pod_reason;  /* NULL: not asked, or long ago */
    int64_t no_pod_asked_s;
    int64_t status_written_ms;
    int64_t unknown_since_s; /* when it was first seen with applications not known; 0: they are */
    bool is_ready;           /* of the last plan: it has a place in the queue */
    /* The step being carried out. The plan's texts are in the arena or were borrowed at its start. */
    struct arena arena;
    struct plan plan;
    unsigned steps;         /* of this chain */
    const char *database;   /* that the step writes; in the arena */
    const char *event_name; /* that the step records; likewise */
    const char *job_name;   /* that the step creates or deletes; likewise */
    const char **pod_names; /* that the step lets go, as in observed.pods; likewise */
    bool ends_attempt;      /* the step writes an outcome */
    bool is_step_done;      /* the step taught something without a request */
};

struct work *work_new(struct cluster *cluster, const char *ns, const char *name) MUST_CHECK;
void work_free(struct work *work);

/* Forgets what the chain of steps learnt. */
void work_forget(struct work *work);

/* Sets the outcome of a dry run; message is copied. */
void work_set_dry_run(struct work *work, enum dry_run_result result, const char *reason,
                      const char *message);

#endif
