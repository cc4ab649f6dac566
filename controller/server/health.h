/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer of a probe in the words of the Kubernetes API server: "ok" with 200, or 500 with a line
 * for each check that fails.
 */
#ifndef INTERLUDE_SERVER_HEALTH_H
#define INTERLUDE_SERVER_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "server/http_server.h"

#define HEALTH_REASON_MAX 200

/* True when it is well; else why not, as one line. Must not block. */
typedef bool health_check_fn(void *arg, char reason[HEALTH_REASON_MAX]);

struct health_check {
    const char *name; /* "cache-synced" */
    health_check_fn *fn;
    void *arg;
};

struct health {       /* the arg of health_reply(); borrows everything */
    const char *name; /* "readyz" */
    const struct health_check *checks;
    size_t count;
};

/* An http_server_fn; arg is a const struct health. */
void health_reply(void *arg, struct http_server_reply *reply);

#endif
