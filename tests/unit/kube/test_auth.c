/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/auth.h"
#include "kube/auth_internal.h"
#include "kube/base64.h"
#include "kube/config.h"

#define TOKEN "\"token\":\"s3cret\""

/* One caller that waits, and what it heard. */
struct caller {
    struct loop *loop;
    struct kube_auth *auth;
    struct caller *cancels; /* NULL: nobody */
    bool again;             /* waits again when called for the first time */
    int calls;
    bool has_credentials;
    char *token;
    char *cert_data;
    struct err err;
};

static void caller_fini(struct caller *caller)
{
    free(caller->token);
    free(caller->cert_data);
    *caller = (struct caller){0};
}

static void on_credentials(void *arg, const struct kube_credentials *credentials,
                           const struct err *err)
{
    struct caller *caller = arg;
    assert_true((credentials == NULL) != (err == NULL));
    caller->calls++;
    caller->has_credentials = credentials != NULL;
    free(caller->token);
    caller->token = credentials != NULL ? xstrdup(credentials->bearer_token) : NULL;
    free(caller->cert_data);
    caller->cert_data = credentials != NULL ? xstrdup(credentials->cert_data) : NULL;
    caller->err = err != NULL ? *err : (struct err){0};
    if (caller->cancels != NULL) {
        kube_auth_cancel(caller->auth, caller->cancels);
    }
    if (caller->again && caller->calls == 1) {
        kube_auth_wait(caller->auth, caller->loop, on_credentials, caller);
    } else {
        loop_stop(caller->loop);
    }
}

/* Waits and runs the loop until the answer is there. */
static void wait_once(struct caller *caller)
{
    struct err err = {0};
    int before = caller->calls;
    kube_auth_wait(caller->auth, caller->loop, on_credentials, caller);
    assert_int_equal(caller->calls, before); /* never inside the call */
    assert_true(loop_run(caller->loop, &err));
}

static struct loop *make_loop(void)
{
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    assert_non_null(loop);
    return loop;
}

static struct kube_auth *make_auth(const struct kube_auth_spec *spec)
{
    struct kube_auth *auth = NULL;
    struct err err = {0};
    bool done = kube_auth_new(spec, &auth, &err);
    assert_string_equal(err.text, "");
    assert_true(done);
    return auth;
}

static struct kube_auth *make_plugin(const char *script, int64_t deadline_ms)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct exec_plugin_spec plugin = {
        .argv = argv,
        .api_version = "client.authentication.k8s.io/v1",
        .install_hint = "Install it.",
        .deadline_ms = deadline_ms,
    };
    return make_auth(&(struct kube_auth_spec){.plugin = &plugin});
}

static void check_text(const char *seen, const char *want)
{
    assert_string_equal(seen == NULL ? "(none)" : seen, want == NULL ? "(none)" : want);
}

/* A folder of its own for each test that needs files. */
struct folder {
    struct arena arena;
    const char *path;
};

static const char *in_folder(struct folder *folder, const char *name)
{
    return arena_printf(&folder->arena, "%s/%s", folder->path, name);
}

static void folder_init(struct folder *folder)
{
    const char *tmp = getenv("TMPDIR");
    *folder = (struct folder){0};
    char *path =
        arena_printf(&folder->arena, "%s/interlude-test-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(path));
    folder->path = path;
}

static void folder_fini(struct folder *folder)
{
    static const char *const names[] = {"token", "..data",  "new",  "one/token", "two/token",
                                        "one",   "two",     "cert", "key",       "runs",
                                        "fail",  "expires", ""};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)remove(in_folder(folder, names[i]));
    }
    arena_fini(&folder->arena);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static off_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_size : 0;
}

static void sleep_ms(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&time, &time) < 0) {
    }
}

/* A plugin that writes one byte to `runs` each time and fails while `fail` is there. */
static struct kube_auth *make_counting_plugin(struct folder *folder, const char *status)
{
    return make_plugin(arena_printf(&folder->arena,
                                    "cd '%s'; printf x >>runs; test ! -e fail || exit 1; "
                                    "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\","
                                    "\"kind\":\"ExecCredential\",\"status\":{%s}}'",
                                    folder->path, status),
                       0);
}

