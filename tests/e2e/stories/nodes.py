# SPDX-License-Identifier: Apache-2.0
"""Stories of the node: its kubelet is killed, it is drained, given up, forgotten. What runs there runs on meanwhile, and the
database sees it. Each runs alone, and gives the node back."""
import os
import subprocess

from harness.install import SYSTEM
from harness.node import Node, kubectl, taints
from harness.story import Story


class NodeStory(Story):
    alone = True

    def setUp(self):
        if os.environ.get("INTERLUDE_CLUSTER_MODE") != "full":
            self.skipTest("the node is not ours")
        super().setUp()
        self.node = Node(self.api)
        self.addCleanup(self.node.restore)

    def fragile(self, name, database="orders", **probe):
        """The run of a probe whose pod does not wait long for a node that does not answer."""
        return {"podTemplate": {"spec": {
            "terminationGracePeriodSeconds": 20,
            "tolerations": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "tolerationSeconds": 1}],
            "containers": [{"name": "run", **self.probe_container(name, database=database, **probe)}]}}}

    def lock_is_held(self, database):
        """Some process runs: PostgreSQL has its lock."""
        return database.one("SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
                            "WHERE l.locktype = 'advisory' AND d.datname = current_database()") != "0"

    def is_unproven(self, name, database="orders"):
        failed = self.reaches(name, "Failed", "EndUnproven", timeout=120)
        self.assertIn("interlude.dev/confirm-ended=1", failed["status"]["message"])
        self.assertEqual(name, self.ledger(database, at_rest=False)["claim"]["migration"])
        return failed

    def begin_fragile(self, name, database, where, **probe):
        """A run, and its rival."""
        self.migrate(name, self.fragile(name, database, **probe), database=database)
        self.poll(lambda: where.runs(), f"probe {name} runs")
        self.migrate(f"{name}-rival", self.probe("rival", database=database), database=database, toVersion="2")
        self.says(f"{name}-rival", name, phase="Waiting")

    def pod_of(self, name):
        return self.api.list("pods", self.namespace, f"interlude.dev/migration={name}")[0]


