/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running controller: its caches, its queue and its watches, wired together. One struct, made in
 * main and passed around; nothing is global.
 */
#ifndef INTERLUDE_APP_MANAGER_H
#define INTERLUDE_APP_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "app/fleet.h"
#include "app/options.h"
#include "app/store.h"
#include "app/telemetry.h"
#include "base/err.h"
#include "base/map.h"
#include "kube/client.h"
#include "kube/loop.h"
#include "kube/queue.h"
#include "kube/watch.h"

/* What the controller watches always. */
enum source { SOURCE_MIGRATIONS, SOURCE_DATABASES, SOURCE_JOBS, SOURCE_PODS, SOURCE_COUNT };

/* What a key of the queue names: its first character. */
enum key_kind { KEY_MIGRATION = 'm', KEY_DATABASE = 'd', KEY_JOB = 'j', KEY_POD = 'p' };

struct manager;

struct watched {
    struct manager *manager;
    enum source source;
    struct store store;
    struct kube_watch *watch;
    bool is_known;      /* all objects there were at its start are in the store */
    bool is_restarting; /* all objects come anew; what does not is gone */
};

struct manager {
    struct loop *loop;
    struct kube_client *client;
    const struct options *options;
    struct queue *queue;
    struct fleet *fleet;
    struct watched watched[SOURCE_COUNT];
    struct map works;   /* key -> struct work: unfinished migrations */
    struct map tidiers; /* key -> struct tidier: what is being tidied up (app/tidy.h) */
    struct telemetry *telemetry;
    bool is_started; /* every store is known: work has begun */
};

/* Borrows loop, client, options and telemetry. Starts the watches. */
struct manager *manager_new(struct loop *loop, struct kube_client *client,
                            const struct options *options, struct telemetry *telemetry) MUST_CHECK;
void manager_free(struct manager *manager); /* NULL accepted */

/* Borrowed, NULL when there is none. */
const struct migration *manager_migration(const struct manager *manager, const char *ns,
                                          const char *name);
const struct database *manager_database(const struct manager *manager, const char *ns,
                                        const char *name);

struct store *manager_store(struct manager *manager, enum source source);

/* A key for the queue, which the caller frees. */
char *manager_key(enum key_kind kind, const char *ns, const char *name) MUST_CHECK;

/* Wakes everything that a change of the database concerns: it, and its unfinished migrations. */
void manager_wake_database(struct manager *manager, const char *ns, const char *name);
void manager_wake_migration(struct manager *manager, const char *ns, const char *name);

/* Every watch works and the caches are full. Else *ret_why says what is missing; in the arena. */
bool manager_is_ready(const struct manager *manager, struct arena *arena, const char **ret_why);

/* The API server's clock. */
int64_t manager_now_s(const struct manager *manager);

#endif
