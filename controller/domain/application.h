/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry of spec.applications held against what was seen of it: which versions really run, whether
 * the migration's constraint admits them all, and whether the rollout has settled. Pure.
 */
#ifndef INTERLUDE_DOMAIN_APPLICATION_H
#define INTERLUDE_DOMAIN_APPLICATION_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/ownership.h"
#include "domain/types.h"

struct application_verdict {
    struct application_status
        *statuses; /* one for each workload, and for each that is gone and has pods left */
    size_t status_count;
    bool is_absent;
    bool is_unread; /* its kind cannot be read: whether it is there nobody knows */
    bool is_compatible;
    const char *compatible_reason; /* CamelCase; of the first breach, or "Compatible" */
    const char *compatible_message;
    bool is_settled;
    const char *settled_message;
    const char *rolling; /* what keeps it from being one rollout that is complete; NULL: nothing */
};

struct application_question {
    const struct application *application;
    size_t index; /* in spec.applications, for messages */
    const struct application_seen *seen;
    /* Workloads of this application that the status remembers and that are gone: their pods count. */
    const struct application_status *remembered;
    size_t remembered_count;
    bool absent_is_met; /* the ledger is empty, or whenAbsent says Proceed */
    /* For status.applications[].compatibleSince: domain/soak.h. */
    bool must_settle;                      /* rollout is Settled */
    const struct application_status *last; /* status.applications as it was written last */
    size_t last_count;
    int64_t now_s;
};

/* Everything in the verdict lies in the arena or is borrowed from the question. */
void application_judge(struct arena *arena, const struct application_question *question,
                       struct application_verdict *ret_verdict);

#endif
