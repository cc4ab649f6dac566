# SPDX-License-Identifier: Apache-2.0
"""The process: command line, kubeconfigs, probes, signals."""
import copy
import pathlib
import subprocess
import tempfile

import yaml

from ground.case import Case
from ground.controller import SANITIZERS, Controller


class Process(Case):

    def setUp(self):
        """No namespace: none of these touches the cluster."""
        self.namespace = f"{self.prefix}-nothing-is-here"
        folder = tempfile.TemporaryDirectory(prefix="interlude-integration-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def call(self, *arguments):
        result = subprocess.run([Controller.program, *arguments], capture_output=True, text=True, timeout=20,
                                env={"PATH": "/usr/bin:/bin", **SANITIZERS})
        return result.returncode, result.stdout, result.stderr

    def kubeconfig(self, change=None):
        with open(self.cluster.kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        config = copy.deepcopy(config)
        if change:
            change(config)
        path = self.folder / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    def refused(self, path, *says):
        """Exit 1, at once, with a message that names the file and the fault."""
        code, out, error = self.call("controller", "--kubeconfig", str(path))
        self.assertEqual(1, code, out + error)
        for words in says:
            self.assertIn(words, out + error)
        self.assertNotIn("Sanitizer", error)

    def test_kubeconfig_that_is_not_there(self):
        self.refused(self.folder / "nowhere", "nowhere")

    def test_kubeconfig_that_is_no_yaml(self):
        path = self.folder / "kubeconfig"
        path.write_text("clusters: [\n")
        self.refused(path, "kubeconfig")

    def test_context_that_is_not_there(self):
        self.refused(self.kubeconfig(lambda config: config.update({"current-context": "nope"})), "nope")

    def test_insecure_is_refused(self):
        self.refused(self.kubeconfig(lambda config: config["clusters"][0]["cluster"].update({"insecure-skip-tls-verify": True})),
                     "insecure-skip-tls-verify")

    def test_outside_a_cluster(self):
        code, out, error = self.call("controller")
        self.assertEqual(1, code)
        self.assertIn("--kubeconfig", out + error)

    def not_ready(self, path, *says):
        """It goes on trying, is alive but not ready, says why, and SIGTERM still ends it."""
        controller = Controller(self._testMethodName[5:], "--namespace", self.namespace, kubeconfig=path)
        self.addCleanup(controller.stop)
        controller.start(wait=False)
        for _ in range(200):
            if any(words in controller.tail() for words in says):
                break
            self.stays(lambda: True, "", 0.05)
        self.assertTrue(any(words in controller.tail() for words in says), controller.tail())
        self.assertEqual(500, controller.get("/readyz")[0])
        self.assertEqual(200, controller.get("/healthz")[0])
        self.assertIsNone(controller.stop())

    def test_wrong_authority(self):
        """TLS is verified: another CA is not talked to."""
        key = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=other",
               "-keyout", str(self.folder / "key"), "-out", str(self.folder / "ca"), "-days", "2"]
        subprocess.run(key, check=True, capture_output=True)

        def change(config):
            del config["clusters"][0]["cluster"]["certificate-authority-data"]
            config["clusters"][0]["cluster"]["certificate-authority"] = str(self.folder / "ca")

        self.not_ready(self.kubeconfig(change), "certificate")

    def test_server_that_does_not_answer(self):
        def change(config):
            config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"

        self.not_ready(self.kubeconfig(change), "onnect")

    def test_wrong_token(self):
        def change(config):
            config["users"][0]["user"] = {"token": "wrong"}

        self.not_ready(self.kubeconfig(change), "401", "Unauthorized")

    def test_probes_and_metrics(self):
        with Controller("probes", "--namespace", self.namespace) as controller:
            self.assertEqual(200, controller.get("/healthz")[0])
            self.assertEqual(200, controller.get("/readyz")[0])
            self.assertEqual(404, controller.get("/nowhere")[0])
            status, text = controller.get("/metrics")
            self.assertEqual(200, status)
            for name in ("interlude_migrations", "interlude_watches", "interlude_queue_depth"):
                self.assertIn(f"# TYPE {name} gauge", text)
            self.assertIn("# TYPE interlude_requests_total counter", text)
            self.assertEqual(5, controller.metric("interlude_watches"))
            self.assertEqual(0, controller.metric("interlude_migrations"))

    def test_sigterm(self):
        controller = Controller("sigterm", "--namespace", self.namespace).start()
        self.assertIsNone(controller.stop(within=5))
        self.assertIn("stopped", controller.tail())

    def test_version_and_help(self):
        code, out, _ = self.call("version")
        self.assertEqual(0, code)
        self.assertRegex(out, r"\d+\.\d+\.\d+")
        for arguments in (["--help"], ["help"], ["controller", "--help"]):
            code, out, _ = self.call(*arguments)
            self.assertEqual(0, code, arguments)
            self.assertIn("Usage:", out)

    def test_wrong_command_line(self):
        """Refused with exit 1 and a message that names the word."""
        for arguments, says in (
                (["control"], 'unknown command "control"'),
                (["controller", "--kubeconf=x"], "unknown flag: --kubeconf"),
                (["controller", "--kubeconfig"], "flag needs a value: --kubeconfig"),
                (["controller", "extra"], 'unexpected argument "extra"'),
                (["controller", "--kubeconfig=x", "--log-level=loud"], '--log-level: "loud"'),
                (["controller", "--kubeconfig=x", "--log-format=xml"], '--log-format: "xml"'),
                (["controller", "--kubeconfig=x", "--leader-elect=maybe"], '--leader-elect: "maybe"'),
                (["controller", "--kubeconfig=x", "--leader-election-lease-duration=9s"], "--leader-election-renew-deadline"),
                (["controller", "--kubeconfig", str(self.cluster.kubeconfig), "--health-address=nowhere"], "nowhere")):
            code, out, error = self.call(*arguments)
            self.assertEqual(1, code, arguments)
            self.assertIn(says, out + error)

    def describe(self):
        return ""
