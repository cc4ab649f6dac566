/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator sees of the controller besides the resources: log records and metrics. */
#ifndef INTERLUDE_APP_TELEMETRY_H
#define INTERLUDE_APP_TELEMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/err.h"
#include "domain/plan.h"
#include "domain/types.h"

struct telemetry;

struct telemetry *telemetry_new(void) MUST_CHECK;
void telemetry_free(struct telemetry *telemetry); /* NULL accepted */

/* The caches are full and work begins. */
void telemetry_started(struct telemetry *telemetry, size_t migrations);

/* A status was written. */
void telemetry_transition(struct telemetry *telemetry, const struct migration *migration,
                          const char *case_id);

/* An outcome was written. */
void telemetry_attempt_ended(struct telemetry *telemetry, const struct attempt *attempt);

/* A decision was made: a record at level debug, counted by case. */
void telemetry_decided(struct telemetry *telemetry, const char *key, const struct plan *plan);

/* Something did not work and will be tried again. */
void telemetry_problem(struct telemetry *telemetry, const char *what, const char *about,
                       const struct err *err);

struct telemetry_gauges {
    size_t migrations;
    size_t unfinished;
    size_t queue_depth;
    size_t watches;
    size_t broken_watches;
    uint64_t requests;
    bool is_acting;
};

/* The metrics in Prometheus' text format. False when buf is full. */
bool telemetry_write(struct telemetry *telemetry, const struct telemetry_gauges *gauges,
                     struct buf *buf) MUST_CHECK;

#endif
