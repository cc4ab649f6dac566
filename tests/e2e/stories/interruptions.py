# SPDX-License-Identifier: Apache-2.0
"""Stories of runs that are cut off from outside. Behind each waits a rival: it must not begin before the other's process
has really ended, which the database knows (the probe lingers after it is asked to stop)."""
from harness.story import Story

LINGERS = {"linger": "1500ms"}


class Interruptions(Story):

    def failed_without_a_trace(self, name, reason):
        """Failed, not retried, and the ledger knows of nothing."""
        failed = self.reaches(name, "Failed")
        attempt = failed["status"]["attempt"]
        self.assertEqual((1, reason, "Failed"), (attempt["number"], attempt["reason"], attempt["outcome"]))
        self.rival_runs_after(name)
        self.assertEqual(["2"], self.ledger()["passed"])
        self.assertEqual(1, self.migration(name)["status"]["attempt"]["number"])
        self.assertEqual("terminated", self.database.runs()[0][3])
        return attempt

    def test_eviction_exit_0(self):
        """Evicted by the API: the trap's exit 0 makes the Job Complete, and proves nothing (R8a)."""
        _, pod = self.begin("add-column", exit_on_term=0, retries=2, **LINGERS)
        self.api.evict(self.namespace, pod)
        self.failed_without_a_trace("add-column", "InterruptedUnproven")

    def test_eviction_exit_7(self):
        """The same, and another exit code: not a failure of the run, so run.retries has no say."""
        _, pod = self.begin("add-column", exit_on_term=7, retries=2, **LINGERS)
        self.api.evict(self.namespace, pod)
        attempt = self.failed_without_a_trace("add-column", "EvictionByEvictionAPI")
        self.assertEqual(7, attempt["exitCode"])

    def test_deletion_of_the_pod(self):
        _, pod = self.begin("add-column", exit_on_term=7, retries=2, **LINGERS)
        self.api.delete("pods", self.namespace, pod)
        self.failed_without_a_trace("add-column", "PodDeleted")

    def test_forced_deletion_of_the_pod(self):
        """kubectl delete --force --grace-period=0: the API server would forget the pod at once, while its process runs. Our
        finalizer keeps it from that, until the kubelet has told the end."""
        job, pod = self.begin("add-column", exit_on_term=0, **LINGERS)
        self.api.delete("pods", self.namespace, pod, gracePeriodSeconds=0)
        self.assertIsNotNone(self.api.get("pods", self.namespace, pod), "the finalizer does not hold the pod")
        failed = self.reaches("add-column", "Failed")
        self.assertIn(failed["status"]["reason"], ("InterruptedUnproven", "PodDeleted"))
        self.rival_runs_after("add-column")
        self.assertEqual(["2"], self.ledger()["passed"])
        self.assertTrue(job)

    def test_deletion_just_after_the_end(self):
        """Deleted when it has ended by itself: the success stands."""
        _, pod = self.begin("add-column", gate="go")
        self.database.open_gate("go")
        self.poll(lambda: self.database.runs()[0][3] == "ended", "the run ends")
        self.api.delete("pods", self.namespace, pod)
        seen = self.expect("add-column", lambda now: now["status"]["phase"] in ("Succeeded", "Failed"), "has ended")
        # The deletion may have come before the process was gone: then nothing is proven, and the ledger stays.
        done = seen["status"]["phase"] == "Succeeded"
        self.assertEqual("Completed" if done else "InterruptedUnproven", seen["status"]["reason"])
        self.rival_runs_after("add-column")
        self.assertEqual(["1", "2"] if done else ["2"], self.ledger()["passed"])

    def test_out_of_memory_while_it_holds_the_lock(self):
        """Killed by the kernel: a failure of the run, so it is tried again, alone."""
        run = self.probe("add-column", gate="go", greedy=True, retries=1)
        run["container"]["resources"] = {"limits": {"memory": "48Mi"}}
        self.migrate("add-column", run)
        self.running_probe("add-column")
        self.migrate("rival", toVersion="2")
        self.says("rival", "add-column", phase="Waiting")
        self.database.open_gate("go")
        failed = self.expect("add-column", lambda seen: seen["status"]["phase"] == "Failed", "has failed twice", 90)
        attempts = [failed["status"]["attempt"], *failed["status"]["attempts"]]
        self.assertEqual([(2, "OOMKilled", 137), (1, "OOMKilled", 137)],
                         [(a["number"], a["reason"], a["exitCode"]) for a in attempts])
        self.reaches("rival", "Succeeded")
        runs = [run[0] for run in self.database.runs()]
        self.assertEqual(["add-column", "add-column", "rival"], sorted(runs), runs)
