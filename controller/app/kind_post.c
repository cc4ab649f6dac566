/* SPDX-License-Identifier: Apache-2.0 */
#include "app/kind_post.h"

#include <stdlib.h>

#include "base/mem.h"

struct kind_post {
    struct kind_post_handler handler;
    void *arg;
    struct store store;
    struct kind_watch *watch;
    bool is_known;
    enum err_kind trouble; /* while it is not known */
    char *why;             /* likewise; NULL: nothing was told yet */
};

/* False: it is no news. */
static bool take(struct kind_post *post, const json_t *object)
{
    struct err err = {0};
    enum store_result result = store_put(&post->store, object, &err);
    if (result == STORE_FAILED) {
        post->handler.on_error(post->arg, &err);
    }
    return result != STORE_STALE;
}

static void on_object(void *arg, enum kube_event event, const json_t *object)
{
    struct kind_post *post = arg;
    struct meta meta = store_names(object);
    if (event == KUBE_DELETED) {
        (void)store_remove(&post->store, &meta, NULL, NULL);
    } else if (!take(post, object)) {
        return;
    }
    if (post->is_known) {
        post->handler.on_change(post->arg, meta.name);
    }
}

static void on_restart(void *arg)
{
    struct kind_post *post = arg;
    post->is_known = false;
    store_restart(&post->store);
}

static void on_synced(void *arg)
{
    struct kind_post *post = arg;
    if (!post->is_known) {
        store_sweep(&post->store, NULL, NULL);
    }
    post->is_known = true;
    free(post->why);
    post->why = NULL;
    post->handler.on_change(post->arg, NULL);
}

/* What passes by itself does not take back what is known: the start is decided on what is read anew. */
static void on_error(void *arg, const struct err *err)
{
    struct kind_post *post = arg;
    post->handler.on_error(post->arg, err);
    bool is_lasting = err->kind == ERR_NOT_FOUND || err->kind == ERR_FORBIDDEN;
    if (post->is_known && !is_lasting) {
        return;
    }
    post->is_known = false;
    post->trouble = err->kind;
    free(post->why);
    post->why = xstrdup(err->text);
    post->handler.on_change(post->arg, NULL);
}

static const struct kube_watch_handler watch_handler = {
    .on_object = on_object,
    .on_restart = on_restart,
    .on_synced = on_synced,
    .on_error = on_error,
};

struct kind_post *kind_post_start(const struct kind_watch_ground *ground,
                                  const struct kind_watch_spec *spec,
                                  const struct store_kind *stored,
                                  const struct kind_post_handler *handler, void *arg)
{
    struct kind_post *post = xcalloc(1, sizeof(*post));
    post->handler = *handler;
    post->arg = arg;
    store_init(&post->store, stored);
    post->watch = kind_watch_start(ground, spec, &watch_handler, post);
    return post;
}

void kind_post_stop(struct kind_post *post)
{
    if (post == NULL) {
        return;
    }
    kind_watch_stop(post->watch);
    store_fini(&post->store);
    free(post->why);
    free(post);
}

bool kind_post_is_known(const struct kind_post *post)
{
    return post->is_known;
}

enum kind_state kind_post_state(const struct kind_post *post)
{
    if (post->is_known || post->why == NULL) {
        return KIND_READ;
    }
    return post->trouble == ERR_NOT_FOUND   ? KIND_MISSING
           : post->trouble == ERR_FORBIDDEN ? KIND_FORBIDDEN
                                            : KIND_READ;
}

const char *kind_post_why(const struct kind_post *post)
{
    return post->why;
}

const struct store *kind_post_store(const struct kind_post *post)
{
    return &post->store;
}

const char *kind_post_path(const struct kind_post *post)
{
    return kind_watch_path(post->watch);
}
