/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "case_file.h"
#include "codec/lease.h"

static bool decode(struct arena *arena, const char *text, struct lease *ret, struct err *err)
{
    json_auto_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    return lease_decode(arena, object, ret, err);
}

/* As client-go writes it: its leaseTransitions, and its times to the microsecond, are kept as they are. */
static void test_of_client_go(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct lease lease;
    struct err err = {0};
    assert_true(
        decode(&arena,
               "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
               "\"metadata\":{\"name\":\"l\",\"namespace\":\"n\",\"resourceVersion\":\"42\"},"
               "\"spec\":{\"holderIdentity\":\"host_1-2\",\"leaseDurationSeconds\":15,"
               "\"acquireTime\":\"2026-11-22T01:02:03.000004Z\","
               "\"renewTime\":\"2026-11-22T01:02:05.600000Z\",\"leaseTransitions\":3}}",
               &lease, &err));
    assert_string_equal(lease.resource_version, "42");
    assert_string_equal(lease.holder, "host_1-2");
    assert_int_equal(lease.duration_s, 15);
    assert_string_equal(lease.acquired, "2026-11-22T01:02:03.000004Z");
    assert_string_equal(lease.renewed, "2026-11-22T01:02:05.600000Z");
    assert_int_equal(lease.transitions, 3);
    arena_fini(&arena);
}

static void test_of_nobody(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"metadata\":{\"resourceVersion\":\"1\"}}",
                                        "{\"metadata\":{\"resourceVersion\":\"1\"},\"spec\":{}}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct arena arena = {0};
        struct lease lease;
        struct err err = {0};
        const struct lease empty = {0};
        assert_true(decode(&arena, texts[i], &lease, &err));
        assert_true(lease_same(&lease, &empty));
        arena_fini(&arena);
    }
}

static const struct row {
    const char *name;
    const char *text;
    const char *error;
} bad[] = {
    {"no version", "{\"metadata\":{}}", "metadata.resourceVersion"},
    {"a holder that is no text",
     "{\"metadata\":{\"resourceVersion\":\"1\"},\"spec\":{\"holderIdentity\":1}}",
     "spec.holderIdentity"},
    {"transitions that are no number",
     "{\"metadata\":{\"resourceVersion\":\"1\"},\"spec\":{\"leaseTransitions\":\"1\"}}",
     "spec.leaseTransitions"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct arena arena = {0};
        struct lease lease;
        struct err err = {0};
        assert_false(decode(&arena, bad[i].text, &lease, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_ptr_equal(strstr(err.text, bad[i].error), err.text);
        arena_fini(&arena);
    }
}

static void test_build(void **state)
{
    (void)state;
    const struct lease record = {"42", "me", 15, "a", "r", 3};
    assert_json_is(lease_build("n", "l", &record),
                   "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
                   "\"metadata\":{\"namespace\":\"n\",\"name\":\"l\",\"resourceVersion\":\"42\"},"
                   "\"spec\":{\"holderIdentity\":\"me\",\"leaseDurationSeconds\":15,"
                   "\"acquireTime\":\"a\",\"renewTime\":\"r\",\"leaseTransitions\":3}}");
    /* Released: an empty holder is written, and not left out. */
    const struct lease released = {NULL, "", 1, "a", "r", 0};
    assert_json_is(lease_build("n", "l", &released),
                   "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
                   "\"metadata\":{\"namespace\":\"n\",\"name\":\"l\"},"
                   "\"spec\":{\"holderIdentity\":\"\",\"leaseDurationSeconds\":1,"
                   "\"acquireTime\":\"a\",\"renewTime\":\"r\",\"leaseTransitions\":0}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_client_go),
        cmocka_unit_test(test_of_nobody),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_build),
    };
    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
