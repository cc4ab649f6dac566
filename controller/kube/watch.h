/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch on a collection that never ends: streams the present objects and then every change, and starts
 * over by itself after a cut, 410 Gone, an ERROR event, silence, a server restart or new credentials.
 * Streams with sendInitialEvents and bookmarks
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists), and falls back to a
 * paged list and a watch where the server refuses that. Watches use connections of their own, at most
 * KUBE_WATCH_STREAMS on each. Objects are handed over one by one and not kept.
 */
#ifndef INTERLUDE_KUBE_WATCH_H
#define INTERLUDE_KUBE_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"
#include "kube/client.h"

#define KUBE_WATCH_STREAMS 80

enum kube_event { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED };

/* All run from the loop, never inside kube_watch_start(). The watch may be stopped from within them. */
struct kube_watch_handler {
    /* One object; borrowed until the call returns. From a list it may lack kind and apiVersion. */
    void (*on_object)(void *arg, enum kube_event event, const json_t *object);
    /*
     * All objects will come as KUBE_ADDED, the first time or again; what has not come by on_synced is
     * gone. Called when the first answer is there, not when the old state is lost.
     */
    void (*on_restart)(void *arg);
    /* The objects since on_restart are all there are. Called again after each start-over. */
    void (*on_synced)(void *arg);
    /* It does not work at present and will be tried again by itself. Called at each failure. */
    void (*on_error)(void *arg, const struct err *err);
};

struct kube_watch_spec {
    const char *path;           /* of the collection, escaped, without query; copied */
    const char *label_selector; /* NULL: all; copied */
    const char *field_selector; /* NULL: all; copied */
    /*
     * The first state may be as old as the server's cache is. Else the server waits for its cache to
     * catch up with etcd, up to 100 ms: for what nobody reads anew before it matters.
     */
    bool may_be_stale;
    bool is_metadata_only; /* of each object nothing else is sent: KUBE_METADATA */
};

struct kube_watch;

struct kube_watch *kube_watch_start(struct kube_client *client, const struct kube_watch_spec *spec,
                                    const struct kube_watch_handler *handler, void *arg) MUST_CHECK;
void kube_watch_stop(struct kube_watch *watch); /* NULL accepted; no callback runs any more */

/* True from on_synced until the stream breaks; a restart from the last version seen makes it true again. */
bool kube_watch_is_synced(const struct kube_watch *watch);

#endif
