/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out what watch_next() decides: one step is under way at a time, or the timer runs that begins
 * the next. Every way out of a step leads through conclude().
 */
#include "kube/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/client_internal.h"
#include "kube/frame.h"
#include "kube/json.h"
#include "kube/path.h"
#include "kube/session.h"
#include "kube/status.h"
#include "kube/watch_internal.h"
#include "kube/watch_next.h"

#define LIST_PAGE        "500"
#define LIST_DEADLINE_MS 60000
#define REFUSAL_MAX      ((size_t)64 * 1024)
#define VERSION_MAX      64
#define INITIAL_END      "k8s.io/initial-events-end"

/*
 * The server sends each watch a bookmark about every minute, though it promises none: after two and a
 * half minutes without a byte the connection is more likely dead than the collection quiet. A mistake
 * costs one more request, as the next stream goes on from the last version.
 */
static const struct watch_timing default_timing = {
    .least_s = 300,
    .most_s = 600,
    .slack_ms = 30000,
    .answer_ms = 60000,
    .silence_ms = 150000,
    .steady_ms = 5000,
    .line_max = FRAME_LINE_MAX,
    .backoff = {.first_ms = 100, .largest_ms = 30000},
};

struct kube_watch {
    struct kube_client *client;
    struct loop *loop;
    const struct watch_timing *timing;
    struct kube_watch_handler handler;
    void *arg;
    char *path; /* of the collection with the selectors */
    bool may_be_stale;
    bool is_metadata_only;

    enum watch_step step; /* under way, or next */
    unsigned failures;    /* in a row */
    bool has_hurried;     /* for watch_next() */
    char version
        [VERSION_MAX];    /* all is known up to here; "" while a pass from nothing is not over */
    char *continue_token; /* of WATCH_PAGE */
    bool is_restart_told; /* on_restart was called for the pass under way */
    bool is_synced;

    struct loop_timer retry;   /* begins the step */
    struct kube_request *page; /* WATCH_LIST and WATCH_PAGE under way */

    struct exchange *stream; /* WATCH_STREAM and WATCH_RESUME under way, with all below */
    struct http_call call;
    char *stream_path; /* the call's */
    int http_status;   /* 0: no answer yet */
    struct frame frame;
    struct buf refusal; /* body of an answer other than 200 */
    struct loop_timer silence;
    int64_t heard_ms;    /* when a byte came, or the stream was begun */
    int64_t answered_ms; /* when the answer came */
    int64_t over_ms;     /* by then the server should have ended it */

    bool is_inside;  /* a handler may be on the stack: no freeing */
    bool is_stopped; /* by kube_watch_stop(); nothing is under way any more */
};

static void begin(struct kube_watch *watch);

static void watch_free(struct kube_watch *watch)
{
    frame_fini(&watch->frame);
    buf_fini(&watch->refusal);
    free(watch->stream_path);
    free(watch->continue_token);
    free(watch->path);
    free(watch);
}

/* Every call from the loop stands between these two: the handler may stop the watch meanwhile. */
static void enter(struct kube_watch *watch)
{
    watch->is_inside = true;
}

static void leave(struct kube_watch *watch)
{
    watch->is_inside = false;
    if (watch->is_stopped) {
        watch_free(watch);
    }
}

static void stop_step(struct kube_watch *watch)
{
    loop_timer_stop(watch->loop, &watch->retry);
    loop_timer_stop(watch->loop, &watch->silence);
    if (watch->page != NULL) {
        kube_request_cancel(watch->page);
        watch->page = NULL;
    }
    if (watch->stream != NULL) {
        exchange_cancel(watch->stream);
        watch->stream = NULL;
    }
    frame_reset(&watch->frame);
    buf_fini(&watch->refusal);
}

/* Ends the step that is under way and prepares the next. The err is NULL when nothing failed. */
static void conclude(struct kube_watch *watch, enum watch_outcome outcome, const struct err *err,
                     int64_t retry_after_ms)
{
    bool is_live = watch->stream != NULL && watch->http_status == 200;
    const struct watch_end end = {
        .step = watch->step,
        .outcome = outcome,
        .kind = err == NULL ? ERR_NONE : err->kind,
        .has_version = watch->version[0] != '\0',
        .is_steady = is_live && clock_now_ms() - watch->answered_ms >= watch->timing->steady_ms,
        .is_streaming_known = kube_client_streams_lists(watch->client),
        .has_hurried = watch->has_hurried,
        .failures = watch->failures,
        .retry_after_ms = retry_after_ms,
        .chance = arc4random(),
    };
    struct watch_plan plan = watch_next(&end, &watch->timing->backoff);

    stop_step(watch);
    watch->step = plan.step;
    watch->failures = plan.failures;
    watch->has_hurried = plan.has_hurried;
    /* A stream whose time was over goes on at once: nobody needs to hear of that. */
    watch->is_synced = watch->is_synced && plan.step == WATCH_RESUME && plan.delay_ms == 0;
    if (plan.is_streaming_refused) {
        kube_client_streaming_refused(watch->client);
    }
    loop_timer_start(watch->loop, &watch->retry, clock_now_ms() + plan.delay_ms);
    if (plan.is_error && err != NULL) {
        watch->handler.on_error(watch->arg, err);
    }
}

