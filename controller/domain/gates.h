/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates: what must hold before a run starts. All are judged each time, each a condition with its
 * facts, in the order of the table in docs/reference/api.md. Pure.
 */
#ifndef INTERLUDE_DOMAIN_GATES_H
#define INTERLUDE_DOMAIN_GATES_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/ledger.h"
#include "domain/observed.h"
#include "domain/types.h"

#define GATES(X)                                                                                   \
    X(GATE_JOB_VALID, "JobValid")                                                                  \
    X(GATE_NOT_SUSPENDED, "NotSuspended")                                                          \
    X(GATE_DEPENDENCIES_MET, "DependenciesMet")                                                    \
    X(GATE_PREREQUISITES_MET, "PrerequisitesMet")                                                  \
    X(GATE_SCHEMA_VERSION_MET, "SchemaVersionMet")                                                 \
    X(GATE_VERSIONS_COMPATIBLE, "VersionsCompatible")                                              \
    X(GATE_ROLLOUT_SETTLED, "RolloutSettled")                                                      \
    X(GATE_SOAKED, "Soaked")                                                                       \
    X(GATE_APPROVED, "Approved")                                                                   \
    X(GATE_IN_WINDOW, "InWindow")                                                                  \
    X(GATE_LOCK_HELD, "LockHeld") /* always the last: the others decide whether to ask for it */

#define X(name, word) name,
enum gate { GATES(X) GATE_MAX };
#undef X

struct gate_verdict {
    enum condition_status status; /* True: open. Unknown counts as closed */
    const char *reason;
    const char *message;
};

struct gates {
    struct gate_verdict verdicts[GATE_MAX];
    bool are_applications_judged; /* false: nothing is known of them now */
    bool is_unread;               /* an application cannot be read: what is not skewed may be */
    bool is_skewed; /* something runs outside the versions; that nothing runs is no skew */
    struct application_status *applications; /* for the status */
    size_t application_count;
    struct breach last_breach;       /* for the status; with are_applications_judged */
    const char *running;             /* "2.1.0 (3), 1.9.2 (1)"; NULL: nothing runs */
    const struct approval *approval; /* that opens Approved; NULL: none does, or none is needed */
    int64_t wake_at_s;               /* when a verdict changes by the clock alone; 0: none does */
};

const char *gate_name(enum gate gate);

/* The window that holds for the migration: its own, else its Database's; NULL: neither has one. */
const struct window_spec *gates_window(const struct migration *migration,
                                       const struct database *database);

/* Judges all. Texts lie in the arena or are borrowed from seen. */
void gates_judge(struct arena *arena, const struct observed *seen, struct gates *ret_gates);

/* True when every gate but LockHeld is open. */
bool gates_are_open(const struct gates *gates);

/* The first closed gate, GATE_MAX when all are open. */
enum gate gates_first_closed(const struct gates *gates);

/* Every closed gate's message, joined. In the arena. */
const char *gates_message(struct arena *arena, const struct gates *gates);

#endif
