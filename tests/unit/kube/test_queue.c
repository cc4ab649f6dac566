/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/queue.h"

struct place {
    struct loop *loop;
    struct queue *queue;
    struct buf worked; /* "a b " */
    size_t count;
    bool is_slow; /* the work is not finished in the call */
    int failing;  /* so many pieces of work fail first */
    int64_t at_least_ms;
    struct loop_timer end;
    struct loop_timer step;
};

static void work(void *arg, const char *key)
{
    struct place *place = arg;
    place->count++;
    if (place->worked.len < 900) {
        assert_true(buf_printf(&place->worked, "%s ", key));
    }
    if (place->is_slow) {
        return;
    }
    if (place->failing > 0) {
        place->failing--;
        queue_failed(place->queue, key, place->at_least_ms);
    } else {
        queue_done(place->queue, key);
    }
}

static void end_turns(void *arg)
{
    loop_stop(((struct place *)arg)->loop);
}

/* Lets the loop run for so long. */
static void pass(struct place *place, int64_t ms)
{
    struct err err = {0};
    loop_timer_start(place->loop, &place->end, clock_now_ms() + ms);
    assert_true(loop_run(place->loop, &err));
}

static int setup(void **state)
{
    struct place *place = xcalloc(1, sizeof(*place));
    struct err err = {0};
    place->loop = loop_new(&err);
    place->queue = queue_new(place->loop, work, place);
    place->end = (struct loop_timer){.fn = end_turns, .arg = place};
    buf_init(&place->worked, 1024);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    queue_free(place->queue);
    loop_free(place->loop);
    buf_fini(&place->worked);
    free(place);
    return 0;
}

static void test_a_key_once_and_in_order(void **state)
{
    struct place *place = *state;
    queue_add(place->queue, "b");
    queue_add(place->queue, "a");
    queue_add(place->queue, "b");
    queue_add(place->queue, "c");
    assert_int_equal(queue_depth(place->queue), 3);
    assert_int_equal(place->count, 0); /* never inside queue_add() */
    pass(place, 5);
    assert_string_equal(buf_text(&place->worked), "b a c ");
    assert_int_equal(queue_depth(place->queue), 0);
}

static void test_news_while_being_worked_on(void **state)
{
    struct place *place = *state;
    place->is_slow = true;
    queue_add(place->queue, "a");
    pass(place, 5);
    queue_add(place->queue, "a");
    queue_add(place->queue, "a");
    queue_add(place->queue, "b");
    pass(place, 5);
    assert_string_equal(buf_text(&place->worked), "a b "); /* a is not handed out twice at a time */
    queue_done(place->queue, "a");
    pass(place, 5);
    assert_string_equal(buf_text(&place->worked), "a b a ");
    queue_done(place->queue, "a");
    queue_done(place->queue, "b");
    pass(place, 5);
    assert_string_equal(buf_text(&place->worked), "a b a ");
}

static void test_nearest_time_wins(void **state)
{
    struct place *place = *state;
    int64_t now_ms = clock_now_ms();
    queue_add_at(place->queue, "a", now_ms + 1000);
    queue_add_at(place->queue, "a", now_ms + 30);
    queue_add_at(place->queue, "a", now_ms + 2000);
    assert_int_equal(queue_depth(place->queue), 0);
    pass(place, 15);
    assert_int_equal(place->count, 0);
    pass(place, 40);
    assert_int_equal(place->count, 1);
    pass(place, 20);
    assert_int_equal(place->count, 1);
}

static void test_work_now_takes_the_time_away(void **state)
{
    struct place *place = *state;
    queue_add_at(place->queue, "a", clock_now_ms() + 20);
    queue_add(place->queue, "a");
    pass(place, 50);
    assert_int_equal(place->count, 1);
}

static void test_time_in_the_past_is_now(void **state)
{
    struct place *place = *state;
    queue_add_at(place->queue, "a", clock_now_ms() - 5);
    pass(place, 5);
    assert_int_equal(place->count, 1);
}

static void test_time_wished_while_being_worked_on(void **state)
{
    struct place *place = *state;
    place->is_slow = true;
    queue_add(place->queue, "a");
    pass(place, 5);
    queue_add_at(place->queue, "a", clock_now_ms() + 500);
    queue_add_at(place->queue, "a", clock_now_ms() + 20);
    queue_done(place->queue, "a");
    pass(place, 5);
    assert_int_equal(place->count, 1);
    pass(place, 40);
    assert_int_equal(place->count, 2);
}

/* The first delay is between 125 and 250 ms, the second twice that. */
static void test_failure_backs_off(void **state)
{
    struct place *place = *state;
    place->failing = 2;
    queue_add(place->queue, "a");
    pass(place, 110);
    assert_int_equal(place->count, 1);
    pass(place, 145); /* 255 */
    assert_int_equal(place->count, 2);
    pass(place, 115); /* at least 240 ms after the second must have gone by at 365 */
    assert_int_equal(place->count, 2);
    pass(place, 390);
    assert_int_equal(place->count, 3);
}

