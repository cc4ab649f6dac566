# SPDX-License-Identifier: Apache-2.0
"""The gate Soaked: how long versions and rollout have held. A day passes by the clock that the API server tells."""
import datetime
import time

from ground.case import APP, Case, steered
from ground.clock import AnotherClock, from_now, text_of, time_of

GATE = "Soaked"
HOUR, DAY = 3600, 86400


class Ground(Case):

    def rolled_out_at(self, deployment):
        """When its rollout was complete, as a Deployment tells it, and not before it was there."""
        told = next(c for c in deployment["status"]["conditions"] if c["type"] == "Progressing" and c["reason"] == "NewReplicaSetAvailable")
        return max(told["lastUpdateTime"], deployment["metadata"]["creationTimestamp"])

    def completed(self, name=APP):
        """Waits until its last rollout is complete, in its controller's own word."""
        self.rolled_out(name)
        return self.world.wait("deployments", self.namespace, name, lambda seen: any(
            c["type"] == "Progressing" and c["reason"] == "NewReplicaSetAvailable" for c in seen["status"]["conditions"]), "is complete")

    def contract(self, versions=">=2.0.0", **spec):
        applications = spec.pop("applications", [self.application(versions)])
        self.migrate(**{"step": "Data", "applications": applications, **spec})

    def runs_only(self, version):
        """Waits until the last pod of another version is gone."""
        self.world.until(self.namespace, lambda: {pod["spec"]["containers"][0]["image"].rpartition(":")[2] for pod in self.world.all(
            "pods", self.namespace) if pod["metadata"]["labels"].get("app") == APP} == {version}, f"nothing but {version} runs")

    def is_past(self, moment):
        """Waits for the next second: what happens from now on is told apart from what happened then."""
        while text_of(from_now()) <= moment:
            time.sleep(0.05)

    def entry(self, migration=None, workload=f"Deployment/{APP}"):
        found = [a for a in (migration or self.migration())["status"].get("applications", []) if a["workload"] == workload]
        return found[0] if found else {}

    def breach(self):
        return self.migration()["status"].get("lastBreach", {})


