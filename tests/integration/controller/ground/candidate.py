# SPDX-License-Identifier: Apache-2.0
"""Controllers that stand for election, each as a user of its own, so that the audit log tells them apart; and what cuts them off."""
import copy
import pathlib
import re
import secrets
import socket
import subprocess
import threading

import yaml

from ground.cluster import REPO
from ground.controller import Controller

RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"
# Short, but not for a machine that is too busy to answer within a second or two.
QUICK = {"lease-duration": "8s", "renew-deadline": "6s", "retry-period": "800ms"}


def timing(values):
    return [f"--leader-election-{name}={value}" for name, value in values.items()]


def rules(*files):
    """As they stand in manifests/: what a test does is what an installation may do."""
    found = []
    for name in files:
        with open(REPO / "manifests" / name, encoding="utf-8") as file:
            found += [rule for thing in yaml.safe_load_all(file) if thing["kind"].endswith("Role") for rule in thing["rules"]]
    return found


class Candidate(Controller):
    """A controller for one namespace, with its own service account there."""

    def __init__(self, case, name, *flags, server=None, may=("clusterrole.yaml", "role.yaml")):
        namespace = case.namespace
        self.case, self.account = case, name
        self.user = f"system:serviceaccount:{namespace}:{name}"
        case.api.create("serviceaccounts", namespace, {"metadata": {"name": name}})
        self.grant(*rules(*may), name=name)
        kubeconfig = pathlib.Path(self.logs) / f"{namespace}-{name}.kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(self._config(case, namespace, name, server)))
        super().__init__(f"{case._testMethodName[5:]}-{name}", "--namespace", namespace, "--leader-election-id=interlude", *flags,
                         kubeconfig=kubeconfig)
        case.addCleanup(self.end)

    def _config(self, case, namespace, name, server):
        with open(self.kubeconfig, encoding="utf-8") as file:
            config = copy.deepcopy(yaml.safe_load(file))
        asked = case.api.request("POST", case.api.path("serviceaccounts", namespace, name) + "/token",
                                 {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}})
        config["users"][0]["user"] = {"token": asked["status"]["token"]}
        if server:
            cluster = config["clusters"][0]["cluster"]
            cluster["tls-server-name"] = re.sub(r"https://([^:/]+).*", r"\1", cluster["server"])
            cluster["server"] = server
        return config

    def grant(self, *allowed, name=None):
        """More that it may do, as an aggregated ClusterRole would add it."""
        namespace, name = self.case.namespace, name or f"more-{secrets.token_hex(4)}"
        self.case.api.request("POST", f"{RBAC}/{namespace}/roles", {"metadata": {"name": name}, "rules": list(allowed)})
        self.case.api.request("POST", f"{RBAC}/{namespace}/rolebindings", {
            "metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": self.account, "namespace": namespace}]})

    def leads(self):
        return self.metric("interlude_leader") == 1

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.thaw()
            self.stop()


class ClientGo:
    """A kube-controller-manager that stands for the same Lease, and if it is elected has next to nothing to do."""

    def __init__(self, case, times):
        programs = re.search(r"INTERLUDE_PROGRAMS=(\S+)", (case.cluster.state / "env").read_text()).group(1)
        self.log = pathlib.Path(Controller.logs) / f"{case.namespace}-client-go.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([
                f"{programs}/kube-controller-manager", f"--kubeconfig={Controller.kubeconfig}", "--secure-port=0",
                "--controllers=token-cleaner-controller", "--leader-elect-resource-name=interlude",
                f"--leader-elect-resource-namespace={case.namespace}",
                *[f"--leader-elect-{name}={value}" for name, value in times.items()]], stdout=log, stderr=log)

    def said(self, words):
        return words in self.log.read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Wire:
    """Between a controller and the API server; cut, nothing passes any more, and nobody is told."""

    def __init__(self, api):
        self.target = (api.host, api.tcp_port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        self.is_open = threading.Event()
        self.is_open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.target)
            except OSError:
                return
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        try:
            while data := source.recv(65536):
                self.is_open.wait()
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.is_open.clear()

    def mend(self):
        self.is_open.set()

    def close(self):
        self.mend()
        self.listener.close()
