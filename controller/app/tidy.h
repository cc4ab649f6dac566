/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no living migration drives: claims whose migration is gone (step 13), strays and finalizers that
 * attempts left behind (step 14), and a Database's own finalizer. Rare, so each look is a fresh one.
 */
#ifndef INTERLUDE_APP_TIDY_H
#define INTERLUDE_APP_TIDY_H

struct cluster;
struct tidier;

/* Each begins a chain for a key that the queue has handed out. */
void tidy_database(struct cluster *cluster, const char *ns, const char *name, const char *key);
void tidy_job(struct cluster *cluster, const char *ns, const char *name, const char *key);
void tidy_pod(struct cluster *cluster, const char *ns, const char *name, const char *key);

void tidier_free(struct tidier *tidier);

#endif
