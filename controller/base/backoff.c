/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

int64_t backoff_delay_ms(const struct backoff_policy *policy, unsigned failures, uint32_t chance)
{
    int64_t delay = policy->first_ms;
    for (unsigned i = 1; i < failures && delay < policy->largest_ms; i++) {
        delay *= 2;
    }
    if (delay > policy->largest_ms) {
        delay = policy->largest_ms;
    }
    int64_t half = delay / 2;
    return half + (int64_t)(chance % 1024) * (delay - half) / 1023;
}
