/* SPDX-License-Identifier: Apache-2.0 */
#include "app/observe.h"

#include <inttypes.h>
#include <string.h>

#include "app/applications.h"
#include "app/cluster.h"
#include "base/clock.h"
#include "base/str.h"
#include "codec/job.h"
#include "domain/approval.h"
#include "domain/attempt.h"
#include "domain/dependency.h"
#include "domain/gates.h"
#include "domain/tenancy.h"

unsigned observe_needs(const struct migration *migration)
{
    unsigned needs = applications_needs(migration);
    if (migration->inherit_from.name != NULL) {
        needs |= FLEET_BIT(migration->inherit_from.kind);
    }
    return needs;
}

const struct workload *observe_inherited(const struct work *work, const struct migration *migration)
{
    const struct store *store =
        fleet_store(work->cluster->fleet, work->ns, migration->inherit_from.kind);
    return store == NULL || migration->inherit_from.name == NULL
               ? NULL
               : store_get(store, work->ns, migration->inherit_from.name);
}

/* ---- the dry run ---- */

bool observe_knows_inherited(const struct work *work, const struct migration *migration)
{
    return fleet_is_known(work->cluster->fleet, work->ns, FLEET_BIT(migration->inherit_from.kind));
}

struct edition observe_inherited_edition(const struct work *work, const struct migration *migration)
{
    const struct workload *inherited = observe_inherited(work, migration);
    return inherited == NULL ? (struct edition){0}
                             : edition_of(inherited->meta.uid, inherited->meta.generation);
}

static struct dry_run dry_run_of(const struct work *work, const struct migration *migration)
{
    const struct dry_run_memory *memory = &work->dry_run;
    struct dry_run due = {.result = DRY_RUN_DUE};
    if (memory->result == DRY_RUN_DUE || memory->generation != migration->meta.generation) {
        return due;
    }
    if (migration->inherit_from.name != NULL && observe_knows_inherited(work, migration)) {
        /* What it was built of was read from the server: a cache that is late is no news. */
        struct edition shown = observe_inherited_edition(work, migration);
        if (!edition_is_same(&shown, &memory->asked) && !edition_is_same(&shown, &memory->cached)) {
            return due;
        }
    }
    return (struct dry_run){
        .result = memory->result,
        .reason = memory->reason,
        .message = memory->message,
        .again_s = memory->again_s,
    };
}

/* ---- the Database ---- */

static enum access access_of(const struct work *work, const struct migration *migration,
                             const struct database *database)
{
    if (str_eq(migration->database_ns, work->ns)) {
        return ACCESS_GRANTED;
    }
    if (work->cluster->ns != NULL) {
        return ACCESS_UNSEEN;
    }
    if (database == NULL) {
        return ACCESS_MISSING;
    }
    return tenancy_admits(database, work->ns) ? ACCESS_GRANTED : ACCESS_REFUSED;
}

/* What is refused is as good as not there; but whoever holds it must bring that to an end. */
static void find_database(const struct work *work, struct observed *seen)
{
    const struct migration *migration = seen->migration;
    const struct database *database = cluster_database_of(work->cluster, migration);
    seen->access = access_of(work, migration, database);
    bool is_shown = seen->access == ACCESS_GRANTED || cluster_is_claimed(work->cluster, migration);
    seen->database = is_shown ? database : NULL;
}

/* ---- what it comes after ---- */

static const struct migration *find_migration(void *arg, const char *name)
{
    const struct work *work = arg;
    return cluster_migration(work->cluster, work->ns, name);
}

static void find_dependencies(struct work *work, struct observed *seen)
{
    const struct migration *migration = seen->migration;
    if (migration->after_count == 0) {
        return;
    }
    seen->dependency_cycle = dependency_cycle(&work->arena, migration, find_migration, work);
    if (seen->is_fresh) {
        seen->dependencies = work->learnt.dependencies;
        return;
    }
    const struct migration **found =
        arena_array(&work->arena, migration->after_count, sizeof(const struct migration *));
    for (size_t i = 0; i < migration->after_count; i++) {
        found[i] = find_migration(work, migration->after[i]);
    }
    seen->dependencies = found;
}

/* ---- what it requires ---- */

static void find_prerequisites(struct work *work, struct observed *seen)
{
    const struct migration *migration = seen->migration;
    if (migration->requirement_count == 0 || seen->is_fresh) {
        seen->prerequisites = work->learnt.prerequisites;
        return;
    }
    struct prerequisite_seen *found =
        arena_array(&work->arena, migration->requirement_count, sizeof(*found));
    for (size_t i = 0; i < migration->requirement_count; i++) {
        found[i] =
            prerequisites_see(work->cluster->prerequisites, work->ns, &migration->requirements[i]);
        seen->are_prerequisites_unread |=
            found[i].state == PREREQUISITE_UNKNOWN && found[i].why == NULL;
    }
    seen->prerequisites = found;
}

/* ---- approvals ---- */

