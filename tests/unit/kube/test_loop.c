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
#include <sys/epoll.h>
#include <unistd.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "kube/loop.h"

#define MANY 5000

/* A loop and what ran on it, one letter each. */
struct place {
    struct loop *loop;
    struct buf ran;
};

/* One thing on the loop; what it does when it runs. */
struct actor {
    struct place *place;
    char letter;
    struct loop_timer timer;
    struct loop_task task;
    struct loop_io io;
    struct actor *posts; /* NULL: nobody */
    struct actor *stops; /* in every way */
    int repeats;         /* so often it starts its timer again, for now */
    bool stops_loop;
};

static void run(void *arg)
{
    struct actor *actor = arg;
    struct place *place = actor->place;
    /* A spinning loop fills it: what came first is what the tests ask about. */
    if (place->ran.len < 1000) {
        assert_true(buf_append(&place->ran, &actor->letter, 1));
    }
    if (actor->posts != NULL) {
        loop_task_post(place->loop, &actor->posts->task);
    }
    if (actor->stops != NULL) {
        loop_timer_stop(place->loop, &actor->stops->timer);
        loop_task_cancel(place->loop, &actor->stops->task);
        loop_io_stop(place->loop, &actor->stops->io);
    }
    if (actor->repeats > 0) {
        actor->repeats--;
        loop_timer_start(place->loop, &actor->timer, 0);
    }
    if (actor->stops_loop) {
        loop_stop(place->loop);
    }
}

static void run_io(void *arg, uint32_t events)
{
    (void)events;
    run(arg);
}

static void actors_init(struct place *place, struct actor *actors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        actors[i].place = place;
        if (actors[i].letter == '\0') {
            actors[i].letter = (char)('a' + i);
        }
        actors[i].timer = (struct loop_timer){.fn = run, .arg = &actors[i]};
        actors[i].task = (struct loop_task){.fn = run, .arg = &actors[i]};
        actors[i].io = (struct loop_io){.fn = run_io, .arg = &actors[i]};
    }
}

static int setup(void **state)
{
    struct place *place = xcalloc(1, sizeof(*place));
    struct err err = {0};
    place->loop = loop_new(&err);
    buf_init(&place->ran, 1024);
    *state = place;
    return place->loop == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    loop_free(place->loop);
    buf_fini(&place->ran);
    free(place);
    return 0;
}

static void turn(struct place *place)
{
    struct err err = {0};
    assert_true(loop_run(place->loop, &err));
}

static void test_timers_in_order_of_time(void **state)
{
    struct place *place = *state;
    struct actor actors[5] = {[4] = {.stops_loop = true}};
    actors_init(place, actors, 5);
    int64_t now_ms = clock_now_ms();
    loop_timer_start(place->loop, &actors[2].timer, now_ms + 20);
    loop_timer_start(place->loop, &actors[0].timer, now_ms + 5);
    loop_timer_start(place->loop, &actors[4].timer, now_ms + 40);
    loop_timer_start(place->loop, &actors[3].timer, now_ms + 1);
    loop_timer_start(place->loop, &actors[1].timer, now_ms + 10);
    loop_timer_start(place->loop, &actors[3].timer, now_ms + 30); /* moves it */
    turn(place);
    assert_string_equal(buf_text(&place->ran), "abcde");
    assert_true(clock_now_ms() - now_ms >= 40);
}

/* Between two firings lies the end of a turn, where a task posts itself and leaves a dot. */
static void test_timer_in_the_past_fires_once_a_turn(void **state)
{
    struct place *place = *state;
    struct actor actors[3] = {{.repeats = 3}, {.letter = '.'}, {.letter = '!', .stops_loop = true}};
    actors_init(place, actors, 3);
    actors[1].posts = &actors[1];
    loop_timer_start(place->loop, &actors[0].timer, 0);
    loop_task_post(place->loop, &actors[1].task);
    loop_timer_start(place->loop, &actors[2].timer, clock_now_ms() + 20);
    turn(place);
    assert_null(strstr(buf_text(&place->ran), "aa"));
    assert_int_equal(actors[0].repeats, 0);
    loop_task_cancel(place->loop, &actors[1].task);
}

