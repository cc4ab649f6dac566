/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/types.h"

/* The words of each enumeration, from the lists in the header. */
#define X(value, word) [value] = (word),
static const char *const step_names[] = {STEPS(X)};
static const char *const phase_names[] = {PHASES(X)};
static const char *const workload_kind_names[] = {WORKLOAD_KINDS(X)};
static const char *const version_source_names[] = {VERSION_SOURCES(X)};
static const char *const when_absent_names[] = {WHEN_ABSENT(X)};
static const char *const rollout_names[] = {ROLLOUTS(X)};
static const char *const ready_when_names[] = {READY_WHEN(X)};
static const char *const condition_status_names[] = {CONDITION_STATUSES(X)};
static const char *const outcome_names[] = {OUTCOMES(X)};
#undef X

const char *step_name(enum step step)
{
    return step_names[step];
}

const char *phase_name(enum phase phase)
{
    return phase_names[phase];
}

const char *workload_kind_name(enum workload_kind kind)
{
    return workload_kind_names[kind];
}

const char *version_source_name(enum version_source source)
{
    return version_source_names[source];
}

const char *when_absent_name(enum when_absent when)
{
    return when_absent_names[when];
}

const char *rollout_name(enum rollout rollout)
{
    return rollout_names[rollout];
}

const char *ready_when_name(enum ready_when when)
{
    return ready_when_names[when];
}

const char *condition_status_name(enum condition_status status)
{
    return condition_status_names[status];
}

const char *outcome_name(enum outcome outcome)
{
    return outcome_names[outcome];
}
