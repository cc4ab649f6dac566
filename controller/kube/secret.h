/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that nobody else may read: files of credentials, and freeing what was read so that nothing of it
 * stays in our heap. Copies that a parser makes for itself (libyaml, jansson, curl) are theirs.
 */
#ifndef INTERLUDE_KUBE_SECRET_H
#define INTERLUDE_KUBE_SECRET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"
#include "base/err.h"

/* Overwrites and frees. NULL accepted. */
void secret_free(char *text);

/* For CLEANUP(secret_free_text) char *x. */
void secret_free_text(char **text);

/* For CLEANUP(secret_free_json) json_t *x: overwrites the text of every string in it and drops it. */
void secret_free_json(json_t **value);

/*
 * A whole file of at most max bytes; a pipe too. *ret_text is the caller's, ends with a NUL that
 * *ret_len does not count, and holds no other. Blocks. The error names the file, never its content.
 */
bool secret_read_file(const char *path, size_t max, char **ret_text, size_t *ret_len,
                      struct err *err) MUST_CHECK;

#endif
