# SPDX-License-Identifier: Apache-2.0
"""The gate PrerequisitesMet: what spec.requires names must be there, or be ready."""
import base64
import re
import secrets
import time

from ground.candidate import Candidate
from ground.case import Case
from ground.controller import Controller
from ground.own_kind import OwnKind

GATE = "PrerequisitesMet"
SECRET = {"apiVersion": "v1", "kind": "Secret", "name": "orders-db"}


class Requires(Case):
    """A kind of the test's own: Backup, of a group that no other test has."""

    def setUp(self):
        super().setUp()
        self.kind = OwnKind(self, "Backup")
        self.group = self.kind.group

    @property
    def backups(self):
        return self.kind.path

    def install(self, plural="backups"):
        self.kind.install(plural)

    def remove(self):
        self.kind.remove()

    def backup(self, name="before", **meta):
        return self.kind.create(name, {}, **meta)

    def ready(self, status, reason="Done", name="before", **more):
        condition = {"type": "Ready", "status": status, "reason": reason, "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        return self.kind.tell(name, conditions=[{**condition, **more}])

    def required(self, name="before", **more):
        return {"apiVersion": f"{self.group}/v1", "kind": "Backup", "name": name, **more}

    def secret(self, name="orders-db", text="secret", **meta):
        return self.api.create("secrets", self.namespace, {"metadata": {"name": name, **meta},
                                                           "data": {"url": base64.b64encode(text.encode()).decode()}})

    def asked_for(self, plural, since=0):
        """The controller's requests for a kind, watches left out: their paths."""
        return [path for _, path, _ in self.audit.of_controller(self.namespace, since) if f"/{plural}" in path]


class PrerequisitesMet(Requires):

    def test_secret_that_comes_later(self):
        """It is waited for; only that it is there is asked, in one request, and no more than that one."""
        since = self.audit.size()
        self.migrate(requires=[SECRET], readyWhen="Accepted")
        waiting = self.closed(GATE, reason="PrerequisiteMissing", says="Secret orders-db does not exist")
        self.assertEqual("True", self.conditions(waiting)["Ready"])
        self.secret("another")
        self.secret()
        self.succeeds()
        self.assertEqual([f"/api/v1/namespaces/{self.namespace}/secrets?fieldSelector=metadata.name%3Dorders-db"],
                         self.asked_for("secrets", since))
        self.holds()

    def test_several(self):
        """All that is missing is named at once; what is there is not."""
        self.api.create("configmaps", self.namespace, {"metadata": {"name": "settings"}, "data": {}})
        self.migrate(requires=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "settings"}, SECRET,
                               {"apiVersion": "apps/v1", "kind": "Deployment", "name": "broker", "condition": "Available"}])
        waiting = self.closed(GATE, reason="PrerequisiteMissing", says="Secret orders-db does not exist; Deployment broker does not exist")
        self.assertNotIn("settings", waiting["status"]["message"])
        self.secret()
        self.deploy(name="broker")
        self.succeeds()
        self.holds()

    def test_condition(self):
        """False, then True: told by its watch, without a single request in between."""
        self.install()
        self.backup()
        self.migrate(requires=[self.required(condition="Ready")])
        self.closed(GATE, reason="PrerequisiteNotReady", says="Backup before has no condition Ready yet")
        self.ready("False", "Uploading")
        self.closed(GATE, reason="PrerequisiteNotReady", says="condition Ready of Backup before is False (Uploading)")
        self.world.until(self.namespace, lambda: self.events("first"), "has its Event")
        self.quiet(3)
        self.ready("True")
        self.succeeds()
        self.holds()

    def quiet(self, seconds):
        """Nothing is asked or written about the namespace for so long, once what is under way has ended."""
        self.stays(lambda: True, "", 1)
        since = self.audit.size()
        self.stays(lambda: True, "", seconds)
        self.assertEqual([], self.audit.of_controller(self.namespace, since))

    def test_old_status(self):
        """True, but told of the generation before: not yet observed, be it said by the condition or by the status."""
        self.install()
        self.backup()
        self.ready("True", observedGeneration=1)
        self.api.request("PATCH", f"{self.backups}/before", {"spec": {"full": True}}, "application/merge-patch+json")
        self.migrate(requires=[self.required(condition="Ready")])
        self.closed(GATE, reason="PrerequisiteNotReady", says="Backup before was changed")
        self.ready("True", observedGeneration=2)
        self.succeeds()
        self.holds()

    def test_kind_that_comes_later(self):
        """Which kind is missing is told; it is asked for ever more rarely; it may go again, and stand elsewhere then."""
        self.migrate(requires=[self.required()])
        since = self.audit.size()
        self.closed(GATE, reason="PrerequisiteKindMissing", says=f"the API server has no kind Backup in {self.group}/v1")
        self.stays(lambda: True, "", 5)
        asked = [event for event in self.audit.about(f'"/apis/{self.group}/v1"', since)]
        self.assertTrue(1 <= len(asked) <= 6, asked)
        self.install()
        self.backup()
        self.succeeds()
        self.migrate("second", to="2", requires=[self.required("other")])
        self.closed(GATE, "second", "PrerequisiteMissing", "Backup other does not exist")
        self.remove()
        self.closed(GATE, "second", "PrerequisiteKindMissing")
        self.install("copies")
        self.backup("other")
        self.succeeds("second", timeout=90)
        self.holds()

    def test_kind_of_no_namespace(self):
        self.migrate(requires=[{"apiVersion": "v1", "kind": "Node", "name": "node-1"}])
        self.closed(GATE, reason="PrerequisiteKindMissing", says="is no kind whose objects lie in a namespace")
        self.change(requires=[{"apiVersion": "authorization.k8s.io/v1", "kind": "LocalSubjectAccessReview", "name": "a"}])
        self.closed(GATE, reason="PrerequisiteKindMissing", says="cannot be watched")
        self.change(requires=[{"apiVersion": "v1", "kind": "Sceret", "name": "a"}])
        self.closed(GATE, reason="PrerequisiteKindMissing", says="no kind Sceret in v1")
        self.change(requires=None)
        self.succeeds()
        self.holds()

    def test_older_than_the_migration(self):
        self.install()
        self.backup()
        self.ready("True")
        time.sleep(1.1)  # the server's times are whole seconds
        self.migrate(requires=[self.required(condition="Ready", newerThan="Migration")])
        self.closed(GATE, reason="PrerequisiteTooOld", says="before this migration")
        self.api.request("DELETE", f"{self.backups}/before")
        self.closed(GATE, reason="PrerequisiteMissing")
        self.backup()
        self.closed(GATE, reason="PrerequisiteNotReady")
        self.ready("True")
        self.succeeds()
        self.holds()

    def test_being_deleted(self):
        """What is on its way out does not count, though it is still there."""
        self.secret(finalizers=["interlude.test/hold"])
        self.delete("secrets", "orders-db")
        self.migrate(requires=[SECRET])
        self.closed(GATE, reason="PrerequisiteMissing", says="Secret orders-db is being deleted")
        self.api.change("secrets", self.namespace, "orders-db", {"metadata": {"finalizers": None}})
        self.closed(GATE, reason="PrerequisiteMissing", says="Secret orders-db does not exist")
        self.secret()
        self.succeeds()
        self.holds()

    def test_edited(self):
        """Another object, and another condition of one that was waited for already."""
        self.install()
        self.backup()
        self.ready("False", "Uploading")
        self.migrate(requires=[self.required("other")])
        self.closed(GATE, says="Backup other does not exist")
        self.change(requires=[self.required(condition="Complete")])
        self.closed(GATE, says="Backup before has no condition Complete yet")
        self.change(requires=[self.required(condition="Ready")])
        self.closed(GATE, says="condition Ready of Backup before is False")
        self.change(requires=[self.required()])
        self.succeeds()
        self.holds()

    def test_wakes_only_those_that_name_it(self):
        for number in range(10):
            self.migrate(f"far-{number}", to=f"far-{number}", database=f"far-{number}", requires=[{**SECRET, "name": "far"}])
        self.migrate("near", to="near", requires=[SECRET])
        for name in ["near"] + [f"far-{number}" for number in range(10)]:
            self.closed(GATE, name, "PrerequisiteMissing")
        self.world.until(self.namespace, lambda: all(self.events(f"far-{number}") for number in range(10)), "each has its Event")
        before, judged = None, self.judged()
        while before != judged:
            self.stays(lambda: True, "", 1)
            before, judged = judged, self.judged()
        self.secret()
        self.succeeds("near")
        self.assertEqual(judged, self.judged())
        self.secret("far")
        self.succeeds("far-9")
        self.holds()

    def judged(self):
        """How often the controller has looked at those that are far."""
        return self.controller.about(self.namespace, 1 << 20).count(f"key=m/{self.namespace}/far-")


