/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of the kinds that we speak of, as the API server expects them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/resource.h"

static void paths(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_string_equal(resource_path(&arena, RESOURCE_MIGRATION, "shop", "orders-1"),
                        "/apis/interlude.dev/v1alpha1/namespaces/shop/schemamigrations/orders-1");
    assert_string_equal(resource_path(&arena, RESOURCE_JOB, NULL, NULL), "/apis/batch/v1/jobs");
    assert_string_equal(resource_path(&arena, RESOURCE_POD, "shop", NULL),
                        "/api/v1/namespaces/shop/pods");
    const struct meta meta = {.ns = "shop", .name = "orders"};
    assert_string_equal(resource_status_path(&arena, RESOURCE_DATABASE, &meta),
                        "/apis/interlude.dev/v1alpha1/namespaces/shop/databases/orders/status");
    assert_string_equal(resource_select_path(&arena, RESOURCE_REPLICA_SET, "shop", "a=b,c in (d)"),
                        "/apis/apps/v1/namespaces/shop/replicasets"
                        "?labelSelector=a%3Db%2Cc%20in%20%28d%29");
    arena_fini(&arena);
}

static void kinds(void **state)
{
    (void)state;
    assert_int_equal(resource_of(WORKLOAD_DEPLOYMENT), RESOURCE_DEPLOYMENT);
    assert_int_equal(resource_of(WORKLOAD_STATEFUL_SET), RESOURCE_STATEFUL_SET);
    assert_int_equal(resource_of(WORKLOAD_DAEMON_SET), RESOURCE_DAEMON_SET);
    assert_int_equal(resource_of(WORKLOAD_REPLICA_SET), RESOURCE_REPLICA_SET);
    assert_int_equal(resource_of(WORKLOAD_CRON_JOB), RESOURCE_CRON_JOB);
    assert_int_equal(resource_of(WORKLOAD_JOB), RESOURCE_JOB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths), cmocka_unit_test(kinds)};
    return cmocka_run_group_tests_name("resource", tests, NULL, NULL);
}
