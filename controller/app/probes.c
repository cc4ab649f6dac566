/* SPDX-License-Identifier: Apache-2.0 */
#include "app/probes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "server/health.h"
#include "server/http_server.h"
#include "server/metrics.h"

struct probes {
    struct manager *manager;
    struct telemetry *telemetry;
    struct http_server *server;
    struct health_check ready_check;
    struct health healthz;
    struct health readyz;
};

static bool check_ready(void *arg, char reason[HEALTH_REASON_MAX])
{
    const struct probes *probes = arg;
    struct arena arena = {0};
    const char *why = "";
    bool is_ready = manager_is_ready(probes->manager, &arena, &why);
    (void)snprintf(reason, HEALTH_REASON_MAX, "%s", why);
    arena_fini(&arena);
    return is_ready;
}

static void reply_metrics(void *arg, struct http_server_reply *reply)
{
    struct probes *probes = arg;
    struct telemetry_gauges gauges;
    manager_gauge(probes->manager, &gauges);
    reply->content_type = METRICS_CONTENT_TYPE;
    if (!telemetry_write(probes->telemetry, &gauges, &reply->body)) {
        reply->status = 500;
    }
}

struct probes *probes_start(struct loop *loop, const char *address, struct manager *manager,
                            struct telemetry *telemetry, struct err *err)
{
    struct probes *probes = xcalloc(1, sizeof(*probes));
    probes->manager = manager;
    probes->telemetry = telemetry;
    probes->ready_check = (struct health_check){"watches", check_ready, probes};
    probes->healthz = (struct health){.name = "healthz"};
    probes->readyz = (struct health){.name = "readyz", .checks = &probes->ready_check, .count = 1};
    const struct http_server_route routes[] = {
        {"/healthz", health_reply, &probes->healthz},
        {"/readyz", health_reply, &probes->readyz},
        {"/metrics", reply_metrics, probes},
    };
    probes->server = http_server_start(loop, address, routes, ARRAY_LEN(routes), err);
    if (probes->server == NULL) {
        free(probes);
        return NULL;
    }
    log_info("serving probes and metrics", KV_S("address", address),
             KV_I("port", http_server_port(probes->server)));
    return probes;
}

void probes_stop(struct probes *probes)
{
    if (probes != NULL) {
        http_server_stop(probes->server);
        free(probes);
    }
}
