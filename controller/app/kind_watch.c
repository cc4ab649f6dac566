/* SPDX-License-Identifier: Apache-2.0 */
#include "app/kind_watch.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/mem.h"
#include "kube/path.h"

static const struct backoff_policy backoff = {.first_ms = 1000, .largest_ms = 60000};

/* One of three is under way: the question where the kind stands, the watch, or the timer until both again. */
struct kind_watch {
    struct kind_watch_ground ground;
    char *api_version;
    char *kind;
    char *ns;
    bool is_metadata_only;
    struct kube_watch_handler handler;
    void *arg;
    struct kube_request *question;
    struct kube_watch *watch;
    char *path; /* of the collection */
    struct loop_timer again;
    unsigned failures; /* in a row */
};

static void watch_stop(struct kind_watch *watch)
{
    kube_watch_stop(watch->watch);
    watch->watch = NULL;
    free(watch->path);
    watch->path = NULL;
}

static void fail(struct kind_watch *watch, const struct err *err)
{
    watch_stop(watch);
    watch->failures++;
    int64_t delay_ms = backoff_delay_ms(&backoff, watch->failures, arc4random());
    loop_timer_start(watch->ground.loop, &watch->again, clock_now_ms() + delay_ms);
    watch->handler.on_error(watch->arg, err);
}

/* ---- the watch ---- */

static void on_object(void *arg, enum kube_event event, const json_t *object)
{
    const struct kind_watch *watch = arg;
    watch->handler.on_object(watch->arg, event, object);
}

static void on_restart(void *arg)
{
    const struct kind_watch *watch = arg;
    watch->handler.on_restart(watch->arg);
}

static void on_synced(void *arg)
{
    struct kind_watch *watch = arg;
    watch->failures = 0;
    watch->handler.on_synced(watch->arg);
}

static void fail_without_kind(struct kind_watch *watch)
{
    struct err err;
    err_set(&err, ERR_NOT_FOUND,
            "the API server has no kind %s in %s: install it, or correct the spec", watch->kind,
            watch->api_version);
    fail(watch, &err);
}

/* The stream itself would go on where it was once it may: but what it missed meanwhile is not known. */
static void on_error(void *arg, const struct err *err)
{
    struct kind_watch *watch = arg;
    if (err->kind == ERR_NOT_FOUND) {
        kinds_forget(watch->ground.kinds, watch->api_version);
        fail_without_kind(watch);
    } else if (err->kind == ERR_FORBIDDEN) {
        fail(watch, err);
    } else {
        watch->handler.on_error(watch->arg, err);
    }
}

static void begin_watch(struct kind_watch *watch, const struct api_kind *kind)
{
    static const struct kube_watch_handler handler = {
        .on_object = on_object,
        .on_restart = on_restart,
        .on_synced = on_synced,
        .on_error = on_error,
    };
    CLEANUP(arena_fini) struct arena arena = {0};
    watch->path = xstrdup(kube_path_text(&arena, &(struct kube_path){
                                                     .group_version = watch->api_version,
                                                     .ns = watch->ns,
                                                     .resource = kind->plural,
                                                 }));
    struct kube_watch_spec spec = {
        .path = watch->path,
        .may_be_stale = true, /* it wakes; what a start is decided on is read anew */
        .is_metadata_only = watch->is_metadata_only,
    };
    watch->watch = kube_watch_start(watch->ground.client, &spec, &handler, watch);
}

/* ---- where the kind stands ---- */

static void begin_if_usable(struct kind_watch *watch, const struct api_kind *kind)
{
    if (kind->is_namespaced && kind->is_watchable) {
        begin_watch(watch, kind);
        return;
    }
    struct err err;
    err_set(&err, ERR_NOT_FOUND, "%s in %s %s: correct the spec", watch->kind, watch->api_version,
            kind->is_namespaced ? "cannot be watched"
                                : "is no kind whose objects lie in a namespace");
    fail(watch, &err);
}

static void on_kinds(void *arg, const struct kube_response *response)
{
    struct kind_watch *watch = arg;
    struct kinds *kinds = watch->ground.kinds;
    struct err err = response->err;
    watch->question = NULL;
    if (!response->is_ok && err.kind == ERR_NOT_FOUND) {
        kinds_forget(kinds, watch->api_version);
        fail_without_kind(watch);
        return;
    }
    if (!response->is_ok || !kinds_learn(kinds, watch->api_version, response->body, &err)) {
        fail(watch, &err);
        return;
    }
    const struct api_kind *kind = kinds_find(kinds, watch->api_version, watch->kind);
    if (kind == NULL) {
        fail_without_kind(watch);
    } else {
        begin_if_usable(watch, kind);
    }
}

static void begin(void *arg)
{
    struct kind_watch *watch = arg;
    const struct api_kind *kind = kinds_find(watch->ground.kinds, watch->api_version, watch->kind);
    if (kind != NULL && kind->is_namespaced && kind->is_watchable) {
        begin_watch(watch, kind);
        return;
    }
    CLEANUP(arena_fini) struct arena arena = {0};
    struct kube_call call = {
        .method = KUBE_GET,
        .path = kinds_path(&arena, watch->api_version),
    };
    watch->question = kube_client_call(watch->ground.client, &call, on_kinds, watch);
}

/* ---- life ---- */

struct kind_watch *kind_watch_start(const struct kind_watch_ground *ground,
                                    const struct kind_watch_spec *spec,
                                    const struct kube_watch_handler *handler, void *arg)
{
    struct kind_watch *watch = xcalloc(1, sizeof(*watch));
    watch->ground = *ground;
    watch->api_version = xstrdup(spec->api_version);
    watch->kind = xstrdup(spec->kind);
    watch->ns = xstrdup(spec->ns);
    watch->is_metadata_only = spec->is_metadata_only;
    watch->handler = *handler;
    watch->arg = arg;
    watch->again = (struct loop_timer){.fn = begin, .arg = watch};
    begin(watch);
    return watch;
}

void kind_watch_stop(struct kind_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->question != NULL) {
        kube_request_cancel(watch->question);
    }
    loop_timer_stop(watch->ground.loop, &watch->again);
    watch_stop(watch);
    free(watch->api_version);
    free(watch->kind);
    free(watch->ns);
    free(watch);
}

const char *kind_watch_path(const struct kind_watch *watch)
{
    return watch->path;
}
