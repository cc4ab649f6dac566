/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/plan.h"

#include "domain/observed.h"
#include "domain/transition.h"

void plan_act(struct plan *plan, unsigned actions, const char *case_id)
{
    plan->actions = actions;
    plan->case_id = case_id;
}

void plan_idle(const struct observed *seen, struct plan *plan, const char *case_id)
{
    if (seen->is_event_due) {
        plan_act(plan, ACTION_RECORD_EVENT, "E1");
    } else {
        plan_act(plan, 0, case_id);
    }
}

void plan_write_status(const struct observed *seen, struct plan *plan, const char *case_id)
{
    enum status_change change = status_compare(&seen->migration->status, &plan->status);
    if (change != STATUS_SAME) {
        plan_act(plan, ACTION_WRITE_STATUS, case_id);
        plan->is_status_minor = change == STATUS_MINOR;
    } else {
        plan_idle(seen, plan, case_id);
    }
}
