/* SPDX-License-Identifier: Apache-2.0 */
/* The election's decision, by the cases of client-go's leaderelection, and those that it leaves to luck. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "base/attrs.h"
#include "base/str.h"
#include "domain/lease.h"

#define NOW   1000000
#define NEVER INT64_MAX

/* 15, 10 and 2 seconds, as everywhere. */
#define TIMING                                                                                     \
    {                                                                                              \
        .duration_ms = 15000, .deadline_ms = 10000, .retry_ms = 2000                               \
    }

#define RECORD(who, age_ms)                                                                        \
    .lease = {.resource_version = "7", .holder = (who), .duration_s = 15},                         \
    .observed_ms = NOW - (age_ms)
#define HELD_BY(who, age_ms) .presence = PRESENCE_PRESENT, RECORD(who, age_ms)
#define GONE(who, age_ms)    .presence = PRESENCE_ABSENT, RECORD(who, age_ms)
#define LEADS(age_ms)        .role = LEASE_LEADING, .renewed_ms = NOW - (age_ms)
#define LEADING(age_ms)      LEADS(age_ms), HELD_BY("me", age_ms)
#define LEAVING              .role = LEASE_LEAVING, .leave_by_ms = NOW + 3000

static const struct row {
    const char *name;
    struct lease_seen seen; /* what decides() does not set */
    enum lease_action action;
    int64_t at_ms; /* of LEASE_WAIT */
    bool is_unwilling;
} rows[] = {
    /* Who does not lead. */
    {"nothing is known yet", {.presence = PRESENCE_UNKNOWN}, LEASE_WAIT, NEVER, false},
    {"there is no Lease", {.presence = PRESENCE_ABSENT}, LEASE_CREATE, 0, false},
    {"no Lease, but the caches are empty", {.presence = PRESENCE_ABSENT}, LEASE_WAIT, NEVER, true},
    {"no Lease, a try was just made",
     {.presence = PRESENCE_ABSENT, .next_try_ms = NOW + 5},
     LEASE_WAIT,
     NOW + 5,
     false},
    {"a try is under way",
     {.presence = PRESENCE_ABSENT, .is_asking = true},
     LEASE_WAIT,
     NEVER,
     false},
    {"held", {HELD_BY("other", 1000)}, LEASE_WAIT, NOW + 14000, false},
    {"held to the last millisecond", {HELD_BY("other", 14999)}, LEASE_WAIT, NOW + 1, false},
    {"expired", {HELD_BY("other", 15000)}, LEASE_TAKE, 0, false},
    {"expired, but not willing", {HELD_BY("other", 15000)}, LEASE_WAIT, NEVER, true},
    {"its holder's duration counts",
     {.presence = PRESENCE_PRESENT,
      .lease = {.holder = "other", .duration_s = 60},
      .observed_ms = NOW - 15000},
     LEASE_WAIT,
     NOW + 45000,
     false},
    {"its holder's short duration counts",
     {.presence = PRESENCE_PRESENT,
      .lease = {.holder = "other", .duration_s = 1},
      .observed_ms = NOW - 1000},
     LEASE_TAKE,
     0,
     false},
    {"no duration: ours",
     {.presence = PRESENCE_PRESENT, .lease = {.holder = "other"}, .observed_ms = NOW - 1000},
     LEASE_WAIT,
     NOW + 14000,
     false},
    {"released", {HELD_BY("", 10)}, LEASE_TAKE, 0, false},
    {"never held", {HELD_BY(NULL, 10)}, LEASE_TAKE, 0, false},
    {"its times are of no account",
     {.presence = PRESENCE_PRESENT,
      .lease = {.holder = "other", .duration_s = 15, .renewed = "2001-01-01T00:00:00.000000Z"},
      .observed_ms = NOW},
     LEASE_WAIT,
     NOW + 15000,
     false},
    {"ours from before", {HELD_BY("me", 1)}, LEASE_RENEW, 0, false},
    {"deleted under its holder", {GONE("other", 1000)}, LEASE_WAIT, NOW + 14000, false},
    {"deleted, and its holder is gone", {GONE("other", 15000)}, LEASE_CREATE, 0, false},
    {"deleted after it was released", {GONE("", 10)}, LEASE_CREATE, 0, false},
    {"deleted when it was ours", {GONE("me", 10)}, LEASE_CREATE, 0, false},
    {"a take failed", {HELD_BY("other", 15000), .is_doubtful = true}, LEASE_READ, 0, false},
    {"a take failed, later again",
     {HELD_BY("other", 15000), .is_doubtful = true, .next_try_ms = NOW + 9},
     LEASE_WAIT,
     NOW + 9,
     false},
    {"doubtful though never seen", {.is_doubtful = true}, LEASE_READ, 0, false},

    /* Who leads. */
    {"just renewed", {LEADING(0), .next_try_ms = NOW + 2000}, LEASE_WAIT, NOW + 2000, false},
    {"time to renew", {LEADING(2000), .next_try_ms = NOW}, LEASE_RENEW, 0, false},
    {"renewing", {LEADING(2500), .is_asking = true}, LEASE_WAIT, NOW + 7500, false},
    {"a renewal failed",
     {LEADING(4000), .is_doubtful = true, .next_try_ms = NOW + 2000},
     LEASE_WAIT,
     NOW + 2000,
     false},
    {"a renewal failed, look", {LEADING(4000), .is_doubtful = true}, LEASE_READ, 0, false},
    {"the last try would be too late",
     {LEADING(9000), .next_try_ms = NOW + 2000},
     LEASE_WAIT,
     NOW + 1000,
     false},
    {"deleted", {LEADS(2000), GONE("me", 2000)}, LEASE_CREATE, 0, false},
    {"not renewed in time", {LEADING(10000)}, LEASE_LOSE, 0, false},
    {"thawed while renewing", {LEADING(60000), .is_asking = true}, LEASE_LOSE, 0, false},
    {"thawed when it was time to renew",
     {LEADING(60000), .next_try_ms = NOW - 58000},
     LEASE_LOSE,
     0,
     false},
    {"somebody else has it", {LEADS(2000), HELD_BY("other", 0)}, LEASE_LOSE, 0, false},
    {"somebody else had it when a write failed",
     {LEADS(2000), HELD_BY("other", 0), .is_doubtful = true},
     LEASE_READ,
     0,
     false},

    /* Who leaves. */
    {"leaves", {LEAVING, HELD_BY("me", 1000)}, LEASE_RELEASE, 0, false},
    {"leaves in a renewal",
     {LEAVING, HELD_BY("me", 1000), .is_asking = true},
     LEASE_WAIT,
     NOW + 3000,
     false},
    {"leaves after a failure",
     {LEAVING, HELD_BY("me", 1000), .is_doubtful = true},
     LEASE_READ,
     0,
     false},
    {"leaves, later again",
     {LEAVING, HELD_BY("me", 1000), .next_try_ms = NOW + 2000},
     LEASE_WAIT,
     NOW + 2000,
     false},
    {"has left", {LEAVING, HELD_BY("", 0)}, LEASE_DONE, 0, false},
    {"leaves as a standby", {LEAVING, HELD_BY("other", 0)}, LEASE_DONE, 0, false},
    {"leaves before anything is known", {LEAVING}, LEASE_DONE, 0, false},
    {"leaves, deleted", {LEAVING, GONE("me", 0)}, LEASE_DONE, 0, false},
    {"cannot leave in time",
     {.role = LEASE_LEAVING, .leave_by_ms = NOW, HELD_BY("me", 0), .is_asking = true},
     LEASE_DONE,
     0,
     false},
};