class Soaked(Ground):

    def test_by_the_real_clock(self):
        """It is counted from the end of the rollout; the controller wakes by itself when it is over."""
        self.deploy(version="2.0.0")
        self.contract(soak="5s")
        done = self.succeeds()
        since = self.rolled_out_at(self.world.get("deployments", self.namespace, APP))
        self.assertEqual(since, self.entry(done)["compatibleSince"])
        self.assertLessEqual(time_of(since) + datetime.timedelta(seconds=5), time_of(done["status"]["attempt"]["startTime"]))
        self.assertEqual("Held", self.condition(done, GATE)["reason"])
        self.assertNotIn("lastBreach", done["status"])
        self.holds()

    test_by_the_real_clock.lasts = 6

    def test_is_edited_while_it_waits(self):
        """What is counted stays; how long it has to be is another matter."""
        since = self.rolled_out_at(self.deploy(version="2.0.0"))
        self.contract(soak="87600h")
        waiting = self.closed(GATE, reason="Soaking", says=f"have held since {since}; a soak of 3650d (spec.soak) is over at ")
        self.assertEqual({"workload": f"Deployment/{APP}", "desired": "2.0.0", "running": [{"version": "2.0.0", "pods": 2}], "settled": True,
                          "selector": f"app={APP}", "uid": self.world.get("deployments", self.namespace, APP)["metadata"]["uid"],
                          "revision": "1", "needs": ">=2.0.0, settled", "compatibleSince": since}, self.entry(waiting))
        version = waiting["metadata"]["resourceVersion"]
        self.stays(lambda: self.migration()["metadata"]["resourceVersion"] == version, "nothing is written while it waits", 1.5)
        over = text_of(time_of(since) + datetime.timedelta(hours=2))
        self.change(soak="2h")
        self.closed(GATE, reason="Soaking", says=f"a soak of 2h (spec.soak) is over at {over}")
        self.assertEqual(since, self.entry()["compatibleSince"])
        self.change(soak="1s")
        self.succeeds()
        self.holds()

    def test_broken_by_a_version(self):
        """Rolled back and forth: it begins anew, and says when it was broken and by what."""
        self.deploy(version="2.0.0")
        self.contract(soak="24h")
        first = self.closed(GATE, reason="Soaking")
        self.roll_to("1.9.2")
        broken = self.expect("first", lambda seen: "compatibleSince" not in self.entry(seen), "sees the breach")
        self.assertEqual(("False", "NotHeld"), tuple(self.condition(broken, GATE)[key] for key in ("status", "reason")))
        self.completed()
        self.roll_to("2.0.0")
        self.completed()
        again = self.closed(GATE, reason="Soaking", says="; last broken at ")
        breach = again["status"]["lastBreach"]
        self.assertIn("1.9.2", breach["message"])
        self.assertLessEqual(breach["at"], breach["until"])
        self.assertGreater(self.entry(again)["compatibleSince"], self.entry(first)["compatibleSince"])
        self.assertEqual("3", self.entry(again)["revision"])
        self.assertIn(f"since {max(self.entry(again)['compatibleSince'], breach['until'])};", self.condition(again, GATE)["message"])
        self.holds()

    def test_pod_that_lives_on(self):
        """The rollout is complete, and a pod of the old version still terminates: the soak begins when it is gone."""
        self.deploy(version="1.0.0", replicas=1, pod_annotations=steered(on_term_run_for="5s"))
        self.contract(soak="24h")
        self.expect("first", lambda seen: self.breach().get("reason") == "VersionsIncompatible", "sees the old version")
        self.roll_to("2.0.0")
        complete = self.rolled_out_at(self.completed())
        self.expect("first", lambda seen: seen["status"].get("running") == "1.0.0 (1), 2.0.0 (1)", "sees both")
        self.assertNotIn("compatibleSince", self.entry())
        waiting = self.closed(GATE, reason="Soaking")
        self.assertGreater(self.entry(waiting)["compatibleSince"], complete)
        self.holds()

    test_pod_that_lives_on.lasts = 7

    def test_scaling_is_no_breach(self):
        """Pods of the same revision come and go: the gate before it closes meanwhile, and nothing begins anew."""
        since = self.rolled_out_at(self.deploy(version="2.0.0"))
        self.contract(soak="24h")
        self.closed(GATE, reason="Soaking")
        self.api.change("deployments", self.namespace, APP, {"spec": {"replicas": 4}})
        self.expect("first", lambda seen: seen["status"].get("running") == "2.0.0 (4)" and self.conditions(seen)["RolloutSettled"] == "True",
                    "sees four pods")
        for pod in [pod for pod in self.world.all("pods", self.namespace) if pod["metadata"]["labels"].get("app") == APP][:2]:
            self.api.delete("pods", self.namespace, pod["metadata"]["name"])
        self.rolled_out()
        self.closed(GATE, reason="Soaking", says=f"have held since {since}")
        self.assertEqual((since, {}), (self.entry()["compatibleSince"], self.breach()))
        self.holds()

    def test_restarted_pods_begin_anew(self):
        """`kubectl rollout restart`: another revision of the same version."""
        first = self.rolled_out_at(self.deploy(version="2.0.0"))
        self.contract(soak="24h")
        self.closed(GATE, reason="Soaking", says=f"since {first}")
        self.api.change("deployments", self.namespace, APP, {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}})
        again = self.expect("first", lambda seen: self.entry(seen).get("revision") == "2" and "until" in seen["status"].get("lastBreach", {}),
                            "sees the restart, and its end")
        self.assertEqual("RolloutInProgress", again["status"]["lastBreach"]["reason"])
        self.assertGreaterEqual(self.entry(again)["compatibleSince"], first)
        self.holds()

    def test_deleted_application(self):
        """Nothing runs any more, and that is enough; but what ran was no good, and not long ago."""
        self.deploy(version="1.0.0", replicas=1)
        self.contract(soak="24h", applications=[self.application(">=2.0.0", whenAbsent="Proceed")])
        self.closed(GATE, reason="NotHeld", says="a soak of 1d (spec.soak) begins when versions and rollout hold")
        self.delete("deployments", APP)
        waiting = self.closed(GATE, reason="Soaking", says=f"{APP} runs 1.0.0 in 1 of 1 pod; needs >=2.0.0")
        self.assertNotIn("applications", waiting["status"])
        self.change(soak="1s")
        self.succeeds()
        self.holds()

    def test_nothing_was_ever_there(self):
        self.contract(soak="24h", applications=[self.application(">=2.0.0", whenAbsent="Proceed")])
        done = self.succeeds()
        self.assertEqual("NothingRuns", self.condition(done, GATE)["reason"])
        self.holds()

    def test_least_of_the_database(self):
        """The longer one counts, and the message says whose it is; an edit of the Database is seen at once."""
        self.deploy(version="2.0.0")
        self.database(soak={"Data": "24h", "Contract": "48h"})
        self.contract(soak="1h")
        self.closed(GATE, reason="Soaking", says="a soak of 1d (spec.soak.Data of Database orders)")
        self.change(soak="36h")
        self.closed(GATE, reason="Soaking", says="a soak of 1d12h (spec.soak)")
        self.change(soak="0s")
        self.closed(GATE, reason="Soaking", says="a soak of 1d (spec.soak.Data of Database orders)")
        self.api.change("databases", self.namespace, "orders", {"spec": {"soak": {"Data": None}}})
        done = self.succeeds()
        self.assertEqual("NotRequired", self.condition(done, GATE)["reason"])
        self.holds()

    def test_narrower_versions(self):
        """What was compatible with other versions has proven nothing for these: since the last rollout was complete."""
        self.deploy(version="2.0.0")
        self.contract(soak="24h", rollout="Any")
        self.closed(GATE, reason="Soaking")
        self.roll_to("2.1.0")
        complete = self.rolled_out_at(self.completed())
        self.expect("first", lambda seen: self.entry(seen).get("revision") == "2" and seen["status"].get("running") == "2.1.0 (2)", "sees the rollout")
        self.change(applications=[self.application(">=2.1.0")])
        self.closed(GATE, reason="Soaking")
        self.expect("first", lambda seen: self.entry(seen).get("needs") == ">=2.1.0", "is judged by the other versions")
        self.assertGreaterEqual(self.entry()["compatibleSince"], complete)
        self.holds()