static void fail(struct kube_watch *watch, enum watch_outcome outcome, const char *text)
{
    struct err err;
    err_set(&err, outcome == WATCH_GARBLED ? ERR_INVALID : ERR_TRANSIENT, "watch %s: %s",
            watch->path, text);
    conclude(watch, outcome, &err, 0);
}

/* Before the first object of a pass from nothing, not when the old state was lost: that may be hours. */
static void tell_restart(struct kube_watch *watch)
{
    if (!watch->is_restart_told) {
        watch->is_restart_told = true;
        watch->handler.on_restart(watch->arg);
    }
}

static void tell_synced(struct kube_watch *watch)
{
    tell_restart(watch);
    if (!watch->is_stopped) {
        watch->is_synced = true;
        watch->handler.on_synced(watch->arg);
    }
}

static bool set_version(struct kube_watch *watch, const json_t *object)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const char *version = json_string_value(json_object_get(metadata, "resourceVersion"));
    if (str_is_empty(version) || strlen(version) >= sizeof(watch->version)) {
        return false;
    }
    (void)snprintf(watch->version, sizeof(watch->version), "%s", version);
    return true;
}

static bool is_initial_end(const json_t *object)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const json_t *annotations = json_object_get(metadata, "annotations");
    return str_eq(json_string_value(json_object_get(annotations, INITIAL_END)), "true");
}

static void take_bookmark(struct kube_watch *watch, const json_t *object)
{
    bool is_pass_over = watch->version[0] == '\0' && is_initial_end(object);
    if (watch->version[0] == '\0' && !is_pass_over) {
        return; /* a version does not count before all objects have come */
    }
    if (!set_version(watch, object)) {
        fail(watch, WATCH_GARBLED, "a bookmark has no resourceVersion");
    } else if (is_pass_over) {
        tell_synced(watch);
    }
}

static void take_error(struct kube_watch *watch, const json_t *object)
{
    struct kube_status status;
    kube_status_from_object(object, &status);
    err_wrap(&status.err, "watch %s", watch->path);
    conclude(watch, WATCH_ERROR, &status.err, status.retry_after_ms);
}

static void take_object(struct kube_watch *watch, enum kube_event event, const json_t *object)
{
    if (watch->version[0] != '\0') {
        if (!set_version(watch, object)) {
            fail(watch, WATCH_GARBLED, "an object has no resourceVersion");
            return;
        }
    } else {
        tell_restart(watch);
    }
    if (!watch->is_stopped) {
        watch->handler.on_object(watch->arg, event, object);
    }
}

static bool event_of(const char *type, enum kube_event *ret_event)
{
    static const char *const types[] = {
        [KUBE_ADDED] = "ADDED", [KUBE_MODIFIED] = "MODIFIED", [KUBE_DELETED] = "DELETED"};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (str_eq(type, types[i])) {
            *ret_event = (enum kube_event)i;
            return true;
        }
    }
    return false;
}

static bool on_line(void *arg, const char *line, size_t len)
{
    struct kube_watch *watch = arg;
    /* A NUL in a text is the user's right; it must not stop the watch. */
    json_auto_t *root = kube_json_load(line, len, NULL);
    const char *type = json_string_value(json_object_get(root, "type"));
    const json_t *object = json_object_get(root, "object");
    enum kube_event event = KUBE_ADDED;

    if (!json_is_object(object)) {
        fail(watch, WATCH_GARBLED, "a line is no event");
    } else if (event_of(type, &event)) {
        take_object(watch, event, object);
    } else if (str_eq(type, "BOOKMARK")) {
        take_bookmark(watch, object);
    } else if (str_eq(type, "ERROR")) {
        take_error(watch, object);
    } else {
        fail(watch, WATCH_GARBLED, "an event is of an unknown type");
    }
    return watch->stream != NULL; /* NULL: concluded or stopped */
}

static void on_answer(void *arg, int http_status)
{
    struct kube_watch *watch = arg;
    watch->http_status = http_status;
    watch->answered_ms = clock_now_ms();
    watch->heard_ms = watch->answered_ms;
    if (http_status == 200 && watch->step == WATCH_RESUME) {
        watch->is_synced = true;
    }
}

