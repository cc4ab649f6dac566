/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the small cluster know of each other. */
#ifndef INTERLUDE_TESTS_CLUSTER_PARTS_H
#define INTERLUDE_TESTS_CLUSTER_PARTS_H

#include "cluster.h"

/* The first is kept. Static. */
void break_rule(struct cluster *cluster, const char *rule);

struct migration *migration_of(struct cluster *cluster);
struct claim *claim_of(struct cluster *cluster);

/* One that runs, or may begin: beyond the gate. NULL: none. */
struct pod *live_pod(struct cluster *cluster);

/* The Job controller may still make one of our Job. */
bool may_get_pod(struct cluster *cluster);

/* A pod that may still be let start: the noted one, which any may be once the migration is gone. */
bool may_be_let_start(struct cluster *cluster);

/* Of the pods: what kubelet, Job controller, garbage collector and people do. False: nothing. */
bool move_pods(struct cluster *cluster);

/* The mishaps of a pod that has just been noted. */
void strike_noted_pod(struct cluster *cluster);

/* Carries a plan out. */
void cluster_apply(struct cluster *cluster, const struct plan *plan);

/* Of a plan, or of tidying up. */
void delete_job(struct cluster *cluster);

#endif
