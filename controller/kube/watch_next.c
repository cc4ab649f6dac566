/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/watch_next.h"

/* From nothing, in the best way that the server is believed to know. */
static enum watch_step from_start(const struct watch_end *end)
{
    return end->is_streaming_known ? WATCH_STREAM : WATCH_LIST;
}

/* Where it was. */
static enum watch_step from_here(const struct watch_end *end)
{
    if (end->has_version) {
        return WATCH_RESUME;
    }
    return end->step == WATCH_PAGE ? WATCH_PAGE : from_start(end);
}

static struct watch_plan at_once(const struct watch_end *end, enum watch_step step)
{
    return (struct watch_plan){
        .step = step,
        .failures = end->is_steady ? 0 : end->failures,
        .has_hurried = end->has_hurried && !end->is_steady,
    };
}

static struct watch_plan later(const struct watch_end *end, const struct backoff_policy *policy,
                               enum watch_step step)
{
    struct watch_plan plan = at_once(end, step);
    plan.failures++;
    plan.delay_ms = backoff_delay_ms(policy, plan.failures, end->chance);
    if (plan.delay_ms < end->retry_after_ms) {
        plan.delay_ms = end->retry_after_ms;
    }
    return plan;
}

static struct watch_plan after_error(const struct watch_end *end,
                                     const struct backoff_policy *policy, enum watch_step step)
{
    struct watch_plan plan = later(end, policy, step);
    plan.is_error = true;
    return plan;
}

/* What is mended by trying again is tried at once, even after an outage, but only once in a row. */
static struct watch_plan once_at_once(const struct watch_end *end,
                                      const struct backoff_policy *policy, enum watch_step step)
{
    if (end->has_hurried && !end->is_steady) {
        return after_error(end, policy, step);
    }
    struct watch_plan plan = at_once(end, step);
    plan.delay_ms = end->retry_after_ms;
    plan.has_hurried = true;
    return plan;
}

static struct watch_plan after_refusal(const struct watch_end *end,
                                       const struct backoff_policy *policy)
{
    /* 4: a server that knows no streaming lists, or has them switched off. */
    if (end->step == WATCH_STREAM && end->kind == ERR_INVALID) {
        struct watch_plan plan = at_once(end, WATCH_LIST);
        plan.is_streaming_refused = true;
        return plan;
    }
    /* 5: the version, or the place in the list, is too old. */
    if (end->kind == ERR_GONE) {
        return once_at_once(end, policy, from_start(end));
    }
    /* 6: the next try reads the credentials again. */
    if (end->kind == ERR_UNAUTHORIZED) {
        return once_at_once(end, policy, from_here(end));
    }
    /* 7: the kind is not there, or not as it was: what comes back may be another collection. */
    if (end->kind == ERR_NOT_FOUND || end->kind == ERR_INVALID) {
        return after_error(end, policy, from_start(end));
    }
    /* 8: a permission, the server's load, its start. */
    return after_error(end, policy, from_here(end));
}

struct watch_plan watch_next(const struct watch_end *end, const struct backoff_policy *policy)
{
    switch (end->outcome) {
    case WATCH_PAGE_READ: /* 1 */
        return at_once(end, WATCH_PAGE);
    case WATCH_LIST_READ: /* 2 */
        return at_once(end, WATCH_RESUME);
    case WATCH_CLOSED:
        /* 3: its time was over. A server that closes early or before all objects came is given time. */
        if (end->is_steady && end->has_version) {
            return at_once(end, WATCH_RESUME);
        }
        return end->has_version ? later(end, policy, WATCH_RESUME)
                                : after_error(end, policy, from_start(end));
    case WATCH_REFUSED: /* 4 to 8 */
        return after_refusal(end, policy);
    case WATCH_ERROR:
        /* 9: the server cannot go on from here. The version being too old is nothing unusual. */
        return end->kind == ERR_GONE ? once_at_once(end, policy, from_start(end))
                                     : after_error(end, policy, from_start(end));
    case WATCH_BROKEN: /* 10 */
        return after_error(end, policy, from_here(end));
    case WATCH_GARBLED: /* 11: nobody knows what was lost */
        break;
    }
    return after_error(end, policy, from_start(end));
}
