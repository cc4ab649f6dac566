/* SPDX-License-Identifier: Apache-2.0 */
#include "app/election.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/resource.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/lease.h"
#include "kube/path.h"
#include "kube/watch.h"

/* A server that does not answer must not keep the process from ending. */
#define LEAVE_WITHIN_MS 3000

struct election {
    struct loop *loop;
    struct kube_client *client;
    struct telemetry *telemetry;
    const struct election_handler *handler;
    void *arg;
    char *ns;
    char *name;
    char *identity;
    struct lease_seen seen;   /* is_asking and now_ms are set anew for each look */
    struct arena arena;       /* of seen.lease */
    struct kube_watch *watch; /* NULL while leading: our own renewals are no news */
    bool has_told;            /* the watch, since it started over */
    struct kube_request *request;
    enum lease_action asked; /* by the request, */
    int64_t asked_ms;        /* begun then */
    unsigned failures;       /* of writes, in a row */
    struct loop_timer timer;
    struct loop_task turn;
    bool has_left;
};

/* As client-go's programs do: the host for people, the rest because two processes may share a host. */
static char *make_identity(void)
{
    char host[HOST_NAME_MAX + 1] = "";
    (void)gethostname(host, sizeof(host) - 1);
    return xasprintf("%s_%08x-%04x-4%03x-%04x-%08x%04x", host, arc4random(), arc4random() & 0xffffU,
                     arc4random() & 0xfffU, 0x8000U | (arc4random() & 0x3fffU), arc4random(),
                     arc4random() & 0xffffU);
}

static struct lease_seen seen_now(const struct election *election)
{
    struct lease_seen seen = election->seen;
    seen.is_asking = election->request != NULL;
    seen.now_ms = clock_now_ms();
    return seen;
}

static void problem(struct election *election, const char *what, const struct err *err)
{
    telemetry_problem(election->telemetry, what, election->name, err);
}

/* ---- what is known of the Lease ---- */

static void forget(struct election *election)
{
    struct lease_seen *seen = &election->seen;
    arena_reset(&election->arena);
    seen->presence = PRESENCE_UNKNOWN;
    seen->lease = (struct lease){0};
    seen->observed_ms = 0;
    seen->is_doubtful = false;
}

static bool is_older(const struct lease *lease, const struct lease *known)
{
    uint64_t version = 0;
    uint64_t known_version = 0;
    return str_parse_u64(lease->resource_version, &version) && known->resource_version != NULL &&
           str_parse_u64(known->resource_version, &known_version) && version < known_version;
}

static void tell_holder(const struct election *election)
{
    const char *holder = str_or_empty(election->seen.lease.holder);
    if (!str_eq(holder, election->identity)) {
        log_info("standing by", KV_S("leader", holder), KV_S("identity", election->identity));
    }
}

/* An answer, or what the watch says. Of two versions the newer one counts. */
static void learn(struct election *election, const json_t *object)
{
    struct lease_seen *seen = &election->seen;
    struct arena arena = {0};
    struct lease lease;
    struct err err = {0};
    if (!lease_decode(&arena, object, &lease, &err)) {
        problem(election, "the Lease cannot be read", &err);
        seen->is_doubtful = true;
        arena_fini(&arena);
        return;
    }
    if (is_older(&lease, &seen->lease)) {
        arena_fini(&arena);
        return;
    }
    bool is_same = seen->observed_ms != 0 && lease_same(&lease, &seen->lease);
    bool is_other_holder = !str_eq(lease.holder, seen->lease.holder);
    arena_fini(&election->arena);
    election->arena = arena;
    seen->lease = lease;
    seen->presence = PRESENCE_PRESENT;
    seen->is_doubtful = false;
    if (!is_same) {
        seen->observed_ms = clock_now_ms();
    }
    if (is_other_holder && seen->role == LEASE_STANDING) {
        tell_holder(election);
    }
}

static void on_object(void *arg, enum kube_event event, const json_t *object)
{
    struct election *election = arg;
    election->has_told = true;
    learn(election, object);
    if (event == KUBE_DELETED) {
        election->seen.presence = PRESENCE_ABSENT;
    }
    loop_task_post(election->loop, &election->turn);
}

