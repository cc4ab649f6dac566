# SPDX-License-Identifier: Apache-2.0
"""Migrations that are deleted, and Jobs that somebody touches."""
from ground.case import ApiError, Case
from ground.rules import RUN


class Deletion(Case):

    def gone(self, name="first"):
        return self.world.wait("schemamigrations", self.namespace, name, lambda seen: seen is None, "is gone")

    def test_while_waiting(self):
        self.migrate(suspend=True)
        self.closed("NotSuspended")
        self.delete("schemamigrations", "first")
        self.gone()
        self.world.wait("databases", self.namespace, "orders", lambda seen: RUN not in seen["metadata"].get("finalizers", []), "is let go")
        self.assertEqual([], self.jobs())
        self.holds()

    def test_during_a_run(self):
        """R4: held until the run has ended; the ledger tells that it succeeded."""
        self.migrate(how={"hold": "true"})
        self.running()
        self.delete("schemamigrations", "first", "Foreground")
        waiting = self.reaches("first", "Running", "DeletionWaits")
        self.assertIn(RUN, waiting["metadata"]["finalizers"])
        self.stays(lambda: self.migration() and len(self.pods()) == 1 and "deletionTimestamp" not in self.pods()[0]["metadata"], "it runs on", 1)
        self.finish()
        self.gone()
        self.released()
        self.assertEqual(("1", ["1"]), (self.ledger()["version"], self.ledger()["passed"]))
        self.world.until(self.namespace, lambda: not self.jobs() and not self.pods(), "the Job goes with its owner")
        self.holds()

    def test_during_a_run_that_fails(self):
        self.migrate(how={"hold": "true", "exit_code": 1}, retries=3)
        self.running()
        self.delete("schemamigrations", "first")
        self.reaches("first", "Running", "DeletionWaits")
        self.finish()
        self.gone()
        self.released()
        self.assertNotIn("version", self.ledger())
        self.assertEqual(1, len(self.started("first")), "a migration that is being deleted is not retried")
        self.holds()

    def test_of_what_never_started(self):
        """R4a: a run that never started does not hold the deletion up."""
        self.migrate(how={"waiting_reason": "ImagePullBackOff"})
        self.reaches("first", "Running", "ImagePullBackOff")
        self.delete("schemamigrations", "first")
        self.gone()
        self.released()
        self.assertNotIn("version", self.ledger())
        self.holds()

    def test_abandoned_run_that_succeeds(self):
        """The migration goes at once; the claim stays until the run has ended, and the ledger learns of it."""
        self.migrate(how={"hold": "true"})
        uid = self.running()["metadata"]["uid"]
        self.annotate(abandon="true")
        self.delete("schemamigrations", "first")
        self.gone()
        self.migrate("next", to="2")
        self.closed("LockHeld", "next", "DatabaseBusy", "migration first")
        self.assertEqual(uid, self.claim()["uid"])
        self.finish()
        self.world.until(self.namespace, lambda: "1" in self.ledger().get("passed", []), "the ledger moves")
        self.assertEqual(("first", uid), tuple(self.ledger()["history"][0][key] for key in ("migration", "uid")))
        self.let_go("first")
        self.succeeds("next")
        self.assertEqual(["1", "2"], self.ledger()["passed"])
        self.holds()

    def test_abandoned_run_that_fails(self):
        self.migrate(how={"hold": "true", "exit_code": 2})
        self.running()
        self.annotate(abandon="true")
        self.delete("schemamigrations", "first")
        self.gone()
        self.stays(self.claim, "the claim stays while it runs", 1)
        self.finish()
        self.released()
        self.assertNotIn("version", self.ledger())
        self.let_go("first")
        self.holds()

    def test_created_again_during_the_run(self):
        """The same migration waits for the end of the abandoned one's run; then it knows that it was applied."""
        self.migrate(how={"hold": "true"})
        self.running()
        self.annotate(abandon="true")
        self.delete("schemamigrations", "first")
        self.gone()
        self.migrate(how={"hold": "true"})
        self.reaches("first", "Waiting")
        self.finish()
        self.reaches("first", "Succeeded", "AlreadyApplied")
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    def test_namespace(self):
        """A namespace that is deleted with a migration that runs, one that waits and one that is done goes by itself."""
        self.migrate("done", database="other")
        self.succeeds("done")
        self.migrate("runs", how={"hold": "true"})
        self.running("runs")
        self.migrate("waits", to="2")
        self.closed("LockHeld", "waits")
        self.api.delete("namespaces", None, self.namespace)
        self.reaches("runs", "Failed", "NamespaceDeleted")
        self.world.wait("namespaces", None, self.namespace, lambda seen: seen is None, "is gone", 150)
        self.assertEqual(1, len(self.started("runs")))

    test_namespace.lasts = 60


