# SPDX-License-Identifier: Apache-2.0
"""The ground of a story: a namespace and a database of its own, and the words in which it is told."""
import os
import re
import time
import unittest

from harness.api import WaitFailed, brief
from harness.database import Database

APP = "orders-api"
BUSYBOX = os.environ.get("INTERLUDE_BUSYBOX_IMAGE") or "busybox:stable"
MIGRATE = ["migrate", "-path", "/migrations", "-database", "$(DATABASE_URL)", "goto"]


class Story(unittest.TestCase):
    """One story. Stories run side by side: nothing is shared but the cluster."""

    api = None  # set by the runner
    recorded = None  # what the oracle needs to know afterwards; set by the runner
    alone = False  # runs after the others and beside no other: it takes something from the node
    maxDiff = None

    @classmethod
    def title(cls, method):
        return f"{cls.__name__}.{method}"

    def setUp(self):
        words = re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__) + "-" + self._testMethodName[5:]
        self.namespace = "e2e-" + words.lower().replace("_", "-")[:50].rstrip("-")
        self.remove_namespace(self.namespace)
        self.api.create("namespaces", None, {"metadata": {"name": self.namespace, "labels": {"interlude-e2e": "yes"}}})
        self.databases = []
        self.database = self.new_database("orders")

    def new_database(self, name):
        """A database of PostgreSQL, and the secret NAME-db that tells a run where it is."""
        database = Database(f"{self.namespace}_{name}".replace("-", "_"))
        self.api.create("secrets", self.namespace, {
            "metadata": {"name": f"{name}-db"}, "stringData": {"DATABASE_URL": database.url}})
        self.databases.append(database)
        return database

    def tearDown(self):
        """R2, by the word of PostgreSQL; nothing of Interlude's may hold what has ended; and what the oracle needs,
        before the namespace goes."""
        for database in self.databases:
            runs = database.runs()
            containers = [(run[0], run[1]) for run in runs]
            self.assertEqual([], [run for run in runs if run[2] != "t"], f"two ran at the same time: {runs}")
            self.assertEqual(sorted(set(containers)), sorted(containers), f"a container ran twice: {runs}")
        migrations = self.api.list("schemamigrations", self.namespace)
        if all(seen.get("status", {}).get("phase") in ("Waiting", "Succeeded", "Failed") for seen in migrations):
            self.poll(lambda: not self.held(), "the Jobs and pods of all attempts are let go (finalizer interlude.dev/outcome)", 20)
        for seen in migrations:
            status = seen.get("status", {})
            for attempt in [status.get("attempt"), *status.get("attempts", [])]:
                if attempt and attempt.get("job"):
                    self.recorded.append((self.namespace, seen["metadata"]["name"], attempt["number"], attempt["job"]))

    def held(self):
        return [seen["metadata"]["name"] for kind in ("jobs", "pods")
                for seen in self.api.list(kind, self.namespace, "interlude.dev/migration")
                if "interlude.dev/outcome" in seen["metadata"].get("finalizers", [])]

    def leave(self):
        """After a story that ended well: the namespace is deleted, and must go by itself."""
        if self.api.get("namespaces", None, self.namespace):
            self.api.delete("namespaces", None, self.namespace)

    def remove_namespace(self, name):
        if self.api.get("namespaces", None, name):
            self.api.delete("namespaces", None, name)
            self.api.wait("namespaces", None, name, lambda seen: seen is None, "is gone", 90)

    # ---- applications ----

    def workload(self, name=APP, version="1.0.0", kind="Deployment", image=None, replicas=1, labels=None, pod_labels=None,
                 containers=None):
        """A workload of orders-api, not yet created."""
        selector = {"app": name}
        container = {"name": "api", "image": image or f"orders-api:{version}",
                     "envFrom": [{"secretRef": {"name": "orders-db"}}],
                     "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}}
        spec = {"selector": {"matchLabels": selector}, "replicas": replicas, "template": {
            "metadata": {"labels": {**selector, **(pod_labels or {})}},
            "spec": {"containers": containers or [container], "terminationGracePeriodSeconds": 5}}}
        if kind == "DaemonSet":
            del spec["replicas"]
        if kind == "StatefulSet":
            spec.update(serviceName=name, podManagementPolicy="Parallel")
        return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "labels": labels or {}}, "spec": spec}

    def idle(self, name=APP, image="orders-api:1.0.0", version_label=None, **more):
        """A workload of orders-api that does next to nothing: for stories in which its work does not matter."""
        container = {"name": "api", "image": image, "imagePullPolicy": "IfNotPresent",
                     "env": [{"name": "INTERVAL", "value": "24h"}], "envFrom": [{"secretRef": {"name": "orders-db"}}]}
        labels = {"app.kubernetes.io/version": version_label} if version_label else {}
        return self.workload(name, containers=[container], pod_labels=labels, **more)

    def deploy(self, workload):
        kind = workload["kind"].lower() + "s"
        self.api.create(kind, self.namespace, workload)
        self.settled(workload)
        return workload

    def settled(self, workload, timeout=60):
        kind = workload["kind"].lower() + "s"

        def holds(seen):
            status = seen.get("status", {})
            if status.get("observedGeneration", 0) < seen["metadata"]["generation"]:
                return False
            if workload["kind"] == "DaemonSet":
                wanted = status.get("desiredNumberScheduled", 0)
                return wanted > 0 and status.get("numberReady") == wanted == status.get("updatedNumberScheduled")
            wanted = seen["spec"]["replicas"]
            return status.get("readyReplicas", 0) == wanted == status.get("updatedReplicas", 0) == status.get("replicas", 0)

        return self.api.wait(kind, self.namespace, workload["metadata"]["name"], holds, "is rolled out", timeout)

    def set_image(self, workload, image, pod_labels=None):
        template = {"metadata": {"labels": pod_labels or {}}, "spec": {
            "containers": [{**workload["spec"]["template"]["spec"]["containers"][0], "image": image}]}}
        self.api.patch(workload["kind"].lower() + "s", self.namespace, workload["metadata"]["name"],
                       {"spec": {"template": template}})

    # ---- migrations ----

    def database_stands_at(self, version):
        """The ledger has a version: an application that is absent counts then, even before the first migration."""
        self.api.create("databases", self.namespace, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": "orders"},
            "spec": {"baseline": version}})

    def digest(self, image):
        """The digest by which the node knows an image; tests/images/load has told it to tests/e2e/run."""
        for line in os.environ.get("E2E_DIGESTS", "").splitlines():
            name, found = line.split()
            if name == image:
                return found
        return self.skipTest(f"the digest of {image} is not known: the cluster is not ours")

    def migrate(self, name, run=None, **spec):
        """Applies a migration: step Expand of database orders, run by the probe, unless spec and run say otherwise."""
        run = run if run is not None else self.probe(name)
        body = {"apiVersion": "interlude.dev/v1alpha1", "kind": "SchemaMigration", "metadata": {"name": name},
                "spec": {"database": "orders", "step": "Expand", "toVersion": "1", "run": run, **spec}}
        return self.api.create("schemamigrations", self.namespace, body)

    @staticmethod
    def probe_container(name, gate=None, say=None, exit_code=0, exit_on_term=None, linger=None, greedy=False, database="orders"):
        """A container that runs the probe (tests/images/probe); with a gate it lasts until Database.open_gate(gate)."""
        arguments = [f"-as={name}", f"-exit={exit_code}"]
        arguments += [f"-gate={gate}"] if gate else []
        arguments += [f"-say={say}"] if say else []
        arguments += [f"-exit-on-term={exit_on_term}"] if exit_on_term is not None else []
        arguments += [f"-linger={linger}"] if linger else []
        arguments += ["-greedy"] if greedy else []
        return {"image": "probe:1.0.0", "args": arguments, "envFrom": [{"secretRef": {"name": f"{database}-db"}}]}

    def probe(self, name, gate=None, say=None, exit_code=0, **run):
        """The run of a probe; what is not the container's (retries, timeout) is the run's."""
        ours = {key: run.pop(key) for key in ("exit_on_term", "linger", "greedy", "database") if key in run}
        return {"container": self.probe_container(name, gate, say, exit_code, **ours), **run}

    @staticmethod
    def step(name, say=None, exit_code=0):
        """A run.verify or run.recover of a probe: it tells the database that it ran, as a run does."""
        return {"command": ["/bin/probe", f"-as={name}", f"-exit={exit_code}"] + ([f"-say={say}"] if say else [])}

    def shell(self, script, **run):
        """The run of a shell script."""
        return {"container": {"image": BUSYBOX, "command": ["sh", "-c", script]}, **run}

    def begin(self, name, gate="never", rival=True, **probe):
        """Begins a migration whose run lasts until its gate opens, with a rival behind it that wants the database too.

        Returns the names of the run's Job and pod.
        """
        self.migrate(name, self.probe(name, gate=gate, **probe))
        self.running_probe(name)
        if rival:
            self.migrate("rival", toVersion="2")
            self.says("rival", name, phase="Waiting")
        return self.job_of(self.migration(name)), self.database.runs()[0][1]

    def rival_runs_after(self, name, **more):
        """The rival runs once the other has ended, each of them once and alone; and nothing else runs."""
        self.reaches("rival", "Succeeded", **more)
        self.has_run(name, "rival")

    def migration(self, name):
        return self.api.get("schemamigrations", self.namespace, name)

    def expect(self, name, holds, what, timeout=60, never=None):
        return self.api.wait("schemamigrations", self.namespace, name, lambda seen: seen is not None and holds(seen),
                             what, timeout, never)

    def reaches(self, name, phase, reason=None, timeout=60):
        """Waits for a phase, and a reason; fails at once when the migration has ended in another."""
        def holds(seen):
            status = seen.get("status", {})
            return status.get("phase") == phase and reason in (None, status.get("reason"))

        def never(seen):
            status = seen.get("status", {})
            ended = status.get("phase") == "Succeeded" != phase
            ended = ended or status.get("phase") == "Failed" != phase and not self.may_try_again(seen)
            return f"it is {status.get('phase')}" if ended else None

        return self.expect(name, holds, f"reaches {phase}" + (f" ({reason})" if reason else ""), timeout, never)

    @staticmethod
    def may_try_again(seen):
        """Failed, but a retry is due, or an edit is not yet acted upon."""
        status = seen["status"]
        attempt = status.get("attempt", {})
        asked = seen["metadata"].get("annotations", {}).get("interlude.dev/retry")
        return (seen["spec"]["run"].get("retries", 0) > 0 or asked == str(attempt.get("number"))
                or attempt.get("generation") != seen["metadata"]["generation"])

    def says(self, name, *texts, phase=None, timeout=60):
        """Waits until the message has all of these texts."""
        def holds(seen):
            status = seen.get("status", {})
            return phase in (None, status.get("phase")) and all(text in status.get("message", "") for text in texts)

        return self.expect(name, holds, f"says {texts}" + (f" while {phase}" if phase else ""), timeout)

    def job_of(self, migration):
        return migration["status"]["attempt"]["job"]

    def jobs(self):
        return self.api.list("jobs", self.namespace, "interlude.dev/migration")

    def has_run(self, *names):
        """These probes have run, in this order, each alone, and nothing else has."""
        runs = self.database.runs()
        self.assertEqual(list(names), [run[0] for run in runs], f"the database saw these runs: {runs}")
        self.assertEqual(["t"] * len(runs), [run[2] for run in runs], f"two ran at the same time: {runs}")

    def running_probe(self, name, count=1):
        """Waits until a probe has written that it runs."""
        self.poll(lambda: self.database.one(f"SELECT count(*) FROM runs WHERE name = '{name}'") == str(count),
                  f"probe {name} runs")

    def poll(self, holds, what, timeout=60):
        """For what no API server could tell as a watch: what stands in a database."""
        deadline = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > deadline:
                raise WaitFailed(f"{what}: not within {timeout} s")
            time.sleep(0.2)

    def conditions(self, migration):
        return {c["type"]: c for c in migration["status"].get("conditions", [])}

    def events(self, name):
        return [event for event in self.api.list("events", self.namespace)
                if event["involvedObject"].get("name") == name and event["involvedObject"]["kind"] == "SchemaMigration"]

    def ledger(self, database="orders", at_rest=True):
        """The Database's status; at rest: once it is released, for the outcome is written a moment before that."""
        seen = self.api.get("databases", self.namespace, database)
        if seen and at_rest:
            seen = self.api.wait("databases", self.namespace, database,
                                 lambda now: now is None or "claim" not in now.get("status", {}), "is released", 15)
        return (seen or {}).get("status", {})

    def describe(self):
        """For a failure's report: every migration, Job, pod and event of the namespace."""
        lines = []
        for kind in ("schemamigrations", "databases"):
            for seen in self.api.list(kind, self.namespace):
                lines.append(f"{kind}/{seen['metadata']['name']}\n{brief(seen)}")
        for pod in self.api.list("pods", self.namespace):
            states = [status.get("state") for status in pod["status"].get("containerStatuses", [])]
            lines.append(f"pod {pod['metadata']['name']}: {pod['status'].get('phase')} {states}")
        for job in self.api.list("jobs", self.namespace):
            lines.append(f"job {job['metadata']['name']}: parallelism {job['spec'].get('parallelism')} {job.get('status')}")
        for event in self.api.list("events", self.namespace):
            lines.append(f"event {event['lastTimestamp'] or event.get('eventTime')} {event['involvedObject']['kind']}/"
                         f"{event['involvedObject'].get('name')} {event['reason']}: {event['message']}")
        return "\n".join(lines)
