/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only compiler extensions that Interlude uses, so that gcc and clang both build it and a reader
 * finds them in one place.
 */
#ifndef INTERLUDE_BASE_ATTRS_H
#define INTERLUDE_BASE_ATTRS_H

/* Calls fn(&variable) when the variable goes out of scope. Never mix with goto in one function. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* The caller must look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* The function takes a printf format at argument number fmt, its values from number first on. */
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
