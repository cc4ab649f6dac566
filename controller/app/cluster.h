/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process knows of the cluster, and how it reaches it: the caches, the client, the queue of
 * keys that want work. One struct, made by the manager and passed around; nothing is global.
 */
#ifndef INTERLUDE_APP_CLUSTER_H
#define INTERLUDE_APP_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "app/dependents.h"
#include "app/fleet.h"
#include "app/kinds.h"
#include "app/prerequisites.h"
#include "app/store.h"
#include "app/telemetry.h"
#include "app/zones.h"
#include "base/map.h"
#include "kube/client.h"
#include "kube/queue.h"

/* What the controller watches always. */
enum source {
    SOURCE_MIGRATIONS,
    SOURCE_DATABASES,
    SOURCE_APPROVALS,
    SOURCE_JOBS,
    SOURCE_PODS,
    SOURCE_COUNT
};

/* What a key of the queue names: its first character. */
enum key_kind { KEY_MIGRATION = 'm', KEY_DATABASE = 'd', KEY_JOB = 'j', KEY_POD = 'p' };

struct cluster {
    struct kube_client *client;
    const struct kube_guard *guard; /* of all that work sends; NULL: none */
    struct queue *queue;
    struct fleet *fleet;
    struct telemetry *telemetry;
    struct zones *zones;
    const char *ns; /* the only one that is seen; NULL: all */
    struct store stores[SOURCE_COUNT];
    char *approvals_error; /* why approvals are not all known; NULL: they are */
    struct dependents dependents;
    struct kinds kinds;
    struct prerequisites *prerequisites;
    struct map works;   /* key -> struct work (app/work.h): unfinished migrations */
    struct map tidiers; /* key -> struct tidier (app/tidy.h): what is being tidied up */
    bool is_acting;     /* every store is full and we lead: else nothing is woken */
};

/* Makes the stores and the zones; the rest is the manager's to set. */
void cluster_init(struct cluster *cluster);
void cluster_fini(
    struct cluster *cluster); /* the stores, zones and maps; the works must be freed before */

/* Borrowed until the object changes, NULL when there is none. */
const struct migration *cluster_migration(const struct cluster *cluster, const char *ns,
                                          const char *name);
const struct database *cluster_database(const struct cluster *cluster, const char *ns,
                                        const char *name);
/* That the migration names, whether it may or not. */
const struct database *cluster_database_of(const struct cluster *cluster,
                                           const struct migration *migration);
struct store *cluster_store(struct cluster *cluster, enum source source);

/* The Database shows a claim of just this migration. */
bool cluster_is_claimed(const struct cluster *cluster, const struct migration *migration);
bool cluster_is_claimed_for(const struct cluster *cluster, const struct migration *migration,
                            int64_t attempt);

/* There is something left to do for it: it is unfinished, or its claim still stands. */
bool cluster_is_wanted(const struct cluster *cluster, const struct migration *migration);

/* A key for the queue, which the caller frees. */
char *cluster_key(enum key_kind kind, const char *ns, const char *name) MUST_CHECK;

/* Puts the key into the queue, while this process acts. */
void cluster_wake(struct cluster *cluster, enum key_kind kind, const char *ns, const char *name);

/* Wakes the Database and its unfinished migrations. */
void cluster_wake_database(struct cluster *cluster, const char *ns, const char *name);

/* The API server's clock. */
int64_t cluster_now_s(const struct cluster *cluster);

#endif
