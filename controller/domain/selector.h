/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Label selectors: whether labels match, and the selector as a query parameter
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api). Pure.
 */
#ifndef INTERLUDE_DOMAIN_SELECTOR_H
#define INTERLUDE_DOMAIN_SELECTOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/types.h"

/* NULL when there is no such key. */
const char *pairs_get(const struct pairs *pairs, const char *key);

/* An empty selector matches nothing here: a workload without one owns no pods. */
bool selector_matches(const struct selector *selector, const struct pairs *labels);

/* "app=orders,tier in (web,api),!canary". In the arena. */
char *selector_text(struct arena *arena, const struct selector *selector) MUST_CHECK;

/* The inverse of selector_text(), for the selector that a status remembers. False when malformed. */
bool selector_parse(struct arena *arena, const char *text,
                    struct selector *ret_selector) MUST_CHECK;

#endif
