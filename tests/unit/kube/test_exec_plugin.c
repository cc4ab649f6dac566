/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/exec_plugin.h"
#include "kube/loop.h"

/* A credential of the v1 plugin API around what is put into status. */
#define CREDENTIAL(status)                                                                         \
    "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","       \
    "\"status\":{" status "}}'"
#define TOKEN "\"token\":\"s3cret\""

/* What a plugin prints or does, and what comes of it. */
struct row {
    const char *name;
    const char *script;
    int64_t deadline_ms;
    const char *token;
    const char *cert_data;
    int64_t expires_s;
    const char *error; /* behind `credential plugin "sh": ` */
};

static const struct row rows[] = {
    {.name = "token", .script = CREDENTIAL(TOKEN), .token = "s3cret"},
    {.name = "token with a time",
     .script = CREDENTIAL(TOKEN ",\"expirationTimestamp\":\"2100-01-01T00:00:00Z\""),
     .expires_s = 4102444800,
     .token = "s3cret"},
    {.name = "null time",
     .script = CREDENTIAL(TOKEN ",\"expirationTimestamp\":null"),
     .token = "s3cret"},
    {.name = "certificate",
     .script = CREDENTIAL("\"clientCertificateData\":\"CERT\",\"clientKeyData\":\"s3cret\""),
     .cert_data = "CERT"},
    {.name = "certificate and token",
     .script = CREDENTIAL(TOKEN ",\"clientCertificateData\":\"CERT\",\"clientKeyData\":\"s3cret\""),
     .token = "s3cret",
     .cert_data = "CERT"},
    {.name = "chatter on stderr",
     .script = "echo hello >&2; " CREDENTIAL(TOKEN),
     .token = "s3cret"},
    {.name = "reads its empty input", .script = "cat; " CREDENTIAL(TOKEN), .token = "s3cret"},
    {.name = "inherits no descriptor",
     .script = "test ! -e /proc/self/fd/77 || exit 9; " CREDENTIAL(TOKEN),
     .token = "s3cret"},
    {.name = "child keeps the pipes open",
     .script = "sleep 5 & " CREDENTIAL(TOKEN),
     .token = "s3cret"},
    {.name = "long output",
     .script = "head -c 200000 /dev/zero | tr '\\0' ' '; " CREDENTIAL(TOKEN),
     .token = "s3cret"},
    {.name = "exit status",
     .script = "echo first >&2; echo 'last words' >&2; exit 3",
     .error = "exit status 3: last words"},
    {.name = "exit status after a good answer",
     .script = CREDENTIAL(TOKEN) "; exit 1",
     .error = "exit status 1"},
    {.name = "control characters on stderr",
     .script = "printf 'a\\033[1mb\\n\\n' >&2; exit 1",
     .error = "exit status 1: a [1mb"},
    {.name = "much on stderr",
     .script = "head -c 1000000 /dev/zero | tr '\\0' x >&2; printf '\\nlast\\n' >&2; exit 1",
     .error = "exit status 1: last"},
    {.name = "signal, which our mask does not block",
     .script = "kill -TERM $$; sleep 5",
     .error = "killed by signal 15"},
    {.name = "deadline",
     .script = "sleep 60",
     .deadline_ms = 100,
     .error = "it did not end within 100 ms"},
    {.name = "deadline with a child",
     .script = "sleep 60; true",
     .deadline_ms = 100,
     .error = "it did not end within 100 ms"},
    {.name = "flood", .script = "cat /dev/zero", .error = "it printed more than 262144 bytes"},
    {.name = "not JSON", .script = "echo s3cret", .error = "not JSON (line 1, column 1)"},
    {.name = "nothing", .script = "true", .error = "not JSON (line 1, column 0)"},
    {.name = "another kind",
     .script = "echo '{\"kind\":\"Pod\"}'",
     .error = "kind is \"Pod\", not \"ExecCredential\""},
    {.name = "another version",
     .script = "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"v9\"}'",
     .error =
         "apiVersion is \"v9\", but the kubeconfig asks for \"client.authentication.k8s.io/v1\""},
    {.name = "no status",
     .script =
         "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}'",
     .error = "status is missing"},
    {.name = "empty status",
     .script = CREDENTIAL(""),
     .error = "status has neither token nor clientCertificateData and clientKeyData"},
    {.name = "token of another type",
     .script = CREDENTIAL("\"token\":1"),
     .error = "status.token must be text"},
    {.name = "token with a line break",
     .script = CREDENTIAL("\"token\":\"s3cret\\u000aX-Evil: 1\""),
     .error = "status.token holds white space or control characters"},
    {.name = "certificate without key",
     .script = CREDENTIAL("\"clientCertificateData\":\"CERT\""),
     .error = "status.clientCertificateData is there without status.clientKeyData"},
    {.name = "key without certificate",
     .script = CREDENTIAL("\"clientKeyData\":\"s3cret\""),
     .error = "status.clientKeyData is there without status.clientCertificateData"},
    {.name = "time that is none",
     .script = CREDENTIAL(TOKEN ",\"expirationTimestamp\":\"soon\""),
     .error = "status.expirationTimestamp is \"soon\", not an RFC 3339 time"},
    {.name = "time in the past",
     .script = CREDENTIAL(TOKEN ",\"expirationTimestamp\":\"2020-01-01T00:00:00Z\""),
     .error =
         "the credential had expired when it came (status.expirationTimestamp is 2020-01-01T00:00:00Z)"},
};

