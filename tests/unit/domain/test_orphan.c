/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "cases.h"
#include "domain/orphan.h"
#include "world.h"

#define HELD  .has_finalizer = true
#define WHOSE .migration_uid = UID, .migration = "orders-3"
#define OURS  WHOSE, .attempt = 1, .spec_hash = HASH, .to_version = "3"
#define NAMED .name = JOB, .uid = JOB_UID

struct row {
    const char *name;
    struct job job;
    enum pod_sketch pod;
    int64_t confirm_ended;
    int64_t since_s; /* of the claim; default a minute ago */
    struct orphan seen;
    const char *case_id;
    unsigned actions;
    const char *version; /* of the passage */
    int64_t wake_at_s;
};

#define PRESENT    .job_presence = PRESENCE_PRESENT
#define FRESH      .job_presence = PRESENCE_PRESENT, .is_job_fresh = true
#define ABSENT     .job_presence = PRESENCE_ABSENT
#define PODS_FRESH .are_pods_fresh = true

static const struct row rows[] = {
    {
        .name = "O1 the Job is not in the cache: that proves nothing",
        .case_id = "O1",
        .actions = ACTION_READ_JOB,
    },
    {
        .name = "O1 parked in the cache: read it",
        .job = {OURS, .meta = {NAMED}},
        .seen = {PRESENT},
        .case_id = "O1",
        .actions = ACTION_READ_JOB,
    },
    {
        .name = "O1 the cache has another's Job under the name: that proves nothing",
        .job = {.migration_uid = "uid-x", .attempt = 1, .meta = {NAMED}},
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O1",
        .actions = ACTION_READ_JOB,
    },
    {
        .name = "O8 parked: deleted",
        .job = {OURS, .meta = {NAMED}},
        .seen = {FRESH},
        .case_id = "O8",
        .actions = ACTION_DELETE_JOB,
    },
    {
        .name = "O7 another's Job is never deleted",
        .job = {.migration_uid = "uid-x", .attempt = 1, .meta = {NAMED}},
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O7 nor that of another attempt",
        .job = {WHOSE, .attempt = 2, .meta = {NAMED}},
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O4 R4 it runs: wait",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1},
        .pod = POD_RUNNING,
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O4 it has not started: wait all the same",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1},
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O10 R4a nothing was let start, and nobody is left to: ended by its deadline",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1},
        .pod = POD_GATED,
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O10",
        .actions = ACTION_END_JOB,
    },
    {
        .name = "O4 stopped by hand: its controller deletes them first",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_suspended = true},
        .pod = POD_GATED,
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O4 and told so once",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .active_deadline_s = 1},
        .pod = POD_GATED,
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O2 R4a on pods that the server shows now",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1},
        .pod = POD_GATED,
        .seen = {FRESH},
        .case_id = "O2",
        .actions = ACTION_READ_PODS,
    },
    {
        .name = "O5 behind the gate, and without its Job: a person must say that it is over",
        .pod = POD_GATED,
        .seen = {ABSENT, PODS_FRESH},
        .case_id = "O5",
    },
    {
        .name = "O7 and then it is released",
        .pod = POD_GATED,
        .confirm_ended = 1,
        .seen = {ABSENT, PODS_FRESH},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O6 complete with proof: released, and the ledger moves",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_complete = true},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT},
        .case_id = "O6",
        .actions = ACTION_RELEASE,
        .version = "3",
    },
    {
        .name = "O7 complete with proof, but the Job does not say what it brought about",
        .job = {WHOSE, .attempt = 1, .spec_hash = HASH, .meta = {NAMED, HELD}, .parallelism = 1,
                .is_complete = true},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O7 complete with proof, but of another spec than was claimed for",
        .job = {WHOSE, .attempt = 1, .to_version = "3", .spec_hash = HASH2, .meta = {NAMED, HELD},
                .parallelism = 1, .is_complete = true},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O2 complete, the pod not seen: it is looked for",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_complete = true},
        .seen = {PRESENT},
        .case_id = "O2",
        .actions = ACTION_READ_PODS,
    },
    {
        .name = "O7 R8a complete, and no pod to prove it",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_complete = true},
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O7 R8a complete, but it was asked to stop before",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_complete = true},
        .pod = POD_EVICTED,
        .seen = {PRESENT},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O7 failed",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_failed = true},
        .pod = POD_FAILED,
        .seen = {PRESENT},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O4 failed, but its pod runs",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_failed = true},
        .pod = POD_RUNNING,
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O5 R8b the end is not proven: the claim stays",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_failed = true},
        .pod = POD_LOST,
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O5",
    },
    {
        .name = "O5 R8b another attempt's confirmation counts for nothing",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_failed = true},
        .pod = POD_LOST,
        .confirm_ended = 2,
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O5",
    },
    {
        .name = "O7 R8b a person says that it has ended",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_failed = true},
        .pod = POD_LOST,
        .confirm_ended = 1,
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O4 no confirmation ends what is seen to run",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_failed = true},
        .pod = POD_RUNNING,
        .confirm_ended = 1,
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O2 gone: its pods are read, whatever the cache has of them",
        .pod = POD_SUCCEEDED,
        .seen = {ABSENT},
        .case_id = "O2",
        .actions = ACTION_READ_PODS,
    },
    {
        .name = "O4 R5 gone, and its pod lives on: wait",
        .pod = POD_RUNNING,
        .seen = {ABSENT, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O7 R5 gone, its pod exited with 0: the ledger stays",
        .pod = POD_SUCCEEDED,
        .seen = {ABSENT, PODS_FRESH},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O7 gone, and no pod: it never began, or nothing is left",
        .seen = {ABSENT, PODS_FRESH},
        .case_id = "O7",
        .actions = ACTION_RELEASE,
    },
    {
        .name = "O3 gone right after the claim: a pod may still come",
        .since_s = NOW - 4,
        .seen = {ABSENT, PODS_FRESH},
        .case_id = "O3",
        .wake_at_s = NOW + 1,
    },
    {
        .name = "O3 just deleted, no pod: its controller may still make one",
        .job = {OURS, .meta = {NAMED, HELD, .deleted_s = NOW - 1}, .parallelism = 1},
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O3",
        .wake_at_s = NOW + 4,
    },
    {
        .name = "O6 deleted, and its pod ended well before",
        .job = {OURS, .meta = {NAMED, HELD, .deleted_s = NOW - 1}, .parallelism = 1},
        .pod = POD_SUCCEEDED,
        .seen = {PRESENT},
        .case_id = "O6",
        .actions = ACTION_RELEASE,
        .version = "3",
    },
    {
        .name = "O2 suspended: its pods are read",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_suspended = true},
        .pod = POD_FAILED,
        .seen = {FRESH},
        .case_id = "O2",
        .actions = ACTION_READ_PODS,
    },
    {
        .name = "O4 R4 suspended, its pod runs: wait",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_suspended = true},
        .pod = POD_RUNNING,
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O4 R4 suspended, nobody knows whether its pod runs: wait",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_suspended = true},
        .pod = POD_LOST,
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O4",
    },
    {
        .name = "O9 R1 suspended, its pod is asked to stop: deleted, so that nobody resumes it",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_suspended = true},
        .pod = POD_STOPPING,
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O9",
        .actions = ACTION_DELETE_JOB,
    },
    {
        .name = "O9 suspended, its pod ended: deleted, so that nobody resumes it",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_suspended = true},
        .pod = POD_FAILED,
        .seen = {FRESH, PODS_FRESH},
        .case_id = "O9",
        .actions = ACTION_DELETE_JOB,
    },
    {
        .name = "O1 suspended: just the version that was seen is deleted",
        .job = {OURS, .meta = {NAMED, HELD}, .parallelism = 1, .is_suspended = true},
        .pod = POD_FAILED,
        .seen = {PRESENT, PODS_FRESH},
        .case_id = "O1",
        .actions = ACTION_READ_JOB,
    },
};

