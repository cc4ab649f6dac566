/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the small cluster know of each other. */
#ifndef INTERLUDE_TESTS_CLUSTER_PARTS_H
#define INTERLUDE_TESTS_CLUSTER_PARTS_H

#include "cluster.h"

/* The first is kept. Static. */
void break_rule(struct cluster *cluster, const char *rule);

struct migration *migration_of(struct cluster *cluster);
struct claim *claim_of(struct cluster *cluster);

/* NULL: none. */
struct pod *live_pod(struct cluster *cluster);

/* The Job controller may still make one of our Job. */
bool may_get_pod(struct cluster *cluster);

/* Carries a plan out. */
void cluster_apply(struct cluster *cluster, const struct plan *plan);

/* Of a plan, or of tidying up. */
void delete_job(struct cluster *cluster);

#endif
