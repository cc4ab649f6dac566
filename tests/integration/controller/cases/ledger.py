# SPDX-License-Identifier: Apache-2.0
"""What has been applied is never applied again, and what a spec's edit means when."""
from ground.case import Case


class AlreadyApplied(Case):

    def test_deleted_and_created_again(self):
        """R3: a migration that comes back without its status is Succeeded, without a Job."""
        self.migrate(to="1")
        self.succeeds()
        job = self.jobs()[0]["metadata"]
        self.delete("schemamigrations", "first")
        self.world.wait("schemamigrations", self.namespace, "first", lambda seen: seen is None, "is gone")
        self.world.wait("jobs", self.namespace, job["name"], lambda seen: seen is None, "goes with its owner")
        self.migrate(to="1")
        again = self.reaches("first", "Succeeded", "AlreadyApplied")
        self.assertIn("version 1", again["status"]["message"])
        self.assertNotIn("attempt", again["status"])
        self.assertEqual("True", self.conditions(again)["Ready"])
        self.stays(lambda: not self.jobs(), "no Job", 1)
        self.assertEqual(1, len(self.started("first")))
        self.assertEqual(1, len(self.ledger()["history"]))
        self.holds()

    def test_even_when_the_ledger_went_on(self):
        """Membership counts and not order."""
        self.migrate("first", to="1")
        self.succeeds("first")
        self.migrate("second", to="2")
        self.succeeds("second")
        self.delete("schemamigrations", "first")
        self.world.wait("schemamigrations", self.namespace, "first", lambda seen: seen is None, "is gone")
        self.migrate("first", to="1")
        self.reaches("first", "Succeeded", "AlreadyApplied")
        self.assertEqual("2", self.ledger()["version"])
        self.holds()

    def test_another_spec_is_not_the_same(self):
        """The same name and version with another run: nobody knows whether that was applied."""
        self.migrate(to="1")
        self.succeeds()
        self.delete("schemamigrations", "first")
        self.world.wait("schemamigrations", self.namespace, "first", lambda seen: seen is None, "is gone")
        self.migrate(to="1", run={"container": {"image": "tool:2"}})
        self.closed("SchemaVersionMet", reason="VersionTaken")
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    def test_job_that_is_deleted_later(self):
        """R3: the Job of a migration that succeeded may go; nothing runs again."""
        self.migrate()
        self.succeeds()
        self.delete("jobs", self.jobs()[0]["metadata"]["name"])
        self.world.until(self.namespace, lambda: not self.jobs() and not self.pods(), "the Job is gone")
        self.stays(lambda: not self.jobs() and self.migration()["status"]["phase"] == "Succeeded", "stays Succeeded", 1.5)
        self.holds()


