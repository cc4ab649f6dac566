# SPDX-License-Identifier: Apache-2.0
"""What may happen in a walk. Each operation says how often, from what its arguments are drawn, and what it does.

Drawing knows nothing of the cluster, so that a walk is a function of its seed; what an operation is about is found when
it is done, among what is there then: a number is drawn, `of`. One that finds nothing, as there is no pod yet that it could
evict, is put off until it does, but for NEVER_LATE. The server may refuse it: that is logged, and the walk goes on.
"""
import schema
from ground.case import APP, steered
from ground.pods import has_started
from ground.rules import OUTCOME

# What the pod garbage collector writes of a pod whose node is gone, before it deletes it by force.
LOST = {"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "node lost"}]}

MIGRATIONS = [f"m{number}" for number in range(6)]
DATABASES = ["d0", "d1", "d2"]
UNGATED = ("m0", "m1")  # of two databases
PHASES = ("Waiting", "Running", "Failed", "Succeeded")
ELSEWHERE = "d2"  # in a namespace of its own, and names those that may use it
VERSIONS = ["1.0.0", "2.0.0", "3.0.0"]

# How a run goes. Most end by themselves.
HOW = [{"run_for": "0s"}, {"run_for": "300ms"}, {"run_for": "1s"}, {"run_for": "2s"}, {"run_for": "100ms", "message": "done"},
       {"exit_code": 1}, {"run_for": "500ms", "exit_code": 3}, {"hold": "true"}, {"hold": "true"}, {"hold": "true", "exit_code": 1},
       {"hold": "true", "on_term_exit_code": 0}, {"hold": "true", "on_term_run_for": "2s"}, {"waiting_reason": "ImagePullBackOff"},
       {"waiting_reason": "ImagePullBackOff", "hold": "true"}]
ALL_HOW = steered(**{key: "" for how in HOW for key in how})


def container(how):
    return {"image": "tool:1", "annotations": {**dict.fromkeys(ALL_HOW), **steered(**how)}}


def application(constraint, **more):
    return [{"name": APP, "versions": constraint, **more}]


# Field -> what it may be; None: absent. A field that the CRD does not have is left out. Most gates are open or open soon: a
# walk of migrations that wait is one of few faults.
FIELDS = {
    "step": ["Expand", "Expand", "Data", "Contract"],
    "fromVersion": [*[None] * 7, "v0"],
    "applications": [[], [], [], application(">=1.0.0"), application("<3.0.0"), application(">=2.0.0"),
                     application(">=1.0.0", whenAbsent="Proceed")],
    "rollout": [None, None, "Any", "Settled"],
    "soak": [None, None, None, "1s", "5s"],
    "approval": [None, None, "None", "Required"],
    "suspend": [*[None] * 7, True],
    "readyWhen": [None, None, "Accepted"],
    "run.retries": [None, None, None, 1],
    "run.timeout": [None, None, None, "4s"],
    "run.startTimeout": [None, None, "3s"],
    "run.keepFor": [None, "10m"],
    "run.onInterruption": [None, None, "Fail", "Retry"],
    "run.verify": [None, None, None, {"command": ["check"]}],
    "run.recover": [None, None, None, {"command": ["unlock"]}],
    "run.container": [container(how) for how in HOW],
}
GATES = ("step", "fromVersion", "applications", "rollout", "soak", "approval", "suspend")
KNOWN = {path: values for path, values in FIELDS.items() if schema.has(schema.fields(), path)}


def draw_spec(chance, name):
    """What `apply` applies, each time the same; where the Database is, the walk knows. Those of UNGATED can always run."""
    number = MIGRATIONS.index(name)
    spec = {"database": DATABASES[number % len(DATABASES)], "toVersion": f"v{number}", "step": "Expand"}
    for path, values in FIELDS.items():
        value = chance.choice(values)
        if path in KNOWN and not (name in UNGATED and path in GATES):
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


def any_of_them(chance):
    """A number that is fair to any few: it is taken modulo how many there are."""
    return chance.randrange(60)


a_migration = one_of(*MIGRATIONS)
# Done, or not, when it is their turn: what waits for a person has to wait for a while.
NEVER_LATE = ("finish", "retry", "revoke", "delete_job")
PROPAGATION = one_of("Background", "Foreground", "Orphan")
OPERATIONS = {}


def operation(weight, **draws):
    def register(function):
        OPERATIONS[function.__name__] = (weight, draws, function)
        return function
    return register


# ---- migrations and databases ----

@operation(12, name=a_migration)
def apply(walk, name):
    spec = walk.specs[name]
    if walk.world.get("schemamigrations", walk.namespace, name):
        return walk.patch("schemamigrations", name, {"spec": schema.merged({"fromVersion": None, "suspend": None}, spec)})
    return walk.create("schemamigrations", {"apiVersion": "interlude.dev/v1alpha1", "kind": "SchemaMigration",
                                            "metadata": {"name": name}, "spec": spec})


@operation(14, of=any_of_them, change=a_field)
def edit(walk, of, change):
    for name in walk.migration(of):
        walk.patch("schemamigrations", name, {"spec": change})


@operation(4, of=any_of_them, on=one_of(True, False))
def suspend(walk, of, on):
    for name in walk.migration(of):
        walk.patch("schemamigrations", name, {"spec": {"suspend": on}})


@operation(10, of=any_of_them, phases=one_of(("Failed",), ("Failed",), PHASES), off=one_of(0, 0, 0, 1, -1))
def retry(walk, of, phases, off):
    for name in walk.migration(of, phases):
        number = walk.attempt(name).get("number", 0) + off
        walk.patch("schemamigrations", name, {"metadata": {"annotations": {"interlude.dev/retry": str(number)}}})


@operation(6, of=any_of_them, how=one_of("Background", "Foreground"))
def delete(walk, of, how):
    for name in walk.migration(of):
        walk.delete("schemamigrations", name, how)


@operation(3, of=any_of_them)
def abandon(walk, of):
    for name in walk.migration(of):
        walk.patch("schemamigrations", name, {"metadata": {"annotations": {"interlude.dev/abandon": "true"}}})
        walk.delete("schemamigrations", name, "Background")


@operation(4, of=any_of_them)
def confirm_ended(walk, of):
    for name in walk.migration_in_doubt(of):
        walk.confirm(name)


@operation(2, of=any_of_them)
def delete_database(walk, of):
    for database in walk.pick(of, walk.databases):
        walk.delete("databases", database["metadata"]["name"], "Background")


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
        "apiVersion": "interlude.dev/v1alpha1", "kind": "MigrationApproval", "metadata": {"name": f"{name}-{next(walk.count)}"},
        "spec": {"migration": name, "uid": seen["metadata"]["uid"], "specHash": spec_hash or seen["status"]["specHash"], "approvedBy": "alice"}})


