/* SPDX-License-Identifier: Apache-2.0 */
/* A kind of objects that a migration names and that cannot be read, told with its remedy. Pure. */
#ifndef INTERLUDE_DOMAIN_UNREAD_H
#define INTERLUDE_DOMAIN_UNREAD_H

#include "base/arena.h"
#include "base/attrs.h"
#include "domain/types.h"

/* Of "Rollout orders-api", which is not KIND_READ; why is the server's words. In the arena. */
const char *unread_text(struct arena *arena, const char *what, enum kind_state state,
                        const char *why) MUST_CHECK;

#endif
