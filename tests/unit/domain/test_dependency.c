/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "base/attrs.h"
#include "base/str.h"
#include "cases.h"
#include "domain/dependency.h"

#define AFTER_MAX 3
#define NAMES_MAX 6

/* A namespace: who comes after whom. The first is the one that is asked about. */
struct row {
    const char *name;
    struct {
        const char *name;
        const char *after[AFTER_MAX];
        enum phase phase;
    } migrations[NAMES_MAX];
    const char *cycle;
};

static const struct row rows[] = {
    {.name = "after nobody", .migrations = {{.name = "a"}, {.name = "b", .after = {"a"}}}},
    {.name = "a chain",
     .migrations = {{.name = "a", .after = {"b"}}, {.name = "b", .after = {"c"}}, {.name = "c"}}},
    {.name = "what is missing closes no circle", .migrations = {{.name = "a", .after = {"b"}}}},
    {.name = "itself", .migrations = {{.name = "a", .after = {"a"}}}, .cycle = "a after a"},
    {.name = "two",
     .migrations = {{.name = "a", .after = {"b"}}, {.name = "b", .after = {"a"}}},
     .cycle = "a after b after a"},
    {.name = "three, all of them named",
     .migrations = {{.name = "a", .after = {"x", "b"}},
                    {.name = "b", .after = {"c"}},
                    {.name = "c", .after = {"a"}},
                    {.name = "x"}},
     .cycle = "a after b after c after a"},
    {.name = "the shortest way",
     .migrations = {{.name = "a", .after = {"b", "d"}},
                    {.name = "b", .after = {"c"}},
                    {.name = "c", .after = {"a"}},
                    {.name = "d", .after = {"a"}}},
     .cycle = "a after d after a"},
    {.name = "two ways to the same one are no circle",
     .migrations = {{.name = "a", .after = {"b", "c"}},
                    {.name = "b", .after = {"d"}},
                    {.name = "c", .after = {"d"}},
                    {.name = "d"}}},
    {.name = "behind a circle, and not in it",
     .migrations = {{.name = "a", .after = {"b"}},
                    {.name = "b", .after = {"c"}},
                    {.name = "c", .after = {"b"}}}},
    {.name = "one that succeeded waits no more",
     .migrations = {{.name = "a", .after = {"b"}},
                    {.name = "b", .after = {"a"}, .phase = PHASE_SUCCEEDED}}},
    {.name = "nor does one that runs",
     .migrations = {{.name = "a", .after = {"b"}},
                    {.name = "b", .after = {"a"}, .phase = PHASE_RUNNING}}},
    {.name = "one that failed may be tried again, and waits then",
     .migrations = {{.name = "a", .after = {"b"}},
                    {.name = "b", .after = {"a"}, .phase = PHASE_FAILED}},
     .cycle = "a after b after a"},
};

struct world {
    struct migration migrations[NAMES_MAX];
    const char *after[NAMES_MAX][AFTER_MAX];
};

static const struct migration *find(void *arg, const char *name)
{
    const struct world *world = arg;
    for (size_t i = 0; i < NAMES_MAX; i++) {
        if (str_eq(world->migrations[i].meta.name, name)) {
            return &world->migrations[i];
        }
    }
    return NULL;
}

static void test_row(void **state)
{
    const struct row *row = *state;
    CLEANUP(arena_fini) struct arena arena = {0};
    struct world world = {0};
    for (size_t i = 0; i < NAMES_MAX; i++) {
        struct migration *migration = &world.migrations[i];
        migration->meta.name = row->migrations[i].name;
        migration->status.phase = row->migrations[i].phase;
        migration->after = world.after[i];
        for (size_t k = 0; k < AFTER_MAX && row->migrations[i].after[k] != NULL; k++) {
            world.after[i][k] = row->migrations[i].after[k];
            migration->after_count++;
        }
    }
    assert_text(dependency_cycle(&arena, &world.migrations[0], find, &world), row->cycle);
}

/* A circle of a thousand: more than fit where the search begins. */
#define LONG 1000

static struct migration links[LONG];
static char names[LONG][8];
static const char *next_of[LONG];

static const struct migration *find_link(void *arg, const char *name)
{
    (void)arg;
    uint64_t i = 0;
    return str_parse_u64(name + 1, &i) && i < LONG ? &links[i] : NULL;
}

static void test_long(void **state)
{
    (void)state;
    CLEANUP(arena_fini) struct arena arena = {0};
    for (size_t i = 0; i < LONG; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "m%zu", i);
        next_of[i] = names[(i + 1) % LONG];
        links[i] =
            (struct migration){.meta = {.name = names[i]}, .after = &next_of[i], .after_count = 1};
    }
    const char *cycle = dependency_cycle(&arena, &links[7], find_link, NULL);
    assert_true(cycle != NULL && str_starts_with(cycle, "m7 after m8 after m9 after "));
    assert_non_null(strstr(cycle, " after m6 after m7"));
    links[LONG - 1].after_count = 0;
    assert_null(dependency_cycle(&arena, &links[7], find_link, NULL));
}

int main(void)
{
    const struct CMUnitTest others[] = {cmocka_unit_test(test_long)};
    int failed = CASES_RUN("dependency", rows, test_row);
    return failed + cmocka_run_group_tests_name("dependency, more", others, NULL, NULL);
}