static void test_failure_of_one_does_not_delay_another(void **state)
{
    struct place *place = *state;
    place->failing = 1;
    queue_add(place->queue, "a");
    queue_add(place->queue, "b");
    pass(place, 5);
    assert_string_equal(buf_text(&place->worked), "a b ");
}

static void test_news_wakes_a_failed_key(void **state)
{
    struct place *place = *state;
    place->failing = 6; /* by then the delay is at least 4 s */
    for (int i = 0; i < 6; i++) {
        queue_add(place->queue, "a");
        pass(place, 110);
    }
    assert_int_equal(place->count, 6);
    queue_add(place->queue, "a");
    pass(place, 5);
    assert_int_equal(place->count, 7);
}

/* What failed work writes comes back as news at once; that must not make it run in circles. */
static void test_echo_does_not_make_circles(void **state)
{
    struct place *place = *state;
    place->is_slow = true;
    queue_add(place->queue, "a");
    pass(place, 5);
    queue_add(place->queue, "a");
    queue_failed(place->queue, "a", 0);
    queue_add(place->queue, "a");
    pass(place, 50);
    assert_int_equal(place->count, 1);
    pass(place, 70);
    assert_int_equal(place->count, 2);
}

static void test_news_does_not_undercut_retry_after(void **state)
{
    struct place *place = *state;
    place->failing = 1;
    place->at_least_ms = 400;
    queue_add(place->queue, "a");
    pass(place, 5);
    queue_add(place->queue, "a");
    queue_add_at(place->queue, "a", clock_now_ms());
    pass(place, 300);
    assert_int_equal(place->count, 1);
    pass(place, 120);
    assert_int_equal(place->count, 2);
}

static void test_success_forgets_failures(void **state)
{
    struct place *place = *state;
    place->failing = 6;
    for (int i = 0; i < 7; i++) {
        queue_add(place->queue, "a");
        pass(place, 110);
    }
    assert_int_equal(place->count, 7); /* the seventh succeeded */
    place->failing = 1;
    queue_add(place->queue, "a");
    pass(place, 260); /* the first delay again, not the eighth */
    assert_int_equal(place->count, 9);
}

static void test_drop(void **state)
{
    struct place *place = *state;
    queue_add(place->queue, "a");
    queue_add(place->queue, "b");
    queue_add_at(place->queue, "c", clock_now_ms() + 5);
    queue_drop(place->queue, "a");
    queue_drop(place->queue, "c");
    queue_drop(place->queue, "unknown");
    assert_int_equal(queue_depth(place->queue), 1);
    pass(place, 30);
    assert_string_equal(buf_text(&place->worked), "b ");
}

/* Ready, worked on, waiting for a time or after a failure: nothing is left, and the next begins afresh. */
static void test_clear(void **state)
{
    struct place *place = *state;
    place->is_slow = true;
    queue_add(place->queue, "worked-on");
    pass(place, 5);
    queue_add(place->queue, "worked-on");
    place->is_slow = false;
    place->failing = 1;
    queue_add(place->queue, "failed");
    pass(place, 5);
    queue_add_at(place->queue, "later", clock_now_ms() + 20);
    queue_add(place->queue, "ready");
    buf_reset(&place->worked);
    queue_clear(place->queue);
    assert_int_equal(queue_depth(place->queue), 0);
    pass(place, 400);
    assert_string_equal(buf_text(&place->worked), "");
    queue_add(place->queue, "worked-on");
    queue_add(place->queue, "failed");
    pass(place, 5);
    assert_string_equal(buf_text(&place->worked), "worked-on failed ");
}

/* Thousands of keys at a time are all handed out, each once, while timers still fire in between. */
static void test_many_keys(void **state)
{
    struct place *place = *state;
    char key[32];
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof(key), "ns/%d", i);
        queue_add(place->queue, key);
    }
    pass(place, 0);
    assert_true(place->count < 10000);
    pass(place, 2000);
    assert_int_equal(place->count, 10000);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_key_once_and_in_order),
        TEST(test_news_while_being_worked_on),
        TEST(test_nearest_time_wins),
        TEST(test_work_now_takes_the_time_away),
        TEST(test_time_in_the_past_is_now),
        TEST(test_time_wished_while_being_worked_on),
        TEST(test_failure_backs_off),
        TEST(test_failure_of_one_does_not_delay_another),
        TEST(test_news_wakes_a_failed_key),
        TEST(test_echo_does_not_make_circles),
        TEST(test_news_does_not_undercut_retry_after),
        TEST(test_success_forgets_failures),
        TEST(test_drop),
        TEST(test_clear),
        TEST(test_many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
