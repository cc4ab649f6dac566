# SPDX-License-Identifier: Apache-2.0
"""A server of Kubernetes 1.33: it refuses sendInitialEvents, so that lists and watches are the normal way."""
from ground.audit import Audit
from ground.case import Case
from ground.cluster import Cluster, DirectApi
from ground.controller import Controller
from ground.world import World


class Emulated(Case):
    stage = "own"

    def setUp(self):
        """A cluster of its own; everything else of the test speaks of that one."""
        cluster = Cluster(f"{self.cluster.name}-1-33", "--apiserver-flag=--emulated-version=1.33")
        self.cluster = self.enterContext(cluster)
        self.cluster.install_crds()
        self.api = DirectApi(cluster.kubeconfig)
        self.audit = Audit(cluster.audit_log)
        self.world = World(self.api, lambda namespace: namespace is not None and namespace.startswith(self.prefix))
        self.addCleanup(setattr, self.world, "is_closed", True)
        super().setUp()

    def test_success(self):
        version = self.api.request("GET", "/version")
        self.assertEqual("33", version["emulationMinor"], version)
        self.database(baseline="0")
        self.deploy(version="1.0.0")
        self.migrate("early", how={"run_for": "50ms"})
        with Controller("emulated-1-33", kubeconfig=self.cluster.kubeconfig) as controller:
            self.own_controller = controller
            self.succeeds("early")
            self.migrate("late", to="2", step="Contract", applications=[self.application(">=2.0.0")],
                         requires=[{"apiVersion": "v1", "kind": "Secret", "name": "orders-db"}])
            self.closed("PrerequisitesMet", "late", "PrerequisiteMissing")
            self.api.create("secrets", self.namespace, {"metadata": {"name": "orders-db"}})
            self.closed("VersionsCompatible", "late", says="1.0.0")
            self.roll_to("2.0.0")
            self.succeeds("late")
            self.assertEqual(0, controller.metric("interlude_watches_broken"))
        self.assertEqual(["0", "1", "2"], self.ledger()["passed"])
        self.holds()

    test_success.lasts = 60