class PrerequisitesOfALatePod(Requires):
    """A quota keeps the pod from coming; when it comes, long after the gates were judged, they are judged anew."""

    def begins_without_a_pod(self):
        self.migrate(requires=[SECRET])
        self.closed(GATE, reason="PrerequisiteMissing")
        self.api.create("resourcequotas", self.namespace, {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
        self.world.until(self.namespace, lambda: "hard" in self.api.get("resourcequotas", self.namespace, "none").get("status", {}),
                         "the quota holds")
        self.secret()
        self.reaches("first", "Running")
        self.stays(lambda: not self.started("first"), "no pod comes", 32)

    def let_pods_come(self):
        self.delete("resourcequotas", "none")
        job = self.jobs("first")[0]["metadata"]["name"]
        self.api.change("jobs", self.namespace, job, {"metadata": {"annotations": {"nudged": "yes"}}})

    def test_still_there(self):
        self.begins_without_a_pod()
        self.let_pods_come()
        self.assertEqual(1, self.succeeds(timeout=120)["status"]["attempt"]["number"])
        self.assertGreaterEqual(len(self.asked_for("secrets")), 2)
        self.holds()

    test_still_there.lasts = 60

    def test_gone(self):
        self.begins_without_a_pod()
        self.delete("secrets", "orders-db")
        self.let_pods_come()
        self.expect("first", lambda seen: seen["status"]["attempt"].get("reason") == "StartMissed", "misses its start", 120)
        self.secret()
        self.assertEqual(2, self.succeeds(timeout=120)["status"]["attempt"]["number"])
        self.holds()

    test_gone.lasts = 90


class PrerequisitesApart(Requires):
    """With a controller of their own, as the installation has it: it may not read what nobody has allowed it."""
    stage = "own"

    def start(self):
        self.own_controller = Candidate(self, "one").start()

    def watches(self, number):
        self.world.until(self.namespace, lambda: self.own_controller.metric("interlude_watches") == number, f"{number} watches")

    def test_permission(self):
        """What is missing is named, with the remedy; it is asked again ever more rarely; get is never needed."""
        self.start()
        since = self.audit.size()
        self.migrate(requires=[SECRET])
        waiting = self.closed(GATE, reason="PrerequisiteForbidden", says='interlude.dev/aggregate-to-controller: "true"')
        self.assertIn('cannot watch resource "secrets"', waiting["status"]["message"])
        self.stays(lambda: True, "", 5)
        refused = [event for event in self.audit.about(f'"{self.own_controller.user}"', since)
                   if event.get("responseStatus", {}).get("code") == 403]
        self.assertTrue(1 <= len(refused) <= 8, [event["requestURI"] for event in refused])
        self.assertEqual(0, self.own_controller.metric("interlude_watches_broken"))
        self.secret()
        self.own_controller.grant({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]})
        self.succeeds(timeout=90)
        self.holds()

    test_permission.lasts = 40

    def test_half_a_permission(self):
        """It may watch and not list: known just before the start, the claim is given back, and the gate says so."""
        self.start()
        self.own_controller.grant({"apiGroups": [""], "resources": ["secrets"], "verbs": ["watch"]})
        self.secret()
        self.migrate(requires=[SECRET])
        self.expect("first", lambda seen: seen["status"].get("withdrawn", 0) > 0, "gives the claim back")
        given_back = self.migration()["status"]
        self.assertIn('cannot list resource "secrets"', given_back["message"])
        self.assertEqual([], self.jobs())
        self.own_controller.grant({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]})
        self.succeeds(timeout=90)
        self.holds()

    def test_secret_stays_secret(self):
        """Nothing of what is in a Secret, or a ConfigMap, is ever in the controller's memory."""
        self.start()
        self.own_controller.grant({"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list", "watch"]})
        marks = [secrets.token_hex(24) for _ in range(3)]
        self.secret(text=marks[0])
        self.secret("unnamed", text=marks[1], annotations={"seen": "its-metadata-" + marks[2]})
        self.api.create("configmaps", self.namespace, {"metadata": {"name": "settings"}, "data": {"url": marks[1]}})
        self.migrate(requires=[SECRET, {"apiVersion": "v1", "kind": "ConfigMap", "name": "settings"}])
        self.succeeds()
        memory = self.memory()
        self.assertIn(self.migration()["metadata"]["uid"].encode(), memory, "the memory was looked into")
        for mark in marks[:2]:
            self.assertNotIn(mark.encode(), memory)
            self.assertNotIn(base64.b64encode(mark.encode()), memory)
        self.holds()

    def memory(self):
        """All that the process may write to, but for what a sanitizer sets aside."""
        found = []
        pid = self.own_controller.process.pid
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
            for line in maps:
                start, end = (int(word, 16) for word in re.match(r"(\w+)-(\w+)", line).groups())
                if " rw-" in line and end - start < 1 << 28:
                    mem.seek(start)
                    found.append(mem.read(end - start))
        return b"".join(found)

    def test_watched_no_longer_than_needed(self):
        """One watch for a kind, however many objects of it are waited for; none when nobody waits."""
        self.start()
        self.own_controller.grant({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]},
                                  {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list", "watch"]})
        always = self.own_controller.metric("interlude_watches")
        self.migrate("one", to="1", requires=[SECRET])
        self.migrate("two", to="2", requires=[{**SECRET, "name": "two"}])
        self.closed(GATE, "one")
        self.closed(GATE, "two")
        self.watches(always + 1)
        self.change("two", requires=[{"apiVersion": "apps/v1", "kind": "Deployment", "name": "a", "condition": "Available"}])
        self.closed(GATE, "two", says="Deployment a does not exist")
        self.watches(always + 2)
        self.secret()
        self.succeeds("one")
        self.watches(always + 1)
        self.delete("schemamigrations", "two")
        self.watches(always)
        self.holds()


class PrerequisitesAtTheStart(Requires):
    """R7: a claim stands, of a controller that is gone; what it requires is gone since."""
    stage = "own"

    def claimed(self, **spec):
        """A migration whose claim stands, although something closed its gate meanwhile."""
        self.own_controller = Controller("requires", "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.migrate(to="2", suspend=True, **spec)
        waiting = self.closed("NotSuspended")
        self.assertIsNone(self.own_controller.stop())
        self.change(suspend=False)
        self.claim_of_another(waiting)

    def test_gone(self):
        self.secret()
        self.claimed(requires=[SECRET])
        self.delete("secrets", "orders-db")
        self.own_controller.start()
        self.expect("first", lambda seen: seen["status"].get("withdrawn") == 1, "gives the claim back")
        self.closed(GATE, reason="PrerequisiteMissing")
        self.assertEqual([], self.jobs("first"))
        self.secret()
        self.assertEqual(2, self.succeeds()["status"]["attempt"]["number"])
        self.assertIsNone(self.own_controller.stop())
        self.holds()

    def test_kind_gone(self):
        """It cannot be read any more at all: given back, not held for ever."""
        self.install()
        self.backup()
        self.claimed(requires=[self.required()])
        self.remove()
        self.own_controller.start()
        self.expect("first", lambda seen: seen["status"].get("withdrawn") == 1, "gives the claim back")
        self.closed(GATE, reason="PrerequisiteKindMissing")
        self.assertEqual([], self.jobs("first"))
        self.assertIsNone(self.own_controller.stop())
        self.holds()
