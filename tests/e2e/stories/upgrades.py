# SPDX-License-Identifier: Apache-2.0
"""Interlude itself is rolled over, as an upgrade does it. It runs alone: all other stories' controller is this one, too."""
import datetime
import itertools
import os

from harness.install import SYSTEM, command, wait_until_ready
from harness.oracle import CONTROLLER, audit_events
from harness.story import Story

POD = "authentication.kubernetes.io/pod-name"
LEASE_S = 15  # by default: so long nobody would lead if the Lease were not released
MOST_S = 5  # on a machine that does much else; what it took is printed


def terms(since):
    """Who led: pod, and when it wrote the Lease first and last; in order."""
    writes = [(event["requestReceivedTimestamp"], event["user"]["extra"][POD][0]) for event in audit_events()
              if event.get("objectRef", {}).get("resource") == "leases" and event["objectRef"].get("namespace") == SYSTEM
              and event["user"]["username"] == CONTROLLER and event["verb"] in ("create", "update", "patch")
              and event.get("responseStatus", {}).get("code") in (200, 201) and event["requestReceivedTimestamp"] > since]
    for pod, written in itertools.groupby(sorted(writes), key=lambda write: write[1]):
        times = [datetime.datetime.fromisoformat(at.replace("Z", "+00:00")) for at, _ in written]
        yield pod, times[0], times[-1]


class Upgrades(Story):
    alone = True

    def setUp(self):
        if not os.environ.get("INTERLUDE_AUDIT_LOG"):
            self.skipTest("a cluster that is not ours: there is no audit log to read")
        super().setUp()

    def test_rolling_update(self):
        """The Lease is handed over by each that goes; what runs runs on, and what is applied meanwhile runs."""
        began = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        self.begin("add-column", gate="go")
        command("kubectl", "rollout", "restart", "--namespace", SYSTEM, "deployment/interlude")
        self.migrate("meanwhile", self.shell("true"), database="other")
        wait_until_ready()
        self.reaches("meanwhile", "Succeeded")
        self.database.open_gate("go")
        self.rival_runs_after("add-column")
        led = list(terms(began))
        gaps = [round((begins - ended).total_seconds(), 3) for (_, _, ended), (_, begins, _) in itertools.pairwise(led)]
        print(f"       handed over {len(gaps)} times, within {gaps} s (at most 2 s where nothing else runs)", flush=True)
        self.assertGreater(len(gaps), 0, f"nobody else led: {led}")
        self.assertLess(max(gaps), MOST_S, f"the lease of {LEASE_S} s was not released: {led}")
