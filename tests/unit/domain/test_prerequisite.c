/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/attrs.h"
#include "cases.h"
#include "domain/prerequisite.h"

#define CREATED 1000000 /* the migration */

/* A migration requires one object, or two. */
struct row {
    const char *name;
    struct requirement requirements[2];
    struct prerequisite_seen seen[2];
    /* expected */
    enum condition_status status;
    const char *reason;
    const char *message;
};

#define SECRET .api_version = "v1", .kind = "Secret", .name = "db"
#define BACKUP .api_version = "cnpg.io/v1", .kind = "Backup", .name = "b"
#define READY  BACKUP, .condition = "Ready"
#define NEWER  BACKUP, .newer_than_migration = true
#define PRESENT(...)                                                                               \
    {                                                                                              \
        .state = PREREQUISITE_PRESENT, .object = &(const struct prerequisite)                      \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define CONDITIONS(...)                                                                            \
    .conditions = {.items = (struct condition[]){__VA_ARGS__},                                     \
                   .count = sizeof((struct condition[]){__VA_ARGS__}) / sizeof(struct condition)}
#define IS(what, value)                                                                            \
    {                                                                                              \
        .type = (what), .status = CONDITION_##value                                                \
    }
#define IS_SO(what, value, ...)                                                                    \
    {                                                                                              \
        .type = (what), .status = CONDITION_##value, __VA_ARGS__                                   \
    }

static const struct row rows[] = {
    {
        .name = "nothing is required",
        .status = CONDITION_TRUE,
        .reason = "NotRequired",
        .message = "spec.requires names nothing",
    },
    {
        .name = "it is there",
        .requirements = {{SECRET}},
        .seen = {PRESENT(.observed_generation = 0)},
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "every object of spec.requires is there and ready",
    },
    {
        .name = "it is not there",
        .requirements = {{SECRET}},
        .seen = {{.state = PREREQUISITE_ABSENT}},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteMissing",
        .message = "Secret db does not exist",
    },
    {
        .name = "it is not read yet",
        .requirements = {{SECRET}},
        .seen = {{.state = PREREQUISITE_UNKNOWN}},
        .status = CONDITION_UNKNOWN,
        .reason = "NotChecked",
        .message = "Secret db is not read yet",
    },
    {
        .name = "it cannot be read at present",
        .requirements = {{SECRET}},
        .seen = {{.state = PREREQUISITE_UNKNOWN, .why = "503"}},
        .status = CONDITION_UNKNOWN,
        .reason = "NotChecked",
        .message = "Secret db cannot be read: 503",
    },
    {
        .name = "nobody has allowed it: the remedy",
        .requirements = {{SECRET}},
        .seen = {{.state = PREREQUISITE_FORBIDDEN, .why = "cannot watch secrets"}},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteForbidden",
        .message = "Secret db cannot be read: cannot watch secrets; allow list and watch by a "
                   "ClusterRole with the label interlude.dev/aggregate-to-controller: \"true\"",
    },
    {
        .name = "there is no such kind",
        .requirements = {{READY}},
        .seen = {{.state = PREREQUISITE_NO_KIND, .why = "no kind Backup"}},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteKindMissing",
        .message = "Backup b cannot be read: no kind Backup",
    },
    {
        .name = "it is being deleted",
        .requirements = {{READY}},
        .seen = {PRESENT(.meta.deleted_s = 1, CONDITIONS(IS("Ready", TRUE)))},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteMissing",
        .message = "Backup b is being deleted",
    },
    {
        .name = "its condition is True, beside others",
        .requirements = {{READY}},
        .seen = {PRESENT(CONDITIONS(IS("Stalled", FALSE), IS("Ready", TRUE)))},
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "every object of spec.requires is there and ready",
    },
    {
        .name = "its condition is False",
        .requirements = {{READY}},
        .seen = {PRESENT(CONDITIONS(IS_SO("Ready", FALSE, .reason = "Uploading")))},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteNotReady",
        .message = "condition Ready of Backup b is False (Uploading)",
    },
    {
        .name = "its condition is Unknown, without a reason",
        .requirements = {{READY}},
        .seen = {PRESENT(CONDITIONS(IS("Ready", UNKNOWN)))},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteNotReady",
        .message = "condition Ready of Backup b is Unknown",
    },
    {
        .name = "another condition is True",
        .requirements = {{READY}},
        .seen = {PRESENT(CONDITIONS(IS("Complete", TRUE)))},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteNotReady",
        .message = "Backup b has no condition Ready yet",
    },
    {
        .name = "the condition tells of an older generation",
        .requirements = {{READY}},
        .seen = {PRESENT(.meta.generation = 3,
                         CONDITIONS(IS_SO("Ready", TRUE, .observed_generation = 2)))},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteNotReady",
        .message = "Backup b was changed, and its status does not tell of that yet",
    },
    {
        .name = "the status tells of an older generation",
        .requirements = {{READY}},
        .seen = {PRESENT(.meta.generation = 3, .observed_generation = 2,
                         CONDITIONS(IS("Ready", TRUE)))},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteNotReady",
        .message = "Backup b was changed, and its status does not tell of that yet",
    },
    {
        .name = "both tell of the present generation",
        .requirements = {{READY}},
        .seen = {PRESENT(.meta.generation = 3, .observed_generation = 3,
                         CONDITIONS(IS_SO("Ready", TRUE, .observed_generation = 3)))},
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "every object of spec.requires is there and ready",
    },
    {
        .name = "neither tells of a generation",
        .requirements = {{READY}},
        .seen = {PRESENT(.meta.generation = 3, CONDITIONS(IS("Ready", TRUE)))},
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "every object of spec.requires is there and ready",
    },
    {
        .name = "where its existence is enough, no generation counts",
        .requirements = {{BACKUP}},
        .seen = {PRESENT(.meta.generation = 3, .observed_generation = 2)},
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "every object of spec.requires is there and ready",
    },
    {
        .name = "older than the migration",
        .requirements = {{NEWER}},
        .seen = {PRESENT(.meta.created_s = CREATED - 1)},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteTooOld",
        .message =
            "Backup b was created at 1970-01-12T13:46:39Z, before this migration: a newer one "
            "is asked for",
    },
    {
        .name = "of the same second as the migration",
        .requirements = {{NEWER}},
        .seen = {PRESENT(.meta.created_s = CREATED)},
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "every object of spec.requires is there and ready",
    },
    {
        .name = "of any age",
        .requirements = {{BACKUP}},
        .seen = {PRESENT(.meta.created_s = 1)},
        .status = CONDITION_TRUE,
        .reason = "Met",
        .message = "every object of spec.requires is there and ready",
    },
    {
        .name = "one of two is not there",
        .requirements = {{SECRET}, {READY}},
        .seen = {PRESENT(.observed_generation = 0), {.state = PREREQUISITE_ABSENT}},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteMissing",
        .message = "Backup b does not exist",
    },
    {
        .name = "both are told, the first gives the reason",
        .requirements = {{READY}, {SECRET}},
        .seen = {{.state = PREREQUISITE_NO_KIND, .why = "no kind Backup"},
                 {.state = PREREQUISITE_ABSENT}},
        .status = CONDITION_FALSE,
        .reason = "PrerequisiteKindMissing",
        .message = "Backup b cannot be read: no kind Backup; Secret db does not exist",
    },
};

static void test_row(void **state)
{
    const struct row *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct requirement requirements[] = {row->requirements[0], row->requirements[1]};
    struct migration migration = {.meta.created_s = CREATED, .requirements = requirements};
    struct observed seen = {.migration = &migration, .prerequisites = row->seen};
    while (migration.requirement_count < 2 &&
           requirements[migration.requirement_count].kind != NULL) {
        migration.requirement_count++;
    }
    struct gate_verdict verdict = prerequisites_judge(&arena, &seen);
    assert_int_equal(verdict.status, row->status);
    assert_string_equal(verdict.reason, row->reason);
    assert_string_equal(verdict.message, row->message);
}

int main(void)
{
    return CASES_RUN("prerequisite", rows, test_row);
}
