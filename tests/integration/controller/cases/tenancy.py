# SPDX-License-Identifier: Apache-2.0
"""Migrations of one namespace on a Database of another: whom it allows, and all that a claim stands for."""
from ground.case import Case, steered
from ground.controller import Controller
from ground.rules import broken_rules
from ground.world import Together

GATE = "SchemaVersionMet"


class Ground(Case):
    """The Database lives with the platform team, in a namespace of its own."""

    def setUp(self):
        super().setUp()
        self.platform = f"{self.namespace[:55]}-data"
        self.new_namespace(self.platform)
        self.named = f"{self.platform}/orders"

    def holds(self):
        problems = list(broken_rules(Together(self.world, (self.namespace, self.platform)), self.namespace))
        self.assertEqual([], problems, "rules of the protocol that were broken")

    def shared(self, *allowed, **spec):
        return self.api.create("databases", self.platform, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": "orders"},
            "spec": {"allowedNamespaces": list(allowed), **spec}})

    def allow(self, *allowed):
        self.api.change("databases", self.platform, "orders", {"spec": {"allowedNamespaces": list(allowed)}})

    def elsewhere(self):
        """The Database."""
        return self.world.get("databases", self.platform, "orders")

    def is_free(self):
        return self.world.until(self.platform, lambda: "claim" not in self.elsewhere().get("status", {}) and self.elsewhere(), "it is free")

    def migrate_there(self, name, **spec):
        """A migration beside the Database."""
        return self.api.create("schemamigrations", self.platform, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "SchemaMigration", "metadata": {"name": name}, "spec": self.spec(**spec)})


