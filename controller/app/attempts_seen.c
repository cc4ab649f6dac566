/* SPDX-License-Identifier: Apache-2.0 */
#include "app/attempts_seen.h"

struct attempts_seen attempts_seen_of(const struct migration *migration)
{
    const struct migration_status *status = &migration->status;
    return (struct attempts_seen){
        .number = status->attempt.number,
        .outcome = status->attempt.outcome,
        .withdrawn = status->withdrawn,
    };
}

bool attempts_seen_same(const struct attempts_seen *a, const struct attempts_seen *b)
{
    return a->number == b->number && a->outcome == b->outcome && a->withdrawn == b->withdrawn;
}
