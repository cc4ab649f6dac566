/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/acceptance.h"

#include "base/attrs.h"
#include "base/str.h"

/* Nothing that happens elsewhere opens these. */
static const char *const errors[] = {"VersionTaken", "ConstraintInvalid", "WindowInvalid",
                                     "SoakInvalid", "DependencyCycle"};

static bool is_error(const struct gate_verdict *verdict)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        if (verdict->status == CONDITION_FALSE && str_eq(verdict->reason, errors[i])) {
            return true;
        }
    }
    return false;
}

bool gates_are_acceptable(const struct gates *gates)
{
    for (enum gate gate = 0; gate < GATE_MAX; gate++) {
        if (is_error(&gates->verdicts[gate])) {
            return false;
        }
    }
    return gates->verdicts[GATE_JOB_VALID].status == CONDITION_TRUE;
}
