# SPDX-License-Identifier: Apache-2.0
"""Times, and a controller that is told another one: hours pass in a moment, and no test waits for them."""
import datetime
import math

from ground.case import Case
from ground.controller import Controller
from proxy import Proxy


def from_now(**span):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**span)


def text_of(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def time_of(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)


class AnotherClock(Case):
    """The controller takes the API server's time, as its answers tell it; a proxy between the two tells what the test likes."""
    stage = "own"

    def setUp(self):
        super().setUp()
        self.session = self.enterContext(Proxy(self.cluster.kubeconfig)).session()
        self.own_controller = Controller(f"clock-{self._testMethodName[5:]}", "--namespace", self.namespace, "--leader-elect=false",
                                         kubeconfig=self.session.kubeconfig)
        self.addCleanup(self.own_controller.stop)

    def it_is(self, at):
        """What the server's clock shows now; it goes on from there. The controller hears of it with the next answer."""
        self.session.clock(math.ceil((at - from_now()).total_seconds()))

    def edit(self):
        """Of a field that says nothing about the start; returns the generation, so that a word about it can be waited for."""
        generation = self.migration()["metadata"]["generation"]
        return self.change(run={"keepFor": f"{generation + 10}h"})["metadata"]["generation"]

    def judged(self):
        """A word of the controller about this spec, of now: every edit is a write."""
        generation = self.edit()
        return self.expect("first", lambda seen: seen["status"]["observedGeneration"] == generation, "is judged anew")

    def ends_well(self):
        self.assertIsNone(self.own_controller.stop())
        self.holds()
