/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch on the objects of a kind in a namespace, of whatever kind: asks the API server where they stand
 * (app/kinds.h), then watches them (kube/watch.h). A kind that is not there, and one that may not be read, is told
 * and tried again, from the beginning, later each time: so a kind that is installed, or a permission that is given,
 * is noticed within a minute.
 */
#ifndef INTERLUDE_APP_KIND_WATCH_H
#define INTERLUDE_APP_KIND_WATCH_H

#include <stdbool.h>

#include "app/kinds.h"
#include "base/attrs.h"
#include "kube/client.h"
#include "kube/loop.h"
#include "kube/watch.h"

struct kind_watch_spec { /* texts are copied */
    const char *api_version;
    const char *kind;
    const char *ns;
    bool is_metadata_only; /* as in struct kube_watch_spec */
};

/* What it works with; all borrowed, and they must outlive it. */
struct kind_watch_ground {
    struct loop *loop;
    struct kube_client *client;
    struct kinds *kinds;
};

struct kind_watch;

/*
 * The handler is called as by a struct kube_watch, never inside this call; but no callback may stop the watch. Errors
 * that only an edit, an installation or a permission mends are ERR_NOT_FOUND (no such kind, or none of a namespace)
 * and ERR_FORBIDDEN: after them all objects come anew, or not at all. Any other passes by itself.
 */
struct kind_watch *kind_watch_start(const struct kind_watch_ground *ground,
                                    const struct kind_watch_spec *spec,
                                    const struct kube_watch_handler *handler, void *arg) MUST_CHECK;
void kind_watch_stop(struct kind_watch *watch); /* NULL accepted */

/* The path of the collection, borrowed; NULL while it is not known, or there is none. */
const char *kind_watch_path(const struct kind_watch *watch);

#endif
