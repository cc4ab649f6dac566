/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "cases.h"
#include "domain/acceptance.h"

/* All gates are open but one. */
struct row {
    const char *name;
    enum gate gate;
    enum condition_status status;
    const char *reason;
    bool is_acceptable;
};

static const struct row rows[] = {
    {"nothing is wrong", GATE_JOB_VALID, CONDITION_TRUE, "Accepted", true},
    {"not checked yet", GATE_JOB_VALID, CONDITION_UNKNOWN, "NotChecked", false},
    {"refused", GATE_JOB_VALID, CONDITION_FALSE, "JobRefused", false},
    {"refused for now", GATE_JOB_VALID, CONDITION_FALSE, "JobForbidden", false},
    {"suspended", GATE_NOT_SUSPENDED, CONDITION_FALSE, "Suspended", true},
    {"another one has failed", GATE_DEPENDENCIES_MET, CONDITION_FALSE, "DependencyFailed", true},
    {"it waits for itself", GATE_DEPENDENCIES_MET, CONDITION_FALSE, "DependencyCycle", false},
    {"its version is taken", GATE_SCHEMA_VERSION_MET, CONDITION_FALSE, "VersionTaken", false},
    {"the rollout is to come", GATE_VERSIONS_COMPATIBLE, CONDITION_FALSE, "VersionsIncompatible",
     true},
    {"no constraint", GATE_VERSIONS_COMPATIBLE, CONDITION_FALSE, "ConstraintInvalid", false},
    {"outside its window", GATE_IN_WINDOW, CONDITION_FALSE, "OutsideWindow", true},
    {"no window", GATE_IN_WINDOW, CONDITION_FALSE, "WindowInvalid", false},
    {"a word that only sounds so", GATE_IN_WINDOW, CONDITION_TRUE, "WindowInvalid", true},
};

static void test_acceptance(void **state)
{
    const struct row *row = *state;
    struct gates gates = {.wake_at_s = 0};
    for (enum gate gate = 0; gate < GATE_MAX; gate++) {
        gates.verdicts[gate] = (struct gate_verdict){CONDITION_TRUE, "Met", "it is met"};
    }
    gates.verdicts[row->gate] = (struct gate_verdict){row->status, row->reason, "it is so"};
    assert_int_equal(gates_are_acceptable(&gates), row->is_acceptable);
}

int main(void)
{
    return CASES_RUN("acceptance", rows, test_acceptance);
}
