/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object of the API, read as each of the kinds. Beyond not crashing: a refusal has its reason, what
 * was decoded can be written and is then read back as the same, and whatever a spec says, a Job is
 * built parked or refused with a reason.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "codec/api_kinds.h"
#include "codec/decode.h"
#include "codec/job.h"
#include "codec/status.h"
#include "domain/podstate.h"
#include "fuzz.h"

static void claim(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_refusal(const struct err *err)
{
    claim(err->kind == ERR_INVALID && err->text[0] != '\0');
}

/* The object is also the workload that the run inherits from: one corpus serves both. */
static void check_job(struct arena *arena, const struct migration *m, const json_t *object)
{
    struct err err = {0};
    json_auto_t *job = job_build(arena, m, 1, object, &err);
    if (job == NULL) {
        claim(err.kind != ERR_NONE && err.text[0] != '\0');
        return;
    }
    const json_t *spec = json_object_get(job, "spec");
    claim(json_integer_value(json_object_get(spec, "parallelism")) == 0);
    json_auto_t *pod = job_dry_run_pod(job);
    claim(json_is_object(pod));
}

static void check_migration(struct arena *arena, const json_t *object)
{
    struct migration m;
    struct err err = {0};
    if (!migration_decode(arena, object, &m, &err)) {
        check_refusal(&err);
        return;
    }
    claim(m.spec_error == NULL || m.spec_error[0] != '\0');
    claim(strlen(m.spec_hash) == 3 + 64);
    json_auto_t *status = migration_status_encode(&m.status);
    json_auto_t *again = json_object();
    (void)json_object_set(again, "metadata", json_object_get(object, "metadata"));
    (void)json_object_set(again, "status", status);
    struct migration second;
    claim(migration_decode(arena, again, &second, &err));
    json_auto_t *twice = migration_status_encode(&second.status);
    claim(json_equal(status, twice) == 1);
    if (m.run != NULL) {
        check_job(arena, &m, object);
    }
}

static void check_pod(struct arena *arena, const json_t *object)
{
    struct pod pod;
    struct err err = {0};
    if (!pod_decode(arena, object, &pod, &err)) {
        check_refusal(&err);
        return;
    }
    struct run_state run;
    run_state_judge(arena, &pod, 1, "migration", &run);
    claim(!run.succeeded || (run.proven_ended && run.ever_started && !run.is_interrupted));
    claim(run.proven_ended == (run.end == RUN_ENDED));
}

static void check_others(struct arena *arena, const json_t *object)
{
    struct err err = {0};
    struct database database;
    if (!database_decode(arena, object, &database, &err)) {
        check_refusal(&err);
    }
    struct approval approval;
    if (!approval_decode(arena, object, &approval, &err)) {
        check_refusal(&err);
    } else {
        claim(approval.spec_hash[0] != '\0' && approval.approved_by[0] != '\0');
    }
    struct job job;
    if (!job_decode(arena, object, &job, &err)) {
        check_refusal(&err);
    }
    struct prerequisite prerequisite;
    if (!prerequisite_decode(arena, object, &prerequisite, &err)) {
        check_refusal(&err);
    }
    struct api_kinds kinds;
    if (!api_kinds_decode(arena, object, &kinds, &err)) {
        check_refusal(&err);
    }
    for (unsigned kind = 0; kind < WORKLOAD_KIND_MAX; kind++) {
        struct workload workload;
        if (!workload_decode(arena, object, (enum workload_kind)kind, &workload, &err)) {
            check_refusal(&err);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_auto_t *object = json_loadb((const char *)data, size, 0, NULL);
    struct arena arena = {0};
    check_migration(&arena, object);
    check_pod(&arena, object);
    check_others(&arena, object);
    arena_fini(&arena);
    return 0;
}