static void on_restart(void *arg)
{
    struct election *election = arg;
    election->has_told = false;
}

static void on_synced(void *arg)
{
    struct election *election = arg;
    if (!election->has_told) {
        election->seen.presence = PRESENCE_ABSENT;
    }
    loop_task_post(election->loop, &election->turn);
}

static void on_watch_error(void *arg, const struct err *err)
{
    problem(arg, "watch of the Lease failed", err);
}

static void watch(struct election *election)
{
    static const struct kube_watch_handler handler = {
        .on_object = on_object,
        .on_restart = on_restart,
        .on_synced = on_synced,
        .on_error = on_watch_error,
    };
    CLEANUP(arena_fini) struct arena arena = {0};
    const struct kube_watch_spec spec = {
        .path = resource_path(&arena, RESOURCE_LEASE, election->ns, NULL),
        .field_selector = arena_printf(&arena, "metadata.name=%s", election->name),
    };
    election->has_told = false;
    election->watch = kube_watch_start(election->client, &spec, &handler, election);
}

/* ---- requests ---- */

static void take_turn(struct election *election);

static void on_failure(struct election *election, const struct kube_response *response)
{
    struct lease_seen *seen = &election->seen;
    int64_t now_ms = clock_now_ms();
    int64_t delay_ms = lease_retry_delay_ms(seen, arc4random());
    enum err_kind kind = response->err.kind;
    if (election->asked == LEASE_READ && kind == ERR_NOT_FOUND) {
        seen->presence = PRESENCE_ABSENT;
        seen->is_doubtful = false;
        seen->next_try_ms = now_ms;
        return;
    }
    problem(election, "the Lease was not written or read", &response->err);
    seen->is_doubtful = true;
    /* What we knew was old: look and try again at once, but not in a circle. */
    bool is_stale = kind == ERR_CONFLICT || kind == ERR_EXISTS || kind == ERR_NOT_FOUND;
    if (!is_stale || election->failures++ > 0) {
        seen->next_try_ms =
            now_ms + (delay_ms > response->retry_after_ms ? delay_ms : response->retry_after_ms);
    }
}

/* The Lease is ours, since when we began to ask. */
static void on_held(struct election *election)
{
    struct lease_seen *seen = &election->seen;
    seen->renewed_ms = election->asked_ms;
    bool is_late = clock_now_ms() >= seen->renewed_ms + seen->timing.deadline_ms;
    if (seen->role != LEASE_STANDING || is_late) {
        return;
    }
    seen->role = LEASE_LEADING;
    kube_watch_stop(election->watch);
    election->watch = NULL;
    log_info("became leader", KV_S("identity", election->identity), KV_S("namespace", election->ns),
             KV_S("lease", election->name), KV_I("transitions", seen->lease.transitions));
    election->handler->on_elected(election->arg);
}

static void on_response(void *arg, const struct kube_response *response)
{
    struct election *election = arg;
    struct lease_seen *seen = &election->seen;
    election->request = NULL;
    if (!response->is_ok) {
        on_failure(election, response);
    } else {
        bool is_write = election->asked != LEASE_READ;
        seen->next_try_ms = clock_now_ms() + (is_write ? seen->timing.retry_ms : 0);
        learn(election, response->body);
        election->failures = is_write ? 0 : election->failures;
        if (election->asked == LEASE_RELEASE) {
            log_info("released the Lease", KV_S("identity", election->identity));
        } else if (is_write) {
            on_held(election);
        }
    }
    take_turn(election);
}

static void ask(struct election *election, enum lease_action action)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    bool is_new = action == LEASE_CREATE;
    struct kube_call call = {
        .method = is_new ? KUBE_POST : KUBE_PATCH,
        .path = resource_path(&arena, RESOURCE_LEASE, election->ns, is_new ? NULL : election->name),
        .content_type = is_new ? NULL : KUBE_MERGE_PATCH,
        .deadline_ms = election->seen.timing.deadline_ms / 2, /* as client-go: time for another */
        .is_urgent = true,
    };
    json_auto_t *body = NULL;
    if (action == LEASE_READ) {
        call.method = KUBE_GET;
        call.content_type = NULL;
    } else {
        char now[CLOCK_TEXT_MAX];
        clock_format_us(clock_wall_us(), now);
        struct lease record = lease_written(&election->seen, action, now);
        body = lease_build(election->ns, election->name, &record);
        call.body = body;
    }
    election->asked = action;
    election->asked_ms = clock_now_ms();
    election->request = kube_client_call(election->client, &call, on_response, election);
}

