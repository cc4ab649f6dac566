/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_server.h"
#include "kube/auth_internal.h"
#include "kube/client.h"
#include "kube/watch_internal.h"

#define STEPS_MAX   8
#define PATIENCE_MS 15000
/* Time for what should not come to come. */
#define SURPLUS_MS 60

static const struct watch_timing quick = {
    .least_s = 300,
    .most_s = 300,
    .slack_ms = 30000,
    .answer_ms = 300,
    .silence_ms = 300,
    .steady_ms = 5000,
    .line_max = (size_t)64 * 1024,
    .backoff = {.first_ms = 10, .largest_ms = 100},
};

/* Event lines. */
#define META(name, version)                                                                        \
    "\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}"
#define EVENT(type, name, version) "{\"type\":\"" type "\",\"object\":{" META(name, version) "}}\n"
#define BOOKMARK(version)                                                                          \
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version "\"}}}\n"
#define ALL_CAME(version)                                                                          \
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version              \
    "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define STATUS(code, reason)                                                                       \
    "{\"kind\":\"Status\",\"code\":" code ",\"reason\":\"" reason "\",\"message\":\"m\"}"
#define ERROR(code, reason) "{\"type\":\"ERROR\",\"object\":" STATUS(code, reason) "}\n"
#define PAGE(more, version, items)                                                                 \
    "{\"metadata\":{\"resourceVersion\":\"" version "\",\"continue\":\"" more                      \
    "\"},\"items\":[" items "]}"
#define ITEM(name) "{" META(name, "7") "}"

/* What is asked for, as much as tells the steps apart. */
#define STREAM      "sendInitialEvents=true"
#define RESUME(v)   "resourceVersion=" v
#define LIST        "/things?limit=500"
#define MORE(token) "limit=500&continue=" token

struct row {
    const char *name;
    struct fake_reply replies[STEPS_MAX];
    const char *heard; /* what the handler heard, in order */
    bool is_default;   /* with the times and limits of production */
    int64_t least_ms;  /* it must take at least so long */
};

static const struct row rows[] = {
    {.name = "a stream with everything",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = EVENT("ADDED", "a", "3") EVENT("ADDED", "b", "9") ALL_CAME("10")
                      EVENT("MODIFIED", "a", "11") BOOKMARK("12") EVENT("DELETED", "b", "13")
                          EVENT("ADDED", "c", "14"),
                  .end = FAKE_HANG}},
     .heard = "restart +a +b synced ~a -b +c "},
    {.name = "an empty collection",
     .replies = {{.match = STREAM, .status = 200, .body = ALL_CAME("1"), .end = FAKE_HANG}},
     .heard = "restart synced "},
    {.name = "slow bytes",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = EVENT("ADDED", "a", "3") ALL_CAME("10") EVENT("ADDED", "b", "11"),
                  .end = FAKE_DRIP}},
     .heard = "restart +a synced +b "},
    {.name = "422: the server has no streaming lists",
     .replies =
         {{.match = STREAM, .status = 422, .body = STATUS("422", "Invalid")},
          {.match = LIST, .status = 200, .body = PAGE("x=/1", "", ITEM("a"))},
          {.match = MORE("x%3D%2F1"), .status = 200, .body = PAGE("", "20", ITEM("b"))},
          {.match = RESUME("20"),
           .status = 200,
           .body = EVENT("ADDED", "c", "21"),
           .end = FAKE_CUT},
          {.match = RESUME("21"), .status = 200, .body = ERROR("410", "Expired"), .end = FAKE_HANG},
          /* The list at once: the refusal is remembered. */
          {.match = LIST, .status = 200, .body = PAGE("", "30", "")},
          {.match = RESUME("30"), .status = 200, .end = FAKE_HANG}},
     .heard = "restart +a +b synced +c !Transient restart synced "},
    {.name = "400: likewise",
     .replies = {{.match = STREAM, .status = 400, .body = "bad"},
                 {.match = LIST, .status = 200, .body = PAGE("", "20", ITEM("a"))},
                 {.match = RESUME("20"), .status = 200, .end = FAKE_HANG}},
     .heard = "restart +a synced "},
    {.name = "410 in the middle of a list",
     .replies = {{.match = STREAM, .status = 422},
                 {.match = LIST, .status = 200, .body = PAGE("t", "", ITEM("a"))},
                 {.match = MORE("t"), .status = 410, .body = STATUS("410", "Expired")},
                 {.match = LIST, .status = 200, .body = PAGE("", "20", ITEM("b"))},
                 {.match = RESUME("20"), .status = 200, .end = FAKE_HANG}},
     .heard = "restart +a restart +b synced "},
    {.name = "503 in the middle of a list",
     .replies = {{.match = STREAM, .status = 422},
                 {.match = LIST, .status = 200, .body = PAGE("t", "", ITEM("a"))},
                 {.match = MORE("t"), .status = 503, .body = "no"},
                 {.match = MORE("t"), .status = 200, .body = PAGE("", "20", ITEM("b"))},
                 {.match = RESUME("20"), .status = 200, .end = FAKE_HANG}},
     .heard = "restart +a !Transient +b synced "},
    {.name = "a list without items",
     .replies = {{.match = STREAM, .status = 422},
                 {.match = LIST, .status = 200, .body = "{\"kind\":\"Pod\"}"},
                 {.match = LIST, .status = 200, .body = PAGE("", "", "")},
                 {.match = LIST, .status = 200, .body = PAGE("", "20", "")},
                 {.match = RESUME("20"), .status = 200, .end = FAKE_HANG}},
     .heard = "!Invalid restart !Invalid restart synced "},
    {.name = "a list whose items are null is an empty one",
     .replies = {{.match = STREAM, .status = 422},
                 {.match = LIST,
                  .status = 200,
                  .body = "{\"metadata\":{\"resourceVersion\":\"20\"},\"items\":null}"},
                 {.match = RESUME("20"), .status = 200, .end = FAKE_HANG}},
     .heard = "restart synced "},
    {.name = "the server ends the stream",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = EVENT("ADDED", "a", "3") ALL_CAME("10") BOOKMARK("50")},
                 {.match = RESUME("50"),
                  .status = 200,
                  .body = EVENT("MODIFIED", "a", "60"),
                  .end = FAKE_HANG}},
     .heard = "restart +a synced ~a "},
    {.name = "the server ends the stream before all came",
     .replies = {{.match = STREAM, .status = 200, .body = EVENT("ADDED", "a", "3")},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_HANG}},
     .heard = "restart +a !Transient restart synced "},
    {.name = "a cut in the middle of a line",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = EVENT("ADDED", "a", "3") ALL_CAME("10")
                      EVENT("ADDED", "b", "11") "{\"type\":\"ADDED\",\"obj",
                  .end = FAKE_CUT},
                 {.match = RESUME("11"),
                  .status = 200,
                  .body = EVENT("ADDED", "c", "12"),
                  .end = FAKE_HANG}},
     .heard = "restart +a synced +b !Transient +c "},
    {.name = "a cut before all came",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = EVENT("ADDED", "a", "3") BOOKMARK("4"),
                  .end = FAKE_CUT},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_HANG}},
     .heard = "restart +a !Transient restart synced "},
    {.name = "a connection that closes without an answer",
     .replies = {{.match = STREAM, .end = FAKE_CUT},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_HANG}},
     .heard = "!Transient restart synced "},
    {.name = "an ERROR event with 410",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = EVENT("ADDED", "a", "3") ALL_CAME("10") ERROR("410", "Expired")
                      EVENT("ADDED", "never", "11"),
                  .end = FAKE_HANG},
                 {.match = STREAM,
                  .status = 200,
                  .body = EVENT("ADDED", "b", "19") ALL_CAME("20"),
                  .end = FAKE_HANG}},
     .heard = "restart +a synced restart +b synced "},
    {.name = "410 as an answer",
     .replies = {{.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_CUT},
                 {.match = RESUME("10"), .status = 410, .body = STATUS("410", "Gone")},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("20"), .end = FAKE_HANG}},
     .heard = "restart synced !Transient restart synced "},
    {.name = "an ERROR event of another kind",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = ALL_CAME("10") ERROR("500", "InternalError"),
                  .end = FAKE_HANG},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("20"), .end = FAKE_HANG}},
     .heard = "restart synced !Transient restart synced "},
    {.name = "garbage",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = ALL_CAME("10") "<html>\n" EVENT("ADDED", "never", "11"),
                  .end = FAKE_HANG},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("20"), .end = FAKE_HANG}},
     .heard = "restart synced !Invalid restart synced "},
    {.name = "JSON that is no event",
     .replies =
         {{.match = STREAM, .status = 200, .body = "[1]\n", .end = FAKE_HANG},
          {.match = STREAM, .status = 200, .body = "{\"type\":\"ADDED\"}\n"},
          {.match = STREAM, .status = 200, .body = EVENT("RENAMED", "a", "3"), .end = FAKE_HANG},
          {.match = STREAM,
           .status = 200,
           .body = ALL_CAME("10") "{\"type\":\"ADDED\",\"object\":{}}\n",
           .end = FAKE_HANG},
          {.match = STREAM,
           .status = 200,
           .body = ALL_CAME("10") "{\"type\":\"BOOKMARK\",\"object\":{}}\n",
           .end = FAKE_HANG},
          {.match = STREAM, .status = 200, .body = ALL_CAME("20"), .end = FAKE_HANG}},
     .heard = "!Invalid !Invalid !Invalid restart synced !Invalid restart synced !Invalid "
              "restart synced "},
    {.name = "a NUL in a text is no garbage",
     .replies = {{.match = STREAM,
                  .status = 200,
                  .body = "{\"type\":\"ADDED\",\"object\":{\"data\":\"\\u0000\"," META(
                      "a", "3") "}}\n" ALL_CAME("10"),
                  .end = FAKE_HANG}},
     .heard = "restart +a synced "},
    {.name = "a line of 100 MiB",
     .is_default = true,
     .replies = {{.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_FLOOD},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("20"), .end = FAKE_HANG}},
     .heard = "restart synced !Invalid restart synced "},
    {.name = "an answer of 100 MiB that is none",
     .replies = {{.match = STREAM, .status = 500, .body = "no", .end = FAKE_FLOOD},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("20"), .end = FAKE_HANG}},
     .heard = "!Transient restart synced "},
    {.name = "429 with Retry-After",
     .replies = {{.match = STREAM, .status = 429, .header = "Retry-After: 1\r\n", .body = "slow"},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("20"), .end = FAKE_HANG}},
     .heard = "!Transient restart synced ",
     .least_ms = 1000},
    {.name = "silence",
     .replies = {{.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_HANG},
                 {.match = RESUME("10"),
                  .status = 200,
                  .body = EVENT("ADDED", "a", "11"),
                  .end = FAKE_HANG}},
     .heard = "restart synced !Transient +a ",
     .least_ms = 300},
    {.name = "no answer",
     .replies = {{.match = STREAM, .end = FAKE_HANG},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_HANG}},
     .heard = "!Transient restart synced ",
     .least_ms = 300},
    {.name = "403",
     .replies = {{.match = STREAM, .status = 403, .body = STATUS("403", "Forbidden")},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_CUT},
                 {.match = RESUME("10"), .status = 403},
                 {.match = RESUME("10"),
                  .status = 200,
                  .body = EVENT("ADDED", "a", "11"),
                  .end = FAKE_HANG}},
     .heard = "!Forbidden restart synced !Transient !Forbidden +a "},
    {.name = "404: no such kind",
     .replies = {{.match = STREAM, .status = 404, .body = "404 page not found\n"},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_CUT},
                 {.match = RESUME("10"), .status = 404},
                 {.match = STREAM, .status = 200, .body = ALL_CAME("20"), .end = FAKE_HANG}},
     .heard = "!NotFound restart synced !Transient !NotFound restart synced "},
};