class Nodes(NodeStory):

    def test_kubelet_killed_and_started(self):
        """Killed in the middle of a run, started, killed again, and started when the run has ended: it is told then."""
        self.begin("add-column", gate="go")
        self.node.kubelet("kill")
        self.node.kubelet("start")
        self.node.wait_until_ready()
        self.assertEqual([["add-column", "running"]], [[run[0], run[3]] for run in self.database.runs()])
        self.node.kubelet("kill")
        self.database.open_gate("go")
        self.poll(lambda: self.database.runs()[0][3] == "ended", "the run ends")
        self.assertEqual("Running", self.migration("add-column")["status"]["phase"])
        self.assertEqual("Waiting", self.migration("rival")["status"]["phase"])
        self.node.kubelet("start")
        self.reaches("add-column", "Succeeded")
        self.rival_runs_after("add-column")
        self.assertEqual(["1", "2"], self.ledger()["passed"])

    def test_lost_node(self):
        """A node that does not answer: its pods are deleted and said to have failed, while their processes run (R8b). One ends
        out of everybody's sight, and a person says so; of the other the kubelet tells when it is back."""
        other = self.new_database("invoices")
        self.begin_fragile("told", "orders", self.database, gate="go")
        self.begin_fragile("seen", "invoices", other, gate="never", exit_on_term=0, linger="1s")
        self.node.give_neighbour()
        self.node.kubelet("kill")
        self.node.declare_lost()
        self.says("told", "was last heard of", phase="Running", timeout=60)
        for name, database in (("told", "orders"), ("seen", "invoices")):
            self.is_unproven(name, database)
        self.assertTrue(self.lock_is_held(self.database) and self.lock_is_held(other), "a process has ended")

        self.annotate("told", "interlude.dev/confirm-ended", "2")  # an attempt that never was
        self.database.open_gate("go")
        self.poll(lambda: not self.lock_is_held(self.database), "the process ends")
        self.assertEqual("told", self.ledger(at_rest=False)["claim"]["migration"])
        self.annotate("told", "interlude.dev/confirm-ended", "1")
        self.expect("told-rival", lambda seen: seen["status"]["phase"] == "Running", "has the database")
        self.assertEqual("seen", self.ledger("invoices", at_rest=False)["claim"]["migration"])

        self.node.restore()
        for name in ("told-rival", "seen-rival"):
            self.reaches(name, "Succeeded")
        self.assertEqual(["told", "rival"], [run[0] for run in self.database.runs()])
        self.assertEqual(["seen", "rival"], [run[0] for run in other.runs()])
        for name, database in (("told", "orders"), ("seen", "invoices")):
            self.assertEqual(["2"], self.ledger(database)["passed"])
            self.assertEqual("EndUnproven", self.migration(name)["status"]["reason"])

    def annotate(self, name, key, value):
        self.api.patch("schemamigrations", self.namespace, name, {"metadata": {"annotations": {key: value}}})

    def test_drained_and_uncordoned(self):
        """kubectl drain, of a node that the controller itself is on: its budget lets one of two go, the other acts."""
        self.begin("add-column", exit_on_term=0, linger="2s")
        drain = subprocess.Popen(["kubectl", "drain", self.node.name, "--ignore-daemonsets", "--delete-emptydir-data", "--force",
                                  "--timeout=60s"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(drain.stdout.close)
        self.addCleanup(drain.kill)
        self.poll(lambda: self.database.runs()[0][3] == "terminated", "the run is asked to stop")
        self.api.wait("deployments", SYSTEM, "interlude", lambda seen: seen["status"].get("availableReplicas") == 1,
                      "is drained as far as its budget allows")
        failed = self.reaches("add-column", "Failed")
        kubectl("uncordon", self.node.name)
        self.assertEqual("InterruptedUnproven", failed["status"]["reason"])
        self.rival_runs_after("add-column")
        self.assertEqual(["2"], self.ledger()["passed"])
        self.assertEqual(0, drain.wait(30), "kubectl drain")
        kubectl("rollout", "status", "--namespace", SYSTEM, "deployment/interlude", "--timeout=30s")

    def test_node_object_deleted(self):
        """The Node object is deleted and comes back with the kubelet's next start; the run knows nothing of it."""
        self.begin("add-column", gate="go")
        uid = self.node.wait(lambda seen: seen, "is there")["metadata"]["uid"]
        self.api.delete("nodes", None, self.node.name)
        self.node.kubelet("kill")
        self.node.kubelet("start")
        self.node.wait(lambda seen: seen and seen["metadata"]["uid"] != uid, "is registered again")
        self.node.wait_until_ready()
        self.assertEqual("Running", self.migration("add-column")["status"]["phase"])
        self.database.open_gate("go")
        self.reaches("add-column", "Succeeded")
        self.rival_runs_after("add-column")
        self.assertEqual(["1", "2"], self.ledger()["passed"])


class LongNodes(NodeStory):
    """By the cluster's own clocks: a minute until a node is given up, another until its pods are."""

    def test_not_ready(self):
        """Marked NotReady by the node controller and the pod deleted by the taint manager, while the process runs: that is no
        end. The kubelet comes back and stops it."""
        self.begin_fragile("add-column", "orders", self.database, gate="never", exit_on_term=0, linger="2s")
        self.node.give_neighbour()
        self.node.kubelet("kill")
        self.node.wait(lambda seen: "node.kubernetes.io/unreachable" in taints(seen), "is unreachable", 120)
        self.says("add-column", "was last heard of", phase="Running", timeout=60)
        self.assertIsNotNone(self.pod_of("add-column")["metadata"].get("deletionTimestamp"))
        self.assertTrue(self.lock_is_held(self.database), "the process has ended")
        self.node.restore()
        self.reaches("add-column", "Failed", "InterruptedUnproven")
        self.reaches("add-column-rival", "Succeeded")
        self.has_run("add-column", "rival")

    def test_forgotten_node(self):
        """The Node object is deleted while its kubelet is dead, as a cloud's controller does: the pod garbage collector says
        that its pods have failed, the controller's own among them. All come back with the kubelet, which tells the truth."""
        self.begin_fragile("add-column", "orders", self.database, gate="never", exit_on_term=0, linger="2s")
        self.node.give_neighbour()
        self.node.kubelet("kill")
        self.api.delete("nodes", None, self.node.name)
        self.api.wait("pods", self.namespace, self.pod_of("add-column")["metadata"]["name"],
                      lambda seen: seen["status"]["phase"] == "Failed", "is said to have failed", 120)
        self.assertTrue(self.lock_is_held(self.database), "the process has ended")
        self.assertEqual("add-column", self.ledger(at_rest=False)["claim"]["migration"])
        self.node.restore()
        failed = self.reaches("add-column", "Failed", timeout=90)
        self.assertIn(failed["status"]["reason"], ("EndUnproven", "InterruptedUnproven", "DeletionByPodGC"))
        self.reaches("add-column-rival", "Succeeded", timeout=90)
        self.has_run("add-column", "rival")
