/* SPDX-License-Identifier: Apache-2.0 */
/* What each value of the gates looks like, and which gate it closes. */
#include "base/attrs.h"
#include "scene_parts.h"

/* Gates that stand open unless the spec asks for them: just the one that is to close, or all. */
static bool asks_for(const struct scene *scene, enum gates_seen closed, enum gates_seen unknown)
{
    enum gates_seen gates = scene->at[DIM_GATES];
    return gates == closed || gates == unknown || gates == GATES_ASKED_FOR;
}

/* ---- what the migration names, and what there is of it ---- */

static const char *after[] = {"orders-2"};
static const struct migration succeeded = {.meta = {.name = "orders-2"},
                                           .status = {.phase = PHASE_SUCCEEDED}};
static const struct migration still_runs = {.meta = {.name = "orders-2"},
                                            .status = {.phase = PHASE_RUNNING}};

static void build_dependencies(struct scene *scene)
{
    if (!asks_for(scene, GATES_NOT_ITS_TURN, GATES_NOT_ITS_TURN)) {
        return;
    }
    scene->migration.after = after;
    scene->migration.after_count = ARRAY_LEN(after);
    scene->dependencies[0] = scene->at[DIM_GATES] == GATES_NOT_ITS_TURN ? &still_runs : &succeeded;
    scene->seen.dependencies = scene->dependencies;
}

static struct requirement backup[] = {{.api_version = "v1", .kind = "Secret", .name = "backup"}};
static const struct prerequisite backup_there = {.meta = {.name = "backup"}};
static const struct prerequisite_seen there[] = {
    {.state = PREREQUISITE_PRESENT, .object = &backup_there}};
static const struct prerequisite_seen absent[] = {{.state = PREREQUISITE_ABSENT}};
static const struct prerequisite_seen unread[] = {{.state = PREREQUISITE_UNKNOWN}};

static void build_prerequisites(struct scene *scene)
{
    enum gates_seen gates = scene->at[DIM_GATES];
    if (!asks_for(scene, GATES_PREREQUISITE_MISSING, GATES_PREREQUISITE_UNKNOWN)) {
        return;
    }
    scene->migration.requirements = backup;
    scene->migration.requirement_count = ARRAY_LEN(backup);
    scene->seen.prerequisites = gates == GATES_PREREQUISITE_MISSING   ? absent
                                : gates == GATES_PREREQUISITE_UNKNOWN ? unread
                                                                      : there;
    scene->seen.are_prerequisites_unread = gates == GATES_PREREQUISITE_UNKNOWN;
}

/* One that does not hold is of the spec as it was before. */
static void build_approvals(struct scene *scene)
{
    enum gates_seen gates = scene->at[DIM_GATES];
    if (!asks_for(scene, GATES_NOT_APPROVED, GATES_APPROVALS_UNKNOWN)) {
        return;
    }
    scene->migration.approval = APPROVAL_REQUIRED;
    scene->approval = (struct approval){
        .meta = {.name = "go", .uid = "uid-a"},
        .migration = "orders-3",
        .uid = SCENE_UID,
        .spec_hash = gates == GATES_ASKED_FOR ? scene->migration.spec_hash : "v1:old",
        .approved_by = SCENE_APPROVER,
    };
    scene->approvals[0] = &scene->approval;
    scene->seen.approvals = scene->approvals;
    scene->seen.approval_count = 1;
    scene->seen.approvals_error = gates == GATES_APPROVALS_UNKNOWN ? "not allowed" : NULL;
}

/* It is 13:46 UTC. */
static const struct time_zone utc = {0};

static void build_window(struct scene *scene)
{
    if (!asks_for(scene, GATES_OUTSIDE_WINDOW, GATES_OUTSIDE_WINDOW)) {
        return;
    }
    bool is_outside = scene->at[DIM_GATES] == GATES_OUTSIDE_WINDOW;
    scene->migration.window = (struct window_spec){
        .schedule = is_outside ? "50 13 * * *" : "0 13 * * *", .duration_s = 3600};
    scene->seen.zone = &utc;
}