static struct lease_seen complete(struct lease_seen seen, bool is_willing)
{
    seen.identity = "me";
    seen.timing = (struct lease_timing)TIMING;
    seen.is_willing = is_willing;
    seen.now_ms = NOW;
    return seen;
}

static void decides(void **state)
{
    const struct row *row = *state;
    const struct lease_seen seen = complete(row->seen, !row->is_unwilling);
    struct lease_plan plan = lease_decide(&seen);
    assert_int_equal(plan.action, row->action);
    if (row->action == LEASE_WAIT) {
        assert_true(plan.at_ms == row->at_ms);
    }
    assert_int_equal(plan.why != NULL, row->action == LEASE_LOSE);
}

/* Whatever the request's luck: the leader has stopped before anybody else can take the Lease. */
static void one_stops_before_another_begins(void **state)
{
    (void)state;
    /* Both have seen the renewal that the leader began at 0: the other no earlier than that. */
    for (int64_t now_ms = 0; now_ms < 40000; now_ms += 100) {
        for (int64_t late_ms = 0; late_ms <= 5000; late_ms += 500) {
            const struct lease_seen leader = {.identity = "me",
                                              .timing = TIMING,
                                              .role = LEASE_LEADING,
                                              .presence = PRESENCE_PRESENT,
                                              .lease = {.holder = "me", .duration_s = 15},
                                              .now_ms = now_ms};
            const struct lease_seen other = {.identity = "other",
                                             .timing = TIMING,
                                             .is_willing = true,
                                             .presence = PRESENCE_PRESENT,
                                             .lease = {.holder = "me", .duration_s = 15},
                                             .observed_ms = late_ms,
                                             .now_ms = now_ms};
            assert_false(lease_may_act(&leader) && lease_decide(&other).action == LEASE_TAKE);
            assert_int_equal(lease_may_act(&leader), lease_decide(&leader).action != LEASE_LOSE);
        }
    }
}

