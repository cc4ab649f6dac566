/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the attempts of a migration have come. What was read while they stood so says nothing once they have
 * moved on: whoever keeps what was read keeps this beside it.
 */
#ifndef INTERLUDE_APP_ATTEMPTS_SEEN_H
#define INTERLUDE_APP_ATTEMPTS_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/types.h"

struct attempts_seen {
    int64_t number;
    enum outcome outcome;
    int64_t withdrawn;
};

struct attempts_seen attempts_seen_of(const struct migration *migration);
bool attempts_seen_same(const struct attempts_seen *a, const struct attempts_seen *b);

#endif
