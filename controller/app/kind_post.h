/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of one kind in one namespace, of whatever kind, as a watch (app/kind_watch.h) tells them: kept in a
 * store, with what is known of the kind itself while they cannot be read.
 */
#ifndef INTERLUDE_APP_KIND_POST_H
#define INTERLUDE_APP_KIND_POST_H

#include <stdbool.h>

#include "app/kind_watch.h"
#include "app/store.h"
#include "base/attrs.h"

/* Called from the loop, never inside kind_post_start(); may not stop the post. */
struct kind_post_handler {
    /* The object of that name came, changed or went; NULL: any may have, or what is known of all of them. */
    void (*on_change)(void *arg, const char *name);
    /* A watch that does not work, or an object that cannot be read: for the log. */
    void (*on_error)(void *arg, const struct err *err);
};

struct kind_post;

/* Borrows the ground and the store's kind; texts and handler are copied. */
struct kind_post *kind_post_start(const struct kind_watch_ground *ground,
                                  const struct kind_watch_spec *spec,
                                  const struct store_kind *stored,
                                  const struct kind_post_handler *handler, void *arg) MUST_CHECK;
void kind_post_stop(struct kind_post *post); /* NULL accepted */

/* All objects are known. */
bool kind_post_is_known(const struct kind_post *post);

/* While they are not: whether an edit, an installation or a permission is what is missing. */
enum kind_state kind_post_state(const struct kind_post *post);

/* Likewise: the server's words. NULL: nothing was told yet. Borrowed until the loop's next turn. */
const char *kind_post_why(const struct kind_post *post);

const struct store *kind_post_store(const struct kind_post *post);

/* As kind_watch_path(). */
const char *kind_post_path(const struct kind_post *post);

#endif
