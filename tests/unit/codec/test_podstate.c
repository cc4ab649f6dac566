/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as the API tells them → what is known of the run. domain/podstate.c gives the reasons. */
#include <string.h>

#include "case_file.h"
#include "codec/decode.h"
#include "domain/podstate.h"

static const char *const ends[] = {
    [RUN_PENDING] = "Pending",
    [RUN_RUNNING] = "Running",
    [RUN_ENDED] = "Ended",
    [RUN_UNPROVEN] = "Unproven",
};

static void put_flag(json_t *object, const char *key, bool flag)
{
    if (flag) {
        (void)json_object_set_new(object, key, json_true());
    }
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        (void)json_object_set_new(object, key, json_string(text));
    }
}

/* The judgement as JSON; what is false or absent is left out. New. */
static json_t *state_json(const struct run_state *run)
{
    json_t *object = json_object();
    put_text(object, "end", ends[run->end]);
    put_flag(object, "ever_started", run->ever_started);
    put_flag(object, "proven_ended", run->proven_ended);
    put_flag(object, "succeeded", run->succeeded);
    put_flag(object, "is_unsure", run->is_unsure);
    put_flag(object, "is_interrupted", run->is_interrupted);
    if (run->has_exit_code) {
        (void)json_object_set_new(object, "exit_code", json_integer(run->exit_code));
    }
    if (run->check.has_ended) {
        json_t *check = json_pack("{s:I, s:s*}", "exit_code", (json_int_t)run->check.exit_code,
                                  "message", run->check.message);
        (void)json_object_set_new(object, "check", check);
    }
    put_text(object, "reason", run->reason);
    put_text(object, "message", run->message);
    put_text(object, "waiting_reason", run->waiting_reason);
    put_text(object, "waiting_message", run->waiting_message);
    put_text(object, "image_id", run->image_id);
    return object;
}

static size_t decode_pods(struct arena *arena, const json_t *list, struct pod **ret_pods)
{
    size_t count = json_array_size(list);
    struct pod *pods = arena_array(arena, count + 1, sizeof(*pods));
    for (size_t i = 0; i < count; i++) {
        json_auto_t *object = case_json("{\"metadata\": {\"name\": \"p\", \"uid\": \"u\"},"
                                        " \"spec\": {\"nodeName\": \"node-1\","
                                        "  \"containers\": [{\"name\": \"migration\"}]}}");
        struct err err = {0};
        assert_int_equal(json_object_update_recursive(object, json_array_get(list, i)), 0);
        if (!pod_decode(arena, object, &pods[i], &err)) {
            fail_msg("%s", err.text);
        }
    }
    *ret_pods = pods;
    return count;
}

static void test_case(void **state)
{
    const json_t *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct pod *pods = NULL;
    size_t count = decode_pods(&arena, json_object_get(row, "pods"), &pods);
    struct run_state run;
    run_state_judge(&arena, pods, count, "migration", &run);
    assert_int_equal(run.pods, count);
    json_auto_t *have = state_json(&run);
    json_auto_t *want = json_deep_copy(json_object_get(row, "expect"));
    const json_t *run_started = json_object_get(want, "run_started"); /* where a row is about it */
    if (run_started != NULL) {
        assert_int_equal(run.run_started, json_is_true(run_started));
        (void)json_object_del(want, "run_started");
    }
    assert_json_equal(have, want);
    /* Whatever the case: what is not proven has not succeeded. */
    assert_true(!run.succeeded || (run.proven_ended && run.ever_started && !run.is_interrupted));
    assert_int_equal(run.proven_ended, run.end == RUN_ENDED);
}

static const char finished[] =
    "[{\"status\": {\"phase\": \"Failed\", \"containerStatuses\": [{\"name\": \"migration\","
    " \"state\": {\"terminated\": {\"exitCode\": 1, \"startedAt\": \"2026-11-22T02:02:03Z\","
    "  \"finishedAt\": \"2026-11-22T02:02:13Z\"}}}]}}]";

static void test_times(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *list = case_json(finished);
    struct pod *pods = NULL;
    size_t count = decode_pods(&arena, list, &pods);
    struct run_state run;
    run_state_judge(&arena, pods, count, "migration", &run);
    assert_int_equal(run.start_s, 1795312923);
    assert_int_equal(run.end_s, 1795312933);
}

/* The end of the output is kept, from the start of a character on. */
static void test_long_message(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *list = case_json(finished);
    struct pod *pods = NULL;
    size_t count = decode_pods(&arena, list, &pods);
    char *text = arena_alloc(&arena, 4096);
    memset(text, ' ', 4000);
    for (size_t at = 1; at + 3 < 3990; at += 3) {
        memcpy(text + at, "\xe2\x82\xac", 3);
    }
    pods[0].containers[0].message = text;
    struct run_state run;
    run_state_judge(&arena, pods, count, "migration", &run);
    size_t len = strlen(run.message);
    assert_true(len <= RUN_MESSAGE_MAX && len > RUN_MESSAGE_MAX - 3);
    assert_int_equal(strncmp(run.message, "...\xe2\x82\xac", 6), 0);
    assert_string_equal(run.message + len - 3, "\xe2\x82\xac");
}

static void test_run_container_without_a_name(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    json_auto_t *list = case_json(finished);
    struct pod *pods = NULL;
    size_t count = decode_pods(&arena, list, &pods);
    struct run_state run;
    run_state_judge(&arena, pods, count, NULL, &run);
    assert_string_equal(run.reason, "ExitCode");
    pods[0].facts.default_container = "other";
    run_state_judge(&arena, pods, count, NULL, &run);
    assert_string_equal(run.reason, "ContainerFailed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_long_message),
        cmocka_unit_test(test_run_container_without_a_name),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    return failures + case_file_run("podstate.json", test_case);
}