static void on_data(void *arg, const char *data, size_t len)
{
    struct kube_watch *watch = arg;
    struct err err;
    watch->heard_ms = clock_now_ms();
    if (watch->http_status != 200) {
        bool fits = buf_append(&watch->refusal, data, len);
        (void)fits; /* its beginning is enough to be told */
        return;
    }
    enter(watch);
    if (!frame_feed(&watch->frame, data, len, on_line, watch, &err)) {
        fail(watch, WATCH_GARBLED, err.text);
    }
    leave(watch);
}

static void on_end(void *arg, const struct http_end *end)
{
    struct kube_watch *watch = arg;
    enter(watch);
    if (end->err.kind != ERR_NONE) {
        struct err err = end->err;
        err_wrap(&err, "watch %s", watch->path);
        conclude(watch, WATCH_BROKEN, &err, 0);
    } else if (end->http_status == 200) {
        fail(watch, WATCH_CLOSED, "the server ended the stream before all objects had come");
    } else {
        struct kube_status status;
        kube_status_decode(end->http_status, buf_text(&watch->refusal), watch->refusal.len,
                           &status);
        err_wrap(&status.err, "watch %s", watch->path);
        conclude(watch, WATCH_REFUSED, &status.err,
                 end->retry_after_ms != 0 ? end->retry_after_ms : status.retry_after_ms);
    }
    leave(watch);
}

/* Its time is not moved with each byte: it looks when the last one came, and sleeps on. */
static void on_silence(void *arg)
{
    struct kube_watch *watch = arg;
    const struct watch_timing *timing = watch->timing;
    int64_t limit_ms = watch->http_status == 0 ? timing->answer_ms : timing->silence_ms;
    int64_t due_ms = watch->heard_ms + limit_ms;
    if (due_ms > watch->over_ms) {
        due_ms = watch->over_ms;
    }
    if (clock_now_ms() < due_ms) {
        loop_timer_start(watch->loop, &watch->silence, due_ms);
        return;
    }
    char text[64];
    (void)snprintf(text, sizeof(text), "nothing came for %" PRId64 " ms",
                   clock_now_ms() - watch->heard_ms);
    enter(watch);
    /* The other streams of the connection have bookmarks too: half the time must have brought one. */
    exchange_doubt(watch->stream, limit_ms / 2);
    fail(watch, WATCH_BROKEN, text);
    leave(watch);
}

static void begin_stream(struct kube_watch *watch)
{
    static const struct http_handler handler = {
        .on_answer = on_answer, .on_data = on_data, .on_end = on_end};

    const struct watch_timing *timing = watch->timing;
    uint32_t lasts_s = timing->least_s + arc4random_uniform(timing->most_s - timing->least_s + 1);
    char seconds[16];
    (void)snprintf(seconds, sizeof(seconds), "%" PRIu32, lasts_s);

    CLEANUP(arena_fini) struct arena arena = {0};
    char *path = kube_path_query(&arena, watch->path, "watch", "1");
    path = kube_path_query(&arena, path, "allowWatchBookmarks", "true");
    path = kube_path_query(&arena, path, "timeoutSeconds", seconds);
    if (watch->step == WATCH_STREAM) {
        path = kube_path_query(&arena, path, "sendInitialEvents", "true");
        if (watch->may_be_stale) {
            path = kube_path_query(&arena, path, "resourceVersion", "0");
        }
        path = kube_path_query(&arena, path, "resourceVersionMatch", "NotOlderThan");
    } else {
        path = kube_path_query(&arena, path, "resourceVersion", watch->version);
    }
    free(watch->stream_path);
    watch->stream_path = xstrdup(path);
    watch->call = (struct http_call){
        .method = "GET",
        .path = watch->stream_path,
        .accept = watch->is_metadata_only ? KUBE_METADATA : NULL,
    };
    watch->http_status = 0;
    watch->heard_ms = clock_now_ms();
    watch->over_ms = watch->heard_ms + (int64_t)lasts_s * 1000 + timing->slack_ms;
    watch->stream = session_start(kube_client_session(watch->client), LANE_WATCHES, &watch->call,
                                  &handler, watch);
    loop_timer_start(watch->loop, &watch->silence, watch->heard_ms + timing->answer_ms);
}