static void test_stopped_timer_does_not_fire(void **state)
{
    struct place *place = *state;
    struct actor actors[3] = {{0}, {0}, {.stops_loop = true}};
    actors_init(place, actors, 3);
    actors[0].stops = &actors[1];
    for (size_t i = 0; i < 3; i++) {
        loop_timer_start(place->loop, &actors[i].timer, (int64_t)i);
    }
    turn(place);
    assert_string_equal(buf_text(&place->ran), "ac");
}

static int by_time(const void *a, const void *b)
{
    const struct loop_timer *first = a;
    const struct loop_timer *second = b;
    return (first->at_ms > second->at_ms) - (first->at_ms < second->at_ms);
}

/* A time in the past, in no order. */
static int64_t scattered(int i)
{
    return 1 + (int64_t)i * 7919 % 100003;
}

struct sweep {
    struct loop *loop;
    int64_t last_ms;
    int left;
    struct loop_timer *timers;
};

static void sweep_fire(void *arg)
{
    struct sweep *sweep = arg;
    if (--sweep->left == 0) {
        loop_stop(sweep->loop);
    }
}

/* Thousands of timers, every third stopped and every fifth moved: the rest fire, each once. */
static void test_many_timers(void **state)
{
    struct place *place = *state;
    struct loop_timer *timers = xcalloc(MANY, sizeof(*timers));
    struct sweep sweep = {.loop = place->loop, .left = 0, .timers = timers};
    int64_t start_us = clock_now_us();
    for (int i = 0; i < MANY; i++) {
        timers[i] = (struct loop_timer){.fn = sweep_fire, .arg = &sweep};
        loop_timer_start(place->loop, &timers[i], scattered(i));
    }
    for (int i = 0; i < MANY; i++) {
        if (i % 3 == 0) {
            loop_timer_stop(place->loop, &timers[i]);
        } else if (i % 5 == 0) {
            loop_timer_start(place->loop, &timers[i], scattered(i + MANY));
        }
    }
    for (int i = 0; i < MANY; i++) {
        sweep.left += timers[i].slot != 0;
    }
    assert_int_equal(sweep.left, MANY - (MANY + 2) / 3);
    turn(place);
    assert_int_equal(sweep.left, 0);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(timers[i].slot, 0);
    }
    assert_true(clock_now_us() - start_us < 2000000);
    free(timers);
}

struct ordered {
    struct loop_timer timer; /* first: by_time() compares these */
    struct sweep *sweep;
};

static void ordered_fire(void *arg)
{
    struct ordered *one = arg;
    assert_true(one->timer.at_ms >= one->sweep->last_ms);
    one->sweep->last_ms = one->timer.at_ms;
    sweep_fire(one->sweep);
}

static void test_random_timers_fire_in_order(void **state)
{
    struct place *place = *state;
    struct ordered *all = xcalloc(MANY, sizeof(*all));
    struct sweep sweep = {.loop = place->loop, .left = MANY};
    for (int i = 0; i < MANY; i++) {
        all[i].sweep = &sweep;
        all[i].timer = (struct loop_timer){.fn = ordered_fire, .arg = &all[i]};
        loop_timer_start(place->loop, &all[i].timer, scattered(i));
    }
    turn(place);
    assert_int_equal(sweep.left, 0);
    qsort(all, MANY, sizeof(*all), by_time);
    assert_int_equal(sweep.last_ms, all[MANY - 1].timer.at_ms);
    free(all);
}

static void test_tasks_in_order_and_once(void **state)
{
    struct place *place = *state;
    struct actor actors[4] = {{0}, {0}, {0}, {.stops_loop = true}};
    actors_init(place, actors, 4);
    loop_task_post(place->loop, &actors[0].task);
    loop_task_post(place->loop, &actors[2].task);
    loop_task_post(place->loop, &actors[0].task); /* it waits already */
    loop_task_post(place->loop, &actors[1].task);
    loop_task_cancel(place->loop, &actors[1].task);
    loop_task_post(place->loop, &actors[3].task);
    turn(place);
    assert_string_equal(buf_text(&place->ran), "acd");
}

/* What a task posts comes behind the descriptors and timers of the next turn. */
static void test_tasks_do_not_starve_timers(void **state)
{
    struct place *place = *state;
    struct actor actors[2] = {{0}, {.stops_loop = true}};
    actors_init(place, actors, 2);
    actors[0].posts = &actors[0];
    loop_task_post(place->loop, &actors[0].task);
    loop_timer_start(place->loop, &actors[1].timer, clock_now_ms() + 5);
    turn(place); /* ends */
    loop_task_cancel(place->loop, &actors[0].task);
}