static void plugin_runs_once_for_many(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    struct loop *loop = make_loop();
    struct kube_auth *auth = make_counting_plugin(&folder, TOKEN);
    struct caller callers[4];
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        callers[i] = (struct caller){.loop = loop, .auth = auth};
    }
    callers[0].cancels = &callers[1];
    callers[2].again = true;
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        kube_auth_wait(auth, loop, on_credentials, &callers[i]);
    }
    struct err err = {0};
    assert_true(loop_run(loop, &err));
    assert_int_equal(callers[0].calls, 1);
    assert_int_equal(callers[1].calls, 0);
    assert_int_equal(callers[2].calls, 1);
    assert_int_equal(callers[3].calls, 1);
    assert_true(loop_run(loop, &err)); /* who waited again is called in the turn after */
    assert_int_equal(callers[2].calls, 2);
    assert_int_equal(size_of(in_folder(&folder, "runs")), 1);
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        caller_fini(&callers[i]);
    }
    kube_auth_free(auth);
    loop_free(loop);
    folder_fini(&folder);
}

static void plugin_failure_backs_off(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    const char *runs = in_folder(&folder, "runs");
    const char *fail = in_folder(&folder, "fail");
    struct caller caller = {.loop = make_loop(), .auth = make_counting_plugin(&folder, TOKEN)};
    struct loop *loop = caller.loop;
    struct kube_auth *auth = caller.auth;
    write_file(fail, "");
    wait_once(&caller);
    assert_false(caller.has_credentials);
    wait_once(&caller); /* hears the same without another run */
    assert_string_equal(caller.err.text, "credential plugin \"sh\": exit status 1");
    assert_int_equal(caller.err.kind, ERR_TRANSIENT);
    assert_int_equal(size_of(runs), 1);
    assert_int_equal(remove(fail), 0);
    sleep_ms(1050);
    wait_once(&caller);
    assert_true(caller.has_credentials);
    assert_int_equal(size_of(runs), 2);
    caller_fini(&caller);
    kube_auth_free(auth);
    loop_free(loop);
    folder_fini(&folder);
}

static void plugin_runs_again_when_refused(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    const char *runs = in_folder(&folder, "runs");
    struct caller caller = {.loop = make_loop(), .auth = make_counting_plugin(&folder, TOKEN)};
    struct loop *loop = caller.loop;
    struct kube_auth *auth = caller.auth;
    struct kube_credentials first;
    struct kube_credentials second;
    wait_once(&caller);
    assert_true(kube_auth_get(auth, &first));
    kube_auth_refused(auth, first.generation + 1); /* not ours */
    assert_true(kube_auth_get(auth, &first));
    kube_auth_refused(auth, first.generation);
    assert_false(kube_auth_get(auth, &second));
    wait_once(&caller); /* too soon */
    assert_false(caller.has_credentials);
    assert_int_equal(caller.err.kind, ERR_UNAUTHORIZED);
    assert_int_equal(size_of(runs), 1);
    sleep_ms(2050);
    wait_once(&caller);
    assert_true(caller.has_credentials);
    assert_int_equal(size_of(runs), 2);
    assert_true(kube_auth_get(auth, &second));
    assert_int_not_equal(second.generation, first.generation);
    caller_fini(&caller);
    kube_auth_free(auth);
    loop_free(loop);
    folder_fini(&folder);
}

static void plugin_runs_again_when_expired(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    const char *runs = in_folder(&folder, "runs");
    struct loop *loop = make_loop();
    char expires[CLOCK_TEXT_MAX];
    clock_format(clock_wall_s() + 2, expires);
    struct kube_auth *auth = make_counting_plugin(
        &folder, arena_printf(&folder.arena, TOKEN ",\"expirationTimestamp\":\"%s\"", expires));
    struct caller caller = {.loop = loop, .auth = auth};
    struct kube_credentials credentials;
    wait_once(&caller);
    assert_true(caller.has_credentials);
    assert_true(kube_auth_get(auth, &credentials));
    sleep_ms(2050);
    assert_false(kube_auth_get(auth, &credentials));
    wait_once(&caller); /* the plugin gives the old one again, which is refused as expired */
    assert_false(caller.has_credentials);
    assert_int_equal(size_of(runs), 2);
    caller_fini(&caller);
    kube_auth_free(auth);
    loop_free(loop);
    folder_fini(&folder);
}

