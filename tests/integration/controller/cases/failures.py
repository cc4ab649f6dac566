# SPDX-License-Identifier: Apache-2.0
"""Runs that fail, and how they are tried again."""
from ground.case import Case, steered


class Failures(Case):

    def test_exit_code_then_an_edit(self):
        """Exit code and last output stand in the status; an edit of the spec is a new attempt."""
        self.migrate(how={"exit_code": 3, "message": "ERROR: column exists"})
        status = self.fails(reason="ExitCode")["status"]
        attempt = status["attempt"]
        self.assertEqual((1, "Failed", 3, "ExitCode"), tuple(attempt[key] for key in ("number", "outcome", "exitCode", "reason")))
        for text in (attempt["message"], status["message"]):
            self.assertIn("exit code 3", text)
            self.assertIn("ERROR: column exists", text)
        self.assertEqual({"Ready": "False", "Reconciling": "False", "Stalled": "True"},
                         {kind: value for kind, value in self.conditions(self.migration()).items() if kind in ("Ready", "Reconciling", "Stalled")})
        self.assertNotIn("version", self.ledger())
        self.assertIsNone(self.claim())
        warnings = self.world.until(self.namespace, lambda: [e for e in self.events("first") if e["type"] == "Warning"], "a Warning comes")
        self.assertIn("ERROR: column exists", warnings[0]["message"])

        self.change(run=self.spec(how={"exit_code": 0})["run"])
        status = self.succeeds()["status"]
        self.assertEqual((2, [(1, 3)]), (status["attempt"]["number"], [(a["number"], a["exitCode"]) for a in status["attempts"]]))
        self.assertEqual(2, len(self.started("first")))
        self.assertEqual(["1"], self.ledger()["passed"])
        self.holds()

    def test_retry_annotation(self):
        """The annotation names the attempt that failed; it works once."""
        self.migrate(how={"exit_code": 1})
        self.fails(attempt=1)
        self.annotate(retry="2")
        self.stays(lambda: self.migration()["status"]["attempt"]["number"] == 1, "a retry of another attempt asks for nothing", 1)
        self.annotate(retry="1")
        status = self.fails(attempt=2)["status"]
        self.assertEqual([1], [earlier["number"] for earlier in status["attempts"]])
        self.annotate(nothing="new")
        self.stays(lambda: self.migration()["status"]["attempt"]["number"] == 2, "the annotation does not work twice", 1)
        self.assertEqual(2, len(self.started("first")))
        self.holds()

    def test_retries(self):
        """retries: 1 is two attempts and not three, with a pause that the message tells."""
        self.migrate(how={"exit_code": 1, "message": "deadlock"}, retries=1)
        waiting = self.reaches("first", "Waiting", "RetryBackoff", attempt=1)
        self.assertIn("deadlock", waiting["status"]["message"])
        self.assertEqual("False", self.conditions(waiting)["Stalled"])
        self.expect("first", lambda seen: "attempt 2 may begin at" in seen["status"]["message"], "says when")
        status = self.fails(attempt=2)["status"]
        self.assertEqual(2, len(self.started("first")))
        self.assertNotIn("retries left", status["message"])
        self.holds()

    test_retries.lasts = 15

    def test_killed_for_memory(self):
        """OOMKilled, as a kubelet tells it."""
        self.migrate(how={"frozen": "true"})
        pod = self.world.until(self.namespace, lambda: [p for p in self.pods() if p["spec"].get("nodeName")], "a pod comes")[0]
        container = pod["spec"]["containers"][0]["name"]
        now = pod["metadata"]["creationTimestamp"]
        ended = {"exitCode": 137, "reason": "OOMKilled", "startedAt": now, "finishedAt": now}
        self.api.change("pods", self.namespace, pod["metadata"]["name"], subresource="status", body={"status": {
            "phase": "Failed", "startTime": now, "containerStatuses": [{
                "name": container, "image": "tool:1", "imageID": "", "ready": False, "restartCount": 0, "state": {"terminated": ended}}]}})
        status = self.fails(reason="OOMKilled")["status"]
        self.assertEqual(137, status["attempt"]["exitCode"])
        self.assertIn("OOMKilled", status["message"])
        self.holds()

    def test_timeout(self):
        """The deadline counts from the start, and its end is told as what it is."""
        self.migrate(how={"hold": "true"}, timeout="10s")
        status = self.fails(reason="DeadlineExceeded")["status"]
        self.assertIn("10s", status["message"])
        self.assertEqual(1, len(self.started("first")))
        self.assertIsNone(self.claim())
        self.assertNotIn("version", self.ledger())
        self.holds()

    def test_start_timeout(self):
        """An image that cannot be pulled: the message tells while it waits; then it ends without having run."""
        self.migrate(how={"waiting_reason": "ImagePullBackOff", "message": "no such image: tool:1"}, startTimeout="4s")
        waiting = self.reaches("first", "Running", "ImagePullBackOff")
        self.assertIn("no such image: tool:1", waiting["status"]["message"])
        status = self.fails(reason="NeverStarted")["status"]
        self.assertIn("no such image: tool:1", status["message"])
        self.assertNotIn("exitCode", status["attempt"])
        self.assertIsNone(self.claim())
        self.holds()

    test_start_timeout.lasts = 6

    def test_edit_of_what_never_started(self):
        """R4a: nothing has started, so an edit ends the attempt without waiting for a timeout."""
        self.migrate(how={"waiting_reason": "ErrImagePull"})
        self.reaches("first", "Running", "ErrImagePull")
        self.change(run={"container": {"image": "tool:2", "annotations": {key: None for key in steered(waiting_reason="")}}})
        status = self.succeeds()["status"]
        self.assertEqual((2, ["NeverStarted"]), (status["attempt"]["number"], [a["reason"] for a in status["attempts"]]))
        self.holds()

    def test_retry_of_what_never_started(self):
        """R4a: so does a retry of the attempt that waits."""
        self.migrate(how={"waiting_reason": "ErrImagePull"})
        self.reaches("first", "Running", "ErrImagePull")
        self.annotate(retry="1")
        self.expect("first", lambda seen: seen["status"]["attempt"]["number"] == 2 and seen["status"]["reason"] == "ErrImagePull", "tries again")
        self.assertEqual(["NeverStarted"], [a["reason"] for a in self.migration()["status"]["attempts"]])
        self.assertEqual(2, len(self.started("first")))
        self.holds()

    def test_start_that_comes_late(self):
        """The image comes at last: the same attempt runs."""
        self.migrate(how={"waiting_reason": "ImagePullBackOff"})
        self.reaches("first", "Running", "ImagePullBackOff")
        self.api.change("pods", self.namespace, self.pods()[0]["metadata"]["name"],
                        {"metadata": {"annotations": {key: None for key in steered(waiting_reason="")}}})
        self.assertEqual(1, self.succeeds()["status"]["attempt"]["number"])
        self.holds()

    def test_quota(self):
        """A ResourceQuota that forbids the pod: the message names it; when it goes the same attempt runs."""
        self.api.create("resourcequotas", self.namespace, {"metadata": {"name": "no-pods"}, "spec": {"hard": {"pods": "0"}}})
        self.world_settles_quota()
        self.migrate(startTimeout="60s")
        refused = self.expect("first", lambda seen: "no-pods" in seen["status"].get("message", ""), "names the quota")
        if refused["status"]["phase"] == "Running":
            self.assertEqual("FailedCreate", refused["status"]["reason"])
        else:
            self.assertEqual("False", self.conditions(refused)["JobValid"])
        self.api.delete("resourcequotas", self.namespace, "no-pods")
        self.succeeds()
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    test_quota.lasts = 20

    def world_settles_quota(self):
        def counted():
            return self.api.get("resourcequotas", self.namespace, "no-pods").get("status", {}).get("hard")

        while not counted():
            self.stays(lambda: True, "", 0.1)

    def test_quota_that_comes_after_the_dry_run(self):
        """The Job is let go and no pod comes: the Job's Events tell why, and startTimeout ends it."""
        self.migrate("other", to="0", how={"hold": "true"})
        self.running("other")
        self.migrate("first", startTimeout="6s")
        self.closed("LockHeld")
        self.api.create("resourcequotas", self.namespace, {"metadata": {"name": "no-secrets"}, "spec": {"hard": {"requests.cpu": "1m"}}})
        self.stays(lambda: True, "", 0.5)
        self.finish("other")
        self.succeeds("other")
        waiting = self.expect("first", lambda seen: "no-secrets" in seen["status"].get("message", ""), "names the quota")
        self.assertIn(waiting["status"]["phase"], ("Waiting", "Running"))
        self.holds()

    test_quota_that_comes_after_the_dry_run.lasts = 12

    def test_init_container_that_fails(self):
        """What keeps the run from starting is told by name."""
        self.migrate(run={"podTemplate": {
            "metadata": {"annotations": {"kwok.interlude.dev/exit-code.wait": "4", "kwok.interlude.dev/message.wait": "no database"}},
            "spec": {"restartPolicy": "Never", "initContainers": [{"name": "wait", "image": "wait:1"}],
                     "containers": [{"name": "tool", "image": "tool:1"}]}}})
        status = self.fails(reason="InitContainerFailed")["status"]
        self.assertIn("container wait: no database", status["message"])
        self.holds()
