/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/metrics.h"

static const double bounds[] = {0.1, 1, 10};

/* What metrics_write() says must be this. */
static void check(struct metrics *metrics, const char *want)
{
    struct buf buf;
    buf_init(&buf, 100000);
    assert_true(metrics_write(metrics, &buf));
    assert_string_equal(buf_text(&buf), want);
    buf_fini(&buf);
}

struct number_row {
    const char *name;
    double value;
    const char *text;
};

static const struct number_row number_rows[] = {
    {"zero", 0, "0"},
    {"integer", 42, "42"},
    {"negative", -7, "-7"},
    {"tenth", 0.1, "0.1"},
    {"third", 1.0 / 3, "0.3333333333333333"},
    {"seventeen digits", 0.1 + 0.2, "0.30000000000000004"},
    {"large integer", 1234567890123, "1234567890123"},
    {"two to the 53rd", 9007199254740992, "9007199254740992"},
    {"exponent", 1e300, "1e+300"},
    {"tiny", 5e-324, "4.94065645841247e-324"},
    {"infinity", HUGE_VAL, "+Inf"},
    {"minus infinity", -HUGE_VAL, "-Inf"},
};

static void run_number(void **state)
{
    const struct number_row *row = *state;
    char want[200];
    struct metrics *metrics = metrics_new();
    struct metric *gauge =
        metrics_add(metrics, &(struct metric_spec){.name = "g", .help = "h", .type = METRIC_GAUGE});
    metric_set(gauge, NULL, row->value);
    (void)snprintf(want, sizeof(want), "# HELP g h\n# TYPE g gauge\ng %s\n", row->text);
    check(metrics, want);
    metrics_free(metrics);
}

static void not_a_number(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *gauge =
        metrics_add(metrics, &(struct metric_spec){.name = "g", .help = "h", .type = METRIC_GAUGE});
    metric_set(gauge, NULL, (double)NAN);
    check(metrics, "# HELP g h\n# TYPE g gauge\ng NaN\n");
    metrics_free(metrics);
}

static void nothing_added(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    check(metrics, "");
    metrics_free(metrics);
    metrics_free(NULL);
}

static void counters_and_labels(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *plain = metrics_add(
        metrics,
        &(struct metric_spec){.name = "starts_total", .help = "Starts.", .type = METRIC_COUNTER});
    struct metric *labelled =
        metrics_add(metrics, &(struct metric_spec){.name = "requests_total",
                                                   .help = "Requests.",
                                                   .type = METRIC_COUNTER,
                                                   .labels = {"verb", "code"}});
    check(metrics, "# HELP starts_total Starts.\n# TYPE starts_total counter\nstarts_total 0\n"
                   "# HELP requests_total Requests.\n# TYPE requests_total counter\n");
    metric_add(plain, NULL, 1);
    metric_add(labelled, METRIC_VALUES("get", "200"), 1);
    metric_add(labelled, METRIC_VALUES("put", "409"), 2);
    metric_add(labelled, METRIC_VALUES("get", "200"), 1.5);
    check(metrics, "# HELP starts_total Starts.\n# TYPE starts_total counter\nstarts_total 1\n"
                   "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
                   "requests_total{verb=\"get\",code=\"200\"} 2.5\n"
                   "requests_total{verb=\"put\",code=\"409\"} 2\n");
    metric_drop(labelled, METRIC_VALUES("get", "200"));
    metric_drop(labelled, METRIC_VALUES("no", "such"));
    check(metrics, "# HELP starts_total Starts.\n# TYPE starts_total counter\nstarts_total 1\n"
                   "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
                   "requests_total{verb=\"put\",code=\"409\"} 2\n");
    metric_add(labelled, METRIC_VALUES("get", "200"), 1);
    check(metrics, "# HELP starts_total Starts.\n# TYPE starts_total counter\nstarts_total 1\n"
                   "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
                   "requests_total{verb=\"put\",code=\"409\"} 2\n"
                   "requests_total{verb=\"get\",code=\"200\"} 1\n");
    metrics_free(metrics);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *gauge = metrics_add(
        metrics, &(struct metric_spec){
                     .name = "g", .help = "a\\b\n\"c\"", .type = METRIC_GAUGE, .labels = {"l"}});
    metric_set(gauge, METRIC_VALUES("a\\b\n\"c\""), 1);
    metric_set(gauge, METRIC_VALUES(NULL), 2);
    metric_set(gauge, METRIC_VALUES("\xc3\xa9{}=,"), 3);
    check(metrics, "# HELP g a\\\\b\\n\"c\"\n# TYPE g gauge\n"
                   "g{l=\"a\\\\b\\n\\\"c\\\"\"} 1\n"
                   "g{l=\"\"} 2\n"
                   "g{l=\"\xc3\xa9{}=,\"} 3\n");
    metrics_free(metrics);
}

