/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process knows of one unfinished migration beside the caches: what this chain of steps has learnt, and
 * a few things remembered. All of it may be lost without harm: the next turn begins at what the API server holds.
 */
#ifndef INTERLUDE_APP_WORK_H
#define INTERLUDE_APP_WORK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/attempts_seen.h"
#include "app/breach_memory.h"
#include "app/task.h"
#include "base/arena.h"
#include "domain/announce.h"
#include "domain/observed.h"
#include "domain/plan.h"
#include "domain/types.h"

struct cluster;

/* Read by this chain of steps; forgotten at its end and at any failure. */
struct learnt {
    struct arena arena;
    /* The fresh look (R7): of one claim, at the version read, with the spec it was begun for; young. */
    const char *migration_version; /* resourceVersion; NULL: none was taken */
    int64_t looked_attempt;        /* of that claim */
    int64_t looked_generation;
    int64_t looked_at_ms;
    struct application_seen *applications; /* of this look */
    size_t application_count;
    const struct migration **dependencies; /* of this look: one for each of spec.after */
    size_t dependency_count;
    struct prerequisite_seen *prerequisites; /* of this look: one for each of spec.requires */
    const struct approval *approval; /* of this look; NULL: none was asked for, or it is gone */
    const char **looked_for; /* of each application: the UIDs whose pods were asked for, and how */
    json_t *inherited;       /* the workload of inheritFrom; NULL: none. Owned */
    /* The Database was read, or written by us, when the migration's attempts stood so. */
    bool is_database_fresh;
    struct attempts_seen database_asked;
    const char *job_asked; /* name of the Job that the next four tell of, and of no other */
    enum presence job_presence;
    struct job *job;
    const char *job_name_taken;
    const char *job_refused;
    const char *pods_asked; /* UID of the Job whose pods these are */
    const char *pod_noted;  /* as the migration said then; NULL: none */
    struct pod *pods;
    size_t pod_count;
    bool are_pods_fresh;
    enum namespace_state namespace_state;
};

/* Of the last dry run: what it was asked about, so that it is asked again when that changes. */
/* Of a workload's template. */
struct edition {
    char uid[64]; /* "": there is no such workload */
    int64_t generation;
};

struct dry_run_memory {
    enum dry_run_result result;
    char reason[64];
    char *message;   /* owned */
    int64_t again_s; /* 0: not by itself */
    int64_t delay_s; /* before it was asked again the last time */
    int64_t generation;
    struct edition asked;  /* of the workload to inherit from, that it was built of */
    struct edition cached; /* of the same, that the cache showed then: it may be late */
};

struct other_need {
    char *api_version;
    char *kind;
};

struct work {
    struct task task;
    struct cluster *cluster;
    char *key; /* of the queue */
    char *ns;
    char *name;
    char *uid;                 /* of the migration that all the rest is about */
    unsigned needs;            /* kinds retained of the fleet */
    struct other_need *others; /* other kinds likewise */
    size_t other_count;
    char **after; /* names that it waits for, as it has joined cluster->dependents */
    size_t after_count;
    struct learnt learnt;
    struct dry_run_memory dry_run;
    char *recorded_events[ANNOUNCEMENTS_MAX]; /* names that the server has; NULL: none known */
    struct breach_memory breach;
    bool owes_event;     /* a status was written since: keeps a finished migration's work alive */
    char *no_pod_reason; /* NULL: not asked, or long ago */
    char *no_pod_job;    /* UID of the Job that it is about */
    int64_t no_pod_asked_s;
    int64_t claimed_ms; /* when we last wrote the claim, until a look has used that; 0: never */
    int64_t status_written_ms;
    int64_t unknown_since_s; /* when it was first seen with applications not known; 0: they are */
    bool is_ready;           /* of the last plan: it has a place in the queue */
    /* The step being carried out. The plan's texts are in the arena or were borrowed at its start. */
    struct arena arena;
    const char *status_from; /* the resourceVersion that the status is written over */
    struct plan plan;
    unsigned steps;            /* of this chain */
    struct meta migration;     /* that the step is about: its names alone; in the arena */
    struct meta database;      /* that the step reads or writes; likewise */
    struct meta *pods;         /* that the step lets go, as in observed.pods; likewise */
    const char *snapshot;      /* resourceVersion of the look's lists; NULL: the latest */
    struct announcement event; /* that the step records; likewise */
    const char *job_name;      /* that the step creates; likewise */
    bool ends_attempt;         /* the step writes an outcome */
    bool is_step_done;         /* the step taught something without a request */
};

struct work *work_new(struct cluster *cluster, const char *ns, const char *name) MUST_CHECK;
void work_free(struct work *work);

/* The work is about this migration; what is remembered of another one of that name is forgotten. */
void work_set_migration(struct work *work, const struct migration *migration);

/* What the migration waits for by spec.after wakes the work from now on, and nothing else that did. */
void work_wait_for(struct work *work, const char **after, size_t after_count);

/* These kinds of the fleet, and those of the applications that are of others, are watched from now on, and no more. */
void work_need(struct work *work, unsigned kinds, const struct application *applications,
               size_t application_count);

/* Forgets what the chain of steps learnt. */
void work_forget(struct work *work);

/* Gives back the memory of a chain that is over: most works wait, and many at a time. */
void work_end_chain(struct work *work);

/* uid NULL: there is no such workload. */
struct edition edition_of(const char *uid, int64_t generation);
bool edition_is_same(const struct edition *a, const struct edition *b);

/* Sets the outcome of a dry run; message is copied. */
void work_set_dry_run(struct work *work, enum dry_run_result result, const char *reason,
                      const char *message);

#endif
