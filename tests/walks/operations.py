# SPDX-License-Identifier: Apache-2.0
"""What may happen in a walk. Each operation says how often, from what its arguments are drawn, and what it does.

Drawing knows nothing of the cluster, so that a walk is a function of its seed; what an operation is about ("the newest
Job of m1") is found when it is done. The server may refuse it: that is logged, and the walk goes on.
"""
import schema
from ground.case import APP, steered
from ground.rules import OUTCOME

# What the pod garbage collector writes of a pod whose node is gone, before it deletes it by force.
LOST = {"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "node lost"}]}

MIGRATIONS = [f"m{number}" for number in range(6)]
DATABASES = ["d0", "d1", "d2"]
ELSEWHERE = "d2"  # in a namespace of its own, and names those that may use it
VERSIONS = ["1.0.0", "2.0.0", "3.0.0"]

# How a run goes. Most end by themselves.
HOW = [{"run_for": "0s"}, {"run_for": "300ms"}, {"run_for": "1s"}, {"run_for": "2s"}, {"run_for": "100ms", "message": "done"},
       {"exit_code": 1}, {"run_for": "500ms", "exit_code": 3}, {"hold": "true"}, {"hold": "true"}, {"hold": "true", "exit_code": 1},
       {"hold": "true", "on_term_exit_code": 0}, {"hold": "true", "on_term_run_for": "2s"}, {"waiting_reason": "ImagePullBackOff"}]
ALL_HOW = steered(**{key: "" for how in HOW for key in how})


def container(how):
    return {"image": "tool:1", "annotations": {**dict.fromkeys(ALL_HOW), **steered(**how)}}


def application(constraint, **more):
    return [{"name": APP, "versions": constraint, **more}]


# Field -> what it may be; None: absent. A field that the CRD does not have is left out.
FIELDS = {
    "step": ["Expand", "Expand", "Data", "Contract"],
    "fromVersion": [None, None, None, None, "v0"],
    "applications": [[], [], [], application(">=1.0.0"), application("<3.0.0"), application(">=2.0.0"),
                     application(">=1.0.0", whenAbsent="Proceed")],
    "rollout": [None, None, "Any", "Settled"],
    "soak": [None, "1s", "5s", "5s"],
    "approval": [None, "None", "Required"],
    "suspend": [None, None, None, True],
    "readyWhen": [None, None, "Accepted"],
    "run.retries": [None, None, None, 1],
    "run.timeout": [None, None, "4s"],
    "run.startTimeout": [None, "3s"],
    "run.keepFor": [None, "10m"],
    "run.onInterruption": [None, None, "Fail", "Retry"],
    "run.verify": [None, None, None, {"command": ["check"]}],
    "run.recover": [None, None, None, {"command": ["unlock"]}],
    "run.container": [container(how) for how in HOW],
}
KNOWN = {path: values for path, values in FIELDS.items() if schema.has(schema.fields(), path)}


def draw_spec(chance, name):
    """What `apply` applies, each time the same; where the Database is, the walk knows."""
    number = MIGRATIONS.index(name)
    spec = {"database": DATABASES[number % len(DATABASES)], "toVersion": f"v{number}"}
    for path, values in FIELDS.items():
        value = chance.choice(values)
        if path in KNOWN:
            spec = schema.merged(spec, schema.merge_patch(path, value))
    return spec


def a_field(chance):
    path = chance.choice(sorted(KNOWN) + ["run.container"] * 5 + ["toVersion"])
    value = chance.choice(KNOWN[path]) if path in KNOWN else f"v{chance.randrange(len(MIGRATIONS))}.{chance.randrange(3)}"
    return schema.merge_patch(path, value)


def one_of(*values):
    return lambda chance: chance.choice(values)


def between(least, most):
    return lambda chance: round(chance.uniform(least, most), 2)


def seed(chance):
    return chance.randrange(1 << 30)


a_migration = one_of(*MIGRATIONS)
PROPAGATION = one_of("Background", "Foreground", "Orphan")
OPERATIONS = {}


def operation(weight, **draws):
    def register(function):
        OPERATIONS[function.__name__] = (weight, draws, function)
        return function
    return register


# ---- migrations and databases ----

@operation(16, name=a_migration)
def apply(walk, name):
    spec = walk.specs[name]
    if walk.world.get("schemamigrations", walk.namespace, name):
        return walk.patch("schemamigrations", name, {"spec": schema.merged({"fromVersion": None, "suspend": None}, spec)})
    return walk.create("schemamigrations", {"apiVersion": "interlude.dev/v1alpha1", "kind": "SchemaMigration",
                                            "metadata": {"name": name}, "spec": spec})


@operation(14, name=a_migration, change=a_field)
def edit(walk, name, change):
    walk.patch("schemamigrations", name, {"spec": change})


@operation(4, name=a_migration, on=one_of(True, False))
def suspend(walk, name, on):
    walk.patch("schemamigrations", name, {"spec": {"suspend": on}})


@operation(10, name=a_migration, off=one_of(0, 0, 0, 1, -1))
def retry(walk, name, off):
    number = walk.attempt(name).get("number", 0) + off
    walk.patch("schemamigrations", name, {"metadata": {"annotations": {"interlude.dev/retry": str(number)}}})


@operation(6, name=a_migration, how=one_of("Background", "Foreground"))
def delete(walk, name, how):
    walk.delete("schemamigrations", name, how)


@operation(3, name=a_migration)
def abandon(walk, name):
    walk.patch("schemamigrations", name, {"metadata": {"annotations": {"interlude.dev/abandon": "true"}}})
    walk.delete("schemamigrations", name, "Background")


@operation(3, name=a_migration)
def confirm_ended(walk, name):
    walk.confirm(name)


@operation(2, name=one_of(*DATABASES))
def delete_database(walk, name):
    walk.delete("databases", name, "Background")


@operation(4, on=one_of(True, True, False))
def allow(walk, on):
    spec = {"allowedNamespaces": [walk.namespace] if on else []}
    if walk.database(ELSEWHERE):
        return walk.patch("databases", ELSEWHERE, {"spec": spec})
    return walk.create("databases", {"apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": ELSEWHERE}, "spec": spec})