static void histograms_are_cumulative(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *plain = metrics_add(metrics, &(struct metric_spec){.name = "h",
                                                                      .help = "H.",
                                                                      .type = METRIC_HISTOGRAM,
                                                                      .bounds = bounds,
                                                                      .bound_count = 3});
    struct metric *labelled = metrics_add(metrics, &(struct metric_spec){.name = "l",
                                                                         .help = "L.",
                                                                         .type = METRIC_HISTOGRAM,
                                                                         .labels = {"kind"},
                                                                         .bounds = bounds,
                                                                         .bound_count = 3});
    static const double values[] = {0.05, 0.1, 0.5, 1, 11};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        metric_observe(plain, NULL, values[i]);
    }
    metric_observe(labelled, METRIC_VALUES("a"), 5);
    check(metrics, "# HELP h H.\n# TYPE h histogram\n"
                   "h_bucket{le=\"0.1\"} 2\n"
                   "h_bucket{le=\"1\"} 4\n"
                   "h_bucket{le=\"10\"} 4\n"
                   "h_bucket{le=\"+Inf\"} 5\n"
                   "h_sum 12.65\n"
                   "h_count 5\n"
                   "# HELP l L.\n# TYPE l histogram\n"
                   "l_bucket{kind=\"a\",le=\"0.1\"} 0\n"
                   "l_bucket{kind=\"a\",le=\"1\"} 0\n"
                   "l_bucket{kind=\"a\",le=\"10\"} 1\n"
                   "l_bucket{kind=\"a\",le=\"+Inf\"} 1\n"
                   "l_sum{kind=\"a\"} 5\n"
                   "l_count{kind=\"a\"} 1\n");
    metrics_free(metrics);
}

static void too_many_series_are_folded(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *counter = metrics_add(
        metrics, &(struct metric_spec){
                     .name = "c", .help = "C.", .type = METRIC_COUNTER, .labels = {"id", "x"}});
    for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
        char id[20];
        (void)snprintf(id, sizeof(id), "%d", i);
        metric_add(counter, METRIC_VALUES(id, "x"), 1);
    }
    struct buf buf;
    buf_init(&buf, 1000000);
    assert_true(metrics_write(metrics, &buf));
    assert_non_null(strstr(buf_text(&buf), "c{id=\"1999\",x=\"x\"} 1\n"));
    assert_null(strstr(buf_text(&buf), "c{id=\"2000\""));
    assert_non_null(strstr(buf_text(&buf), "c{id=\"other\",x=\"other\"} 10\n"));
    buf_fini(&buf);
    metrics_free(metrics);
}

static void long_label_is_cut(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *gauge = metrics_add(
        metrics,
        &(struct metric_spec){
            .name = "g", .help = "h", .type = METRIC_GAUGE, .labels = {"a", "b", "c", "d"}});
    char quotes[4000];
    memset(quotes, '"', sizeof(quotes) - 1);
    quotes[sizeof(quotes) - 1] = '\0';
    metric_set(gauge, METRIC_VALUES(quotes, quotes, quotes, quotes), 1);
    struct buf buf;
    buf_init(&buf, 100000);
    assert_true(metrics_write(metrics, &buf));
    assert_non_null(strstr(buf_text(&buf), "\\\"\",b=\""));
    assert_int_equal(buf.len, strlen("# HELP g h\n# TYPE g gauge\n") + strlen("g{} 1\n") +
                                  4 * (strlen("a=\"\"") + (size_t)2 * 512) + strlen(",,,"));
    buf_fini(&buf);
    metrics_free(metrics);
}

static void full_buffer_is_said(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    (void)!metrics_add(metrics,
                       &(struct metric_spec){.name = "g", .help = "h", .type = METRIC_GAUGE});
    size_t need = strlen("# HELP g h\n# TYPE g gauge\ng 0\n");
    for (size_t max = 0; max <= need; max++) {
        struct buf buf;
        buf_init(&buf, max);
        assert_int_equal(metrics_write(metrics, &buf), max == need);
        buf_fini(&buf);
    }
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(not_a_number),
        cmocka_unit_test(nothing_added),
        cmocka_unit_test(counters_and_labels),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(histograms_are_cumulative),
        cmocka_unit_test(too_many_series_are_folded),
        cmocka_unit_test(long_label_is_cut),
        cmocka_unit_test(full_buffer_is_said),
    };
    struct CMUnitTest tests[ARRAY_LEN(number_rows) + ARRAY_LEN(others)];
    for (size_t i = 0; i < ARRAY_LEN(number_rows); i++) {
        const void *row = &number_rows[i];
        tests[i] = (struct CMUnitTest){.name = number_rows[i].name, .test_func = run_number};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    memcpy(tests + ARRAY_LEN(number_rows), others, sizeof(others));
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
