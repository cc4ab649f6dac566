/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a change concerns. Who is not woken must not have counted what changed: so whatever an application counts as
 * its own, in all the ways in which things are owned here, must be something that may concern it. And who names
 * something else is not woken.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "base/attrs.h"
#include "base/str.h"
#include "domain/ownership.h"

static const enum workload_kind kinds[] = {WORKLOAD_DEPLOYMENT, WORKLOAD_STATEFUL_SET,
                                           WORKLOAD_DAEMON_SET, WORKLOAD_CRON_JOB, WORKLOAD_OTHER};
static const char *const names[] = {"api", "web"};
/* The first five are called what the kinds above are. */
static const char *const owner_kinds[] = {"Deployment", "StatefulSet", "DaemonSet", "CronJob",
                                          "Rollout",    "ReplicaSet",  "Job"};
static const char *const uids[][2] = {{"1", "2"},  {"3", "4"},   {"5", "6"},  {"7", "8"},
                                      {"9", "10"}, {"11", "12"}, {"13", "14"}};
static const char *const made_names[] = {"api-1", "web-1", "by-hand"};

/* Labels tell nothing apart: each selector selects all. */
static struct pair label = {"app", "orders"};
static struct selector_term term = {.key = "app", .op = SELECTOR_EXISTS};

static struct workload workload_of(enum workload_kind kind, const char *name, const char *uid)
{
    struct workload workload = {.kind = kind, .meta = {.name = name, .uid = uid}};
    workload.pod_template.labels = (struct pairs){&label, 1};
    if (kind != WORKLOAD_CRON_JOB) {
        workload.selector = (struct selector){&term, 1};
    }
    return workload;
}

/* One of all that an application may name. */
static struct workload named(size_t i)
{
    return workload_of(kinds[i / 2], names[i % 2], uids[i / 2][i % 2]);
}

/* owner without UID: nobody owns it. */
static void own(struct meta *meta, struct owner_reference *owner)
{
    meta->owners = owner;
    meta->owner_count = owner->uid == NULL ? 0 : 1;
}

static struct application application_of(const struct workload *workload)
{
    return (struct application){.kind = workload->kind, .name = workload->meta.name};
}

static bool may_concern(const struct workload *workload, struct whose whose)
{
    struct application application = application_of(workload);
    return whose_may_concern(
        &(struct migration){.applications = &application, .application_count = 1}, whose);
}

static size_t counted; /* how often something was an application's: the test is about something */

/* Of a CronJob the Jobs are looked at, of others the ReplicaSets. */
static bool is_looked_at(const struct workload *workload, const struct workload *maker)
{
    return maker != NULL && (workload->kind == WORKLOAD_CRON_JOB) == (maker->kind == WORKLOAD_JOB);
}

static void judge_pod(const struct workload *workload, const struct pod *pod,
                      const struct workload *maker)
{
    const struct application_seen seen = {.makers = &maker,
                                          .maker_count = is_looked_at(workload, maker) ? 1 : 0};
    if (ownership_of_pod(workload, &seen, pod)) {
        assert_true(may_concern(workload, whose_pod(pod, maker)));
        counted++;
    }
}

static void judge_maker(const struct workload *workload, const struct workload *maker)
{
    struct pod pod = {.meta = {.name = "p", .uid = "p"}, .phase = "Running"};
    pod.facts.labels = (struct pairs){&label, 1};
    struct owner_reference owner = {workload_kind_name(maker->kind), maker->meta.name,
                                    maker->meta.uid, true};
    own(&pod.meta, &owner);
    if (is_looked_at(workload, maker) && ownership_of_maker(workload, maker)) {
        assert_true(may_concern(workload, whose_workload(maker)));
        counted++;
    }
    judge_pod(workload, &pod, maker);
    judge_pod(workload, &pod, NULL); /* it is not known (yet, or any more) */
}

/* All that is owned by it. */
static void judge_owned_by(const struct workload *workload, struct owner_reference *owner)
{
    struct pod pod = {.meta = {.name = "p", .uid = "p"}, .phase = "Running"};
    pod.facts.labels = (struct pairs){&label, 1};
    own(&pod.meta, owner);
    judge_pod(workload, &pod, NULL);
    for (size_t i = 0; i < ARRAY_LEN(made_names); i++) {
        struct workload maker = workload_of(WORKLOAD_REPLICA_SET, made_names[i], "maker");
        own(&maker.meta, owner);
        judge_maker(workload, &maker);
        maker.kind = WORKLOAD_JOB;
        judge_maker(workload, &maker);
    }
}