# ---- a person's word ----

def give(walk, seen, spec_hash=None):
    """An approval of the spec as it is now, or of another; no name comes twice."""
    name = seen["metadata"]["name"]
    walk.create("migrationapprovals", {
        "apiVersion": "interlude.dev/v1alpha1", "kind": "MigrationApproval", "metadata": {"name": f"{name}-{walk.done}"},
        "spec": {"migration": name, "uid": seen["metadata"]["uid"], "specHash": spec_hash or seen["status"]["specHash"], "approvedBy": "alice"}})


@operation(16, of=one_of(0, 1, 2))
def approve(walk, of):
    """One of those that wait for it."""
    waiting = walk.waiting_at("Approved")
    if waiting:
        give(walk, waiting[of % len(waiting)])


@operation(3, of=one_of(0, 1, 2))
def approve_another_spec(walk, of):
    waiting = walk.waiting_at("Approved")
    if waiting:
        give(walk, waiting[of % len(waiting)], f"v1:{'0' * 64}")


@operation(5, name=a_migration)
def revoke(walk, name):
    for approval in walk.world.all("migrationapprovals", walk.namespace):
        if approval["spec"]["migration"] == name:
            walk.delete("migrationapprovals", approval["metadata"]["name"], "Background")


# ---- the application ----

@operation(12, version=one_of(*VERSIONS))
def roll_out(walk, version):
    if walk.world.get("deployments", walk.namespace, APP):
        image = {"name": "api", "image": f"registry.example:5000/{APP}:{version}"}
        return walk.patch("deployments", APP, {"spec": {"template": {"spec": {"containers": [image]}}}})
    return walk.create("deployments", walk.workload(version))


