# SPDX-License-Identifier: Apache-2.0
"""Stories of runs: one at a time, what is deleted meanwhile, what stays afterwards, which tools."""
from harness.story import APP, Story


class Runs(Story):

    def test_plain(self):
        """Nothing special, one application: what one migration costs is counted here, by the oracle."""
        self.deploy(self.idle())
        self.migrate("add-column", applications=[{"name": APP, "versions": "^1"}])
        done = self.reaches("add-column", "Succeeded")
        self.has_run("add-column")
        self.assertEqual("True", self.conditions(done)["Ready"]["status"])
        self.assertEqual(done["metadata"]["generation"], done["status"]["observedGeneration"])
        phases = [entry["phase"] for entry in done["status"]["history"]]
        self.assertEqual(["Running", "Succeeded"], phases[-2:])
        self.poll(lambda: {"Succeeded", "Running"} <= {e["reason"] for e in self.events("add-column")}
                  or len(self.events("add-column")) >= 2, "there is an Event for each transition", 10)

    def test_two_on_one_database(self):
        """One at a time: the second waits, knows its place and who is ahead, and runs when the first has ended."""
        self.migrate("first", self.probe("first", gate="first"), toVersion="1")
        self.running_probe("first")
        self.migrate("second", self.probe("second"), toVersion="2")
        self.says("second", "first", "place", phase="Waiting")
        self.migrate("third", self.probe("third"), toVersion="3")
        self.says("third", "place", phase="Waiting")
        self.assertEqual("first", self.ledger(at_rest=False)["claim"]["migration"])
        self.database.open_gate("first")
        self.reaches("third", "Succeeded")
        self.reaches("second", "Succeeded")
        self.has_run("first", "second", "third")
        self.assertEqual(["1", "2", "3"], self.ledger()["passed"])

    def test_many_on_one_database(self):
        """Applied all at once, each runs once, each alone."""
        names = [f"m{number}" for number in range(5)]
        for number, name in enumerate(names):
            self.migrate(name, toVersion=str(number + 1))
        for name in names:
            self.reaches(name, "Succeeded", timeout=120)
        runs = self.database.runs()
        self.assertEqual(names, sorted(run[0] for run in runs), runs)
        self.assertEqual({"t"}, {run[2] for run in runs}, f"two ran at the same time: {runs}")

    def test_deletion_during_the_run(self):
        """The deletion of the migration waits for the end of its run; the ledger knows of it."""
        self.migrate("add-column", self.probe("add-column", gate="go"))
        self.running_probe("add-column")
        self.api.delete("schemamigrations", self.namespace, "add-column")
        self.expect("add-column", lambda seen: seen["metadata"].get("deletionTimestamp") is not None, "is being deleted")
        self.says("add-column", "runs", phase="Running")
        self.database.open_gate("go")
        self.api.wait("schemamigrations", self.namespace, "add-column", lambda seen: seen is None, "is gone")
        self.has_run("add-column")
        self.assertEqual("ended", self.database.runs()[0][3])
        self.api.wait("databases", self.namespace, "orders", lambda seen: seen["status"].get("version") == "1"
                      and "claim" not in seen["status"], "stands at 1")

    def test_deletion_before_the_run(self):
        self.migrate("add-column", suspend=True)
        self.reaches("add-column", "Waiting", "Suspended")
        self.api.delete("schemamigrations", self.namespace, "add-column")
        self.api.wait("schemamigrations", self.namespace, "add-column", lambda seen: seen is None, "is gone", 20)
        self.has_run()

    def test_job_deleted_during_the_run(self):
        """kubectl delete job: the run goes on, for the Job is held until it has ended; its result counts."""
        self.migrate("add-column", self.probe("add-column", gate="go"))
        self.running_probe("add-column")
        job = self.job_of(self.migration("add-column"))
        self.api.delete("jobs", self.namespace, job)
        self.says("add-column", job, "is being deleted", phase="Running")
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        self.api.wait("jobs", self.namespace, job, lambda seen: seen is None, "is gone")
        self.assertEqual("1", self.ledger()["version"])
        self.has_run("add-column")

    def test_job_and_pod_deleted_during_the_run(self):
        """kubectl delete job --cascade=foreground ends the pod: Failed, and it is not repeated."""
        self.migrate("add-column", self.probe("add-column", gate="never"))
        self.running_probe("add-column")
        job = self.job_of(self.migration("add-column"))
        self.api.delete("jobs", self.namespace, job, "Foreground")
        failed = self.reaches("add-column", "Failed")
        self.assertEqual("Failed", failed["status"]["attempt"]["outcome"])
        self.api.wait("jobs", self.namespace, job, lambda seen: seen is None, "is gone")
        self.migrate("next", toVersion="2")
        self.reaches("next", "Succeeded")
        self.assertEqual("Failed", self.migration("add-column")["status"]["phase"])
        self.assertEqual(["2"], self.ledger()["passed"])
        self.has_run("add-column", "next")

    def test_job_stripped_and_deleted(self):
        """Job, pod and finalizers are taken away by force: nobody knows the result, and nothing runs again."""
        self.migrate("add-column", self.probe("add-column", gate="never"))
        self.running_probe("add-column")
        job = self.job_of(self.migration("add-column"))
        pod = self.database.runs()[0][1]
        self.api.delete("jobs", self.namespace, job)
        for kind, name in (("jobs", job), ("pods", pod)):
            self.api.patch(kind, self.namespace, name, {"metadata": {"finalizers": None}})
        failed = self.reaches("add-column", "Failed")
        self.assertIn(failed["status"]["reason"], ("JobVanished", "JobDeleted", "PodDeleted"))
        self.assertIn(job, failed["status"]["message"])
        self.assertNotIn("version", self.ledger())
        self.has_run("add-column")

    def test_spec_edited_during_the_run(self):
        """The edit is kept for later; the run goes on, and what it did is what counts."""
        self.migrate("add-column", self.probe("add-column", gate="go"))
        self.running_probe("add-column")
        self.says("add-column", "runs", phase="Running")
        self.edited_run_goes_on()

    def test_spec_edited_as_the_run_starts(self):
        """The same at the moment at which the run has started and the kubelet has not yet said so (R4)."""
        self.migrate("add-column", self.probe("add-column", gate="go"))
        self.running_probe("add-column")
        self.edited_run_goes_on()

    def edited_run_goes_on(self):
        self.api.patch("schemamigrations", self.namespace, "add-column", {"spec": {"run": self.probe("edited")}})
        self.expect("add-column", lambda seen: seen["status"].get("observedGeneration") == 2, "sees the edit")
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        self.has_run("add-column")
        self.assertEqual("ended", self.database.runs()[0][3])

    def test_job_deleted_after_success(self):
        """Succeeded is the end: the Job's deletion runs nothing again, and the status stays."""
        self.migrate("add-column")
        done = self.reaches("add-column", "Succeeded")
        self.api.delete("jobs", self.namespace, self.job_of(done))
        self.api.wait("jobs", self.namespace, self.job_of(done), lambda seen: seen is None, "is gone", 30)
        self.migrate("next", toVersion="2")
        self.reaches("next", "Succeeded")
        self.assertEqual("Succeeded", self.migration("add-column")["status"]["phase"])
        self.has_run("add-column", "next")

    def test_applied_again(self):
        """Deleted and applied again without its status, as a restore does: it is not run twice (R3)."""
        self.migrate("add-column")
        self.reaches("add-column", "Succeeded")
        self.api.delete("schemamigrations", self.namespace, "add-column")
        self.api.wait("schemamigrations", self.namespace, "add-column", lambda seen: seen is None, "is gone", 30)
        self.migrate("add-column")
        self.reaches("add-column", "Succeeded", "AlreadyApplied")
        self.has_run("add-column")

    def test_keep_for(self):
        """keepFor is the finished Job's time to live, and only of the finished one; its owner comes with it."""
        self.migrate("add-column", self.probe("add-column", gate="go", keepFor="10m"))
        self.running_probe("add-column")
        job = self.api.get("jobs", self.namespace, self.job_of(self.migration("add-column")))
        self.assertNotIn("ttlSecondsAfterFinished", job["spec"])
        self.assertNotIn("ownerReferences", job["metadata"])
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        job = self.api.wait("jobs", self.namespace, job["metadata"]["name"],
                            lambda seen: seen and "ttlSecondsAfterFinished" in seen["spec"], "has a time to live", 20)
        self.assertEqual(600, job["spec"]["ttlSecondsAfterFinished"])
        self.assertEqual("SchemaMigration", job["metadata"]["ownerReferences"][0]["kind"])
        self.assertNotIn("finalizers", job["metadata"])

    def test_the_application_s_services_do_not_select_the_run(self):
        """Labels are not inherited; the environment is."""
        workload = self.idle()
        self.deploy(workload)
        self.migrate("add-column", {"container": {"inheritFrom": {"name": APP}, "image": "probe:1.0.0",
                                                  "command": ["/bin/probe"], "args": ["-as=add-column", "-gate=go"]}})
        self.running_probe("add-column")
        pods = self.api.list("pods", self.namespace, f"app={APP}")
        self.assertEqual(1, len(pods), [pod["metadata"]["name"] for pod in pods])
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")

    def test_alembic(self):
        """A tool of another language, in an image of its own; the second revision by a second migration."""
        def run(revision):
            return {"container": {"image": "orders-alembic:1.0.0", "command": ["alembic", "upgrade", revision],
                                  "envFrom": [{"secretRef": {"name": "orders-db"}}]}}

        self.migrate("invoices", run("0001"), toVersion="0001")
        self.migrate("invoices-due", run("0002"), fromVersion="0001", toVersion="0002")
        self.reaches("invoices-due", "Succeeded", timeout=90)
        self.assertEqual("0002", self.database.one("SELECT version_num FROM alembic_version"))
        self.assertEqual("0002", self.ledger()["version"])
        self.assertEqual([["due"], ["id"]], self.database.query(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'invoices' ORDER BY 1"))
