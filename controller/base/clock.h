/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks, and the two texts of time in the Kubernetes API: RFC 3339 timestamps (metav1.Time: UTC,
 * seconds) and durations as Go writes them (metav1.Duration: "1h30m").
 */
#ifndef INTERLUDE_BASE_CLOCK_H
#define INTERLUDE_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"

#define CLOCK_TEXT_MAX 48

/* Milliseconds that never go back and count a suspended machine's sleep (CLOCK_BOOTTIME). */
int64_t clock_now_ms(void);

/* Microseconds of the same clock, for measuring. */
int64_t clock_now_us(void);

/* Seconds and microseconds since 1970-01-01 UTC by this machine's clock. */
int64_t clock_wall_s(void);
int64_t clock_wall_us(void);

/* "2026-11-22T01:02:03Z". Pure. */
void clock_format(int64_t wall_s, char text[CLOCK_TEXT_MAX]);

/* "2026-11-22T01:02:03.000004Z": a metav1.MicroTime. Pure. */
void clock_format_us(int64_t wall_us, char text[CLOCK_TEXT_MAX]);

/* RFC 3339 with any offset; fractions of a second are dropped. Pure. */
bool clock_parse(const char *text, int64_t *ret_wall_s) MUST_CHECK;

/*
 * A Go duration ("300ms", "1h30m", "0") in milliseconds, rounded down; no sign, at most 100 years.
 * Source: https://pkg.go.dev/time#ParseDuration. Pure.
 */
bool clock_parse_duration(const char *text, int64_t *ret_ms) MUST_CHECK;

/* A duration for a person: "45s", "3m20s", "2h5m", "3d4h". Pure. */
void clock_format_duration(int64_t seconds, char text[CLOCK_TEXT_MAX]);

#endif
