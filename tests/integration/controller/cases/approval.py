# SPDX-License-Identifier: Apache-2.0
"""The gate Approved: a person's word for one migration with one spec. Persons are impersonated, as by kubectl --as."""
import time

import yaml

from ground.case import ApiError, Case
from ground.cluster import REPO
from ground.controller import Controller
from ground.world import PATIENCE

GATE = "Approved"
TESTED = "interlude-test/approvals"  # namespaces in which the policy is in force
KIND = "migrationapprovals.interlude.dev"


def manifests(name):
    with open(REPO / "manifests" / name, encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def install_roles(api):
    for role in manifests("user-roles.yaml"):
        api.apply("clusterroles", role)


def install_policy(api):
    """As it stands in manifests/, but for these tests' namespaces alone."""
    policy, binding = manifests("approval-policy.yaml")
    binding["spec"]["matchResources"] = {"namespaceSelector": {"matchExpressions": [{"key": TESTED, "operator": "Exists"}]}}
    api.apply("validatingadmissionpolicies", policy)
    api.apply("validatingadmissionpolicybindings", binding)


class Persons(Case):
    """alice and bob may approve, carol may edit."""

    def setUp(self):
        super().setUp()
        install_roles(self.api)
        self.bind("interlude-approve", "alice", "bob")
        self.bind("edit", "carol")

    def bind(self, role, *users):
        self.api.create("rolebindings", self.namespace, {
            "metadata": {"name": role}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user} for user in users]})
        until = time.monotonic() + PATIENCE
        while not self.may(users[-1], "list", "schemamigrations"):  # the server's own caches
            self.assertLess(time.monotonic(), until, f"{role} is not in force")
            time.sleep(0.05)

    def may(self, user, verb, resource):
        asked = {"namespace": self.namespace, "verb": verb, "group": "interlude.dev", "resource": resource.split("/")[0],
                 "subresource": resource.partition("/")[2]}
        return self.api.create("subjectaccessreviews", None, {"spec": {"user": user, "resourceAttributes": asked}})["status"]["allowed"]

    def approval(self, user, name="yes", migration="first", **spec):
        """An approval of the migration as it is now, not yet created."""
        seen = self.waits(migration)
        body = {"migration": migration, "uid": seen["metadata"]["uid"], "specHash": seen["status"]["specHash"], "approvedBy": user, **spec}
        return {"apiVersion": "interlude.dev/v1alpha1", "kind": "MigrationApproval", "metadata": {"name": name}, "spec": body}

    def waits(self, name="first"):
        return self.expect(name, lambda seen: seen["status"].get("specHash") and seen["status"]["observedGeneration"] == seen["metadata"]["generation"],
                           "was judged as it is now")

    def approve(self, user="alice", name="yes", migration="first", **spec):
        return self.api.as_user(user).create("migrationapprovals", self.namespace, self.approval(user, name, migration, **spec))

    def unknown(self, says):
        def holds(seen):
            condition = self.condition(seen, GATE)
            return condition and (condition["status"], condition["reason"]) == ("Unknown", "ApprovalsUnknown") and says in condition["message"]

        return self.expect("first", holds, f"does not know, and says {says!r}")

    def is_open(self, name="first"):
        return self.expect(name, lambda seen: self.conditions(seen).get(GATE) == "True", "is approved")

    def refused(self, code, says, call):
        with self.assertRaises(ApiError) as caught:
            call()
        self.assertEqual(code, caught.exception.code, caught.exception)
        self.assertIn(says, str(caught.exception))

    def never_ran(self, name="first"):
        self.assertEqual(([], None), (self.jobs(name), self.claim()))


