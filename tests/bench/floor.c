/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures how soon a migration's Job is there, beside the floor: what the same API server and the same
 * client take for the bare minimum of it. One of each in turn, so that whatever else the machine does
 * slows both alike.
 *
 * Floor: create a SchemaMigration; when the watch shows it, write the Database's status (as a claim does),
 * the migration's metadata (as its finalizer does), create a Job; until the watch shows the Job.
 * Real: create a SchemaMigration; until the watch shows the Job that the controller made. Then from the
 * Job's Complete to the migration's Succeeded, both as the watches show them.
 *
 * usage: bench_floor KUBECONFIG FLOOR-NAMESPACE REAL-NAMESPACE COUNT [APPLICATION]
 * Prints a line for each: "floor", "job" or "done", and microseconds. The controller must not work in the
 * first namespace; a Database named bench must be in both.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "ground.h"
#include "kube/watch.h"

#define WARM_UP 3 /* of each are not printed */

struct bench {
    struct ground ground;
    struct kube_watch *migrations;
    struct kube_watch *jobs;
    unsigned synced;
    const char *floor_ns;
    const char *real_ns;
    const char *application;
    long rounds; /* left, of both kinds together */
    long number;
    bool is_floor;
    char name[32];
    int64_t began_us;
    int64_t complete_us; /* 0: the Job is not complete yet */
    bool is_job_there;
    bool is_done;
};

static void print(const struct bench *bench, const char *what, int64_t since_us)
{
    if (bench->number >= (long)2 * WARM_UP) {
        (void)printf("%s %" PRId64 "\n", what, clock_now_us() - since_us);
    }
}

static void call(struct bench *bench, enum kube_method method, char *path, json_t *body,
                 kube_response_fn *fn)
{
    struct kube_call what = {
        .method = method,
        .path = path,
        .content_type = method == KUBE_PATCH ? KUBE_MERGE_PATCH : NULL,
        .body = body,
    };
    (void)kube_client_call(bench->ground.client, &what, fn, bench);
    json_decref(body);
    free(path);
}

static void on_created(void *arg, const struct kube_response *response)
{
    (void)arg;
    ground_check("create", response);
}

static void begin_round(struct bench *bench)
{
    if (bench->rounds-- == 0) {
        loop_stop(bench->ground.loop);
        return;
    }
    bench->is_floor = !bench->is_floor;
    bench->number++;
    bench->complete_us = 0;
    bench->is_job_there = false;
    bench->is_done = false;
    (void)snprintf(bench->name, sizeof(bench->name), "bench-%ld", bench->number);
    const char *ns = bench->is_floor ? bench->floor_ns : bench->real_ns;
    json_t *migration = ground_migration(bench->name, bench->name, bench->application);
    bench->began_us = clock_now_us();
    call(bench, KUBE_POST, xasprintf(MIGRATIONS, ns), migration, on_created);
}

/* ---- the floor: one step after another ---- */

static void on_floor_held(void *arg, const struct kube_response *response)
{
    struct bench *bench = arg;
    ground_check("hold", response);
    json_t *job =
        json_pack("{s:s, s:s, s:{s:s}, s:{s:i, s:i, s:i, s:{s:{s:s, s:[{s:s, s:s}]}}}}",
                  "apiVersion", "batch/v1", "kind", "Job", "metadata", "name", bench->name, "spec",
                  "parallelism", 0, "completions", 1, "backoffLimit", 0, "template", "spec",
                  "restartPolicy", "Never", "containers", "name", "migration", "image", "tool:1");
    call(bench, KUBE_POST, xasprintf(JOBS, bench->floor_ns), job, on_created);
}

static void on_floor_claimed(void *arg, const struct kube_response *response)
{
    struct bench *bench = arg;
    ground_check("claim", response);
    json_t *patch = json_pack("{s:{s:{s:s}}}", "metadata", "annotations", "bench/held", "yes");
    call(bench, KUBE_PATCH, xasprintf(MIGRATIONS "/%s", bench->floor_ns, bench->name), patch,
         on_floor_held);
}

static void claim_floor(struct bench *bench)
{
    json_t *patch = json_pack("{s:{s:{s:s, s:s, s:i}}}", "status", "claim", "migration",
                              bench->name, "uid", bench->name, "attempt", 1);
    call(bench, KUBE_PATCH, xasprintf(DATABASES "/bench/status", bench->floor_ns), patch,
         on_floor_claimed);
}

