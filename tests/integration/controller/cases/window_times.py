# SPDX-License-Identifier: Apache-2.0
"""The gate InWindow as the time goes on: days pass by the clock that the API server tells (cases/windows.py: by the real one)."""
import datetime

from ground.clock import AnotherClock, from_now, text_of

GATE = "InWindow"
MINUTE, HOUR, DAY = (datetime.timedelta(minutes=minutes) for minutes in (1, 60, 24 * 60))
CLAIM = {"method": "PATCH", "path": "/databases/orders/status"}
ARM = {"method": "PATCH", "path": "/jobs/"}


def berlin(schedule, duration="1h", **more):
    return {"schedule": schedule, "duration": duration, "timeZone": "Europe/Berlin", **more}


def change_of_clocks(month):
    """When Europe changes its clocks next year, in March or October: on the last Sunday, at 01:00 UTC."""
    last = from_now().replace(year=from_now().year + 1, month=month, day=31, hour=1, minute=0, second=0, microsecond=0)
    return last - datetime.timedelta(days=last.isoweekday() % 7)


def winter_night():
    """02:00 in Berlin, on a Wednesday of next January."""
    first = from_now().replace(year=from_now().year + 1, month=1, day=8, hour=1, minute=0, second=0, microsecond=0)
    return first + datetime.timedelta(days=(3 - first.isoweekday()) % 7)


