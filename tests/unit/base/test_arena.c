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

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

static void allocations_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena = {0};
    unsigned char *seen[200];
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        seen[i] = arena_alloc(&arena, i);
        assert_int_equal((uintptr_t)seen[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(seen[i][j], 0);
        }
        memset(seen[i], (int)i, i);
    }
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(seen[i][j], (unsigned char)i);
        }
    }
    arena_fini(&arena);
    assert_int_equal(arena_size(&arena), 0);
}

static void reused_memory_is_zeroed(void **state)
{
    (void)state;
    struct arena arena = {0};
    memset(arena_alloc(&arena, 500), 0xff, 500);
    arena_reset(&arena);
    const unsigned char *again = arena_alloc(&arena, 500);
    for (size_t i = 0; i < 500; i++) {
        assert_int_equal(again[i], 0);
    }
    arena_fini(&arena);
}

static void reset_keeps_one_block(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_reset(&arena); /* an empty one */
    for (int i = 0; i < 1000; i++) {
        (void)!arena_alloc(&arena, 100);
    }
    size_t full = arena_size(&arena);
    arena_reset(&arena);
    size_t kept = arena_size(&arena);
    assert_true(kept > 0 && kept < full);
    (void)!arena_alloc(&arena, 100);
    assert_int_equal(arena_size(&arena), kept);
    arena_fini(&arena);
}

static void reset_gives_a_huge_block_back(void **state)
{
    (void)state;
    struct arena arena = {0};
    (void)!arena_alloc(&arena, 10 << 20);
    assert_true(arena_size(&arena) >= 10 << 20);
    arena_reset(&arena);
    assert_true(arena_size(&arena) < 128 << 10);
    arena_fini(&arena);
}

static void small_arena_is_small(void **state)
{
    (void)state;
    struct arena arena = {0};
    (void)!arena_alloc(&arena, 1);
    assert_true(arena_size(&arena) < 2048);
    arena_fini(&arena);
}

static void texts(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_strdup(&arena, NULL));
    assert_null(arena_strndup(&arena, NULL, 3));
    assert_string_equal(arena_strdup(&arena, ""), "");
    assert_string_equal(arena_strdup(&arena, "abc"), "abc");
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(&arena, "%s-%d", "x", 7), "x-7");
    char *line = arena_printf(&arena, "%5000d", 7);
    assert_int_equal(strlen(line), 5000);
    assert_string_equal(line + 4998, " 7");
    arena_fini(&arena);
}

static void reset_poisons(void **state)
{
    (void)state;
#ifdef HAS_ASAN
    struct arena arena = {0};
    char *text = arena_strdup(&arena, "abc");
    assert_false(__asan_address_is_poisoned(text + 3));
    assert_true(__asan_address_is_poisoned(text + 4)); /* behind the NUL */
    arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(text));
    arena_fini(&arena);
#else
    skip();
#endif
}

/* What was measured once fits into one block, however the blocks of the measuring ended. */
static void reserved_fits_exactly(void **state)
{
    (void)state;
    for (size_t step = 1; step < 90; step += 8) {
        struct arena measured = {0};
        struct arena arena = {0};
        for (int pass = 0; pass < 2; pass++) {
            struct arena *at = pass == 0 ? &measured : &arena;
            for (size_t size = step; size < 3000; size += step) {
                (void)!arena_alloc(at, size);
                (void)!arena_printf(at, "%zu", size);
            }
            if (pass == 0) {
                arena_reserve(&arena, arena_taken(&measured));
            }
        }
        assert_true(arena_taken(&arena) <= arena_taken(&measured));
        /* One block of just this size: a second one would double it. */
        assert_true(arena_size(&arena) < arena_taken(&measured) + 64);
        arena_reset(&measured);
        assert_int_equal(arena_taken(&measured), 0);
        arena_fini(&measured);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(reused_memory_is_zeroed),
        cmocka_unit_test(reset_keeps_one_block),
        cmocka_unit_test(reset_gives_a_huge_block_back),
        cmocka_unit_test(small_arena_is_small),
        cmocka_unit_test(reserved_fits_exactly),
        cmocka_unit_test(texts),
        cmocka_unit_test(reset_poisons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
