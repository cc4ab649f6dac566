/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the API server sends, as jansson's values, without metadata.managedFields: who set which field
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management) is often the larger
 * half of an object, nobody here reads it, and building its values cost more than all the rest.
 */
#ifndef INTERLUDE_KUBE_JSON_H
#define INTERLUDE_KUBE_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/attrs.h"

/*
 * One JSON text: an object, a list of objects, or an event of a watch. NULL when it is not valid JSON, and
 * then *ret_err tells why (NULL accepted). Only the objects' own managedFields become [], not a field of
 * that name further inside. The caller owns the result.
 */
json_t *kube_json_load(const char *text, size_t len, json_error_t *ret_err) MUST_CHECK;

#endif
