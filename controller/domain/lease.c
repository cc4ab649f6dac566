/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/lease.h"

#include "base/str.h"

/* client-go: a candidate tries again after retry_ms and up to so many per cent of it more. */
#define JITTER_PERCENT 120

/* As client-go's release: short, and not 0, which the API server refuses. */
#define RELEASED_DURATION_S 1

static struct lease_plan act(enum lease_action action)
{
    return (struct lease_plan){.action = action};
}

static struct lease_plan wait_until(int64_t at_ms)
{
    return (struct lease_plan){.action = LEASE_WAIT, .at_ms = at_ms};
}

static bool is_held(const struct lease_seen *seen)
{
    return !str_is_empty(seen->lease.holder);
}

static bool is_ours(const struct lease_seen *seen)
{
    return seen->presence == PRESENCE_PRESENT && str_eq(seen->lease.holder, seen->identity);
}

static int64_t stop_ms(const struct lease_seen *seen)
{
    return seen->renewed_ms + seen->timing.deadline_ms;
}

/* By the duration that the holder wrote: it promises no more. One that wrote none gets ours. */
static int64_t expires_ms(const struct lease_seen *seen)
{
    int64_t duration_ms =
        seen->lease.duration_s > 0 ? seen->lease.duration_s * 1000 : seen->timing.duration_ms;
    return seen->observed_ms + duration_ms;
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static struct lease_plan decide_leading(const struct lease_seen *seen)
{
    if (seen->now_ms >= stop_ms(seen)) {
        return (struct lease_plan){.action = LEASE_LOSE, .why = "it was not renewed in time"};
    }
    if (seen->is_asking) {
        return wait_until(stop_ms(seen));
    }
    if (!seen->is_doubtful && seen->presence == PRESENCE_PRESENT && !is_ours(seen)) {
        return (struct lease_plan){.action = LEASE_LOSE, .why = "somebody else has it"};
    }
    if (seen->now_ms < seen->next_try_ms) {
        return wait_until(earlier(seen->next_try_ms, stop_ms(seen)));
    }
    if (seen->is_doubtful) {
        return act(LEASE_READ);
    }
    /* Deleted by hand: whoever else saw that still waits until our last record has expired. */
    return act(seen->presence == PRESENCE_ABSENT ? LEASE_CREATE : LEASE_RENEW);
}

static struct lease_plan decide_standing(const struct lease_seen *seen)
{
    bool is_known = seen->presence != PRESENCE_UNKNOWN;
    if (!seen->is_willing || seen->is_asking || !(is_known || seen->is_doubtful)) {
        return wait_until(INT64_MAX);
    }
    if (seen->now_ms < seen->next_try_ms) {
        return wait_until(seen->next_try_ms);
    }
    if (seen->is_doubtful) {
        return act(LEASE_READ);
    }
    if (is_ours(seen)) {
        return act(LEASE_RENEW);
    }
    /* That a Lease was deleted says nothing about its holder, which may be alive and make it anew. */
    if (is_held(seen) && !str_eq(seen->lease.holder, seen->identity) &&
        seen->now_ms < expires_ms(seen)) {
        return wait_until(expires_ms(seen));
    }
    return act(seen->presence == PRESENCE_ABSENT ? LEASE_CREATE : LEASE_TAKE);
}

static struct lease_plan decide_leaving(const struct lease_seen *seen)
{
    if (seen->now_ms >= seen->leave_by_ms) {
        return act(LEASE_DONE);
    }
    if (seen->is_asking) {
        return wait_until(seen->leave_by_ms); /* it may be what makes the Lease ours */
    }
    if (!seen->is_doubtful && !is_ours(seen)) {
        return act(LEASE_DONE);
    }
    if (seen->now_ms < seen->next_try_ms) {
        return wait_until(earlier(seen->next_try_ms, seen->leave_by_ms));
    }
    return act(seen->is_doubtful ? LEASE_READ : LEASE_RELEASE);
}

struct lease_plan lease_decide(const struct lease_seen *seen)
{
    switch (seen->role) {
    case LEASE_LEADING:
        return decide_leading(seen);
    case LEASE_LEAVING:
        return decide_leaving(seen);
    case LEASE_STANDING:
        break;
    }
    return decide_standing(seen);
}

bool lease_may_act(const struct lease_seen *seen)
{
    return seen->role == LEASE_LEADING && seen->now_ms < stop_ms(seen);
}

struct lease lease_written(const struct lease_seen *seen, enum lease_action action, const char *now)
{
    const struct lease *old = &seen->lease;
    bool is_new = seen->presence == PRESENCE_ABSENT;
    struct lease record = {
        .resource_version = is_new ? NULL : old->resource_version,
        .holder = seen->identity,
        .duration_s = seen->timing.duration_ms / 1000,
        .acquired = now,
        .renewed = now,
        .transitions = is_new ? 0 : old->transitions,
    };
    if (action == LEASE_RELEASE) {
        record.holder = "";
        record.duration_s = RELEASED_DURATION_S;
    } else if (action == LEASE_TAKE) {
        record.transitions++;
    } else if (action == LEASE_RENEW && old->acquired != NULL) {
        record.acquired = old->acquired;
    }
    return record;
}

bool lease_same(const struct lease *a, const struct lease *b)
{
    return str_eq(a->holder, b->holder) && a->duration_s == b->duration_s &&
           str_eq(a->acquired, b->acquired) && str_eq(a->renewed, b->renewed) &&
           a->transitions == b->transitions;
}

int64_t lease_retry_delay_ms(const struct lease_seen *seen, uint32_t chance)
{
    int64_t retry_ms = seen->timing.retry_ms;
    int64_t most_ms = seen->role == LEASE_STANDING ? retry_ms * JITTER_PERCENT / 100 : 0;
    return retry_ms + (most_ms > 0 ? (int64_t)chance % (most_ms + 1) : 0);
}
