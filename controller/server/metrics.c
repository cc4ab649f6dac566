/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

/* Longer label values are cut. */
#define VALUE_MAX_BYTES ((size_t)512)
#define NAME_MAX_BYTES  ((size_t)100)

#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LETTERS LOWER UPPER "_"
#define DIGITS  "0123456789"

struct series {
    char *labels;      /* `kind="a",name="b"`, escaped; "" without labels */
    double value;      /* of a histogram: the sum */
    uint64_t count;    /* of a histogram's observations */
    uint64_t *buckets; /* of a histogram: observations up to each bound and above the one before */
};

struct metric {
    struct metric *next;
    struct metric_spec spec;
    size_t label_count;
    struct series **series; /* in the order in which they came */
    size_t series_count;
    size_t series_room;
    struct map by_labels; /* labels -> struct series */
};

struct metrics {
    struct metric *first;
    struct metric *last;
};

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

struct metrics *metrics_new(void)
{
    return xcalloc(1, sizeof(struct metrics));
}

static void series_free(struct series *series)
{
    free(series->labels);
    free(series->buckets);
    free(series);
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    while (metrics->first != NULL) {
        struct metric *metric = metrics->first;
        metrics->first = metric->next;
        for (size_t i = 0; i < metric->series_count; i++) {
            series_free(metric->series[i]);
        }
        free(metric->series);
        map_fini(&metric->by_labels);
        free(metric);
    }
    free(metrics);
}

static bool is_name(const char *text, const char *alphabet)
{
    return text[0] != '\0' && strchr(DIGITS, text[0]) == NULL &&
           strspn(text, alphabet) == strlen(text) && strlen(text) < NAME_MAX_BYTES - 4;
}

static bool is_sound(const struct metrics *metrics, const struct metric_spec *spec)
{
    bool is_histogram = spec->type == METRIC_HISTOGRAM;
    if (!is_name(spec->name, LETTERS DIGITS ":") || is_histogram != (spec->bounds != NULL) ||
        is_histogram != (spec->bound_count > 0)) {
        return false;
    }
    for (size_t i = 0; i < METRIC_LABELS_MAX && spec->labels[i] != NULL; i++) {
        if (!is_name(spec->labels[i], LETTERS DIGITS) || str_starts_with(spec->labels[i], "__") ||
            (is_histogram && str_eq(spec->labels[i], "le"))) {
            return false;
        }
    }
    for (size_t i = 1; is_histogram && i < spec->bound_count; i++) {
        if (spec->bounds[i - 1] >= spec->bounds[i]) {
            return false;
        }
    }
    for (const struct metric *metric = metrics->first; metric != NULL; metric = metric->next) {
        if (str_eq(metric->spec.name, spec->name)) {
            return false;
        }
    }
    return true;
}

/* Backslash, line end and, in a label, the quote. False when buf is full. */
static bool add_escaped(struct buf *buf, const char *text, bool is_label)
{
    bool fits = true;
    for (const char *at = text; *at != '\0' && fits; at++) {
        if (*at == '\n') {
            fits = buf_append_text(buf, "\\n");
        } else if (*at == '\\' || (is_label && *at == '"')) {
            fits = buf_printf(buf, "\\%c", *at);
        } else {
            fits = buf_append(buf, at, 1);
        }
    }
    return fits;
}

/* The text of the labels, which is also the series' key. */
static char *label_text(const struct metric *metric, const char *const *values)
{
    struct buf buf;
    buf_init(&buf, METRIC_LABELS_MAX * (2 * VALUE_MAX_BYTES + NAME_MAX_BYTES));
    for (size_t i = 0; i < metric->label_count; i++) {
        char value[VALUE_MAX_BYTES + 1];
        (void)snprintf(value, sizeof(value), "%s", str_or_empty(values[i]));
        bool fits = buf_printf(&buf, "%s%s=\"", i > 0 ? "," : "", metric->spec.labels[i]) &&
                    add_escaped(&buf, value, true) && buf_append_text(&buf, "\"");
        assert(fits); /* an escaped value is at most twice as long */
        (void)fits;
    }
    return buf_take(&buf);
}

/* Takes over the text of the labels. */
static struct series *add_series(struct metric *metric, char *labels)
{
    struct series *series = xcalloc(1, sizeof(*series));
    series->labels = labels;
    if (metric->spec.type == METRIC_HISTOGRAM) {
        series->buckets = xcalloc(metric->spec.bound_count, sizeof(*series->buckets));
    }
    if (metric->series_count == metric->series_room) {
        metric->series_room = metric->series_room == 0 ? 4 : metric->series_room * 2;
        metric->series =
            xreallocarray(metric->series, metric->series_room, sizeof(struct series *));
    }
    metric->series[metric->series_count++] = series;
    (void)map_set(&metric->by_labels, labels, series);
    return series;
}

static struct series *series_of(struct metric *metric, const char *const *values)
{
    static const char *const others[METRIC_LABELS_MAX] = {"other", "other", "other", "other"};
    assert(values != NULL || metric->label_count == 0);
    CLEANUP(mem_free_text) char *labels = label_text(metric, values);
    struct series *series = map_get(&metric->by_labels, labels);
    if (series == NULL && metric->series_count >= METRIC_SERIES_MAX) {
        mem_free_text(&labels);
        labels = label_text(metric, others);
        series = map_get(&metric->by_labels, labels);
    }
    if (series == NULL) {
        series = add_series(metric, labels);
        labels = NULL;
    }
    return series;
}

