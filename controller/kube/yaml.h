/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text as JSON values; libyaml ends here. Takes one document and what JSON can say: mappings with
 * scalar keys, sequences, and scalars of the core schema
 * (https://yaml.org/spec/1.2.2/#103-core-schema), resolved only when written plain. Aliases, merge
 * keys, duplicate keys, foreign tags, NUL in text and numbers without a JSON form are refused, so that
 * a small text stays a small value and means one thing.
 */
#ifndef INTERLUDE_KUBE_YAML_H
#define INTERLUDE_KUBE_YAML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"
#include "base/err.h"

#define YAML_MAX_BYTES ((size_t)1024 * 1024)
#define YAML_MAX_DEPTH ((size_t)32)

/*
 * *ret_value is a new reference; an empty text is null. Errors are INVALID, begin with "line N: " and
 * show keys, never values. Pure.
 */
bool yaml_parse(const char *text, size_t len, json_t **ret_value, struct err *err) MUST_CHECK;

#endif