@operation(9, of=any_of_them)
def approve(walk, of):
    """One of those that wait for it."""
    for waiting in walk.pick(of, lambda: walk.waiting_at("Approved")):
        give(walk, waiting)


@operation(3, of=any_of_them)
def approve_another_spec(walk, of):
    for waiting in walk.pick(of, lambda: walk.waiting_at("Approved")):
        give(walk, waiting, f"v1:{'0' * 64}")


@operation(5, of=any_of_them)
def revoke(walk, of):
    for approval in walk.pick(of, lambda: walk.world.all("migrationapprovals", walk.namespace)):
        walk.delete("migrationapprovals", approval["metadata"]["name"], "Background")


# ---- the application ----

@operation(9, version=one_of(*VERSIONS))
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

def is_any(_):
    return True


def is_steered(pod, **how):
    return steered(**how).items() <= pod["metadata"].get("annotations", {}).items()


@operation(6, of=any_of_them)
def finish(walk, of):
    for pod in walk.pods(of, lambda pod: is_steered(pod, hold="true") and not is_steered(pod, finish="true")):
        walk.patch("pods", pod, {"metadata": {"annotations": steered(finish="true")}})


@operation(4, of=any_of_them)
def image_comes(walk, of):
    for pod in walk.pods(of, lambda pod: is_steered(pod, waiting_reason="ImagePullBackOff")):
        walk.patch("pods", pod, {"metadata": {"annotations": dict.fromkeys(steered(waiting_reason=""))}})


@operation(5, of=any_of_them, how=PROPAGATION)
def delete_job(walk, of, how):
    walk.touch(of, lambda job: walk.delete("jobs", job, how))


@operation(2, of=any_of_them)
def strip_job(walk, of):
    walk.touch(of, lambda job: walk.patch("jobs", job, {"metadata": {"finalizers": None}}))


@operation(3, of=any_of_them, on=one_of(True, True, False))
def suspend_job(walk, of, on):
    walk.touch(of, lambda job: walk.patch("jobs", job, {"spec": {"suspend": on}}))


@operation(4, of=any_of_them, change=one_of(
    {"spec": {"parallelism": 0}}, {"spec": {"parallelism": 3}}, {"spec": {"backoffLimit": 4}}, {"spec": {"activeDeadlineSeconds": 2}},
    {"spec": {"ttlSecondsAfterFinished": 0}}, {"metadata": {"labels": {"interlude.dev/migration": None}}},
    {"metadata": {"annotations": {"someone": "else"}}}))
def edit_job(walk, of, change):
    walk.touch(of, lambda job: walk.patch("jobs", job, change))


@operation(4, of=any_of_them, holds=one_of(has_started, has_started, is_any), grace=one_of(None, None, 0))
def delete_pod(walk, of, holds, grace):
    for pod in walk.pods(of, holds):
        walk.delete("pods", pod, "Background", **({} if grace is None else {"gracePeriodSeconds": grace}))


@operation(4, of=any_of_them, holds=one_of(has_started, has_started, is_any))
def evict_pod(walk, of, holds):
    for pod in walk.pods(of, holds):
        walk.evict(pod)


@operation(5, of=any_of_them)
def lose_node(walk, of):
    """As a lost node and the pod garbage collector leave a pod that runs."""
    for pod in walk.pods(of, has_started):
        walk.patch("pods", pod, {"metadata": {"annotations": steered(frozen="true")}})
        walk.patch("pods", pod, {"status": LOST}, "strategic", "status")


@operation(2, of=any_of_them)
def strip_pod(walk, of):
    for pod in walk.pods(of, is_any):
        walk.touch_job_of(pod)
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


# ---- the beginning and the end of a walk, now and then ----

@operation(0)
def wait_for_a_run(walk):
    """What follows happens in the middle of a run, however slow the machine is, and not before the first."""
    walk.wait_for_a_run()


@operation(0)
def delete_namespace(walk):
    walk.delete_namespace()
