# SPDX-License-Identifier: Apache-2.0
"""The gate InWindow: notBefore, and windows that lie about the present moment. Nothing waits for one to open but a clock."""
import datetime

from ground.case import Case
from ground.clock import from_now, text_of
from ground.controller import Controller

GATE = "InWindow"
TOKYO = datetime.timezone(datetime.timedelta(hours=9))  # no summer time: the tests mean the same every night


def daily(at, duration="1h", **more):
    """A window that opens each day at that time of the day."""
    return {"schedule": f"{at.minute} {at.hour} * * *", "duration": duration, **more}


def closed_window(**more):
    return daily(from_now(hours=2), **more)


def open_window(**more):
    """It opened ten minutes ago, for an hour."""
    return daily(from_now(minutes=-10), **more)


class InWindow(Case):

    def never_ran(self, name="first"):
        self.assertEqual(([], None), (self.jobs(name), self.claim()))

    def test_not_before(self):
        """By the real clock: the controller wakes at that time by itself, and not before."""
        at = text_of(from_now(seconds=4))
        self.migrate(notBefore=at, readyWhen="Accepted")
        waiting = self.closed(GATE, reason="NotBefore", says=f"not before {at}")
        self.assertEqual(("NotBefore", "True"), (waiting["status"]["reason"], self.conditions(waiting)["Ready"]))
        self.never_ran()
        done = self.succeeds()
        self.assertLessEqual(at, done["status"]["attempt"]["startTime"])
        self.assertLessEqual(at, self.jobs()[0]["metadata"]["creationTimestamp"])
        self.assertEqual("Passed", self.condition(done, GATE)["reason"])
        self.holds()

    test_not_before.lasts = 6

    def test_not_before_is_edited(self):
        self.migrate(notBefore="2999-01-01T00:00:00+09:00")
        self.closed(GATE, reason="NotBefore", says="not before 2998-12-31T15:00:00Z")
        self.change(notBefore="2026-01-01T00:00:00Z")
        self.succeeds()
        self.holds()

    def test_outside(self):
        """It says when it opens, in its zone too; while it waits nothing is asked for, and a window that is open lets it run."""
        opens = from_now(hours=2).replace(second=0)
        there = opens.astimezone(TOKYO)
        self.migrate(window=daily(there, timeZone="Asia/Tokyo"))
        self.closed(GATE, reason="OutsideWindow", says=f"opens next at {text_of(opens)} ({there.strftime('%a %H:%M')} Asia/Tokyo)")
        self.never_ran()
        version = self.migration()["metadata"]["resourceVersion"]
        self.stays(lambda: self.migration()["metadata"]["resourceVersion"] == version, "nothing is written while it waits", 1.5)
        self.change(window=daily(from_now(minutes=-10).astimezone(TOKYO)))
        done = self.succeeds()
        self.assertEqual("Open", self.condition(done, GATE)["reason"])
        self.holds()

    def test_removed(self):
        self.migrate(window=closed_window())
        self.closed(GATE, reason="OutsideWindow")
        self.change(window=None)
        self.succeeds()
        self.holds()

    def test_of_the_database(self):
        """A default: the migration's own wins; and an edit of the Database is seen at once."""
        self.database(window=closed_window())
        self.migrate("first", to="1")
        self.closed(GATE, "first", "OutsideWindow", "(spec.window of Database orders)")
        self.migrate("urgent", to="2", window=open_window())
        self.succeeds("urgent")
        self.assertEqual("Waiting", self.migration("first")["status"]["phase"])
        self.api.change("databases", self.namespace, "orders", {"spec": {"window": open_window()}})
        self.succeeds("first")
        self.assertEqual(["2", "1"], self.ledger()["passed"])
        self.holds()

    def test_wrong_ones(self):
        """What no schema can tell: named with its remedy, and left as soon as it is corrected."""
        self.migrate(window={**open_window(), "schedule": "0 25 * * *"})
        self.closed(GATE, reason="WindowInvalid", says="25")
        self.change(window={**open_window(), "timeZone": "Asia/Tokio"})
        self.closed(GATE, reason="WindowInvalid", says='timeZone "Asia/Tokio" is not known: write an IANA name')
        self.change(window={"schedule": "0 0 30 2 *", "timeZone": "UTC"})
        self.closed(GATE, reason="WindowInvalid", says="it never comes")
        self.change(window={**open_window(), "duration": "30m", "mustFinish": True}, run={"timeout": "31m"})
        self.closed(GATE, reason="WindowInvalid", says="run.timeout 31m is longer than window.duration 30m")
        self.never_ran()
        self.change(window={**open_window(), "duration": "1h"})
        self.succeeds()
        self.holds()

    def test_wrong_one_of_the_database(self):
        self.database(window={**open_window(), "timeZone": "Asia/Tokio"})
        self.migrate()
        self.closed(GATE, reason="WindowInvalid", says="(spec.window of Database orders)")
        self.api.change("databases", self.namespace, "orders", {"spec": {"window": {"timeZone": "Asia/Tokyo", **daily(
            from_now(minutes=-10).astimezone(TOKYO))}}})
        self.succeeds()
        self.holds()

    def test_must_finish(self):
        """Fifty minutes are left, and the run may take fifty-five."""
        self.migrate(window=open_window(mustFinish=True), timeout="55m")
        self.closed(GATE, reason="RestTooShort", says="before a run of up to 55m (run.timeout) would have finished")
        self.never_ran()
        self.change(run={"timeout": "45m"})
        self.succeeds()
        self.holds()

    def test_closes_during_the_run(self):
        """What has started is not stopped."""
        self.migrate(window=open_window(), how={"hold": "true"})
        self.running()
        self.change(window=closed_window())
        self.expect("first", lambda seen: seen["status"]["observedGeneration"] == seen["metadata"]["generation"], "is seen")
        self.stays(lambda: len(self.pods()) == 1 and "deletionTimestamp" not in self.pods()[0]["metadata"], "the pod runs on", 1)
        self.finish()
        self.succeeds()
        self.assertEqual(1, self.migration()["status"]["attempt"]["number"])
        self.holds()

    def test_retry_waits_for_it_too(self):
        """Each attempt is judged anew: a retry that is asked for outside the window waits."""
        self.migrate(window=open_window(), how={"exit_code": "3"})
        self.fails(reason="ExitCode")
        self.api.change("schemamigrations", self.namespace, "first", {
            "metadata": {"annotations": {"interlude.dev/retry": "1"}}, "spec": {"notBefore": "2999-01-01T00:00:00Z"}})
        self.reaches(phase="Waiting", reason="NotBefore")
        self.stays(lambda: len(self.jobs()) == 1, "no second Job", 1)
        self.holds()

    def test_who_waits_for_it_blocks_nobody(self):
        self.migrate("older", to="1", notBefore="2999-01-01T00:00:00Z")
        self.closed(GATE, "older")
        self.migrate("newer", to="2")
        self.succeeds("newer")
        self.holds()


