/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what is understood, and that every mistake is named with its remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/options.h"
#include "base/attrs.h"
#include "base/str.h"

#define ARGS_MAX 8

struct row {
    const char *name;
    const char *args[ARGS_MAX]; /* behind the program's name */
    const char *error;          /* part of it; NULL: understood */
    struct options want;        /* timing: 0 is the default */
    enum { FLAG_TRUE, FLAG_FALSE } elected;
};

static const struct row rows[] = {
    {.name = "nothing is help", .want = {.command = COMMAND_HELP}},
    {.name = "--help", .args = {"--help"}, .want = {.command = COMMAND_HELP}},
    {.name = "help about", .args = {"help", "controller"}, .want = {.help_about = "controller"}},
    {.name = "controller --help",
     .args = {"controller", "--help"},
     .want = {.help_about = "controller"}},
    {.name = "version", .args = {"version"}, .want = {.command = COMMAND_VERSION}},
    {.name = "controller in a cluster", .args = {"controller"}},
    {.name = "value behind the flag",
     .args = {"controller", "--kubeconfig", "file"},
     .want = {.kubeconfig = "file"}},
    {.name = "value with equals",
     .args = {"controller", "--kubeconfig=a=b", "-n=shop"},
     .want = {.kubeconfig = "a=b", .ns = "shop"}},
    {.name = "all flags",
     .args = {"controller", "--context=c", "--namespace=n", "--health-address=:8080",
              "--log-level=debug", "--log-format=json"},
     .want = {.context = "c",
              .ns = "n",
              .health_address = ":8080",
              .log_level = LOG_DEBUG,
              .log_format = LOG_JSON}},
    {.name = "not elected", .args = {"controller", "--leader-elect=false"}, .elected = FLAG_FALSE},
    {.name = "elected, alone",
     .args = {"controller", "--leader-elect", "-n", "shop"},
     .want = {.ns = "shop"}},
    {.name = "its Lease",
     .args = {"controller", "--leader-election-namespace=a", "--leader-election-id", "b"},
     .want = {.lease_ns = "a", .lease_name = "b"}},
    {.name = "its times",
     .args = {"controller", "--leader-election-lease-duration=1m",
              "--leader-election-renew-deadline=40s", "--leader-election-retry-period=500ms"},
     .want = {.timing = {60000, 40000, 500}}},
    {.name = "neither true nor false",
     .args = {"controller", "--leader-elect=no"},
     .error = "--leader-elect: \"no\" must be true or false"},
    {.name = "no duration",
     .args = {"controller", "--leader-election-retry-period=2"},
     .error = "--leader-election-retry-period: \"2\" is no duration; use one such as 15s"},
    {.name = "a duration of nothing",
     .args = {"controller", "--leader-election-retry-period=0s"},
     .error = "--leader-election-retry-period: \"0s\""},
    {.name = "a lease of a part of a second",
     .args = {"controller", "--leader-election-lease-duration=15500ms"},
     .error = "--leader-election-lease-duration: must be whole seconds"},
    {.name = "a lease as long as the deadline",
     .args = {"controller", "--leader-election-lease-duration=10s"},
     .error = "--leader-election-lease-duration must be longer than"},
    {.name = "a deadline of 1.2 retries",
     .args = {"controller", "--leader-election-renew-deadline=2400ms"},
     .error = "--leader-election-renew-deadline must be longer than 1.2 times"},
    {.name = "a deadline just beyond that",
     .args = {"controller", "--leader-election-renew-deadline=2401ms"},
     .want = {.timing = {15000, 2401, 2000}}},
    {.name = "unknown command", .args = {"controler"}, .error = "unknown command \"controler\""},
    {.name = "unknown flag", .args = {"controller", "--foo=1"}, .error = "unknown flag: --foo"},
    {.name = "unknown long flag",
     .args = {"controller", "--ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
     .error = "unknown flag: --ffff"},
    {.name = "unknown flag without value",
     .args = {"controller", "--helth"},
     .error = "unknown flag: --helth"},
    {.name = "version takes no flags",
     .args = {"version", "--log-level=info"},
     .error = "unknown flag: --log-level"},
    {.name = "flag without value",
     .args = {"controller", "--kubeconfig"},
     .error = "flag needs a value: --kubeconfig"},
    {.name = "empty value",
     .args = {"controller", "--namespace="},
     .error = "--namespace: the value is empty; leave the flag out"},
    {.name = "wrong level",
     .args = {"controller", "--log-level=loud"},
     .error = "--log-level: \"loud\" is no level; use debug, info, warn or error"},
    {.name = "wrong format",
     .args = {"controller", "--log-format=xml"},
     .error = "--log-format: \"xml\" is no format; use logfmt or json"},
    {.name = "argument too many",
     .args = {"controller", "now"},
     .error = "unexpected argument \"now\""},
};

static void check(void **state)
{
    const struct row *row = *state;
    char program[] = "interlude";
    char texts[ARGS_MAX][128];
    char *argv[ARGS_MAX + 2] = {program};
    int argc = 1;
    for (; argc <= ARGS_MAX && row->args[argc - 1] != NULL; argc++) {
        (void)strncpy(texts[argc - 1], row->args[argc - 1], sizeof(texts[0]) - 1);
        texts[argc - 1][sizeof(texts[0]) - 1] = '\0';
        argv[argc] = texts[argc - 1];
    }
    struct options options = {.command = COMMAND_VERSION};
    struct err err = {0};
    bool ok = options_parse(argc, argv, &options, &err);
    if (row->error != NULL) {
        assert_false(ok);
        assert_int_equal(err.kind, ERR_INVALID);
        if (strstr(err.text, row->error) == NULL) {
            fail_msg("want an error with \"%s\", got \"%s\"", row->error, err.text);
        }
        return;
    }
    assert_true(ok);
    bool is_controller =
        row->args[0] != NULL && str_eq(row->args[0], "controller") && row->want.help_about == NULL;
    assert_int_equal(options.command,
                     is_controller ? COMMAND_CONTROLLER
                                   : (row->want.help_about ? COMMAND_HELP : row->want.command));
    assert_true(str_eq(options.kubeconfig, row->want.kubeconfig));
    assert_true(str_eq(options.context, row->want.context));
    assert_true(str_eq(options.ns, row->want.ns));
    assert_true(str_eq(options.health_address, row->want.health_address));
    assert_true(str_eq(options.help_about, row->want.help_about));
    if (is_controller) {
        bool gives_level = row->want.log_format == LOG_JSON;
        assert_int_equal(options.log_level, gives_level ? row->want.log_level : LOG_INFO);
        assert_int_equal(options.log_format, row->want.log_format);
        const struct lease_timing defaults = {15000, 10000, 2000};
        const struct lease_timing *timing =
            row->want.timing.duration_ms != 0 ? &row->want.timing : &defaults;
        assert_int_equal(options.is_elected, row->elected == FLAG_TRUE);
        assert_true(str_eq(options.lease_ns, row->want.lease_ns));
        assert_true(str_eq(options.lease_name, row->want.lease_name));
        assert_int_equal(options.timing.duration_ms, timing->duration_ms);
        assert_int_equal(options.timing.deadline_ms, timing->deadline_ms);
        assert_int_equal(options.timing.retry_ms, timing->retry_ms);
    }
}

static void each_command_has_help(void **state)
{
    (void)state;
    assert_non_null(strstr(options_help(NULL), "Commands:"));
    assert_non_null(strstr(options_help("controller"), "--health-address"));
    assert_non_null(strstr(options_help("version"), "interlude version"));
    assert_ptr_equal(options_help("nonsense"), options_help(NULL));
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        union {
            const void *in;
            void *out;
        } row = {.in = &rows[i]};
        tests[i] =
            (struct CMUnitTest){.name = rows[i].name, .test_func = check, .initial_state = row.out};
    }
    tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(each_command_has_help);
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
