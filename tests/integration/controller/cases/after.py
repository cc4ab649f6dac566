# SPDX-License-Identifier: Apache-2.0
"""The gate DependenciesMet: what spec.after names must have succeeded."""
from ground.case import Case
from ground.controller import Controller
from ground.world import PATIENCE

GATE = "DependenciesMet"


class DependenciesMet(Case):

    def test_missing_one(self):
        """It is waited for and named; the other is known to have succeeded."""
        self.migrate("first", to="1")
        self.succeeds("first")
        self.migrate("third", to="3", after=["first", "second"], readyWhen="Accepted")
        waiting = self.closed(GATE, "third", "DependencyMissing", "migration second does not exist")
        self.assertNotIn("first", waiting["status"]["message"])
        self.assertEqual("True", self.conditions(waiting)["Ready"])
        self.migrate("second", to="2")
        self.succeeds("third")
        self.assertEqual(["1", "2", "3"], self.ledger()["passed"])
        self.holds()

    def test_of_another_database(self):
        """The order holds across databases: it begins when the other has ended, and no earlier."""
        self.migrate("other", database="billing", how={"hold": "true"})
        self.running("other")
        self.migrate("first", after=["other"])
        self.closed(GATE, reason="DependenciesNotMet", says="migration other runs")
        self.stays(lambda: not self.jobs("first"), "nothing begins", 1)
        self.finish("other")
        self.succeeds()
        self.assertLessEqual(self.migration("other")["status"]["attempt"]["completionTime"],
                             self.migration()["status"]["attempt"]["startTime"])
        self.holds()

    def test_one_that_waits(self):
        """Why it waits is told, and told anew."""
        self.migrate("other", suspend=True)
        self.migrate("first", to="2", after=["other"])
        self.closed(GATE, reason="DependenciesNotMet", says="migration other waits (Suspended)")
        self.change("other", suspend=False, notBefore="2999-01-01T00:00:00Z")
        self.closed(GATE, reason="DependenciesNotMet", says="migration other waits (NotBefore)")
        self.holds()

    def test_one_that_failed(self):
        self.migrate("other", to="1", how={"exit_code": "3"})
        self.fails("other")
        self.migrate("first", to="2", after=["other"])
        self.closed(GATE, reason="DependencyFailed", says="migration other has failed (ExitCode)")
        self.assertEqual([], self.jobs("first"))
        self.change("other", run={"container": {"annotations": None}})
        self.succeeds("first")
        self.holds()

    def test_edited(self):
        self.migrate(after=["nobody"])
        self.closed(GATE, says="migration nobody does not exist")
        self.change(after=["never"])
        self.closed(GATE, says="migration never does not exist")
        self.change(after=None)
        self.succeeds()
        self.holds()

    def test_circle(self):
        """All of its members are named, by each of them; who only stands behind it is not one; one edit ends it."""
        self.migrate("one", to="1", after=["two"])
        self.migrate("two", to="2", after=["three"])
        self.closed(GATE, "two", "DependencyMissing", "migration three does not exist")
        self.migrate("behind", to="4", after=["one"])
        self.migrate("three", to="3", after=["one"])
        self.closed(GATE, "one", "DependencyCycle", "one after two after three after one")
        self.closed(GATE, "two", "DependencyCycle", "two after three after one after two")
        self.closed(GATE, "three", "DependencyCycle", "three after one after two after three")
        self.closed(GATE, "behind", "DependenciesNotMet", "migration one waits (DependencyCycle)")
        self.assertEqual([], self.jobs())
        self.change("three", after=None)
        self.succeeds("behind")
        self.assertEqual(["3", "2", "1", "4"], self.ledger()["passed"])
        self.holds()

    def test_created_again(self):
        """Another migration by the same name has succeeded in nothing."""
        self.migrate("other", to="1")
        self.succeeds("other")
        self.migrate("first", to="2", after=["other"], suspend=True)
        self.closed("NotSuspended")
        self.assertEqual("True", self.conditions(self.migration())[GATE])
        self.delete("schemamigrations", "other")
        self.closed(GATE, reason="DependencyMissing")
        self.migrate("other", to="other", suspend=True)
        self.change(suspend=False)
        self.closed(GATE, reason="DependenciesNotMet", says="migration other waits (Suspended)")
        self.change("other", suspend=False)
        self.succeeds("first")
        self.holds()

    def test_wakes_only_those_that_name_it(self):
        """Twenty wait for one migration, and one for another: that other's end is judged by that one alone."""
        for number in range(20):
            self.migrate(f"far-{number}", to=f"far-{number}", database=f"far-{number}", after=["far"])
        self.migrate("near", to="near", after=["other"])
        for name in ["near"] + [f"far-{number}" for number in range(20)]:
            self.closed(GATE, name, "DependencyMissing")
        judged = self.judged_at_last()
        self.migrate("other", to="1")
        self.succeeds("near")
        self.assertEqual(judged, self.judged())
        self.migrate("far", to="far")
        self.succeeds("far-19")
        self.holds()

    def judged(self):
        """How often the controller has looked at those that are far."""
        return self.controller.about(self.namespace, 1 << 20).count(f"key=m/{self.namespace}/far-")

    def judged_at_last(self):
        """The same, once it has recorded their Events and knows of its own writes."""
        self.world.until(self.namespace, lambda: all(self.events(f"far-{number}") for number in range(20)), "each has its Event")
        before, now = None, self.judged()
        while before != now:
            self.stays(lambda: True, "", 1)
            before, now = now, self.judged()
        return now


class DependenciesAtTheStart(Case):
    """R7: a claim stands, of a controller that is gone; what it comes after is read again."""
    stage = "own"

    def test_created_again(self):
        self.own_controller = Controller("after", "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.migrate("other", to="1", database="billing")
        self.succeeds("other")
        self.migrate(to="2", after=["other"], suspend=True)
        waiting = self.closed("NotSuspended")
        self.assertIsNone(self.own_controller.stop())
        self.change(suspend=False)
        self.claim_of_another(waiting)
        self.delete("schemamigrations", "other")
        self.world.wait("schemamigrations", self.namespace, "other", lambda seen: seen is None, "is gone", PATIENCE)
        self.migrate("other", to="2", database="billing", suspend=True)
        since = self.audit.size()
        self.own_controller.start()
        self.expect("first", lambda seen: seen["status"].get("withdrawn") == 1, "gives the claim back")
        self.closed(GATE, reason="DependenciesNotMet")
        looked = [code for verb, path, code in self.audit.of_controller(self.namespace, since)
                  if verb == "get" and path.endswith("/schemamigrations/other")]
        self.assertEqual([200], looked)
        self.assertEqual([], self.jobs("first"))
        self.change("other", suspend=False)
        self.assertEqual(2, self.succeeds()["status"]["attempt"]["number"])
        self.assertIsNone(self.own_controller.stop())
        self.holds()