class InWindowAtTheStart(Case):
    """R7: a claim stands, of a controller that is gone; the window is judged on reads after that."""
    stage = "own"

    def test_closed_meanwhile(self):
        self.own_controller = Controller("window", "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.database(window=open_window())
        self.migrate(suspend=True)
        waiting = self.closed("NotSuspended")
        self.assertIsNone(self.own_controller.stop())
        self.change(suspend=False)
        self.api.change("databases", self.namespace, "orders", {"spec": {"window": closed_window()}})
        claim = {"migration": "first", "uid": waiting["metadata"]["uid"], "attempt": 1, "specHash": waiting["status"]["specHash"],
                 "since": text_of(from_now())}
        self.api.change("databases", self.namespace, "orders", {"status": {"claim": claim}}, subresource="status")
        since = self.audit.size()
        self.own_controller.start()
        self.reaches(phase="Waiting", reason="OutsideWindow")
        self.expect("first", lambda seen: seen["status"].get("withdrawn") == 1, "gives the claim back")
        self.released()
        self.assertEqual([], self.jobs())
        looked = [code for verb, path, code in self.audit.of_controller(self.namespace, since)
                  if verb == "get" and path.endswith("/databases/orders")]
        self.assertEqual([200], looked, "the Database is read anew, as the claim is not of this moment")
        self.api.change("databases", self.namespace, "orders", {"spec": {"window": open_window()}})
        self.assertEqual(2, self.succeeds()["status"]["attempt"]["number"])
        self.assertIsNone(self.own_controller.stop())
        self.holds()
