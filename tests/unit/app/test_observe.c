/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was read about one attempt is no fact about the next one, which another controller may have begun
 * while the answer was under way. No server answers here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/cluster.h"
#include "app/observe.h"
#include "app/work.h"
#include "base/mem.h"
#include "kube/auth_internal.h"

struct place {
    struct loop *loop;
    struct kube_config config;
    struct cluster cluster;
    struct work *work;
    struct observed seen;
};

static void on_change(void *arg, const char *ns, struct whose whose)
{
    (void)arg;
    (void)ns;
    (void)whose;
}

static void on_error(void *arg, const char *ns, const struct err *err)
{
    (void)arg;
    (void)ns;
    (void)err;
}

static int set_up(void **state)
{
    static const struct fleet_handler handler = {.on_change = on_change, .on_error = on_error};
    struct place *place = xcalloc(1, sizeof(*place));
    struct cluster *cluster = &place->cluster;
    struct err err = {0};
    place->loop = loop_new(&err);
    place->config.server = xstrdup("https://127.0.0.1:1");
    assert_true(
        kube_auth_new(&(struct kube_auth_spec){.token = "secret"}, &place->config.auth, &err));
    cluster_init(cluster);
    cluster->client = kube_client_new(place->loop, &place->config, &err);
    assert_non_null(cluster->client);
    const struct kind_watch_ground ground = {place->loop, cluster->client, &cluster->kinds};
    cluster->fleet = fleet_new(&ground, &handler, place);
    cluster->prerequisites = prerequisites_new(&ground, NULL, NULL);
    place->work = work_new(cluster, "shop", "first");
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    work_free(place->work);
    prerequisites_free(place->cluster.prerequisites);
    fleet_free(place->cluster.fleet);
    cluster_fini(&place->cluster);
    kube_client_free(place->cluster.client);
    kube_config_fini(&place->config);
    loop_free(place->loop);
    free(place);
    return 0;
}

static void put(struct place *place, enum source source, json_t *object)
{
    json_auto_t *owned = object;
    struct err err = {0};
    assert_non_null(owned);
    assert_int_equal(store_put(cluster_store(&place->cluster, source), owned, &err), STORE_CHANGED);
}

/* The migration says that attempt n runs as Job first-n with the UID job-n; version grows with n. */
static const struct observed *look_at_attempt(struct place *place, int n)
{
    char name[] = {'f', 'i', 'r', 's', 't', '-', (char)('0' + n), '\0'};
    char uid[] = {'j', 'o', 'b', '-', (char)('0' + n), '\0'};
    char version[] = {(char)('0' + n), '\0'};
    put(place, SOURCE_MIGRATIONS,
        json_pack("{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:{}}, s:{s:s, s:{s:i, s:s, s:s}}}",
                  "metadata", "namespace", "shop", "name", "first", "uid", "m1", "resourceVersion",
                  version, "spec", "database", "orders", "step", "Expand", "toVersion", "1", "run",
                  "status", "phase", "Running", "attempt", "number", n, "job", name, "jobUID",
                  uid));
    observe(place->work, &place->seen);
    return &place->seen;
}

static void absence_is_of_the_job_that_was_asked_for(void **state)
{
    struct place *place = *state;
    place->work->learnt.job_asked = "first-1";
    place->work->learnt.job_presence = PRESENCE_ABSENT;
    assert_int_equal(look_at_attempt(place, 1)->job_presence, PRESENCE_ABSENT);
    assert_int_equal(look_at_attempt(place, 2)->job_presence, PRESENCE_UNKNOWN);
}

static void presence_is_of_the_job_that_was_asked_for(void **state)
{
    struct place *place = *state;
    struct job job = {.meta = {.name = "first-1", .uid = "job-1", .resource_version = "5"}};
    place->work->learnt.job_asked = "first-1";
    place->work->learnt.job_presence = PRESENCE_PRESENT;
    place->work->learnt.job = &job;
    assert_true(look_at_attempt(place, 1)->is_job_fresh);
    assert_ptr_equal(place->seen.job, &job);
    /* A fresh Job with another UID would say that this attempt's is gone. */
    assert_false(look_at_attempt(place, 2)->is_job_fresh);
    assert_int_equal(place->seen.job_presence, PRESENCE_UNKNOWN);
    assert_null(place->seen.job);
}

static void pods_are_of_the_job_that_was_asked_for(void **state)
{
    struct place *place = *state;
    struct pod pod = {.meta = {.name = "first-1-abcde"}};
    place->work->learnt.pods_asked = "job-1";
    place->work->learnt.pods = &pod;
    place->work->learnt.pod_count = 1;
    place->work->learnt.are_pods_fresh = true;
    assert_int_equal(look_at_attempt(place, 1)->pod_count, 1);
    assert_true(place->seen.are_pods_fresh);
    assert_int_equal(look_at_attempt(place, 2)->pod_count, 0);
    assert_false(place->seen.are_pods_fresh);
}

static void why_there_is_no_pod_is_of_the_job_that_was_asked_for(void **state)
{
    struct place *place = *state;
    (void)look_at_attempt(place, 1);
    place->work->no_pod_job = xstrdup("job-1");
    place->work->no_pod_reason = xstrdup("exceeded quota");
    place->work->no_pod_asked_s = place->seen.now_s;
    observe(place->work, &place->seen);
    assert_string_equal(place->seen.no_pod_reason, "exceeded quota");
    assert_null(look_at_attempt(place, 2)->no_pod_reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(absence_is_of_the_job_that_was_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(presence_is_of_the_job_that_was_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pods_are_of_the_job_that_was_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(why_there_is_no_pod_is_of_the_job_that_was_asked_for,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
