# SPDX-License-Identifier: Apache-2.0
"""Each gate closed, then opened; but those about versions, which stand in versions.py."""
from ground.case import APP, ApiError, Case


class JobValid(Case):

    def test_unknown_field(self):
        """A misspelt field of the pod template is named, a second after the apply; the right one runs."""
        template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "tool", "image": "tool:1", "imagePullPolcy": "Never"}]}}
        self.migrate(run={"podTemplate": template}, readyWhen="Accepted")
        waiting = self.closed("JobValid", says="imagePullPolcy")
        self.assertEqual("False", self.conditions(waiting)["Ready"], "Accepted is for those without an error")
        self.assertEqual([], self.jobs())
        del template["spec"]["containers"][0]["imagePullPolcy"]
        self.change(run={"podTemplate": template})
        self.succeeds()
        self.assertEqual(1, self.migration()["status"]["attempt"]["number"])
        self.holds()

    def test_wrong_value(self):
        """A value that the Pod's own validation refuses."""
        self.migrate(run={"podTemplate": {"spec": {"restartPolicy": "Never", "containers": [
            {"name": "tool", "image": "tool:1", "ports": [{"containerPort": 99999}]}]}}})
        self.closed("JobValid", says="containerPort")
        self.migrate("other", run={"podTemplate": {"spec": {"restartPolicy": "Never", "containers": [
            {"name": "tool", "image": "tool:1", "volumeMounts": [{"name": "nowhere", "mountPath": "/x"}]}]}}})
        self.closed("JobValid", "other", says="nowhere")
        self.holds()

    def test_missing_service_account(self):
        """The dry run of the pod finds it; it is asked again by itself."""
        self.migrate(run={"podTemplate": {"spec": {"restartPolicy": "Never", "serviceAccountName": "migrator",
                                                   "containers": [{"name": "tool", "image": "tool:1"}]}}})
        self.closed("JobValid", says="migrator")
        self.api.create("serviceaccounts", self.namespace, {"metadata": {"name": "migrator"}})
        self.succeeds()
        self.holds()

    test_missing_service_account.lasts = 30

    def test_pod_security(self):
        """A violation of the namespace's Pod Security level is told in the server's words."""
        self.api.change("namespaces", None, self.namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
        self.migrate()
        self.closed("JobValid", says="PodSecurity")
        self.holds()

    def test_inherit_from_what_is_missing(self):
        """It waits for the Deployment, and runs as soon as that comes."""
        self.migrate(run={"container": {"inheritFrom": {"name": APP}}})
        self.closed("JobValid", says=f"Deployment/{APP}")
        self.deploy()
        self.succeeds()
        self.holds()

    def test_container_to_inherit_from_is_missing(self):
        self.deploy()
        self.migrate(run={"container": {"inheritFrom": {"name": APP, "container": "sidecar"}}})
        self.closed("JobValid", says="sidecar")
        self.change(run={"container": {"inheritFrom": {"container": "api"}}})
        self.succeeds()
        self.holds()


class NotSuspended(Case):

    def test_suspend(self):
        self.migrate(suspend=True)
        waiting = self.closed("NotSuspended", reason="Suspended", says="spec.suspend")
        self.assertEqual("Suspended", waiting["status"]["reason"])
        # Everything else is judged all the same.
        self.assertEqual("True", self.conditions(waiting)["JobValid"])
        self.stays(lambda: not self.jobs(), "no Job while it is suspended", 1)
        self.change(suspend=False)
        self.succeeds()
        self.holds()

    def test_suspend_during_a_run(self):
        """It never stops a run that has started."""
        self.migrate(how={"hold": "true"})
        self.running()
        self.change(suspend=True)
        self.expect("first", lambda seen: seen["status"]["observedGeneration"] == seen["metadata"]["generation"], "is seen")
        self.stays(lambda: len(self.pods()) == 1 and "deletionTimestamp" not in self.pods()[0]["metadata"], "the pod runs on", 1)
        self.finish()
        self.succeeds()
        self.holds()


class SchemaVersionMet(Case):

    def test_from_version(self):
        """An empty ledger, then a baseline, then a migration that brings it there."""
        self.migrate("second", to="42", fromVersion="41")
        self.closed("SchemaVersionMet", "second", "SchemaVersionNotMet", "no version yet")
        self.world.wait("databases", self.namespace, "orders", bool, "is created")
        self.api.change("databases", self.namespace, "orders", {"spec": {"baseline": "40"}})
        self.closed("SchemaVersionMet", "second", "SchemaVersionNotMet", "stands at version 40, fromVersion is 41")
        self.migrate("first", to="41", fromVersion="40")
        self.succeeds("second")
        self.assertEqual((["40", "41", "42"], "42"), (self.ledger()["passed"], self.ledger()["version"]))
        self.holds()

    def test_baseline(self):
        self.database(baseline="41")
        self.migrate(to="42", fromVersion="41")
        self.succeeds()
        self.holds()

    def test_version_taken(self):
        """Another migration, the same toVersion: it waits for another number, even where the ledger is further."""
        self.migrate("first", to="1")
        self.succeeds()
        self.migrate("second", to="2", fromVersion="1")
        self.succeeds("second")
        self.migrate("late", to="1")
        self.closed("SchemaVersionMet", "late", "VersionTaken", "by migration first")
        self.migrate("later", to="2", fromVersion="2.0")
        self.closed("SchemaVersionMet", "later", "VersionTaken")
        self.change("late", toVersion="3")
        self.succeeds("late")
        self.assertEqual(["1", "2", "3"], self.ledger()["passed"])
        self.holds()

    def test_baseline_is_taken(self):
        self.database(baseline="41")
        self.migrate(to="41")
        self.closed("SchemaVersionMet", reason="VersionTaken")
        self.holds()


class LockHeld(Case):

    def test_queue_of_three(self):
        """One at a time, in the order of their creation; each is told its place."""
        self.migrate("a-first", to="1", how={"hold": "true"})
        self.running("a-first")
        for place, name in enumerate(("z-second", "b-third"), 1):
            self.migrate(name, to=name)
            self.closed("LockHeld", name, "DatabaseBusy", f"place {place} in the queue")
            self.stays(lambda: True, "", 1.1)  # creation is told in seconds
        self.assertIn("a-first", self.migration("b-third")["status"]["message"])
        self.finish("a-first")
        self.succeeds("b-third")
        self.succeeds("z-second")
        self.assertEqual(["1", "z-second", "b-third"], self.ledger()["passed"])
        runs = sorted((job["status"]["startTime"], job["status"]["completionTime"], job["metadata"]["name"]) for job in self.jobs())
        self.assertEqual(["a-first", "z-second", "b-third"], [run[2].rsplit("-", 2)[0] for run in runs])
        for before, after in zip(runs, runs[1:]):
            self.assertLessEqual(before[1], after[0], f"two ran at the same time: {runs}")
        self.holds()

    test_queue_of_three.lasts = 6

    def test_who_cannot_run_does_not_block(self):
        """A migration that waits at another gate has no place in the queue."""
        self.migrate("older", to="1", suspend=True)
        self.closed("NotSuspended", "older")
        self.migrate("newer", to="2")
        self.succeeds("newer")
        self.assertEqual("Waiting", self.migration("older")["status"]["phase"])
        self.holds()

    def test_two_databases(self):
        """Those of different databases run side by side."""
        self.migrate("one", database="one", how={"hold": "true"})
        self.migrate("two", database="two", how={"hold": "true"})
        self.running("one")
        self.running("two")
        self.finish("one")
        self.finish("two")
        self.succeeds("one")
        self.succeeds("two")
        self.holds()

    def test_ten_at_once(self):
        """Applied together on one database: each runs once, none beside another."""
        for number in range(10):
            self.migrate(f"number-{number}", to=f"v{number}", how={"run_for": "50ms"})
        for number in range(10):
            self.succeeds(f"number-{number}")
        self.assertEqual(10, len(self.jobs()))
        self.assertEqual({f"v{number}" for number in range(10)}, set(self.ledger()["passed"]))
        self.holds()

    test_ten_at_once.lasts = 20

    def test_database_that_is_being_deleted(self):
        """It is held by those that wait for it, and no run starts on it."""
        self.migrate(suspend=True)
        self.closed("NotSuspended")
        self.delete("databases", "orders")
        self.stays(lambda: self.world.get("databases", self.namespace, "orders"), "the Database is held", 0.5)
        self.change(suspend=False)
        self.closed("LockHeld", reason="DatabaseDeleted")
        self.assertEqual([], self.jobs())
        with self.assertRaises(ApiError):
            self.database()
        self.delete("schemamigrations", "first")
        self.world.wait("databases", self.namespace, "orders", lambda seen: seen is None, "goes with the last migration")
        self.holds()
