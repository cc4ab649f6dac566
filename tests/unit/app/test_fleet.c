/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet: a watch lives between the first who needs it and the last. No server answers here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/fleet.h"
#include "base/mem.h"
#include "kube/auth_internal.h"

#define DEPLOYMENTS FLEET_BIT(WORKLOAD_DEPLOYMENT)
#define PODS        FLEET_BIT(FLEET_PODS)

struct place {
    struct loop *loop;
    struct kube_config config;
    struct kube_client *client;
    struct kinds kinds;
    struct fleet *fleet;
};

static void on_change(void *arg, const char *ns, struct whose whose)
{
    (void)arg;
    (void)ns;
    (void)whose;
    fail();
}

static void on_error(void *arg, const char *ns, const struct err *err)
{
    (void)arg;
    (void)ns;
    (void)err;
    fail();
}

static int set_up(void **state)
{
    static const struct fleet_handler handler = {.on_change = on_change, .on_error = on_error};
    struct place *place = xcalloc(1, sizeof(*place));
    struct err err = {0};
    place->loop = loop_new(&err);
    place->config.server = xstrdup("https://127.0.0.1:1");
    assert_true(
        kube_auth_new(&(struct kube_auth_spec){.token = "secret"}, &place->config.auth, &err));
    place->client = kube_client_new(place->loop, &place->config, &err);
    assert_non_null(place->client);
    const struct kind_watch_ground ground = {place->loop, place->client, &place->kinds};
    place->fleet = fleet_new(&ground, &handler, place);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    fleet_free(place->fleet);
    kinds_fini(&place->kinds);
    kube_client_free(place->client);
    kube_config_fini(&place->config);
    loop_free(place->loop);
    free(place);
    return 0;
}

static void the_last_one_ends_it(void **state)
{
    struct fleet *fleet = ((struct place *)*state)->fleet;
    assert_null(fleet_store(fleet, "shop", FLEET_PODS));
    fleet_retain(fleet, "shop", DEPLOYMENTS | PODS);
    fleet_retain(fleet, "shop", PODS);
    assert_int_equal(fleet_watches(fleet), 2);
    assert_int_equal(fleet_broken_watches(fleet), 2); /* nothing has come yet */
    assert_non_null(fleet_store(fleet, "shop", FLEET_PODS));
    fleet_release(fleet, "shop", DEPLOYMENTS | PODS);
    assert_int_equal(fleet_watches(fleet), 1);
    assert_null(fleet_store(fleet, "shop", WORKLOAD_DEPLOYMENT));
    assert_non_null(fleet_store(fleet, "shop", FLEET_PODS));
    fleet_release(fleet, "shop", PODS);
    assert_int_equal(fleet_watches(fleet), 0);
    assert_null(fleet_store(fleet, "shop", FLEET_PODS));
}

static void namespaces_are_apart(void **state)
{
    struct fleet *fleet = ((struct place *)*state)->fleet;
    fleet_retain(fleet, "shop", PODS);
    fleet_retain(fleet, "till", PODS);
    assert_int_equal(fleet_watches(fleet), 2);
    fleet_release(fleet, "shop", PODS);
    assert_int_equal(fleet_watches(fleet), 1);
    assert_non_null(fleet_store(fleet, "till", FLEET_PODS));
}

static void nothing_is_known_before_it_is_told(void **state)
{
    struct fleet *fleet = ((struct place *)*state)->fleet;
    assert_true(fleet_is_known(fleet, "shop", 0)); /* who asks for nothing knows it all */
    assert_false(fleet_is_known(fleet, "shop", PODS));
    fleet_retain(fleet, "shop", PODS);
    assert_false(fleet_is_known(fleet, "shop", PODS));
}

static void releasing_what_nobody_holds_is_harmless(void **state)
{
    struct fleet *fleet = ((struct place *)*state)->fleet;
    fleet_release(fleet, "shop", PODS);
    fleet_retain(fleet, "shop", 0);
    fleet_retain(fleet, "shop", PODS);
    fleet_release(fleet, "shop", DEPLOYMENTS);
    assert_int_equal(fleet_watches(fleet), 1);
}

/* Of each kind and version there is one watch in a namespace, which does not count as broken. */
static void other_kinds_are_watched_likewise(void **state)
{
    struct fleet *fleet = ((struct place *)*state)->fleet;
    struct fleet_other other = fleet_see_other(fleet, "shop", "a.example/v1", "Rollout");
    assert_false(other.is_known);
    assert_null(other.store);
    fleet_release_other(fleet, "shop", "a.example/v1", "Rollout");
    fleet_retain_other(fleet, "shop", "a.example/v1", "Rollout");
    fleet_retain_other(fleet, "shop", "a.example/v1", "Rollout");
    assert_int_equal(fleet_watches(fleet), 1);
    assert_int_equal(fleet_broken_watches(fleet), 0);
    fleet_retain_other(fleet, "shop", "a.example/v2", "Rollout");
    fleet_retain_other(fleet, "till", "a.example/v1", "Rollout");
    assert_int_equal(fleet_watches(fleet), 3);
    other = fleet_see_other(fleet, "shop", "a.example/v1", "Rollout");
    assert_false(other.is_known); /* and not absent either: nothing was told yet */
    assert_int_equal(other.state, KIND_READ);
    assert_null(other.path);
    assert_non_null(other.store);
    fleet_release_other(fleet, "shop", "a.example/v1", "Rollout");
    assert_int_equal(fleet_watches(fleet), 3);
    fleet_release_other(fleet, "shop", "a.example/v1", "Rollout");
    assert_null(fleet_see_other(fleet, "shop", "a.example/v1", "Rollout").store);
    assert_int_equal(fleet_watches(fleet), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_one_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(namespaces_are_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_known_before_it_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(releasing_what_nobody_holds_is_harmless, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_kinds_are_watched_likewise, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
