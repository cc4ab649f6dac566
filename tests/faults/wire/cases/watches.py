# SPDX-License-Identifier: Apache-2.0
"""Watches that are late, cut, repeated, garbled, refused."""
import json

from fault import Fault

LINES = 90  # of watches, more than a life has
CUTS = 24  # a stream that is cut before all has come begins anew, and waits longer each time


def error_event(code, reason, message):
    """A watch's last line, as the API server writes it."""
    return json.dumps({"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                                                   "message": message, "reason": reason, "code": code}}) + "\n"


GONE = error_event(410, "Expired", "too old resource version: 1 (2)")
TOO_LARGE = error_event(504, "Timeout", "Too large resource version: 9, current: 8")
FAILED = error_event(500, "InternalError", "etcdserver: leader changed")


def lines(what, every=3, offset=1, path="", until=LINES, **more):
    """Each so-many-th line."""
    return [{"line": ".", "path": path, "first": first, "do": what, **more} for first in range(offset, until, every)]


def cut_often(path=""):
    """So that watches begin anew: lines that end in the middle."""
    return lines("truncate", 4, 2, path, CUTS, bytes=40)


def watches(first, times, **what):
    return {"watch": True, "first": first, "times": times, **what}


def kind_of(rule):
    """Of several rules of a kind some are for more lines, or watches, than this life has."""
    return rule["do"], rule.get("path", "")


ALWAYS = {"line": ".", "times": -1}
FAULTS = {
    "late": [{**ALWAYS, "do": "delay", "ms": 2000}],
    "late_migrations": [{**ALWAYS, "path": "/schemamigrations", "do": "delay", "ms": 4000}],
    "late_databases": [{**ALWAYS, "path": "/databases", "do": "delay", "ms": 4000}],
    "late_jobs": [{**ALWAYS, "path": "/jobs", "do": "delay", "ms": 4000}],
    "late_pods": [{**ALWAYS, "path": "/pods", "do": "delay", "ms": 4000}],
    "late_applications": [{**ALWAYS, "path": "/(deployments|replicasets)", "do": "delay", "ms": 4000}],
    "twice": [{**ALWAYS, "do": "duplicate"}],
    # Of its own writes the answers tell it the order; Jobs and pods are written by others. (Not the applications' pods, which
    # have a watch of their own: one that was deleted must not come back, as no API server lets it.)
    "swapped": [*lines("swap", 3, 2, "/schemamigrations"), *lines("swap", 3, 2, "/databases"),
                *lines("swap", 2, 2, "/jobs"), *lines("swap", 2, 2, "/pods.labelSelector=interlude.dev")],
    "cut_in_mid_line": lines("truncate", 3, 1, "", CUTS, bytes=60),
    "cut_in_each_line": lines("truncate", 1, 2, "", 10, bytes=1),
    "garbled": lines("garble", 4, 2, "", CUTS),
    "gone": [*cut_often(), watches(5, 6, do="answer", status=410)],
    "gone_as_an_event": [*cut_often(), watches(5, 6, do="answer", status=200, body=GONE)],
    "too_large_a_version": [watches(1, 3, do="answer", status=200, body=TOO_LARGE), *cut_often()],
    "failed_as_an_event": [*cut_often(), watches(3, 5, do="answer", status=200, body=FAILED)],
    "busy_at_the_start": [watches(1, 4, do="answer", status=429, retryAfter=1)],
    "failing_at_the_start": [watches(1, 8, do="answer", status=500)],
    "unavailable_now_and_then": [*cut_often(), *(watches(first, 1, do="answer", status=503) for first in range(2, 40, 3))],
    "forbidden_for_a_while": [watches(1, 6, do="answer", status=403)],
    "unauthorized_once": [watches(first, 1, do="answer", status=401) for first in range(1, 40, 3)],
    "ended_before_all_came": [watches(1, 6, do="answer", status=200, body="\n")],
    "not_json": [watches(1, 6, do="answer", status=200, body="<html>hello</html>\n")],
    "reset": [watches(first, 1, do="reset") for first in range(1, 40, 2)],
    "connections_cut": [*cut_often(), *(watches(first, 1, do="cut") for first in range(1, 40, 3))],
    "goaway": [*cut_often(), *(watches(first, 1, do="goaway") for first in range(1, 40, 2))],
    "without_streaming_lists": [watches(1, 1, do="answer", status=422), *cut_often()],
}


class Watches(Fault):
    """A rollout opens the gate, and the run's end is told by watches: all goes well, if later."""

    def rollout_with(self, rules):
        self.deploy(version="1.0.0", replicas=1)
        self.begin(*rules)
        self.migrate(applications=[self.application(">=2.0.0")], how={"run_for": "300ms"})
        self.migrate("second", to="2", how={"exit_code": 3})
        self.fails("second", "ExitCode", timeout=120)
        self.closed("VersionsCompatible", timeout=120)
        self.roll_to("2.0.0")
        status = self.succeeds(timeout=120)["status"]
        self.assertEqual("Succeeded", status["attempt"]["outcome"])
        hit = {kind_of(rule) for rule, hits in zip(rules, self.session.hits()) if hits}
        self.assertEqual({kind_of(rule) for rule in rules}, hit, "kinds of faults that happened")
        self.assertEqual(["1"], self.ledger()["passed"])
        self.ends_well(pods=2)


def rollout(rules):
    return lambda self: self.rollout_with(rules)


for _name, _rules in FAULTS.items():
    setattr(Watches, f"test_{_name}", rollout(_rules))


class EachLine(Fault):
    """Each line that a watch tells in this life, by itself."""

    is_long = True
    rollout_with = Watches.rollout_with


LINE_FAULTS = {
    "late": {"do": "delay", "ms": 3000},
    "twice": {"do": "duplicate"},
    "cut": {"do": "truncate", "bytes": 50},
    "garbled": {"do": "garble"},
}
for _name, _fault in LINE_FAULTS.items():
    for _first in range(1, 41):
        setattr(EachLine, f"test_{_name}_{_first}", rollout([{"line": '"(ADDED|MODIFIED|DELETED)"', "first": _first, **_fault}]))


class Unobserved(Fault):
    """Objects that come and go while a watch tells nothing."""

    def blind(self, path):
        """From now on these watches tell nothing."""
        self.session.rules({**ALWAYS, "path": path, "do": "drop"})

    def sees_again(self):
        """The watches are cut, and go on from what they last told."""
        self.session.rules()
        self.session.cut()

    def helper(self):
        """Another controller, to which nothing happens."""
        return self.controller_at(self.cluster.kubeconfig, "-other")

    def test_migration_that_ran(self):
        """Created, run by another controller, and deleted; then it comes back: its ledger knows it."""
        self.begin(wait=True)
        self.blind(".")
        other = self.helper().start()
        self.migrate()
        self.succeeds()
        self.assertIsNone(other.stop())
        self.delete("schemamigrations", "first")
        self.world.wait("schemamigrations", self.namespace, "first", lambda seen: seen is None, "is gone")
        self.migrate()
        self.sees_again()
        self.reaches("first", "Succeeded", "AlreadyApplied")
        self.ends_well(pods=1)

    def test_migration_that_failed(self):
        """Created, run, failed and deleted unseen; another of that name runs as its own."""
        self.begin(wait=True)
        self.blind(".")
        other = self.helper().start()
        self.migrate(how={"exit_code": 1})
        self.fails(attempt=1)
        self.assertIsNone(other.stop())
        self.delete("schemamigrations", "first")
        self.world.wait("schemamigrations", self.namespace, "first", lambda seen: seen is None, "is gone")
        self.migrate()
        self.sees_again()
        status = self.succeeds()["status"]
        self.assertEqual(1, status["attempt"]["number"])
        self.ends_well(pods=2)

    def test_job_and_pod_that_went(self):
        """Armed, run, and taken away with their finalizers, unseen: neither an end that was seen nor a reason to run again."""
        self.begin(wait=True)
        self.blind("/(jobs|pods)")
        self.migrate(how={"hold": "true"})
        self.running_pod()
        self.own_controller.freeze()  # untold, it looks at the Job itself now and then
        self.finish()
        job = self.world.until(self.namespace, lambda: [job for job in self.jobs() if job["status"].get("completionTime")], "the Job ends")[0]
        for kind, seen in [("pods", pod) for pod in self.pods()] + [("jobs", job)]:
            self.api.change(kind, self.namespace, seen["metadata"]["name"], {"metadata": {"finalizers": None}})
        self.delete("jobs", job["metadata"]["name"])
        self.world.until(self.namespace, lambda: not self.jobs() and not self.pods(), "Job and pod are gone")
        self.own_controller.thaw()
        self.sees_again()
        self.fails(reason="JobVanished")
        self.assertNotIn("version", self.ledger())
        self.ends_well(pods=1)

    def test_pod_of_the_run(self):
        """Its pod is never told, the Job's end is: the pod is read."""
        self.begin(wait=True)
        self.blind("/pods")
        self.migrate(how={"run_for": "100ms", "message": "done"})
        status = self.succeeds()["status"]
        self.assertEqual("done", status["message"])
        self.ends_well(pods=1)

    def test_job_of_the_run(self):
        """Its Job is not told: it is read, and armed all the same; its end comes when the watch does."""
        self.begin(wait=True)
        self.blind("/jobs")
        self.migrate(how={"run_for": "100ms"})
        self.world.until(self.namespace, lambda: [job for job in self.jobs() if job["status"].get("completionTime")], "the Job ends")
        self.sees_again()
        self.succeeds()
        self.ends_well(pods=1)

    def test_pods_of_the_application(self):
        """Old pods came and are there, and no watch has told: the look before the start sees them."""
        self.database(baseline="0")
        self.deploy(version="2.0.0", replicas=1)
        self.migrate("holder", to="0.5", how={"hold": "true"})
        self.begin(wait=True)
        self.running("holder")
        self.migrate(applications=[self.application(">=2.0.0")])
        self.closed("LockHeld")
        self.blind("/(deployments|replicasets|pods)")
        self.roll_to("1.0.0")
        self.rolled_out()
        self.session.rules({**ALWAYS, "path": "/(deployments|replicasets)", "do": "drop"},
                           {**ALWAYS, "path": "/pods", "line": "app.:.orders-api", "do": "drop"})
        self.session.cut()
        self.finish("holder")
        self.expect("first", lambda seen: seen["status"].get("withdrawn", 0) >= 1 and "1.0.0" in seen["status"]["message"],
                    "the claim is given back")
        self.assertEqual(set(), self.started("first"))
        self.sees_again()
        self.closed("VersionsCompatible")
        self.roll_to("2.0.0")
        self.succeeds()
        self.ends_well(pods=2)

    def test_attempt_that_began_while_a_job_was_read(self):
        """The answer tells of the first attempt's Job, and another controller has begun the second one."""
        other = self.helper().start()
        self.migrate(how={"hold": "true", "exit_code": 1})
        self.running()
        self.begin({**ALWAYS, "path": "/jobs", "line": "ADDED|MODIFIED", "do": "drop"},
                   {"method": "GET", "path": "/jobs/first", "when": "applied", "do": "hold"})
        self.eventually(lambda: [seen for seen in self.session.log() if "hold" in seen.get("fault", "")], "the Job is being read")
        self.finish()
        self.fails(attempt=1)
        self.change(run=self.spec(how={"hold": "true", "exit_code": 0})["run"])
        self.reaches("first", "Running", "JobRunning", attempt=2)
        other.kill()
        self.finish()
        self.world.until(self.namespace, lambda: len([job for job in self.jobs() if job["status"].get("completionTime")]) == 1, "the second ends")
        self.session.release()
        self.assertEqual(2, self.reaches()["status"]["attempt"]["number"])
        self.sees_again()
        self.ends_well(pods=2)

    def test_pod_that_another_noted(self):
        """R4: a list of pods from before it was noted, and let start, does not tell that it is gone."""
        self.begin({"method": "GET", "path": "/events", "when": "applied", "do": "hold"}, wait=True)
        self.migrate("holder", to="0", how={"hold": "true"})
        self.running("holder")
        self.migrate(how={"hold": "true"})
        self.closed("LockHeld")
        self.api.create("resourcequotas", self.namespace, {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
        self.stays(lambda: True, "", 0.5)
        self.finish("holder")
        self.eventually(lambda: [seen for seen in self.session.log() if "hold" in seen.get("fault", "")], "there is no pod, and the reason is asked for")
        self.api.delete("resourcequotas", self.namespace, "none")
        other = self.helper().start()
        self.running_pod()
        self.reaches("first", "Running", "JobRunning")
        self.session.release()
        self.stays(lambda: "activeDeadlineSeconds" not in self.jobs("first")[0]["spec"], "the Job goes on", 3)
        self.finish()
        self.succeeds()
        self.assertIsNone(other.stop())
        self.ends_well(pods=2)

    def test_database_that_was_replaced(self):
        """The Database went with its schema and another has its name: the old one's ledger proves nothing."""
        self.begin(wait=True)
        self.migrate()
        self.succeeds()
        self.nothing_is_left()
        self.blind("/databases")
        for kind, name in (("schemamigrations", "first"), ("databases", "orders")):
            self.delete(kind, name)
            self.world.wait(kind, self.namespace, name, lambda seen: seen is None, "is gone")
        self.database()
        self.migrate()
        self.reaches("first", "Succeeded", "Completed")
        self.sees_again()
        self.nothing_is_left()
        self.assertEqual(["1"], self.ledger()["passed"])
        self.ends_well(pods=2)
