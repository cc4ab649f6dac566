# SPDX-License-Identifier: Apache-2.0
"""docs/tutorials: the commands of each page, as they stand there, in one shell. The first that fails is the end."""
import os
import pathlib
import re
import subprocess
import tempfile

from harness.story import Story

REPO = pathlib.Path(__file__).resolve().parents[3]
PAGES = REPO / "docs" / "tutorials"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Tutorials(Story):

    def kubeconfig(self, folder):
        """Whose current namespace is the story's."""
        path = os.path.join(folder, "kubeconfig")
        told = subprocess.run(["kubectl", "config", "view", "--raw", "--flatten"], capture_output=True, text=True, check=True).stdout
        with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(told)
        subprocess.run(["kubectl", "--kubeconfig", path, "config", "set-context", "--current", f"--namespace={self.namespace}"],
                       capture_output=True, check=True)
        return path

    def follow(self, page, at_least):
        """Carries out the page, which has so many blocks at least: one that is not found would prove nothing."""
        blocks = BLOCK.findall((PAGES / page).read_text(encoding="utf-8"))
        self.assertGreaterEqual(len(blocks), at_least)
        with tempfile.TemporaryDirectory(prefix="interlude-e2e-") as folder:
            done = subprocess.run(["bash", "-euxo", "pipefail", "-c", "".join(blocks)], cwd=REPO, text=True, timeout=900,
                                  env={**os.environ, "KUBECONFIG": self.kubeconfig(folder)},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(0, done.returncode, f"{page}:\n{done.stdout}")

    def test_before_deployment(self):
        self.follow("before-deployment.md", 4)
        self.assertEqual("2", self.database.one("SELECT version FROM schema_migrations WHERE NOT dirty"))

    def test_after_deployment(self):
        self.follow("after-deployment.md", 4)
        self.assertEqual("3", self.database.one("SELECT version FROM schema_migrations WHERE NOT dirty"))

    def test_decoupled(self):
        self.follow("decoupled.md", 4)
        self.assertEqual("2", self.database.one("SELECT version FROM schema_migrations WHERE NOT dirty"))

    def test_expand_contract(self):
        self.follow("expand-contract.md", 7)
        self.assertEqual("3", self.database.one("SELECT version FROM schema_migrations WHERE NOT dirty"))
        self.assertEqual([], self.database.query("SELECT version, operation, message FROM app_errors LIMIT 10"))
