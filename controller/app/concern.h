/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a change of an object concerns: which keys want work. Judges nothing by itself. */
#ifndef INTERLUDE_APP_CONCERN_H
#define INTERLUDE_APP_CONCERN_H

#include <stdbool.h>

#include "app/cluster.h"
#include "domain/ownership.h"

/*
 * What an answer, or a watch, says of an object goes into its store, and wakes whoever it concerns: an
 * answer comes before its watch event, which then is no news to anybody. An answer inserts only what it is
 * known to have made (may_insert): else what the watch has reported as gone would come back for ever.
 */
enum store_result concern_learn(struct cluster *cluster, enum source source, const json_t *object,
                                bool may_insert, struct err *err) MUST_CHECK;

/* The server says that the object of that name and UID is gone: it is taken out, and told likewise. */
void concern_gone(struct cluster *cluster, enum source source, const struct meta *meta);

/* The object is in its store, or, when it is gone, not any more. */
void concern(struct cluster *cluster, enum source source, const void *object, bool is_gone);

/* Wakes whatever attempts of that migration have left behind: Jobs, and pods with our finalizer. */
void concern_leftovers(struct cluster *cluster, const char *migration_uid);

/*
 * Why approvals cannot all be known at present (copied), or, with NULL, that they are now: whoever needs one is
 * judged anew.
 */
void concern_approvals(struct cluster *cluster, const char *error);

/* Something of that owner changed among the applications in the namespace. */
void concern_fleet(struct cluster *cluster, const char *ns, struct whose whose);

#endif
