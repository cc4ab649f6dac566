# SPDX-License-Identifier: Apache-2.0
"""What follows a run that was cut off: run.onInterruption and run.recover; and the check after a run, run.verify."""
from ground.case import Case, steered
from ground.controller import Controller

ARGV = {"command": ["tool", "unlock"]}
CHECK = {"command": ["tool", "status"]}


class Steps(Case):
    """Words for runs with steps around them. The run's container is called migration, the others by their field."""

    def evict(self, name="first"):
        self.api.evict(self.namespace, self.running_pod(name)["metadata"]["name"])

    def containers(self, attempt, name="first"):
        """The names of an attempt's containers, in the order in which they start."""
        job = next(job for job in self.jobs(name) if job["metadata"]["labels"]["interlude.dev/attempt"] == str(attempt))
        spec = job["spec"]["template"]["spec"]
        return [container["name"] for container in spec.get("initContainers", []) + spec["containers"]]

    def allow(self, attempt=None, **how):
        """Changes how the pods of a run that is going on will end."""
        for pod in self.pods():
            if attempt in (None, int(pod["metadata"]["labels"]["interlude.dev/attempt"])):
                self.api.change("pods", self.namespace, pod["metadata"]["name"], {"metadata": {"annotations": steered(**how)}})


class OnInterruption(Steps):

    def test_evicted_then_tried_again(self):
        """A new attempt comes by itself, after a pause, with recover first; the record of the first stays."""
        self.migrate(how={"hold": "true", "run-for.recover": "10ms", "hold.recover": "false"}, onInterruption="Retry", recover=ARGV)
        self.evict()
        waiting = self.reaches("first", "Waiting", "RetryBackoff", attempt=1)["status"]
        self.assertIn("Eviction API: evicting", waiting["message"])
        self.assertEqual((True, True, "EvictionByEvictionAPI"),
                         tuple(waiting["attempt"][key] for key in ("interrupted", "recoveryDue", "reason")))
        self.expect("first", lambda seen: "attempt 2 may begin at" in seen["status"]["message"], "says when")
        self.expect("first", lambda seen: seen["status"]["attempt"]["number"] == 2 and seen["status"]["reason"] == "JobRunning", "runs again")
        self.assertEqual((["migration"], ["recover", "migration"]), (self.containers(1), self.containers(2)))
        self.finish()
        status = self.succeeds()["status"]
        self.assertEqual((2, [(1, True)]), (status["attempt"]["number"], [(a["number"], a["interrupted"]) for a in status["attempts"]]))
        self.assertNotIn("recoveryDue", status["attempt"])
        self.assertEqual(2, len(self.started("first")))
        self.assertEqual(["1"], self.ledger()["passed"])
        self.holds()

    test_evicted_then_tried_again.lasts = 15

    def test_preempted_by_the_scheduler(self):
        """A pod of higher priority takes the node: told by the scheduler's own word; the run comes back when there is room."""
        self.api.request("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": self.namespace}, "value": 1000000})
        self.addCleanup(self.api.request, "DELETE", f"/apis/scheduling.k8s.io/v1/priorityclasses/{self.namespace}")
        most = {"requests": {"cpu": "6k"}}
        self.migrate(run={"container": {"image": "tool:1", "annotations": steered(hold="true"), "resources": most}}, onInterruption="Retry")
        self.running_pod()
        self.api.create("pods", self.namespace, {"metadata": {"name": "urgent"}, "spec": {
            "priorityClassName": self.namespace, "containers": [{"name": "a", "image": "a:1", "resources": most}]}})
        waiting = self.reaches("first", "Waiting", "RetryBackoff", attempt=1)["status"]
        self.assertEqual("PreemptionByScheduler", waiting["attempt"]["reason"])
        self.expect("first", lambda seen: seen["status"]["attempt"]["number"] == 2 and seen["status"]["reason"] == "Unschedulable", "waits for room")
        self.delete("pods", "urgent")
        self.running_pod()
        self.finish()
        self.assertEqual(2, self.succeeds()["status"]["attempt"]["number"])
        self.holds()

    test_preempted_by_the_scheduler.lasts = 15

    def test_exit_code_is_no_interruption(self):
        self.migrate(how={"exit_code": 143}, onInterruption="Retry")
        status = self.fails(reason="ExitCode")["status"]
        self.assertNotIn("interrupted", status["attempt"])
        self.stays(lambda: self.migration()["status"]["phase"] == "Failed" and len(self.jobs()) == 1, "nothing follows", 1)
        self.holds()

    def test_timeout_is_no_interruption(self):
        self.migrate(how={"hold": "true"}, onInterruption="Retry", timeout="8s")
        status = self.fails(reason="DeadlineExceeded")["status"]
        self.assertNotIn("interrupted", status["attempt"])
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    test_timeout_is_no_interruption.lasts = 10

    def test_pod_deleted_before_it_started(self):
        """A drain while the image is pulled: nothing ran, and yet it was cut off. There is nothing to recover."""
        self.migrate(how={"waiting_reason": "ImagePullBackOff"}, onInterruption="Retry", recover=ARGV)
        self.reaches("first", "Running", "ImagePullBackOff")
        self.api.evict(self.namespace, self.pods()[0]["metadata"]["name"])
        waiting = self.reaches("first", "Waiting", "RetryBackoff", attempt=1)["status"]["attempt"]
        self.assertEqual(("NeverStarted", True, False), (waiting["reason"], waiting["interrupted"], "recoveryDue" in waiting))
        self.expect("first", lambda seen: seen["status"]["attempt"]["number"] == 2 and seen["status"]["reason"] == "ImagePullBackOff", "tries again")
        self.assertEqual(["migration"], self.containers(2))
        self.holds()

    test_pod_deleted_before_it_started.lasts = 15

    def test_a_person_decides(self):
        """Fail, the default: the message says what can be done; a retry by annotation recovers first."""
        self.migrate(how={"hold": "true", "hold.recover": "false"}, recover=ARGV)
        self.evict()
        status = self.fails(reason="EvictionByEvictionAPI")["status"]
        for words in ("cut off from outside", "Eviction API: evicting", "interlude.dev/retry=1", "run.onInterruption"):
            self.assertIn(words, status["message"])
        self.annotate(retry="1")
        self.reaches("first", "Running", "JobRunning", attempt=2)
        self.assertEqual(["recover", "migration"], self.containers(2))
        self.finish()
        self.succeeds()
        self.holds()

    def test_suspended_while_it_waits(self):
        """suspend is the way to stop the next attempt."""
        self.migrate(how={"hold": "true"}, onInterruption="Retry")
        self.running_pod()
        self.change(suspend=True)
        self.evict()
        self.reaches("first", "Waiting", attempt=1)
        self.stays(lambda: len(self.jobs()) == 1, "no other attempt", 12)
        self.change(suspend=False)
        self.reaches("first", "Running", attempt=2)
        self.finish_when_it_runs()
        self.succeeds()
        self.holds()

    test_suspended_while_it_waits.lasts = 20

    def finish_when_it_runs(self):
        self.running_pod()
        self.finish()

    def test_lost_node_that_is_confirmed(self):
        """R8b: nothing runs before a person says that the end is certain; then the next attempt comes by itself."""
        self.migrate(how={"hold": "true", "hold.recover": "false"}, onInterruption="Retry", recover=ARGV)
        pod = self.running_pod()["metadata"]["name"]
        self.api.change("pods", self.namespace, pod, {"metadata": {"annotations": {"kwok.interlude.dev/frozen": "true"}}})
        self.api.change("pods", self.namespace, pod, subresource="status", how="strategic", body={"status": {
            "phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "node lost"}]}})
        self.reaches("first", "Failed", "EndUnproven")
        self.stays(lambda: self.claim() and len(self.jobs()) == 1, "nothing follows", 12)
        self.annotate(confirm_ended="1")
        self.reaches("first", "Running", "JobRunning", attempt=2)
        self.assertEqual(["recover", "migration"], self.containers(2))
        self.allow(2, finish="true")
        self.succeeds()
        self.holds()

    test_lost_node_that_is_confirmed.lasts = 25


class Recover(Steps):

    def test_first_attempt_has_none(self):
        self.migrate(recover=ARGV)
        self.succeeds()
        self.assertEqual(["migration"], self.containers(1))
        self.holds()

    def test_not_after_an_exit_code(self):
        self.migrate(how={"exit_code": 1}, recover=ARGV)
        self.fails()
        self.annotate(retry="1")
        self.fails(attempt=2)
        self.assertEqual(["migration"], self.containers(2))
        self.holds()

    def test_that_fails(self):
        """RecoverFailed: the run is not begun, and the attempt after it recovers again."""
        self.migrate(how={"hold.migration": "true", "exit-code.recover": "5", "message.recover": "still locked"}, recover=ARGV)
        self.evict()
        self.fails(reason="EvictionByEvictionAPI")
        self.annotate(retry="1")
        status = self.fails(reason="RecoverFailed", attempt=2)["status"]
        self.assertEqual((5, True), (status["attempt"]["exitCode"], status["attempt"]["recoveryDue"]))
        self.assertNotIn("interrupted", status["attempt"])
        self.assertIn("still locked", status["message"])
        self.assertIn("was not begun", status["message"])
        pod = next(pod for pod in self.pods() if pod["metadata"]["labels"]["interlude.dev/attempt"] == "2")
        self.assertEqual(["waiting"], [key for item in pod["status"]["containerStatuses"] for key in item["state"]])
        self.annotate(retry="2")
        self.fails(reason="RecoverFailed", attempt=3)
        self.assertEqual(["recover", "migration"], self.containers(3))
        self.assertNotIn("version", self.ledger())
        self.holds()

    def test_evicted_while_it_recovers(self):
        self.migrate(how={"hold": "true"}, recover=ARGV)
        self.evict()
        self.fails()
        self.annotate(retry="1")
        self.reaches("first", "Running", attempt=2)
        self.world.until(self.namespace, lambda: [pod for pod in self.pods() if pod["metadata"]["labels"]["interlude.dev/attempt"] == "2"
                                                  and any("running" in item["state"] for item in pod["status"].get("initContainerStatuses", []))],
                         "recover runs")
        self.api.evict(self.namespace, next(pod["metadata"]["name"] for pod in self.pods()
                                            if pod["metadata"]["labels"]["interlude.dev/attempt"] == "2"))
        status = self.fails(attempt=2)["status"]
        self.assertEqual((True, True), (status["attempt"]["interrupted"], status["attempt"]["recoveryDue"]))
        self.holds()


class Verify(Steps):

    def test_both_succeed(self):
        """The run first, then the check, in its image and environment; the record has both."""
        self.migrate(run={"container": {"image": "tool:1", "args": ["up"], "env": [{"name": "A", "value": "1"}], "annotations": steered(
            **{"message.migration": "3 steps", "message.verify": "all there"})}}, verify=CHECK)
        attempt = self.succeeds()["status"]["attempt"]
        self.assertEqual((0, "3 steps", {"exitCode": 0, "message": "all there"}), (attempt["exitCode"], attempt["message"], attempt["verify"]))
        self.assertEqual(["migration", "verify"], self.containers(1))
        spec = self.jobs()[0]["spec"]["template"]["spec"]
        run, check = spec["initContainers"][0], spec["containers"][0]
        self.assertEqual((["up"], None, ["tool", "status"]), (run.get("args"), check.get("args"), check["command"]))
        self.assertEqual((run["image"], run["env"]), (check["image"], check["env"]))
        self.assertEqual(["1"], self.ledger()["passed"])
        self.holds()

    def test_check_fails(self):
        """R20: the run exits with 0 and did nothing; the ledger stays, and retries do not repeat it."""
        self.migrate(how={"exit-code.verify": "4", "message.migration": "nothing to do", "message.verify": "no such table"},
                     verify=CHECK, retries=2, onInterruption="Retry")
        status = self.fails(reason="VerifyFailed")["status"]
        attempt = status["attempt"]
        self.assertEqual((0, {"exitCode": 4, "message": "no such table"}), (attempt["exitCode"], attempt["verify"]))
        for words in ("its check failed with exit code 4: no such table", "nothing to do"):
            self.assertIn(words, status["message"])
        self.assertNotIn("version", self.ledger())
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    def test_run_fails(self):
        self.migrate(how={"exit-code.migration": "3", "message.migration": "boom"}, verify=CHECK)
        attempt = self.fails(reason="ExitCode")["status"]["attempt"]
        self.assertEqual((3, False), (attempt["exitCode"], "verify" in attempt))
        self.holds()

    def test_evicted_check_that_exits_with_0(self):
        """R8a holds for the check too: asked to stop, it exits with 0, and proves nothing."""
        self.migrate(how={"hold.verify": "true", "on_term_exit_code": 0}, verify=CHECK)
        self.evict()
        self.fails(reason="InterruptedUnproven")
        self.assertNotIn("version", self.ledger())
        self.holds()

    def test_deleted_after_both_succeeded(self):
        """A deletion that comes when both have ended changes nothing; neither does the controller's absence."""
        self.migrate(how={"hold.verify": "true"}, verify=CHECK)
        self.running_pod()
        self.finish()
        self.world.until(self.namespace, lambda: [pod for pod in self.pods() if pod["status"]["phase"] == "Succeeded"], "the pod succeeds")
        self.succeeds()
        self.holds()

    def test_pod_template(self):
        """The template's only container is the run; its sidecars and init containers come before it."""
        self.migrate(run={"podTemplate": {"metadata": {"annotations": {"interlude.dev/verify-container": "mine"}}, "spec": {
            "restartPolicy": "Never",
            "initContainers": [{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}, {"name": "verify", "image": "wait:1"}],
            "containers": [{"name": "tool", "image": "tool:1"}]}}}, verify=CHECK)
        self.succeeds()
        self.assertEqual(["proxy", "verify", "tool", "verify-2"], self.containers(1))
        self.holds()


class Killed(Steps):
    stage = "own"

    def test_between_interruption_and_recovery(self):
        """Nothing but the status tells the next controller that a recovery is due."""
        controller = self.own_controller = Controller(self._testMethodName[5:], "--namespace", self.namespace)
        self.addCleanup(controller.stop)
        controller.start()
        self.migrate(how={"hold": "true", "hold.recover": "false"}, onInterruption="Retry", recover=ARGV, verify=CHECK)
        pod = self.world.until(self.namespace, lambda: [p for p in self.pods() if p["status"].get("initContainerStatuses")
                                                        and "running" in p["status"]["initContainerStatuses"][0]["state"]], "the run starts")[0]
        controller.kill()
        self.api.evict(self.namespace, pod["metadata"]["name"])
        controller.start()
        self.reaches("first", "Waiting", "RetryBackoff", attempt=1)
        controller.kill()
        controller.start()
        self.reaches("first", "Running", attempt=2)
        controller.kill()
        controller.start()
        self.world.until(self.namespace, lambda: [p for p in self.pods() if len(p["status"].get("initContainerStatuses", [])) == 2
                                                  and "running" in p["status"]["initContainerStatuses"][1]["state"]], "the run starts again")
        self.assertEqual(["recover", "migration", "verify"], self.containers(2))
        self.finish()
        status = self.succeeds()["status"]
        self.assertEqual((2, 2), (status["attempt"]["number"], len(self.started("first"))))
        self.assertIsNone(controller.stop())
        self.holds()

    test_between_interruption_and_recovery.lasts = 20
