# SPDX-License-Identifier: Apache-2.0
"""API server and etcd are killed and come back, in a cluster of their own."""
import subprocess

from ground.audit import Audit
from ground.case import side_by_side
from ground.cluster import REPO, Cluster, DirectApi
from ground.rules import broken_rules
from ground.world import World

from fault import Fault


class Restarts(Fault):
    """Migrations at every step of their lives; each program dies by SIGKILL, one after the other, then both."""

    RUNS = 8

    def setUp(self):
        self.doubled = set()  # whose Job the Job controller may have given two pods
        name = f"{self.cluster.name}-killed"
        cluster = Cluster(name)
        self.addCleanup(cluster.__exit__, None, None, None)
        cluster.__enter__()
        cluster.install_crds()
        self.cluster, self.api, self.audit = cluster, DirectApi(cluster.kubeconfig), Audit(cluster.audit_log)
        self.world = World(self.api, lambda namespace: namespace is not None and namespace.startswith(self.prefix))
        self.addCleanup(setattr, self.world, "is_closed", True)
        super().setUp()

    def was_answer_lost(self, name):
        """The Job controller did not hear of the pod that it made: it may make another, and delete one of the two."""
        return [event for event in self.world.all("events", self.namespace) if event["reason"] == "FailedCreate"
                and event["involvedObject"]["name"] == self.jobs(name)[0]["metadata"]["name"]]

    def holds(self):
        """As ever; but how many pods a Job gets while the API server dies is the Job controller's doing."""
        uids = [self.migration(name)["metadata"]["uid"] for name in self.doubled]
        problems = [problem for problem in broken_rules(self.world, self.namespace)
                    if not ("had several pods" in problem and any(uid in problem for uid in uids))]
        self.assertEqual([], problems, "rules of the protocol that were broken")

    def kill(self, *programs):
        subprocess.run([REPO / "tests/cluster/restart", "--name", self.cluster.name, "--after", "1", *programs], check=True, capture_output=True)

    def test_killed_in_the_middle(self):
        self.own_controller = self.controller_at(self.cluster.kubeconfig).start()
        names = []
        for programs in (["kube-apiserver"], ["etcd"], ["kube-apiserver", "etcd"]):
            more = [f"{programs[-1][-4:]}-{len(names) + number}" for number in range(self.RUNS)]
            side_by_side([lambda name=name, at=at: self.migrate(name, to=name, database=f"db-{name}", how={"run_for": f"{at * 150}ms"})
                          for at, name in enumerate(more)])
            self.world.until(self.namespace, lambda: self.all_started(), "something runs")
            self.kill(*programs)
            names += more
            for name in names:
                self.reaches(name, timeout=180)
        for name in names:
            self.succeeds(name)
            if self.was_answer_lost(name):
                self.doubled.add(name)
            else:
                self.assertEqual(1, len(self.started(name)), f"pods of {name}")
            self.assertEqual(1, self.migration(name)["status"]["attempt"]["number"])
            self.assertEqual(1, len(self.jobs(name)))
        self.ends_well(pods=len(self.all_started()))
        # This cluster's record goes with it; what was answered just before a SIGKILL may be missing there.
        self.assertLessEqual(self.audit.pods_of_job_controller()[self.namespace], self.pods_due.pop(self.namespace))

    test_killed_in_the_middle.lasts = 60