static struct database database_of(const struct row *row)
{
    return (struct database){
        .meta = {.name = "orders"},
        .claim = {"orders-3", UID, 1, HASH, row->since_s != 0 ? row->since_s : NOW - 60, NULL},
        .confirm_ended = row->confirm_ended,
    };
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct database database = database_of(row);
    struct pod pod = world_pod(row->pod);
    struct orphan seen = row->seen;
    seen.now_s = NOW;
    seen.database = &database;
    seen.job = seen.job_presence == PRESENCE_PRESENT ? &row->job : NULL;
    seen.pods = &pod;
    seen.pod_count = row->pod == POD_NONE ? 0 : 1;
    struct plan plan;

    orphan_decide(&arena, &seen, &plan);
    assert_string_equal(plan.case_id, row->case_id);
    assert_int_equal(plan.actions, row->actions);
    assert_int_equal(plan.wake_at_s, row->wake_at_s);
    assert_text(plan.passage == NULL ? NULL : plan.passage->version, row->version);
    if (plan.passage != NULL) {
        assert_string_equal(plan.passage->migration, "orders-3");
        assert_string_equal(plan.passage->uid, UID);
        assert_string_equal(plan.passage->spec_hash, HASH);
        assert_string_equal(plan.passage->job, JOB);
        assert_int_equal(plan.passage->start_s, NOW - 50);
        assert_int_equal(plan.passage->completion_s, NOW - 20);
    }
    arena_fini(&arena);
}

int main(void)
{
    return CASES_RUN("orphan", rows, test_row);
}
