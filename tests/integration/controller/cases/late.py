# SPDX-License-Identifier: Apache-2.0
"""R7: a pod that comes long after its gates were judged is let start only when they are open still (J18, J19).

How long ago an attempt began is written into its status by the test, so that nobody has to wait for it.
"""
import datetime

from ground.case import Case
from ground.controller import Controller
from ground.pods import is_gated

AGO = datetime.timedelta(minutes=5)
QUOTA = {"metadata": {"name": "no-requests"}, "spec": {"hard": {"requests.cpu": "1m"}}}


class Late(Case):
    stage = "own"
    by_hand = ()

    def setUp(self):
        super().setUp()
        self.own_controller = Controller(self._testMethodName[5:], "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)

    def begun(self, **spec):
        """An attempt that has begun, and whose Job can have no pod: a quota came between its dry run and its start."""
        self.own_controller.start()
        self.migrate("other", to="0", how={"hold": "true"})
        self.running("other")
        self.migrate("first", **{"startTimeout": "1h", **spec})
        self.closed("LockHeld")
        self.api.create("resourcequotas", self.namespace, QUOTA)
        self.world.until(self.namespace, lambda: self.is_quota_counted(), "the quota holds")
        self.finish("other")
        self.reaches("first", "Running", "FailedCreate")
        self.own_controller.kill()
        began = datetime.datetime.fromisoformat(self.migration()["status"]["attempt"]["startTime"]) - AGO
        self.write_attempt(startTime=began.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def is_quota_counted(self):
        return self.api.get("resourcequotas", self.namespace, "no-requests").get("status", {}).get("hard")

    def write_attempt(self, **fields):
        self.api.change("schemamigrations", self.namespace, "first", {"status": {"attempt": fields}}, subresource="status")

    def pod_comes(self):
        self.api.delete("resourcequotas", self.namespace, "no-requests")
        self.world.until(self.namespace, lambda: self.pods(), "the Job controller makes the pod")
        return self.pods()[0]

    def misses(self, says):
        missed = self.expect("first", lambda seen: seen["status"]["attempt"].get("outcome") == "Failed", "misses its start")
        attempt = missed["status"]["attempt"]
        self.assertEqual("StartMissed", attempt["reason"], attempt)
        self.assertIn(says, attempt["message"])
        self.assertNotIn("interrupted", attempt)
        for _, pod in self.world.told("pods", self.namespace):
            if pod["metadata"]["labels"].get("interlude.dev/migration") == "first":
                self.assertTrue(is_gated(pod) and "nodeName" not in pod["spec"], "nothing of it was let start")

    def ends_well(self):
        self.assertIsNone(self.own_controller.stop())
        self.holds()

    def test_gates_are_open(self):
        """What waited long, and may still run, runs: the same attempt."""
        self.begun()
        self.pod_comes()
        self.own_controller.start()
        self.assertEqual(1, self.succeeds()["status"]["attempt"]["number"])
        self.ends_well()

    def test_gate_has_closed(self):
        """It is suspended while nobody follows. Once it may run, another attempt does, without any retry."""
        self.begun()
        self.change(suspend=True)
        self.pod_comes()
        self.own_controller.start()
        self.misses("spec.suspend")
        self.closed_again("NotSuspended")
        self.change(suspend=False)
        self.assertEqual(2, self.succeeds()["status"]["attempt"]["number"])
        self.ends_well()

    def closed_again(self, gate):
        self.expect("first", lambda seen: seen["status"]["phase"] == "Waiting" and self.conditions(seen)[gate] == "False", f"waits at {gate}")
        self.released()

    def test_noted_and_its_job_deleted(self):
        """The pod is noted, the Job deleted, and a gate has closed: its controller still takes the pod away, by the deadline."""
        self.begun()
        self.change(suspend=True)
        pod = self.pod_comes()
        self.write_attempt(podUID=pod["metadata"]["uid"])
        self.delete("jobs", self.jobs("first")[0]["metadata"]["name"])
        self.own_controller.start()
        self.misses("spec.suspend")
        self.released()
        self.ends_well()

    def test_edited(self):
        """What the pod would run is not what is asked for any more."""
        self.begun()
        self.change(toVersion="2")
        self.pod_comes()
        self.own_controller.start()
        self.world.until(self.namespace, lambda: self.ledger().get("version") == "2", "the edited one runs")
        self.misses_in_history("the spec was edited")
        self.ends_well()

    def misses_in_history(self, says):
        missed = self.succeeds()["status"]["attempts"][0]
        self.assertEqual(("StartMissed", True), (missed["reason"], says in missed["message"]), missed)