/* ---- what the watches show ---- */

static const char *text_of(const json_t *object, const char *part, const char *key)
{
    return str_or_empty(json_string_value(json_object_get(json_object_get(object, part), key)));
}

static bool is_of_round(const struct bench *bench, const json_t *object, const char *name)
{
    const char *ns = bench->is_floor ? bench->floor_ns : bench->real_ns;
    return bench->rounds >= 0 && str_eq(text_of(object, "metadata", "namespace"), ns) &&
           str_eq(name, bench->name);
}

static void on_migration(void *arg, enum kube_event event, const json_t *migration)
{
    struct bench *bench = arg;
    if (event == KUBE_DELETED ||
        !is_of_round(bench, migration, text_of(migration, "metadata", "name"))) {
        return;
    }
    if (bench->is_floor) {
        if (event == KUBE_ADDED) {
            claim_floor(bench);
        }
        return;
    }
    if (!str_eq(text_of(migration, "status", "phase"), "Succeeded")) {
        return;
    }
    if (!bench->is_done) {
        bench->is_done = true;
        print(bench, "done", bench->complete_us != 0 ? bench->complete_us : clock_now_us());
    }
    const json_t *metadata = json_object_get(migration, "metadata");
    if (json_array_size(json_object_get(metadata, "finalizers")) == 0) {
        begin_round(bench);
    }
}

static bool is_complete(const json_t *job)
{
    const json_t *conditions = json_object_get(json_object_get(job, "status"), "conditions");
    size_t i = 0;
    const json_t *condition = NULL;
    json_array_foreach(conditions, i, condition)
    {
        if (str_eq(json_string_value(json_object_get(condition, "type")), "Complete")) {
            return true;
        }
    }
    return false;
}

static void on_job(void *arg, enum kube_event event, const json_t *job)
{
    struct bench *bench = arg;
    const json_t *metadata = json_object_get(job, "metadata");
    const char *of = bench->is_floor ? text_of(job, "metadata", "name")
                                     : text_of(metadata, "labels", "interlude.dev/migration");
    if (event == KUBE_DELETED || !is_of_round(bench, job, of)) {
        return;
    }
    if (!bench->is_job_there) {
        bench->is_job_there = true;
        print(bench, bench->is_floor ? "floor" : "job", bench->began_us);
        if (bench->is_floor) {
            begin_round(bench);
        }
    } else if (bench->complete_us == 0 && is_complete(job)) {
        bench->complete_us = clock_now_us();
    }
}

static void on_restart(void *arg)
{
    (void)arg;
}

static void on_synced(void *arg)
{
    struct bench *bench = arg;
    if (++bench->synced == 2) {
        begin_round(bench);
    }
}

static void on_error(void *arg, const struct err *err)
{
    (void)arg;
    (void)fprintf(stderr, "watch: %s\n", err->text);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    static const struct kube_watch_handler of_migrations = {on_migration, on_restart, on_synced,
                                                            on_error};
    static const struct kube_watch_handler of_jobs = {on_job, on_restart, on_synced, on_error};
    struct bench bench = {0};
    if (argc < 5 || argc > 6) {
        (void)fprintf(stderr, "usage: bench_floor KUBECONFIG FLOOR-NAMESPACE REAL-NAMESPACE COUNT "
                              "[APPLICATION]\n");
        return EXIT_FAILURE;
    }
    bench.floor_ns = argv[2];
    bench.real_ns = argv[3];
    bench.rounds = 2 * (strtol(argv[4], NULL, 10) + WARM_UP);
    bench.application = argc > 5 ? argv[5] : NULL;
    ground_init(&bench.ground, argv[1]);
    bench.migrations = kube_watch_start(
        bench.ground.client,
        &(struct kube_watch_spec){.path = "/apis/interlude.dev/v1alpha1/schemamigrations"},
        &of_migrations, &bench);
    bench.jobs = kube_watch_start(bench.ground.client,
                                  &(struct kube_watch_spec){.path = "/apis/batch/v1/jobs"},
                                  &of_jobs, &bench);
    ground_run(&bench.ground);
    kube_watch_stop(bench.migrations);
    kube_watch_stop(bench.jobs);
    ground_fini(&bench.ground);
    return EXIT_SUCCESS;
}
