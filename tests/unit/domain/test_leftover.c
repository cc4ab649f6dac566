/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "cases.h"
#include "domain/leftover.h"
#include "world.h"

#define HELD .has_finalizer = true

enum who { GONE, SAME, NAMESAKE };

struct row {
    const char *name;
    enum who migration;
    bool has_finalizer; /* the migration */
    struct migration_status status;
    int64_t claim_attempt; /* 0: none */
    const char *claim_uid; /* default UID */
    bool no_database;
    struct job job; /* of attempt 1 */
    bool is_foreign;
    enum leftover_action action;
};

#define FAILED_N(n)                                                                                \
    {                                                                                              \
        .attempt = {.number = (n), .job_uid = JOB_UID, .outcome = OUTCOME_FAILED }                 \
    }
#define RUNS_AS(u)                                                                                 \
    {                                                                                              \
        .attempt = {.number = 1, .job_uid = (u) }                                                  \
    }
#define OVER .parallelism = 1, .is_failed = true

static const struct row rows[] = {
    /* ---- parked ---- */
    {.name = "L1 parked, and its attempt may yet begin", .migration = SAME, .claim_attempt = 1},
    {.name = "L1 parked, not claimed yet as far as seen", .migration = SAME},
    {.name = "L1 parked, and its attempt says Running",
     .migration = SAME,
     .status = RUNS_AS(JOB_UID),
     .claim_attempt = 1},
    {.name = "L2 parked, and its attempt runs as another Job",
     .migration = SAME,
     .status = RUNS_AS("uid-x"),
     .claim_attempt = 1,
     .action = LEFTOVER_DELETE},
    {.name = "L2 parked, and its attempt was given back",
     .migration = SAME,
     .status = {.withdrawn = 1},
     .action = LEFTOVER_DELETE},
    {.name = "L1 parked and given back, but not released yet",
     .migration = SAME,
     .status = {.withdrawn = 1},
     .claim_attempt = 1},
    {.name = "L2 parked, and a later attempt holds the claim",
     .migration = SAME,
     .status = {.withdrawn = 1},
     .claim_attempt = 2,
     .action = LEFTOVER_DELETE},
    {.name = "L2 parked, and a later attempt began",
     .migration = SAME,
     .status = FAILED_N(2),
     .action = LEFTOVER_DELETE},
    {.name = "L2 parked, and its attempt has ended",
     .migration = SAME,
     .status = FAILED_N(1),
     .action = LEFTOVER_DELETE},
    {.name = "L2 parked, the migration is gone", .action = LEFTOVER_DELETE},
    {.name = "L2 parked, the migration is gone, its Database too",
     .no_database = true,
     .action = LEFTOVER_DELETE},
    {.name = "L1 parked, the migration is gone, its claim stands", .claim_attempt = 1},
    {.name = "L2 parked, the migration is gone, another holds the claim",
     .claim_attempt = 1,
     .claim_uid = "uid-x",
     .action = LEFTOVER_DELETE},
    {.name = "L2 parked, a new migration has the old one's name",
     .migration = NAMESAKE,
     .action = LEFTOVER_DELETE},
    {.name = "L1 parked and being deleted already", .job = {.meta = {.deleted_s = NOW}}},
    {.name = "L1 not ours", .is_foreign = true},
    {.name = "L1 not parked: somebody let it go by hand", .job = {.parallelism = 1}},
    {.name = "L1 R4 with pods counted it is not parked", .job = {.active = 1}},
    /* ---- finalizers ---- */
    {.name = "L3 over, its attempt closed and released",
     .migration = SAME,
     .status = FAILED_N(1),
     .job = {OVER, .meta = {HELD}},
     .action = LEFTOVER_LET_GO},
    {.name = "L3 over, of an earlier attempt, while the next one runs",
     .migration = SAME,
     .status = {.attempt = {.number = 2, .job_uid = "uid-j2"}},
     .claim_attempt = 2,
     .job = {OVER, .meta = {HELD}},
     .action = LEFTOVER_LET_GO},
    {.name = "L1 over, not released: its pods are the proof",
     .migration = SAME,
     .status = FAILED_N(1),
     .claim_attempt = 1,
     .job = {OVER, .meta = {HELD}}},
    {.name = "L1 over, its outcome not written",
     .migration = SAME,
     .status = RUNS_AS(JOB_UID),
     .claim_attempt = 1,
     .job = {OVER, .meta = {HELD}}},
    {.name = "L1 over, its outcome not written, and no claim is seen",
     .migration = SAME,
     .status = RUNS_AS(JOB_UID),
     .job = {OVER, .meta = {HELD}}},
    {.name = "L3 being deleted, its attempt closed and released",
     .migration = SAME,
     .status = FAILED_N(1),
     .job = {.parallelism = 1, .meta = {HELD, .deleted_s = NOW}},
     .action = LEFTOVER_LET_GO},
    {.name = "L3 complete, the migration is gone",
     .job = {.parallelism = 1, .is_complete = true, .meta = {HELD}},
     .action = LEFTOVER_LET_GO},
    {.name = "L1 complete, the migration is gone, its claim stands",
     .claim_attempt = 1,
     .job = {.parallelism = 1, .is_complete = true, .meta = {HELD}}},
    {.name = "L1 it runs, the migration is gone", .job = {.parallelism = 1, .meta = {HELD}}},
    {.name = "L1 R8b its migration has its finalizer, and lets it go itself",
     .migration = SAME,
     HELD,
     .status = FAILED_N(1),
     .job = {OVER, .meta = {HELD}}},
    {.name = "L3 a new migration of its name has one",
     .migration = NAMESAKE,
     HELD,
     .job = {OVER, .meta = {HELD}},
     .action = LEFTOVER_LET_GO},
    {.name = "L1 over and let go already", .migration = SAME, .status = FAILED_N(1), .job = {OVER}},
};

