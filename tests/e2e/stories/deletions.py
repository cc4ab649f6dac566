# SPDX-License-Identifier: Apache-2.0
"""Stories of what is deleted around a run: the namespace, the Database, the migration itself; and what comes back."""
import json
import subprocess

from harness.story import Story


class Deletions(Story):

    def namespace_is_gone(self, timeout=60):
        self.api.wait("namespaces", None, self.namespace, lambda seen: seen is None, "is gone", timeout)

    def namespace_deleted_during_the_run(self, **probe):
        self.begin("add-column", retries=3, **probe)
        self.api.delete("namespaces", None, self.namespace)
        seen = self.expect("add-column", lambda now: now["status"].get("attempt", {}).get("outcome") not in (None, ""),
                           "has an outcome")
        self.assertEqual("NamespaceDeleted", seen["status"]["attempt"]["reason"])
        self.assertNotEqual("Succeeded", seen["status"]["phase"])
        self.namespace_is_gone()
        self.has_run("add-column")

    def test_namespace_exit_0(self):
        """R4 cannot hold there: the run is asked to stop. Its outcome is told as long as there is somewhere to tell it, it is
        not retried, and the namespace really goes."""
        self.namespace_deleted_during_the_run(exit_on_term=0, linger="1s")

    def test_namespace_exit_7(self):
        self.namespace_deleted_during_the_run(exit_on_term=7)

    def test_namespace_while_it_waits(self):
        """A migration that waits, one that waits for its retry, and one that cannot start hold nothing up."""
        self.migrate("suspended", suspend=True)
        self.reaches("suspended", "Waiting", "Suspended")
        run = self.probe("stuck")
        self.migrate("stuck", {"container": {**run["container"], "image": "127.0.0.1:1/no-such:1"}}, database="stuck")
        self.says("stuck", "127.0.0.1:1/no-such:1", phase="Running")
        self.migrate("retried", self.probe("retried", exit_code=1, retries=3), database="retries")
        self.expect("retried", lambda seen: seen.get("status", {}).get("reason") == "RetryBackoff", "waits for its retry")
        self.api.delete("namespaces", None, self.namespace)
        self.namespace_is_gone()
        self.has_run("retried")

    def test_database(self):
        """The Database is held by its finalizer: the ledger must not be gone before the run has ended."""
        self.begin("add-column", gate="go", rival=False)
        self.api.delete("databases", self.namespace, "orders")
        self.migrate("rival", toVersion="2")
        self.reaches("rival", "Waiting")
        seen = self.api.get("databases", self.namespace, "orders")
        self.assertIsNotNone(seen["metadata"].get("deletionTimestamp"))
        self.assertEqual("add-column", seen["status"]["claim"]["migration"])
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        self.assertEqual("1", seen["spec"].get("baseline", "1"))
        self.api.delete("schemamigrations", self.namespace, "rival")
        self.api.wait("schemamigrations", self.namespace, "rival", lambda now: now is None, "is gone", 20)
        self.api.wait("databases", self.namespace, "orders",
                      lambda now: now is None or now["metadata"]["uid"] != seen["metadata"]["uid"], "is gone", 30)
        self.has_run("add-column")

    def test_migration_and_job(self):
        """Both are deleted during the run: the claim outlives the outcome, and the rival waits for it."""
        job, _ = self.begin("add-column", gate="go")
        self.api.delete("schemamigrations", self.namespace, "add-column")
        self.api.delete("jobs", self.namespace, job)
        self.says("add-column", job, "is being deleted", phase="Running")
        self.database.open_gate("go")
        self.api.wait("schemamigrations", self.namespace, "add-column", lambda seen: seen is None, "is gone")
        self.rival_runs_after("add-column")
        self.assertEqual(["1", "2"], self.ledger()["passed"])

    def test_abandoned(self):
        """The finalizer is given up, the claim is not: the rival waits for the end of a run whose migration is gone."""
        self.begin("add-column", gate="go")
        self.api.patch("schemamigrations", self.namespace, "add-column",
                       {"metadata": {"annotations": {"interlude.dev/abandon": "true"}}})
        self.api.delete("schemamigrations", self.namespace, "add-column")
        self.api.wait("schemamigrations", self.namespace, "add-column", lambda seen: seen is None, "is gone", 20)
        self.assertEqual("add-column", self.ledger(at_rest=False)["claim"]["migration"])
        self.assertEqual("Waiting", self.migration("rival")["status"]["phase"])
        self.database.open_gate("go")
        self.rival_runs_after("add-column")
        self.assertEqual(["1", "2"], self.ledger()["passed"])

    def replaced_by_force(self):
        """kubectl replace --force: a deletion, and a new object of the same name. Returns the process."""
        body = self.migration("add-column")
        plain = {"apiVersion": body["apiVersion"], "kind": body["kind"], "spec": body["spec"],
                 "metadata": {"name": "add-column", "namespace": self.namespace}}
        process = subprocess.Popen(["kubectl", "replace", "--force", "--filename", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        process.stdin.write(json.dumps(plain))
        process.stdin.close()
        return body["metadata"]["uid"], process

    def is_replaced(self, uid, process):
        self.assertEqual(0, process.wait(30), "kubectl replace --force")
        done = self.reaches("add-column", "Succeeded", "AlreadyApplied")
        self.assertNotEqual(uid, done["metadata"]["uid"])
        self.assertNotIn("attempt", done["status"])

    def test_replaced_during_the_run(self):
        """The new one comes when the old one's run has ended, and is not run again (R3)."""
        self.begin("add-column", gate="go")
        uid, process = self.replaced_by_force()
        self.expect("add-column", lambda seen: seen["metadata"].get("deletionTimestamp") is not None, "is being deleted")
        self.assertEqual(uid, self.migration("add-column")["metadata"]["uid"])
        self.database.open_gate("go")
        self.is_replaced(uid, process)
        self.rival_runs_after("add-column")

    def test_replaced_after_success(self):
        self.begin("add-column", gate="go")
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        self.is_replaced(*self.replaced_by_force())
        self.rival_runs_after("add-column")

    def test_restored_without_status(self):
        """A backup tool brings the migration back: its name, labels and spec, a new UID, no status, what was its finalizer."""
        self.migrate("add-column")
        done = self.reaches("add-column", "Succeeded")
        self.api.delete("schemamigrations", self.namespace, "add-column")
        self.api.wait("schemamigrations", self.namespace, "add-column", lambda seen: seen is None, "is gone", 30)
        labels = {"velero.io/backup-name": "nightly", "velero.io/restore-name": "nightly-1"}
        self.api.create("schemamigrations", self.namespace, {
            "apiVersion": done["apiVersion"], "kind": done["kind"], "spec": done["spec"],
            "metadata": {"name": "add-column", "labels": labels, "finalizers": ["interlude.dev/run"]}})
        restored = self.reaches("add-column", "Succeeded", "AlreadyApplied")
        self.assertNotEqual(done["metadata"]["uid"], restored["metadata"]["uid"])
        self.expect("add-column", lambda seen: not seen["metadata"].get("finalizers"), "is not held", 20)
        self.assertEqual([], self.jobs())
        self.has_run("add-column")
