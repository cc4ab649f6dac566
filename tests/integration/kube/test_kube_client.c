/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client and its watches against a real API server, that of KUBECONFIG. INTERLUDE_API_SERVER names a
 * program that does harm to the server: "freeze", "thaw", "restart". Run by tests/integration/kube/run.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/client_internal.h"
#include "kube/path.h"
#include "kube/watch_internal.h"

#define PATIENCE_MS  60000
#define NS           "kube-client-test"
#define MANY_WATCHES 150
#define IDLE_SOCKETS 16  /* connections that may stay open after a burst, for the next */
#define MANY_OBJECTS 620 /* more than one page */

static const struct watch_timing quick = {
    .least_s = 300,
    .most_s = 300,
    .slack_ms = 30000,
    .answer_ms = 3000,
    .silence_ms = 150000,
    .steady_ms = 5000,
    .line_max = (size_t)8 * 1024 * 1024,
    .backoff = {.first_ms = 100, .largest_ms = 1000},
};

struct place {
    struct loop *loop;
    struct kube_config config;
    struct kube_client *client;
    struct arena arena;
    struct loop_timer end;
    struct kube_watch *watches[MANY_WATCHES];
    size_t watch_count;
    int left; /* what the loop runs for */
    bool is_late;
};

struct asked {
    struct place *place;
    bool is_ok;
    int http_status;
    struct err err;
    char reason[64];
    json_t *body;
};

struct seen { /* by one watch */
    struct place *place;
    struct kube_watch *watch;
    int synced;
    int restarts;
    int errors;
    int objects;        /* since the last restart */
    char last[64];      /* "+name" */
    const char *wanted; /* counts as one thing done; NULL: nothing */
    bool wants_sync;    /* likewise the next on_synced */
};

static void done(struct place *place)
{
    if (--place->left == 0) {
        loop_stop(place->loop);
    }
}

static void too_late(void *arg)
{
    struct place *place = arg;
    place->is_late = true;
    loop_stop(place->loop);
}

/* Until so many things are done. */
static void pass(struct place *place, int count)
{
    struct err err = {0};
    place->left = count;
    place->is_late = false;
    loop_timer_start(place->loop, &place->end, clock_now_ms() + PATIENCE_MS);
    assert_true(loop_run(place->loop, &err));
    assert_false(place->is_late);
}

/* For so long. */
static void idle(struct place *place, int64_t ms)
{
    struct err err = {0};
    loop_timer_start(place->loop, &place->end, clock_now_ms() + ms);
    assert_true(loop_run(place->loop, &err));
}

static void on_response(void *arg, const struct kube_response *response)
{
    struct asked *asked = arg;
    asked->is_ok = response->is_ok;
    asked->http_status = response->http_status;
    asked->err = response->err;
    (void)snprintf(asked->reason, sizeof(asked->reason), "%s", str_or_empty(response->reason));
    json_decref(asked->body);
    asked->body = json_incref(response->body);
    if (response->http_status == 0 || response->http_status >= 500) {
        (void)printf("    told: %d %s\n", response->http_status, response->err.text);
    }
    done(asked->place);
}

static void asked_fini(struct asked *asked)
{
    json_decref(asked->body);
}

static void ask(struct place *place, enum kube_method method, const char *path, const json_t *body,
                struct asked *asked)
{
    const struct kube_call call = {
        .method = method,
        .path = path,
        .body = body,
        .content_type = method == KUBE_PATCH ? KUBE_MERGE_PATCH : NULL,
    };
    asked->place = place;
    (void)kube_client_call(place->client, &call, on_response, asked);
    pass(place, 1);
}

static char *map_path(struct place *place, const char *name)
{
    const struct kube_path path = {
        .group_version = "v1", .ns = NS, .resource = "configmaps", .name = name};
    return kube_path_text(&place->arena, &path);
}

static json_t *map_new(const char *name, const char *value)
{
    return json_pack("{s:s,s:s,s:{s:s},s:{s:s}}", "apiVersion", "v1", "kind", "ConfigMap",
                     "metadata", "name", name, "data", "key", value);
}

