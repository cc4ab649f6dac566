/* SPDX-License-Identifier: Apache-2.0 */
#include "app/options.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

static const char program_help[] =
    "Interlude runs database schema migrations between deployments.\n"
    "\n"
    "Commands:\n"
    "  controller   Run the controller\n"
    "  version      Print the version\n"
    "  help         Help about a command\n"
    "\n"
    "Usage:\n"
    "  interlude COMMAND [flags]\n"
    "\n"
    "Use \"interlude COMMAND --help\" for more about a command.\n";

static const char controller_help[] =
    "Run the controller: watch SchemaMigrations and run each once, when its gates are open.\n"
    "\n"
    "Examples:\n"
    "  # Outside a cluster, as the current context's user\n"
    "  interlude controller --kubeconfig ~/.kube/config\n"
    "\n"
    "  # Inside a cluster, for one namespace, with probes and metrics\n"
    "  interlude controller --namespace shop --health-address :8080\n"
    "\n"
    "Options:\n"
    "    --kubeconfig='':\n"
    "        Path to the kubeconfig file. Without it: the pod's service account.\n"
    "    --context='':\n"
    "        The context of the kubeconfig to use. Default: its current-context.\n"
    "    -n, --namespace='':\n"
    "        Only this namespace's migrations. Default: all namespaces.\n"
    "    --health-address='':\n"
    "        Serve /healthz, /readyz and /metrics on this address, such as :8080 or 127.0.0.1:8080.\n"
    "        Default: not served.\n"
    "    --leader-elect=true:\n"
    "        Act only while this process holds the Lease that all controllers of the same namespaces\n"
    "        share; else stand by. false: act at once, whoever else does.\n"
    "    --leader-election-namespace='':\n"
    "        Where the Lease is. Default: in a cluster the pod's namespace; outside that of --namespace,\n"
    "        or the context's, or default.\n"
    "    --leader-election-id='':\n"
    "        The Lease's name. Default: interlude, with --namespace interlude-NAMESPACE.\n"
    "    --leader-election-lease-duration=15s:\n"
    "        The others wait so long after the leader's last sign of life. Whole seconds.\n"
    "    --leader-election-renew-deadline=10s:\n"
    "        The leader stops acting when it could not renew the Lease for so long.\n"
    "    --leader-election-retry-period=2s:\n"
    "        How long to wait between two tries to renew or take the Lease.\n"
    "    --log-level='info':\n"
    "        Least level of the records to write: debug, info, warn or error.\n"
    "    --log-format='logfmt':\n"
    "        Format of the records: logfmt or json.\n"
    "\n"
    "Usage:\n"
    "  interlude controller [--kubeconfig=FILE] [flags]\n";

static const char version_help[] = "Print the version.\n"
                                   "\n"
                                   "Usage:\n"
                                   "  interlude version\n";

static const struct {
    const char *name;
    enum command command;
    const char *help;
} commands[] = {
    {"controller", COMMAND_CONTROLLER, controller_help},
    {"version", COMMAND_VERSION, version_help},
};

const char *options_help(const char *about)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (str_eq(about, commands[i].name)) {
            return commands[i].help;
        }
    }
    return program_help;
}

static bool parse_level(const char *value, struct options *options, struct err *err)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_eq(value, names[i])) {
            options->log_level = (enum log_level)i;
            return true;
        }
    }
    return err_set(err, ERR_INVALID,
                   "--log-level: \"%s\" is no level; use debug, info, warn or error", value);
}

static bool parse_format(const char *value, struct options *options, struct err *err)
{
    if (str_eq(value, "json")) {
        options->log_format = LOG_JSON;
        return true;
    }
    if (str_eq(value, "logfmt")) {
        options->log_format = LOG_LOGFMT;
        return true;
    }
    return err_set(err, ERR_INVALID, "--log-format: \"%s\" is no format; use logfmt or json",
                   value);
}

static bool parse_elect(const char *value, struct options *options, struct err *err)
{
    if (!str_eq(value, "true") && !str_eq(value, "false")) {
        return err_set(err, ERR_INVALID, "--leader-elect: \"%s\" must be true or false", value);
    }
    options->is_elected = str_eq(value, "true");
    return true;
}

static bool parse_period(const char *flag, const char *value, int64_t *ret_ms, struct err *err)
{
    int64_t ms = 0;
    if (!clock_parse_duration(value, &ms) || ms <= 0) {
        return err_set(err, ERR_INVALID,
                       "--leader-election-%s: \"%s\" is no duration; use one such as 15s", flag,
                       value);
    }
    *ret_ms = ms;
    return true;
}

static bool parse_lease_duration(const char *value, struct options *options, struct err *err)
{
    return parse_period("lease-duration", value, &options->timing.duration_ms, err);
}

static bool parse_renew_deadline(const char *value, struct options *options, struct err *err)
{
    return parse_period("renew-deadline", value, &options->timing.deadline_ms, err);
}

static bool parse_retry_period(const char *value, struct options *options, struct err *err)
{
    return parse_period("retry-period", value, &options->timing.retry_ms, err);
}

