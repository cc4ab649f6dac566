/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out a plan: each action becomes requests, and what their answers teach goes into the work and
 * the stores. Decides nothing: an answer that does not fit fails the task, and the key begins anew.
 */
#ifndef INTERLUDE_APP_APPLY_H
#define INTERLUDE_APP_APPLY_H

#include "app/cluster.h"
#include "app/work.h"

/*
 * Starts the requests of work->plan, which followed from seen; none are in flight when there is nothing
 * to do. seen is borrowed for the call alone: by the time of an answer the stores have moved on.
 */
void apply_start(struct work *work, const struct observed *seen);

/* ---- the actions, by subject; used by apply.c alone ---- */

/* apply_look.c: the fresh look of step 3, and the finalizer of step 4. */
void apply_look(struct work *work, const struct observed *seen);

/* apply_applications.c: the part of it that spec.applications asks for. */
void apply_look_at_applications(struct work *work, const struct observed *seen);

/* apply_prerequisites.c: the part of it that spec.requires asks for. */
void apply_look_at_prerequisites(struct work *work, const struct migration *migration);

/* apply_dry_run.c */
void apply_dry_run(struct work *work, const struct observed *seen);

/* apply_job.c: steps 5, 6, 8, 9, 11 and 14. */
void apply_create_job(struct work *work, const struct observed *seen);
void apply_read_job(struct work *work, const struct observed *seen);
void apply_arm(struct work *work, const struct observed *seen);
void apply_read_pods(struct work *work, const struct observed *seen);
void apply_read_job_events(struct work *work, const struct observed *seen);
void apply_delete_job(struct work *work, const struct observed *seen);
void apply_end_job(struct work *work, const struct observed *seen);
void apply_open_pod(struct work *work, const struct observed *seen);
void apply_let_go_pods(struct work *work, const struct observed *seen);
void apply_let_go_job(struct work *work, const struct observed *seen);

/* ---- what all of them need ---- */

/* The answer's object goes into its store; a decode failure fails the task. */
void apply_learn(struct work *work, enum source source, const struct kube_response *response);

/* The migration that the work is about, as its store has it now; NULL: gone. */
const struct migration *apply_migration(const struct work *work);

#endif
