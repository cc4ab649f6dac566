# SPDX-License-Identifier: Apache-2.0
"""Stories of people's hands on the Job of a run. Whatever they do, the migration runs once, and its status says so."""
from harness.api import ApiError
from harness.story import Story

LONG_ENOUGH = "8s"  # for a busy machine to see that the run still ends


class Jobs(Story):

    def edit(self, job, **spec):
        self.api.patch("jobs", self.namespace, job, {"spec": spec})

    def is_refused(self, job, **spec):
        with self.assertRaises(ApiError) as refusal:
            self.edit(job, **spec)
        self.assertEqual(422, refusal.exception.code)

    def is_taken_away(self, job):
        """The Job is being deleted while its pod still ends."""
        self.api.wait("jobs", self.namespace, job, lambda seen: seen["metadata"].get("deletionTimestamp"), "is being deleted")
        self.assertEqual("running", self.database.runs()[0][3])
        self.says("add-column", job, "waiting for its pod to end", phase="Running")

    def test_orphaned(self):
        """kubectl delete job --cascade=orphan: nobody looks after the pod any more, and it goes on; its result counts."""
        job, _ = self.begin("add-column", gate="go")
        self.api.delete("jobs", self.namespace, job, "Orphan")
        self.says("add-column", job, "is being deleted", phase="Running")
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        self.rival_runs_after("add-column")
        self.api.wait("jobs", self.namespace, job, lambda seen: seen is None, "is gone")
        self.assertEqual(["1", "2"], self.ledger()["passed"])

    def test_suspended_and_resumed(self):
        """Suspended, and resumed before the run has ended: Kubernetes would start it anew, had the Job not been deleted at
        once (the Job controller does not count a pod that it stopped itself)."""
        job, _ = self.begin("add-column", exit_on_term=0, linger=LONG_ENOUGH)
        self.edit(job, suspend=True)
        self.is_taken_away(job)
        self.edit(job, suspend=False)
        failed = self.reaches("add-column", "Failed")
        self.assertEqual("InterruptedUnproven", failed["status"]["reason"])
        self.rival_runs_after("add-column")
        self.assertEqual(["2"], self.ledger()["passed"])

    def test_suspended(self):
        """Suspended and left so: the run was cut off."""
        job, _ = self.begin("add-column", exit_on_term=9, linger="1s")
        self.edit(job, suspend=True)
        failed = self.reaches("add-column", "Failed")
        self.assertEqual(("Suspended", 9), (failed["status"]["reason"], failed["status"]["attempt"]["exitCode"]))
        self.rival_runs_after("add-column")

    def test_suspended_before_it_has_a_node(self):
        """A pod that never was on a node leaves nobody who could tell its end."""
        run = self.probe("add-column")
        self.migrate("add-column", {"podTemplate": {"spec": {
            "nodeSelector": {"no-such": "node"}, "containers": [{"name": "run", **run["container"]}]}}})
        self.says("add-column", "cannot start", phase="Running")
        job = self.job_of(self.migration("add-column"))
        self.edit(job, suspend=True)
        self.poll(lambda: self.migration("add-column")["status"]["phase"] == "Failed", "it is ended")
        self.has_run()

    def test_parallelism_2(self):
        """Of one completion the Job controller makes one pod, however many may run side by side; the status says what was
        done all the same. What would make it two is refused."""
        job, _ = self.begin("add-column", gate="go")
        self.is_refused(job, completions=2)
        self.is_refused(job, template={"metadata": {"labels": {"another": "label"}}})
        self.edit(job, parallelism=2)
        self.says("add-column", job, "edited by hand", "parallelism 2", phase="Running")
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        self.rival_runs_after("add-column")

    def test_parallelism_0_and_1_again(self):
        """The Job controller stops what is too many, and would start it again."""
        job, _ = self.begin("add-column", exit_on_term=0, linger=LONG_ENOUGH)
        self.edit(job, parallelism=0)
        self.is_taken_away(job)
        self.edit(job, parallelism=1)
        failed = self.reaches("add-column", "Failed", "InterruptedUnproven")
        self.assertEqual(0, failed["status"]["attempt"]["exitCode"])
        self.rival_runs_after("add-column")

    def test_backoff_limit(self):
        """Retries are the Job controller's default; the pod failure policy keeps it from them."""
        job, _ = self.begin("add-column", gate="go", exit_code=3)
        self.edit(job, backoffLimit=6)
        self.says("add-column", job, "edited by hand", "backoffLimit 6", phase="Running")
        self.database.open_gate("go")
        failed = self.reaches("add-column", "Failed", "ExitCode")
        self.assertEqual(3, failed["status"]["attempt"]["exitCode"])
        self.rival_runs_after("add-column")

    def test_backoff_limit_and_init_container(self):
        """The same when an init container fails, of which a policy for the run's container alone would know nothing."""
        self.migrate("add-column", {"podTemplate": {"spec": {
            "initContainers": [{"name": "first", **self.probe_container("first", gate="go", exit_code=3)}],
            "containers": [{"name": "run", **self.probe_container("add-column")}]}}})
        self.running_probe("first")
        self.migrate("rival", toVersion="2")
        self.edit(self.job_of(self.migration("add-column")), backoffLimit=6)
        self.database.open_gate("go")
        self.reaches("add-column", "Failed", "InitContainerFailed")
        self.rival_runs_after("first")

    def test_deadline(self):
        """A person ends the run by the Job's deadline."""
        job, _ = self.begin("add-column", exit_on_term=0, linger="1s")
        self.edit(job, activeDeadlineSeconds=1)
        failed = self.reaches("add-column", "Failed")
        self.assertIn(failed["status"]["reason"], ("DeadlineExceeded", "InterruptedUnproven"))
        self.rival_runs_after("add-column")
        self.assertEqual(["2"], self.ledger()["passed"])

    def test_without_its_labels(self):
        """Without its labels the Job is seen by nobody's watch any more; the end of its run is."""
        job, _ = self.begin("add-column", gate="go")
        self.api.patch("jobs", self.namespace, job, {"metadata": {"labels": {
            "interlude.dev/migration": None, "interlude.dev/migration-uid": None, "interlude.dev/attempt": None}}})
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        self.rival_runs_after("add-column")
        self.api.wait("jobs", self.namespace, job,
                      lambda seen: "interlude.dev/outcome" not in seen["metadata"].get("finalizers", []), "is let go", 20)

    def test_without_finalizers(self):
        """Ours are taken off by force, and the pod is deleted by force: the Job controller's own still holds it."""
        job, pod = self.begin("add-column", exit_on_term=0, linger="1s")
        self.api.patch("jobs", self.namespace, job, {"metadata": {"finalizers": None}})
        self.api.patch("pods", self.namespace, pod, {"metadata": {"finalizers": ["batch.kubernetes.io/job-tracking"]}})
        self.api.delete("pods", self.namespace, pod, gracePeriodSeconds=0)
        failed = self.reaches("add-column", "Failed")
        self.assertIn(failed["status"]["reason"], ("InterruptedUnproven", "PodDeleted"))
        self.rival_runs_after("add-column")
