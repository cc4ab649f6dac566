/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a change of an object concerns: which keys want work. Judges nothing by itself. */
#ifndef INTERLUDE_APP_CONCERN_H
#define INTERLUDE_APP_CONCERN_H

#include <stdbool.h>

#include "app/cluster.h"

/* The object is in its store, or, when it is gone, not any more. */
void concern(struct cluster *cluster, enum source source, const void *object, bool is_gone);

/* Wakes whatever attempts of that migration have left behind: Jobs and pods with our finalizer. */
void concern_leftovers(struct cluster *cluster, const char *migration_uid);

/* Something of the applications in the namespace changed. */
void concern_fleet(struct cluster *cluster, const char *ns);

#endif
