/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of things with a name, as a pod has many: containers, volumes, mounts. */
#ifndef INTERLUDE_CODEC_NAMED_H
#define INTERLUDE_CODEC_NAMED_H

#include <jansson.h>
#include <stddef.h>

/* The item, borrowed; NULL when there is none, no list, or no name. */
json_t *named_item(const json_t *list, const char *name);

/* The wanted name, with a number behind it where one of the lists (either may be NULL) has it already. */
void named_free(const char *wanted, const json_t *list, const json_t *other, char *ret_name,
                size_t size);

#endif
