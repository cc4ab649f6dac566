# SPDX-License-Identifier: Apache-2.0
"""Interlude is installed in the cluster, in a namespace that enforces the restricted Pod Security level."""
from harness import install
from harness.story import Story


class Installation(Story):
    """Run before the others, one after the other. The last one stays installed."""

    def is_restricted_and_works(self):
        labels = self.api.get("namespaces", None, install.SYSTEM)["metadata"]["labels"]
        self.assertEqual("restricted", labels["pod-security.kubernetes.io/enforce"])
        self.migrate("add-column")
        self.reaches("add-column", "Succeeded")
        self.has_run("add-column")

    def test_kustomize(self):
        install.by_kustomize()
        self.is_restricted_and_works()
        self.recorded.clear()

    def test_helm(self):
        install.remove()
        install.by_helm()
        self.is_restricted_and_works()
