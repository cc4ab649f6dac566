/* SPDX-License-Identifier: Apache-2.0 */
/* A kind of objects that a migration names and that cannot be read, told with its remedy. Pure. */
#ifndef INTERLUDE_DOMAIN_UNREAD_H
#define INTERLUDE_DOMAIN_UNREAD_H

#include "base/arena.h"
#include "base/attrs.h"

/* Roles with this label, set to "true", are the controller's own: what it may see of other kinds. */
#define LABEL_AGGREGATE "interlude.dev/aggregate-to-controller"

/* Whether the objects of a kind could be read at all. */
enum kind_state {
    KIND_READ,
    KIND_MISSING,   /* the server has no such kind, or none that lies in a namespace */
    KIND_FORBIDDEN, /* we may not read it */
};

/* Of "Rollout orders-api", which is not KIND_READ; why is the server's words. In the arena. */
const char *unread_text(struct arena *arena, const char *what, enum kind_state state,
                        const char *why) MUST_CHECK;

#endif