static void only_a_leader_acts(void **state)
{
    (void)state;
    struct lease_seen seen = complete((struct lease_seen){LEADING(9999)}, true);
    assert_true(lease_may_act(&seen));
    seen.now_ms++;
    assert_false(lease_may_act(&seen));
    seen.now_ms = NOW;
    seen.role = LEASE_LEAVING;
    assert_false(lease_may_act(&seen));
    seen.role = LEASE_STANDING;
    assert_false(lease_may_act(&seen));
}

static const struct written_row {
    const char *name;
    enum presence presence;
    struct lease lease;
    enum lease_action action;
    struct lease want;
} written_rows[] = {
    {"create", PRESENCE_ABSENT, {0}, LEASE_CREATE, {NULL, "me", 15, "now", "now", 0}},
    {"create after a deletion",
     PRESENCE_ABSENT,
     {"7", "other", 3, "a", "r", 4},
     LEASE_CREATE,
     {NULL, "me", 15, "now", "now", 0}},
    {"take",
     PRESENCE_PRESENT,
     {"7", "other", 3, "a", "r", 4},
     LEASE_TAKE,
     {"7", "me", 15, "now", "now", 5}},
    {"take what was released",
     PRESENCE_PRESENT,
     {"7", "", 1, "a", "r", 4},
     LEASE_TAKE,
     {"7", "me", 15, "now", "now", 5}},
    {"renew",
     PRESENCE_PRESENT,
     {"7", "me", 15, "a", "r", 4},
     LEASE_RENEW,
     {"7", "me", 15, "a", "now", 4}},
    {"renew what tells no acquireTime",
     PRESENCE_PRESENT,
     {"7", "me", 15, NULL, NULL, 4},
     LEASE_RENEW,
     {"7", "me", 15, "now", "now", 4}},
    {"release",
     PRESENCE_PRESENT,
     {"7", "me", 15, "a", "r", 4},
     LEASE_RELEASE,
     {"7", "", 1, "now", "now", 4}},
};

static void writes(void **state)
{
    const struct written_row *row = *state;
    const struct lease_seen seen = {
        .identity = "me", .timing = TIMING, .presence = row->presence, .lease = row->lease};
    struct lease got = lease_written(&seen, row->action, "now");
    assert_true(lease_same(&got, &row->want));
    assert_true(str_eq(got.resource_version, row->want.resource_version));
}

static void every_field_makes_another_record(void **state)
{
    (void)state;
    const struct lease record = {"7", "me", 15, "a", "r", 4};
    struct lease other = record;
    other.resource_version = "8";
    assert_true(lease_same(&record, &other));
    const struct lease others[] = {
        {"7", "you", 15, "a", "r", 4}, {"7", NULL, 15, "a", "r", 4}, {"7", "me", 16, "a", "r", 4},
        {"7", "me", 15, "b", "r", 4},  {"7", "me", 15, "a", "s", 4}, {"7", "me", 15, "a", "r", 5},
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_false(lease_same(&record, &others[i]));
    }
}

static void jitter(void **state)
{
    (void)state;
    struct lease_seen seen = {.timing = TIMING};
    int64_t least_ms = INT64_MAX;
    int64_t most_ms = 0;
    for (uint32_t chance = 0; chance < 100000; chance += 11) {
        int64_t delay_ms = lease_retry_delay_ms(&seen, chance);
        least_ms = delay_ms < least_ms ? delay_ms : least_ms;
        most_ms = delay_ms > most_ms ? delay_ms : most_ms;
    }
    assert_int_equal(least_ms, 2000);
    assert_int_equal(most_ms, 4400);
    seen.role = LEASE_LEADING;
    assert_int_equal(lease_retry_delay_ms(&seen, 12345), 2000);
}

static void add(struct CMUnitTest *test, const char *name, CMUnitTestFunction fn, const void *row)
{
    *test = (struct CMUnitTest){.name = name, .test_func = fn};
    memcpy(&test->initial_state, &row, sizeof(row)); /* cmocka takes no const */
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(written_rows) + 4];
    size_t at = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        add(&tests[at++], rows[i].name, decides, &rows[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(written_rows); i++) {
        add(&tests[at++], written_rows[i].name, writes, &written_rows[i]);
    }
    add(&tests[at++], "one stops before another begins", one_stops_before_another_begins, NULL);
    add(&tests[at++], "only a leader acts", only_a_leader_acts, NULL);
    add(&tests[at++], "every field makes another record", every_field_makes_another_record, NULL);
    add(&tests[at++], "jitter", jitter, NULL);
    return _cmocka_run_group_tests("lease", tests, at, NULL, NULL);
}