static void map_create(struct place *place, const char *name)
{
    CLEANUP(asked_fini) struct asked asked = {0};
    json_auto_t *map = map_new(name, "first");
    ask(place, KUBE_POST, map_path(place, NULL), map, &asked);
    assert_true(asked.is_ok);
}

static void map_delete(struct place *place, const char *name)
{
    CLEANUP(asked_fini) struct asked asked = {0};
    ask(place, KUBE_DELETE, map_path(place, name), NULL, &asked);
}

static void on_object(void *arg, enum kube_event event, const json_t *object)
{
    static const char signs[] = {[KUBE_ADDED] = '+', [KUBE_MODIFIED] = '~', [KUBE_DELETED] = '-'};
    struct seen *seen = arg;
    const json_t *metadata = json_object_get(object, "metadata");
    seen->objects++;
    (void)snprintf(seen->last, sizeof(seen->last), "%c%s", signs[event],
                   json_string_value(json_object_get(metadata, "name")));
    if (seen->wanted != NULL && str_eq(seen->last, seen->wanted)) {
        seen->wanted = NULL;
        done(seen->place);
    }
}

static void on_restart(void *arg)
{
    struct seen *seen = arg;
    seen->restarts++;
    seen->objects = 0;
}

static void on_synced(void *arg)
{
    struct seen *seen = arg;
    seen->synced++;
    if (seen->wants_sync) {
        seen->wants_sync = false;
        done(seen->place);
    }
}

static void on_error(void *arg, const struct err *err)
{
    struct seen *seen = arg;
    seen->errors++;
    (void)printf("    told: %s\n", err->text);
}

static const struct kube_watch_handler handler = {on_object, on_restart, on_synced, on_error};

static void watch(struct place *place, const char *path, struct seen *seen)
{
    const struct kube_watch_spec spec = {.path = path};
    seen->place = place;
    seen->wants_sync = true;
    seen->watch = kube_watch_start_timed(place->client, &spec, &handler, seen, &quick);
    place->watches[place->watch_count++] = seen->watch;
}

static void stop_watches(struct place *place)
{
    while (place->watch_count > 0) {
        kube_watch_stop(place->watches[--place->watch_count]);
    }
}

/* TCP sockets that this process holds, and what the first is called. */
static int count_sockets(char *ret_first, size_t size)
{
    int count = 0;
    for (int fd = 3; fd < 1024; fd++) {
        char path[64];
        char target[64] = "";
        int domain = 0;
        socklen_t len = sizeof(domain);
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_INET) {
            (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
            assert_true(readlink(path, target, sizeof(target) - 1) > 0);
            count++;
            if (ret_first != NULL && count == 1) {
                (void)snprintf(ret_first, size, "%s", target);
            }
        }
    }
    return count;
}

static void harm_server(const char *how)
{
    CLEANUP(mem_free_text) char *command = xasprintf("%s %s", getenv("INTERLUDE_API_SERVER"), how);
    // NOLINTNEXTLINE(cert-env33-c): the harness names the command, and it is made for a shell.
    assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
    struct place *place = xcalloc(1, sizeof(*place));
    struct err err = {0};
    place->loop = loop_new(&err);
    place->end = (struct loop_timer){.fn = too_late, .arg = place};
    const char *path = getenv("KUBECONFIG");
    assert_non_null(path);
    assert_true(kube_config_load_file(path, NULL, &place->config, &err));
    place->client = kube_client_new(place->loop, &place->config, &err);
    assert_non_null(place->client);

    CLEANUP(asked_fini) struct asked asked = {0};
    json_auto_t *ns = json_pack("{s:s,s:s,s:{s:s}}", "apiVersion", "v1", "kind", "Namespace",
                                "metadata", "name", NS);
    ask(place, KUBE_POST, "/api/v1/namespaces", ns, &asked);
    assert_true(asked.is_ok || asked.err.kind == ERR_EXISTS);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    stop_watches(place);
    kube_client_free(place->client);
    kube_config_fini(&place->config);
    loop_timer_stop(place->loop, &place->end);
    loop_free(place->loop);
    arena_fini(&place->arena);
    free(place);
    return 0;
}

