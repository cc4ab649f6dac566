/* SPDX-License-Identifier: Apache-2.0 */
/* The store: of two versions the newer one stays, what is gone stays gone, groups hold together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/store.h"
#include "base/attrs.h"
#include "base/str.h"

struct thing {
    struct meta meta;
    const char *group;
};

static const char *text_of(const json_t *object, const char *field)
{
    return json_string_value(json_object_get(json_object_get(object, "metadata"), field));
}

static bool decode(struct arena *arena, const json_t *object, void *ret, struct err *err)
{
    struct thing *thing = ret;
    if (json_object_get(object, "broken") != NULL) {
        return err_set(err, ERR_INVALID, "broken: cannot be read");
    }
    thing->meta.ns = arena_strdup(arena, text_of(object, "namespace"));
    thing->meta.name = arena_strdup(arena, text_of(object, "name"));
    thing->meta.uid = arena_strdup(arena, text_of(object, "uid"));
    thing->meta.resource_version = arena_strdup(arena, text_of(object, "resourceVersion"));
    thing->group = arena_strdup(arena, json_string_value(json_object_get(object, "group")));
    return true;
}

static const char *group_of(const void *object)
{
    return ((const struct thing *)object)->group;
}

static const struct store_kind kind = {"Thing", sizeof(struct thing), decode, group_of};

static json_t *thing(const char *name, const char *uid, const char *version, const char *group)
{
    return json_pack("{s:{s:s, s:s, s:s, s:s}, s:s*}", "metadata", "namespace", "ns", "name", name,
                     "uid", uid, "resourceVersion", version, "group", group);
}

static enum store_result put(struct store *store, const char *name, const char *uid,
                             const char *version, const char *group)
{
    struct err err = {0};
    json_auto_t *object = thing(name, uid, version, group);
    return store_put(store, object, &err);
}

static enum store_result update(struct store *store, const char *name, const char *uid,
                                const char *version)
{
    struct err err = {0};
    json_auto_t *object = thing(name, uid, version, NULL);
    return store_update(store, object, &err);
}

static const char *version_of(const struct store *store, const char *name)
{
    const struct thing *found = store_get(store, "ns", name);
    return found == NULL ? NULL : found->meta.resource_version;
}

static void count_gone(void *arg, const void *object)
{
    int *count = arg;
    const struct thing *gone = object;
    (*count)++;
    assert_string_equal(gone->meta.name, "b");
}

static bool take_out(struct store *store, const char *name, const char *uid)
{
    return store_remove(store, &(struct meta){.ns = "ns", .name = name, .uid = uid}, NULL, NULL);
}

static int set_up(void **state)
{
    static struct store store;
    store_init(&store, &kind);
    *state = &store;
    return 0;
}

static int tear_down(void **state)
{
    store_fini(*state);
    return 0;
}

static void newer_stays(void **state)
{
    struct store *store = *state;
    assert_int_equal(put(store, "a", "u", "9", NULL), STORE_CHANGED);
    assert_int_equal(put(store, "a", "u", "10", NULL), STORE_CHANGED); /* a number, not a text */
    assert_int_equal(put(store, "a", "u", "9", NULL), STORE_STALE);
    assert_int_equal(put(store, "a", "u", "10", NULL), STORE_STALE);
    assert_string_equal(version_of(store, "a"), "10");
    assert_int_equal(update(store, "a", "u", "11"), STORE_CHANGED);
    assert_int_equal(put(store, "a", "u", "10", NULL), STORE_STALE); /* a late watch event */
    assert_string_equal(version_of(store, "a"), "11");
    assert_int_equal(store_count(store), 1);
}

static void gone_stays_gone(void **state)
{
    struct store *store = *state;
    assert_int_equal(put(store, "a", "u", "1", NULL), STORE_CHANGED);
    assert_false(take_out(store, "a", "other uid"));
    assert_true(take_out(store, "a", "u"));
    assert_int_equal(update(store, "a", "u", "2"), STORE_STALE); /* the late answer of our write */
    assert_null(store_get(store, "ns", "a"));
    assert_int_equal(put(store, "a", "v", "3", NULL), STORE_CHANGED); /* a new object */
    assert_int_equal(update(store, "a", "u", "4"), STORE_STALE);      /* an answer about the old */
    assert_string_equal(version_of(store, "a"), "3");
}