/* ---- the applications, and what the server says of the Job ---- */

#define ROLLED_OUT_S 90 /* so long ago */

static void build_application(struct scene *scene)
{
    enum gates_seen gates = scene->at[DIM_GATES];
    scene->applications[0] = (struct application){
        .kind = WORKLOAD_DEPLOYMENT, .name = "orders-api", .versions = ">=2.0.0"};
    scene->migration.applications = scene->applications;
    scene->migration.application_count = 1;
    scene->migration.rollout = ROLLOUT_SETTLED;
    scene->migration.soak_s = gates == GATES_SOAKING     ? 2 * ROLLED_OUT_S
                              : gates == GATES_ASKED_FOR ? ROLLED_OUT_S
                                                         : 0;
    scene->images[0] = (struct container_image){.name = "api",
                                                .image = gates == GATES_INCOMPATIBLE
                                                             ? "registry.example/orders:1.0.0"
                                                             : "registry.example/orders:2.0.0"};
    scene->workload = (struct workload){
        .meta = {.ns = "shop", .name = "orders-api", .uid = "uid-w", .generation = 1},
        .kind = WORKLOAD_DEPLOYMENT,
        .pod_template = {.containers = scene->images, .container_count = 1},
        .desired = 2,
        .replicas = 2,
        .updated = gates == GATES_UNSETTLED ? 1 : 2,
        .ready = 2,
        .observed_generation = 1,
        .rolled_out_s = SCENE_NOW - ROLLED_OUT_S,
    };
    scene->workloads[0] = &scene->workload;
    scene->application_seen =
        (struct application_seen){.workloads = scene->workloads, .workload_count = 1};
    scene->seen.applications = &scene->application_seen;
    scene->seen.are_applications_known = gates != GATES_UNKNOWN && gates != GATES_UNKNOWN_YET;
    scene->seen.unknown_since_s = SCENE_NOW - (gates == GATES_UNKNOWN_YET ? 1 : 30);
}

static struct dry_run dry_run_of(enum gates_seen gates)
{
    if (gates == GATES_NOT_CHECKED || gates == GATES_SPEC_WRONG) {
        return (struct dry_run){.result =
                                    DRY_RUN_DUE}; /* what is wrong by itself is not asked about */
    }
    if (gates == GATES_REFUSED) {
        return (struct dry_run){
            .result = DRY_RUN_REFUSED, .reason = "JobRefused", .message = "invalid:\n* image\n"};
    }
    if (gates == GATES_REFUSED_FOR_NOW || gates == GATES_REFUSED_UNTIL_NOW) {
        return (struct dry_run){.result = DRY_RUN_LATER,
                                .reason = "JobForbidden",
                                .message = "a quota",
                                .again_s = SCENE_NOW + (gates == GATES_REFUSED_FOR_NOW ? 30 : 0)};
    }
    return (struct dry_run){.result = DRY_RUN_ACCEPTED};
}

void scene_build_gates(struct scene *scene)
{
    enum gates_seen gates = scene->at[DIM_GATES];
    scene->migration.suspend = gates == GATES_SUSPENDED;
    scene->migration.spec_error = gates == GATES_SPEC_WRONG ? "spec.run: write it" : NULL;
    scene->migration.from_version = gates == GATES_NOT_MET ? "2" : NULL;
    scene->seen.dry_run = dry_run_of(gates);
    build_dependencies(scene);
    build_prerequisites(scene);
    build_application(scene);
    build_approvals(scene);
    build_window(scene);
}

/* ---- which gate is closed, and why ---- */

