# SPDX-License-Identifier: Apache-2.0
"""A migration that succeeds, in full."""
import collections

from ground.case import APP, Case
from ground.rules import OUTCOME, RUN

MOST_REQUESTS = 22  # for one migration with one application, Events included: 21, and that it runs for long, on a busy machine


class Success(Case):

    def test_everything_that_is_told(self):
        """Status, ledger, Job, Events and finalizers of one migration of one application."""
        self.deploy(version="1.0.0")
        self.migrate(to="2", fromVersion=None, how={"message": "12 rows changed"},
                     applications=[self.application(">=1.0.0 <3.0.0")])
        self.succeeds()
        seen = self.migration()
        status = seen["status"]

        self.assertEqual(["Running", "Succeeded"], [entry["phase"] for entry in status["history"] if entry["phase"] != "Waiting"])
        self.assertTrue(all(entry.get("reason") and entry.get("at") for entry in status["history"]), status["history"])
        self.assertEqual(seen["metadata"]["generation"], status["observedGeneration"])
        self.assertEqual("12 rows changed", status["message"])
        self.assertEqual("1.0.0 (2)", status["running"])
        self.assertEqual([(f"Deployment/{APP}", "1.0.0", [{"version": "1.0.0", "pods": 2}], True)],
                         [(a["workload"], a["desired"], a["running"], a["settled"]) for a in status["applications"]])
        self.assertEqual(
            {"JobValid": "True", "NotSuspended": "True", "DependenciesMet": "True", "PrerequisitesMet": "True", "SchemaVersionMet": "True",
             "VersionsCompatible": "True", "RolloutSettled": "True", "Soaked": "True", "Approved": "True", "InWindow": "True",
             "LockHeld": "False", "Ready": "True", "Reconciling": "False", "Stalled": "False"},
            self.conditions(seen))
        for condition in status["conditions"]:
            self.assertTrue(condition["reason"] and condition["message"] and condition["lastTransitionTime"], condition)

        attempt = status["attempt"]
        job = self.jobs()[0]
        self.assertEqual((1, "Succeeded", 0, job["metadata"]["name"], job["metadata"]["uid"], status["specHash"], 1, "12 rows changed"),
                         tuple(attempt[key] for key in ("number", "outcome", "exitCode", "job", "jobUID", "specHash", "generation", "message")))
        self.assertLessEqual(attempt["startTime"], attempt["completionTime"])
        self.assertTrue(attempt["image"].startswith("sha256:"), attempt["image"])
        self.assertNotIn("withdrawn", status)
        self.assertNotIn("attempts", status)

        self.assertEqual([("SchemaMigration", "first", seen["metadata"]["uid"])],
                         [(owner["kind"], owner["name"], owner["uid"]) for owner in job["metadata"]["ownerReferences"]])
        self.assertNotIn(OUTCOME, job["metadata"].get("finalizers", []))
        self.assertEqual([[]], [pod["metadata"].get("finalizers", []) for pod in self.pods()])
        self.assertEqual({"interlude.dev/database": "orders", "interlude.dev/database-namespace": self.namespace,
                          "interlude.dev/migration": "first", "interlude.dev/attempt": "1"},
                         {key: job["metadata"]["labels"].get(key) for key in
                          ("interlude.dev/database", "interlude.dev/database-namespace", "interlude.dev/migration", "interlude.dev/attempt")})
        self.assertNotIn("ttlSecondsAfterFinished", job["spec"])

        ledger = self.ledger()
        self.assertEqual(("2", ["2"], None), (ledger["version"], ledger["passed"], ledger.get("claim")))
        self.assertEqual([("2", "first", seen["metadata"]["uid"], status["specHash"], job["metadata"]["name"])],
                         [tuple(entry[key] for key in ("version", "migration", "uid", "specHash", "job")) for entry in ledger["history"]])
        self.world.wait("databases", self.namespace, "orders",
                        lambda database: RUN not in database["metadata"].get("finalizers", []), "is let go")
        self.each_transition_has_one_event("first")
        self.holds()

    def each_transition_has_one_event(self, name):
        seen = self.migration(name)
        wanted = collections.Counter(entry["phase"] for entry in seen["status"]["history"])
        self.world.until(self.namespace, lambda: len(self.events(name)) >= sum(wanted.values()), "the Events come")
        found = self.events(name)
        self.assertEqual(wanted, collections.Counter(event["reason"] for event in found))
        for event in found:
            self.assertEqual((1, seen["metadata"]["uid"], "interlude"),
                             (event["count"], event["involvedObject"]["uid"], event["source"]["component"]))
            self.assertTrue(event["message"])

    def test_requests(self):
        """At most so many requests for a migration with one application, and one pod of the Job controller."""
        self.deploy(version="1.0.0")
        since = self.audit.size()
        self.migrate(applications=[self.application(">=1.0.0")])
        self.succeeds()
        self.world.wait("databases", self.namespace, "orders",
                        lambda database: RUN not in database["metadata"].get("finalizers", []), "is let go")
        self.world.until(self.namespace, lambda: len(self.events("first")) == len(self.phases()), "the Events come")
        # Of a pod that is late, on a busy machine, it asks.
        requests = [request for request in self.audit.of_controller(self.namespace, since)
                    if "controller-uid" not in request[1] and not (request[0] == "list" and "/events" in request[1])]
        listing = "\n".join(f"  {verb} {path} {code}" for verb, path, code in requests)
        self.assertGreater(len(requests), 8, f"that cannot be all:\n{listing}")
        self.assertLessEqual(len(requests), MOST_REQUESTS, f"{len(requests)} requests:\n{listing}")
        self.assertEqual(1, len(self.started("first")))
        ours = len(self.world.all("replicasets", self.namespace)) or 1
        self.assertEqual(1, ours)
        self.assertEqual(1, self.audit.pods_of_job_controller()[self.namespace])
        self.holds()

    def test_without_applications(self):
        """Nothing to look at: it runs at once."""
        self.migrate()
        self.succeeds()
        self.assertEqual("1", self.ledger()["version"])
        self.holds()

    def test_pod_template(self):
        """A whole template of the user's own, with two containers: the one that the annotation names is the run."""
        self.migrate(run={"podTemplate": {
            "metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "tool",
                                         "kwok.interlude.dev/message.tool": "done", "kwok.interlude.dev/message.other": "no"}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "other", "image": "other:1"}, {"name": "tool", "image": "tool:1"}]}}})
        self.succeeds()
        self.assertEqual("done", self.migration()["status"]["attempt"]["message"])
        self.holds()

    def test_inherits_from_the_application(self):
        """Image, environment and account of the Deployment's container; labels and probes stay behind."""
        container = {"name": "api", "image": "registry.example:5000/orders-api:1.0.0",
                     "env": [{"name": "DATABASE_URL", "value": "postgres://db"}],
                     "readinessProbe": {"httpGet": {"path": "/", "port": 80}}}
        self.deploy(containers=[container], pod_labels={"team": "shop"})
        self.migrate(run={"container": {"inheritFrom": {"name": APP}, "command": ["migrate"], "env": [{"name": "MODE", "value": "up"}]}})
        self.succeeds()
        template = self.jobs()[0]["spec"]["template"]
        ran = template["spec"]["containers"][0]
        self.assertEqual(("registry.example:5000/orders-api:1.0.0", ["migrate"]), (ran["image"], ran["command"]))
        self.assertEqual({"DATABASE_URL", "MODE"}, {entry["name"] for entry in ran["env"]})
        self.assertNotIn("readinessProbe", ran)
        self.assertTrue({"app", "team"}.isdisjoint(template["metadata"]["labels"]), template["metadata"]["labels"])
        self.holds()

    def test_keep_for(self):
        """The finished Job gets a time to live, and not before."""
        self.migrate(keepFor="20m")
        self.succeeds()
        versions = [job["spec"].get("ttlSecondsAfterFinished") for _, job in self.world.told("jobs", self.namespace)]
        self.assertEqual(1200, versions[-1])
        armed = [job for _, job in self.world.told("jobs", self.namespace) if OUTCOME in job["metadata"].get("finalizers", [])]
        self.assertTrue(armed)
        self.assertEqual({None}, {job["spec"].get("ttlSecondsAfterFinished") for job in armed})
        self.holds()

    def test_several_migrations_in_a_row(self):
        """Three versions of one schema, applied at once, run in the order that fromVersion asks for."""
        self.migrate("third", to="3", fromVersion="2")
        self.migrate("second", to="2", fromVersion="1")
        self.migrate("first", to="1")
        self.succeeds("third")
        self.assertEqual(["1", "2", "3"], self.ledger()["passed"])
        self.assertEqual(["first", "second", "third"], [entry["migration"] for entry in self.ledger()["history"]])
        self.holds()
