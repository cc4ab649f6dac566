/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 with the standard alphabet and padding (RFC 4648, section 4). Pure. */
#ifndef INTERLUDE_KUBE_BASE64_H
#define INTERLUDE_KUBE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"

/*
 * White space is skipped. *ret_data is the caller's to free, and a NUL that *ret_len does not count
 * follows it. False when the text is not base64.
 */
bool base64_decode(const char *text, char **ret_data, size_t *ret_len) MUST_CHECK;

/* A heap string that the caller frees. */
char *base64_encode(const char *data, size_t len) MUST_CHECK;

#endif
