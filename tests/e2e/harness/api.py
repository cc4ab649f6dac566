# SPDX-License-Identifier: Apache-2.0
"""The API server, by way of a `kubectl proxy`: that reads any kubeconfig, and saves a process for each request."""
import http.client
import json
import subprocess
import time
import urllib.parse

PREFIXES = {
    "namespaces": "/api/v1", "nodes": "/api/v1", "pods": "/api/v1", "secrets": "/api/v1", "configmaps": "/api/v1", "events": "/api/v1",
    "jobs": "/apis/batch/v1", "cronjobs": "/apis/batch/v1", "deployments": "/apis/apps/v1", "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1", "schemamigrations": "/apis/interlude.dev/v1alpha1",
    "databases": "/apis/interlude.dev/v1alpha1", "migrationapprovals": "/apis/interlude.dev/v1alpha1",
}
PATCHES = {"merge": "application/merge-patch+json", "strategic": "application/strategic-merge-patch+json"}


class ApiError(Exception):
    """The server refused a request."""

    def __init__(self, method, path, code, body):
        try:
            text = json.loads(body).get("message", body)
        except ValueError:
            text = body
        super().__init__(f"{method} {path}: {code}: {text}")
        self.code = code


class WaitFailed(AssertionError):
    """What was waited for did not come in time, or cannot come any more."""


class Proxy:
    """A `kubectl proxy` that lives as long as this object is entered."""

    def __enter__(self):
        self.process = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if ":" not in line:
            raise RuntimeError(f"kubectl proxy did not start: {line!r}")
        return Api(int(line.rsplit(":", 1)[1]))

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Api:
    """Requests to the API server. Safe to be used by several threads."""

    def __init__(self, port):
        self.port = port

    def request(self, method, path, body=None, content_type="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": content_type})
            response = connection.getresponse()
            text = response.read().decode()
            if response.status >= 300:
                raise ApiError(method, path, response.status, text)
            return json.loads(text) if text[:1] == "{" else text
        finally:
            connection.close()

    @staticmethod
    def path(kind, namespace=None, name=None, query=None):
        path = PREFIXES[kind] + (f"/namespaces/{namespace}" if namespace else "") + f"/{kind}" + (f"/{name}" if name else "")
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def get(self, kind, namespace, name):
        """The object, or None if there is none."""
        try:
            return self.request("GET", self.path(kind, namespace, name))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, kind, namespace=None, selector=None):
        query = {"labelSelector": selector} if selector else None
        return self.request("GET", self.path(kind, namespace, query=query))["items"]

    def create(self, kind, namespace, body):
        return self.request("POST", self.path(kind, namespace), body)

    def patch(self, kind, namespace, name, body, content_type="merge", subresource=""):
        return self.request("PATCH", self.path(kind, namespace, name) + subresource, body, PATCHES[content_type])

    def delete(self, kind, namespace, name, propagation="Background", **options):
        return self.request("DELETE", self.path(kind, namespace, name), {"propagationPolicy": propagation, **options})

    def evict(self, namespace, pod):
        """As kubectl drain does it."""
        return self.request("POST", self.path("pods", namespace, pod) + "/eviction", {
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}})

    def log(self, namespace, pod):
        return self.request("GET", self.path("pods", namespace, pod) + "/log?tailLines=100")

    def wait(self, kind, namespace, name, holds, what, timeout=60, never=None):
        """Watches one object until holds(object) is true; holds gets None while there is no such object.

        never(object) may say that it cannot come any more, with a text. Returns the object.
        """
        deadline = time.monotonic() + timeout
        seen = None
        while True:
            query = {"fieldSelector": f"metadata.name={name}"}
            found = self.request("GET", self.path(kind, namespace, query=query))
            seen = found["items"][0] if found["items"] else None
            if holds(seen):
                return seen
            version = found["metadata"]["resourceVersion"]
            for seen in self._watch(kind, namespace, {**query, "resourceVersion": version}, deadline):
                if holds(seen):
                    return seen
                if never and seen and never(seen):
                    raise WaitFailed(f"{kind}/{name}: {what}: cannot come any more: {never(seen)}\n{brief(seen)}")
            if time.monotonic() >= deadline:
                raise WaitFailed(f"{kind}/{name}: {what}: not within {timeout} s; it is now\n{brief(seen)}")

    def _watch(self, kind, namespace, query, deadline):
        """Yields the object after each change, None when it is deleted, until the deadline or the server's end."""
        left = deadline - time.monotonic()
        if left <= 0:
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=left + 5)
        try:
            query = {**query, "watch": "1", "timeoutSeconds": max(1, int(left + 0.999))}
            connection.request("GET", self.path(kind, namespace, query=query))
            for line in connection.getresponse():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield None if event["type"] == "DELETED" else event["object"]
        except TimeoutError:
            return
        finally:
            connection.close()


def brief(seen):
    """An object in a failure's message: its status, or that it is not there."""
    if seen is None:
        return "(it does not exist)"
    status = dict(seen.get("status", {}))
    lines = [f"generation {seen['metadata'].get('generation')}, deletionTimestamp "
             f"{seen['metadata'].get('deletionTimestamp')}, annotations {seen['metadata'].get('annotations', {})}"]
    for key in ("phase", "reason", "message", "running", "attempt", "attempts", "withdrawn"):
        if key in status:
            lines.append(f"{key}: {json.dumps(status.pop(key))}")
    for condition in status.pop("conditions", []):
        lines.append(f"condition {condition['type']}={condition['status']} {condition.get('reason')}: {condition.get('message')}")
    lines.append(json.dumps(status)[:2000])
    return "\n".join("    " + line for line in lines)
