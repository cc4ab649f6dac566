/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, gauges and histograms, and their text for Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format, version 0.0.4).
 * Names, help and labels are the program's own: a bad one is a bug and ends the process.
 */
#ifndef INTERLUDE_SERVER_METRICS_H
#define INTERLUDE_SERVER_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"
#include "base/buf.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Of one metric. What would make one more counts in a series whose label values are all "other". */
#define METRIC_SERIES_MAX 2000
#define METRIC_LABELS_MAX 4

struct metrics;
struct metric;

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_spec { /* all static */
    const char *name;
    const char *help;
    enum metric_type type;
    const char *labels[METRIC_LABELS_MAX]; /* names, in the order of their values; the rest NULL */
    const double *bounds;                  /* of a histogram: ascending, +Inf left out */
    size_t bound_count;
};

/* The values of a metric's labels, as many as it has. NULL counts as "". */
#define METRIC_VALUES(...) ((const char *const[METRIC_LABELS_MAX]){__VA_ARGS__})

struct metrics *metrics_new(void) MUST_CHECK;
void metrics_free(struct metrics *metrics); /* NULL accepted; frees the metrics too */

/* The metric is owned by metrics. One without labels is there with 0 from the start. */
struct metric *metrics_add(struct metrics *metrics, const struct metric_spec *spec) MUST_CHECK;

/* values may be NULL for a metric without labels. A counter never goes down. */
void metric_add(struct metric *metric, const char *const *values, double by);
void metric_set(struct metric *metric, const char *const *values, double value);     /* gauge */
void metric_observe(struct metric *metric, const char *const *values, double value); /* histogram */

/* Forgets a series whose object is gone. */
void metric_drop(struct metric *metric, const char *const *values);

/* All metrics in the order in which they were added. False when buf is full. */
bool metrics_write(const struct metrics *metrics, struct buf *buf) MUST_CHECK;

#endif