class SoakedByAnotherClock(AnotherClock, Ground):
    """The Date header says what time it is, and that alone."""

    def restarted(self, ahead=0):
        """Whatever the controller has in memory is gone."""
        self.assertIsNone(self.own_controller.stop())
        self.session.clock(ahead)
        return self.own_controller.start()

    def test_a_restart_changes_nothing(self):
        """Stopped for 23 hours, it waits for one more; a day later it is over."""
        since = self.rolled_out_at(self.deploy(version="2.0.0"))
        self.contract(soak="24h")
        self.own_controller.start()
        waiting = self.closed(GATE, reason="Soaking", says=f"have held since {since}")
        said = self.condition(waiting, GATE)["message"]
        self.restarted(23 * HOUR)
        waiting = self.judged()
        self.assertEqual((since, said), (self.entry(waiting)["compatibleSince"], self.condition(waiting, GATE)["message"]))
        self.restarted(DAY + 60)
        done = self.succeeds()
        self.assertEqual(since, self.entry(done)["compatibleSince"])
        self.ends_well()

    def test_rolled_back_and_forth_while_nobody_looked(self):
        """A day has passed, and nothing that runs differs from what ran: its revision does."""
        self.deploy(version="2.0.0")
        self.contract(soak="24h")
        self.own_controller.start()
        first = self.entry(self.closed(GATE, reason="Soaking"))
        self.assertIsNone(self.own_controller.stop())
        self.is_past(first["compatibleSince"])
        for version in ("1.9.2", "2.0.0"):
            self.roll_to(version)
            complete = self.rolled_out_at(self.completed())
        self.runs_only("2.0.0")
        self.session.clock(23 * HOUR)
        self.own_controller.start()
        again = self.entry(self.judged())
        self.assertEqual(("1", "3"), (first["revision"], again["revision"]))
        self.assertEqual((complete, True), (again["compatibleSince"], complete > first["compatibleSince"]))
        self.ends_well()

    def test_stateful_set_rolled_back_and_forth(self):
        """It returns to the same revision of its controller's, and tells no time: it begins anew when it is seen."""
        self.deploy("StatefulSet", version="2.0.0")
        self.contract(soak="24h", applications=[self.application(">=2.0.0", kind="StatefulSet")])
        self.own_controller.start()
        first = self.entry(self.closed(GATE, reason="Soaking"), f"StatefulSet/{APP}")
        self.assertIsNone(self.own_controller.stop())
        for version in ("1.9.2", "2.0.0"):
            self.roll_to(version, kind="StatefulSet")
            self.rolled_out(kind="StatefulSet")
        self.runs_only("2.0.0")
        self.session.clock(DAY + HOUR)
        self.own_controller.start()
        again = self.entry(self.judged(), f"StatefulSet/{APP}")
        ahead = time_of(again["compatibleSince"]) - time_of(first["compatibleSince"])
        self.assertGreaterEqual(ahead.total_seconds(), DAY + HOUR)
        self.assertEqual("Waiting", self.migration()["status"]["phase"])
        self.restarted(3 * DAY)
        self.succeeds()
        self.ends_well()

    def test_created_again_while_nobody_looked(self):
        self.deploy(version="2.0.0")
        self.contract(soak="24h")
        self.own_controller.start()
        first = self.entry(self.closed(GATE, reason="Soaking"))
        self.assertIsNone(self.own_controller.stop())
        self.is_past(first["compatibleSince"])
        # After its ReplicaSet: another Deployment of its name would begin with the next revision.
        self.delete("deployments", APP, "Foreground")
        self.world.until(self.namespace, lambda: not self.world.all("deployments", self.namespace), "it is gone")
        complete = self.rolled_out_at(self.deploy(version="2.0.0"))
        self.own_controller.start()
        again = self.entry(self.judged())
        self.assertNotEqual(first["uid"], again["uid"])
        self.assertEqual(("1", complete), (again["revision"], again["compatibleSince"]))
        self.ends_well()

    def test_breach_that_could_not_be_written(self):
        """A pod of an old version, seen once; no write of the status arrives before it is gone. It counts all the same."""
        since = self.rolled_out_at(self.deploy(version="2.0.0"))
        self.contract(soak="1h", rollout="Any")
        self.own_controller.start()
        self.closed(GATE, reason="Soaking", says=f"since {since}")
        self.session.rules({"method": "PATCH", "path": "/schemamigrations/first/status", "do": "answer", "status": 500, "times": -1})
        stray = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stray", "labels": {"app": APP}},
                 "spec": {"containers": [{"name": "api", "image": "registry.example:5000/orders-api:1.9.2"}]}}
        self.api.create("pods", self.namespace, stray)
        self.assertTrue(self.session.fired(within=60), "the breach is to be written")
        self.api.request("DELETE", self.api.path("pods", self.namespace, "stray"), {"gracePeriodSeconds": 0})
        self.world.until(self.namespace, lambda: not self.world.get("pods", self.namespace, "stray"), "it is gone")
        self.assertEqual({}, self.breach())
        self.session.rules()
        waiting = self.closed(GATE, reason="Soaking", says="last broken at ")
        breach = waiting["status"]["lastBreach"]
        self.assertIn(f"{APP} runs 1.9.2 in 1 of 3 pods", breach["message"])
        self.assertIn(f"have held since {breach['until']};", self.condition(waiting, GATE)["message"])
        self.ends_well()

    def test_clock_that_goes_back(self):
        """A day ahead when it began, and right again: nobody waits for a day that has not begun."""
        self.session.clock(DAY)
        self.deploy("StatefulSet", version="2.0.0")
        self.contract(soak="24h", applications=[self.application(">=2.0.0", kind="StatefulSet")])
        self.own_controller.start()
        ahead = self.entry(self.closed(GATE, reason="Soaking"), f"StatefulSet/{APP}")["compatibleSince"]
        self.restarted(0)
        since = self.entry(self.judged(), f"StatefulSet/{APP}")["compatibleSince"]
        self.assertGreater(time_of(ahead) - time_of(since), datetime.timedelta(hours=23))
        self.restarted(DAY + HOUR)
        self.succeeds()
        self.ends_well()

    def test_closes_between_claim_and_start(self):
        """R7: a claim stands, of a controller that is gone, and the application was rolled back and forth since."""
        self.deploy(version="2.0.0")
        self.database(soak={"Data": "1s"})
        self.contract(suspend=True)
        self.own_controller.start()
        waiting = self.closed("NotSuspended")
        self.assertIsNone(self.own_controller.stop())
        self.change(suspend=False)
        for version in ("1.9.2", "2.0.0"):
            self.roll_to(version)
            self.completed()
        self.api.change("databases", self.namespace, "orders", {"spec": {"soak": {"Data": "24h"}}, })
        self.api.change("databases", self.namespace, "orders", {"status": {"claim": {
            "migration": "first", "uid": waiting["metadata"]["uid"], "attempt": 1, "specHash": waiting["status"]["specHash"],
            "since": text_of(from_now())}}}, subresource="status")
        self.own_controller.start()
        self.reaches(phase="Waiting", reason="Soaking")
        self.expect("first", lambda seen: seen["status"].get("withdrawn") == 1, "gives the claim back")
        self.released()
        self.assertEqual([], self.jobs())
        self.restarted(DAY + 60)
        self.assertEqual(2, self.succeeds()["status"]["attempt"]["number"])
        self.ends_well()