/* One watch, what it may do, and what was heard. */
struct place {
    struct loop *loop;
    struct kube_config config;
    struct kube_client *client;
    struct kube_watch *watch;
    struct fake_server server;
    struct buf heard;
    bool is_metadata_only;
    const char *wanted;  /* the loop ends a little after this was heard */
    size_t requests;     /* and so many requests were seen; 0: any number */
    const char *stop_at; /* the watch is stopped when the last word is this; NULL: never */
    struct loop_timer end;
    int64_t patience_ms; /* at this time the loop ends in any case */
};

static struct fake_pki pki; /* made once: keys take time */

static void hear(struct place *place, const char *sign, const char *word)
{
    assert_true(buf_printf(&place->heard, "%s%s ", sign, word));
    if (place->stop_at != NULL && str_ends_with(buf_text(&place->heard), place->stop_at)) {
        kube_watch_stop(place->watch);
        place->watch = NULL;
    }
    if (str_eq(buf_text(&place->heard), place->wanted)) {
        loop_timer_start(place->loop, &place->end, clock_now_ms() + SURPLUS_MS);
    }
}

static void on_object(void *arg, enum kube_event event, const json_t *object)
{
    static const char *const signs[] = {
        [KUBE_ADDED] = "+", [KUBE_MODIFIED] = "~", [KUBE_DELETED] = "-"};
    const json_t *metadata = json_object_get(object, "metadata");
    const char *name = json_string_value(json_object_get(metadata, "name"));
    hear(arg, signs[event], name == NULL ? "?" : name);
}

