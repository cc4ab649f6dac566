/* SPDX-License-Identifier: Apache-2.0 */
/* Where the version of an application is read: an image's tag, a label or an annotation. Pure. */
#ifndef INTERLUDE_DOMAIN_VERSION_SOURCE_H
#define INTERLUDE_DOMAIN_VERSION_SOURCE_H

#include "base/arena.h"
#include "domain/types.h"

/* The only container of a pod template; NULL when there are several. */
const char *version_source_container(const struct version_facts *facts);

/*
 * The version that the facts tell, as the application wants it read. NULL when there is none to read;
 * then *ret_why says why, for a message. Both in the arena or borrowed. `usual` is the only container of
 * the workload's template, for pods that a webhook gave others; NULL when there is no such.
 */
const char *version_source_read(struct arena *arena, const struct application *application,
                                const char *usual, const struct version_facts *facts,
                                const char **ret_why);

#endif
