/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "domain/image.h"
#include "rows.h"

static struct image parse(struct arena *arena, const char *text)
{
    struct image image = {0};
    struct err err;
    if (!image_parse(arena, text, &image, &err)) {
        fail_msg("refused: %s", err.text);
    }
    return image;
}

static void assert_part(const char *got, const char *want)
{
    if (str_eq(want, "-")) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, want);
    }
}

static void assert_refused(const char *text, const char *words)
{
    struct arena arena = {0};
    struct image image = {.name = "untouched"};
    struct err err = {0};
    assert_false(image_parse(&arena, text, &image, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    if (strstr(err.text, words) == NULL) {
        fail_msg("the error does not say \"%s\": %s", words, err.text);
    }
    assert_string_equal(image.name, "untouched");
    arena_fini(&arena);
}

/*
 * parses REFERENCE NAME TAG DIGEST      - for none
 * refuses [WORDS] REFERENCE             the error holds the words
 */
static void test_row(void **state)
{
    struct row *row = *state;
    struct arena arena = {0};

    if (str_eq(row->word, "parses")) {
        struct image image = parse(&arena, rows_next(&row->rest));
        assert_part(image.name, rows_next(&row->rest));
        assert_part(image.tag, rows_next(&row->rest));
        assert_part(image.digest, rows_next(&row->rest));
    } else if (str_eq(row->word, "refuses")) {
        const char *words = rows_next(&row->rest);
        assert_refused(row->rest, words);
    } else {
        fail_msg("unknown word %s", row->word);
    }
    arena_fini(&arena);
}

static void refuses_null_and_the_empty_text(void **state)
{
    (void)state;
    assert_refused(NULL, "it is empty");
    assert_refused("", "it is empty");
    assert_refused("orders-api:1\n", "its tag");
}

/* Apart from the rows, where brackets group words. */
static void takes_an_ipv6_address_as_host(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct image image = parse(&arena, "[2001:db8::1]/repo");
    assert_string_equal(image.name, "[2001:db8::1]/repo");
    assert_null(image.tag);
    image = parse(&arena, "[2001:DF8::9a]:5000/shop/repo:tag");
    assert_string_equal(image.name, "[2001:DF8::9a]:5000/shop/repo");
    assert_string_equal(image.tag, "tag");

    static const char *const others[] = {
        "[2001:db8::1]",
        "[2001:db8::1]:5000",
        "[2001:db8::1]:tag",
        "[]/repo",
        "[::g]/repo",
        "[::1/repo",
        "[fe80::1%eth0]:5000/repo",
        "[::1]:/repo",
        "[::1]:5000a/repo",
        "[::1]5000/repo",
        "a[::1]/repo",
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_refused(others[i], "in its name is not made of");
    }
    arena_fini(&arena);
}

/* count times the letter, in the arena. */
static const char *repeat(struct arena *arena, char letter, size_t count)
{
    char *text = arena_alloc(arena, count + 1);
    memset(text, letter, count);
    return text;
}

static void limits_the_tag(void **state)
{
    (void)state;
    struct arena arena = {0};
    const char *tag = repeat(&arena, 't', IMAGE_TAG_MAX);
    assert_string_equal(parse(&arena, arena_printf(&arena, "api:%s", tag)).tag, tag);
    assert_refused(arena_printf(&arena, "api:%st", tag), "its tag has 129 bytes");
    arena_fini(&arena);
}

static void limits_the_path_and_not_the_host(void **state)
{
    (void)state;
    struct arena arena = {0};
    const char *path = repeat(&arena, 'p', IMAGE_PATH_MAX);
    const char *name = arena_printf(&arena, "registry.example:5000/%s", path);
    assert_string_equal(parse(&arena, arena_printf(&arena, "%s:1", name)).name, name);
    assert_string_equal(parse(&arena, path).name, path);
    assert_refused(arena_printf(&arena, "%sp", name), "its name has 256 bytes");
    assert_refused(arena_printf(&arena, "%sp", path), "its name has 256 bytes");
    /* What has an underscore is no host: it counts as a part of the path. */
    assert_refused(arena_printf(&arena, "a_b/%s", path), "its name has 259 bytes");
    arena_fini(&arena);
}

static void keeps_nothing_of_the_text(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[] = "registry:5000/orders-api:2.1.0";
    struct image image = parse(&arena, text);
    memset(text, 'x', sizeof(text));
    assert_string_equal(image.name, "registry:5000/orders-api");
    assert_string_equal(image.tag, "2.1.0");
    assert_null(image.digest);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_null_and_the_empty_text),
        cmocka_unit_test(takes_an_ipv6_address_as_host),
        cmocka_unit_test(limits_the_tag),
        cmocka_unit_test(limits_the_path_and_not_the_host),
        cmocka_unit_test(keeps_nothing_of_the_text),
    };
    int failed = rows_run(TEST_DATA_DIR, "image.txt", test_row);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
