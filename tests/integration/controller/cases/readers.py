# SPDX-License-Identifier: Apache-2.0
"""What kubectl wait reads in a migration's status, and the health check as it is installed (docs/reference/readers.md)."""
import re

from ground.case import Case
from ground.cluster import REPO

PAGE = REPO / "docs" / "reference" / "readers.md"
HEALTH = "resource.customizations.health.interlude.dev_SchemaMigration"


class Readers(Case):

    def wait(self, what, name="first", timeout="60s"):
        return self.cluster.shell(f"kubectl wait sm/{name} --namespace {self.namespace} --for={what} --timeout={timeout}")

    def ended(self, process):
        out, _ = process.communicate(timeout=120)
        return process.returncode, out

    def test_just_created(self):
        """Before anybody has judged it, it says so: to kstatus an object without conditions is done."""
        created = self.migrate(suspend=True)
        self.assertEqual({"observedGeneration": -1, "phase": "Pending"}, created["status"])
        judged = self.closed("NotSuspended")
        self.assertEqual(["Waiting"], self.phases())
        self.assertEqual(1, judged["status"]["observedGeneration"])
        self.holds()

    def test_kubectl_wait(self):
        """For Ready, for the phase: neither ends while the migration waits, both when it has succeeded."""
        self.migrate(suspend=True)
        self.closed("NotSuspended")
        code, out = self.ended(self.wait("condition=Ready", timeout="1s"))
        self.assertEqual((1, True), (code, "timed out" in out), out)
        waiting = [self.wait("condition=Ready"), self.wait("jsonpath='{.status.phase}'=Succeeded")]
        self.change(suspend=False)
        for process in waiting:
            code, out = self.ended(process)
            self.assertEqual((0, True), (code, "condition met" in out), out)
        self.succeeds()
        self.holds()

    def test_kubectl_wait_for_a_failure(self):
        self.migrate(how={"exit_code": 1})
        self.assertEqual(0, self.ended(self.wait("condition=Stalled"))[0])
        self.assertEqual("ExitCode", self.fails()["status"]["reason"])
        self.assertEqual(1, self.ended(self.wait("condition=Ready", timeout="1s"))[0])
        self.holds()

    def test_edit_after_success(self):
        """Ready is about the spec that was edited only once the controller has seen it."""
        self.migrate()
        self.succeeds()
        edited = self.change(suspend=True)
        self.assertEqual(0, self.ended(self.wait("condition=Ready"))[0])
        ready = self.condition(self.expect("first", lambda seen: True, "is there"), "Ready")
        self.assertEqual(edited["metadata"]["generation"], ready["observedGeneration"])
        self.holds()

    def test_health_check_is_installed(self):
        """As the page says it; what else stands in the ConfigMap stays."""
        command = re.search(r"((?:    .*\n)*    kubectl create configmap(?:.*\n)+?)\n", PAGE.read_text(encoding="utf-8")).group(1)
        self.assertIn("--namespace argocd", command)
        self.api.create("configmaps", self.namespace, {"metadata": {"name": "argocd-cm"}, "data": {"url": "https://argocd.example"}})
        code, out = self.ended(self.cluster.shell(command.replace("--namespace argocd", f"--namespace {self.namespace}")))
        self.assertEqual(0, code, out)
        data = self.api.get("configmaps", self.namespace, "argocd-cm")["data"]
        self.assertEqual({"url", HEALTH}, set(data))
        self.assertEqual((REPO / "manifests/argocd/health.lua").read_text(encoding="utf-8"), data[HEALTH])
