/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/manager.h"
#include "app/options.h"
#include "app/probes.h"
#include "app/telemetry.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/loop.h"

struct process {
    struct loop *loop;
    struct manager *manager;
    struct loop_io signals;
    int signal_fd;
};

/* SIGTERM and SIGINT end it; what is in flight is given up, and found again by whoever acts next. */
static void on_signal(void *arg, uint32_t events)
{
    struct process *process = arg;
    struct signalfd_siginfo info;
    (void)events;
    ssize_t got = read(process->signal_fd, &info, sizeof(info));
    if (got == (ssize_t)sizeof(info)) {
        log_info("stopping", KV_S("signal", strsignal((int)info.ssi_signo)));
        manager_stop(process->manager);
    }
}

static bool listen_to_signals(struct process *process, struct err *err)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return err_set(err, ERR_INTERNAL, "sigprocmask: %s", strerror(errno));
    }
    process->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (process->signal_fd < 0) {
        return err_set(err, ERR_INTERNAL, "signalfd: %s", strerror(errno));
    }
    process->signals.fn = on_signal;
    process->signals.arg = process;
    return loop_io_start(process->loop, &process->signals, process->signal_fd, EPOLLIN, err);
}

static bool load_config(const struct options *options, struct kube_config *ret_config,
                        struct err *err)
{
    if (options->kubeconfig != NULL) {
        return kube_config_load_file(options->kubeconfig, options->context, ret_config, err);
    }
    if (options->context != NULL) {
        return err_set(err, ERR_INVALID, "--context needs --kubeconfig");
    }
    if (!kube_config_load_in_cluster(ret_config, err)) {
        return err_wrap(err, "not inside a cluster (outside one, give --kubeconfig)");
    }
    return true;
}

/*
 * Controllers that look after different namespaces elect apart from each other. Outside a cluster the
 * Lease lies where the user can be expected to have rights.
 */
static bool choose_lease(const struct options *options, const struct kube_config *config,
                         struct arena *arena, struct election_spec *ret_spec, struct err *err)
{
    const char *own_ns = options->kubeconfig == NULL || options->ns == NULL ? config->ns : NULL;
    const char *ns = options->lease_ns != NULL ? options->lease_ns : own_ns;
    const char *name = options->lease_name;
    if (ns == NULL && options->kubeconfig == NULL) {
        return err_set(err, ERR_INVALID,
                       "the service account tells no namespace for the Lease of the leader "
                       "election; give --leader-election-namespace");
    }
    if (ns == NULL) {
        ns = options->ns != NULL ? options->ns : "default";
    }
    if (name == NULL) {
        name = options->ns == NULL ? "interlude" : arena_printf(arena, "interlude-%s", options->ns);
    }
    *ret_spec = (struct election_spec){.ns = ns, .name = name, .timing = options->timing};
    return true;
}

static bool serve(struct process *process, struct kube_client *client,
                  const struct kube_config *config, const struct options *options, struct err *err)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct election_spec election;
    if (options->is_elected && !choose_lease(options, config, &arena, &election, err)) {
        return false;
    }
    const struct manager_spec spec = {
        .ns = options->ns,
        .election = options->is_elected ? &election : NULL,
    };
    struct telemetry *telemetry = telemetry_new();
    struct manager *manager = manager_new(process->loop, client, &spec, telemetry);
    struct probes *probes = NULL;
    process->manager = manager;
    bool ok = true;
    if (options->health_address != NULL) {
        probes = probes_start(process->loop, options->health_address, manager, telemetry, err);
        ok = probes != NULL;
    }
    ok = ok && loop_run(process->loop, err);
    probes_stop(probes);
    manager_free(manager);
    telemetry_free(telemetry);
    return ok;
}

static bool run_controller(const struct options *options, struct err *err)
{
    struct process process = {.signal_fd = -1};
    struct kube_config config = {0};
    struct kube_client *client = NULL;
    bool ok = false;

    if (!load_config(options, &config, err)) {
        return false;
    }
    process.loop = loop_new(err);
    if (process.loop != NULL && listen_to_signals(&process, err)) {
        client = kube_client_new(process.loop, &config, err);
    }
    if (client != NULL) {
        log_info("starting", KV_S("version", INTERLUDE_VERSION), KV_S("server", config.server),
                 KV_S("namespace", options->ns));
        ok = serve(&process, client, &config, options, err);
        kube_client_free(client);
    }
    if (process.signal_fd >= 0) {
        loop_io_stop(process.loop, &process.signals);
        (void)close(process.signal_fd);
    }
    loop_free(process.loop);
    kube_config_fini(&config);
    if (ok) {
        log_info("stopped", KV_S("version", INTERLUDE_VERSION));
    }
    return ok;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err = {0};

    if (!options_parse(argc, argv, &options, &err)) {
        (void)fprintf(stderr, "error: %s\n", err.text);
        return EXIT_FAILURE;
    }
    switch (options.command) {
    case COMMAND_HELP:
        (void)fputs(options_help(options.help_about), stdout);
        return EXIT_SUCCESS;
    case COMMAND_VERSION:
        (void)printf("interlude %s\n", INTERLUDE_VERSION);
        return EXIT_SUCCESS;
    case COMMAND_CONTROLLER:
        break;
    }
    log_setup(options.log_level, options.log_format);
    (void)signal(SIGPIPE, SIG_IGN);
    json_set_alloc_funcs(xmalloc, free);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        log_error("libcurl cannot start", KV_S("version", curl_version()));
        return EXIT_FAILURE;
    }
    bool ok = run_controller(&options, &err);
    curl_global_cleanup();
    if (!ok) {
        log_error("stopped", KV_S("err_kind", err_kind_name(err.kind)), KV_S("err", err.text));
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
