/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate Approved: whether a migration needs a person's approval, and whether there is one that holds. An
 * approval is for one UID and one hash of the spec: for an edited spec, or a migration that was deleted and
 * created again, it says nothing. Whoever deletes it takes it back, until the run begins. Pure.
 */
#ifndef INTERLUDE_DOMAIN_APPROVAL_H
#define INTERLUDE_DOMAIN_APPROVAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "domain/observed.h"
#include "domain/types.h"

/* By spec.approval, or by spec.approvalFor of its Database (NULL: there is none). */
bool approval_is_needed(const struct migration *migration, const struct database *database);

/* The approval that holds for the migration as it is seen now, of several the oldest; NULL: none does. */
const struct approval *approval_find(const struct observed *seen);

struct approval_verdict {
    enum condition_status status; /* Unknown: none is known that holds, but there may be others */
    const char *reason;           /* NotRequired, Approved; ApprovalMissing, ApprovalOutdated,
                            ApprovalRevoked, ApprovalsUnknown. Static */
    const char *message;          /* who has to do what, or who did; in the arena */
    const struct approval *approval; /* that opens the gate; NULL: none was needed, or none holds */
};

struct approval_verdict approval_judge(struct arena *arena, const struct observed *seen) MUST_CHECK;

/* What an attempt keeps of its approval; borrowed. NULL: none was needed. */
struct approval_record approval_record_of(const struct approval *approval);

#endif