struct metric *metrics_add(struct metrics *metrics, const struct metric_spec *spec)
{
    if (!is_sound(metrics, spec)) {
        abort(); /* a bug, seen at the first start */
    }
    struct metric *metric = xcalloc(1, sizeof(*metric));
    metric->spec = *spec;
    while (metric->label_count < METRIC_LABELS_MAX && spec->labels[metric->label_count] != NULL) {
        metric->label_count++;
    }
    if (metric->label_count == 0) {
        (void)series_of(metric, NULL);
    }
    if (metrics->last == NULL) {
        metrics->first = metric;
    } else {
        metrics->last->next = metric;
    }
    metrics->last = metric;
    return metric;
}

void metric_add(struct metric *metric, const char *const *values, double by)
{
    assert(metric->spec.type == METRIC_GAUGE || (metric->spec.type == METRIC_COUNTER && by >= 0));
    series_of(metric, values)->value += by;
}

void metric_set(struct metric *metric, const char *const *values, double value)
{
    assert(metric->spec.type == METRIC_GAUGE);
    series_of(metric, values)->value = value;
}

void metric_observe(struct metric *metric, const char *const *values, double value)
{
    assert(metric->spec.type == METRIC_HISTOGRAM);
    struct series *series = series_of(metric, values);
    series->value += value;
    series->count++;
    for (size_t i = 0; i < metric->spec.bound_count; i++) {
        if (value <= metric->spec.bounds[i]) {
            series->buckets[i]++;
            return;
        }
    }
}

void metric_drop(struct metric *metric, const char *const *values)
{
    CLEANUP(mem_free_text) char *labels = label_text(metric, values);
    struct series *series = map_take(&metric->by_labels, labels);
    if (series == NULL) {
        return;
    }
    size_t at = 0;
    while (metric->series[at] != series) {
        at++;
    }
    metric->series_count--;
    memmove(metric->series + at, metric->series + at + 1,
            (metric->series_count - at) * sizeof(struct series *));
    series_free(series);
}

/* The shortest text that reads back as the same number. */
static bool add_number(struct buf *buf, double value)
{
    char text[40];
    if (isnan(value)) {
        return buf_append_text(buf, "NaN");
    }
    if (isinf(value)) {
        return buf_append_text(buf, value > 0 ? "+Inf" : "-Inf");
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (!(back < value || back > value)) {
            break;
        }
    }
    return buf_append_text(buf, text);
}

static bool write_value(const struct metric *metric, const struct series *series, struct buf *buf)
{
    bool has_labels = series->labels[0] != '\0';
    return buf_printf(buf, "%s%s%s%s ", metric->spec.name, has_labels ? "{" : "", series->labels,
                      has_labels ? "}" : "") &&
           add_number(buf, series->value) && buf_append_text(buf, "\n");
}

/* One line of name_bucket; bound HUGE_VAL for the last. */
static bool write_bucket(const struct metric *metric, const struct series *series, double bound,
                         uint64_t count, struct buf *buf)
{
    return buf_printf(buf, "%s_bucket{%s%sle=\"", metric->spec.name, series->labels,
                      series->labels[0] != '\0' ? "," : "") &&
           add_number(buf, bound) && buf_printf(buf, "\"} %" PRIu64 "\n", count);
}

static bool write_histogram(const struct metric *metric, const struct series *series,
                            struct buf *buf)
{
    const char *name = metric->spec.name;
    bool has_labels = series->labels[0] != '\0';
    const char *open = has_labels ? "{" : "";
    const char *close = has_labels ? "}" : "";
    uint64_t count = 0;
    for (size_t i = 0; i < metric->spec.bound_count; i++) {
        count += series->buckets[i];
        if (!write_bucket(metric, series, metric->spec.bounds[i], count, buf)) {
            return false;
        }
    }
    return write_bucket(metric, series, HUGE_VAL, series->count, buf) &&
           buf_printf(buf, "%s_sum%s%s%s ", name, open, series->labels, close) &&
           add_number(buf, series->value) &&
           buf_printf(buf, "\n%s_count%s%s%s %" PRIu64 "\n", name, open, series->labels, close,
                      series->count);
}

static bool write_metric(const struct metric *metric, struct buf *buf)
{
    if (!buf_printf(buf, "# HELP %s ", metric->spec.name) ||
        !add_escaped(buf, metric->spec.help, false) ||
        !buf_printf(buf, "\n# TYPE %s %s\n", metric->spec.name, type_names[metric->spec.type])) {
        return false;
    }
    for (size_t i = 0; i < metric->series_count; i++) {
        bool fits = metric->spec.type == METRIC_HISTOGRAM
                        ? write_histogram(metric, metric->series[i], buf)
                        : write_value(metric, metric->series[i], buf);
        if (!fits) {
            return false;
        }
    }
    return true;
}

bool metrics_write(const struct metrics *metrics, struct buf *buf)
{
    for (const struct metric *metric = metrics->first; metric != NULL; metric = metric->next) {
        if (!write_metric(metric, buf)) {
            return false;
        }
    }
    return true;
}
