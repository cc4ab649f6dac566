# SPDX-License-Identifier: Apache-2.0
"""Many namespaces with unfinished migrations: more streams than one connection carries."""
import re
import time

from ground.case import APP, Case, side_by_side
from ground.controller import Controller

NAMESPACES = 150  # three watches each: Deployments, ReplicaSets, pods; the server allows 100 streams a connection


class Scale(Case):
    stage = "alone"

    def setUp(self):
        self.namespace = f"{self.prefix}-scale"
        self.names = [f"{self.prefix}-scale-{number:03}" for number in range(NAMESPACES)]

    def ground(self, name):
        body = {"apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": "orders"}, "spec": {"baseline": "0"}}
        self.api.create("namespaces", None, {"metadata": {"name": name}})
        self.api.create("databases", name, body)
        self.api.create("deployments", name, self.workload(version="1.0.0", replicas=0))
        self.api.create("schemamigrations", name, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "SchemaMigration", "metadata": {"name": "first"},
            "spec": self.spec(step="Contract", applications=[self.application(">=2.0.0")])})

    def waits(self, name):
        def holds(seen):
            gate = self.condition(seen or {}, "VersionsCompatible")
            return gate and gate["status"] == "False" and "1.0.0" in gate["message"]

        self.world.wait("schemamigrations", name, "first", holds, "has judged its application")

    def decided(self, since):
        """Of which namespaces the controller has decided something, from a size of its log on."""
        with open(self.own_controller.log, "rb") as log:
            log.seek(since)
            return set(re.findall(rf"key=m/({self.prefix}-scale-\d+)/", log.read().decode()))

    def quiet(self):
        """Waits until the controller has nothing left to do."""
        size, still = -1, 0
        while still < 10:
            now = self.log_size()
            still = still + 1 if now == size else 0
            size = now
            time.sleep(0.1)
        return size

    def log_size(self):
        with open(self.own_controller.log, "rb") as log:
            return log.seek(0, 2)

    def test_many_namespaces(self):
        side_by_side([lambda name=name: self.ground(name) for name in self.names])
        with Controller("scale") as controller:
            self.own_controller = controller
            for name in self.names:
                self.waits(name)
            watches = controller.metric("interlude_watches")
            self.assertGreaterEqual(watches, 4 + 3)
            self.assertEqual(0, controller.metric("interlude_watches_broken"))

            # A change in one of them wakes its own migration and no other.
            for name in (self.names[0], self.names[77], self.names[149]):
                since = self.quiet()
                self.api.change("deployments", name, APP, {"metadata": {"annotations": {"changed": "yes"}}})
                self.world.until(name, lambda s=since, n=name: n in self.decided(s) or time.sleep(0.05), "wakes its migration", 10)
                self.quiet()
                self.assertEqual({name}, self.decided(since))

            # Requests are answered beside all the watches: it can still run one.
            self.api.change("deployments", self.names[77], APP, {"spec": {"template": {
                "spec": {"containers": [{"name": "api", "image": "registry.example:5000/orders-api:2.0.0"}]}}}})
            self.world.wait("schemamigrations", self.names[77], "first", lambda seen: seen["status"]["phase"] == "Succeeded", "succeeds")

            # The watches go with the migrations.
            side_by_side([lambda name=name: self.api.delete("schemamigrations", name, "first") for name in self.names])
            for name in self.names:
                self.world.wait("schemamigrations", name, "first", lambda seen: seen is None, "is gone")
            deadline = time.monotonic() + 10
            while controller.metric("interlude_watches") > watches - min(3 * NAMESPACES, watches - 5 - 15):
                self.assertLess(time.monotonic(), deadline, f"{controller.metric('interlude_watches')} watches are left")
                time.sleep(0.1)
            self.assertEqual(200, controller.get("/readyz")[0])

    def describe(self):
        return self.own_controller.tail() if self.own_controller else ""
