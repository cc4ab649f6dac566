/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A product of abstract inputs, gone through whole: each input is a dimension with its values in words, a
 * choice of one value for each is a point. What cannot be is said in one list, with the reason. A point at
 * which the check finds something is printed in words, with the command that runs just it.
 *
 * The core dimensions are combined in full. Of the side ones at most `strength` at a time differ from
 * their first value, in all ways to do so: what a decision gets wrong hangs on few inputs at once.
 */
#ifndef INTERLUDE_TESTS_PRODUCT_H
#define INTERLUDE_TESTS_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#define PRODUCT_DIMENSIONS_MAX 40

/* X(enumerator, "word") lists become an enumeration and its words. */
#define PRODUCT_ENUMERATOR(name, word) name,
#define PRODUCT_WORD(name, word)       (word),
#define PRODUCT_ONE(name, word)        +1 // NOLINT(bugprone-macro-parentheses): a sum of them

struct dimension {
    const char *name;
    const char *const
        *words; /* of its values; the first is the usual one. Without spaces, commas, = */
    unsigned count;
    bool is_side;
};

/* The index of a value for each dimension. */
typedef unsigned char product_point[PRODUCT_DIMENSIONS_MAX];

/* Points that cannot be, or that differ from others in nothing that the rules speak of. */
struct product_exclusion {
    unsigned last; /* the last of the dimensions that it looks at */
    const char *why;
    bool (*is_excluded)(const unsigned char *point);
};

struct product {
    const char *name;
    const struct dimension *dimensions;
    unsigned dimension_count;
    const struct product_exclusion *exclusions;
    size_t exclusion_count;
    unsigned strength;   /* of the side dimensions */
    size_t points_least; /* fewer would mean that an exclusion takes too much */
    /* What is wrong at this point, in words; NULL: nothing. Static, or valid until the next call. */
    const char *(*check)(const unsigned char *point);
};

/*
 * Goes through all points, or only the one given as "dimension=word,..." (the rest has its first value).
 * Prints what was run and what was found. Returns how many findings there were, at least 1 if too few
 * points were run, an exclusion excluded nothing, or the text names no point.
 */
int product_run(const struct product *product, const char *only);

#endif
