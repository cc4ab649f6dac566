/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/arena.h"
#include "cases.h"
#include "domain/gates.h"
#include "world.h"

struct row {
    const char *name;
    struct migration migration;
    struct database database;
    bool no_database;
    struct observed seen;
    /* of its one application, which wants 2.x; none unless version is set */
    const char *version; /* that its one workload is to run; "" for an absent one */
    enum when_absent when_absent;
    /* expected */
    enum gate gate;
    enum condition_status status;
    const char *reason;
    const char *message;
    enum gate first_closed;
    const char *all; /* gates_message() */
    int64_t wake_at_s;
};

#define KNOWN    .are_applications_known = true
#define ACCEPTED .dry_run = {.result = DRY_RUN_ACCEPTED}

static const char *passed[] = {"1", "2"};
static struct passage history[] = {{.version = "2", .migration = "orders-2"}};
#define LEDGER_2                                                                                   \
    .version = "2", .passed = passed, .passed_count = 2, .history = history, .history_count = 1

static const struct time_zone utc = {0};

static const char *two[] = {"orders-1", "orders-2"};
static const struct migration done = {.status = {.phase = PHASE_SUCCEEDED, .reason = "Completed"}};
static const struct migration did_fail = {.status = {.phase = PHASE_FAILED, .reason = "ExitCode"}};
static const struct migration waits = {.status = {.phase = PHASE_WAITING, .reason = "Suspended"}};
static const struct migration runs = {.status = {.phase = PHASE_RUNNING, .reason = "Started"}};
static const struct migration new = {.status = {.phase = PHASE_PENDING}};
static const struct migration *succeeded_both[] = {&done, &done};
static const struct migration *succeeded_missing[] = {&done, NULL};
static const struct migration *missing_failed[] = {NULL, &did_fail};
static const struct migration *failed_missing[] = {&did_fail, NULL};
static const struct migration *waiting_running[] = {&waits, &runs};
static const struct migration *new_succeeded[] = {&new, &done};