/* Hands over a page's objects and remembers how the list goes on. */
static void take_page(struct kube_watch *watch, const json_t *list)
{
    const json_t *metadata = json_object_get(list, "metadata");
    const char *more = json_string_value(json_object_get(metadata, "continue"));
    const json_t *items = json_object_get(list, "items");
    /* Nothing is null where a list of metadata is made from one of objects. */
    if (!json_is_array(items) && !json_is_null(items)) {
        fail(watch, WATCH_GARBLED, "a list has no items");
        return;
    }
    tell_restart(watch);
    size_t count = json_array_size(items);
    for (size_t i = 0; i < count && !watch->is_stopped; i++) {
        watch->handler.on_object(watch->arg, KUBE_ADDED, json_array_get(items, i));
    }
    if (watch->is_stopped) {
        return;
    }
    free(watch->continue_token);
    watch->continue_token = str_is_empty(more) ? NULL : xstrdup(more);
    if (watch->continue_token != NULL) {
        conclude(watch, WATCH_PAGE_READ, NULL, 0);
    } else if (!set_version(watch, list)) {
        fail(watch, WATCH_GARBLED, "a list has no resourceVersion");
    } else {
        tell_synced(watch);
        if (!watch->is_stopped) {
            conclude(watch, WATCH_LIST_READ, NULL, 0);
        }
    }
}

static void on_page(void *arg, const struct kube_response *response)
{
    struct kube_watch *watch = arg;
    watch->page = NULL;
    enter(watch);
    if (response->is_ok) {
        take_page(watch, response->body);
    } else if (response->http_status == 0) {
        conclude(watch, WATCH_BROKEN, &response->err, 0);
    } else if (response->http_status < 300) {
        conclude(watch, WATCH_GARBLED, &response->err, 0);
    } else {
        conclude(watch, WATCH_REFUSED, &response->err, response->retry_after_ms);
    }
    leave(watch);
}

static void begin_page(struct kube_watch *watch)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    char *path = kube_path_query(&arena, watch->path, "limit", LIST_PAGE);
    if (watch->step == WATCH_PAGE) {
        path = kube_path_query(&arena, path, "continue", str_or_empty(watch->continue_token));
    }
    const struct kube_call call = {
        .method = KUBE_GET,
        .path = path,
        .accept = watch->is_metadata_only ? KUBE_METADATA_LIST : NULL,
        .deadline_ms = LIST_DEADLINE_MS,
    };
    watch->page = kube_client_call(watch->client, &call, on_page, watch);
}

static void begin(struct kube_watch *watch)
{
    if (watch->step == WATCH_STREAM || watch->step == WATCH_LIST) {
        watch->version[0] = '\0';
        watch->is_restart_told = false;
    }
    if (watch->step == WATCH_STREAM || watch->step == WATCH_RESUME) {
        begin_stream(watch);
    } else {
        begin_page(watch);
    }
}

static void on_retry(void *arg)
{
    begin(arg);
}

struct kube_watch *kube_watch_start_timed(struct kube_client *client,
                                          const struct kube_watch_spec *spec,
                                          const struct kube_watch_handler *handler, void *arg,
                                          const struct watch_timing *timing)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    char *path = arena_strdup(&arena, spec->path);
    if (spec->label_selector != NULL) {
        path = kube_path_query(&arena, path, "labelSelector", spec->label_selector);
    }
    if (spec->field_selector != NULL) {
        path = kube_path_query(&arena, path, "fieldSelector", spec->field_selector);
    }
    struct kube_watch *watch = xcalloc(1, sizeof(*watch));
    watch->client = client;
    watch->loop = session_loop(kube_client_session(client));
    watch->timing = timing;
    watch->handler = *handler;
    watch->arg = arg;
    watch->path = xstrdup(path);
    watch->may_be_stale = spec->may_be_stale;
    watch->is_metadata_only = spec->is_metadata_only;
    watch->step = kube_client_streams_lists(client) ? WATCH_STREAM : WATCH_LIST;
    watch->retry = (struct loop_timer){.fn = on_retry, .arg = watch};
    watch->silence = (struct loop_timer){.fn = on_silence, .arg = watch};
    frame_init(&watch->frame, timing->line_max);
    buf_init(&watch->refusal, REFUSAL_MAX);
    begin(watch);
    return watch;
}

struct kube_watch *kube_watch_start(struct kube_client *client, const struct kube_watch_spec *spec,
                                    const struct kube_watch_handler *handler, void *arg)
{
    return kube_watch_start_timed(client, spec, handler, arg, &default_timing);
}

void kube_watch_stop(struct kube_watch *watch)
{
    if (watch == NULL || watch->is_stopped) {
        return;
    }
    stop_step(watch);
    watch->is_stopped = true;
    if (!watch->is_inside) {
        watch_free(watch);
    }
}

bool kube_watch_is_synced(const struct kube_watch *watch)
{
    return watch->is_synced;
}