/* As client-go asks for it: a leader gets several tries, and stops before others may begin. */
static bool check_timing(const struct lease_timing *timing, struct err *err)
{
    if (timing->duration_ms % 1000 != 0) {
        return err_set(err, ERR_INVALID,
                       "--leader-election-lease-duration: must be whole seconds, for so the Lease "
                       "holds it");
    }
    if (timing->duration_ms <= timing->deadline_ms) {
        return err_set(err, ERR_INVALID,
                       "--leader-election-lease-duration must be longer than "
                       "--leader-election-renew-deadline: a leader must have stopped before "
                       "another begins");
    }
    if (timing->deadline_ms * 10 <= timing->retry_ms * 12) {
        return err_set(err, ERR_INVALID,
                       "--leader-election-renew-deadline must be longer than 1.2 times "
                       "--leader-election-retry-period: else one failed try ends a leadership");
    }
    return true;
}

struct flag {
    const char *name;
    const char **place; /* NULL: parsed by its own function */
    bool (*parse)(const char *value, struct options *options, struct err *err);
    const char *bare; /* its value when it stands alone; NULL: it needs one */
};

/* Takes the next argument for the flag's value where it needs one and has none. */
static bool set_flag(const char *name, const char *value, const char *next, bool *ret_took_next,
                     struct options *options, struct err *err)
{
    const struct flag flags[] = {
        {"--kubeconfig", &options->kubeconfig, NULL, NULL},
        {"--context", &options->context, NULL, NULL},
        {"--namespace", &options->ns, NULL, NULL},
        {"-n", &options->ns, NULL, NULL},
        {"--health-address", &options->health_address, NULL, NULL},
        {"--leader-elect", NULL, parse_elect, "true"},
        {"--leader-election-namespace", &options->lease_ns, NULL, NULL},
        {"--leader-election-id", &options->lease_name, NULL, NULL},
        {"--leader-election-lease-duration", NULL, parse_lease_duration, NULL},
        {"--leader-election-renew-deadline", NULL, parse_renew_deadline, NULL},
        {"--leader-election-retry-period", NULL, parse_retry_period, NULL},
        {"--log-level", NULL, parse_level, NULL},
        {"--log-format", NULL, parse_format, NULL},
    };
    const struct flag *flag = NULL;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (str_eq(name, flags[i].name)) {
            flag = &flags[i];
        }
    }
    if (flag == NULL || options->command != COMMAND_CONTROLLER) {
        return err_set(err, ERR_INVALID, "unknown flag: %s\nSee 'interlude --help' for usage.",
                       name);
    }
    *ret_took_next = value == NULL && flag->bare == NULL && next != NULL;
    if (value == NULL) {
        value = flag->bare == NULL ? next : flag->bare;
    }
    if (value == NULL) {
        return err_set(err, ERR_INVALID, "flag needs a value: %s", name);
    }
    if (value[0] == '\0') {
        return err_set(err, ERR_INVALID, "%s: the value is empty; leave the flag out", name);
    }
    if (flag->place == NULL) {
        return flag->parse(value, options, err);
    }
    *flag->place = value;
    return true;
}

static bool is_help(const char *arg)
{
    return str_eq(arg, "--help") || str_eq(arg, "-h");
}

#define FLAG_NAME_MAX 64

static bool parse_flags(int argc, char **argv, struct options *options, struct err *err)
{
    for (int i = 2; i < argc; i++) {
        char name[FLAG_NAME_MAX];
        const char *equals = strchr(argv[i], '=');
        size_t len = equals == NULL ? strlen(argv[i]) : (size_t)(equals - argv[i]);
        if (is_help(argv[i])) {
            options->command = COMMAND_HELP;
            options->help_about = argv[1];
            return true;
        }
        if (argv[i][0] != '-') {
            return err_set(err, ERR_INVALID,
                           "unexpected argument \"%s\"\nSee 'interlude %s --help' for usage.",
                           argv[i], argv[1]);
        }
        if (len >= sizeof(name)) {
            return err_set(err, ERR_INVALID, "unknown flag: %.60s...", argv[i]);
        }
        memcpy(name, argv[i], len);
        name[len] = '\0';
        const char *value = equals == NULL ? NULL : equals + 1;
        bool took_next = false;
        if (!set_flag(name, value, i + 1 < argc ? argv[i + 1] : NULL, &took_next, options, err)) {
            return false;
        }
        i += took_next;
    }
    return check_timing(&options->timing, err);
}

bool options_parse(int argc, char **argv, struct options *ret_options, struct err *err)
{
    struct options options = {
        .command = COMMAND_HELP,
        .is_elected = true,
        .timing = {.duration_ms = 15000, .deadline_ms = 10000, .retry_ms = 2000},
        .log_level = LOG_INFO,
        .log_format = LOG_LOGFMT,
    };
    const char *name = argc < 2 ? "help" : argv[1];

    if (is_help(name) || str_eq(name, "help")) {
        options.help_about = argc > 2 ? argv[2] : NULL;
        *ret_options = options;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (str_eq(name, commands[i].name)) {
            options.command = commands[i].command;
            if (!parse_flags(argc, argv, &options, err)) {
                return false;
            }
            *ret_options = options;
            return true;
        }
    }
    return err_set(err, ERR_INVALID, "unknown command \"%s\"\nSee 'interlude --help' for usage.",
                   name);
}
