/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a workload's own controller tells of its rollout: whether it is over and, if not, what holds it up, in a
 * sentence that says what to do about it. Pure. The meaning of the fields is that of apps/v1; the Deployment
 * controller says NewReplicaSetAvailable, and the StatefulSet controller makes the two revisions equal, only
 * when all pods were available once, which counts alone do not tell.
 */
#ifndef INTERLUDE_DOMAIN_ROLLOUT_H
#define INTERLUDE_DOMAIN_ROLLOUT_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/types.h"

/* Why it is not over, for a person; NULL: it is. `version` is that of the application's template. */
const char *rollout_unsettled(struct arena *arena, const struct application *application,
                              const struct workload *workload, const char *version);

/* Its controller tells that the updated pods were never all available. */
bool rollout_is_unfinished(const struct workload *workload);

/* By its counts there are pods of an earlier template. */
bool rollout_is_short(const struct application *application, const struct workload *workload);

/*
 * The revision of the earlier template of which a StatefulSet makes the pods below its partition, whenever one has
 * to be made anew; NULL: every new pod is of the present template.
 */
const char *rollout_kept_revision(const struct workload *workload);

#endif
