# SPDX-License-Identifier: Apache-2.0
"""A thousand migrations that wait: they cost nothing while nothing changes, and a change wakes only whom it concerns."""
import collections
import os
import time

from ground.case import Case, side_by_side
from ground.controller import Controller

MIGRATIONS = 100
MIGRATIONS_LONG = 1000
DEPLOYMENTS = 10
DATABASES = 25


class Waiting(Case):
    stage = "own"

    def requests(self, since):
        """Of the controller about this namespace, from a size of the audit log on: leases and watches, and all else."""
        idle, work = collections.Counter(), []
        for event in self.audit.about(f'"namespace":"{self.namespace}"', since):
            if not event.get("userAgent", "").startswith("interlude/"):
                continue
            resource = event["objectRef"].get("resource")
            if event["verb"] == "watch" or resource == "leases":
                idle[f"{event['verb']} {resource}"] += 1
            else:
                work.append((event["verb"], resource, event["objectRef"].get("subresource"), event["objectRef"].get("name")))
        return idle, work

    def settled(self):
        """Waits until the controller has had nothing to ask for during three seconds; returns the size of the log."""
        deadline = time.monotonic() + 240
        while True:
            since = self.audit.size()
            time.sleep(3)
            if not self.requests(since)[1]:
                return since
            self.assertLess(time.monotonic(), deadline, "it still works")

    def cpu_s(self):
        with open(f"/proc/{self.own_controller.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def count(self):
        return MIGRATIONS_LONG if self.is_long else MIGRATIONS

    def application_of(self, number):
        return f"api-{number % DEPLOYMENTS}"

    def ground(self):
        databases = [lambda n=n: self.database(f"db-{n}", baseline="0") for n in range(DATABASES)]
        workloads = [lambda n=n: self.api.create("deployments", self.namespace, self.workload(name=f"api-{n}", replicas=0))
                     for n in range(DEPLOYMENTS)]
        migrations = [lambda n=n: self.migrate(f"m-{n:04}", to=str(n + 1), database=f"db-{n % DATABASES}",
                                               applications=[self.application(">=2.0.0", name=self.application_of(n))])
                      for n in range(self.count)]
        for some in (databases, workloads, migrations):
            side_by_side(some, width=4)

    def all_wait(self):
        def holds():
            return sum(1 for seen in self.world.all("schemamigrations", self.namespace)
                       if seen.get("status", {}).get("reason") == "VersionsIncompatible") == self.count

        self.world.until(self.namespace, holds, "all of them wait for their application", 240)

    def deploy_version(self, name, version):
        self.api.change("deployments", self.namespace, name, {"spec": {"template": {
            "spec": {"containers": [{"name": "api", "image": f"registry.example:5000/orders-api:{version}"}]}}}})

    def test_thousand(self):
        """With --long; fewer of them in each run."""
        with Controller("waiting", "--namespace", self.namespace, level="info") as controller:
            self.own_controller = controller
            self.ground()
            self.all_wait()
            quiet = 60 if self.is_long else 20
            since, began_s = self.settled(), self.cpu_s()
            time.sleep(quiet)
            quiet_s = self.cpu_s() - began_s
            idle, work = self.requests(since)
            self.assertEqual([], work, f"in {quiet} quiet seconds, beside {dict(idle)}")
            self.assertGreater(sum(count for what, count in idle.items() if "leases" in what), quiet / 10, "it does not live")

            # What tells nothing new is written to nobody. (Not an annotation: that gives a Deployment a new generation.)
            since, began_s = self.settled(), self.cpu_s()
            self.api.change("deployments", self.namespace, "api-7", {"metadata": {"labels": {"changed": "yes"}}})
            self.settled()
            self.assertEqual([], self.requests(since)[1])

            # Another version, which is none of theirs either: told to those that name it.
            self.deploy_version("api-3", "1.5.0")
            named = {f"m-{n:04}" for n in range(self.count) if self.application_of(n) == "api-3"}
            for name in sorted(named):
                self.expect(name, lambda seen: "1.5.0" in seen["status"]["message"], "tells the new version")
            self.settled()
            work = self.requests(since)[1]
            written = collections.Counter(name for verb, resource, subresource, name in work
                                          if (verb, resource, subresource) == ("patch", "schemamigrations", "status"))
            self.assertEqual(named, set(written))
            self.assertEqual(len(work), sum(written.values()), "nothing but statuses is written, and nothing is read")
            self.assertLessEqual(max(written.values()), 3)
            print(f"       Waiting: {self.count} migrations: quiet {quiet} s: requests {dict(idle)}, CPU {quiet_s:.2f} s; "
                  f"one of {DEPLOYMENTS} Deployments changed: {len(work)} writes, CPU {self.cpu_s() - began_s:.1f} s", flush=True)
        self.holds()

    test_thousand.lasts = 50
