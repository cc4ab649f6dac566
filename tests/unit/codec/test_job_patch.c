/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "case_file.h"
#include "codec/event.h"
#include "codec/job_patch.h"

static const struct meta migration = {
    .ns = "shop", .name = "orders-0003", .uid = "m-uid", .resource_version = "7"};

static void test_arm(void **state)
{
    (void)state;
    assert_json_is(job_arm_patch("u", 0),
                   "{\"metadata\": {\"uid\": \"u\", \"finalizers\": [\"interlude.dev/outcome\"]},"
                   " \"spec\": {\"parallelism\": 1}}");
    assert_json_is(job_arm_patch("u", 3600),
                   "{\"metadata\": {\"uid\": \"u\", \"finalizers\": [\"interlude.dev/outcome\"]},"
                   " \"spec\": {\"parallelism\": 1, \"activeDeadlineSeconds\": 3600}}");
}

static void test_end(void **state)
{
    (void)state;
    assert_json_is(job_end_patch("u", "7"),
                   "{\"metadata\": {\"uid\": \"u\", \"resourceVersion\": \"7\"},"
                   " \"spec\": {\"activeDeadlineSeconds\": 1}}");
}

static void test_let_go(void **state)
{
    (void)state;
    assert_json_is(
        job_let_go_patch("u", &migration, 600),
        "{\"metadata\": {\"uid\": \"u\","
        "  \"$deleteFromPrimitiveList/finalizers\": [\"interlude.dev/outcome\"],"
        "  \"ownerReferences\": [{\"apiVersion\": \"interlude.dev/v1alpha1\","
        "   \"kind\": \"SchemaMigration\", \"name\": \"orders-0003\", \"uid\": \"m-uid\"}]},"
        " \"spec\": {\"ttlSecondsAfterFinished\": 600}}");
}

static void test_let_go_of_an_orphan_for_good(void **state)
{
    (void)state;
    assert_json_is(job_let_go_patch("u", NULL, -1),
                   "{\"metadata\": {\"uid\": \"u\","
                   " \"$deleteFromPrimitiveList/finalizers\": [\"interlude.dev/outcome\"]}}");
}

static void test_let_go_of_a_pod(void **state)
{
    (void)state;
    const struct meta pod = {.uid = "p"};
    assert_json_is(pod_let_go_patch(&pod),
                   "{\"metadata\": {\"uid\": \"p\","
                   " \"$deleteFromPrimitiveList/finalizers\": [\"interlude.dev/outcome\"]}}");
}

static void test_delete(void **state)
{
    (void)state;
    assert_json_is(delete_options("u", "12"),
                   "{\"apiVersion\": \"v1\", \"kind\": \"DeleteOptions\","
                   " \"preconditions\": {\"uid\": \"u\", \"resourceVersion\": \"12\"},"
                   " \"propagationPolicy\": \"Background\"}");
    assert_json_is(delete_options("u", NULL),
                   "{\"apiVersion\": \"v1\", \"kind\": \"DeleteOptions\","
                   " \"preconditions\": {\"uid\": \"u\"}, \"propagationPolicy\": \"Background\"}");
}

static void test_event(void **state)
{
    (void)state;
    const struct event event = {
        .name = "orders-0003.1.running",
        .api_version = API_VERSION,
        .kind = "SchemaMigration",
        .about = &migration,
        .is_warning = true,
        .reason = "Breach",
        .message = "it broke",
        .at_s = 1795312923,
        .instance = "interlude-0",
    };
    assert_json_is(
        event_build(&event),
        "{\"apiVersion\": \"v1\", \"kind\": \"Event\","
        " \"metadata\": {\"name\": \"orders-0003.1.running\", \"namespace\": \"shop\"},"
        " \"involvedObject\": {\"apiVersion\": \"interlude.dev/v1alpha1\","
        "  \"kind\": \"SchemaMigration\", \"namespace\": \"shop\", \"name\": \"orders-0003\","
        "  \"uid\": \"m-uid\"},"
        " \"type\": \"Warning\", \"reason\": \"Breach\", \"message\": \"it broke\","
        " \"source\": {\"component\": \"interlude\"}, \"reportingComponent\": \"interlude\","
        " \"reportingInstance\": \"interlude-0\", \"firstTimestamp\": \"2026-11-22T02:02:03Z\","
        " \"lastTimestamp\": \"2026-11-22T02:02:03Z\", \"count\": 1}");
}

/* The server refuses a longer message, and one that ends inside a character. */
static void test_event_message_is_cut(void **state)
{
    (void)state;
    char message[3 * EVENT_MESSAGE_MAX + 1] = "";
    for (size_t i = 0; i < EVENT_MESSAGE_MAX; i++) {
        memcpy(message + 3 * i, "\xe2\x82\xac", 4);
    }
    struct event event = {.name = "e", .about = &migration, .message = message};
    json_auto_t *object = event_build(&event);
    const char *cut = case_text(object, "message");
    size_t len = strlen(cut);
    assert_true(len <= EVENT_MESSAGE_MAX && len > EVENT_MESSAGE_MAX - 6);
    assert_string_equal(cut + len - 6, "\xe2\x82\xac...");

    message[EVENT_MESSAGE_MAX] = '\0';
    memset(message, 'x', EVENT_MESSAGE_MAX);
    json_auto_t *whole = event_build(&event);
    assert_string_equal(case_text(whole, "message"), message);
}

static void test_event_without_a_message(void **state)
{
    (void)state;
    struct event event = {.name = "e", .about = &migration};
    json_auto_t *object = event_build(&event);
    assert_string_equal(case_text(object, "message"), "");
    assert_string_equal(case_text(object, "type"), "Normal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arm),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_let_go),
        cmocka_unit_test(test_let_go_of_an_orphan_for_good),
        cmocka_unit_test(test_let_go_of_a_pod),
        cmocka_unit_test(test_delete),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_event_message_is_cut),
        cmocka_unit_test(test_event_without_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