static void on_restart(void *arg)
{
    hear(arg, "", "restart");
}

static void on_synced(void *arg)
{
    hear(arg, "", "synced");
}

static void on_error(void *arg, const struct err *err)
{
    assert_true(err->text[0] != '\0');
    hear(arg, "!", err_kind_name(err->kind));
}

static const struct kube_watch_handler handler = {on_object, on_restart, on_synced, on_error};

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

static void end_turns(void *arg)
{
    struct place *place = arg;
    int64_t now_ms = clock_now_ms();
    if (place->requests > 0 && now_ms < place->patience_ms &&
        count_lines(fake_server_log(&place->server)) < place->requests) {
        loop_timer_start(place->loop, &place->end, now_ms + SURPLUS_MS);
    } else {
        loop_stop(place->loop);
    }
}

static void place_init(struct place *place, const struct fake_reply *replies, size_t count,
                       const struct kube_auth_spec *auth)
{
    static const struct kube_auth_spec token = {.token = "secret"};
    struct err err = {0};
    *place = (struct place){.wanted = ""};
    fake_server_start(&place->server, &pki, replies, count);
    place->loop = loop_new(&err);
    place->end = (struct loop_timer){.fn = end_turns, .arg = place};
    place->config.server = xstrdup(place->server.url);
    place->config.ca_data = xstrdup(pki.ca);
    assert_true(kube_auth_new(auth == NULL ? &token : auth, &place->config.auth, &err));
    place->client = kube_client_new(place->loop, &place->config, &err);
    assert_non_null(place->client);
    buf_init(&place->heard, 65536);
}

