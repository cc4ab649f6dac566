# SPDX-License-Identifier: Apache-2.0
"""API server and etcd are killed and come back, in a cluster of their own."""
import subprocess

from ground.audit import Audit
from ground.case import side_by_side
from ground.cluster import REPO, Cluster, DirectApi
from ground.world import World

from fault import Fault


class Restarts(Fault):
    """Migrations at every step of their lives; each program dies by SIGKILL, one after the other, then both."""

    RUNS = 8

    def setUp(self):
        name = f"{self.cluster.name}-killed"
        cluster = Cluster(name)
        self.addCleanup(cluster.__exit__, None, None, None)
        cluster.__enter__()
        cluster.install_crds()
        self.cluster, self.api, self.audit = cluster, DirectApi(cluster.kubeconfig), Audit(cluster.audit_log)
        self.world = World(self.api, lambda namespace: namespace is not None and namespace.startswith(self.prefix))
        self.addCleanup(setattr, self.world, "is_closed", True)
        super().setUp()

    def kill(self, *programs):
        subprocess.run([REPO / "tests/cluster/restart", "--name", self.cluster.name, "--after", "1", *programs], check=True, capture_output=True)

    def test_killed_in_the_middle(self):
        self.own_controller = self.controller_at(self.cluster.kubeconfig).start()
        names = []
        for programs in (["kube-apiserver"], ["etcd"], ["kube-apiserver", "etcd"]):
            more = [f"{programs[-1][-4:]}-{len(names) + number}" for number in range(self.RUNS)]
            side_by_side([lambda name=name, at=at: self.migrate(name, to=name, database=f"db-{name}", how={"run_for": f"{at * 150}ms"}, retries=1)
                          for at, name in enumerate(more)])
            self.world.until(self.namespace, lambda: self.all_started(), "something runs")
            self.kill(*programs)
            names += more
            for name in names:
                self.reaches(name, timeout=180)
        for name in names:
            status = self.succeeds(name)["status"]
            # The Job controller may make a second pod when it does not hear of the first, and delete either of them. Then
            # one starts, or none, and the attempt is made anew. (R1: ends_well().)
            self.assertEqual(status["attempt"]["number"], len(self.jobs(name)))
            self.assertEqual({"NeverStarted"} if status.get("attempts") else set(), {tried["reason"] for tried in status.get("attempts", [])})
        self.ends_well(pods=len(self.all_started()))
        # This cluster's record goes with it; what was answered just before a SIGKILL may be missing there.
        self.assertLessEqual(self.audit.pods_of_job_controller()[self.namespace], self.pods_due.pop(self.namespace))

    test_killed_in_the_middle.lasts = 60
