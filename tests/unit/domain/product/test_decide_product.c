/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide() at every point of the product of its inputs, held against the invariants.
 *
 *     test_decide_product [POINT [STRENGTH]]      POINT "": all; as printed with a finding: just that
 */
#include <stdio.h>
#include <stdlib.h>

#include "domain/decide.h"
#include "invariants.h"
#include "product.h"
#include "scene.h"

static struct arena arena;

static const char *check(const unsigned char *point)
{
    struct scene scene;
    struct plan plan;
    scene_build(&scene, point);
    arena_reset(&arena);
    decide(&arena, &scene.seen, &plan);
    return invariants_broken(&scene, &plan);
}

int main(int argc, char **argv)
{
    unsigned strength = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : STRENGTH;
    struct product product = {
        .name = "decide_product",
        .dimensions = scene_dimensions,
        .dimension_count = DIM_MAX,
        .exclusions = scene_exclusions,
        .exclusion_count = scene_exclusion_count,
        .strength = strength,
        .points_least = strength < 2 ? 700000 : 11000000,
        .check = check,
    };
    int failed = product_run(&product, argc > 1 && argv[1][0] != '\0' ? argv[1] : NULL);
    arena_fini(&arena);
    return failed;
}