static void judge_owned(const struct workload *workload, const char *kind, const char *name,
                        const char *uid)
{
    struct owner_reference owner = {kind, name, uid, true};
    judge_owned_by(workload, &owner);
    owner.is_controller = false;
    judge_owned_by(workload, &owner);
}

/* A person may have named two, neither of them its controller. */
static void a_job_of_two(void **state)
{
    (void)state;
    struct owner_reference owners[] = {{"CronJob", "api", "7", false},
                                       {"CronJob", "web", "8", false}};
    struct workload job = workload_of(WORKLOAD_JOB, "by-hand", "maker");
    job.meta.owners = owners;
    job.meta.owner_count = ARRAY_LEN(owners);
    for (size_t i = 0; i < ARRAY_LEN(kinds) * ARRAY_LEN(names); i++) {
        struct workload workload = named(i);
        judge_maker(&workload, &job);
    }
}

static void whoever_counts_it_is_woken(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds) * ARRAY_LEN(names); i++) {
        struct workload workload = named(i);
        for (size_t k = 0; k < ARRAY_LEN(owner_kinds) * ARRAY_LEN(names); k++) {
            const char *name = names[k % 2];
            judge_owned(&workload, owner_kinds[k / 2], name, uids[k / 2][k % 2]);
            judge_owned(&workload, owner_kinds[k / 2], name, "of-an-earlier-one");
            judge_owned(&workload, owner_kinds[k / 2], name, NULL);
        }
    }
    assert_true(counted > 500);
}

/* A pod whose ReplicaSet comes late, or goes early, is another's then: that must concern all who may have counted it. */
static void whoever_counts_no_longer_is_woken(void **state)
{
    (void)state;
    struct workload maker = workload_of(WORKLOAD_REPLICA_SET, "api-1", "maker");
    struct owner_reference owner = {"Deployment", "api", "1", true};
    own(&maker.meta, &owner);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct workload web = named(2 * i + 1);
        bool is_makers = kinds[i] == WORKLOAD_DEPLOYMENT || kinds[i] == WORKLOAD_OTHER;
        assert_int_equal(may_concern(&web, (struct whose){WORKLOAD_REPLICA_SET, NULL}), is_makers);
        assert_int_equal(may_concern(&web, whose_workload(&maker)), kinds[i] == WORKLOAD_OTHER);
    }
}

/* Each workload concerns those that name it, and none of those that name another. */
static void a_name_is_enough(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds) * ARRAY_LEN(names); i++) {
        struct workload workload = named(i);
        struct whose whose = whose_workload(&workload);
        for (size_t k = 0; k < ARRAY_LEN(kinds) * ARRAY_LEN(names); k++) {
            struct workload its = named(k);
            bool takes_all = its.kind == WORKLOAD_OTHER && workload.kind != WORKLOAD_OTHER;
            assert_int_equal(may_concern(&its, whose), i == k || takes_all);
        }
    }
}

static void a_selector_may_select_any(void **state)
{
    (void)state;
    struct application application = {.kind = WORKLOAD_DEPLOYMENT, .has_selector = true};
    struct migration migration = {.applications = &application, .application_count = 1};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        assert_true(whose_may_concern(&migration, (struct whose){kinds[i], "api"}));
    }
    assert_true(whose_may_concern(&migration, (struct whose){WORKLOAD_KIND_MAX, NULL}));
}

static void what_is_inherited_from(void **state)
{
    (void)state;
    struct migration migration = {.inherit_from = {WORKLOAD_DEPLOYMENT, "api", NULL}};
    assert_true(whose_may_concern(&migration, (struct whose){WORKLOAD_DEPLOYMENT, "api"}));
    assert_false(whose_may_concern(&migration, (struct whose){WORKLOAD_DEPLOYMENT, "web"}));
    assert_false(whose_may_concern(&migration, (struct whose){WORKLOAD_STATEFUL_SET, "api"}));
    assert_true(whose_may_concern(&migration, (struct whose){WORKLOAD_KIND_MAX, NULL}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_counts_it_is_woken),
        cmocka_unit_test(a_job_of_two),
        cmocka_unit_test(whoever_counts_no_longer_is_woken),
        cmocka_unit_test(a_name_is_enough),
        cmocka_unit_test(a_selector_may_select_any),
        cmocka_unit_test(what_is_inherited_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