/* A credential in its last quarter serves while the plugin fails, until it really ends. */
static void plugin_failure_keeps_a_valid_credential(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    struct loop *loop = make_loop();
    char expires[CLOCK_TEXT_MAX];
    clock_format(clock_wall_s() + 5, expires);
    struct kube_auth *auth = make_counting_plugin(
        &folder, arena_printf(&folder.arena, TOKEN ",\"expirationTimestamp\":\"%s\"", expires));
    struct caller caller = {.loop = loop, .auth = auth};
    struct kube_credentials credentials;
    wait_once(&caller);
    assert_true(caller.has_credentials);
    write_file(in_folder(&folder, "fail"), "");
    while (kube_auth_get(auth, &credentials)) {
        sleep_ms(20);
    }
    wait_once(&caller);
    assert_true(caller.has_credentials);
    assert_true(kube_auth_get(auth, &credentials));
    assert_int_equal(size_of(in_folder(&folder, "runs")), 2);
    caller_fini(&caller);
    kube_auth_free(auth);
    loop_free(loop);
    folder_fini(&folder);
}

static void plugin_that_is_not_there(void **state)
{
    (void)state;
    const char *const argv[] = {"interlude-no-such-plugin", NULL};
    struct exec_plugin_spec plugin = {
        .argv = argv,
        .api_version = "client.authentication.k8s.io/v1",
        .install_hint = "Install it from the shop.",
    };
    struct loop *loop = make_loop();
    struct kube_auth *auth = make_auth(&(struct kube_auth_spec){.plugin = &plugin});
    struct caller caller = {.loop = loop, .auth = auth};
    wait_once(&caller);
    assert_string_equal(caller.err.text,
                        "credential plugin \"interlude-no-such-plugin\": cannot be "
                        "started: No such file or directory: Install it from the "
                        "shop.");
    caller_fini(&caller);
    kube_auth_free(auth);
    loop_free(loop);
}

static void free_ends_a_running_plugin(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct kube_auth *auth = make_plugin("sleep 60; true", 0);
    struct caller caller = {.loop = loop, .auth = auth};
    int64_t begin_ms = clock_now_ms();
    kube_auth_wait(auth, loop, on_credentials, &caller);
    kube_auth_free(auth);
    loop_free(loop);
    assert_true(clock_now_ms() - begin_ms < 4000);
    assert_int_equal(caller.calls, 0);
}

static void plugin_of_a_kubeconfig(void **state)
{
    (void)state;
    static const char want[] =
        "one/ours/{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","
        "\"spec\":{\"cluster\":{\"server\":\"https://10.0.0.1:6443\","
        "\"tls-server-name\":\"api.internal\",\"certificate-authority-data\":\"Y2EK\","
        "\"config\":{\"audience\":\"shop\"}},\"interactive\":false}}";
    struct kube_config config = {0};
    struct err err = {0};
    struct loop *loop = make_loop();
    assert_int_equal(setenv("PLUGIN_VARIABLE", "inherited", 1), 0);
    assert_true(kube_config_load_file(TEST_DATA_DIR "/exec/kubeconfig.yaml", NULL, &config, &err));
    struct caller caller = {.loop = loop, .auth = config.auth};
    wait_once(&caller);
    assert_string_equal(caller.err.text, "");
    char *told = NULL;
    size_t len = 0;
    assert_true(base64_decode(caller.token, &told, &len));
    assert_string_equal(told, want);
    free(told);
    caller_fini(&caller);
    kube_config_fini(&config);
    loop_free(loop);
}

static void check_token(struct kube_auth *auth, const char *token, uint64_t generation)
{
    struct kube_credentials credentials;
    assert_true(kube_auth_get(auth, &credentials));
    assert_string_equal(credentials.bearer_token, token);
    assert_int_equal(credentials.generation, generation);
}

