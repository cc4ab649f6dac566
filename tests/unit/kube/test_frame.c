/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "base/clock.h"
#include "base/mem.h"
#include "kube/frame.h"

#define SMALL_MAX ((size_t)8)

/* The lines that came, each followed by '|'. */
struct lines {
    struct buf text;
    int stop_after; /* lines; 0: never */
    int count;
};

static bool on_line(void *arg, const char *line, size_t len)
{
    struct lines *lines = arg;
    assert_null(memchr(line, '\n', len));
    assert_true(buf_append(&lines->text, line, len) && buf_append_text(&lines->text, "|"));
    return ++lines->count != lines->stop_after;
}

struct row {
    const char *name;
    const char *stream;
    const char *lines;   /* with '|' behind each */
    const char *partial; /* what is left; NULL: the stream is refused */
};

static const struct row rows[] = {
    {.name = "nothing", .stream = "", .lines = "", .partial = ""},
    {.name = "one line", .stream = "abc\n", .lines = "abc|", .partial = ""},
    {.name = "no end", .stream = "abc", .lines = "", .partial = "abc"},
    {.name = "two and a half", .stream = "a\nbc\nd", .lines = "a|bc|", .partial = "d"},
    {.name = "empty lines are none", .stream = "\n\na\n\n\nb\n", .lines = "a|b|", .partial = ""},
    {.name = "just the maximum", .stream = "12345678\nx\n", .lines = "12345678|x|", .partial = ""},
    {.name = "maximum, no end", .stream = "a\n12345678", .lines = "a|", .partial = "12345678"},
    {.name = "one over", .stream = "a\n123456789\nb\n", .lines = "a|", .partial = NULL},
    {.name = "one over, no end", .stream = "123456789", .lines = "", .partial = NULL},
};

/* Feeds the stream in the two or three pieces that the cuts make. */
static void check_cut(const struct row *row, size_t first, size_t second)
{
    const size_t ends[] = {first, second, strlen(row->stream)};
    CLEANUP(frame_fini) struct frame frame;
    struct lines lines = {0};
    struct err err = {0};
    bool is_readable = true;
    size_t at = 0;

    frame_init(&frame, SMALL_MAX);
    buf_init(&lines.text, 1024);
    for (size_t i = 0; i < ARRAY_LEN(ends) && is_readable; i++) {
        is_readable = frame_feed(&frame, row->stream + at, ends[i] - at, on_line, &lines, &err);
        at = ends[i];
    }
    assert_string_equal(buf_text(&lines.text), row->lines);
    assert_int_equal(is_readable, row->partial != NULL);
    assert_int_equal(err.kind, row->partial != NULL ? ERR_NONE : ERR_INVALID);
    assert_string_equal(buf_text(&frame.partial), row->partial != NULL ? row->partial : "");
    buf_fini(&lines.text);
}

static void test_all_cuts(void **state)
{
    const struct row *row = *state;
    size_t len = strlen(row->stream);
    for (size_t first = 0; first <= len; first++) {
        for (size_t second = first; second <= len; second++) {
            check_cut(row, first, second);
        }
    }
}

static void test_stops_when_told(void **state)
{
    (void)state;
    CLEANUP(frame_fini) struct frame frame;
    struct lines lines = {.stop_after = 2};
    struct err err = {0};
    frame_init(&frame, SMALL_MAX);
    buf_init(&lines.text, 1024);
    assert_true(frame_feed(&frame, "a\nb\nc\nd", 7, on_line, &lines, &err));
    assert_string_equal(buf_text(&lines.text), "a|b|");
    assert_int_equal(frame.partial.len, 0);
    buf_fini(&lines.text);
}

/* The handler may free what holds the frame, with the frame. */
static bool free_frame(void *arg, const char *line, size_t len)
{
    struct frame **frame = arg;
    frame_fini(*frame);
    free(*frame);
    *frame = NULL;
    assert_int_equal(len, 6);
    assert_memory_equal(line, "abcdef", 6); /* the line itself lives on */
    return false;
}

static void test_may_be_freed_by_a_line(void **state)
{
    (void)state;
    struct frame *frame = xcalloc(1, sizeof(*frame));
    struct frame *handle = frame;
    struct err err = {0};
    frame_init(frame, SMALL_MAX);
    assert_true(frame_feed(frame, "abc", 3, free_frame, &handle, &err));
    assert_true(frame_feed(frame, "def\nghi\n", 8, free_frame, &handle, &err));
    assert_null(handle);
}

static bool count_line(void *arg, const char *line, size_t len)
{
    (void)line;
    *(size_t *)arg += len;
    return true;
}

/* 8 MiB in pieces of 64 bytes: a rescan of what is held at each piece would take minutes. */
static void test_large_line_in_small_pieces(void **state)
{
    (void)state;
    CLEANUP(frame_fini) struct frame frame;
    char piece[64];
    size_t seen = 0;
    struct err err = {0};
    frame_init(&frame, FRAME_LINE_MAX);
    memset(piece, 'x', sizeof(piece));

    int64_t start_ms = clock_now_ms();
    for (size_t i = 0; i < FRAME_LINE_MAX / sizeof(piece); i++) {
        assert_true(frame_feed(&frame, piece, sizeof(piece), count_line, &seen, &err));
    }
    assert_int_equal(seen, 0);
    assert_true(frame_feed(&frame, "\n", 1, count_line, &seen, &err));
    assert_int_equal(seen, FRAME_LINE_MAX);
    assert_true(clock_now_ms() - start_ms < 10000);
    assert_int_equal(frame.partial.room, 0); /* and the memory is given back */
}

static void test_over_the_maximum_holds_nothing(void **state)
{
    (void)state;
    CLEANUP(frame_fini) struct frame frame;
    char piece[4096];
    size_t seen = 0;
    struct err err = {0};
    bool is_readable = true;
    frame_init(&frame, 64 * 1024);
    memset(piece, 'x', sizeof(piece));
    for (int i = 0; i < 17 && is_readable; i++) {
        assert_true(frame.partial.room <= 64 * 1024 + 1);
        is_readable = frame_feed(&frame, piece, sizeof(piece), count_line, &seen, &err);
    }
    assert_false(is_readable);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(frame.partial.room, 0);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 4] = {
        cmocka_unit_test(test_stops_when_told),
        cmocka_unit_test(test_may_be_freed_by_a_line),
        cmocka_unit_test(test_large_line_in_small_pieces),
        cmocka_unit_test(test_over_the_maximum_holds_nothing),
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        union {
            const struct row *row;
            void *state;
        } row = {.row = &rows[i]};
        tests[4 + i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = test_all_cuts, .initial_state = row.state};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
