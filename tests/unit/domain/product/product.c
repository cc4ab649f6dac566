/* SPDX-License-Identifier: Apache-2.0 */
#include "product.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/attrs.h"

/* So many are printed; of the others only the number is told. */
#define FINDINGS_SHOWN 10
#define EXCLUSIONS_MAX 64

struct run {
    const struct product *product;
    product_point point;
    size_t points;
    size_t findings;
    size_t excluded[EXCLUSIONS_MAX]; /* how often each exclusion cut something off */
    /* Those of one dimension after each other: the first, and the one after each. No such: the count. */
    size_t first[PRODUCT_DIMENSIONS_MAX];
    size_t after[EXCLUSIONS_MAX];
};

static void sort_exclusions(struct run *run)
{
    const struct product *product = run->product;
    for (size_t i = 0; i < product->dimension_count; i++) {
        run->first[i] = product->exclusion_count;
    }
    for (size_t i = product->exclusion_count; i-- > 0;) {
        unsigned last = product->exclusions[i].last;
        run->after[i] = run->first[last];
        run->first[last] = i;
    }
}

static void print_point(const struct run *run)
{
    const char *comma = "";
    for (unsigned i = 0; i < run->product->dimension_count; i++) {
        const struct dimension *dimension = &run->product->dimensions[i];
        if (run->point[i] != 0) {
            printf("%s%s=%s", comma, dimension->name, dimension->words[run->point[i]]);
            comma = ",";
        }
    }
}

static void check(struct run *run)
{
    const char *finding = run->product->check(run->point);
    run->points++;
    if (finding == NULL) {
        return;
    }
    if (run->findings++ < FINDINGS_SHOWN) {
        printf("%s: %s\n  at: test_%s ", run->product->name, finding, run->product->name);
        print_point(run);
        printf("\n");
    }
}

static bool is_excluded(struct run *run, unsigned last)
{
    size_t count = run->product->exclusion_count;
    for (size_t i = run->first[last]; i < count; i = run->after[i]) {
        if (run->product->exclusions[i].is_excluded(run->point)) {
            run->excluded[i]++;
            return true;
        }
    }
    return false;
}

static void walk(struct run *run, unsigned at, unsigned may_differ)
{
    if (at == run->product->dimension_count) {
        check(run);
        return;
    }
    const struct dimension *dimension = &run->product->dimensions[at];
    for (unsigned value = 0; value < dimension->count; value++) {
        bool differs = dimension->is_side && value != 0;
        if (differs && may_differ == 0) {
            break;
        }
        run->point[at] = (unsigned char)value;
        if (!is_excluded(run, at)) {
            walk(run, at + 1, differs ? may_differ - 1 : may_differ);
        }
    }
    run->point[at] = 0;
}

/* ---- one point alone ---- */

static bool set_value(struct run *run, const char *pair, size_t len)
{
    for (unsigned i = 0; i < run->product->dimension_count; i++) {
        const struct dimension *dimension = &run->product->dimensions[i];
        for (unsigned value = 0; value < dimension->count; value++) {
            char text[128];
            int used =
                snprintf(text, sizeof(text), "%s=%s", dimension->name, dimension->words[value]);
            if (used == (int)len && strncmp(text, pair, len) == 0) {
                run->point[i] = (unsigned char)value;
                return true;
            }
        }
    }
    return false;
}

static bool set_point(struct run *run, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        if (!set_value(run, text, len)) {
            printf("%s: no dimension has the value %.*s\n", run->product->name, (int)len, text);
            return false;
        }
        text += len + (text[len] == ',' ? 1 : 0);
    }
    for (unsigned i = 0; i < run->product->dimension_count; i++) {
        if (is_excluded(run, i)) {
            printf("%s: this point is excluded\n", run->product->name);
            return false;
        }
    }
    return true;
}

static int run_one(struct run *run, const char *text)
{
    if (!set_point(run, text)) {
        return 1;
    }
    check(run);
    printf("%s: %zu of 1 point is wrong\n", run->product->name, run->findings);
    return (int)run->findings;
}

int product_run(const struct product *product, const char *only)
{
    struct run run = {.product = product};
    assert(product->dimension_count <= PRODUCT_DIMENSIONS_MAX);
    assert(product->exclusion_count <= EXCLUSIONS_MAX);
    sort_exclusions(&run);
    if (only != NULL) {
        return run_one(&run, only);
    }
    walk(&run, 0, product->strength);
    printf("%s: %zu points, %zu of them wrong\n", product->name, run.points, run.findings);
    int failed = run.findings > 0 ? 1 : 0;
    if (run.points < product->points_least) {
        printf("%s: at least %zu points were expected: does an exclusion take too much?\n",
               product->name, product->points_least);
        failed = 1;
    }
    for (size_t i = 0; i < product->exclusion_count; i++) {
        bool never_differs =
            product->strength == 0 && product->dimensions[product->exclusions[i].last].is_side;
        if (run.excluded[i] == 0 && !never_differs) {
            printf("%s: excludes nothing: %s\n", product->name, product->exclusions[i].why);
            failed = 1;
        }
    }
    return failed;
}