/* As the kubelet does it: token -> ..data/token, ..data -> a folder, replaced by rename(). */
static void token_follows_a_symlink_swap(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    assert_int_equal(mkdir(in_folder(&folder, "one"), 0700), 0);
    assert_int_equal(mkdir(in_folder(&folder, "two"), 0700), 0);
    write_file(in_folder(&folder, "one/token"), "first\n");
    write_file(in_folder(&folder, "two/token"), "other\n");
    assert_int_equal(symlink("one", in_folder(&folder, "..data")), 0);
    assert_int_equal(symlink("..data/token", in_folder(&folder, "token")), 0);
    struct kube_auth *auth =
        make_auth(&(struct kube_auth_spec){.token_file = in_folder(&folder, "token")});
    struct kube_credentials credentials;
    assert_true(kube_auth_get(auth, &credentials));
    uint64_t generation = credentials.generation;
    check_token(auth, "first", generation);
    assert_int_equal(symlink("two", in_folder(&folder, "new")), 0);
    assert_int_equal(rename(in_folder(&folder, "new"), in_folder(&folder, "..data")), 0);
    check_token(auth, "other", generation + 1);
    assert_int_equal(remove(in_folder(&folder, "token")), 0);
    check_token(auth, "other", generation + 1); /* gone for a moment: the old one serves on */
    write_file(in_folder(&folder, "token"), "third");
    check_token(auth, "third", generation + 2);
    kube_auth_free(auth);
    folder_fini(&folder);
}

/* Same inode, size and time: only a refusal makes us look. */
static void refusal_reads_the_token_again(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    const char *path = in_folder(&folder, "token");
    const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    write_file(path, "first");
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    struct kube_auth *auth = make_auth(&(struct kube_auth_spec){.token_file = path});
    struct kube_credentials credentials;
    assert_true(kube_auth_get(auth, &credentials));
    write_file(path, "other");
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    check_token(auth, "first", credentials.generation);
    kube_auth_refused(auth, credentials.generation);
    check_token(auth, "other", credentials.generation + 1);
    kube_auth_refused(auth, credentials.generation + 1); /* nothing new to be found */
    check_token(auth, "other", credentials.generation + 1);
    kube_auth_free(auth);
    folder_fini(&folder);
}

static void certificate_file_changes_the_generation(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    write_file(in_folder(&folder, "cert"), "CERT");
    write_file(in_folder(&folder, "key"), "KEY");
    struct kube_auth *auth = make_auth(&(struct kube_auth_spec){
        .cert_file = in_folder(&folder, "cert"), .key_file = in_folder(&folder, "key")});
    struct kube_credentials first;
    struct kube_credentials second;
    assert_true(kube_auth_get(auth, &first));
    assert_true(kube_auth_get(auth, &second));
    assert_int_equal(second.generation, first.generation);
    write_file(in_folder(&folder, "new"), "NEWCERT");
    assert_int_equal(rename(in_folder(&folder, "new"), in_folder(&folder, "cert")), 0);
    assert_true(kube_auth_get(auth, &second));
    assert_int_equal(second.generation, first.generation + 1);
    kube_auth_free(auth);
    folder_fini(&folder);
}

static void wait_answers_at_once_without_plugin(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct kube_auth *auth = make_auth(&(struct kube_auth_spec){.token = "s3cret"});
    struct caller caller = {.loop = loop, .auth = auth};
    wait_once(&caller);
    check_text(caller.token, "s3cret");
    caller_fini(&caller);
    kube_auth_free(auth);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plugin_runs_once_for_many),
        cmocka_unit_test(plugin_failure_backs_off),
        cmocka_unit_test(plugin_runs_again_when_refused),
        cmocka_unit_test(plugin_runs_again_when_expired),
        cmocka_unit_test(plugin_failure_keeps_a_valid_credential),
        cmocka_unit_test(plugin_that_is_not_there),
        cmocka_unit_test(free_ends_a_running_plugin),
        cmocka_unit_test(plugin_of_a_kubeconfig),
        cmocka_unit_test(token_follows_a_symlink_swap),
        cmocka_unit_test(refusal_reads_the_token_again),
        cmocka_unit_test(certificate_file_changes_the_generation),
        cmocka_unit_test(wait_answers_at_once_without_plugin),
    };
    return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