static void test_verbs_and_refusals(void **state)
{
    struct place *place = *state;
    CLEANUP(asked_fini) struct asked asked = {0};
    json_auto_t *map = map_new("a", "first");
    map_delete(place, "a");

    ask(place, KUBE_POST, map_path(place, NULL), map, &asked);
    assert_int_equal(asked.http_status, 201);
    json_auto_t *created = json_incref(asked.body);

    ask(place, KUBE_POST, map_path(place, NULL), map, &asked);
    assert_int_equal(asked.err.kind, ERR_EXISTS);
    assert_string_equal(asked.reason, "AlreadyExists");
    assert_string_equal(asked.err.text, "configmaps \"a\" already exists");

    json_auto_t *patch = json_pack("{s:{s:s}}", "data", "key", "second");
    ask(place, KUBE_PATCH, map_path(place, "a"), patch, &asked);
    assert_true(asked.is_ok);

    ask(place, KUBE_PUT, map_path(place, "a"), created, &asked); /* its version is stale */
    assert_int_equal(asked.err.kind, ERR_CONFLICT);
    assert_string_equal(asked.reason, "Conflict");

    ask(place, KUBE_GET, map_path(place, "a"), NULL, &asked);
    const char *value =
        json_string_value(json_object_get(json_object_get(asked.body, "data"), "key"));
    assert_string_equal(value, "second");

    json_auto_t *wrong = map_new("A!", "x");
    ask(place, KUBE_POST, map_path(place, NULL), wrong, &asked);
    assert_int_equal(asked.http_status, 422);
    assert_int_equal(asked.err.kind, ERR_INVALID);

    json_auto_t *broken = json_pack("{s:i}", "data", 3);
    ask(place, KUBE_PATCH, map_path(place, "a"), broken, &asked);
    assert_int_equal(asked.err.kind, ERR_INVALID);

    ask(place, KUBE_DELETE, map_path(place, "a"), NULL, &asked);
    assert_true(asked.is_ok);
    ask(place, KUBE_GET, map_path(place, "a"), NULL, &asked);
    assert_int_equal(asked.err.kind, ERR_NOT_FOUND);
    assert_in_range(kube_client_server_time_s(place->client), clock_wall_s() - 2,
                    clock_wall_s() + 2);
}

/* Names that would be another path to a server that takes paths apart after unescaping. */
static void test_names_do_not_become_paths(void **state)
{
    static const char *const names[] = {
        "", ".", "..", "x/", "a/data", "../../default/configmaps/x", "%", "a%2Fdata"};
    struct place *place = *state;
    CLEANUP(asked_fini) struct asked asked = {0};
    map_create(place, "kept");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        ask(place, KUBE_DELETE, map_path(place, names[i]), NULL, &asked);
        assert_false(asked.is_ok);
        assert_true(asked.err.kind == ERR_NOT_FOUND || asked.err.kind == ERR_INVALID);
    }
    ask(place, KUBE_GET, map_path(place, "kept"), NULL, &asked);
    assert_true(asked.is_ok);
    map_delete(place, "kept");
}

static void test_watch_sees_every_change(void **state)
{
    struct place *place = *state;
    struct seen seen = {0};
    json_auto_t *patch = json_pack("{s:{s:s}}", "data", "key", "second");
    CLEANUP(asked_fini) struct asked asked = {0};
    map_delete(place, "b");
    watch(place, map_path(place, NULL), &seen);
    pass(place, 1);
    assert_true(kube_watch_is_synced(seen.watch));
    static const char *const wanted[] = {"+b", "~b", "-b"};
    static const enum kube_method methods[] = {KUBE_POST, KUBE_PATCH, KUBE_DELETE};
    json_auto_t *map = map_new("b", "first");
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        seen.wanted = wanted[i];
        asked.place = place;
        const struct kube_call call = {
            .method = methods[i],
            .path = map_path(place, methods[i] == KUBE_POST ? NULL : "b"),
            .body = i == 0 ? map : (i == 1 ? patch : NULL),
            .content_type = i == 1 ? KUBE_MERGE_PATCH : NULL,
        };
        (void)kube_client_call(place->client, &call, on_response, &asked);
        pass(place, 2);
        assert_true(asked.is_ok);
    }
    assert_int_equal(seen.errors, 0);
    assert_int_equal(seen.restarts, 1);
    stop_watches(place);
}