class SpecChanged(Case):

    def test_edit_during_the_run(self):
        """Kept for later, told at once, and judged when the run has ended; the ledger says what really ran."""
        self.migrate(to="1", how={"hold": "true"})
        ran = self.running()["status"]["specHash"]
        self.change(toVersion="1b")
        changed = self.expect("first", lambda seen: self.conditions(seen).get("SpecChanged") == "True", "tells of the edit")
        self.assertEqual(changed["metadata"]["generation"], changed["status"]["observedGeneration"])
        self.assertEqual("EditedDuringRun", self.condition(changed, "SpecChanged")["reason"])
        self.assertNotIn("deletionTimestamp", self.pods()[0]["metadata"])
        self.finish()
        status = self.succeeds()["status"]
        self.assertEqual(ran, status["specHash"])
        self.assertEqual("EditedAfterSuccess", self.condition(self.migration(), "SpecChanged")["reason"])
        self.assertEqual(["1"], self.ledger()["passed"])
        self.assertEqual(1, len(self.started("first")))
        self.holds()

    def test_edit_during_a_run_that_fails(self):
        """The edited spec is what runs next."""
        self.migrate(how={"hold": "true", "exit_code": 1})
        self.running()
        self.change(run={"container": {"image": "tool:2", "annotations": {"kwok.interlude.dev/hold": None, "kwok.interlude.dev/exit-code": None}}})
        self.expect("first", lambda seen: self.conditions(seen).get("SpecChanged") == "True", "tells of the edit")
        self.finish()
        status = self.succeeds()["status"]
        self.assertEqual((2, [1]), (status["attempt"]["number"], [a["exitCode"] for a in status["attempts"]]))
        self.assertNotIn("SpecChanged", self.conditions(self.migration()))
        self.holds()

    def test_edit_after_success(self):
        """Never runs; the condition says what to do instead, and goes when the edit is taken back."""
        self.migrate(to="1")
        done = self.succeeds()
        self.change(run={"container": {"image": "tool:2"}})
        changed = self.expect("first", lambda seen: self.conditions(seen).get("SpecChanged") == "True", "tells of the edit")
        self.assertEqual(("Succeeded", changed["metadata"]["generation"], done["status"]["specHash"]),
                         (changed["status"]["phase"], changed["status"]["observedGeneration"], changed["status"]["specHash"]))
        self.assertIn("write a new migration", self.condition(changed, "SpecChanged")["message"])
        self.assertEqual("True", self.conditions(changed)["Ready"])
        self.stays(lambda: len(self.jobs()) == 1, "nothing runs", 1)
        self.change(run={"container": {"image": "tool:1"}})
        self.expect("first", lambda seen: "SpecChanged" not in self.conditions(seen), "sees that it was taken back")
        self.assertEqual(["Running", "Succeeded"], self.phases())
        self.holds()

    def test_suspend_is_no_change(self):
        """suspend is not in the hash: it changes no spec, neither before nor after."""
        self.migrate(suspend=True)
        before = self.closed("NotSuspended")["status"]["specHash"]
        self.change(suspend=False)
        self.assertEqual(before, self.succeeds()["status"]["specHash"])
        self.change(suspend=True)
        seen = self.expect("first", lambda seen: seen["status"]["observedGeneration"] == seen["metadata"]["generation"], "sees it")
        self.assertNotIn("SpecChanged", self.conditions(seen))
        self.holds()

    def test_observed_generation_follows(self):
        """In every phase: while it waits, and when it has failed and the edit changes nothing that counts."""
        self.migrate(suspend=True, how={"exit_code": 1})
        self.closed("NotSuspended")
        self.change(readyWhen="Accepted")
        self.expect("first", lambda seen: seen["status"]["observedGeneration"] == seen["metadata"]["generation"] == 2, "follows")
        self.change(suspend=False)
        self.fails()
        self.change(suspend=True)
        seen = self.expect("first", lambda seen: seen["status"]["observedGeneration"] == seen["metadata"]["generation"] == 4, "follows")
        self.assertEqual("Failed", seen["status"]["phase"])
        self.assertEqual(1, seen["status"]["attempt"]["number"])
        self.holds()


class ReadyWhen(Case):

    def test_accepted(self):
        """Ready while it waits without an error, and while it runs; False at Failed."""
        self.database(baseline="0")
        self.migrate(readyWhen="Accepted", applications=[self.application(">=1.0.0")], how={"exit_code": 1, "hold": "true"})
        waiting = self.closed("VersionsCompatible")
        self.assertEqual({"Ready": "True", "Reconciling": "False", "Stalled": "False"}, self.summary(waiting))
        self.deploy()
        self.assertEqual("True", self.summary(self.running())["Ready"])
        self.finish()
        self.assertEqual({"Ready": "False", "Reconciling": "False", "Stalled": "True"}, self.summary(self.fails()))
        self.holds()

    def test_succeeded(self):
        """By default Ready comes with success alone."""
        self.migrate(suspend=True)
        self.assertEqual("False", self.summary(self.closed("NotSuspended"))["Ready"])
        self.change(suspend=False)
        self.assertEqual({"Ready": "True", "Reconciling": "False", "Stalled": "False"}, self.summary(self.succeeds()))
        self.holds()

    def summary(self, seen):
        return {kind: status for kind, status in self.conditions(seen).items() if kind in ("Ready", "Reconciling", "Stalled")}
