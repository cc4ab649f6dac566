/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the migrations that the controller leaves behind, a line of JSON each, so that ../readers can ask others
 * what they read in them: every status that decide() writes at any point of the product of its inputs, with
 * either readyWhen, each once, as the codec encodes it; then one migration that waits for each gate, and one for each
 * error that only an edit removes.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "base/map.h"
#include "base/str.h"
#include "codec/status.h"
#include "domain/decide.h"
#include "domain/gates.h"
#include "domain/transition.h"
#include "product.h"
#include "scene.h"

static struct arena arena;
static struct map printed;

/* What others can see of it. */
static json_t *migration_json(const struct migration *migration,
                              const struct migration_status *status)
{
    return json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:I}, s:{s:s}, s:o}", "apiVersion", API_VERSION,
                     "kind", "SchemaMigration", "metadata", "namespace", migration->meta.ns, "name",
                     migration->meta.name, "uid", migration->meta.uid, "generation",
                     (json_int_t)migration->meta.generation, "spec", "readyWhen",
                     ready_when_name(migration->ready_when), "status",
                     migration_status_encode(status));
}

/* What others read: statuses that differ in texts and counts alone are judged alike. */
static const char *key_of(const char *gate, const struct migration *migration,
                          const struct migration_status *status)
{
    const char *key = arena_printf(&arena, "%s %d %d %d %s", gate, (int)migration->ready_when,
                                   (int)(migration->meta.generation - status->observed_generation),
                                   (int)status->phase, str_or_empty(status->reason));
    for (size_t i = 0; i < status->conditions.count; i++) {
        const struct condition *condition = &status->conditions.items[i];
        key = arena_printf(&arena, "%s %s=%d %s", key, condition->type, (int)condition->status,
                           str_or_empty(condition->reason));
    }
    return key;
}

static void print(const char *gate, const struct migration *migration,
                  const struct migration_status *status)
{
    if (map_set(&printed, key_of(gate, migration, status), &printed) != NULL) {
        return;
    }
    json_auto_t *line =
        json_pack("{s:s, s:o}", "gate", gate, "object", migration_json(migration, status));
    char *text = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);
    (void)puts(text);
    free(text);
}

/* A scene's own status has no summary; one that the controller wrote always has. */
static void summarize(struct migration *migration)
{
    struct migration_status *status = &migration->status;
    int64_t observed = status->observed_generation;
    if (status->phase == PHASE_PENDING) {
        return;
    }
    struct move move = {status->phase, status->reason, "as it was told", true};
    status->attempt.message = move.message;
    struct migration_status moved;
    status_begin(&arena, migration, &moved);
    status_move(&arena, migration, &moved, &move, SCENE_NOW - 80);
    *status = moved;
    status->observed_generation = observed;
}

static void print_decision(const char *gate, struct scene *scene)
{
    struct plan plan;
    decide(&arena, &scene->seen, &plan);
    if ((plan.actions & ACTION_WRITE_STATUS) != 0) {
        print(gate, &scene->migration, &plan.status);
    }
}

static const char *check(const unsigned char *point)
{
    for (enum ready_when when = 0; when < READY_WHEN_MAX; when++) {
        struct scene scene;
        arena_reset(&arena);
        scene_build(&scene, point);
        scene.migration.ready_when = when;
        summarize(&scene.migration);
        print_decision("", &scene);
    }
    return NULL;
}

/* ---- one that waits for each gate ---- */

static void refuse(struct scene *scene)
{
    scene->seen.dry_run = (struct dry_run){DRY_RUN_REFUSED, "JobRefused", "no such field", 0};
}
static void suspend(struct scene *scene)
{
    scene->migration.suspend = true;
}
static void come_after(struct scene *scene)
{
    static const char *names[] = {"orders-2"};
    static const struct migration *others[] = {NULL};
    scene->migration.after = names;
    scene->migration.after_count = 1;
    scene->seen.dependencies = others;
}
static void require_secret(struct scene *scene)
{
    static struct requirement secret = {.api_version = "v1", .kind = "Secret", .name = "a"};
    static const struct prerequisite_seen none = {.state = PREREQUISITE_ABSENT};
    scene->migration.requirements = &secret;
    scene->migration.requirement_count = 1;
    scene->seen.prerequisites = &none;
}
static void ask_for_version(struct scene *scene)
{
    scene->migration.from_version = "2";
}
static void run_old_version(struct scene *scene)
{
    scene->images[0].image = "registry.example/orders:1.0.0";
}
static void roll_out(struct scene *scene)
{
    scene->workload.updated = 1;
}
static void soak(struct scene *scene)
{
    scene->migration.soak_s = 3600;
}
static void need_approval(struct scene *scene)
{
    scene->migration.approval = APPROVAL_REQUIRED;
}
static void be_early(struct scene *scene)
{
    scene->migration.not_before_s = SCENE_NOW + 60;
}
static void be_second(struct scene *scene)
{
    scene->seen.queue_place = 1;
    scene->seen.queue_ahead = "orders-2";
}