static void test_task_cancels_one_of_the_same_turn(void **state)
{
    struct place *place = *state;
    struct actor actors[3] = {{0}, {0}, {.stops_loop = true}};
    actors_init(place, actors, 3);
    actors[0].stops = &actors[1];
    for (size_t i = 0; i < 3; i++) {
        loop_task_post(place->loop, &actors[i].task);
    }
    turn(place);
    assert_string_equal(buf_text(&place->ran), "ac");
}

/* Two descriptors are ready in one turn, and the first to be called stops the other. */
static void test_io_stopped_in_its_turn(void **state)
{
    struct place *place = *state;
    struct actor actors[3] = {{0}, {0}, {.stops_loop = true}};
    struct err err = {0};
    int pipes[2][2];
    actors_init(place, actors, 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        assert_int_equal(write(pipes[i][1], "x", 1), 1);
        assert_true(loop_io_start(place->loop, &actors[i].io, pipes[i][0], EPOLLIN, &err));
        actors[i].stops = &actors[1 - i];
        actors[i].posts = &actors[2];
    }
    turn(place);
    assert_int_equal(place->ran.len, 2); /* one of the two, then the task in the same turn */
    assert_int_equal(place->ran.data[1], 'c');
    for (int i = 0; i < 2; i++) {
        loop_io_stop(place->loop, &actors[i].io);
        (void)close(pipes[i][0]);
        (void)close(pipes[i][1]);
    }
}

static void test_io_events_change(void **state)
{
    struct place *place = *state;
    struct actor actors[2] = {{.stops_loop = true}, {.stops_loop = true}};
    struct err err = {0};
    int ends[2];
    actors_init(place, actors, 2);
    assert_int_equal(pipe(ends), 0);
    assert_true(loop_io_start(place->loop, &actors[0].io, ends[1], EPOLLIN, &err));
    assert_true(loop_io_start(place->loop, &actors[0].io, ends[1], EPOLLOUT, &err));
    turn(place);
    assert_string_equal(buf_text(&place->ran), "a");
    assert_true(loop_io_start(place->loop, &actors[0].io, ends[1], 0, &err));
    loop_timer_start(place->loop, &actors[1].timer, clock_now_ms() + 5);
    turn(place);
    assert_string_equal(buf_text(&place->ran), "ab");
    loop_io_stop(place->loop, &actors[0].io);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_io_of_a_closed_descriptor_is_refused(void **state)
{
    struct place *place = *state;
    struct actor actor = {0};
    struct err err = {0};
    actors_init(place, &actor, 1);
    assert_false(loop_io_start(place->loop, &actor.io, 1000000, EPOLLIN, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
    assert_false(actor.io.is_started);
}

/* What libcurl does to a socket that is still connecting: closed unsaid, and its number taken anew. */
static void test_io_of_a_number_taken_anew(void **state)
{
    struct place *place = *state;
    struct actor actors[1] = {{.stops_loop = true}};
    struct err err = {0};
    int first[2];
    int second[2];
    actors_init(place, actors, 1);
    assert_int_equal(pipe(first), 0);
    assert_int_equal(pipe(second), 0);
    assert_true(loop_io_start(place->loop, &actors[0].io, first[0], EPOLLIN, &err));
    (void)close(first[0]);
    assert_int_equal(dup2(second[1], first[0]), first[0]);
    assert_true(loop_io_start(place->loop, &actors[0].io, first[0], EPOLLOUT, &err));
    turn(place);
    assert_string_equal(buf_text(&place->ran), "a");
    loop_io_stop(place->loop, &actors[0].io);
    (void)close(first[0]);
    (void)close(first[1]);
    (void)close(second[0]);
    (void)close(second[1]);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_timers_in_order_of_time),
        TEST(test_timer_in_the_past_fires_once_a_turn),
        TEST(test_stopped_timer_does_not_fire),
        TEST(test_many_timers),
        TEST(test_random_timers_fire_in_order),
        TEST(test_tasks_in_order_and_once),
        TEST(test_tasks_do_not_starve_timers),
        TEST(test_task_cancels_one_of_the_same_turn),
        TEST(test_io_stopped_in_its_turn),
        TEST(test_io_events_change),
        TEST(test_io_of_a_closed_descriptor_is_refused),
        TEST(test_io_of_a_number_taken_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
