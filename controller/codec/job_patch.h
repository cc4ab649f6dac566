/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to an attempt's Job and pods after they were made. The patches are strategic merge
 * patches (application/strategic-merge-patch+json) that name the UID: the server answers 422 where
 * another object has taken the name. All results are new references; arguments are borrowed.
 */
#ifndef INTERLUDE_CODEC_JOB_PATCH_H
#define INTERLUDE_CODEC_JOB_PATCH_H

#include <jansson.h>
#include <stdint.h>

#include "base/attrs.h"
#include "domain/types.h"

/* Lets the run start: finalizer, parallelism 1 and the deadline. To repeat it changes nothing. */
json_t *job_arm_patch(const char *uid, int64_t active_deadline_s /* 0: none */) MUST_CHECK;

/*
 * Makes the Job controller end a run that never started (R4a). Only this version of the Job: when its pod
 * is ready its status says so, and a controller that was paused meanwhile would end a run half-way.
 */
json_t *job_end_patch(const char *uid, const char *resource_version) MUST_CHECK;

/*
 * In one write: our finalizer off, the migration as owner (NULL: none, it is gone), the Job's
 * remaining time (-1: as long as its owner).
 */
json_t *job_let_go_patch(const char *uid, const struct meta *owner, int64_t ttl_s) MUST_CHECK;

/* Takes our finalizer off a pod. */
json_t *pod_let_go_patch(const struct meta *pod) MUST_CHECK;

/* Takes our scheduling gate off a pod, and nothing else. Repeating it changes nothing. */
json_t *pod_open_patch(const char *uid) MUST_CHECK;

/* Body of a DELETE: in the background, and only this version of this object. NULL: no such condition. */
json_t *delete_options(const char *uid, const char *resource_version) MUST_CHECK;

#endif