/* How a run ended. */
struct outcome {
    struct loop *loop;
    int calls;
    struct exec_credential credential;
    struct err err;
};

static void on_end(void *arg, struct exec_credential *credential, const struct err *err)
{
    struct outcome *outcome = arg;
    outcome->calls++;
    outcome->credential = *credential;
    *credential = (struct exec_credential){0};
    outcome->err = err != NULL ? *err : (struct err){0};
    loop_stop(outcome->loop);
}

static void check_text(const char *seen, const char *want)
{
    assert_string_equal(seen == NULL ? "(none)" : seen, want == NULL ? "(none)" : want);
}

static void check_outcome(const struct row *row, const struct outcome *outcome)
{
    assert_int_equal(outcome->calls, 1);
    if (row->error == NULL) {
        assert_string_equal(outcome->err.text, "");
        check_text(outcome->credential.token, row->token);
        check_text(outcome->credential.cert_data, row->cert_data);
        assert_true(outcome->credential.expires_s == row->expires_s);
        return;
    }
    static const char head[] = "credential plugin \"sh\": ";
    assert_int_not_equal(outcome->err.kind, ERR_NONE);
    assert_true(str_starts_with(outcome->err.text, head));
    assert_string_equal(outcome->err.text + strlen(head), row->error);
    assert_null(strstr(outcome->err.text, "s3cret"));
    assert_null(outcome->credential.token);
    assert_null(outcome->credential.key_data);
}

static void run_row(void **state)
{
    const struct row *row = *state;
    const char *const argv[] = {"sh", "-c", row->script, NULL};
    struct exec_plugin_spec spec = {
        .argv = argv,
        .api_version = "client.authentication.k8s.io/v1",
        .deadline_ms = row->deadline_ms,
    };
    struct err err = {0};
    struct exec_plugin *plugin = exec_plugin_new(&spec);
    struct outcome outcome = {.loop = loop_new(&err)};
    assert_non_null(outcome.loop);
    int64_t begin_ms = clock_now_ms();
    assert_false(exec_plugin_is_running(plugin));
    assert_true(exec_plugin_start(plugin, outcome.loop, on_end, &outcome, &err));
    assert_true(exec_plugin_is_running(plugin));
    assert_int_equal(outcome.calls, 0);
    assert_true(loop_run(outcome.loop, &err));
    assert_false(exec_plugin_is_running(plugin));
    check_outcome(row, &outcome);
    assert_true(clock_now_ms() - begin_ms < 4000);
    exec_credential_fini(&outcome.credential);
    exec_plugin_free(plugin);
    loop_free(outcome.loop);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows)];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = run_row};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    if (dup2(STDERR_FILENO, 77) < 0) { /* not close-on-exec, as a library may leave its sockets */
        return 1;
    }
    /* As the controller, which reads these from a descriptor. */
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    return cmocka_run_group_tests_name("exec_plugin", tests, NULL, NULL);
}
