/* SPDX-License-Identifier: Apache-2.0 */
#include "app/telemetry.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/metrics.h"

struct telemetry {
    struct metrics *metrics;
    struct metric *transitions;
    struct metric *attempts;
    struct metric *decisions;
    struct metric *problems;
    struct metric *migrations;
    struct metric *unfinished;
    struct metric *queue_depth;
    struct metric *watches;
    struct metric *broken_watches;
    struct metric *requests;
    struct metric *leader;
    uint64_t requests_told; /* by the counter, so far */
};

static struct metric *gauge(struct metrics *metrics, const char *name, const char *help)
{
    return metrics_add(metrics, &(struct metric_spec){
                                    .name = name,
                                    .help = help,
                                    .type = METRIC_GAUGE,
                                });
}

static struct metric *counter(struct metrics *metrics, const char *name, const char *help,
                              const char *label, const char *second_label)
{
    return metrics_add(metrics, &(struct metric_spec){
                                    .name = name,
                                    .help = help,
                                    .type = METRIC_COUNTER,
                                    .labels = {label, second_label},
                                });
}

struct telemetry *telemetry_new(void)
{
    struct telemetry *telemetry = xcalloc(1, sizeof(*telemetry));
    struct metrics *metrics = metrics_new();
    *telemetry = (struct telemetry){
        .metrics = metrics,
        .transitions =
            counter(metrics, "interlude_transitions_total",
                    "Statuses written, by the phase and reason they show.", "phase", "reason"),
        .attempts = counter(metrics, "interlude_attempts_total", "Attempts that have ended.",
                            "outcome", "reason"),
        .decisions = counter(metrics, "interlude_decisions_total",
                             "Decisions, by their case in docs/state-machine.md.", "case", NULL),
        .problems = counter(metrics, "interlude_problems_total",
                            "Steps that did not work and are tried again.", "kind", NULL),
        .migrations = gauge(metrics, "interlude_migrations", "SchemaMigrations in the cache."),
        .unfinished = gauge(metrics, "interlude_migrations_unfinished",
                            "SchemaMigrations that there is something left to do for."),
        .queue_depth = gauge(metrics, "interlude_queue_depth", "Keys that wait for work now."),
        .watches = gauge(metrics, "interlude_watches", "Watches that run."),
        .broken_watches =
            gauge(metrics, "interlude_watches_broken", "Watches that do not work at present."),
        .requests = counter(metrics, "interlude_requests_total",
                            "Requests sent to the API server, watches not counted.", NULL, NULL),
        .leader = gauge(metrics, "interlude_leader",
                        "1 while this process acts: it is the leader, or nobody is elected."),
    };
    return telemetry;
}

void telemetry_free(struct telemetry *telemetry)
{
    if (telemetry != NULL) {
        metrics_free(telemetry->metrics);
        free(telemetry);
    }
}

void telemetry_started(struct telemetry *telemetry, size_t migrations)
{
    metric_set(telemetry->migrations, NULL, (double)migrations);
    log_info("caches are full, work begins", KV_I("migrations", (int64_t)migrations));
}

void telemetry_transition(struct telemetry *telemetry, const struct migration *migration,
                          const char *case_id)
{
    const struct migration_status *status = &migration->status;
    const char *phase = phase_name(status->phase);
    const char *reason = str_or_empty(status->reason);
    log_info("migration", KV_S("namespace", migration->meta.ns), KV_S("name", migration->meta.name),
             KV_S("phase", phase), KV_S("reason", reason), KV_I("attempt", status->attempt.number),
             KV_S("case", case_id), KV_S("message", status->message));
    metric_add(telemetry->transitions, METRIC_VALUES(phase, reason), 1);
}

void telemetry_attempt_ended(struct telemetry *telemetry, const struct attempt *attempt)
{
    metric_add(telemetry->attempts,
               METRIC_VALUES(outcome_name(attempt->outcome), str_or_empty(attempt->reason)), 1);
}

void telemetry_decided(struct telemetry *telemetry, const char *key, const struct plan *plan)
{
    const char *case_id = str_or_empty(plan->case_id);
    metric_add(telemetry->decisions, METRIC_VALUES(case_id), 1);
    log_debug("decided", KV_S("key", key), KV_S("case", case_id),
              KV_I("actions", (int64_t)plan->actions));
}

void telemetry_problem(struct telemetry *telemetry, const char *what, const char *about,
                       const struct err *err)
{
    /* A conflict is the protocol at work: somebody wrote since we read. What we gave up is no news. */
    bool is_expected =
        err->kind == ERR_CONFLICT || err->kind == ERR_EXISTS || err->kind == ERR_CANCELED;
    LOG_AT(is_expected ? LOG_DEBUG : LOG_WARN, what, KV_S("key", about),
           KV_S("err_kind", err_kind_name(err->kind)), KV_S("err", err->text));
    metric_add(telemetry->problems, METRIC_VALUES(err_kind_name(err->kind)), 1);
}

bool telemetry_write(struct telemetry *telemetry, const struct telemetry_gauges *gauges,
                     struct buf *buf)
{
    metric_set(telemetry->migrations, NULL, (double)gauges->migrations);
    metric_set(telemetry->unfinished, NULL, (double)gauges->unfinished);
    metric_set(telemetry->queue_depth, NULL, (double)gauges->queue_depth);
    metric_set(telemetry->watches, NULL, (double)gauges->watches);
    metric_set(telemetry->broken_watches, NULL, (double)gauges->broken_watches);
    metric_add(telemetry->requests, NULL, (double)(gauges->requests - telemetry->requests_told));
    telemetry->requests_told = gauges->requests;
    metric_set(telemetry->leader, NULL, gauges->is_acting ? 1 : 0);
    return metrics_write(telemetry->metrics, buf);
}