class AnotherNamespace(Ground):

    def test_allowed(self):
        """The claim, the ledger and the Job's labels say where the migration is."""
        self.shared(self.namespace)
        self.migrate(database=self.named, how={"hold": "true"})
        self.running()
        claim = self.elsewhere()["status"]["claim"]
        self.assertEqual((self.namespace, "first"), (claim["namespace"], claim["migration"]))
        labels = self.jobs("first")[0]["metadata"]["labels"]
        self.assertEqual(("orders", self.platform), (labels["interlude.dev/database"], labels["interlude.dev/database-namespace"]))
        self.finish()
        self.succeeds()
        history = self.is_free()["status"]["history"]
        self.assertEqual([(self.namespace, "first", "1")], [(entry["namespace"], entry["migration"], entry["version"]) for entry in history])
        self.assertEqual([], self.world.all("databases", self.namespace), "none was made in the migration's own namespace")
        self.world.until(self.platform, lambda: "finalizers" not in self.elsewhere()["metadata"], "the Database is let go")
        self.holds()

    def test_not_allowed(self):
        """It says what to do, holds nothing up, and goes on as soon as that is done."""
        self.shared("somebody-else")
        self.migrate(database=self.named)
        waiting = self.closed(GATE, reason="NamespaceNotAllowed",
                              says=f"Database {self.named} does not allow migrations of namespace {self.namespace}: add {self.namespace} to its spec.allowedNamespaces")
        self.assertEqual("NamespaceNotAllowed", waiting["status"]["reason"])
        self.assertEqual(("False", "True"), (self.conditions(waiting)["Stalled"], self.conditions(waiting)["Reconciling"]))
        self.stays(lambda: "finalizers" not in self.elsewhere()["metadata"], "a stranger's migration holds no Database", 1)
        self.allow("somebody-else", self.namespace)
        self.succeeds()
        self.holds()

    def test_is_not_created(self):
        self.migrate(database=self.named)
        self.closed(GATE, reason="DatabaseMissing", says=f"Database {self.named} does not exist, and in another namespace none is created")
        self.stays(lambda: not self.world.all("databases", self.platform) + self.world.all("databases", self.namespace), "none is created", 1)
        self.shared(self.namespace)
        self.succeeds()
        self.holds()

    def test_revoked_while_it_waits(self):
        self.shared(self.namespace)
        self.migrate(database=self.named, suspend=True)
        waiting = self.closed("NotSuspended")
        self.assertEqual("True", self.conditions(waiting)[GATE])
        self.allow()
        self.closed(GATE, reason="NamespaceNotAllowed")
        self.world.until(self.platform, lambda: "finalizers" not in self.elsewhere()["metadata"], "the Database is let go")
        self.change(suspend=False)
        self.closed(GATE, reason="NamespaceNotAllowed")
        self.stays(lambda: not self.jobs(), "nothing runs", 1)
        self.allow(self.namespace)
        self.succeeds()
        self.holds()

    def test_revoked_while_it_runs(self):
        """What has started is brought to its end, and the ledger moves."""
        self.shared(self.namespace)
        self.migrate(database=self.named, how={"hold": "true"})
        self.running()
        self.allow()
        self.finish()
        self.succeeds()
        self.assertEqual(["1"], self.is_free()["status"]["passed"])
        self.holds()

    def test_one_at_a_time(self):
        """R2: two of the same name, one beside the Database; the one that waits says whose turn it is, and is woken."""
        self.shared(self.namespace)
        self.migrate_there("first", to="1", how={"hold": "true"})
        self.world.wait("schemamigrations", self.platform, "first", lambda seen: (seen or {}).get("status", {}).get("reason") == "JobRunning", "runs")
        self.migrate("first", to="2", database=self.named)
        self.closed("LockHeld", reason="DatabaseBusy", says=f"migration {self.platform}/first holds database {self.named}")
        self.stays(lambda: not self.jobs(), "it waits", 1)
        for pod in self.world.all("pods", self.platform):
            self.api.change("pods", self.platform, pod["metadata"]["name"], {"metadata": {"annotations": steered(finish="true")}})
        self.succeeds()
        self.assertEqual(["1", "2"], self.is_free()["status"]["passed"])
        self.holds()

    def test_comes_back_without_its_status(self):
        """R3: it is known by its namespace, too."""
        self.shared(self.namespace)
        self.migrate(database=self.named)
        self.succeeds()
        self.api.delete("schemamigrations", self.namespace, "first")
        self.world.until(self.namespace, lambda: not self.migration(), "it is gone")
        self.migrate(database=self.named)
        self.assertEqual("AlreadyApplied", self.reaches()["status"]["reason"])
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    def test_deleted_while_it_runs(self):
        """Abandoned: nobody is left but the claim, and the run and its pods are in another namespace than that."""
        self.shared(self.namespace)
        self.migrate(database=self.named, how={"hold": "true"})
        self.running()
        self.annotate(abandon="true")
        self.delete("schemamigrations", "first")
        self.world.until(self.namespace, lambda: not self.migration(), "it is gone")
        self.stays(lambda: "claim" in self.elsewhere()["status"], "the claim stays while the run goes on", 2)
        self.finish()
        status = self.is_free()["status"]
        self.assertEqual((["1"], self.namespace), (status["passed"], status["history"][0]["namespace"]))
        self.let_go()
        self.holds()

    def test_namespace_deleted_after_its_node_was_lost(self):
        """R8b: the Database stays, and so does the claim, until a person says that the run has ended."""
        self.shared(self.namespace, self.platform)
        self.migrate(database=self.named, how={"hold": "true"})
        pod = self.running_pod()["metadata"]["name"]
        self.api.change("pods", self.namespace, pod, {"metadata": {"annotations": {"kwok.interlude.dev/frozen": "true"}}})
        self.api.change("pods", self.namespace, pod, subresource="status", how="strategic", body={"status": {
            "phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "node lost"}]}})
        self.api.delete("namespaces", None, self.namespace)
        self.reaches("first", "Failed", "EndUnproven")
        self.migrate_there("second", to="2")
        self.stays(lambda: self.elsewhere()["status"]["claim"]["migration"] == "first", "the claim stays", 5)
        self.annotate(confirm_ended="1")
        self.world.wait("namespaces", None, self.namespace, lambda seen: seen is None, "is gone", 150)
        self.world.wait("schemamigrations", self.platform, "second", lambda seen: seen["status"].get("phase") == "Succeeded", "succeeds")
        self.holds()

    test_namespace_deleted_after_its_node_was_lost.lasts = 40

    def test_policy_of_the_database(self):
        """Its window and its least soak hold for strangers as well."""
        self.shared(self.namespace, soak={"Expand": "24h"}, window={"schedule": "0 0 29 2 *", "duration": "1m"})
        self.deploy(version="2.0.0")
        self.migrate(database=self.named, applications=[self.application(">=2.0.0")])
        self.closed("Soaked", reason="Soaking", says=f"a soak of 1d (spec.soak.Expand of Database {self.named})")
        self.closed("InWindow", reason="OutsideWindow", says=f"(spec.window of Database {self.named})")
        self.holds()

    def test_its_own_namespace_by_name(self):
        self.migrate(database=f"{self.namespace}/orders")
        self.succeeds()
        self.assertEqual(["1"], self.ledger()["passed"])
        self.assertNotIn("namespace", self.ledger()["history"][0])
        self.holds()


class OneNamespaceSeen(Ground):
    stage = "own"

    def test_limited_controller(self):
        """It cannot see the Database, says so, and neither creates nor claims one."""
        self.shared(self.namespace)
        self.own_controller = Controller("limited", "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.migrate(database=self.named)
        self.expect("first", lambda seen: seen["status"].get("reason") == "DatabaseNotSeen", "says that it cannot see it")
        self.assertIn(f"this controller is limited to namespace {self.namespace} (--namespace)", self.migration()["status"]["message"])
        self.stays(lambda: not self.jobs() and not self.world.all("databases", self.namespace), "nothing is done", 1)
        self.assertIsNone(self.own_controller.stop())
        self.holds()
