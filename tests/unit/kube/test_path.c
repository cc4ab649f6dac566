/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/arena.h"
#include "base/attrs.h"
#include "kube/path.h"

struct row {
    struct kube_path path;
    const char *text;
};

static const struct row rows[] = {
    {{.group_version = "v1", .resource = "namespaces"}, "/api/v1/namespaces"},
    {{.group_version = "v1", .resource = "namespaces", .name = "shop"}, "/api/v1/namespaces/shop"},
    {{.group_version = "v1", .ns = "shop", .resource = "pods"}, "/api/v1/namespaces/shop/pods"},
    {{.group_version = "apps/v1", .ns = "shop", .resource = "deployments", .name = "orders-api"},
     "/apis/apps/v1/namespaces/shop/deployments/orders-api"},
    {{.group_version = "interlude.dev/v1alpha1",
      .ns = "shop",
      .resource = "databases",
      .name = "orders",
      .subresource = "status"},
     "/apis/interlude.dev/v1alpha1/namespaces/shop/databases/orders/status"},
    {{.group_version = "rbac.authorization.k8s.io/v1",
      .resource = "clusterroles",
      .name = "system:node"},
     "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode"},
    {{.group_version = "v1", .ns = "a b", .resource = "pods", .name = "x?y#z&=+"},
     "/api/v1/namespaces/a%20b/pods/x%3Fy%23z%26%3D%2B"},
    {{.group_version = "v1", .ns = "shop", .resource = "pods", .name = "\xc3\xa4"},
     "/api/v1/namespaces/shop/pods/%C3%A4"},
    /* Names that are never valid address nothing, and nothing else: the server sees "%..." in them. */
    {{.group_version = "v1", .ns = "shop", .resource = "pods", .name = ""},
     "/api/v1/namespaces/shop/pods/%25"},
    {{.group_version = "v1", .ns = "shop", .resource = "pods", .name = ".."},
     "/api/v1/namespaces/shop/pods/%25.."},
    {{.group_version = "v1", .ns = ".", .resource = "pods"}, "/api/v1/namespaces/%25./pods"},
    {{.group_version = "v1", .ns = "shop", .resource = "pods", .name = "x/status"},
     "/api/v1/namespaces/shop/pods/%25x%252Fstatus"},
    {{.group_version = "v1", .ns = "shop", .resource = "pods", .name = "../../a/secrets/b"},
     "/api/v1/namespaces/shop/pods/%25..%252F..%252Fa%252Fsecrets%252Fb"},
    {{.group_version = "v1", .ns = "shop", .resource = "pods", .name = "x%2Fstatus"},
     "/api/v1/namespaces/shop/pods/%25x%25252Fstatus"},
};

static void test_text(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(kube_path_text(&arena, &rows[i].path), rows[i].text);
    }
}

static void test_query(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    char *path = kube_path_query(&arena, "/api/v1/pods", "labelSelector", "a=b,c in (d, e)");
    assert_string_equal(path, "/api/v1/pods?labelSelector=a%3Db%2Cc%20in%20%28d%2C%20e%29");
    path = kube_path_query(&arena, path, "limit", "500");
    assert_string_equal(path,
                        "/api/v1/pods?labelSelector=a%3Db%2Cc%20in%20%28d%2C%20e%29&limit=500");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