@operation(3, replicas=one_of(0, 1, 2, 3))
def scale(walk, replicas):
    walk.patch("deployments", APP, {"spec": {"replicas": replicas}})


@operation(2, how=PROPAGATION)
def delete_application(walk, how):
    walk.delete("deployments", APP, how)


# ---- Jobs and pods ----

@operation(10, name=a_migration)
def finish(walk, name):
    for pod in walk.pods(name):
        walk.patch("pods", pod, {"metadata": {"annotations": steered(finish="true")}})


@operation(4, name=a_migration)
def image_comes(walk, name):
    for pod in walk.pods(name):
        walk.patch("pods", pod, {"metadata": {"annotations": dict.fromkeys(steered(waiting_reason=""))}})


@operation(5, name=a_migration, how=PROPAGATION)
def delete_job(walk, name, how):
    walk.touch(name, lambda job: walk.delete("jobs", job, how))


@operation(1, name=a_migration)
def strip_job(walk, name):
    walk.touch(name, lambda job: walk.patch("jobs", job, {"metadata": {"finalizers": None}}))


@operation(3, name=a_migration, on=one_of(True, True, False))
def suspend_job(walk, name, on):
    walk.touch(name, lambda job: walk.patch("jobs", job, {"spec": {"suspend": on}}))


@operation(4, name=a_migration, change=one_of(
    {"spec": {"parallelism": 0}}, {"spec": {"parallelism": 3}}, {"spec": {"backoffLimit": 4}}, {"spec": {"activeDeadlineSeconds": 2}},
    {"spec": {"ttlSecondsAfterFinished": 0}}, {"metadata": {"labels": {"interlude.dev/migration": None}}},
    {"metadata": {"annotations": {"someone": "else"}}}))
def edit_job(walk, name, change):
    walk.touch(name, lambda job: walk.patch("jobs", job, change))


@operation(4, name=a_migration, grace=one_of(None, None, 0))
def delete_pod(walk, name, grace):
    for pod in walk.pods(name):
        walk.delete("pods", pod, "Background", **({} if grace is None else {"gracePeriodSeconds": grace}))


@operation(4, name=a_migration)
def evict_pod(walk, name):
    for pod in walk.pods(name):
        walk.evict(pod)


@operation(2, name=a_migration)
def lose_node(walk, name):
    """As a lost node and the pod garbage collector leave a pod."""
    for pod in walk.pods(name):
        walk.patch("pods", pod, {"metadata": {"annotations": steered(frozen="true")}})
        walk.patch("pods", pod, {"status": LOST}, "strategic", "status")


@operation(1, name=a_migration)
def strip_pod(walk, name):
    walk.touch(name, lambda job: None)
    for pod in walk.pods(name):
        walk.patch("pods", pod, {"metadata": {"$deleteFromPrimitiveList/finalizers": [OUTCOME]}}, "strategic")


# ---- the controller ----

@operation(6, seconds=between(0, 3))
def kill(walk, seconds):
    walk.process("kill -KILL, and a new one after", seconds, lambda: walk.kill(walk.controller), walk.start_again)


@operation(4, seconds=between(0.2, 4))
def freeze(walk, seconds):
    walk.process("kill -STOP, and -CONT after", seconds, walk.stop_clock, walk.go_on)


@operation(3, seconds=between(1, 6))
def double(walk, seconds):
    walk.process("a second controller, killed after", seconds, walk.second.start_quietly, lambda: walk.kill(walk.second))


@operation(4)
def cut(walk):
    walk.process("its connections are cut", 0, walk.relay.cut)


@operation(4, seed=seed, seconds=between(0.3, 4))
def stall(walk, seed, seconds):
    walk.process(f"some of its connections are silent ({seed}) for", seconds, lambda: walk.relay.stall(seed, seconds))
