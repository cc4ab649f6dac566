/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that a decision about one migration may know: plain values, gathered by app/observe.c.
 * All borrowed for the length of the decision.
 */
#ifndef INTERLUDE_DOMAIN_OBSERVED_H
#define INTERLUDE_DOMAIN_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/application.h"
#include "domain/timezone.h"
#include "domain/types.h"

/* What the API server said to a dry run of the real Job and pod. */
enum dry_run_result {
    DRY_RUN_DUE,      /* not asked yet for this spec, or something it depends on changed */
    DRY_RUN_ACCEPTED, /* both were accepted */
    DRY_RUN_REFUSED,  /* waits for an edit */
    DRY_RUN_LATER,    /* refused for a reason that may pass by itself: asked again at again_s */
};

struct dry_run {
    enum dry_run_result result;
    const char *reason; /* CamelCase; of the last two results */
    const char *message;
    int64_t again_s; /* 0: not by itself */
};

/* Whether something is there. ABSENT is only ever the word of a fresh read, never of a cache. */
enum presence { PRESENCE_UNKNOWN, PRESENCE_ABSENT, PRESENCE_PRESENT };

/* Whether the migration may use the Database that it names. */
enum access {
    ACCESS_GRANTED, /* its own namespace's, there or not; or one that allows it */
    ACCESS_REFUSED, /* of another namespace, which does not allow it */
    ACCESS_MISSING, /* of another namespace, where there is none */
    ACCESS_UNSEEN,  /* of another namespace than the only one that this controller sees */
};

/* Whether all of the migration's namespace is being deleted; UNKNOWN: not asked. */
enum namespace_state { NAMESPACE_UNKNOWN, NAMESPACE_ACTIVE, NAMESPACE_TERMINATING };

/* How long the Events' word about a missing pod stands before they are read again. */
#define NO_POD_REASON_STANDS_S  30 /* they told a reason */
#define NO_POD_SILENCE_STANDS_S 3  /* they told none: it may be on its way */

struct observed {
    int64_t now_s; /* the API server's clock */

    const struct migration *migration;
    /* NULL: there is none, or access is not granted; but one that this migration has claimed is shown. */
    const struct database *database;
    enum access access;
    const struct application_seen *applications; /* one for each of spec.applications */
    /* The migration and its applications were read from the server after the claim was seen (R7). */
    bool is_fresh;
    bool are_applications_known;         /* false while a watch on them has not told all yet */
    const char *applications_unread_why; /* likewise: the server's words, if it gave any */
    int64_t
        unknown_since_s; /* while they, or the prerequisites, are not; 0: since the migration was created */
    /*
     * What is known of the Database may be older than what is known of the migration: a cache's word
     * alone. False after a read, or a write of ours, since the attempt was closed.
     */
    bool is_database_cached;

    /* The last breach that was seen and perhaps not written: it counts though it may be over. NULL: none. */
    const struct breach *unwritten_breach;

    struct dry_run dry_run;

    /* One for each of spec.after, NULL where there is none; with is_fresh as the server has them. */
    const struct migration *const *dependencies;
    const char *dependency_cycle; /* as dependency_cycle() says */

    /* One for each of spec.requires; with is_fresh as the server has them. */
    const struct prerequisite_seen *prerequisites;
    bool are_prerequisites_unread; /* a watch on one of them has told nothing yet, not even why */
    /* Those that name the migration, whatever they are worth; with is_fresh the one that was read anew. */
    const struct approval *const *approvals;
    size_t approval_count;
    const char *approvals_error; /* why there may be others, too; NULL: all are known */

    const struct time_zone *zone; /* of gates_window(); NULL: none is asked for, or zone_error */
    const char *zone_error;       /* why it could not be read */

    size_t queue_place; /* ready migrations of this database that came before; 0: we are first */
    const char *queue_ahead; /* the first of them; NULL: none */

    /* The Job of the attempt that the migration, or its claim, names. */
    enum presence job_presence;
    const struct job *job;
    bool is_job_fresh;
    const char
        *job_name_taken; /* whose Job has the name that ours should have; NULL: free or ours */
    const char
        *job_refused; /* the server's words when it refused to create the Job; NULL: it did not */
    const char *job_name; /* that ours has or should have */

    const struct pod *pods; /* labelled as the attempt's */
    size_t pod_count;
    bool are_pods_fresh;
    const char *run_container;
    const char
        *no_pod_reason; /* why the Job controller could create no pod, from its Events; "": they do
                           not say; NULL: not asked, or long ago */

    enum namespace_state namespace_state;

    bool is_event_due; /* something that happened has no Event yet, as far as we know */
};

#endif
