/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The footer of a TZif file: a TZ string as POSIX and RFC 9636 (section 3.3.1) define it, such as
 * "CET-1CEST,M3.5.0,M10.5.0/3", and what it says of an instant. For domain/timezone alone. Pure.
 */
#ifndef INTERLUDE_DOMAIN_TIMEZONE_RULE_H
#define INTERLUDE_DOMAIN_TIMEZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "domain/timezone.h"

/*
 * The text need not be terminated. False when it is no such string. Summer time without its days is refused:
 * POSIX leaves them to the system, and zic always writes them.
 */
bool timezone_rule_parse(const char *text, size_t len, struct zone_rule *ret_rule) MUST_CHECK;

/* The span by the rule alone. */
struct zone_span timezone_rule_span(const struct zone_rule *rule, int64_t at_s);

#endif
