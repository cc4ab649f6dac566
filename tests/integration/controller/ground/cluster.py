# SPDX-License-Identifier: Apache-2.0
"""The test cluster: brought up if need be, and its API server, by the kubeconfig's client certificate."""
import atexit
import base64
import copy
import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import yaml

REPO = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(REPO / "tests" / "e2e"))

from harness.api import PREFIXES, Api, ApiError  # noqa: E402

PREFIXES.update({
    "roles": "/apis/rbac.authorization.k8s.io/v1", "clusterroles": "/apis/rbac.authorization.k8s.io/v1",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "subjectaccessreviews": "/apis/authorization.k8s.io/v1", "customresourcedefinitions": "/apis/apiextensions.k8s.io/v1",
    "validatingadmissionpolicies": "/apis/admissionregistration.k8s.io/v1",
    "validatingadmissionpolicybindings": "/apis/admissionregistration.k8s.io/v1",
    "replicasets": "/apis/apps/v1", "cronjobs": "/apis/batch/v1", "resourcequotas": "/api/v1", "replicationcontrollers": "/api/v1", "serviceaccounts": "/api/v1", "nodes": "/api/v1",
})
PATCH = {"merge": "application/merge-patch+json", "strategic": "application/strategic-merge-patch+json",
         "json": "application/json-patch+json"}


class Cluster:
    """A cluster of tests/cluster; `with` brings it up, and takes it down again unless it was there."""

    ours = set()  # that were brought up, and are to be taken down

    def __init__(self, name, *flags, keep=False):
        self.name = name
        self.flags = flags
        self.keep = keep
        self.state = REPO / "build" / ("cluster" if name == "main" else f"cluster-{name}")

    def __enter__(self):
        self.was_up = self._up(just_look=True)
        if not self.was_up:
            self._up()
        self.kubeconfig = self.state / "kubeconfig"
        self.audit_log = self.state / "audit.log"
        return self

    def _up(self, just_look=False):
        if just_look:
            try:
                api = DirectApi(self.state / "kubeconfig")
                api.request("GET", "/readyz")
                return True
            except (OSError, ApiError, KeyError, http.client.HTTPException):
                return False
        if not self.keep:
            self.ours.add(self)
        command = [REPO / "tests/cluster/up", "--name", self.name, "--control-plane-only", "--no-postgres", *self.flags]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"the cluster {self.name} does not come up:\n{result.stdout}{result.stderr}")
        return True

    def install_crds(self):
        """As they stand in crds/, and waits until the server knows them."""
        api = DirectApi(self.kubeconfig)
        base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        for path in sorted((REPO / "crds").glob("interlude.dev_*.yaml")):
            with open(path, encoding="utf-8") as file:
                crd = yaml.safe_load(file)
            name = crd["metadata"]["name"]
            api.request("PATCH", f"{base}/{name}?fieldManager=integration-test&force=true", crd, "application/apply-patch+yaml")
            deadline = time.monotonic() + 30
            while not any(c["type"] == "Established" and c["status"] == "True"
                          for c in api.request("GET", f"{base}/{name}").get("status", {}).get("conditions") or []):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{name} is not established")
                time.sleep(0.1)
        plural = api.path("schemamigrations")
        while True:
            try:
                return api.request("GET", plural)
            except ApiError:
                time.sleep(0.1)

    def shell(self, script):
        """A shell script, in this checkout, with the cluster's kubectl; begun."""
        return subprocess.Popen(["bash", "-c", f'set -euo pipefail; . "$0"\n{script}', str(self.state / "env")], cwd=REPO, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __exit__(self, *_):
        if self in self.ours:
            subprocess.run([REPO / "tests/cluster/down", "--name", self.name], capture_output=True)
            self.ours.discard(self)

    @classmethod
    def take_all_down(cls):
        for cluster in list(cls.ours):
            cluster.__exit__()


class DirectApi(Api):
    """Requests straight to the API server, one connection for each thread. Safe to be used by several threads."""

    def __init__(self, kubeconfig):
        super().__init__(0)
        with open(kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        address = urllib.parse.urlsplit(cluster["server"])
        self.host, self.tcp_port = address.hostname, address.port or 443
        folder = tempfile.mkdtemp(prefix="interlude-integration-")
        atexit.register(shutil.rmtree, folder, True)
        files = {}
        for key, data in (("ca", cluster["certificate-authority-data"]), ("cert", user["client-certificate-data"]),
                          ("key", user["client-key-data"])):
            files[key] = os.path.join(folder, key)
            with open(files[key], "wb") as file:
                file.write(base64.b64decode(data))
        self.tls = ssl.create_default_context(cafile=files["ca"])
        self.tls.load_cert_chain(files["cert"], files["key"])
        self.local = threading.local()
        self.headers = {"User-Agent": "integration-test"}

    def as_user(self, name):
        """The same server, asked as that user (kubectl --as)."""
        other = copy.copy(self)
        other.local = threading.local()
        other.headers = {**self.headers, "Impersonate-User": name}
        return other

    def connect(self, timeout=30):
        return http.client.HTTPSConnection(self.host, self.tcp_port, timeout=timeout, context=self.tls)

    def request(self, method, path, body=None, content_type="application/json"):
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type, **self.headers}
        for is_last in (False, True):
            connection = getattr(self.local, "connection", None)
            is_new = connection is None
            if is_new:
                connection = self.local.connection = self.connect()
            try:
                connection.request(method, path, data, headers)
                response = connection.getresponse()
                text = response.read().decode()
                break
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if is_new or is_last:
                    raise
        if response.status >= 300:
            raise ApiError(method, path, response.status, text)
        return json.loads(text) if text[:1] == "{" else text

    def change(self, kind, namespace, name, body, how="merge", subresource=""):
        """PATCH, of a subresource too."""
        path = self.path(kind, namespace, name) + (f"/{subresource}" if subresource else "")
        return self.request("PATCH", path, body, PATCH[how])

    def apply(self, kind, body, namespace=None):
        """kubectl apply --server-side."""
        path = self.path(kind, namespace, body["metadata"]["name"], {"fieldManager": "integration-test", "force": "true"})
        return self.request("PATCH", path, body, "application/apply-patch+yaml")

    def _watch(self, kind, namespace, query, deadline):
        """For wait(): yields the object after each change, None when it is deleted."""
        left = max(1, int(deadline - time.monotonic()))
        for event in self.stream(self.path(kind, namespace), {**query, "timeoutSeconds": left}):
            if event["type"] == "ERROR":
                return
            yield None if event["type"] == "DELETED" else event["object"]

    def stream(self, path, query):
        """Yields the events of a watch until the server ends it."""
        connection = self.connect(timeout=3600)
        try:
            connection.request("GET", path + "?" + urllib.parse.urlencode({**query, "watch": "1"}),
                               headers={"User-Agent": "integration-test"})
            response = connection.getresponse()
            if response.status != 200:
                raise ApiError("GET", path, response.status, response.read().decode())
            for line in response:
                yield json.loads(line)
        finally:
            connection.close()
