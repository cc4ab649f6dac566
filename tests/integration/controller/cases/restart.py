# SPDX-License-Identifier: Apache-2.0
"""Controllers that are killed, restarted, or limited to a namespace. Each test has its own."""
import random
import time

from ground.case import Case, side_by_side
from ground.controller import Controller

FINISHED = 300


class Restart(Case):
    stage = "own"

    def a_controller(self, *flags):
        """Not elected: one that was killed would keep the next from acting until its lease is over (cases/leader.py)."""
        self.own_controller = Controller(self._testMethodName[5:], "--namespace", self.namespace, "--leader-elect=false", *flags)
        self.addCleanup(self.own_controller.stop)
        return self.own_controller

    def ends_well(self):
        self.assertIsNone(self.own_controller.stop())
        self.holds()

    def test_killed_while_it_runs(self):
        """The run ends while nobody looks: the next controller finds out."""
        controller = self.a_controller().start()
        self.migrate(how={"hold": "true", "message": "done"})
        self.running()
        controller.kill()
        self.finish()
        self.world.until(self.namespace, lambda: [job for job in self.jobs() if job["status"].get("completionTime")], "the Job ends")
        self.assertEqual("Running", self.migration()["status"]["phase"])
        controller.start()
        status = self.succeeds()["status"]
        self.assertEqual((1, "done"), (status["attempt"]["number"], status["message"]))
        self.assertEqual(["Running", "Succeeded"], self.phases())
        self.world.until(self.namespace, lambda: len(self.events("first")) == 2, "each transition has its Event, once")
        self.ends_well()

    def test_killed_while_it_waits(self):
        """What changed meanwhile is seen: the application's new version."""
        self.database(baseline="0")
        self.deploy(version="1.0.0", replicas=1)
        controller = self.a_controller().start()
        self.migrate(step="Contract", applications=[self.application(">=2.0.0")])
        self.closed("VersionsCompatible")
        controller.kill()
        self.roll_to("2.0.0")
        self.rolled_out()
        controller.start()
        self.succeeds()
        self.ends_well()

    def test_deleted_while_nobody_looks(self):
        """A migration deleted, and another one whose Job is deleted with its pod, while no controller runs."""
        controller = self.a_controller().start()
        self.migrate("held", how={"hold": "true"})
        self.migrate("cut", database="other", how={"hold": "true"})
        self.running("held")
        self.running("cut")
        controller.kill()
        self.delete("schemamigrations", "held")
        self.delete("jobs", self.jobs("cut")[0]["metadata"]["name"], "Foreground")
        self.finish("held")
        controller.start()
        self.world.wait("schemamigrations", self.namespace, "held", lambda seen: seen is None, "is gone")
        self.assertEqual(["1"], self.ledger()["passed"])
        self.fails("cut", "PodDeleted")
        self.assertNotIn("version", self.ledger("other"))
        self.ends_well()

    def test_terminated_during_a_run(self):
        """SIGTERM ends the controller at once and leaves the run alone."""
        controller = self.a_controller().start()
        self.migrate(how={"hold": "true"})
        self.running()
        self.assertIsNone(controller.stop(within=5))
        self.stays(lambda: "deletionTimestamp" not in self.pods()[0]["metadata"], "the pod runs on", 0.5)
        controller.start()
        self.finish()
        self.succeeds()
        self.ends_well()

    def test_killed_again_and_again(self):
        """Killed at any moment, eight times: every migration runs once, in the end all have."""
        controller = self.a_controller()
        names = [f"number-{number}" for number in range(5)]
        for number, name in enumerate(names):
            self.migrate(name, to=f"v{number}", how={"run_for": "100ms"})
        chance = random.Random(3)
        for _ in range(8):
            controller.start()
            time.sleep(chance.uniform(0.02, 0.6))
            controller.kill()
        controller.start()
        for name in names:
            self.succeeds(name)
            self.assertEqual(1, len(self.started(name)), f"pods of {name}")
            self.assertEqual(1, self.migration(name)["status"]["attempt"]["number"] - self.migration(name)["status"].get("withdrawn", 0))
        self.assertEqual(sorted(f"v{number}" for number in range(5)), sorted(self.ledger()["passed"]))
        self.ends_well()

    test_killed_again_and_again.lasts = 20

    def test_namespace_limits(self):
        """--namespace: migrations of others are not touched, not even looked at."""
        elsewhere = f"{self.namespace}-elsewhere"[:63]
        self.new_namespace(elsewhere)
        since = self.audit.size()
        self.a_controller().start()
        self.api.create("schemamigrations", elsewhere, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "SchemaMigration", "metadata": {"name": "first"}, "spec": self.spec()})
        self.migrate()
        self.succeeds()
        self.assertFalse(self.is_judged(self.world.get("schemamigrations", elsewhere, "first")))
        self.assertEqual([], self.audit.of_controller(elsewhere, since))
        # What is about no object everybody may ask: /version along with a request that is late (kube/client.c), and
        # what kinds there are, which other tests' controllers ask meanwhile.
        self.assertEqual([], [event for event in self.audit.about('"userAgent":"interlude/', since)
                              if "namespace" not in event.get("objectRef", {"namespace": None})],
                         "a request for the whole cluster: with --namespace there is only a Role")
        self.ends_well()

    def test_among_the_finished(self):
        """A restart among 300 finished migrations sends not one request for them, and a new one has its Job soon."""
        controller = self.a_controller().start()
        self.migrate("pattern", to="pattern")
        status = self.succeeds("pattern")["status"]
        self.world.until(self.namespace, lambda: len(self.events("pattern")) == 2, "the Events come")
        self.assertIsNone(controller.stop())

        def finished(number):
            name = f"old-{number:03}"
            self.migrate(name, to="pattern")
            self.api.change("schemamigrations", self.namespace, name, {"status": status}, subresource="status")

        self.by_hand = "old-"
        side_by_side([lambda number=number: finished(number) for number in range(FINISHED)], 4)
        since = self.audit.size()
        controller.start()
        began = time.monotonic()
        self.migrate("new", to="new")
        self.world.until(self.namespace, lambda: self.jobs("new"), "the new one has its Job", 10)
        took = time.monotonic() - began
        self.succeeds("new")
        requests = self.audit.of_controller(self.namespace, since)
        self.assertEqual([], [request for request in requests if "/old-" in request[1] or "/pattern" in request[1]])
        self.assertLessEqual(len(requests), 20, requests)
        self.assertEqual([], self.events("old-007"))
        self.assertLess(took, 5, "a matter of seconds at most, even with sanitizers on a busy machine (tests/bench measures it)")
        self.ends_well()

    test_among_the_finished.lasts = 20