class Approved(Persons):

    def test_waits_for_a_person(self):
        """What to do is said to the letter, who did it is kept, also when the approval itself is gone."""
        self.migrate(approval="Required", readyWhen="Accepted")
        waiting = self.closed(GATE, reason="ApprovalMissing", says="needs an approval (spec.approval)")
        for words in (f"uid: {waiting['metadata']['uid']}", f"specHash: \"{waiting['status']['specHash']}\"", "migration: first"):
            self.assertIn(words, waiting["status"]["message"])
        self.assertEqual("True", self.conditions(waiting)["Ready"])
        self.never_ran()
        since = self.audit.size()
        given = self.approve(comment="tried on the copy")
        done = self.succeeds()
        record = {"approvedBy": "alice", "name": "yes", "uid": given["metadata"]["uid"]}
        self.assertEqual(record, done["status"]["attempt"]["approval"])
        self.assertEqual("approved by alice (MigrationApproval yes): tried on the copy", self.condition(done, GATE)["message"])
        self.assertTrue([seen for _, seen in self.world.told("schemamigrations", self.namespace)
                         if seen.get("status", {}).get("message", "").endswith(", approved by alice")], "as it starts it says who approved")
        asked = [verb for verb, path, _ in self.audit.of_controller(self.namespace, since) if "migrationapprovals" in path]
        self.assertEqual(["get"], asked, "it was read anew before the start, and only then")
        self.api.as_user("alice").request("DELETE", self.api.path("migrationapprovals", self.namespace, "yes"))
        self.stays(lambda: self.migration()["status"] == done["status"], "nothing is forgotten", 1)
        self.holds()

    def test_none_is_asked_for(self):
        """Nothing is asked about approvals, and nobody stands in the record."""
        since = self.audit.size()
        self.migrate()
        done = self.succeeds()
        self.assertEqual(("True", None), (self.conditions(done)[GATE], done["status"]["attempt"].get("approval")))
        self.assertFalse([path for _, path, _ in self.audit.of_controller(self.namespace, since) if "migrationapprovals" in path])
        self.holds()

    def test_asked_for_by_the_database(self):
        self.database(approvalFor=["Data", "Expand"])
        self.migrate(approval="None")
        self.closed(GATE, reason="ApprovalMissing", says="spec.approvalFor of Database orders")
        self.never_ran()
        self.approve("bob")
        self.assertEqual("bob", self.succeeds()["status"]["attempt"]["approval"]["approvedBy"])
        self.holds()

    def test_no_longer_asked_for_by_the_database(self):
        self.database(approvalFor=["Expand"])
        self.migrate()
        self.closed(GATE)
        self.api.change("databases", self.namespace, "orders", {"spec": {"approvalFor": ["Contract"]}})
        self.assertNotIn("approval", self.succeeds()["status"]["attempt"])
        self.holds()

    def test_edited(self):
        """suspend says when, not what: it needs no other approval. An edit does, and who approved what was before is named."""
        self.migrate(approval="Required", suspend=True)
        before = self.approve()["spec"]["specHash"]
        self.is_open()
        self.change(run={"timeout": "1h"})
        self.closed(GATE, reason="ApprovalOutdated", says=f"given by alice, is for another spec ({before})")
        self.change(suspend=False)
        self.closed(GATE)
        self.never_ran()
        self.change(run={"timeout": None})
        self.assertEqual(before, self.succeeds()["status"]["attempt"]["specHash"])
        self.holds()

    def test_edited_and_approved_again(self):
        self.migrate(approval="Required", suspend=True)
        self.approve()
        self.is_open()
        self.change(suspend=False, toVersion="2")
        self.closed(GATE, reason="ApprovalOutdated")
        self.approve("bob", "again")
        self.assertEqual("again", self.succeeds()["status"]["attempt"]["approval"]["name"])
        self.assertEqual(["2"], self.ledger()["passed"])
        self.holds()

    def test_taken_back(self):
        self.migrate(approval="Required", suspend=True)
        self.approve()
        self.is_open()
        self.api.as_user("alice").request("DELETE", self.api.path("migrationapprovals", self.namespace, "yes"))
        self.closed(GATE, reason="ApprovalMissing")
        self.change(suspend=False)
        self.stays(lambda: not self.jobs("first"), "nothing begins", 1)
        self.never_ran()
        self.holds()

    def test_being_taken_back(self):
        """Something holds it up; it says yes no longer."""
        self.migrate(approval="Required", suspend=True)
        self.approve()
        self.is_open()
        self.api.change("migrationapprovals", self.namespace, "yes", {"metadata": {"finalizers": ["example.com/keep"]}})
        self.delete("migrationapprovals", "yes")
        self.closed(GATE, reason="ApprovalRevoked", says="given by alice, is being deleted")
        self.change(suspend=False)
        self.stays(lambda: not self.jobs("first"), "nothing begins", 1)
        self.approve("bob", "instead")
        self.assertEqual("bob", self.succeeds()["status"]["attempt"]["approval"]["approvedBy"])
        self.api.change("migrationapprovals", self.namespace, "yes", {"metadata": {"finalizers": None}})
        self.holds()

    def test_created_again(self):
        self.migrate(approval="Required", suspend=True)
        first = self.approve()["spec"]["uid"]
        self.is_open()
        self.delete("schemamigrations", "first")
        self.world.wait("schemamigrations", self.namespace, "first", lambda seen: seen is None, "is gone", PATIENCE)
        self.migrate(approval="Required")
        self.closed(GATE, reason="ApprovalOutdated", says=f"given by alice, is for another migration of this name (uid {first})")
        self.never_ran()
        self.approve("alice", "again")
        self.succeeds()
        self.holds()

    def test_before_there_is_a_migration(self):
        """Nobody knows the UID yet; what another migration of the same spec was given is not for this one either."""
        self.migrate("other", database="billing", approval="Required", suspend=True)
        guess = self.approval("alice", migration="other")
        guess["spec"]["migration"] = "first"
        self.api.as_user("alice").create("migrationapprovals", self.namespace, guess)
        self.migrate(approval="Required")
        self.closed(GATE, reason="ApprovalOutdated", says="is for another migration of this name")
        self.never_ran()
        self.approve("alice", "late")
        self.succeeds()
        self.holds()

    def test_tried_again(self):
        """What is approved is the spec: a retry of it needs no other approval, an edit after the failure does."""
        self.migrate(approval="Required", how={"exit_code": "3"})
        self.approve()
        self.fails()
        self.annotate(retry="1")
        failed = self.fails(attempt=2)
        self.assertEqual(["alice", "alice"], [seen["approval"]["approvedBy"] for seen in (failed["status"]["attempt"], *failed["status"]["attempts"])])
        self.change(run={"container": {"annotations": None}})
        self.expect("first", lambda seen: seen["status"]["phase"] == "Waiting" and seen["status"]["reason"] == "ApprovalOutdated", "waits again")
        self.assertEqual(2, len(self.jobs("first")))
        self.approve("bob", "again")
        done = self.succeeds()
        self.assertEqual((3, "bob"), (done["status"]["attempt"]["number"], done["status"]["attempt"]["approval"]["approvedBy"]))
        self.holds()

    def test_wakes_only_the_one_it_names(self):
        for number in range(10):
            self.migrate(f"far-{number}", to=f"far-{number}", database=f"far-{number}", approval="Required")
        self.migrate(approval="Required", database="near")
        for name in ["first"] + [f"far-{number}" for number in range(10)]:
            self.closed(GATE, name)
        self.world.until(self.namespace, lambda: all(self.events(f"far-{number}") for number in range(10)), "each has its Event")
        before, now = None, self.judged()
        while before != now:  # it knows of its own writes
            self.stays(lambda: True, "", 1)
            before, now = now, self.judged()
        self.approve()
        self.succeeds()
        self.assertEqual(now, self.judged())
        self.approve(name="far", migration="far-3")
        self.succeeds("far-3")
        self.holds()

    def judged(self):
        return self.controller.about(self.namespace, 1 << 20).count(f"key=m/{self.namespace}/far-")


