# SPDX-License-Identifier: Apache-2.0
"""A kind that a test installs for itself, of a group that no other test has."""
import json
import pathlib
import subprocess
import time

import yaml

from ground.cluster import ApiError
from ground.world import PATIENCE

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class OwnKind:

    def __init__(self, case, kind):
        self.case = case
        self.kind = kind
        self.plural = kind.lower() + "s"
        self.group = f"{case.namespace}.example"
        self.api_version = f"{self.group}/v1"

    @property
    def path(self):
        """Of its objects in the test's namespace."""
        return f"/apis/{self.api_version}/namespaces/{self.case.namespace}/{self.plural}"

    def install(self, plural=None):
        """Waits until it is served."""
        self.plural = plural or self.plural
        self.case.api.request("POST", CRDS, self.definition())
        self.case.addCleanup(self._delete, self.plural)
        self._until_served(True)

    def definition(self):
        anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{self.plural}.{self.group}"},
                "spec": {"group": self.group, "scope": "Namespaced",
                         "names": {"kind": self.kind, "plural": self.plural, "singular": self.kind.lower(), "listKind": self.kind + "List"},
                         "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                                       "schema": {"openAPIV3Schema": anything}}]}}

    def remove(self):
        """Waits until it is not: that it was deleted is said before its objects are."""
        self._delete(self.plural)
        self._until_served(False)

    def _until_served(self, wanted):
        deadline = time.monotonic() + PATIENCE
        while self._is_served() != wanted:
            self.case.assertLess(time.monotonic(), deadline, f"{self.kind} is {'not ' if wanted else ''}served")
            time.sleep(0.05)

    def _is_served(self):
        try:
            self.case.api.request("GET", self.path)
            return True
        except ApiError:
            return False

    def _delete(self, plural):
        try:
            self.case.api.request("DELETE", f"{CRDS}/{plural}.{self.group}")
        except ApiError as error:
            self.case.assertEqual(404, error.code)

    def create(self, name, spec, **meta):
        return self.case.api.request("POST", self.path, {"apiVersion": self.api_version, "kind": self.kind,
                                                         "metadata": {"name": name, **meta}, "spec": spec})

    def change(self, name, spec):
        return self.case.api.request("PATCH", f"{self.path}/{name}", {"spec": spec}, "application/merge-patch+json")

    def tell(self, name, **status):
        """What its controller would write."""
        return self.case.api.request("PATCH", f"{self.path}/{name}/status", {"status": status}, "application/merge-patch+json")

    def delete(self, name, propagation="Background"):
        return self.case.api.request("DELETE", f"{self.path}/{name}", {"propagationPolicy": propagation})


class ArgoRollout(OwnKind):
    """The Rollout of Argo Rollouts, with the schema that they install: what that does not know, the API server drops."""

    def __init__(self, case):
        super().__init__(case, "Rollout")
        self.group = "argoproj.io"
        self.api_version = "argoproj.io/v1alpha1"

    def definition(self):
        """From their Go module, which the first call fetches (9 MB)."""
        module = json.loads(subprocess.run(["go", "mod", "download", "-json", "github.com/argoproj/argo-rollouts"], check=True,
                                           stdout=subprocess.PIPE, cwd=pathlib.Path(__file__).parents[1] / "argo").stdout)
        with open(pathlib.Path(module["Dir"]) / "manifests" / "crds" / "rollout-crd.yaml", encoding="utf-8") as file:
            return yaml.load(file, yaml.CSafeLoader)