static void find_approvals(struct work *work, struct observed *seen)
{
    const struct store *store = cluster_store(work->cluster, SOURCE_APPROVALS);
    const struct migration *migration = seen->migration;
    const struct approval *approval = NULL;
    if (!approval_is_needed(migration, seen->database)) {
        return;
    }
    seen->approvals_error = work->cluster->approvals_error;
    if (seen->is_fresh) {
        seen->approvals = &work->learnt.approval;
        seen->approval_count = work->learnt.approval == NULL ? 0 : 1;
        return;
    }
    const char *group = arena_printf(&work->arena, "%s/%s", work->ns, migration->meta.name);
    size_t count = 0;
    while ((approval = store_next_of_group(store, group, approval)) != NULL) {
        count++;
    }
    const struct approval **found =
        arena_array(&work->arena, count, sizeof(const struct approval *));
    while ((approval = store_next_of_group(store, group, approval)) != NULL) {
        found[seen->approval_count++] = approval;
    }
    seen->approvals = found;
}

/* ---- the window's time zone ---- */

static void find_zone(struct work *work, struct observed *seen)
{
    const struct window_spec *window = gates_window(seen->migration, seen->database);
    struct err err = {0};
    if (window == NULL) {
        return;
    }
    seen->zone = zones_get(work->cluster->zones, window->zone_name, &err);
    if (seen->zone == NULL) {
        seen->zone_error = arena_strdup(&work->arena, err.text);
    }
}

/* ---- the queue ---- */

static bool came_before(const struct migration *a, const struct migration *b)
{
    if (a->meta.created_s != b->meta.created_s) {
        return a->meta.created_s < b->meta.created_s;
    }
    int by_name = strcmp(a->meta.name, b->meta.name);
    return by_name != 0 ? by_name < 0 : strcmp(a->meta.ns, b->meta.ns) < 0;
}

static void find_place(struct work *work, struct observed *seen)
{
    struct cluster *cluster = work->cluster;
    const struct migration *self = seen->migration;
    const struct store *store = cluster_store(cluster, SOURCE_MIGRATIONS);
    const struct migration *first = NULL;
    const struct migration *other = NULL;
    while ((other = store_next_of_group(store, self->database_key, other)) != NULL) {
        char *key =
            arena_printf(&work->arena, "%c/%s/%s", KEY_MIGRATION, other->meta.ns, other->meta.name);
        const struct work *its_work = map_get(&cluster->works, key);
        if (other == self || its_work == NULL || !its_work->is_ready || !came_before(other, self)) {
            continue;
        }
        seen->queue_place++;
        if (first == NULL || came_before(first, other)) {
            first = other; /* the last of those before us: whom we stand behind */
        }
    }
    if (first != NULL) {
        seen->queue_ahead = tenancy_name(&work->arena, first->meta.ns, first->meta.name, work->ns);
    }
}

/* ---- the Job and its pods ---- */

static bool is_version_at_least(const char *version, const char *than)
{
    uint64_t a = 0;
    uint64_t b = 0;
    return str_parse_u64(version, &a) && str_parse_u64(than, &b) && a >= b;
}

/* The claim is for an attempt that has not begun: the recorded one's Job and pods are not its own. */
static bool is_starting(const struct observed *seen)
{
    const struct claim *claim = seen->database == NULL ? NULL : &seen->database->claim;
    return claim != NULL && str_eq(claim->uid, seen->migration->meta.uid) &&
           claim->attempt != seen->migration->status.attempt.number;
}

/* What was learnt is about the Job of this attempt, and not of one that was closed meanwhile. */
static bool was_its_job_asked(struct work *work, const struct observed *seen)
{
    const struct migration *migration = seen->migration;
    const char *name = is_starting(seen)
                           ? job_name(&work->arena, &migration->meta, seen->database->claim.attempt)
                           : migration->status.attempt.job;
    return str_eq(work->learnt.job_asked, name);
}

static void find_job(struct work *work, struct observed *seen)
{
    static const struct learnt nothing = {0};
    const struct learnt *learnt = was_its_job_asked(work, seen) ? &work->learnt : &nothing;
    const struct attempt *attempt = &seen->migration->status.attempt;
    const struct job *cached = NULL;
    if (attempt->job != NULL && !is_starting(seen)) {
        cached = store_get(cluster_store(work->cluster, SOURCE_JOBS), work->ns, attempt->job);
        if (cached != NULL && !str_eq(cached->meta.uid, attempt->job_uid)) {
            cached = NULL;
        }
    }
    seen->job_name_taken = learnt->job_name_taken;
    seen->job_refused = learnt->job_refused;
    seen->job_presence = learnt->job_presence;
    seen->job = learnt->job;
    seen->is_job_fresh = learnt->job_presence == PRESENCE_PRESENT;
    bool is_cached_better =
        cached != NULL &&
        (learnt->job_presence == PRESENCE_UNKNOWN ||
         (learnt->job != NULL && str_eq(learnt->job->meta.uid, cached->meta.uid) &&
          is_version_at_least(cached->meta.resource_version, learnt->job->meta.resource_version)));
    if (is_cached_better) {
        seen->job_presence = PRESENCE_PRESENT;
        seen->job = cached;
    }
}