static void test_row(void **state)
{
    struct row *row = *state;
    struct migration migration = {
        .meta = {.name = "orders-3",
                 .uid = row->migration == NAMESAKE ? "uid-new" : UID,
                 .has_finalizer = row->has_finalizer},
        .status = row->status,
    };
    struct database database = {
        .claim = {.migration = row->claim_attempt == 0 ? NULL : "orders-3",
                  .uid = row->claim_uid != NULL ? row->claim_uid : UID,
                  .attempt = row->claim_attempt},
    };
    row->job.meta.uid = JOB_UID;
    row->job.migration_uid = row->is_foreign ? NULL : UID;
    row->job.attempt = 1;
    enum leftover_action action = leftover_judge(row->migration == GONE ? NULL : &migration,
                                                 row->no_database ? NULL : &database, &row->job);
    assert_int_equal(action, row->action);
    assert_memory_equal(leftover_case(action), row->name, 2);
}

struct pod_row {
    const char *name;
    enum who migration;
    bool has_finalizer; /* the migration */
    struct migration_status status;
    int64_t claim_attempt;
    bool is_let_go;
    const char *attempt; /* label; default "1" */
    enum leftover_action action;
};

static const struct pod_row pod_rows[] = {
    {.name = "L3 closed and released",
     .migration = SAME,
     .status = FAILED_N(1),
     .action = LEFTOVER_LET_GO},
    {.name = "L1 R8b its migration has its finalizer, and lets it go itself",
     .migration = SAME,
     HELD,
     .status = FAILED_N(1)},
    {.name = "L1 closed, not released",
     .migration = SAME,
     .status = FAILED_N(1),
     .claim_attempt = 1},
    {.name = "L1 not closed", .migration = SAME, .status = RUNS_AS(JOB_UID)},
    {.name = "L3 the migration is gone, the claim too", .action = LEFTOVER_LET_GO},
    {.name = "L1 the migration is gone, its claim stands", .claim_attempt = 1},
    {.name = "L1 let go already", .migration = SAME, .status = FAILED_N(1), .is_let_go = true},
    {.name = "L1 not an attempt's", .attempt = "one"},
    {.name = "L1 nor that of attempt 0", .attempt = "0"},
};

static void test_pod_row(void **state)
{
    const struct pod_row *row = *state;
    struct migration migration = {
        .meta = {.uid = UID, .has_finalizer = row->has_finalizer},
        .status = row->status,
    };
    struct database database = {
        .claim = {.migration = row->claim_attempt == 0 ? NULL : "orders-3",
                  .uid = UID,
                  .attempt = row->claim_attempt},
    };
    struct pair labels[] = {
        {LABEL_MIGRATION_UID, UID},
        {LABEL_ATTEMPT, row->attempt != NULL ? row->attempt : "1"},
    };
    struct pod pod = {.meta = {.has_finalizer = !row->is_let_go}, .facts.labels = {labels, 2}};
    assert_int_equal(
        leftover_judge_pod(row->migration == GONE ? NULL : &migration, &database, &pod),
        row->action);
}

int main(void)
{
    return CASES_RUN("leftover", rows, test_row) +
           CASES_RUN("leftover pods", pod_rows, test_pod_row);
}