static void place_fini(struct place *place)
{
    kube_watch_stop(place->watch);
    kube_client_free(place->client);
    kube_config_fini(&place->config);
    loop_timer_stop(place->loop, &place->end);
    loop_free(place->loop);
    fake_server_stop(&place->server);
    buf_fini(&place->heard);
}

static void watch_until(struct place *place, const char *wanted, const struct watch_timing *timing)
{
    const struct kube_watch_spec spec = {.path = "/apis/test/v1/things",
                                         .label_selector = "a=b",
                                         .field_selector = "c=d",
                                         .is_metadata_only = place->is_metadata_only};
    struct err err = {0};
    place->wanted = wanted;
    if (timing == NULL) {
        place->watch = kube_watch_start(place->client, &spec, &handler, place);
    } else {
        place->watch = kube_watch_start_timed(place->client, &spec, &handler, place, timing);
    }
    place->patience_ms = clock_now_ms() + PATIENCE_MS;
    loop_timer_start(place->loop, &place->end, place->patience_ms);
    assert_true(loop_run(place->loop, &err));
    assert_string_equal(buf_text(&place->heard), wanted);
}

static size_t count_replies(const struct fake_reply *replies)
{
    size_t count = 0;
    while (count < STEPS_MAX && replies[count].match != NULL) {
        count++;
    }
    return count;
}