static const struct gate_truth truths[] = {
    [GATES_OPEN] = {.gate = GATE_MAX},
    [GATES_ASKED_FOR] = {.gate = GATE_MAX},
    [GATES_NOT_CHECKED] = {GATE_JOB_VALID, CONDITION_UNKNOWN, "NotChecked"},
    [GATES_REFUSED] = {GATE_JOB_VALID, CONDITION_FALSE, "JobRefused"},
    [GATES_REFUSED_FOR_NOW] = {GATE_JOB_VALID, CONDITION_FALSE, "JobForbidden"},
    [GATES_REFUSED_UNTIL_NOW] = {GATE_JOB_VALID, CONDITION_FALSE, "JobForbidden"},
    [GATES_SPEC_WRONG] = {GATE_JOB_VALID, CONDITION_FALSE, "SpecInvalid"},
    [GATES_SUSPENDED] = {GATE_NOT_SUSPENDED, CONDITION_FALSE, "Suspended"},
    [GATES_NOT_ITS_TURN] = {GATE_DEPENDENCIES_MET, CONDITION_FALSE, "DependenciesNotMet"},
    [GATES_PREREQUISITE_MISSING] = {GATE_PREREQUISITES_MET, CONDITION_FALSE, "PrerequisiteMissing"},
    [GATES_PREREQUISITE_UNKNOWN] = {GATE_PREREQUISITES_MET, CONDITION_UNKNOWN, "NotChecked"},
    [GATES_TAKEN] = {GATE_SCHEMA_VERSION_MET, CONDITION_FALSE, "VersionTaken"},
    [GATES_IS_BASELINE] = {GATE_SCHEMA_VERSION_MET, CONDITION_FALSE, "VersionTaken"},
    [GATES_NOT_MET] = {GATE_SCHEMA_VERSION_MET, CONDITION_FALSE, "SchemaVersionNotMet"},
    [GATES_INCOMPATIBLE] = {GATE_VERSIONS_COMPATIBLE, CONDITION_FALSE, "VersionsIncompatible"},
    [GATES_UNSETTLED] = {GATE_ROLLOUT_SETTLED, CONDITION_FALSE, "RolloutInProgress"},
    [GATES_UNKNOWN] = {GATE_VERSIONS_COMPATIBLE, CONDITION_UNKNOWN, "NotChecked"},
    [GATES_UNKNOWN_YET] = {GATE_VERSIONS_COMPATIBLE, CONDITION_UNKNOWN, "NotChecked"},
    [GATES_SOAKING] = {GATE_SOAKED, CONDITION_FALSE, "Soaking"},
    [GATES_NOT_APPROVED] = {GATE_APPROVED, CONDITION_FALSE, "ApprovalOutdated"},
    [GATES_APPROVALS_UNKNOWN] = {GATE_APPROVED, CONDITION_UNKNOWN, "ApprovalsUnknown"},
    [GATES_OUTSIDE_WINDOW] = {GATE_IN_WINDOW, CONDITION_FALSE, "OutsideWindow"},
};

struct gate_truth scene_gate(const unsigned char *point, enum gate gate)
{
    struct gate_truth truth = truths[point[DIM_GATES]];
    bool is_unknown = point[DIM_GATES] == GATES_UNKNOWN || point[DIM_GATES] == GATES_UNKNOWN_YET;
    if (gate == GATE_SCHEMA_VERSION_MET && point[DIM_LEDGER] != LEDGER_EMPTY) {
        return truths[GATES_TAKEN]; /* whatever is asked of the version before */
    }
    if (gate == GATE_ROLLOUT_SETTLED && is_unknown) {
        truth.gate = gate; /* one fact, two gates */
    }
    return truth.gate == gate ? truth : (struct gate_truth){gate, CONDITION_TRUE, NULL};
}

struct gate_truth scene_first_closed(const unsigned char *point)
{
    for (enum gate gate = 0; gate < GATE_LOCK_HELD; gate++) {
        struct gate_truth truth = scene_gate(point, gate);
        if (truth.status != CONDITION_TRUE) {
            return truth;
        }
    }
    return (struct gate_truth){.gate = GATE_MAX};
}

bool scene_are_gates_open(const unsigned char *point)
{
    return scene_first_closed(point).gate == GATE_MAX;
}