/* Many watches, and a request that does not have to wait for them. */
static void test_many_watches_and_a_request(void **state)
{
    struct place *place = *state;
    static struct seen seen[MANY_WATCHES];
    memset(seen, 0, sizeof(seen));
    int64_t start_ms = clock_now_ms();
    for (size_t i = 0; i < MANY_WATCHES; i++) {
        const struct kube_path path = {.group_version = "v1",
                                       .ns = arena_printf(&place->arena, "none-%zu", i),
                                       .resource = "configmaps"};
        watch(place, kube_path_text(&place->arena, &path), &seen[i]);
    }
    CLEANUP(asked_fini) struct asked asked = {.place = place};
    const struct kube_call call = {.method = KUBE_GET, .path = "/api/v1/namespaces/" NS};
    (void)kube_client_call(place->client, &call, on_response, &asked);
    pass(place, MANY_WATCHES + 1);
    (void)printf("    %d watches synced in %d ms\n", MANY_WATCHES,
                 (int)(clock_now_ms() - start_ms));
    assert_true(asked.is_ok);

    start_ms = clock_now_ms();
    ask(place, KUBE_GET, "/api/v1/namespaces/" NS, NULL, &asked);
    (void)printf("    a request beside them in %d ms\n", (int)(clock_now_ms() - start_ms));
    assert_true(asked.is_ok && clock_now_ms() - start_ms < 1000);
    for (size_t i = 0; i < MANY_WATCHES; i++) {
        assert_int_equal(seen[i].errors, 0);
    }
    stop_watches(place);
    assert_true(count_sockets(NULL, 0) <= IDLE_SOCKETS); /* their connections are gone */
}

/* A burst is answered by a few connections, and few of those stay open. */
static void test_burst_of_requests(void **state)
{
    struct place *place = *state;
    static struct asked asked[300];
    memset(asked, 0, sizeof(asked));
    const struct kube_call call = {.method = KUBE_GET, .path = "/api/v1/namespaces/" NS};
    int64_t start_ms = clock_now_ms();
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        asked[i].place = place;
        (void)kube_client_call(place->client, &call, on_response, &asked[i]);
    }
    pass(place, ARRAY_LEN(asked));
    (void)printf("    %zu requests in %d ms, %d sockets stay\n", ARRAY_LEN(asked),
                 (int)(clock_now_ms() - start_ms), count_sockets(NULL, 0));
    assert_true(count_sockets(NULL, 0) <= IDLE_SOCKETS);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        assert_true(asked[i].is_ok);
        asked_fini(&asked[i]);
    }
}

static void create_many(struct place *place)
{
    static struct asked asked[MANY_OBJECTS];
    memset(asked, 0, sizeof(asked));
    for (int i = 0; i < MANY_OBJECTS; i++) {
        json_auto_t *map = map_new(arena_printf(&place->arena, "many-%d", i), "x");
        const struct kube_call call = {
            .method = KUBE_POST, .path = map_path(place, NULL), .body = map};
        asked[i].place = place;
        (void)kube_client_call(place->client, &call, on_response, &asked[i]);
    }
    pass(place, MANY_OBJECTS);
    for (int i = 0; i < MANY_OBJECTS; i++) {
        assert_true(asked[i].is_ok || asked[i].err.kind == ERR_EXISTS);
        asked_fini(&asked[i]);
    }
}

/*
 * Ten lists of some 100 KB at a time, forty times. With these on one HTTP/2 connection, libcurl 7.88
 * forgets the end of one sooner or later.
 */
static void test_large_answers_in_parallel(void **state)
{
    struct place *place = *state;
    int64_t start_ms = clock_now_ms();
    create_many(place);
    for (int i = 0; i < 40; i++) {
        struct asked asked[10] = {0};
        const struct kube_call call = {
            .method = KUBE_GET, .path = map_path(place, NULL), .deadline_ms = 10000};
        for (size_t j = 0; j < ARRAY_LEN(asked); j++) {
            asked[j].place = place;
            (void)kube_client_call(place->client, &call, on_response, &asked[j]);
        }
        pass(place, ARRAY_LEN(asked));
        for (size_t j = 0; j < ARRAY_LEN(asked); j++) {
            bool is_ok = asked[j].is_ok;
            asked_fini(&asked[j]);
            assert_true(is_ok);
        }
    }
    (void)printf("    %d ms\n", (int)(clock_now_ms() - start_ms));
}