static const struct row rows[] = {
    {
        .name = "JobValid: not checked yet",
        .seen = {KNOWN},
        .gate = GATE_JOB_VALID,
        .status = CONDITION_UNKNOWN,
        .reason = "NotChecked",
        .message = "the Job is not checked yet",
        .first_closed = GATE_JOB_VALID,
        .all = "the Job is not checked yet",
    },
    {
        .name = "JobValid: accepted",
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_JOB_VALID,
        .status = CONDITION_TRUE,
        .reason = "Accepted",
        .message = "the API server accepts the Job and its pod",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "JobValid: refused",
        .seen = {KNOWN, .dry_run = {DRY_RUN_REFUSED, "Invalid", "no such field", 0}},
        .gate = GATE_JOB_VALID,
        .status = CONDITION_FALSE,
        .reason = "Invalid",
        .message = "no such field",
        .first_closed = GATE_JOB_VALID,
        .all = "no such field",
    },
    {
        .name = "JobValid: refused for a time",
        .seen = {KNOWN, .dry_run = {DRY_RUN_LATER, "Forbidden", "quota", NOW + 1}},
        .gate = GATE_JOB_VALID,
        .status = CONDITION_FALSE,
        .reason = "Forbidden",
        .message = "quota",
        .first_closed = GATE_JOB_VALID,
        .all = "quota",
    },
    {
        .name = "JobValid: the spec itself is wrong",
        .migration = {.spec_error = "spec.run.timeout: write 1h"},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_JOB_VALID,
        .status = CONDITION_FALSE,
        .reason = "SpecInvalid",
        .message = "spec.run.timeout: write 1h",
        .first_closed = GATE_JOB_VALID,
        .all = "spec.run.timeout: write 1h",
    },
    {
        .name = "NotSuspended: open",
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_NOT_SUSPENDED,
        .status = CONDITION_TRUE,
        .reason = "NotSuspended",
        .message = "spec.suspend is not set",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "NotSuspended: closed",
        .migration = {.suspend = true},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_NOT_SUSPENDED,
        .status = CONDITION_FALSE,
        .reason = "Suspended",
        .message = "suspended: set spec.suspend to false to go on",
        .first_closed = GATE_NOT_SUSPENDED,
        .all = "suspended: set spec.suspend to false to go on",
    },
    {
        .name = "DependenciesMet: after none",
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_DEPENDENCIES_MET,
        .status = CONDITION_TRUE,
        .reason = "NotRequired",
        .message = "spec.after names none",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "DependenciesMet: both succeeded",
        .migration = {.after = two, .after_count = 2},
        .seen = {KNOWN, ACCEPTED, .dependencies = succeeded_both},
        .gate = GATE_DEPENDENCIES_MET,
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "every migration of spec.after has succeeded",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "DependenciesMet: one is missing",
        .migration = {.after = two, .after_count = 2},
        .seen = {KNOWN, ACCEPTED, .dependencies = succeeded_missing},
        .gate = GATE_DEPENDENCIES_MET,
        .status = CONDITION_FALSE,
        .reason = "DependencyMissing",
        .message = "comes after others: migration orders-2 does not exist",
        .first_closed = GATE_DEPENDENCIES_MET,
        .all = "comes after others: migration orders-2 does not exist",
    },
    {
        .name = "DependenciesMet: one failed, and the other is missing",
        .migration = {.after = two, .after_count = 2},
        .seen = {KNOWN, ACCEPTED, .dependencies = missing_failed},
        .gate = GATE_DEPENDENCIES_MET,
        .status = CONDITION_FALSE,
        .reason = "DependencyFailed",
        .message =
            "comes after others: migration orders-1 does not exist; migration orders-2 has failed (ExitCode)",
        .first_closed = GATE_DEPENDENCIES_MET,
        .all =
            "comes after others: migration orders-1 does not exist; migration orders-2 has failed (ExitCode)",
    },
    {
        .name = "DependenciesMet: one failed, and then one is missing",
        .migration = {.after = two, .after_count = 2},
        .seen = {KNOWN, ACCEPTED, .dependencies = failed_missing},
        .gate = GATE_DEPENDENCIES_MET,
        .status = CONDITION_FALSE,
        .reason = "DependencyFailed",
        .message =
            "comes after others: migration orders-1 has failed (ExitCode); migration orders-2 does not exist",
        .first_closed = GATE_DEPENDENCIES_MET,
        .all =
            "comes after others: migration orders-1 has failed (ExitCode); migration orders-2 does not exist",
    },
    {
        .name = "DependenciesMet: one waits, one runs",
        .migration = {.after = two, .after_count = 2},
        .seen = {KNOWN, ACCEPTED, .dependencies = waiting_running},
        .gate = GATE_DEPENDENCIES_MET,
        .status = CONDITION_FALSE,
        .reason = "DependenciesNotMet",
        .message =
            "comes after others: migration orders-1 waits (Suspended); migration orders-2 runs",
        .first_closed = GATE_DEPENDENCIES_MET,
        .all = "comes after others: migration orders-1 waits (Suspended); migration orders-2 runs",
    },
    {
        .name = "DependenciesMet: one is new",
        .migration = {.after = two, .after_count = 2},
        .seen = {KNOWN, ACCEPTED, .dependencies = new_succeeded},
        .gate = GATE_DEPENDENCIES_MET,
        .status = CONDITION_FALSE,
        .reason = "DependenciesNotMet",
        .message = "comes after others: migration orders-1 is not judged yet",
        .first_closed = GATE_DEPENDENCIES_MET,
        .all = "comes after others: migration orders-1 is not judged yet",
    },
    {
        .name = "DependenciesMet: a circle",
        .migration = {.after = two, .after_count = 2},
        .seen = {KNOWN, ACCEPTED, .dependencies = waiting_running,
                 .dependency_cycle = "orders-3 after orders-1 after orders-3"},
        .gate = GATE_DEPENDENCIES_MET,
        .status = CONDITION_FALSE,
        .reason = "DependencyCycle",
        .message =
            "it waits for itself: orders-3 after orders-1 after orders-3; take one of them out of the other's spec.after",
        .first_closed = GATE_DEPENDENCIES_MET,
        .all =
            "it waits for itself: orders-3 after orders-1 after orders-3; take one of them out of the other's spec.after",
    },
    {
        .name = "SchemaVersionMet: any",
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_TRUE,
        .reason = "Any",
        .message = "no fromVersion is asked for",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "SchemaVersionMet: it stands there",
        .migration = {.from_version = "2"},
        .database = {LEDGER_2},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "database orders stands at version 2",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "SchemaVersionMet: having passed it is not standing there",
        .migration = {.from_version = "1"},
        .database = {LEDGER_2},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_FALSE,
        .reason = "SchemaVersionNotMet",
        .message = "database orders stands at version 2, fromVersion is 1",
        .first_closed = GATE_SCHEMA_VERSION_MET,
        .all = "database orders stands at version 2, fromVersion is 1",
    },
    {
        .name = "SchemaVersionMet: by the baseline",
        .migration = {.from_version = "1"},
        .database = {.baseline = "1"},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "database orders stands at version 1",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "SchemaVersionMet: a baseline counts only at the beginning",
        .migration = {.from_version = "1"},
        .database = {.baseline = "1", .version = "2"},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_FALSE,
        .reason = "SchemaVersionNotMet",
        .message = "~stands at version 2",
        .first_closed = GATE_SCHEMA_VERSION_MET,
        .all = "~2",
    },
    {
        .name = "SchemaVersionMet: no version yet",
        .migration = {.from_version = "1"},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_FALSE,
        .reason = "SchemaVersionNotMet",
        .message = "database orders has no version yet, fromVersion is 1: set spec.baseline of the "
                   "Database if it stands there",
        .first_closed = GATE_SCHEMA_VERSION_MET,
        .all = "~no version yet",
    },
    {
        .name = "SchemaVersionMet: R3 the version is taken",
        .migration = {.to_version = "2"},
        .database = {LEDGER_2},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_FALSE,
        .reason = "VersionTaken",
        .message = "database orders has passed version 2 already, by migration orders-2: give this "
                   "migration a toVersion of its own",
        .first_closed = GATE_SCHEMA_VERSION_MET,
        .all = "~passed version 2",
    },
    {
        .name = "SchemaVersionMet: R3 an older version is taken too",
        .migration = {.to_version = "1"},
        .database = {LEDGER_2},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_FALSE,
        .reason = "VersionTaken",
        .message = "database orders has passed version 1 already: give this migration a toVersion "
                   "of its own",
        .first_closed = GATE_SCHEMA_VERSION_MET,
        .all = "~passed version 1",
    },
    {
        .name = "SchemaVersionMet: R3 the baseline is taken",
        .migration = {.to_version = "1"},
        .database = {.baseline = "1"},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_SCHEMA_VERSION_MET,
        .status = CONDITION_FALSE,
        .reason = "VersionTaken",
        .message = "~passed version 1",
        .first_closed = GATE_SCHEMA_VERSION_MET,
        .all = "~1",
    },
    {
        .name = "VersionsCompatible: not known yet",
        .seen = {ACCEPTED},
        .gate = GATE_VERSIONS_COMPATIBLE,
        .status = CONDITION_UNKNOWN,
        .reason = "NotChecked",
        .message = "the applications are not read yet",
        .first_closed = GATE_VERSIONS_COMPATIBLE,
        .all = "the applications are not read yet",
    },
    {
        .name = "VersionsCompatible: open",
        .seen = {KNOWN, ACCEPTED},
        .version = "2.1.0",
        .gate = GATE_VERSIONS_COMPATIBLE,
        .status = CONDITION_TRUE,
        .reason = "Compatible",
        .message = "every running version is compatible",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "VersionsCompatible: closed",
        .seen = {KNOWN, ACCEPTED},
        .version = "1.0.0",
        .gate = GATE_VERSIONS_COMPATIBLE,
        .status = CONDITION_FALSE,
        .reason = "VersionsIncompatible",
        .message = "api is to run 1.0.0; needs 2.x",
        .first_closed = GATE_VERSIONS_COMPATIBLE,
        .all = "api is to run 1.0.0; needs 2.x",
    },
    {
        .name = "VersionsCompatible: absent, on a database that nothing has touched yet",
        .seen = {KNOWN, ACCEPTED},
        .version = "",
        .gate = GATE_VERSIONS_COMPATIBLE,
        .status = CONDITION_TRUE,
        .reason = "Compatible",
        .message = "every running version is compatible",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "VersionsCompatible: absent",
        .database = {LEDGER_2},
        .seen = {KNOWN, ACCEPTED},
        .version = "",
        .gate = GATE_VERSIONS_COMPATIBLE,
        .status = CONDITION_FALSE,
        .reason = "ApplicationAbsent",
        .message = "~Deployment api does not exist",
        .first_closed = GATE_VERSIONS_COMPATIBLE,
        .all = "~Deployment api does not exist",
    },
    {
        .name = "VersionsCompatible: absent, with a baseline alone",
        .database = {.baseline = "1"},
        .seen = {KNOWN, ACCEPTED},
        .version = "",
        .gate = GATE_VERSIONS_COMPATIBLE,
        .status = CONDITION_FALSE,
        .reason = "ApplicationAbsent",
        .message = "~does not exist",
        .first_closed = GATE_VERSIONS_COMPATIBLE,
        .all = "~api",
    },
    {
        .name = "VersionsCompatible: absent, whenAbsent is Proceed",
        .database = {LEDGER_2},
        .seen = {KNOWN, ACCEPTED},
        .version = "",
        .when_absent = ABSENT_PROCEED,
        .gate = GATE_VERSIONS_COMPATIBLE,
        .status = CONDITION_TRUE,
        .reason = "Compatible",
        .message = "every running version is compatible",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "RolloutSettled: not asked for",
        .seen = {KNOWN, ACCEPTED},
        .version = "2.1.0",
        .gate = GATE_ROLLOUT_SETTLED,
        .status = CONDITION_TRUE,
        .reason = "NotRequired",
        .message = "rollout is Any",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "RolloutSettled: under way",
        .migration = {.rollout = ROLLOUT_SETTLED},
        .seen = {KNOWN, ACCEPTED},
        .version = "2.1.0",
        .gate = GATE_ROLLOUT_SETTLED,
        .status = CONDITION_FALSE,
        .reason = "RolloutInProgress",
        .message = "api is rolling out 2.1.0: 0 of 1 pods updated, 0 in all",
        .first_closed = GATE_ROLLOUT_SETTLED,
        .all = "api is rolling out 2.1.0: 0 of 1 pods updated, 0 in all",
    },
    {
        .name = "RolloutSettled: settled",
        .migration = {.rollout = ROLLOUT_SETTLED},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_ROLLOUT_SETTLED,
        .status = CONDITION_TRUE,
        .reason = "Settled",
        .message = "every application runs one version, fully rolled out",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "Approved: not asked for",
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_APPROVED,
        .status = CONDITION_TRUE,
        .reason = "NotRequired",
        .message = "no approval is asked for",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "Approved: told after what can be mended, before what only the clock can",
        .migration = {.approval = APPROVAL_REQUIRED, .suspend = true, .not_before_s = NOW + 60},
        .seen = {KNOWN, ACCEPTED, .approvals_error = "not installed"},
        .gate = GATE_APPROVED,
        .status = CONDITION_UNKNOWN,
        .reason = "ApprovalsUnknown",
        .message = "~approvals cannot be read: not installed",
        .first_closed = GATE_NOT_SUSPENDED,
        .all = "~approvals cannot be read: not installed; not before ",
        .wake_at_s = NOW + 60,
    },
    {
        .name = "InWindow: nothing is asked for",
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_TRUE,
        .reason = "Always",
        .message = "neither notBefore nor window is set",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "InWindow: notBefore is to come",
        .migration = {.not_before_s = NOW + 1},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_FALSE,
        .reason = "NotBefore",
        .message = "not before 1970-01-12T13:46:41Z",
        .first_closed = GATE_IN_WINDOW,
        .all = "not before 1970-01-12T13:46:41Z",
        .wake_at_s = NOW + 1,
    },
    {
        .name = "InWindow: notBefore is now",
        .migration = {.not_before_s = NOW},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_TRUE,
        .reason = "Passed",
        .message = "1970-01-12T13:46:40Z has passed",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "InWindow: outside",
        .migration = {.window = {.schedule = "0 2 * * *", .duration_s = 7200}},
        .seen = {KNOWN, ACCEPTED, .zone = &utc},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_FALSE,
        .reason = "OutsideWindow",
        .message = "outside its window; opens next at 1970-01-13T02:00:00Z (Tue 02:00 UTC)",
        .first_closed = GATE_IN_WINDOW,
        .all = "~outside its window",
        .wake_at_s = NOW + 44000,
    },
    {
        .name = "InWindow: inside, until it closes",
        .migration = {.window = {.schedule = "0 13 * * *", .duration_s = 7200}},
        .seen = {KNOWN, ACCEPTED, .zone = &utc},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_TRUE,
        .reason = "Open",
        .message = "~inside its window until 1970-01-12T15:00:00Z",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
        .wake_at_s = NOW + 4400,
    },
    {
        .name = "InWindow: a run might not finish",
        .migration = {.timeout_s = 4401,
                      .window = {.schedule = "0 13 * * *",
                                 .duration_s = 7200,
                                 .must_finish = true}},
        .seen = {KNOWN, ACCEPTED, .zone = &utc},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_FALSE,
        .reason = "RestTooShort",
        .message = "~its window closes at 1970-01-12T15:00:00Z",
        .first_closed = GATE_IN_WINDOW,
        .all = "~run.timeout",
        .wake_at_s = NOW + 83600,
    },
    {
        .name = "InWindow: the window of the Database",
        .database = {.window = {.schedule = "0 2 * * *", .duration_s = 7200}},
        .seen = {KNOWN, ACCEPTED, .zone = &utc},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_FALSE,
        .reason = "OutsideWindow",
        .message = "outside its window; opens next at 1970-01-13T02:00:00Z (Tue 02:00 UTC) "
                   "(spec.window of Database orders)",
        .first_closed = GATE_IN_WINDOW,
        .all = "~spec.window of Database orders",
        .wake_at_s = NOW + 44000,
    },
    {
        .name = "InWindow: its own window wins",
        .migration = {.window = {.schedule = "0 13 * * *", .duration_s = 7200}},
        .database = {.window = {.schedule = "0 2 * * *", .duration_s = 7200}},
        .seen = {KNOWN, ACCEPTED, .zone = &utc},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_TRUE,
        .reason = "Open",
        .message = "inside its window until 1970-01-12T15:00:00Z (Mon 15:00 UTC)",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
        .wake_at_s = NOW + 4400,
    },
    {
        .name = "InWindow: notBefore and the window of the Database",
        .migration = {.not_before_s = NOW + 86400},
        .database = {.window = {.schedule = "0 13 * * *", .duration_s = 7200}},
        .seen = {KNOWN, ACCEPTED, .zone = &utc},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_FALSE,
        .reason = "NotBefore",
        .message = "~not before 1970-01-13T13:46:40Z; may start at 1970-01-13T13:46:40Z",
        .first_closed = GATE_IN_WINDOW,
        .all = "~not before",
        .wake_at_s = NOW + 86400,
    },
    {
        .name = "InWindow: a zone that nobody knows",
        .migration = {.window = {.schedule = "0 2 * * *",
                                 .duration_s = 7200,
                                 .zone_name = "Europe/Berln"}},
        .seen = {KNOWN, ACCEPTED, .zone_error = "timeZone \"Europe/Berln\" is not known"},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_FALSE,
        .reason = "WindowInvalid",
        .message = "window: timeZone \"Europe/Berln\" is not known",
        .first_closed = GATE_IN_WINDOW,
        .all = "~Europe/Berln",
    },
    {
        .name = "InWindow: a schedule that is none",
        .migration = {.window = {.schedule = "0 25 * * *", .duration_s = 7200}},
        .seen = {KNOWN, ACCEPTED, .zone = &utc},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_FALSE,
        .reason = "WindowInvalid",
        .message = "~25",
        .first_closed = GATE_IN_WINDOW,
        .all = "~25",
    },
    {
        .name = "InWindow: a window of the Database that cannot be read",
        .database = {.window = {.error = "spec.window.duration: is wrong"}},
        .seen = {KNOWN, ACCEPTED, .zone = &utc},
        .gate = GATE_IN_WINDOW,
        .status = CONDITION_FALSE,
        .reason = "WindowInvalid",
        .message = "Database orders: spec.window.duration: is wrong",
        .first_closed = GATE_IN_WINDOW,
        .all = "Database orders: spec.window.duration: is wrong",
    },
    {
        .name = "LockHeld: free",
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_LOCK_HELD,
        .status = CONDITION_FALSE,
        .reason = "NotClaimed",
        .message = "database orders is free",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
    {
        .name = "LockHeld: a free one is no news while something is missing",
        .migration = {.suspend = true, .from_version = "1"},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_LOCK_HELD,
        .status = CONDITION_FALSE,
        .reason = "NotClaimed",
        .message = "database orders is free",
        .first_closed = GATE_NOT_SUSPENDED,
        .all = "suspended: set spec.suspend to false to go on; database orders has no version "
               "yet, fromVersion is 1: set spec.baseline of the Database if it stands there",
    },
    {
        .name = "LockHeld: ours",
        .database = {.claim = {"orders-3", UID, 1, HASH, NOW, NULL}},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_LOCK_HELD,
        .status = CONDITION_TRUE,
        .reason = "Held",
        .message = "attempt 1 holds database orders",
        .first_closed = GATE_MAX,
        .all = "all gates are open",
    },
    {
        .name = "LockHeld: another's of the same name",
        .database = {.claim = {"orders-3", "uid-before", 1, HASH, NOW, NULL}},
        .seen = {KNOWN, ACCEPTED, .queue_place = 2, .queue_ahead = "orders-1"},
        .gate = GATE_LOCK_HELD,
        .status = CONDITION_FALSE,
        .reason = "DatabaseBusy",
        .message = "migration orders-3 holds database orders since 1970-01-12T13:46:40Z; place 3 "
                   "in the queue",
        .first_closed = GATE_LOCK_HELD,
        .all = "~holds database orders since",
    },
    {
        .name = "LockHeld: queued",
        .seen = {KNOWN, ACCEPTED, .queue_place = 1, .queue_ahead = "orders-1"},
        .gate = GATE_LOCK_HELD,
        .status = CONDITION_FALSE,
        .reason = "Queued",
        .message = "place 2 in the queue, behind orders-1",
        .first_closed = GATE_LOCK_HELD,
        .all = "place 2 in the queue, behind orders-1",
    },
    {
        .name = "LockHeld: the Database is being deleted",
        .database = {.meta = {.deleted_s = NOW}},
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_LOCK_HELD,
        .status = CONDITION_FALSE,
        .reason = "DatabaseDeleted",
        .message = "database orders is being deleted",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is being deleted",
    },
    {
        .name = "LockHeld: no Database yet",
        .no_database = true,
        .seen = {KNOWN, ACCEPTED},
        .gate = GATE_LOCK_HELD,
        .status = CONDITION_FALSE,
        .reason = "NotClaimed",
        .message = "database orders is free",
        .first_closed = GATE_LOCK_HELD,
        .all = "database orders is free",
    },
};

static struct workload workload_of(struct arena *arena, const char *name, const char *version)
{
    static const char *orders[] = {"orders"};
    static struct selector_term terms[] = {{"app", SELECTOR_IN, orders, 1}};
    struct container_image *image = arena_alloc(arena, sizeof(*image));
    *image = (struct container_image){"api", arena_printf(arena, "orders:%s", version)};
    return (struct workload){
        .meta = {.name = name, .uid = name},
        .desired = 1,
        .selector = {terms, 1},
        .pod_template = {.containers = image, .container_count = 1},
    };
}

static void test_row(void **state)
{
    struct row *row = *state;
    struct arena arena = {0};
    struct application application = {
        .name = "api", .versions = "2.x", .when_absent = row->when_absent};
    struct workload workload = {0};
    const struct workload *workloads[] = {&workload};
    struct application_seen application_seen = {.workloads = workloads};
    struct world world = {.migration = row->migration,
                          .database = row->database,
                          .no_database = row->no_database,
                          .seen = row->seen};
    if (row->version != NULL) {
        world.migration.applications = &application;
        world.migration.application_count = 1;
        workload = workload_of(&arena, "api", row->version);
        application_seen.workload_count = row->version[0] == '\0' ? 0 : 1;
    }
    struct observed seen = world_see(&arena, &world);
    seen.applications = &application_seen;
    struct gates gates;

    gates_judge(&arena, &seen, &gates);
    const struct gate_verdict *verdict = &gates.verdicts[row->gate];
    assert_int_equal(verdict->status, row->status);
    assert_string_equal(verdict->reason, row->reason);
    assert_text(verdict->message, row->message);
    assert_int_equal(gates_first_closed(&gates), row->first_closed);
    assert_int_equal(gates_are_open(&gates),
                     row->first_closed == GATE_LOCK_HELD || row->first_closed == GATE_MAX);
    assert_text(gates_message(&arena, &gates), row->all);
    assert_int_equal(gates.wake_at_s, row->wake_at_s);
    arena_fini(&arena);
}

/* ---- several applications ---- */

struct many {
    struct arena arena;
    struct application applications[2];
    struct application_seen seen[2];
    struct workload workloads[2];
    const struct workload *pointers[2][2];
    struct application_status remembered[2];
    struct world world;
};

static void look(struct many *many, struct gates *ret_gates)
{
    many->world.migration.applications = many->applications;
    many->world.migration.application_count = 2;
    many->world.migration.status.applications = many->remembered;
    many->world.seen.are_applications_known = true;
    struct observed seen = world_see(&many->arena, &many->world);
    many->pointers[0][0] = &many->workloads[0];
    many->pointers[1][0] = &many->workloads[1];
    many->seen[0].workloads = many->pointers[0];
    many->seen[1].workloads = many->pointers[1];
    seen.applications = many->seen;
    gates_judge(&many->arena, &seen, ret_gates);
}

static void test_two_applications(void **state)
{
    (void)state;
    struct many many = {
        .applications = {{.name = "api", .versions = "2.x"}, {.name = "web", .versions = "3.x"}},
        .world = {.migration = {.rollout = ROLLOUT_SETTLED}},
    };
    many.workloads[0] = workload_of(&many.arena, "api", "1.0.0");
    many.workloads[1] = workload_of(&many.arena, "web", "1.1.0");
    many.seen[0].workload_count = 1;
    many.seen[1].workload_count = 1;
    struct gates gates;
    look(&many, &gates);
    assert_string_equal(gates.verdicts[GATE_VERSIONS_COMPATIBLE].message,
                        "api is to run 1.0.0; needs 2.x; web is to run 1.1.0; needs 3.x");
    assert_text(gates.verdicts[GATE_ROLLOUT_SETTLED].message,
                "~api is rolling out 1.0.0: 0 of 1 pods updated, 0 in all; web is rolling out");
    assert_int_equal(gates.application_count, 2);
    assert_true(gates.are_applications_judged);
    assert_null(gates.running);
    arena_fini(&many.arena);
}

static const struct pod *orphan_of(struct arena *arena, const char *tag)
{
    struct pod *pod = arena_alloc(arena, sizeof(*pod));
    struct pair *labels = arena_array(arena, 1, sizeof(*labels));
    struct container_image *image = arena_alloc(arena, sizeof(*image));
    labels[0] = (struct pair){"app", "orders"};
    *image = (struct container_image){"api", arena_printf(arena, "orders:%s", tag)};
    *pod =
        (struct pod){.meta = {.name = "pod"},
                     .phase = "Running",
                     .facts = {.labels = {labels, 1}, .containers = image, .container_count = 1}};
    return pod;
}

/* A canary that a selector found was deleted; only its pod is left. */
static void canary(struct many *many, const struct pod **pod)
{
    *many = (struct many){
        .applications = {{.has_selector = true, .versions = "2.x"}, {.name = "web"}},
        .remembered = {{.workload = "Deployment/canary", .selector = "app=orders"}},
    };
    many->world.migration.status.application_count = 1;
    *pod = orphan_of(&many->arena, "1.9.0");
    many->seen[0].pods = pod;
    many->seen[0].pod_count = 1;
    many->seen[0].workload_count = 1;
    many->workloads[0] = workload_of(&many->arena, "api", "2.0.0");
    many->workloads[0].selector.count = 0; /* it selects others */
    many->seen[1].workload_count = 1;
    many->workloads[1] = workload_of(&many->arena, "web", "2.0.0");
}

static void test_deleted_canary(void **state)
{
    (void)state;
    struct many many;
    const struct pod *pod = NULL;
    struct gates gates;
    canary(&many, &pod);
    many.world.migration.status.observed_generation = 1;
    look(&many, &gates);
    assert_string_equal(
        gates.verdicts[GATE_VERSIONS_COMPATIBLE].message,
        "canary (deleted; its pods: app=orders) runs 1.9.0 in 1 of 1 pod; needs 2.x");
    assert_int_equal(gates.application_count, 3);
    assert_string_equal(gates.applications[1].workload, "Deployment/canary");
    assert_string_equal(gates.applications[1].selector, "app=orders");
    assert_string_equal(gates.running, "1.9.0 (1)");
    arena_fini(&many.arena);
}

/* After an edit nobody can tell whether it was deleted or is no longer meant. */
static void test_canary_before_an_edit(void **state)
{
    (void)state;
    struct many many;
    const struct pod *pod = NULL;
    struct gates gates;
    canary(&many, &pod);
    many.world.migration.meta.generation = 2;
    many.world.migration.status.observed_generation = 1;
    look(&many, &gates);
    assert_int_equal(gates.verdicts[GATE_VERSIONS_COMPATIBLE].status, CONDITION_TRUE);
    assert_int_equal(gates.application_count, 2);
    arena_fini(&many.arena);
}

/* What another entry names is that entry's alone; what is there is judged by itself. */
static void test_remembered_elsewhere(void **state)
{
    (void)state;
    struct many many;
    const struct pod *pod = NULL;
    struct gates gates;
    canary(&many, &pod);
    many.world.migration.status.observed_generation = 1;
    many.remembered[0].workload = "Deployment/web";
    look(&many, &gates);
    assert_int_equal(gates.verdicts[GATE_VERSIONS_COMPATIBLE].status, CONDITION_TRUE);
    arena_fini(&many.arena);

    canary(&many, &pod);
    many.world.migration.status.observed_generation = 1;
    many.remembered[0].workload = "StatefulSet/canary";
    look(&many, &gates);
    assert_int_equal(gates.verdicts[GATE_VERSIONS_COMPATIBLE].status, CONDITION_TRUE);
    arena_fini(&many.arena);
}

/* Judged again and again by what it said itself; the status must come to rest, and not grow. */
static void look_thrice(struct many *many, struct gates *ret_gates)
{
    for (unsigned i = 0; i < 3; i++) {
        look(many, ret_gates);
        assert_in_range(ret_gates->application_count, 0, ARRAY_LEN(many->remembered));
        for (size_t k = 0; k < ret_gates->application_count; k++) {
            many->remembered[k] = ret_gates->applications[k];
        }
        many->world.migration.status.application_count = ret_gates->application_count;
    }
}

/* Two selectors, and one deployment of each is gone: each is held against what was asked of it alone. */
static void two_canaries(struct many *many, const struct pod **pod)
{
    canary(many, pod);
    many->world.migration.status.observed_generation = 1;
    many->applications[1] = (struct application){.has_selector = true, .versions = "1.x"};
    many->remembered[0].needs = "2.x";
    many->remembered[1] = (struct application_status){
        .workload = "Deployment/other", .selector = "app=orders", .needs = "1.x"};
    many->world.migration.status.application_count = 2;
    many->seen[0].workload_count = 0;
    many->seen[1].workload_count = 0;
    many->seen[1].pods = pod;
    many->seen[1].pod_count = 1;
}

static void test_remembered_once(void **state)
{
    (void)state;
    struct many many;
    const struct pod *pod = NULL;
    struct gates gates;
    two_canaries(&many, &pod);
    look_thrice(&many, &gates);
    assert_int_equal(gates.application_count, 2);
    assert_string_equal(gates.applications[0].workload, "Deployment/canary");
    assert_string_equal(gates.applications[0].needs, "2.x");
    assert_string_equal(gates.applications[1].workload, "Deployment/other");
    assert_string_equal(
        gates.verdicts[GATE_VERSIONS_COMPATIBLE].message,
        "canary (deleted; its pods: app=orders) runs 1.9.0 in 1 of 1 pod; needs 2.x");
    arena_fini(&many.arena);

    two_canaries(&many, &pod);
    many.seen[0].kind_state = KIND_FORBIDDEN;
    many.seen[1].kind_state = KIND_FORBIDDEN;
    look_thrice(&many, &gates);
    assert_int_equal(gates.application_count, 2);
    assert_true(gates.is_unread);
    assert_false(gates.is_skewed);
    arena_fini(&many.arena);

    /* Nobody asks any more what was asked of it: whoever means it answers for it, once. */
    two_canaries(&many, &pod);
    many.applications[0] = (struct application){.name = "canary", .versions = "3.x"};
    many.applications[1] = (struct application){.name = "canary", .container = "api"};
    many.remembered[1] = many.remembered[0];
    look_thrice(&many, &gates);
    assert_int_equal(gates.application_count, 2);
    assert_text(gates.verdicts[GATE_VERSIONS_COMPATIBLE].message,
                "~runs 1.9.0 in 1 of 1 pod; needs 3.x");
    arena_fini(&many.arena);
}

/* ---- the ledger ---- */

static void test_ledger(void **state)
{
    (void)state;
    struct database database = {.baseline = "0", LEDGER_2};
    struct migration migration = {
        .meta = {.name = "orders-2"}, .spec_hash = HASH, .to_version = "2"};
    assert_null(ledger_version(NULL));
    assert_false(ledger_has(NULL, "1"));
    assert_null(ledger_passage(NULL, &migration));
    assert_string_equal(ledger_version(&database), "2");
    assert_true(ledger_has(&database, "1"));
    assert_false(ledger_has(&database, "0"));
    assert_null(ledger_passage(&database, &migration)); /* another spec */
    migration.spec_hash = NULL;
    assert_non_null(ledger_passage(&database, &migration));
    migration.to_version = "1";
    assert_null(ledger_passage(&database, &migration)); /* another version */
    migration.to_version = "2";
    migration.meta.name = "orders-2b";
    assert_null(ledger_passage(&database, &migration)); /* another migration */
    migration.meta.name = "orders-2";
    database.passed_count = 1;
    assert_null(ledger_passage(&database, &migration)); /* not passed */
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_two_applications),      cmocka_unit_test(test_deleted_canary),
        cmocka_unit_test(test_canary_before_an_edit), cmocka_unit_test(test_remembered_elsewhere),
        cmocka_unit_test(test_remembered_once),       cmocka_unit_test(test_ledger),
    };
    int failed = CASES_RUN("gates", rows, test_row);
    return failed + cmocka_run_group_tests_name("gates, more", others, NULL, NULL);
}
