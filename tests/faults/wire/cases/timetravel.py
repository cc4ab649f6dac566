# SPDX-License-Identifier: Apache-2.0
"""A controller that is restarted reads a world of a while ago, and writes to the one of today.

Its lists and watches come from an API server whose caches are held back, as a lagging one's are; all else goes to
the other. All tests of TimeTravel go through the time together, as one relay holds back the caches of all.
"""
import threading

from ground.case import APP
from ground.clock import from_now, time_of
from ground.cluster import ApiError, DirectApi
from ground.own_kind import OwnKind
from harness.api import WaitFailed

from fault import Fault


class Tide:
    """Tests that hold and release the caches at the same time: each waits for all the others that are still there."""

    def __init__(self):
        self.changed = threading.Condition()
        self.members = set()
        self.arrived = set()
        self.turns = 0

    def join(self, member):
        with self.changed:
            self.members.add(member)

    def leave(self, member):
        with self.changed:
            self.members.discard(member)
            self.arrived.discard(member)
            self.changed.notify_all()

    def turn(self, member, act):
        """Waits until all are here; the last one acts for all."""
        with self.changed:
            self.arrived.add(member)
            self.changed.notify_all()
            turn = self.turns
            while self.turns == turn:
                if self.arrived == self.members:
                    act()
                    self.arrived.clear()
                    self.turns += 1
                    self.changed.notify_all()
                elif not self.changed.wait(180):
                    raise WaitFailed(f"the others do not come: {len(self.arrived)} of {len(self.members)}")