/* The selectors first, as the macros above leave them out. */
static void test_row(void **state)
{
    const struct row *row = *state;
    struct fake_reply replies[STEPS_MAX];
    size_t count = count_replies(row->replies);
    for (size_t i = 0; i < count; i++) {
        replies[i] = row->replies[i];
        if (str_eq(replies[i].match, LIST)) {
            replies[i].match = "/things?labelSelector=a%3Db&fieldSelector=c%3Dd&limit=500";
        }
    }
    struct place place;
    place_init(&place, replies, count, NULL);
    place.requests = count;
    int64_t start_ms = clock_now_ms();
    watch_until(&place, row->heard, row->is_default ? NULL : &quick);
    assert_true(clock_now_ms() - start_ms >= row->least_ms);
    /* Every reply was asked for, in order, and nothing else. */
    const char *log = fake_server_log(&place.server);
    assert_null(strchr(log, '!'));
    assert_int_equal(count_lines(log), count);
    assert_true(kube_watch_is_synced(place.watch));
    place_fini(&place);
}

static void test_401_reads_the_token_again(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = STREAM, .status = 401, .body = STATUS("401", "Unauthorized")},
        {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_HANG},
    };
    (void)state;
    char path[] = "/tmp/interlude-test-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "old", 3), 3);
    const struct kube_auth_spec auth = {.token_file = path};
    struct place place;
    place_init(&place, replies, ARRAY_LEN(replies), &auth);
    assert_int_equal(pwrite(fd, "new", 3, 0), 3);
    /* Either way the server must see the new one in the end, and the handler no error. */
    watch_until(&place, "restart synced ", &quick);
    assert_non_null(strstr(fake_server_log(&place.server), "Bearer new"));
    place_fini(&place);
    (void)close(fd);
    (void)unlink(path);
}

static void test_401_for_good(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = STREAM, .status = 401},
        {.match = STREAM, .status = 401},
        {.match = STREAM, .status = 401},
        {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_HANG},
    };
    (void)state;
    struct place place;
    place_init(&place, replies, ARRAY_LEN(replies), NULL);
    watch_until(&place, "!Unauthorized !Unauthorized restart synced ", &quick);
    place_fini(&place);
}

/* A server that is not there at all: tried again, ever more slowly. */
static void test_no_server(void **state)
{
    static const struct fake_reply none[1] = {{0}};
    (void)state;
    struct place place;
    place_init(&place, none, 1, NULL);
    fake_server_stop(&place.server);
    int64_t start_ms = clock_now_ms();
    struct watch_timing timing = quick;
    timing.backoff.largest_ms = 320; /* so that nothing comes in the time for what should not */
    watch_until(&place, "!Transient !Transient !Transient !Transient !Transient ", &timing);
    assert_true(clock_now_ms() - start_ms >= 5 + 10 + 20 + 40);
    place.server.pid = fork();
    if (place.server.pid == 0) {
        _exit(0);
    }
    place_fini(&place);
}

static void test_is_synced_follows_the_stream(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = STREAM, .status = 200, .body = ALL_CAME("10"), .end = FAKE_CUT},
        {.match = RESUME("10"), .status = 503},
        {.match = RESUME("10"), .status = 503, .header = "Retry-After: 5\r\n"},
    };
    (void)state;
    struct place place;
    place_init(&place, replies, ARRAY_LEN(replies), NULL);
    watch_until(&place, "restart synced !Transient !Transient !Transient ", &quick);
    assert_false(kube_watch_is_synced(place.watch));
    place_fini(&place);
}