class InWindowByAnotherClock(AnotherClock):

    def begin(self, at, **spec):
        """The controller comes up at a time at which the migration must wait."""
        self.it_is(at)
        self.migrate(**spec)
        self.own_controller.start()

    def waits_at(self, at, reason, says):
        """The answers to one edit tell it the time, by which the next one is judged."""
        self.it_is(at)
        self.judged()
        self.judged()
        self.waits(reason, says)

    def waits(self, reason, says):
        self.closed(GATE, reason=reason, says=says)
        self.assertEqual(([], None), (self.jobs(), self.claim()))

    def starts_at(self, at):
        """It hears that it is as late as that, and starts. (Perhaps before it sees the edit: then that attempt is given back.)"""
        self.it_is(at)
        self.edit()
        done = self.succeeds()
        self.assertLessEqual(text_of(at), done["status"]["attempt"]["startTime"])
        return done

    # ---- the time comes ----

    def test_wakes_when_it_opens(self):
        """Nobody touches it, and it asks for nothing until the time has come: then it claims."""
        opens = winter_night()
        self.begin(opens - HOUR, window=berlin("0 2 * * 3"))
        self.waits("OutsideWindow", f"opens next at {text_of(opens)} (Wed 02:00 Europe/Berlin)")
        self.it_is(opens - datetime.timedelta(seconds=3))
        self.judged()
        done = self.succeeds()
        self.assertLessEqual(text_of(opens), done["status"]["attempt"]["startTime"])
        asked = [f"{seen['method']} {seen['path'].partition('?')[0].rpartition('/namespaces/')[2]}" for seen in self.session.log() if seen["number"]]
        claim = asked.index(f"PATCH {self.namespace}/databases/orders/status")
        self.assertEqual(f"PATCH {self.namespace}/schemamigrations/first/status", asked[claim - 1], "the last word was that it waits")
        self.ends_well()

    def test_not_before_a_distant_day(self):
        """notBefore, and the first opening after it."""
        opens = winter_night()
        not_before = opens + 3 * DAY + 20 * MINUTE
        self.begin(opens, notBefore=text_of(not_before), window=berlin("0 2 * * *", "30m"))
        says = f"not before {text_of(not_before)}; may start at {text_of(not_before)} (Sat 02:20 Europe/Berlin)"
        self.waits("NotBefore", says)
        self.waits_at(opens + 3 * DAY + MINUTE, "NotBefore", says)
        self.waits_at(not_before + 11 * MINUTE, "OutsideWindow", f"opens next at {text_of(opens + 4 * DAY)} (Sun 02:00 Europe/Berlin)")
        self.starts_at(opens + 4 * DAY)
        self.ends_well()

    def test_not_before_alone(self):
        at = winter_night()
        self.begin(at - 400 * DAY, notBefore=text_of(at))
        self.waits("NotBefore", f"not before {text_of(at)}")
        self.waits_at(at - HOUR, "NotBefore", f"not before {text_of(at)}")
        self.starts_at(at)
        self.ends_well()

    def test_window_of_the_database(self):
        """Its window lets both start in the last minute, one after the other; the third has to wait for the next day."""
        opens = winter_night()
        self.database(window=berlin("0 2 * * *"))
        self.begin(opens - HOUR)
        self.waits("OutsideWindow", f"opens next at {text_of(opens)} (Wed 02:00 Europe/Berlin) (spec.window of Database orders)")
        self.migrate("second", to="2")
        self.closed(GATE, "second")
        self.starts_at(opens + 59 * MINUTE)
        self.succeeds("second")
        self.it_is(opens + HOUR)
        self.migrate("third", to="3")
        self.closed(GATE, "third", "OutsideWindow", f"opens next at {text_of(opens + DAY)} (Thu 02:00 Europe/Berlin)")
        self.assertEqual({"1", "2"}, set(self.ledger()["passed"]))
        self.ends_well()

    def test_must_finish(self):
        """What is left of one opening is too short, be it for a minute; at the beginning of the next it is long enough."""
        opens = winter_night()
        self.begin(opens + 16 * MINUTE, window=berlin("0 2 * * *", mustFinish=True), timeout="45m")
        says = (f"its window closes at {text_of(opens + HOUR)} (Wed 03:00 Europe/Berlin), before a run of up to 45m (run.timeout) would have "
                f"finished; opens next at {text_of(opens + DAY)} (Thu 02:00 Europe/Berlin)")
        self.waits("RestTooShort", says)
        self.waits_at(opens + 59 * MINUTE, "RestTooShort", says)
        self.waits_at(opens + HOUR, "OutsideWindow", f"opens next at {text_of(opens + DAY)} (Thu 02:00 Europe/Berlin)")
        self.starts_at(opens + DAY)
        self.ends_well()

    # ---- clocks are changed ----

    def test_hour_that_is_left_out(self):
        """There is no 02:30 on the last Sunday of March: not at half past three either, but on Monday, by summer time."""
        changed = change_of_clocks(3)
        monday = changed + DAY - 30 * MINUTE
        says = f"opens next at {text_of(monday)} (Mon 02:30 Europe/Berlin)"
        self.begin(changed - 10 * MINUTE, window=berlin("30 2 * * *"))
        self.waits("OutsideWindow", says)
        self.waits_at(changed + 31 * MINUTE, "OutsideWindow", says)
        self.starts_at(monday)
        self.ends_well()

    def test_hour_that_comes_twice(self):
        """It opens at both, for as long as ever, and between the two it is closed."""
        changed = change_of_clocks(10)
        first, second = changed - 30 * MINUTE, changed + 30 * MINUTE
        self.begin(first - 40 * MINUTE, window=berlin("30 2 * * *", "20m"))
        self.waits("OutsideWindow", f"opens next at {text_of(first)} (Sun 02:30 Europe/Berlin)")
        self.waits_at(first + 20 * MINUTE, "OutsideWindow", f"opens next at {text_of(second)} (Sun 02:30 Europe/Berlin)")
        self.waits_at(changed, "OutsideWindow", f"opens next at {text_of(second)} (Sun 02:30 Europe/Berlin)")
        self.starts_at(second)
        self.ends_well()

    def test_open_while_clocks_are_changed(self):
        """An hour and a half of real time: in autumn from half past two until three."""
        opens = change_of_clocks(10) - 30 * MINUTE
        self.begin(opens - HOUR, window=berlin("30 2 * * *", "90m", mustFinish=True), timeout="30m")
        self.waits("OutsideWindow", f"opens next at {text_of(opens)} (Sun 02:30 Europe/Berlin)")
        done = self.starts_at(opens + 59 * MINUTE)
        self.assertIn(f"inside its window until {text_of(opens + 90 * MINUTE)} (Sun 03:00 Europe/Berlin)", self.condition(done, GATE)["message"])
        self.ends_well()

    # ---- R7: it closes on the way ----

    def test_closes_between_claim_and_start(self):
        """The claim is written in its last minute, and its answer comes when it is over: given back, and nothing was started."""
        opens = winter_night()
        self.session.rules({**CLAIM, "when": "applied", "do": "hold"})
        self.begin(opens + 59 * MINUTE, window=berlin("0 2 * * *"))
        self.assertTrue(self.session.fired(within=60), "it claims")
        self.it_is(opens + HOUR)
        self.session.release()
        self.expect("first", lambda seen: seen["status"].get("withdrawn") == 1, "gives the claim back")
        self.released()
        self.waits("OutsideWindow", f"opens next at {text_of(opens + DAY)} (Thu 02:00 Europe/Berlin)")
        self.assertLess(1, self.starts_at(opens + DAY)["status"]["attempt"]["number"])
        self.ends_well()

    def test_closes_before_its_pod_is_let_start(self):
        """The Job is let go in its last minute, and its pod is seen when it is over: it misses its start."""
        opens = winter_night()
        self.session.rules({**ARM, "when": "applied", "do": "hold"})
        self.begin(opens + 59 * MINUTE, window=berlin("0 2 * * *"))
        self.assertTrue(self.session.fired(within=60), "it lets the Job go")
        self.world.until(self.namespace, self.pods, "the Job controller makes the pod")
        self.it_is(opens + HOUR)
        self.session.release()
        missed = self.expect("first", lambda seen: seen["status"]["attempt"].get("outcome") == "Failed", "misses its start")["status"]["attempt"]
        self.assertEqual(("StartMissed", True), (missed["reason"], "outside its window" in missed["message"]), missed)
        self.expect("first", lambda seen: (seen["status"]["phase"], seen["status"]["reason"]) == ("Waiting", "OutsideWindow"), "waits")
        self.assertLess(1, self.starts_at(opens + DAY)["status"]["attempt"]["number"])
        self.ends_well()

    test_closes_before_its_pod_is_let_start.lasts = 20