class TimeTravel(Fault):
    stage = "together"
    tide = Tide()

    def join(self):
        """Called of all that will run, before any of them begins."""
        self.tide.join(self.id())

    def setUp(self):
        self.addCleanup(self.tide.leave, self.id())
        super().setUp()
        self.old_server = self.servers.slow()
        self.old_api = DirectApi(self.old_server)

    # ---- the times ----

    def hold(self):
        """From now on the old server's caches stand still."""
        seen = {kind: max([int(one["metadata"]["resourceVersion"]) for one in self.world.all(kind, self.namespace)], default=0)
                for kind in ("schemamigrations", "databases", "migrationapprovals", "jobs", "pods", "deployments")}
        self.eventually(lambda: all(self.old_version(kind) >= version for kind, version in seen.items()), "the old server has seen all", 30)
        self.tide.turn(self.id(), lambda: self.servers.order("hold"))

    def old_version(self, kind):
        path = self.api.path(kind, self.namespace, query={"resourceVersion": "0"})
        try:
            return int(self.old_api.request("GET", path)["metadata"]["resourceVersion"])
        except ApiError:  # it is only just beginning to watch that kind
            return 0


    def release(self):
        self.tide.turn(self.id(), lambda: self.servers.order("release"))

    def present(self):
        """A controller to which nothing happens; it does the work while the other is away."""
        return self.controller_at(self.cluster.kubeconfig, "-present").start()

    def comes_from_the_past(self, path=""):
        """Started now, it sees the old world, and works on it."""
        self.session = self.proxy.session()
        self.addCleanup(self.session.close)
        self.session.route(self.old_server, path, rewind=True)
        self.own_controller = self.controller_at(self.session.kubeconfig)
        self.own_controller.start()
        # It has judged all that it sees, and tried again what was refused, more and more slowly.
        self.stays(lambda: self.own_controller.process.poll() is None, "it goes on", 3)
        self.eventually(lambda: self.session.state()["quiet"] > 1.5, "it waits", 90)

    def until_gone(self, kind, name):
        self.world.wait(kind, self.namespace, name, lambda seen: seen is None, "is gone")

    # ---- what happened meanwhile ----

    def test_it_succeeded(self):
        """It ran, as the old world shows; meanwhile it has succeeded, and its Job is gone."""
        before = self.present()
        self.migrate(how={"hold": "true"})
        self.running()
        self.hold()
        self.finish()
        self.succeeds()
        self.delete("jobs", self.jobs()[0]["metadata"]["name"])
        self.world.until(self.namespace, lambda: not self.jobs(), "the Job is gone")
        self.assertIsNone(before.stop())
        written = self.migration()["metadata"]["resourceVersion"]
        self.comes_from_the_past()
        self.assertEqual(written, self.migration()["metadata"]["resourceVersion"])
        self.release()
        self.one_success()

    def test_it_was_about_to_start(self):
        """It waits, as the old world shows; meanwhile it ran, succeeded and was let go."""
        self.database()
        self.migrate(suspend=True)
        before = self.present()
        self.closed("NotSuspended")
        self.assertIsNone(before.stop())
        self.change(suspend=False)
        self.hold()
        before.start()
        self.succeeds()
        self.nothing_is_left()
        self.assertIsNone(before.stop())
        written = self.migration()["metadata"]["resourceVersion"]
        self.comes_from_the_past()
        self.assertEqual(written, self.migration()["metadata"]["resourceVersion"])
        self.release()
        self.one_success()

    def test_it_failed_and_was_retried(self):
        """The first attempt runs, as the old world shows; meanwhile it failed, and the second one runs."""
        before = self.present()
        self.migrate(how={"hold": "true", "exit_code": 1})
        self.running()
        self.hold()
        self.finish()
        self.fails(attempt=1)
        self.change(run=self.spec(how={"hold": "true", "exit_code": 0})["run"])
        self.reaches("first", "Running", "JobRunning", attempt=2)
        before.kill()
        self.comes_from_the_past()
        self.assertEqual(2, self.migration()["status"]["attempt"]["number"])
        self.assertNotIn("outcome", self.migration()["status"]["attempt"])
        self.finish()
        self.stays(lambda: self.migration()["status"]["phase"] == "Running", "the end is not known in the past", 1)
        self.release()
        self.assertEqual(2, self.succeeds()["status"]["attempt"]["number"])
        self.ends_well(pods=2)

    def test_it_was_edited_and_waits(self):
        """It failed and is edited, as the old world shows: the next attempt may begin. Meanwhile it is suspended."""
        before = self.present()
        self.migrate(how={"exit_code": 1})
        self.fails(attempt=1)
        self.nothing_is_left()
        self.assertIsNone(before.stop())
        self.annotate(retry="1")
        self.hold()
        self.change(suspend=True)
        self.comes_from_the_past()
        self.assertEqual(1, len(self.started("first")))
        self.release()
        self.closed_again("NotSuspended")
        self.assertEqual(1, len(self.started("first")))
        self.change(suspend=False, run=self.spec(how={"exit_code": 0})["run"])
        self.succeeds()
        self.ends_well(pods=2)

    def closed_again(self, gate):
        self.expect("first", lambda seen: seen["status"]["phase"] == "Waiting" and self.conditions(seen).get(gate) == "False", f"waits at {gate}")

    def test_another_has_its_name(self):
        """It is to run, as the old world shows; it was deleted, and another of that name ran and failed."""
        self.database()
        self.migrate(to="1")
        self.hold()
        self.delete("schemamigrations", "first")
        self.until_gone("schemamigrations", "first")
        self.migrate(to="1", how={"exit_code": 4})
        before = self.present()
        self.fails(attempt=1)
        self.nothing_is_left()
        self.assertIsNone(before.stop())
        written = self.migration()["metadata"]["resourceVersion"]
        self.comes_from_the_past()
        self.assertEqual(written, self.migration()["metadata"]["resourceVersion"])
        self.release()
        self.stays(lambda: self.migration()["status"]["phase"] == "Failed", "it stays Failed", 1)
        self.assertNotIn("passed", self.ledger())
        self.ends_well(pods=1)

    def test_another_runs_in_its_stead(self):
        """It runs, as the old world shows; it was abandoned with its Job, and another of that name runs."""
        before = self.present()
        self.migrate(how={"hold": "true"})
        self.running()
        self.hold()
        self.annotate(abandon="true")
        self.delete("schemamigrations", "first")
        self.until_gone("schemamigrations", "first")
        self.finish()
        self.released()
        self.world.until(self.namespace, lambda: not [pod for pod in self.pods() if "deletionTimestamp" in pod["metadata"]], "no pod ends")
        self.migrate(to="2", how={"hold": "true"})
        self.reaches("first", "Running", "JobRunning")
        before.kill()
        self.comes_from_the_past()
        self.assertEqual("Running", self.migration()["status"]["phase"])
        self.release()
        self.finish()
        self.succeeds()
        self.assertEqual(["1", "2"], self.ledger()["passed"])
        self.ends_well(pods=2)

    def test_incompatible_version(self):
        """All gates are open, as the old world shows; meanwhile an old version was rolled out (R7)."""
        self.database(baseline="0")
        self.deploy(version="2.0.0", replicas=1)
        self.migrate(applications=[self.application(">=2.0.0")])
        self.hold()
        self.roll_to("1.0.0")
        self.rolled_out()
        self.world.until(self.namespace, lambda: len(self.world.all("pods", self.namespace)) == 1, "one pod is left")
        self.comes_from_the_past()
        self.expect("first", lambda seen: seen["status"].get("withdrawn", 0) >= 1, "the claim is given back")
        self.assertEqual([], self.jobs())
        self.release()
        self.closed("VersionsCompatible", says="1.0.0")
        self.assertEqual(set(), self.started("first"))
        self.roll_to("2.0.0")
        self.succeeds()
        self.ends_well(pods=1)

    def test_workload_to_inherit_from(self):
        """What the Job's dry run is built of is read from the server: that the old world shows another asks for no other run."""
        self.deploy(version="1.0.0", replicas=1)
        self.migrate(suspend=True, run={"container": {"inheritFrom": {"name": APP}}})
        self.hold()
        self.roll_to("1.1.0")
        self.rolled_out()
        self.comes_from_the_past()
        dry_runs = [seen for seen in self.session.log() if seen["method"] == "POST" and "dryRun=All" in seen["path"]]
        self.assertLessEqual(len(dry_runs), 4, "of the Job and of its pod")
        self.release()
        self.change(suspend=False)
        self.succeeds()
        self.ends_well(pods=1)

    def approve(self, name):
        spec = {"migration": "first", "uid": self.migration()["metadata"]["uid"], "specHash": self.migration()["status"]["specHash"], "approvedBy": "alice"}
        self.api.create("migrationapprovals", self.namespace, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "MigrationApproval", "metadata": {"name": name}, "spec": spec})
        self.world.wait("migrationapprovals", self.namespace, name, lambda seen: seen is not None, "is there")

    def gives_back_less_and_less_often(self, began):
        """As long as its world is old it claims, looks, and gives back: again 2 s later, then 4 s later."""
        seen = self.expect("first", lambda seen: seen["status"].get("withdrawn", 0) >= 3, "its claim is given back thrice", timeout=120)
        self.assertGreaterEqual((time_of(seen["status"]["withdrawnTime"]) - began).total_seconds(), 2 + 4)

    def test_approval_taken_back(self):
        """It is approved, as the old world shows; meanwhile the approval was taken back (R7)."""
        before = self.present()
        self.migrate(approval="Required", suspend=True)
        self.closed("Approved")
        self.assertIsNone(before.stop())
        self.approve("yes")
        self.change(suspend=False)
        self.hold()
        self.delete("migrationapprovals", "yes")
        self.until_gone("migrationapprovals", "yes")
        began = from_now().replace(microsecond=0)
        self.comes_from_the_past()
        self.gives_back_less_and_less_often(began)
        self.assertEqual([], self.jobs())
        self.release()
        self.closed("Approved", reason="ApprovalMissing")
        self.assertEqual(set(), self.started("first"))
        self.approve("again")
        self.assertEqual("again", self.succeeds()["status"]["attempt"]["approval"]["name"])
        self.ends_well(pods=1)

    def test_what_it_requires_is_gone(self):
        """The Secret that it requires is there, as the old world shows; meanwhile it was deleted (R7)."""
        self.database()
        self.api.create("secrets", self.namespace, {"metadata": {"name": "orders-db"}})
        self.eventually(lambda: self.old_has(self.api.path("secrets", self.namespace)), "the old server has seen the Secret", 30)
        self.migrate(requires=[{"apiVersion": "v1", "kind": "Secret", "name": "orders-db"}])
        self.hold()
        self.delete("secrets", "orders-db")
        self.comes_from_the_past()
        self.expect("first", lambda seen: seen["status"].get("withdrawn", 0) >= 1, "the claim is given back")
        self.assertEqual([], self.jobs())
        self.release()
        self.closed("PrerequisitesMet", says="Secret orders-db does not exist")
        self.api.create("secrets", self.namespace, {"metadata": {"name": "orders-db"}})
        self.succeeds()
        self.ends_well(pods=1)

    def test_applications_of_other_kinds(self):
        """All is new, as the old world shows; meanwhile a Rollout was rolled back, and a Job of an old CronJob is there again (R7)."""
        image = "registry.example:5000/orders-api:"
        new, old = ({"spec": {"containers": [{"name": "api", "image": image + version}], "restartPolicy": "Never"}} for version in ("2.0.0", "1.0.0"))
        kind = OwnKind(self, "Rollout")
        kind.install()
        kind.create("api", {"selector": {"app": "api"}, "template": new})
        self.api.create("cronjobs", self.namespace, {"metadata": {"name": "nightly"}, "spec": {
            "schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": new}}}})
        for path in (kind.path, self.api.path("cronjobs", self.namespace)):
            self.eventually(lambda path=path: self.old_has(path), f"the old server has seen {path}", 30)
        for name, more in (("api", {"kind": "Rollout", "apiVersion": kind.api_version}), ("nightly", {"kind": "CronJob"})):
            self.database(name, baseline="0")
            self.migrate(name, database=name, applications=[self.application(">=2.0.0", name, whenAbsent="Proceed", **more)])
        self.hold()
        kind.change("api", {"template": old})
        self.api.create("jobs", self.namespace, {"metadata": {"name": "nightly-29384756"}, "spec": {"suspend": True, "template": old}})
        self.comes_from_the_past()
        for name in ("api", "nightly"):
            self.expect(name, lambda seen: seen["status"].get("withdrawn", 0) >= 1, "the claim is given back")
            self.assertEqual([], self.jobs(name))
        self.release()
        self.closed("VersionsCompatible", "api", says="api is to run 1.0.0")
        self.closed("VersionsCompatible", "nightly", says="nightly still wants 1 pod of 1.0.0 (Job nightly-29384756)")
        kind.change("api", {"template": new})
        self.delete("jobs", "nightly-29384756")
        self.succeeds("api")
        self.succeeds("nightly")
        self.ends_well(pods=2)

    def test_replica_sets_of_other_labels(self):
        """All is new, as the old world shows; meanwhile old ReplicaSets came that get no pods, and whose own labels are others (R7)."""
        image = "registry.example:5000/orders-api:"
        new, old = ([{"name": "api", "image": image + version}] for version in ("2.0.0", "1.0.0"))
        kind = OwnKind(self, "Rollout")
        kind.install()
        kind.create("api", {"selector": {"app": "api"}, "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": new}}})
        self.eventually(lambda: self.old_has(kind.path), "the old server has seen it", 30)
        self.deploy(name="web", version="2.0.0", replicas=1)
        for name, more in (("api", {"kind": "Rollout", "apiVersion": kind.api_version}), ("web", {})):
            self.database(name, baseline="0")
            self.migrate(name, database=name, applications=[self.application(">=2.0.0", name, **more)])
        self.hold()
        for name in ("api", "web"):
            labels = {"app": name, "by": "hand"}
            self.api.create("replicasets", self.namespace, {"metadata": {"name": f"old-{name}", "labels": {"team": "x"}}, "spec": {
                "replicas": 2, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": old, "serviceAccountName": "is-missing"}}}})
        self.comes_from_the_past()
        for name in ("api", "web"):
            self.expect(name, lambda seen: seen["status"].get("withdrawn", 0) >= 1, "the claim is given back")
            self.assertEqual([], self.jobs(name))
        self.release()
        for name in ("api", "web"):
            self.closed("VersionsCompatible", name, says=f"{name} still wants 2 pods of 1.0.0 (ReplicaSet old-{name})")
            self.delete("replicasets", f"old-{name}")
            self.succeeds(name)
        self.ends_well(pods=2)

    def old_has(self, path):
        try:
            return self.old_api.request("GET", f"{path}?resourceVersion=0")["items"]
        except ApiError:  # it does not serve that kind yet
            return []

    def test_database_of_another(self):
        """The ledger names it, as the old world shows of the Database alone: that one is gone with its schema."""
        before = self.present()
        self.migrate()
        self.succeeds()
        self.nothing_is_left()
        self.hold()
        for kind, name in (("schemamigrations", "first"), ("databases", "orders")):
            self.delete(kind, name)
            self.until_gone(kind, name)
        self.assertIsNone(before.stop())
        self.database()
        self.migrate()
        self.comes_from_the_past("/databases")
        self.release()
        self.succeeds()
        self.assertEqual("Completed", self.migration()["status"]["reason"])
        self.ends_well(pods=2)

    def test_database_is_claimed(self):
        """The database is free, as the old world shows; meanwhile another migration runs on it."""
        before = self.present()
        self.migrate(suspend=True)
        self.closed("NotSuspended")
        self.hold()
        self.migrate("other", to="other", how={"hold": "true"})
        self.running("other")
        self.change(suspend=False)
        self.closed("LockHeld")
        before.kill()
        self.comes_from_the_past("/(databases|jobs|pods)")
        self.assertEqual(set(), self.started("first"))
        self.release()
        self.finish("other")
        self.succeeds("other")
        self.succeeds("first")
        self.ends_well(pods=2)

    def test_it_refuses_to_begin(self):
        """Asked as the controller asks, for a first state that is current, the old server gives none: nothing begins."""
        self.database()
        self.migrate()
        self.hold()
        self.own_controller = self.controller_at(self.old_server)
        self.own_controller.start(wait=False)
        self.eventually(lambda: "Too large resource version" in self.own_controller.tail(), "the watch is refused", 30)
        self.assertEqual((200, 500), (self.own_controller.get("/healthz")[0], self.own_controller.get("/readyz")[0]))
        self.assertFalse(self.is_judged(self.migration()))
        self.release()
        self.one_success()