/* The watch is stopped from within each of its callbacks; nothing is heard after that. */
static void test_stop_in_a_callback(void **state)
{
    static const struct fake_reply stream[] = {
        {.match = STREAM,
         .status = 200,
         .body = EVENT("ADDED", "a", "3") EVENT("ADDED", "b", "4") ALL_CAME("10")
             EVENT("ADDED", "c", "11") ERROR("500", "InternalError"),
         .end = FAKE_HANG},
    };
    static const struct fake_reply list[] = {
        {.match = STREAM, .status = 422},
        {.match = "limit=500", .status = 200, .body = PAGE("", "9", ITEM("a") "," ITEM("b"))},
        {.match = RESUME("9"),
         .status = 200,
         .body = ERROR("500", "InternalError"),
         .end = FAKE_HANG},
    };
    static const char *const heard[] = {"restart ", "restart +a ", "restart +a +b ",
                                        "restart +a +b synced "};
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < ARRAY_LEN(heard); i++) {
            struct place place;
            place_init(&place, kind == 0 ? stream : list, kind == 0 ? 1 : 3, NULL);
            place.stop_at = heard[i];
            watch_until(&place, heard[i], &quick);
            assert_null(place.watch);
            place_fini(&place);
        }
    }
    struct place place;
    place_init(&place, stream, 1, NULL);
    place.stop_at = "!Transient ";
    watch_until(&place, "restart +a +b synced +c !Transient ", &quick);
    place_fini(&place);
}

/* Two watches: the second profits from what the first learnt. */
static void test_refusal_is_remembered_for_all(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = STREAM, .status = 422},
        {.match = "limit=500", .status = 200, .body = PAGE("", "9", "")},
        {.match = RESUME("9"), .status = 200, .end = FAKE_HANG},
        {.match = "limit=500", .status = 200, .body = PAGE("", "9", "")},
        {.match = RESUME("9"), .status = 200, .end = FAKE_HANG},
    };
    (void)state;
    struct place place;
    place_init(&place, replies, ARRAY_LEN(replies), NULL);
    place.requests = 3;
    watch_until(&place, "restart synced ", &quick);
    place.requests = 5;
    struct kube_watch *first = place.watch;
    watch_until(&place, "restart synced restart synced ", &quick);
    kube_watch_stop(first);
    assert_null(strchr(fake_server_log(&place.server), '!'));
    place_fini(&place);
}

/* No step asks for more than the metadata: neither the stream, nor the list and the watch in its stead. */
static void test_metadata_only(void **state)
{
    static const struct fake_reply replies[] = {
        {.match = STREAM, .status = 422},
        {.match = "limit=500", .status = 200, .body = PAGE("", "9", ITEM("a"))},
        {.match = RESUME("9"), .status = 200, .end = FAKE_HANG},
    };
    static const char *const accepted[] = {KUBE_METADATA, KUBE_METADATA_LIST, KUBE_METADATA};
    (void)state;
    struct place place;
    place_init(&place, replies, ARRAY_LEN(replies), NULL);
    place.requests = ARRAY_LEN(replies);
    place.is_metadata_only = true;
    watch_until(&place, "restart +a synced ", &quick);
    const char *log = fake_server_log(&place.server);
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        CLEANUP(mem_free_text) char *end = xasprintf(" accept=%s body=", accepted[i]);
        size_t len = strcspn(log, "\n");
        assert_non_null(memmem(log, len, end, strlen(end)));
        log += len + 1;
    }
    assert_string_equal(log, "");
    place_fini(&place);
}

static int make_pki(void **state)
{
    (void)state;
    fake_pki_make(&pki);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    fake_pki_fini(&pki);
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 7] = {
        cmocka_unit_test(test_401_reads_the_token_again),
        cmocka_unit_test(test_401_for_good),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_is_synced_follows_the_stream),
        cmocka_unit_test(test_stop_in_a_callback),
        cmocka_unit_test(test_refusal_is_remembered_for_all),
        cmocka_unit_test(test_metadata_only),
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        union {
            const struct row *row;
            void *state;
        } row = {.row = &rows[i]};
        tests[7 + i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_row, .initial_state = row.state};
    }
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
