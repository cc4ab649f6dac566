/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attempts leave behind: parked Jobs that nothing can arm any more (step 14 of the run protocol),
 * and finalizers on Jobs and pods whose attempt is closed and whose claim is released. Pure. The cases
 * are numbered as in docs/state-machine.md.
 */
#ifndef INTERLUDE_DOMAIN_LEFTOVER_H
#define INTERLUDE_DOMAIN_LEFTOVER_H

#include <stdint.h>

#include "domain/types.h"

enum leftover_action {
    LEFTOVER_NOTHING,
    LEFTOVER_DELETE, /* a stray: delete this version of it (uid and resourceVersion) */
    LEFTOVER_LET_GO, /* our finalizer off; a Job gets owner and remaining time with it */
};

/* The case of docs/state-machine.md that it is. Static. */
const char *leftover_case(enum leftover_action action);

/*
 * migration: NULL when it is known to be gone (a 404 of the server, not of a cache); one of another UID
 * counts as gone. database: that of the Job's labels; NULL when it is known to be gone. It must have been
 * read from the server after the attempt was closed, or the migration gone: an older version may not
 * show yet the claim whose outcome the Job and its pods prove. What a migration that has its finalizer
 * held, it lets go itself: only it knows whether the end is certain (R8b).
 */
enum leftover_action leftover_judge(const struct migration *migration,
                                    const struct database *database, const struct job *job);

/* The same for a pod with our finalizer. Never LEFTOVER_DELETE. */
enum leftover_action leftover_judge_pod(const struct migration *migration,
                                        const struct database *database, const struct pod *pod);

#endif
