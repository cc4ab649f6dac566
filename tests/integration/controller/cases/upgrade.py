# SPDX-License-Identifier: Apache-2.0
"""Interlude was upgraded before its CRDs: the API server drops what it does not know."""
from ground.case import Case
from ground.controller import Controller


class OldKinds(Case):
    stage = "alone"
    BY_THEN = 12  # status writes; without a backoff they come by the hundred

    def setUp(self):
        super().setUp()
        self.addCleanup(self.cluster.install_crds)

    def change_kind(self, body):
        path = self.api.path("customresourcedefinitions", None, "schemamigrations.interlude.dev")
        self.api.request("PATCH", path, body, "application/json-patch+json")

    def test_dropped_field(self):
        """It is said, asked for seldom, and goes on by itself when the CRD is there."""
        self.change_kind([{"op": "remove", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/specHash"}])
        self.own_controller = Controller("old-kinds", "--namespace", self.namespace, "--leader-elect=false")
        self.addCleanup(self.own_controller.stop)
        self.own_controller.start()
        self.stays(lambda: True, "", 1)  # the server takes a moment to serve the changed kind
        since = self.audit.size()
        self.migrate(suspend=True)
        self.closed("NotSuspended")
        self.world.until(self.namespace, lambda: "its CRDs are older" in self.own_controller.about(self.namespace), "says so")
        self.stays(lambda: True, "", 5)
        writes = [path for verb, path, _ in self.audit.of_controller(self.namespace, since) if verb == "patch" and path.endswith("/status")]
        self.assertLess(len(writes), self.BY_THEN)
        self.cluster.install_crds()
        self.change(suspend=False)
        self.succeeds()
        self.assertIsNone(self.own_controller.stop())
        self.holds()

    test_dropped_field.lasts = 70  # the server keeps a changed kind's old watches for a minute
    test_dropped_field.is_long = True