/* A gate without a row is one that nobody asks about. */
static void (*const close_gate[GATE_MAX])(struct scene *scene) = {
    [GATE_JOB_VALID] = refuse,
    [GATE_NOT_SUSPENDED] = suspend,
    [GATE_DEPENDENCIES_MET] = come_after,
    [GATE_PREREQUISITES_MET] = require_secret,
    [GATE_SCHEMA_VERSION_MET] = ask_for_version,
    [GATE_VERSIONS_COMPATIBLE] = run_old_version,
    [GATE_ROLLOUT_SETTLED] = roll_out,
    [GATE_SOAKED] = soak,
    [GATE_APPROVED] = need_approval,
    [GATE_IN_WINDOW] = be_early,
    [GATE_LOCK_HELD] = be_second,
};

/* ---- one that waits for each edit ---- */

static void take_version(struct scene *scene)
{
    scene->passed[0] = scene->migration.to_version;
    scene->passages[0] = (struct passage){.version = scene->migration.to_version};
    scene->database.passed = scene->passed;
    scene->database.passed_count = 1;
    scene->database.history = scene->passages;
    scene->database.history_count = 1;
}
static void misspell_versions(struct scene *scene)
{
    scene->applications[0].versions = ">=2.x.y.z";
}
static void misspell_schedule(struct scene *scene)
{
    scene->migration.window = (struct window_spec){.schedule = "0 25 * * *", .duration_s = 3600};
}
static void misspell_soak(struct scene *scene)
{
    scene->database.soak.error = "spec.soak.Contract: \"1 day\" is no duration";
}
static void come_after_itself(struct scene *scene)
{
    come_after(scene);
    scene->seen.dependency_cycle = "orders-3 after orders-2 after orders-3";
}

/* Of its last attempt, one pod went without a word and another is lost; its claim is gone; an edit asks for a new attempt. */
static void lose_pod(struct scene *scene)
{
    static const product_point lost = {[DIM_PHASE] = PHASE_FAILED,
                                       [DIM_ATTEMPT] = ATTEMPT_UNPROVEN,
                                       [DIM_PODS] = PODS_LOST,
                                       [DIM_NOTED] = NOTED_GONE,
                                       [DIM_EDIT] = EDIT_REAL};
    scene_build(scene, lost);
}

static const struct {
    const char *reason;
    void (*make)(struct scene *scene);
} errors[] = {
    {"VersionTaken", take_version},         {"ConstraintInvalid", misspell_versions},
    {"WindowInvalid", misspell_schedule},   {"SoakInvalid", misspell_soak},
    {"DependencyCycle", come_after_itself}, {"PodVanished", lose_pod},
};

static void print_waiting(const char *what, void (*make)(struct scene *scene), enum ready_when when)
{
    static const product_point first = {0}; /* nothing has happened yet, and every gate is open */
    struct scene scene;
    arena_reset(&arena);
    scene_build(&scene, first);
    if (make == NULL) {
        (void)fprintf(stderr, "statuses: no row closes %s\n", what);
        exit(1);
    }
    make(&scene);
    scene.migration.ready_when = when;
    print_decision(what, &scene);
}

int main(void)
{
    struct product product = {
        .name = "statuses",
        .dimensions = scene_dimensions,
        .dimension_count = DIM_MAX,
        .exclusions = scene_exclusions,
        .exclusion_count = scene_exclusion_count,
        .strength = STRENGTH,
        .check = check,
    };
    int failed = product_run(&product, NULL);
    for (enum ready_when when = 0; when < READY_WHEN_MAX; when++) {
        for (enum gate gate = 0; gate < GATE_MAX; gate++) {
            print_waiting(gate_name(gate), close_gate[gate], when);
        }
        for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
            print_waiting(errors[i].reason, errors[i].make, when);
        }
    }
    map_fini(&printed);
    arena_fini(&arena);
    return failed;
}
