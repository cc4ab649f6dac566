/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TZif file. Beyond not crashing: a refusal has its reason; what is accepted has at every instant a clock that is
 * less than a day or so away from UTC, in spans that hold the instant and lie next to each other.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "domain/timezone.h"
#include "fuzz.h"

#define SPANS_MAX 500
#define FROM_S    (-5364662400) /* 1800 */
#define UNTIL_S   7258118400    /* 2200 */

static void claim(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_span(const struct zone_span *span, int64_t at_s)
{
    claim(span->from_s <= at_s && at_s < span->until_s);
    claim(span->east_s > -26 * 3600 && span->east_s < 26 * 3600);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct err err = {0};
    struct time_zone zone;
    if (!timezone_parse(&arena, data, size, &zone, &err)) {
        claim(err.kind == ERR_INVALID && err.text[0] != '\0');
        arena_fini(&arena);
        return 0;
    }
    struct zone_span span = timezone_span(&zone, FROM_S);
    check_span(&span, FROM_S);
    for (int i = 0; i < SPANS_MAX && span.until_s < UNTIL_S; i++) {
        struct zone_span next = timezone_span(&zone, span.until_s);
        check_span(&next, span.until_s);
        claim(next.from_s == span.until_s);
        span = next;
    }
    arena_fini(&arena);
    return 0;
}