/* ---- turns ---- */

static void lose(struct election *election, const char *why)
{
    log_warn("lost leadership", KV_S("identity", election->identity), KV_S("why", why));
    election->seen.role = LEASE_STANDING;
    forget(election);
    watch(election);
    election->handler->on_lost(election->arg);
}

static void leave(struct election *election)
{
    const struct lease_seen *seen = &election->seen;
    election->has_left = true;
    if (election->request != NULL) {
        kube_request_cancel(election->request);
        election->request = NULL;
    }
    if (str_eq(seen->lease.holder, election->identity)) {
        log_warn("the Lease could not be released", KV_S("identity", election->identity));
    }
    election->handler->on_left(election->arg);
}

static void take_turn(struct election *election)
{
    if (election->has_left) {
        return;
    }
    const struct lease_seen seen = seen_now(election);
    struct lease_plan plan = lease_decide(&seen);
    if (plan.action == LEASE_LOSE) {
        lose(election, plan.why);
        loop_task_post(election->loop, &election->turn);
        return;
    }
    switch (plan.action) {
    case LEASE_WAIT:
        loop_timer_stop(election->loop, &election->timer);
        if (plan.at_ms != INT64_MAX) {
            loop_timer_start(election->loop, &election->timer, plan.at_ms);
        }
        break;
    case LEASE_READ:
    case LEASE_CREATE:
    case LEASE_TAKE:
    case LEASE_RENEW:
    case LEASE_RELEASE:
        ask(election, plan.action);
        loop_task_post(election->loop, &election->turn); /* how long may it take? */
        break;
    case LEASE_LOSE:
        break;
    case LEASE_DONE:
        leave(election);
        break;
    }
}

static void on_turn(void *arg)
{
    take_turn(arg);
}

/* ---- life ---- */

struct election *election_new(struct loop *loop, struct kube_client *client,
                              const struct election_spec *spec,
                              const struct election_handler *handler, void *arg,
                              struct telemetry *telemetry)
{
    struct election *election = xcalloc(1, sizeof(*election));
    *election = (struct election){
        .loop = loop,
        .client = client,
        .telemetry = telemetry,
        .handler = handler,
        .arg = arg,
        .ns = xstrdup(spec->ns),
        .name = xstrdup(spec->name),
        .identity = make_identity(),
        .timer = {.fn = on_turn, .arg = election},
        .turn = {.fn = on_turn, .arg = election},
    };
    election->seen.identity = election->identity;
    election->seen.timing = spec->timing;
    watch(election);
    return election;
}

void election_free(struct election *election)
{
    if (election == NULL) {
        return;
    }
    if (election->request != NULL) {
        kube_request_cancel(election->request);
    }
    kube_watch_stop(election->watch);
    loop_timer_stop(election->loop, &election->timer);
    loop_task_cancel(election->loop, &election->turn);
    arena_fini(&election->arena);
    free(election->ns);
    free(election->name);
    free(election->identity);
    free(election);
}

void election_stand(struct election *election)
{
    election->seen.is_willing = true;
    loop_task_post(election->loop, &election->turn);
}

void election_leave(struct election *election)
{
    struct lease_seen *seen = &election->seen;
    seen->role = LEASE_LEAVING;
    seen->leave_by_ms = clock_now_ms() + LEAVE_WITHIN_MS;
    seen->next_try_ms = 0; /* of the renewals */
    loop_task_post(election->loop, &election->turn);
}

bool election_may_act(const struct election *election)
{
    struct lease_seen seen = seen_now(election);
    return lease_may_act(&seen);
}

bool election_is_ready(const struct election *election, const char **ret_why)
{
    *ret_why = "the watch of the Lease does not work";
    return election->watch == NULL || kube_watch_is_synced(election->watch);
}
