/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before the next try: exponential, capped, with jitter. Pure: the chance comes in. */
#ifndef INTERLUDE_BASE_BACKOFF_H
#define INTERLUDE_BASE_BACKOFF_H

#include <stdint.h>

struct backoff_policy {
    int64_t first_ms;
    int64_t largest_ms;
};

/*
 * The delay after `failures` (at least 1) failures in a row, in ms: between half and all of
 * min(first * 2^(failures-1), largest). `chance` is any number; its low bits choose the jitter.
 */
int64_t backoff_delay_ms(const struct backoff_policy *policy, unsigned failures, uint32_t chance);

#endif