static void find_pods(struct work *work, struct observed *seen)
{
    const struct attempt *attempt = &seen->migration->status.attempt;
    const char *job_uid = attempt->job_uid;
    /* Of a pod that was noted after they were read they cannot tell that it is gone. */
    bool are_of_it = str_eq(work->learnt.pods_asked, job_uid) &&
                     str_eq(work->learnt.pod_noted, attempt->pod_uid);
    if (work->learnt.are_pods_fresh && are_of_it) {
        seen->pods = work->learnt.pods;
        seen->pod_count = work->learnt.pod_count;
        seen->are_pods_fresh = true;
        return;
    }
    const struct store *store = cluster_store(work->cluster, SOURCE_PODS);
    if (job_uid == NULL || is_starting(seen)) {
        return;
    }
    const char *uid = seen->migration->meta.uid;
    size_t count = 0; /* of all its attempts */
    const struct pod *pod = NULL;
    while ((pod = store_next_of_group(store, uid, pod)) != NULL) {
        count++;
    }
    struct pod *pods = arena_array(&work->arena, count, sizeof(*pods));
    while ((pod = store_next_of_group(store, uid, pod)) != NULL) {
        if (str_eq(pod->job_uid, job_uid)) {
            pods[seen->pod_count++] = *pod;
        }
    }
    seen->pods = pods;
}

/* ---- Events ---- */

bool observe_next_event(struct work *work, const struct migration *migration, int64_t now_s,
                        struct announcement *ret_event)
{
    struct announcement events[ANNOUNCEMENTS_MAX];
    size_t count = announcements(&work->arena, migration, now_s, events);
    for (size_t i = 0; i < count; i++) {
        if (!str_eq(events[i].name, work->recorded_events[events[i].kind])) {
            *ret_event = events[i];
            return true;
        }
    }
    return false;
}

/* An edit that came with the look itself asks for other applications than were looked at. */
static bool is_look_valid(const struct learnt *learnt, const struct migration *migration,
                          const struct database *database)
{
    return learnt->migration_version != NULL && database != NULL &&
           learnt->looked_attempt == database->claim.attempt &&
           str_eq(learnt->migration_version, migration->meta.resource_version) &&
           learnt->looked_generation == migration->meta.generation &&
           learnt->application_count == migration->application_count &&
           learnt->dependency_count == migration->after_count &&
           clock_now_ms() - learnt->looked_at_ms < OBSERVE_FRESH_MS;
}

void observe(struct work *work, struct observed *ret_seen)
{
    struct cluster *cluster = work->cluster;
    const struct learnt *learnt = &work->learnt;
    const struct migration *migration = cluster_migration(cluster, work->ns, work->name);
    struct observed seen = {
        .now_s = cluster_now_s(cluster),
        .migration = migration,
        .dry_run = dry_run_of(work, migration),
    };
    find_database(work, &seen);
    seen.unwritten_breach = breach_memory_get(&work->breach);
    seen.is_fresh = is_look_valid(learnt, migration, seen.database);
    /* While no answer has told the server's time, nobody can say since when they are as they are. */
    seen.are_applications_known =
        seen.is_fresh || (kube_client_knows_time(cluster->client) &&
                          fleet_is_known(cluster->fleet, work->ns, observe_needs(migration)) &&
                          applications_others_are_known(cluster->fleet, work->ns, migration,
                                                        &seen.applications_unread_why));
    seen.applications = seen.is_fresh
                            ? learnt->applications
                            : applications_see(&work->arena, cluster->fleet, work->ns, migration);
    find_prerequisites(work, &seen);
    if (seen.are_applications_known && !seen.are_prerequisites_unread) {
        work->unknown_since_s = 0;
    } else if (work->unknown_since_s == 0) {
        work->unknown_since_s = seen.now_s;
    }
    seen.unknown_since_s = work->unknown_since_s;
    /* What was read before the attempt was closed tells nothing of its claim. */
    struct attempts_seen attempts = attempts_seen_of(migration);
    seen.is_database_cached =
        !learnt->is_database_fresh || !attempts_seen_same(&learnt->database_asked, &attempts);
    seen.namespace_state = learnt->namespace_state;
    find_dependencies(work, &seen);
    find_approvals(work, &seen);
    find_zone(work, &seen);
    find_place(work, &seen);
    find_job(work, &seen);
    find_pods(work, &seen);
    int64_t stands_s =
        str_is_empty(work->no_pod_reason) ? NO_POD_SILENCE_STANDS_S : NO_POD_REASON_STANDS_S;
    bool is_its_job = str_eq(work->no_pod_job, migration->status.attempt.job_uid);
    if (is_its_job && seen.now_s - work->no_pod_asked_s < stands_s) {
        seen.no_pod_reason = work->no_pod_reason;
    }
    struct announcement event;
    seen.is_event_due = observe_next_event(work, migration, seen.now_s, &event);
    *ret_seen = seen;
}