class Jobs(Case):

    def job(self):
        return self.jobs("first")[0]

    def run_is_over(self, reason, says=None):
        status = self.fails(reason=reason)["status"]
        if says:
            self.assertIn(says, status["message"])
        self.assertEqual(1, status["attempt"]["number"])
        self.assertIsNone(self.claim())
        self.assertNotIn("version", self.ledger())
        self.stays(lambda: len(self.started("first")) == 1 and self.migration()["status"]["phase"] == "Failed", "never runs again", 1)
        self.holds()

    def test_deleted_in_the_background(self):
        """R5: kubectl delete job is held, and its pod lives on; when that has ended, its own proof counts."""
        self.migrate(how={"hold": "true"}, retries=2)
        self.running()
        name = self.job()["metadata"]["name"]
        self.delete("jobs", name, "Background")
        self.reaches("first", "Running", "JobDeleted")
        self.stays(lambda: self.claim() and "deletionTimestamp" not in self.pods()[0]["metadata"], "it runs on", 1.5)
        self.finish()
        self.succeeds()
        self.world.wait("jobs", self.namespace, name, lambda seen: seen is None, "is let go")
        self.assertEqual(1, len(self.started("first")))
        self.assertEqual(["1"], self.ledger()["passed"])
        self.stays(lambda: not self.jobs(), "never runs again", 1)
        self.holds()

    def test_deleted_in_the_background_then_fails(self):
        self.migrate(how={"hold": "true", "exit_code": 3})
        self.running()
        self.delete("jobs", self.job()["metadata"]["name"], "Background")
        self.reaches("first", "Running", "JobDeleted")
        self.finish()
        self.run_is_over("ExitCode", "exit code 3")

    def test_deleted_in_the_foreground(self):
        """Its pod is terminated: cut off from outside, and not tried again."""
        self.migrate(how={"hold": "true"}, retries=2)
        self.running()
        self.delete("jobs", self.job()["metadata"]["name"], "Foreground")
        self.run_is_over("PodDeleted", "cut off from outside")

    def test_deleted_and_the_pod_orphaned(self):
        """R5: the pod lives on, and while it does the claim stays."""
        self.migrate(how={"hold": "true"})
        self.running()
        self.delete("jobs", self.job()["metadata"]["name"], "Orphan")
        self.reaches("first", "Running", "JobDeleted")
        self.stays(lambda: self.claim() and self.migration()["status"]["phase"] == "Running", "it runs on", 1.5)
        self.finish()
        self.succeeds()
        self.world.until(self.namespace, lambda: not self.jobs(), "the Job is let go")
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    def test_vanished(self):
        """Its finalizers stripped and orphaned, so that it is gone at once: told as JobVanished when the pod has ended."""
        self.migrate(how={"hold": "true"})
        self.running()
        name = self.job()["metadata"]["name"]
        self.delete("jobs", name, "Orphan")
        self.world.wait("jobs", self.namespace, name, lambda seen: seen is None or "deletionTimestamp" in seen["metadata"], "is being deleted")
        try:
            self.api.change("jobs", self.namespace, name, {"metadata": {"finalizers": None}})
        except ApiError as error:
            self.assertEqual(404, error.code)
        self.world.wait("jobs", self.namespace, name, lambda seen: seen is None, "is gone")
        self.reaches("first", "Running", "JobVanished")
        self.stays(lambda: self.claim() and self.migration()["status"]["phase"] == "Running", "its pod runs on", 1.5)
        self.finish()
        self.run_is_over("JobVanished", "exited with 0")

    def test_suspended_by_hand(self):
        """Its pod is terminated: an interruption. It is deleted, so that nobody can resume it."""
        self.migrate(how={"hold": "true"}, retries=2)
        self.running()
        name = self.job()["metadata"]["name"]
        self.api.change("jobs", self.namespace, name, {"spec": {"suspend": True}})
        status = self.reaches("first", "Failed")["status"]
        self.assertEqual("Suspended", status["reason"])
        self.world.wait("jobs", self.namespace, name, lambda seen: seen is None, "is deleted")
        self.run_is_over("Suspended", "suspended by hand")

    def test_name_taken(self):
        """A foreign Job with the name that ours would have is never touched; the migration says so, and runs when it is gone."""
        uid = self.migrate(suspend=True)["metadata"]["uid"]
        name = f"first-{uid[:8]}-1"
        foreign = self.api.create("jobs", self.namespace, {"metadata": {"name": name}, "spec": {"suspend": True, "template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "x", "image": "x:1"}]}}}})
        self.change(suspend=False)
        self.closed("JobValid", reason="JobNameTaken", says=name)
        self.stays(lambda: self.migration()["status"]["phase"] == "Waiting", "it waits", 1)
        now = self.world.get("jobs", self.namespace, name)
        self.assertEqual((foreign["metadata"]["uid"], foreign["metadata"]["generation"], None),
                         (now["metadata"]["uid"], now["metadata"]["generation"], now["metadata"].get("finalizers")))
        self.delete("jobs", name)
        self.succeeds()
        self.holds()

    test_name_taken.lasts = 30


class Interruptions(Case):

    def test_eviction(self):
        """A plain eviction: cut off from outside, whatever retries says."""
        self.migrate(how={"hold": "true"}, retries=2)
        pod = self.running_pod()
        self.running()
        self.api.evict(self.namespace, pod["metadata"]["name"])
        status = self.fails()["status"]
        self.assertIn("cut off from outside", status["message"])
        self.assertEqual(1, status["attempt"]["number"])
        self.assertIsNone(self.claim())
        self.holds()

    def test_eviction_that_exits_with_0(self):
        """R8a: the run exits with 0 in its SIGTERM trap, and its Job is Complete: that proves nothing."""
        self.migrate(how={"hold": "true", "on_term_exit_code": 0})
        self.running()
        self.api.evict(self.namespace, self.pods()[0]["metadata"]["name"])
        status = self.fails(reason="InterruptedUnproven")["status"]
        self.assertEqual(0, status["attempt"]["exitCode"])
        self.assertNotIn("version", self.ledger())
        self.assertIsNone(self.claim())
        self.holds()

    def test_pod_deleted(self):
        """kubectl delete pod: the outcome is kept by its finalizer."""
        self.migrate(how={"hold": "true", "message": "half way"})
        self.running()
        self.delete("pods", self.pods()[0]["metadata"]["name"])
        status = self.fails()["status"]
        self.assertIn("half way", status["message"])
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    def lose_node(self):
        """As a lost node and the pod garbage collector leave the pod of a run."""
        pod = self.running_pod()["metadata"]["name"]
        self.running()
        self.api.change("pods", self.namespace, pod, {"metadata": {"annotations": {"kwok.interlude.dev/frozen": "true"}}})
        self.api.change("pods", self.namespace, pod, subresource="status", how="strategic", body={"status": {
            "phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "node lost"}]}})
        return self.reaches("first", "Failed", "EndUnproven")["status"]

    def take_claim(self):
        self.api.change("databases", self.namespace, "orders", {"status": {"claim": None}}, subresource="status")
        self.released()
        self.by_hand = ("database orders: the claim",)

    def stays_lost(self, what, seconds=1.5):
        """Nothing follows the run, and its pod is held: it is all that can tell of the end."""
        self.stays(lambda: len(self.jobs()) == 1 and [pod["metadata"].get("finalizers") for pod in self.pods()] ==
                   [["interlude.dev/outcome"]] and not self.claim(), what, seconds)

    def test_lost_node(self):
        """R8b: the Job says Failed, the process may still run: the claim stays until a person says that it has ended."""
        self.migrate(how={"hold": "true"})
        status = self.lose_node()
        self.assertIn("interlude.dev/confirm-ended", status["message"])
        self.stays(self.claim, "the claim stays", 1.5)
        self.migrate("next", to="2")
        self.closed("LockHeld", "next", "DatabaseBusy")
        self.annotate(confirm_ended="7")
        self.stays(self.claim, "another attempt's number says nothing", 0.5)
        self.annotate(confirm_ended="1")
        self.succeeds("next")
        self.let_go("first")
        self.assertEqual(["2"], self.ledger()["passed"])
        self.holds()

    def test_lost_node_whose_claim_is_taken(self):
        """R8b: no claim says that nobody else may run, yet nothing follows what may still run, whoever asks for it."""
        self.migrate(how={"hold": "true"})
        self.lose_node()
        self.take_claim()
        self.stays_lost("the claim alone was taken")
        self.annotate(retry="1")
        status = self.reaches("first", "Waiting", "EndUnproven")["status"]
        self.assertIn("interlude.dev/confirm-ended=1", status["message"])
        self.stays_lost("a retry was asked for")
        self.delete("databases", "orders")
        self.api.change("databases", self.namespace, "orders", {"metadata": {"finalizers": None}})
        self.world.wait("databases", self.namespace, "orders", lambda seen: seen is None, "is gone")
        self.stays_lost("its Database is gone")
        self.change(run={"container": {"image": "tool:2", "annotations": None}})
        self.stays_lost("it was edited")
        self.annotate(confirm_ended="1")
        self.succeeds()
        self.holds()

    def test_lost_node_whose_claim_is_taken_and_deleted(self):
        """R8b: nor is it let go when it is deleted; a person says when."""
        self.migrate(how={"hold": "true"})
        self.lose_node()
        self.take_claim()
        self.delete("schemamigrations", "first")
        self.stays_lost("it is being deleted")
        self.annotate(confirm_ended="1")
        self.world.wait("schemamigrations", self.namespace, "first", lambda seen: seen is None, "is gone")
        self.holds()
