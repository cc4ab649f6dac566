/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: subcommands, flags and their help, in the manner of kubectl's own commands. */
#ifndef INTERLUDE_APP_OPTIONS_H
#define INTERLUDE_APP_OPTIONS_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"
#include "base/log.h"
#include "domain/lease.h"

enum command { COMMAND_CONTROLLER, COMMAND_VERSION, COMMAND_HELP };

struct options {
    enum command command;
    const char *help_about;     /* the subcommand whose help is wanted; NULL: the program's */
    const char *kubeconfig;     /* NULL: inside a cluster */
    const char *context;        /* NULL: the kubeconfig's current one */
    const char *ns;             /* NULL: all namespaces */
    const char *health_address; /* NULL: no probes, no metrics */
    bool is_elected;            /* false: acts whoever else does */
    const char *lease_ns;       /* NULL: the default that the help tells */
    const char *lease_name;     /* likewise */
    struct lease_timing timing;
    enum log_level log_level;
    enum log_format log_format;
};

/* argv is borrowed for as long as the options live. The error names the flag, the value and the remedy. */
bool options_parse(int argc, char **argv, struct options *ret_options, struct err *err) MUST_CHECK;

/* The help of a subcommand, or of the program for NULL. Static. */
const char *options_help(const char *about);

#endif
