# SPDX-License-Identifier: Apache-2.0
"""A thousand migrations that wait, each kind of gate among them: they cost nothing while nothing changes, and a change wakes only whom
it concerns."""
import collections
import os
import re
import time

from ground.candidate import Candidate
from ground.case import Case, side_by_side
from ground.clock import from_now

MIGRATIONS = 100
MIGRATIONS_LONG = 1000
DEPLOYMENTS = 10
DATABASES = 25
SECRET = {"apiVersion": "v1", "kind": "Secret", "name": "orders-db"}


def gates():
    """What the migrations wait for, in turn: the reason, and what of the spec asks for it. As many as no Deployment's number divides."""
    opens = from_now(hours=12)
    return [("VersionsIncompatible", {"versions": ">=2.0.0"}),
            ("Soaking", {"soak": "87600h"}),
            ("OutsideWindow", {"window": {"schedule": f"{opens.minute} {opens.hour} * * *", "duration": "1h"}}),
            ("ApprovalMissing", {"approval": "Required"}),
            ("DependencyMissing", {"after": ["nobody"]}),
            ("PrerequisiteMissing", {"requires": [SECRET]}),
            ("Suspended", {"suspend": True})]


class Waiting(Case):
    stage = "own"

    def requests(self, since):
        """Of the controller, about whatever, from a size of the audit log on: leases and watches, and all else."""
        idle, work = collections.Counter(), []
        for event in self.audit.about(f'"{self.own_controller.user}"', since):
            if event["user"]["username"] != self.own_controller.user:
                continue
            reference = event.get("objectRef", {})  # discovery has none
            resource = reference.get("resource")
            if event["verb"] == "watch" or resource == "leases":
                idle[f"{event['verb']} {resource}"] += 1
            else:
                work.append((event["verb"], event["requestURI"], resource, reference.get("subresource"), reference.get("name")))
        return idle, work

    def now(self):
        """The sizes of the audit log and of the controller's own."""
        return self.audit.size(), os.path.getsize(self.own_controller.log)

    def decided(self, since):
        """How often each migration was judged, from a size of the controller's log on."""
        with open(self.own_controller.log, "rb") as log:
            log.seek(since)
            return collections.Counter(re.findall(r'msg=decided key=(\S+)', log.read().decode()))

    def settled(self):
        """Waits until the controller has judged nothing and asked for nothing during three seconds; returns now()."""
        deadline = time.monotonic() + 240
        while True:
            asked, judged = now = self.now()
            time.sleep(3)
            if not self.requests(asked)[1] and not self.decided(judged):
                return now
            self.assertLess(time.monotonic(), deadline, "it still works")

    def cpu_s(self):
        with open(f"/proc/{self.own_controller.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def count(self):
        return MIGRATIONS_LONG if self.is_long else MIGRATIONS

    @staticmethod
    def application_of(number):
        return f"api-{number % DEPLOYMENTS}"

    def those_of(self, application):
        return {f"m-{n:04}" for n in range(self.count) if self.application_of(n) == application}

    def waiting_for(self, number, versions=">=1.0.0 <2.0.0", **spec):
        self.migrate(f"m-{number:04}", to=str(number + 1), database=f"db-{number % DATABASES}", step="Contract",
                     applications=[self.application(versions, name=self.application_of(number))], **spec)

    def ground(self):
        databases = [lambda n=n: self.database(f"db-{n}", baseline="0") for n in range(DATABASES)]
        workloads = [lambda n=n: self.api.create("deployments", self.namespace, self.workload(name=f"api-{n}", replicas=0))
                     for n in range(DEPLOYMENTS)]
        kinds = gates()
        migrations = [lambda n=n: self.waiting_for(n, **kinds[n % len(kinds)][1]) for n in range(self.count)]
        for some in (databases, workloads, migrations):
            side_by_side(some, width=4)

    def all_wait(self):
        kinds = gates()
        wanted = {f"m-{n:04}": kinds[n % len(kinds)][0] for n in range(self.count)}

        def holds():
            return wanted == {seen["metadata"]["name"]: seen.get("status", {}).get("reason")
                              for seen in self.world.all("schemamigrations", self.namespace)}

        self.world.until(self.namespace, holds, "each of them waits for what it is to wait for", 240)

    def deploy_version(self, name, version):
        self.api.change("deployments", self.namespace, name, {"spec": {"template": {
            "spec": {"containers": [{"name": "api", "image": f"registry.example:5000/orders-api:{version}"}]}}}})

    def quiet(self, seconds):
        """Nothing is asked for and nothing judged; what it costs."""
        (asked, judged), began_s = self.settled(), self.cpu_s()
        time.sleep(seconds)
        quiet_s = self.cpu_s() - began_s
        idle, work = self.requests(asked)
        self.assertEqual(([], {}), (work, self.decided(judged)), f"in {seconds} quiet seconds, beside {dict(idle)}")
        self.assertGreater(sum(count for what, count in idle.items() if "leases" in what), seconds / 10, "it does not live")
        return f"quiet {seconds} s: requests {dict(idle)}, CPU {quiet_s:.2f} s"

    def nothing_new(self):
        """It is looked at by those that name it, and written to nobody. (No annotation: that gives a Deployment a new generation.)"""
        asked, judged = self.settled()
        self.api.change("deployments", self.namespace, "api-7", {"metadata": {"labels": {"changed": "yes"}}})
        self.settled()
        self.assertEqual([], self.requests(asked)[1])
        self.only(self.those_of("api-7"), self.decided(judged))

    def only(self, named, decided):
        """Only these are judged, each of them, and not often."""
        self.assertEqual({f"m/{self.namespace}/{name}" for name in named}, set(decided))
        self.assertLessEqual(max(decided.values()), 12, decided)

    def new_version(self):
        """Told to those that name it. What they wait for is not this version, but for one in seven, nor does it let any of them run."""
        (asked, judged), began_s = self.settled(), self.cpu_s()
        self.deploy_version("api-3", "1.5.0")
        named = self.those_of("api-3")
        for name in sorted(named):
            self.expect(name, lambda seen: [found["desired"] for found in seen["status"]["applications"]] == ["1.5.0"], "tells the new version")
        self.settled()
        decided, work = self.decided(judged), self.requests(asked)[1]
        self.only(named, decided)
        written = collections.Counter(name for verb, _, resource, subresource, name in work
                                      if (verb, resource, subresource) == ("patch", "schemamigrations", "status"))
        self.assertEqual(named, set(written))
        more = [f"{request[0]} {request[1]}" for request in work if request[-1] not in written]
        self.assertLessEqual(set(more), {"get /version"}, "nothing but statuses is written, and nothing is read but the time, for the soaks")
        self.assertLessEqual(max(written.values()), 5)
        return (f"one of {DEPLOYMENTS} Deployments changed: {decided.total()} decisions and {written.total()} writes for {len(named)} migrations, "
                f"CPU {self.cpu_s() - began_s:.1f} s")

    def test_thousand(self):
        """With --long; fewer of them in each run."""
        self.own_controller = Candidate(self, "one")
        self.own_controller.grant({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]})
        with self.own_controller:
            self.ground()
            self.all_wait()
            told = self.quiet(60 if self.is_long else 20)
            self.nothing_new()
            told += "; " + self.new_version()
            print(f"       Waiting: {self.count} migrations: {told}", flush=True)
        self.holds()

    test_thousand.lasts = 50