/* All of several pages come, whichever way the server knows. */
static void test_many_objects(void **state)
{
    struct place *place = *state;
    struct seen seen = {0};
    create_many(place);
    int64_t start_ms = clock_now_ms();
    watch(place, map_path(place, NULL), &seen);
    pass(place, 1);
    (void)printf("    %d objects in %d ms\n", seen.objects, (int)(clock_now_ms() - start_ms));
    assert_in_range(seen.objects, MANY_OBJECTS, MANY_OBJECTS + 9);
    assert_int_equal(kube_client_streams_lists(place->client),
                     getenv("INTERLUDE_NO_STREAMING") == NULL);
    assert_int_equal(seen.restarts, 1);
    assert_int_equal(seen.errors, 0);
    stop_watches(place);
    CLEANUP(asked_fini) struct asked asked = {0};
    ask(place, KUBE_DELETE, map_path(place, NULL), NULL, &asked);
    assert_true(asked.is_ok);
}

/* A server that does not answer: the connection is not used again, though it is open. */
static void test_frozen_server(void **state)
{
    struct place *place = *state;
    CLEANUP(asked_fini) struct asked asked = {.place = place};
    char before[64] = "";
    char after[64] = "";
    const struct kube_call call = {
        .method = KUBE_GET, .path = "/api/v1/namespaces/" NS, .deadline_ms = 5500};
    assert_int_equal(count_sockets(before, sizeof(before)), 1);
    harm_server("freeze");
    (void)kube_client_call(place->client, &call, on_response, &asked);
    pass(place, 1);
    assert_int_equal(asked.err.kind, ERR_TRANSIENT);
    assert_int_equal(asked.http_status, 0);
    harm_server("thaw");
    ask(place, KUBE_GET, "/api/v1/namespaces/" NS, NULL, &asked);
    assert_true(asked.is_ok);
    idle(place, 50);
    assert_int_equal(count_sockets(after, sizeof(after)), 1);
    assert_string_not_equal(before, after);
}

/* The server is killed and started again: requests and watches find back by themselves. */
static void test_server_restart(void **state)
{
    struct place *place = *state;
    struct seen seen[3] = {0};
    map_delete(place, "late");
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        watch(place, map_path(place, NULL), &seen[i]);
    }
    pass(place, ARRAY_LEN(seen));
    harm_server("restart");
    CLEANUP(asked_fini) struct asked asked = {0};
    int64_t start_ms = clock_now_ms();
    bool is_there = false;
    do {
        idle(place, 200);
        json_auto_t *map = map_new("late", "x");
        ask(place, KUBE_POST, map_path(place, NULL), map, &asked);
        /* A 500 on the way up may have written it all the same. */
        is_there = asked.is_ok || asked.err.kind == ERR_EXISTS;
    } while (!is_there && clock_now_ms() - start_ms < PATIENCE_MS);
    assert_true(is_there);
    start_ms = clock_now_ms();
    int left = 0;
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        if (!str_eq(seen[i].last, "+late")) {
            seen[i].wanted = "+late";
            left++;
        }
    }
    if (left > 0) {
        pass(place, left);
    }
    (void)printf("    seen %d ms after the first write that worked\n",
                 (int)(clock_now_ms() - start_ms));
    stop_watches(place);
    map_delete(place, "late");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_verbs_and_refusals),
        TEST(test_names_do_not_become_paths),
        TEST(test_watch_sees_every_change),
        TEST(test_many_watches_and_a_request),
        TEST(test_burst_of_requests),
        TEST(test_large_answers_in_parallel),
        TEST(test_many_objects),
        TEST(test_frozen_server),
        TEST(test_server_restart),
    };
    cmocka_set_test_filter(getenv("INTERLUDE_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
