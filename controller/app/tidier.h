/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of looks and writes for one key that no living migration drives: what app/tidy.c is made of.
 * Rare, so each look goes to the server. All of it runs on the loop and never blocks.
 */
#ifndef INTERLUDE_APP_TIDIER_H
#define INTERLUDE_APP_TIDIER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "app/resource.h"
#include "app/task.h"
#include "base/arena.h"
#include "domain/observed.h"
#include "domain/types.h"

struct cluster;

#define TIDIER_STEPS_MAX 20

struct tidier {
    struct task task;
    struct cluster *cluster;
    char *key;
    char *ns;
    char *name;
    void (*turn)(struct tidier *tidier);
    unsigned steps; /* TIDIER_STEPS_MAX: it has done its work, and a watch event begins the next */
    /* Learnt by this chain. */
    struct arena arena;
    enum presence migration_presence;
    struct migration *migration;
    enum presence database_presence;
    struct database *database;
    enum presence job_presence;
    struct job *job;
    struct pod *pods;
    size_t pod_count;
    bool are_pods_fresh;
    bool are_pods_let_go; /* asked for, once */
    /* Of a Database: the claim that all of it was learnt for. uid NULL: nothing yet. */
    struct claim claim;
    const char *database_uid; /* of the Database being written */
};

struct tidier *tidier_of(struct task *task);

/* Begins a chain: turn is called, and again whenever all that it asked for is answered. */
void tidier_begin(struct cluster *cluster, const char *ns, const char *name, const char *key,
                  void (*turn)(struct tidier *tidier));

/* Asks for what the answer's function, one of those below, keeps in the tidier. */
void tidier_get(struct tidier *tidier, const char *path, task_fn *fn);
void tidier_on_migration(struct task *task, const struct kube_response *response, size_t index);
void tidier_on_database(struct task *task, const struct kube_response *response, size_t index);
void tidier_on_job(struct task *task, const struct kube_response *response, size_t index);
void tidier_on_pods(struct task *task, const struct kube_response *response, size_t index);

/* Just the version of the Job that was seen. */
void tidier_delete_job(struct tidier *tidier, const struct job *job);

/* A strategic merge patch. body stays the caller's. */
void tidier_patch(struct tidier *tidier, enum resource resource, const struct meta *meta,
                  const json_t *body, task_fn *fn);

/* Changed, or gone: the chain has done its work. */
void tidier_on_changed(struct task *task, const struct kube_response *response, size_t index);

#endif
