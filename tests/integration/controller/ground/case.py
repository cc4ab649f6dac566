# SPDX-License-Identifier: Apache-2.0
"""The ground of a test: a namespace of its own, and the words in which it is told."""
import concurrent.futures
import json
import time
import unittest

from ground.cluster import ApiError
from ground.rules import OUTCOME, RUN, broken_rules
from ground.world import PATIENCE
from harness.api import WaitFailed, brief

SIMULATED = "kwok.interlude.dev/"  # tests/cluster/README.md: how a pod is steered
APP = "orders-api"


def steered(**how):
    """Annotations for the simulated node: exit_code=3, run_for="2s", hold="true", …"""
    return {SIMULATED + key.replace("_", "-"): str(value) for key, value in how.items()}


class Case(unittest.TestCase):
    """One test. Tests run side by side: nothing is shared but the cluster and the controller."""

    # Set by the runner.
    api = world = audit = controller = cluster = None
    prefix = "it"
    is_long = False  # asked for with --long
    maxDiff = None

    by_hand = ()  # what is said of objects whose status the test itself has written begins so
    own_controller = None  # a test that has one of its own says so here, for the report
    stage = "shared"  # or "own": its own controller for its namespace; "alone": for the whole cluster

    def setUp(self):
        words = type(self).__name__ + "-" + self._testMethodName[5:]
        self.namespace = f"{self.prefix}-{words.lower().replace('_', '-')[:52].rstrip('-')}"
        self.new_namespace(self.namespace)

    def new_namespace(self, name):
        self.api.create("namespaces", None, {"metadata": {"name": name}})
        # The default ServiceAccount comes a moment later; a pod is refused without it.
        deadline = time.monotonic() + 20
        while not self.api.get("serviceaccounts", name, "default"):
            if time.monotonic() > deadline:
                raise WaitFailed(f"namespace {name} gets no default ServiceAccount")
            time.sleep(0.05)

    def holds(self):
        """Called when the test is through: what must hold of every test."""
        problems = [problem for problem in broken_rules(self.world, self.namespace)
                    if not problem.startswith(self.by_hand)]
        self.assertEqual([], problems, "rules of the protocol that were broken")

    # ---- applications ----

    def workload(self, kind="Deployment", name=APP, version="1.0.0", replicas=2, image=None, labels=None, pod=None,
                 pod_labels=None, pod_annotations=None, containers=None):
        """A workload, not yet created; version is its image's tag."""
        selector = {"app": name}
        containers = containers or [{"name": "api", "image": image or f"registry.example:5000/orders-api:{version}"}]
        spec = {"selector": {"matchLabels": selector}, "replicas": replicas, "template": {
            "metadata": {"labels": {**selector, **(pod_labels or {})}, "annotations": pod_annotations or {}},
            "spec": {"containers": containers, "terminationGracePeriodSeconds": 20, **(pod or {})}}}
        if kind == "DaemonSet":
            del spec["replicas"]
        if kind == "StatefulSet":
            spec.update(serviceName=name, podManagementPolicy="Parallel")
        return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "labels": labels or {}}, "spec": spec}

    def deploy(self, *arguments, **more):
        """Creates a workload and waits until it is rolled out."""
        workload = self.workload(*arguments, **more)
        self.api.create(workload["kind"].lower() + "s", self.namespace, workload)
        return self.rolled_out(workload["metadata"]["name"], workload["kind"])

    def rolled_out(self, name=APP, kind="Deployment"):
        def holds(seen):
            status = (seen or {}).get("status", {})
            if not seen or status.get("observedGeneration", 0) < seen["metadata"]["generation"]:
                return False
            if kind == "DaemonSet":
                wanted = status.get("desiredNumberScheduled", 0)
                return wanted > 0 and status.get("numberReady") == wanted == status.get("updatedNumberScheduled")
            wanted = seen["spec"]["replicas"]
            # Available pods are counted last: until then a Deployment's status, and the times in it, still change.
            return all(status.get(key, 0) == wanted for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"))

        return self.world.wait(kind.lower() + "s", self.namespace, name, holds, "is rolled out")

    def roll_to(self, version, name=APP, kind="Deployment"):
        """Asks for another version; does not wait for more than that the watch shows it: the old one is rolled out, too."""
        template = {"spec": {"containers": [{"name": "api", "image": f"registry.example:5000/orders-api:{version}"}]}}
        asked = self.api.change(kind.lower() + "s", self.namespace, name, {"spec": {"template": template}})
        return self.world.wait(kind.lower() + "s", self.namespace, name,
                               lambda seen: seen is not None and seen["metadata"]["generation"] >= asked["metadata"]["generation"], "is asked for")

    # ---- migrations ----

    def spec(self, to="1", how=None, run=None, **more):
        """A migration's spec: step Expand of database orders, and for the simulated node how its run goes."""
        limits = {key: more.pop(key) for key in ("retries", "timeout", "startTimeout", "keepFor", "onInterruption", "recover", "verify") if key in more}
        run = run or {"container": {"image": "tool:1", "annotations": steered(**(how or {}))}}
        return {"database": "orders", "step": "Expand", "toVersion": to, "run": {**run, **limits}, **more}

    def migrate(self, name="first", annotations=None, **spec):
        body = {"apiVersion": "interlude.dev/v1alpha1", "kind": "SchemaMigration",
                "metadata": {"name": name, "annotations": annotations or {}}, "spec": self.spec(**spec)}
        return self.api.create("schemamigrations", self.namespace, body)

    def application(self, versions=None, name=APP, **more):
        """An entry of spec.applications."""
        named = {} if "selector" in more else {"name": name}
        return {**named, **({"versions": versions} if versions else {}), **more}

    def database(self, name="orders", **spec):
        return self.api.create("databases", self.namespace, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": name}, "spec": spec})

    def change(self, name="first", **spec):
        return self.api.change("schemamigrations", self.namespace, name, {"spec": spec})

    def annotate(self, name="first", kind="schemamigrations", **annotations):
        body = {"metadata": {"annotations": {f"interlude.dev/{key.replace('_', '-')}": value
                                             for key, value in annotations.items()}}}
        return self.api.change(kind, self.namespace, name, body)

    def delete(self, kind, name, propagation="Background", **more):
        path = self.api.path(kind, self.namespace, name)
        return self.api.request("DELETE", path, {"propagationPolicy": propagation, **more})

    def claim_of_another(self, waiting):
        """A claim stands for a migration that waits, of a controller that is gone: whoever comes looks anew and begins, or gives it back."""
        claim = {"migration": waiting["metadata"]["name"], "uid": waiting["metadata"]["uid"], "attempt": 1,
                 "specHash": waiting["status"]["specHash"], "since": "2026-01-01T00:00:00Z"}
        self.api.change("databases", self.namespace, "orders", {"status": {"claim": claim}}, subresource="status")

    # ---- waiting ----

    @staticmethod
    def is_judged(seen):
        """The controller has written its status; before, the schema's default is there."""
        return seen is not None and seen.get("status", {}).get("observedGeneration", -1) != -1

    def expect(self, name, holds, what, timeout=PATIENCE, never=None):
        return self.world.wait("schemamigrations", self.namespace, name,
                               lambda seen: self.is_judged(seen) and holds(seen), what, timeout, never)

    def reaches(self, name="first", phase="Succeeded", reason=None, attempt=None, timeout=PATIENCE):
        """Waits for a phase, and a reason; fails at once when the migration has ended in another."""
        def holds(seen):
            status = seen["status"]
            return (status.get("phase") == phase and reason in (None, status.get("reason"))
                    and attempt in (None, status.get("attempt", {}).get("number", 0)))

        def never(seen):
            ended = seen.get("status", {}).get("phase")
            return "it is Succeeded" if ended == "Succeeded" and phase != ended else None

        return self.expect(name, holds, f"reaches {phase} {reason or ''}", timeout, never)

    def succeeds(self, name="first", timeout=PATIENCE):
        """Waits until it has Succeeded and everything is let go; returns the migration."""
        self.reaches(name, "Succeeded", timeout=timeout)
        self.let_go(name)
        return self.migration(name)

    def fails(self, name="first", reason=None, attempt=None, timeout=PATIENCE):
        """Waits until it has Failed and everything is let go; returns the migration."""
        self.reaches(name, "Failed", reason, attempt, timeout)
        self.let_go(name)
        return self.migration(name)

    def closed(self, gate, name="first", reason=None, says=None, timeout=PATIENCE):
        """Waits until the migration waits at a gate, for a reason, and says some words."""
        def holds(seen):
            condition = self.condition(seen, gate)
            return (seen["status"].get("phase") == "Waiting" and condition and condition["status"] == "False"
                    and reason in (None, condition["reason"])
                    and (says is None or (says in condition["message"] and says in seen["status"]["message"])))

        return self.expect(name, holds, f"waits at {gate}: {reason} {says!r}", timeout,
                           lambda seen: "it ran" if "attempt" in seen.get("status", {}) else None)

    def let_go(self, name="first", timeout=PATIENCE):
        """Waits until the protocol is through with a migration: no finalizer is left on anything."""
        def holds():
            migration = self.migration(name)
            left = migration is None or RUN not in migration["metadata"].get("finalizers", [])
            held = [seen for kind in ("jobs", "pods") for seen in self.world.all(kind, self.namespace)
                    if seen["metadata"].get("labels", {}).get("interlude.dev/migration") == name
                    and OUTCOME in seen["metadata"].get("finalizers", [])]
            return left and not held

        return self.world.until(self.namespace, holds, f"everything of {name} is let go", timeout)

    def stays(self, holds, what, seconds=2.0):
        """holds() is true now, and for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.assertTrue(holds(), what)
            time.sleep(0.05)

    # ---- looking ----

    def migration(self, name="first"):
        return self.world.get("schemamigrations", self.namespace, name)

    def ledger(self, name="orders"):
        return (self.world.get("databases", self.namespace, name) or {}).get("status", {})

    def claim(self, name="orders"):
        return self.ledger(name).get("claim")

    def released(self, name="orders", timeout=PATIENCE):
        return self.world.until(self.namespace, lambda: not self.claim(name) and self.world.get("databases", self.namespace, name),
                                f"the claim on {name} is released", timeout)

    def condition(self, migration, kind):
        return next((c for c in migration.get("status", {}).get("conditions", []) if c["type"] == kind), None)

    def conditions(self, migration):
        return {c["type"]: c["status"] for c in migration["status"].get("conditions", [])}

    def jobs(self, name=None):
        return [job for job in self.world.all("jobs", self.namespace)
                if name in (None, job["metadata"].get("labels", {}).get("interlude.dev/migration"))]

    def pods(self, name="first"):
        return [pod for pod in self.world.all("pods", self.namespace)
                if pod["metadata"].get("labels", {}).get("interlude.dev/migration") == name]

    def running_pod(self, name="first", timeout=PATIENCE):
        """Waits until the attempt's pod runs; returns it."""
        def holds():
            return [pod for pod in self.pods(name) if pod["status"].get("phase") == "Running"]

        return self.world.until(self.namespace, holds, f"a pod of {name} runs", timeout)[0]

    def running(self, name="first"):
        """Waits until the migration says that its Job runs; returns the migration."""
        return self.reaches(name, "Running", "JobRunning")

    def finish(self, name="first"):
        """Ends a run that is held."""
        for pod in self.pods(name):
            self.api.change("pods", self.namespace, pod["metadata"]["name"], {"metadata": {"annotations": steered(finish="true")}})

    def started(self, name):
        """Every pod that there ever was of a migration: their names."""
        return {pod["metadata"]["name"] for _, pod in self.world.told("pods", self.namespace)
                if pod["metadata"].get("labels", {}).get("interlude.dev/migration") == name}

    def events(self, name):
        return [event for how, event in self.world.told("events", self.namespace)
                if how == "ADDED" and event["involvedObject"].get("name") == name
                and event["involvedObject"]["kind"] == "SchemaMigration"]

    def phases(self, name="first"):
        return [entry["phase"] for entry in self.migration(name)["status"]["history"]]

    def describe(self):
        """For a failure's report: all of the namespace, and what the controller said about it."""
        lines = []
        for kind in ("schemamigrations", "databases"):
            for seen in self.world.all(kind, self.namespace):
                lines.append(f"{kind}/{seen['metadata']['name']}\n{brief(seen)}")
        for kind in ("jobs", "pods"):
            for seen in self.world.all(kind, self.namespace):
                meta = seen["metadata"]
                lines.append(f"{kind}/{meta['name']} uid {meta['uid']} finalizers {meta.get('finalizers')} deleted "
                             f"{meta.get('deletionTimestamp')} parallelism {seen['spec'].get('parallelism')}: "
                             f"{json.dumps(seen.get('status'))[:600]}")
        for event in self.world.all("events", self.namespace):
            if event["involvedObject"]["kind"] in ("SchemaMigration", "Job"):
                lines.append(f"event {event['lastTimestamp']} {event['involvedObject']['kind']}/"
                             f"{event['involvedObject'].get('name')} {event['reason']}: {event['message']}")
        controller = self.own_controller or self.controller
        if controller:
            lines.append(f"{controller.log}:\n{controller.about(self.namespace)}")
        return "\n".join(lines)


def side_by_side(jobs, width=8):
    """Calls each function; returns what they returned, in order. The first failure is raised."""
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        return [done.result() for done in [pool.submit(job) for job in jobs]]


__all__ = ["APP", "ApiError", "Case", "WaitFailed", "side_by_side", "steered"]