/* A watch that starts over shows the new object alone; nobody says that the old one is gone. */
static void another_replaces(void **state)
{
    struct store *store = *state;
    int gone = 0;
    assert_int_equal(put(store, "b", "u", "5", "g"), STORE_CHANGED);
    json_auto_t *same = thing("b", "u", "6", "g");
    json_auto_t *older = thing("b", "t", "4", "g");
    json_auto_t *another = thing("b", "v", "7", "g");
    store_replace(store, same, count_gone, &gone);
    store_replace(store, older, count_gone, &gone); /* a late event of the one before */
    assert_int_equal(gone, 0);
    assert_non_null(store_find(store, another));
    store_replace(store, another, count_gone, &gone);
    assert_int_equal(gone, 1);
    assert_null(store_find(store, another));
    assert_null(store_next_of_group(store, "g", NULL));
    store_replace(store, another, count_gone, &gone); /* nothing there */
    assert_int_equal(gone, 1);
}

static void who_is_gone_is_told(void **state)
{
    struct store *store = *state;
    int gone = 0;
    struct meta names = {.ns = "ns", .name = "b", .uid = "u"};
    assert_int_equal(put(store, "b", "u", "1", "g"), STORE_CHANGED);
    assert_true(store_remove(store, &names, count_gone, &gone));
    assert_false(store_remove(store, &names, count_gone, &gone));
    assert_int_equal(gone, 1);
}

static void names_are_read(void **state)
{
    (void)state;
    json_auto_t *object = thing("a", "u", "1", NULL);
    json_auto_t *empty = json_object();
    struct meta names = store_names(object);
    assert_string_equal(names.ns, "ns");
    assert_string_equal(names.name, "a");
    assert_string_equal(names.uid, "u");
    assert_null(store_names(empty).name);
}

static void unreadable_is_forgotten(void **state)
{
    struct store *store = *state;
    struct err err = {0};
    assert_int_equal(put(store, "a", "u", "1", NULL), STORE_CHANGED);
    json_auto_t *object = thing("a", "u", "2", NULL);
    (void)json_object_set_new(object, "broken", json_true());
    assert_int_equal(store_put(store, object, &err), STORE_FAILED);
    assert_string_equal(err.text, "Thing ns/a: broken: cannot be read");
    assert_null(store_get(store, "ns", "a"));
}

static size_t group_size(const struct store *store, const char *group)
{
    size_t count = 0;
    const void *at = NULL;
    while ((at = store_next_of_group(store, group, at)) != NULL) {
        count++;
    }
    return count;
}

static void groups_hold_together(void **state)
{
    struct store *store = *state;
    char name[] = "a";
    for (; name[0] < 'f'; name[0]++) {
        assert_int_equal(put(store, name, "u", "1", "g"), STORE_CHANGED);
    }
    assert_int_equal(group_size(store, "g"), 5);
    assert_int_equal(put(store, "c", "u", "2", "h"), STORE_CHANGED);  /* from the middle */
    assert_int_equal(put(store, "e", "u", "2", NULL), STORE_CHANGED); /* the first of it */
    assert_true(take_out(store, "a", "u"));                           /* the last of it */
    assert_int_equal(group_size(store, "g"), 2);
    assert_int_equal(group_size(store, "h"), 1);
    assert_true(take_out(store, "b", "u"));
    assert_true(take_out(store, "d", "u"));
    assert_int_equal(group_size(store, "g"), 0);
    assert_int_equal(group_size(store, "never"), 0);
}

static void a_restart_sweeps(void **state)
{
    struct store *store = *state;
    int gone = 0;
    (void)put(store, "a", "u", "1", "g");
    (void)put(store, "b", "u", "2", "g");
    (void)put(store, "c", "u", "3", "g");
    store_restart(store);
    assert_int_equal(put(store, "a", "u", "1", "g"), STORE_STALE); /* unchanged, and still there */
    assert_int_equal(put(store, "c", "u", "4", "g"), STORE_CHANGED);
    store_sweep(store, count_gone, &gone);
    assert_int_equal(gone, 1);
    assert_int_equal(store_count(store), 2);
    assert_int_equal(group_size(store, "g"), 2);
}

static void all_are_found(void **state)
{
    struct store *store = *state;
    char name[16];
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof(name), "thing-%d", i);
        assert_int_equal(put(store, name, "u", "1", "g"), STORE_CHANGED);
    }
    size_t at = 0;
    size_t count = 0;
    while (store_next(store, &at) != NULL) {
        count++;
    }
    assert_int_equal(count, 500);
    assert_string_equal(version_of(store, "thing-499"), "1");
    assert_null(store_get(store, "other", "thing-499"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(newer_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gone_stays_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_gone_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unreadable_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_hold_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restart_sweeps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_are_found, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
