# SPDX-License-Identifier: Apache-2.0
"""A test whose controller is connected to the API server by way of the fault proxy."""
import re
import time

from ground.case import Case
from ground.controller import Controller
from ground.rules import OUTCOME, RUN
from harness.api import WaitFailed

PATIENCE = 120  # seconds: faults in a row make the controller wait longer each time
ALARMING = "Sanitizer|runtime error|go in a circle|object cannot be read"


class Fault(Case):
    """A controller of its own for the test's namespace; ends_well() is the last thing that a test calls."""

    stage = "own"
    is_long = False  # only with --long
    proxy = None  # set by the runner
    long = False
    pods_due = {}  # namespace -> how many pods there must have been, by the audit log

    session = None

    def controller_at(self, kubeconfig, name="", *flags):
        """A controller that is stopped with the test; not yet started. Nobody elects it: the protocol alone must do."""
        controller = Controller(f"{type(self).__name__}-{self._testMethodName[5:]}{name}"[:80], "--namespace", self.namespace,
                                "--leader-elect=false", *flags, kubeconfig=kubeconfig)
        self.addCleanup(controller.stop)
        return controller

    def begin(self, *rules, wait=False, **how):
        """Starts the controller behind a proxy with these rules."""
        self.session = self.proxy.session(*rules, **how)
        self.addCleanup(self.session.close)
        self.own_controller = self.controller_at(self.session.kubeconfig)
        return self.own_controller.start(wait)

    def hits(self, steps):
        """How often each of the steps was hit, of the rules that each() made of them."""
        return dict(zip(steps, self.session.hits()))

    def eventually(self, holds, what, timeout=PATIENCE):
        """Polls: for what is not told by the cluster's watches."""
        deadline = time.monotonic() + timeout
        while not (result := holds()):
            if time.monotonic() > deadline:
                raise WaitFailed(f"{what}: not within {timeout} s")
            time.sleep(0.05)
        return result

    def left(self):
        """What a run must not leave behind."""
        found = []
        for kind, finalizer in (("schemamigrations", RUN), ("databases", RUN), ("jobs", OUTCOME), ("pods", OUTCOME)):
            for seen in self.world.all(kind, self.namespace):
                name = f"{kind}/{seen['metadata']['name']}"
                if finalizer in seen["metadata"].get("finalizers", []):
                    found.append(f"{name} has a finalizer")
                if kind == "databases" and seen.get("status", {}).get("claim"):
                    found.append(f"{name} is claimed")
                if kind == "jobs" and seen["spec"].get("parallelism") == 0:
                    found.append(f"{name} is parked")
        return found

    def nothing_is_left(self):
        try:
            self.world.until(self.namespace, lambda: not self.left(), "nothing is left behind", PATIENCE)
        except WaitFailed as failure:
            raise WaitFailed(f"{failure}: {self.left()}") from None

    def ends_well(self, pods=1):
        """Nothing is left, no rule was broken, so many pods ran, and the controller has nothing to complain of."""
        self.nothing_is_left()
        self.assertIsNone(self.own_controller.stop())
        with open(self.own_controller.log, encoding="utf-8", errors="replace") as log:
            self.assertEqual([], [line for line in log if re.search(ALARMING, line)])
        self.holds()
        self.assertEqual(pods, len(self.all_started()), "pods of migrations")
        self.pods_due[self.namespace] = pods

    def all_started(self):
        return {pod["metadata"]["name"] for _, pod in self.world.told("pods", self.namespace)
                if "interlude.dev/migration" in pod["metadata"].get("labels", {})}

    def describe(self):
        text = super().describe()
        if self.session:
            text += f"\nthe proxy:\n{self.session.describe()[-20000:]}"
        return text

    # ---- a life ----

    def one_life(self, **more):
        """An application, and a migration that needs its version; it is left to itself."""
        self.deploy(version="1.2.0", replicas=1)
        self.migrate(applications=[self.application(">=1.0.0")], how={"run_for": "100ms"}, **more)

    def one_success(self, withdrawn=True):
        """The migration has succeeded with one pod, and everything says so."""
        status = self.succeeds(timeout=PATIENCE)["status"]
        given_back = status.get("withdrawn", 0)
        self.assertTrue(withdrawn or not given_back, "the attempt was given back")
        self.assertEqual((status["attempt"]["number"], "Succeeded"), (given_back + 1, status["attempt"]["outcome"]))
        self.world.catch_up(self.namespace)  # each kind has a watch of its own
        self.assertEqual(["1"], self.ledger()["passed"])
        self.ends_well(pods=1)
