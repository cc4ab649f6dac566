# SPDX-License-Identifier: Apache-2.0
"""The cases of the matrix: a life, and where in it the controller is ended or frozen.

A case's name says all of it, so that it can be run alone:

  success-plain                     nothing happens; tells how many requests the life takes
  success-crash-07-applied          SIGKILL when request 7 was applied, before its answer
  two-crash-07-applied-03-before    and of the controller that was started next, before its request 3
  success-freeze-07-before          SIGSTOP before request 7 is passed on; another controller finishes the attempt, its
                                    Job is deleted; SIGCONT, and the request goes on
"""
import re
import subprocess
import time

from ground.cluster import ApiError
from ground.controller import Controller
from lives import LIVES

MOMENTS = {"crash": ("before", "applied", "after"), "freeze": ("before", "applied")}
PATIENCE = 120  # seconds: a case takes three to fifteen, but many run at once
QUIET = 0.3  # seconds without a request, when all is done
NAME = re.compile(r"(?P<life>[a-z]+)-(?:(?P<plain>plain)|(?P<kind>crash|freeze)-(?P<k>\d+)-(?P<when>[a-z]+)(?:-(?P<j>\d+)-(?P<then>[a-z]+))?)")
# At which faults an Event may be on its way: at its own request, and beside the transition that takes it along.
BESIDE_EVENT = (("/events($|\\?)", "before"), ("/schemamigrations/[^/]+/status", "applied|after"))
ALARMING = re.compile("Sanitizer|runtime error|level=error|go in a circle|object cannot be read")


def case_name(life, kind, *points):
    return "-".join([life, kind, *(f"{number:02}-{when}" for number, when in points)])


class Matrix:
    """One case: run() it, then ask."""

    proxy = None  # set by the runner
    flags = ()

    def __init__(self, name):
        told = NAME.fullmatch(name)
        if not told or told["life"] not in LIVES:
            raise ValueError(f"no case can be called {name}")
        self.name = name
        self.kind, self.life_name = told["kind"] or "plain", told["life"]
        self.points = [(int(number), when) for number, when in ((told["k"], told["when"]), (told["j"], told["then"])) if number]
        self.life = LIVES[self.life_name](name)
        self.controllers = []  # (controller, session)
        self.reached = 0  # how many faults have happened
        self.problems = []

    def run(self):
        began = time.monotonic()
        try:
            self.life.begin()
            {"plain": self.plain, "crash": self.crash, "freeze": self.freeze}[self.kind]()
            self.problems += self.life.problems()
        except Exception as error:  # whatever it is, the other cases go on
            self.problems.append(f"{type(error).__name__}: {error}")
        self.reached = sum(session.state()["fired"] for _, session in self.controllers)
        for controller, session in self.controllers:
            session.release()
            problem = controller.stop() if controller.process.poll() is None else None
            self.problems += [problem] if problem else []
            self.problems += self.alarms(controller)
        self.requests = self.controllers[0][1].state()["requests"] if self.controllers else 0
        for _, session in self.controllers:
            session.close()
        self.took = time.monotonic() - began
        return self

    # ---- what is done ----

    def plain(self):
        self.start()
        self.until_over()

    def crash(self):
        """Each controller is ended at its point; the one after the last lives on."""
        for number, when in self.points:
            self.start({"number": number, "when": when, "do": "kill"})
            if not self.until_over(self.is_ended):
                self.kill()  # the life has no such request; what comes after the repair is not meant
                break
            self.life.events_at_risk += self.may_lose_event()
            self.life.interfere()
        self.start()
        self.until_over()
        self.life.repair()
        self.until_over()

    def freeze(self):
        (number, when), = self.points
        self.start({"number": number, "when": when, "do": "stop"})
        frozen = self.controllers[0][1]
        if not self.until_over(lambda: frozen.state()["fired"]):
            return
        self.life.events_at_risk = self.may_lose_event()
        self.life.interfere()
        self.start()
        self.until_over()
        for job in self.life.jobs():
            try:
                self.life.delete("jobs", job["metadata"]["name"])
            except ApiError as error:
                if error.code != 404:  # with its migration it may go by itself
                    raise
        self.life.world.until(self.life.namespace, lambda: not self.life.jobs(), "the Jobs are gone")
        before = self.life.verdict()
        frozen.release()
        self.until_over(both=True)
        if self.life.verdict() != before:
            self.problems.append(f"after it was thawed: {before} became {self.life.verdict()}")
        self.life.repair()
        self.until_over(both=True)

    def start(self, *rules):
        # One of several namespaces sees all of them: the proxy shows it none but the life's.
        is_alone = len(self.life.namespaces) == 1
        session = self.proxy.session(*rules, **({} if is_alone else {"namespaces": self.life.namespaces}))
        controller = Controller(f"{self.name}-{len(self.controllers) + 1}", *(("--namespace", self.life.namespace) if is_alone else ()),
                                *self.flags, kubeconfig=session.kubeconfig)
        controller.start(wait=False)
        self.controllers.append((controller, session))
        session.process(controller.process.pid)

    def kill(self):
        for controller, _ in self.controllers:
            if controller.process.poll() is None:
                controller.kill()

    def may_lose_event(self):
        """A transition takes along the Event of the one before, if that is still to be recorded: two requests side by side.

        Where the one is applied and the other is not, whoever follows knows the newer transition alone (docs/guarantees.md).
        """
        session = self.controllers[-1][1]
        session.fired()
        fault = next(seen for seen in session.log() if "fault" in seen)
        return any(re.search(path, fault["path"]) and re.match(when, fault["fault"]) for path, when in BESIDE_EVENT)

    def is_ended(self):
        code = self.controllers[-1][0].process.poll()
        if code is not None and code != -9:
            raise AssertionError(f"the controller ended by itself with {code}")
        return code is not None

    def until_over(self, happened=lambda: False, both=False):
        """Lives on until the fault happens (True), or the life is over and the controller (both) quiet (False)."""
        deadline = time.monotonic() + PATIENCE
        changed = self.life.world.changed[self.life.namespace]
        sessions = [session for _, session in (self.controllers if both else self.controllers[-1:])]
        while not happened():
            missing = next(iter(self.life.unfinished()), None)
            if missing is None and all(self.is_quiet(session) for session in sessions):
                return False
            if time.monotonic() > deadline:
                raise AssertionError(f"not over within {PATIENCE} s: {missing}")
            self.life.user()
            with changed:
                changed.wait(0.05 if missing else QUIET / 2)
        return True

    def is_quiet(self, session):
        state = session.state()
        return state["open"] == 0 and state["quiet"] > QUIET

    def alarms(self, controller):
        with open(controller.log, encoding="utf-8", errors="replace") as log:
            return [line.strip() for line in log if ALARMING.search(line)]

    # ---- what is told ----

    def describe(self):
        lines = [f"{self.name}: {self.took:.1f} s, namespace {self.life.namespace}", *(f"  {problem}" for problem in self.problems)]
        for controller, session in self.controllers:
            lines += [f"-- requests of {controller.log}", session.describe()]
        return "\n".join([*lines, "-- what is left", self.life.describe()])


def flags_of(program):
    """Two controllers are to act at once: none may wait to be elected."""
    told = subprocess.run([program, "help", "controller"], capture_output=True, text=True).stdout
    return ("--leader-elect=false",) if "--leader-elect" in told else ()
