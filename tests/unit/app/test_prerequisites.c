/* SPDX-License-Identifier: Apache-2.0 */
/* A kind is watched between the first who wants an object of it and the last. No server answers here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/prerequisites.h"
#include "base/mem.h"
#include "kube/auth_internal.h"

#define LIST                                                                                       \
    "{\"resources\": [{\"kind\": \"Secret\", \"name\": \"secrets\", \"namespaced\": true, "        \
    "\"verbs\": [\"list\", \"watch\"]}]}"

static const struct requirement db = {.api_version = "v1", .kind = "Secret", .name = "db"};
static const struct requirement other = {.api_version = "v1", .kind = "Secret", .name = "other"};
static const struct requirement ready = {
    .api_version = "v1", .kind = "Pod", .name = "db", .condition = "Ready"};
static const struct requirement complete = {
    .api_version = "v1", .kind = "Pod", .name = "db", .condition = "Complete"};
static const struct requirement pod = {.api_version = "v1", .kind = "Pod", .name = "db"};

struct place {
    struct loop *loop;
    struct kube_config config;
    struct kube_client *client;
    struct queue *queue;
    struct kinds kinds;
    struct prerequisites *prerequisites;
};

static void on_key(void *arg, const char *key)
{
    (void)arg;
    (void)key;
    fail();
}

static int set_up(void **state)
{
    struct place *place = xcalloc(1, sizeof(*place));
    struct err err = {0};
    place->loop = loop_new(&err);
    place->config.server = xstrdup("https://127.0.0.1:1");
    assert_true(
        kube_auth_new(&(struct kube_auth_spec){.token = "secret"}, &place->config.auth, &err));
    place->client = kube_client_new(place->loop, &place->config, &err);
    assert_non_null(place->client);
    place->queue = queue_new(place->loop, on_key, place);
    json_auto_t *body = json_loads(LIST, 0, NULL);
    assert_true(kinds_learn(&place->kinds, "v1", body, &err));
    const struct kind_watch_ground ground = {place->loop, place->client, &place->kinds};
    place->prerequisites = prerequisites_new(&ground, place->queue, NULL);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    prerequisites_free(place->prerequisites);
    kinds_fini(&place->kinds);
    queue_free(place->queue);
    kube_client_free(place->client);
    kube_config_fini(&place->config);
    loop_free(place->loop);
    free(place);
    return 0;
}

static void want(struct prerequisites *all, const char *ns, const char *key,
                 const struct requirement *one, const struct requirement *two)
{
    const struct requirement requirements[] = {*one, two == NULL ? *one : *two};
    prerequisites_want(all, ns, key, requirements, two == NULL ? 1 : 2);
}

static void want_nothing(struct prerequisites *all, const char *ns, const char *key)
{
    prerequisites_want(all, ns, key, NULL, 0);
}

static void the_last_one_ends_it(void **state)
{
    struct prerequisites *all = ((struct place *)*state)->prerequisites;
    want_nothing(all, "shop", "a");
    want(all, "shop", "a", &db, NULL);
    want(all, "shop", "b", &db, &other);
    assert_int_equal(prerequisites_watches(all), 1);
    want_nothing(all, "shop", "a");
    want_nothing(all, "shop", "a");
    want(all, "shop", "b", &other, NULL);
    assert_int_equal(prerequisites_watches(all), 1);
    want_nothing(all, "shop", "b");
    assert_int_equal(prerequisites_watches(all), 0);
}

static void what_is_named_twice_is_left_once(void **state)
{
    struct prerequisites *all = ((struct place *)*state)->prerequisites;
    want(all, "shop", "a", &ready, &complete); /* the same object, the same watch */
    assert_int_equal(prerequisites_watches(all), 1);
    want(all, "shop", "a", &complete, NULL);
    assert_int_equal(prerequisites_watches(all), 1);
    want(all, "shop", "a", &complete, &ready);
    want_nothing(all, "shop", "a");
    assert_int_equal(prerequisites_watches(all), 0);
}

static void kinds_and_namespaces_are_apart(void **state)
{
    struct prerequisites *all = ((struct place *)*state)->prerequisites;
    want(all, "shop", "a", &db, NULL);
    want(all, "till", "b", &db, NULL);
    want(all, "shop", "c", &ready, NULL);
    assert_int_equal(prerequisites_watches(all), 3);
    want(all, "shop", "d", &pod, NULL); /* by its metadata alone */
    assert_int_equal(prerequisites_watches(all), 4);
    want(all, "shop", "d", &db, NULL);
    assert_int_equal(prerequisites_watches(all), 3);
}

static void nothing_is_known_before_it_is_told(void **state)
{
    struct prerequisites *all = ((struct place *)*state)->prerequisites;
    struct prerequisite_seen seen = prerequisites_see(all, "shop", &db);
    assert_int_equal(seen.state, PREREQUISITE_UNKNOWN);
    want(all, "shop", "a", &db, NULL);
    seen = prerequisites_see(all, "shop", &db);
    assert_int_equal(seen.state, PREREQUISITE_UNKNOWN);
    assert_null(seen.why);
    assert_null(seen.object);
}

/* A question is a list of one; of a Secret for the metadata alone. */
static void how_it_is_asked_for(void **state)
{
    struct prerequisites *all = ((struct place *)*state)->prerequisites;
    struct arena arena = {0};
    struct kube_call call = {0};
    assert_false(prerequisites_question(all, &arena, "shop", &db, &call)); /* nobody wants it */
    want(all, "shop", "a", &db, NULL);
    assert_true(prerequisites_question(all, &arena, "shop", &db, &call));
    assert_int_equal(call.method, KUBE_GET);
    assert_string_equal(call.path,
                        "/api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Ddb");
    assert_string_equal(call.accept, KUBE_METADATA_LIST);
    want(all, "shop", "a", &db, &ready); /* of a kind that is not known yet */
    assert_false(prerequisites_question(all, &arena, "shop", &ready, &call));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_one_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_named_twice_is_left_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kinds_and_namespaces_are_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_known_before_it_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(how_it_is_asked_for, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