class Policy(Persons):
    """Nobody approves in another's name, and nobody changes what was said."""

    def setUp(self):
        super().setUp()
        install_policy(self.api)
        self.api.change("namespaces", None, self.namespace, {"metadata": {"labels": {TESTED: ""}}})
        self.migrate(approval="Required")
        self.forged = self.approval("alice", "forged")
        until = time.monotonic() + PATIENCE
        while self.is_accepted("bob", self.forged):  # the server's own caches
            self.assertLess(time.monotonic(), until, "the policy is not in force")
            time.sleep(0.1)

    def is_accepted(self, user, body):
        try:
            self.api.as_user(user).request("POST", self.api.path("migrationapprovals", self.namespace, query={"dryRun": "All"}), body)
        except ApiError as error:
            self.assertIn(error.code, (403, 422), error)
            return False
        return True

    def create(self, user, body):
        return self.api.as_user(user).create("migrationapprovals", self.namespace, body)

    def test_forged(self):
        self.refused(403, "spec.approvedBy is alice, and you are bob: approve in your own name", lambda: self.create("bob", self.forged))
        self.refused(403, "spec.approvedBy is alice, and you are admin", lambda: self.api.create("migrationapprovals", self.namespace, self.forged))
        for nobody in ("", None):
            body = self.approval("alice", "nobody")
            body["spec"]["approvedBy"] = nobody
            self.refused(422, "approvedBy is missing; write your own user name, as kubectl auth whoami tells it",
                         lambda: self.create("alice", body))  # noqa: B023
        self.refused(403, "cannot create resource", lambda: self.create("carol", self.approval("carol")))
        self.never_ran()
        self.create("alice", self.forged)
        self.assertEqual("alice", self.succeeds()["status"]["attempt"]["approval"]["approvedBy"])
        self.holds()

    def test_changed(self):
        """Also by those who may do everything: it is taken back, or stays."""
        self.change(suspend=True)
        self.approve()
        for field, other in (("approvedBy", "bob"), ("comment", "!"), ("migration", "other")):
            self.refused(422, "an approval cannot be changed",
                         lambda: self.api.change("migrationapprovals", self.namespace, "yes", {"spec": {field: other}}))  # noqa: B023
        self.refused(403, "cannot patch resource",
                     lambda: self.api.as_user("alice").change("migrationapprovals", self.namespace, "yes", {"metadata": {"labels": {"a": "b"}}}))
        self.api.change("migrationapprovals", self.namespace, "yes", {"metadata": {"labels": {"a": "b"}}})
        self.is_open()
        self.holds()


VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
READ, WRITE, NOTHING = VERBS[:3], VERBS[3:], ()
EVERYTHING = READ + WRITE
KINDS = ("schemamigrations", "databases", "migrationapprovals", "schemamigrations/status", "databases/status")
# Role -> what it may do with each of KINDS. Nobody writes a status.
ROLES = {
    "view": (READ, READ, READ, NOTHING, NOTHING),
    "edit": (EVERYTHING, READ, READ, NOTHING, NOTHING),
    "admin": (EVERYTHING, EVERYTHING, READ, NOTHING, NOTHING),
    "interlude-view": (READ, READ, READ, NOTHING, NOTHING),
    "interlude-edit": (WRITE, NOTHING, NOTHING, NOTHING, NOTHING),
    "interlude-approve": (READ, READ, READ + ("create", "delete"), NOTHING, NOTHING),
    "interlude-platform": (READ, EVERYTHING, READ, NOTHING, NOTHING),
}


class Roles(Persons):

    def setUp(self):
        Case.setUp(self)
        install_roles(self.api)

    def test_table(self):
        """Each role may do what the table says, and nothing else with our kinds."""
        for role in ROLES:
            self.api.create("rolebindings", self.namespace, {
                "metadata": {"name": role}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": f"{role}-user"}]})
        wanted = {(role, kind): list(verbs) for role, allowed in ROLES.items() for kind, verbs in zip(KINDS, allowed)}
        until = time.monotonic() + PATIENCE
        while (found := self.allowed()) != wanted and time.monotonic() < until:  # view, edit and admin are put together by and by
            time.sleep(0.5)
        self.assertEqual(wanted, found)

    test_table.lasts = 5

    def allowed(self):
        return {(role, kind): [verb for verb in VERBS if self.may(f"{role}-user", verb, kind)] for role in ROLES for kind in KINDS}


class ApprovedAtTheStart(Persons):
    """R7: a claim stands, of a controller that is gone; the approval is read again."""
    stage = "own"

    def claimed(self):
        """Approved by alice, claimed, and nobody is there."""
        self.own_controller = Controller("approval", "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.migrate(approval="Required", suspend=True)
        self.approve()
        waiting = self.is_open()
        self.assertIsNone(self.own_controller.stop())
        self.change(suspend=False)
        self.claim_of_another(waiting)

    def given_back(self, reason):
        self.own_controller.start()
        self.expect("first", lambda seen: seen["status"].get("withdrawn") == 1, "gives the claim back")
        self.closed(GATE, reason=reason)
        self.assertEqual([], self.jobs("first"))
        self.approve("bob", "again")
        done = self.succeeds()["status"]["attempt"]
        self.assertEqual((2, "bob"), (done["number"], done["approval"]["approvedBy"]))
        self.assertIsNone(self.own_controller.stop())
        self.holds()

    def test_taken_back(self):
        self.claimed()
        self.delete("migrationapprovals", "yes")
        self.given_back("ApprovalMissing")

    def test_edited(self):
        """The claim and the approval are both of the spec before."""
        self.claimed()
        self.change(toVersion="2")
        self.given_back("ApprovalOutdated")

    def test_stands(self):
        """Read anew, it still holds. (The claim is given back for the Job, which this controller has not checked yet.)"""
        self.claimed()
        since = self.audit.size()
        self.own_controller.start()
        done = self.succeeds()["status"]["attempt"]
        self.assertEqual("alice", done["approval"]["approvedBy"])
        asked = [code for verb, path, code in self.audit.of_controller(self.namespace, since) if "migrationapprovals/yes" in path]
        self.assertEqual([200] * done["number"], asked)
        self.assertIsNone(self.own_controller.stop())
        self.holds()


class PermissionIsMissing(Persons):
    """The controller has the role of a version that knew no approvals."""
    stage = "own"

    def allow(self, *but):
        """What manifests/ let the controller do, in this namespace, but for some kinds."""
        rules = [rule for rule in manifests("clusterrole.yaml")[0]["rules"] if not set(but) & set(rule["resources"])]
        self.api.apply("roles", {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "controller"}, "rules": rules},
                       self.namespace)

    def kubeconfig(self):
        """Of an account that has this role."""
        self.api.create("serviceaccounts", self.namespace, {"metadata": {"name": "controller"}})
        self.api.create("rolebindings", self.namespace, {
            "metadata": {"name": "controller"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "controller"},
            "subjects": [{"kind": "ServiceAccount", "name": "controller", "namespace": self.namespace}]})
        path = self.api.path("serviceaccounts", self.namespace, "controller") + "/token"
        token = self.api.request("POST", path, {"spec": {"expirationSeconds": 3600}})["status"]["token"]
        with open(Controller.kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        config["users"][0]["user"] = {"token": token}
        name = Controller.logs / "permission-is-missing.kubeconfig"
        name.write_text(yaml.safe_dump(config))
        return name

    def test_granted_later(self):
        self.allow("migrationapprovals")
        self.own_controller = Controller("permission", "--namespace", self.namespace, "--leader-elect=false", kubeconfig=self.kubeconfig())
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.migrate("other", to="0")
        self.succeeds("other")
        self.migrate(approval="Required")
        self.unknown("is forbidden")
        self.approve()
        self.stays(lambda: not self.jobs("first"), "nothing begins", 1)
        self.allow()
        self.assertEqual("alice", self.reaches(timeout=2 * PATIENCE)["status"]["attempt"]["approval"]["approvedBy"])
        self.let_go()
        self.assertIsNone(self.own_controller.stop())
        self.holds()

    test_granted_later.lasts = 30


class KindIsMissing(Persons):
    """Interlude was upgraded before its kinds."""
    stage = "alone"

    def setUp(self):
        super().setUp()
        self.addCleanup(self.cluster.install_crds)
        self.api.request("DELETE", self.api.path("customresourcedefinitions", None, KIND))
        self.until_served(False)

    def until_served(self, is_there):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.api.list("migrationapprovals", self.namespace)
                code = 200
            except ApiError as error:  # 429 while it is about to be
                code = error.code
            if code == (200 if is_there else 404):
                return
            self.assertLess(time.monotonic(), until, "the server does not take notice of the CRD")
            time.sleep(0.1)

    def test_installed_later(self):
        """What needs no approval runs; what does says what is missing, and goes on by itself when it is there."""
        self.own_controller = Controller("no-kind", "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.migrate("other", to="0")
        self.succeeds("other")
        self.migrate(approval="Required")
        self.unknown("the kind MigrationApproval is not installed")
        self.never_ran()
        self.cluster.install_crds()
        self.until_served(True)
        self.closed(GATE, reason="ApprovalMissing", timeout=2 * PATIENCE)  # a watch that fails is tried every half minute
        self.approve()
        self.succeeds()
        self.assertIsNone(self.own_controller.stop())
        self.holds()

    test_installed_later.lasts = 60

    def test_goes_and_comes_again(self):
        """With the kind each approval goes."""
        self.cluster.install_crds()
        self.until_served(True)
        self.own_controller = Controller("kind-goes", "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.migrate(approval="Required", suspend=True)
        self.approve()
        self.is_open()
        self.api.request("DELETE", self.api.path("customresourcedefinitions", None, KIND))
        self.until_served(False)
        self.change(suspend=False)
        self.expect("first", lambda seen: self.conditions(seen)[GATE] != "True", "is approved no more")
        self.never_ran()
        self.cluster.install_crds()
        self.until_served(True)
        self.closed(GATE, reason="ApprovalMissing", timeout=2 * PATIENCE)
        self.approve()
        self.succeeds()
        self.assertIsNone(self.own_controller.stop())
        self.holds()

    test_goes_and_comes_again.lasts = 60
