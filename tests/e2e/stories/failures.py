# SPDX-License-Identifier: Apache-2.0
"""Stories of runs that fail."""
from harness.story import Story

NOWHERE = "127.0.0.1:1/no-such:1"  # nothing listens there: the pull fails at once, without a look-up


class Failures(Story):

    def test_exit_code_then_fixed(self):
        """Exit code and last output stand in the status; an edit of the spec is a new attempt."""
        self.migrate("add-column", self.probe("broken", exit_code=3, say="ERROR: column exists"))
        failed = self.reaches("add-column", "Failed")
        attempt = failed["status"]["attempt"]
        self.assertEqual((1, "Failed", 3), (attempt["number"], attempt["outcome"], attempt["exitCode"]))
        for text in (attempt["message"], failed["status"]["message"]):
            self.assertIn("3", text)
            self.assertIn("ERROR: column exists", text)
        self.assertEqual("True", self.conditions(failed)["Stalled"]["status"])
        self.assertNotIn("version", self.ledger())
        self.assertNotIn("claim", self.ledger())

        self.api.patch("schemamigrations", self.namespace, "add-column", {"spec": {"run": self.probe("fixed")}})
        done = self.reaches("add-column", "Succeeded")
        self.assertEqual(2, done["status"]["attempt"]["number"])
        self.assertEqual([3], [earlier.get("exitCode") for earlier in done["status"]["attempts"]])
        self.assertEqual("1", self.ledger()["version"])
        self.has_run("broken", "fixed")

    def test_retry_by_annotation(self):
        """A person asks for attempt 2 by naming attempt 1; the annotation does not work twice."""
        self.migrate("add-column", self.probe("add-column", exit_code=1))
        self.reaches("add-column", "Failed")
        self.api.patch("schemamigrations", self.namespace, "add-column",
                       {"metadata": {"annotations": {"interlude.dev/retry": "1"}}})
        seen = self.expect("add-column", lambda seen: seen["status"]["phase"] == "Failed"
                           and seen["status"]["attempt"]["number"] == 2, "has failed twice")
        self.assertEqual(1, seen["status"]["attempts"][0]["number"])
        self.api.patch("schemamigrations", self.namespace, "add-column", {"metadata": {"annotations": {"unrelated": "yes"}}})
        self.settles("add-column")
        self.has_run("add-column", "add-column")

    def test_retries(self):
        """retries: 1 is two attempts, not three."""
        self.migrate("add-column", self.probe("add-column", exit_code=1, retries=1))
        self.expect("add-column", lambda seen: seen.get("status", {}).get("phase") == "Failed"
                    and seen["status"]["attempt"]["number"] == 2, "has failed twice", 90)
        self.settles("add-column")
        self.has_run("add-column", "add-column")

    def test_out_of_memory(self):
        """Not at once: of a container that is killed as it starts the runtime may tell an Error (containerd issue 8180)."""
        self.migrate("greedy", {"container": {
            **self.shell("sleep 3; exec tail /dev/zero")["container"], "resources": {"limits": {"memory": "24Mi"}}}})
        failed = self.reaches("greedy", "Failed")
        self.assertEqual("OOMKilled", failed["status"]["reason"])
        self.assertIn("OOMKilled", failed["status"]["message"])
        self.assertEqual(137, failed["status"]["attempt"]["exitCode"])

    def test_timeout(self):
        """The run is ended by its deadline; what it was doing stands in the database."""
        self.migrate("slow", self.probe("slow", gate="never", timeout="9s"))
        failed = self.reaches("slow", "Failed")
        self.assertEqual("DeadlineExceeded", failed["status"]["reason"])
        self.assertIn("9s", failed["status"]["message"])
        self.assertEqual([["slow", "t", "terminated"]], [[run[0], run[2], run[3]] for run in self.database.runs()])
        self.assertNotIn("claim", self.ledger())

    def test_image_that_does_not_exist(self):
        """It says so while it waits, and startTimeout ends it; an edit runs the right one."""
        run = self.probe("right", startTimeout="20s")
        wrong = {**run, "container": {**run["container"], "image": NOWHERE}}
        self.migrate("add-column", wrong)
        self.says("add-column", NOWHERE, phase="Running")
        failed = self.reaches("add-column", "Failed", "NeverStarted")
        self.assertIn(NOWHERE, failed["status"]["message"])
        self.has_run()
        self.api.patch("schemamigrations", self.namespace, "add-column", {"spec": {"run": {"container": {"image": "probe:1.0.0"}}}})
        self.reaches("add-column", "Succeeded")
        self.has_run("right")

    def test_edit_of_a_run_that_cannot_start(self):
        """Nothing has started, so the edit ends it without waiting for a timeout."""
        run = self.probe("right")
        self.migrate("add-column", {**run, "container": {**run["container"], "image": NOWHERE}})
        self.says("add-column", NOWHERE, phase="Running")
        self.api.patch("schemamigrations", self.namespace, "add-column", {"spec": {"run": {"container": {"image": "probe:1.0.0"}}}})
        done = self.reaches("add-column", "Succeeded")
        self.assertEqual(2, done["status"]["attempt"]["number"])
        self.has_run("right")

    def test_sigterm_trap_that_exits_with_zero(self):
        """A pod that is deleted and then exits with 0 has not proven anything (R8a)."""
        self.migrate("polite", self.probe("polite", gate="never", exit_on_term=0))
        self.running_probe("polite")
        pod = self.database.runs()[0][1]
        self.api.delete("pods", self.namespace, pod)
        failed = self.reaches("polite", "Failed")
        self.assertIn(failed["status"]["reason"], ("InterruptedUnproven", "PodDeleted"))
        self.assertNotIn("version", self.ledger())
        self.has_run("polite")

    def test_check_that_fails(self):
        """The run exits with 0, its check does not: VerifyFailed, both are told, the ledger stays (R20)."""
        self.migrate("add-column", self.probe("add-column", say="nothing to do", retries=2,
                                              verify=self.step("check", say="no such column", exit_code=4)))
        failed = self.reaches("add-column", "Failed", "VerifyFailed")
        attempt = failed["status"]["attempt"]
        self.assertEqual((0, 4), (attempt["exitCode"], attempt["verify"]["exitCode"]))
        self.assertIn("no such column", attempt["verify"]["message"])
        for text in ("exit code 4", "no such column"):
            self.assertIn(text, failed["status"]["message"])
        self.assertNotIn("version", self.ledger())
        self.settles("add-column")
        self.has_run("add-column", "check")

    def test_evicted_then_recovered(self):
        """Evicted by the API, tried again by itself: recover, the run, its check; one after the other (R21)."""
        self.migrate("long", self.probe("long", gate="go", onInterruption="Retry", recover=self.step("unlock"), verify=self.step("check")))
        self.running_probe("long")
        self.api.evict(self.namespace, self.database.runs()[0][1])
        waiting = self.reaches("long", "Waiting", "RetryBackoff")
        self.assertEqual("EvictionByEvictionAPI", waiting["status"]["attempt"]["reason"])
        self.assertTrue(waiting["status"]["attempt"]["interrupted"])
        self.running_probe("long", 2)
        self.database.open_gate("go")
        done = self.reaches("long", "Succeeded")
        self.assertEqual((2, 0), (done["status"]["attempt"]["number"], done["status"]["attempt"]["verify"]["exitCode"]))
        self.assertEqual("1", self.ledger()["version"])
        self.has_run("long", "unlock", "long", "check")

    def settles(self, name):
        """The controller has seen the latest change: another migration, applied after it, has run its course."""
        self.migrate(f"after-{name}", {"container": self.shell("true")["container"]}, database="elsewhere")
        self.reaches(f"after-{name}", "Succeeded")
        self.assertEqual("Failed", self.migration(name)["status"]["phase"])
