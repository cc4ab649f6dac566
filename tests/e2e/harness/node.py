# SPDX-License-Identifier: Apache-2.0
"""The cluster's one node, for stories that take something from it."""
import os
import subprocess

NEIGHBOUR = "neighbour"
TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "node.kubernetes.io/out-of-service")


class Node:
    """Kubelet and Node object. restore() gives everything back."""

    def __init__(self, api):
        self.api = api
        self.name = os.environ["INTERLUDE_NODE"]
        self.neighbour = None

    def give_neighbour(self):
        """Another node, which answers, simulated and cordoned. Where no node answers at all the node controller takes itself
        for the one that is cut off, and gives no pod up."""
        folder = subprocess.run(["tests/cluster/programs/build", "nodesim"], capture_output=True, text=True, timeout=60,
                                check=True).stdout.strip()
        self.neighbour = subprocess.Popen([f"{folder}/nodesim", "--kubeconfig", os.environ["KUBECONFIG"], "--node", NEIGHBOUR],
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.api.wait("nodes", None, NEIGHBOUR, lambda seen: seen is not None, "is registered")
        kubectl("cordon", NEIGHBOUR)
        self.api.wait("nodes", None, NEIGHBOUR, lambda seen: condition(seen, "Ready") == "True", "is Ready")

    def kubelet(self, what):
        """kill or start."""
        done = subprocess.run(["tests/cluster/kubelet", "--name", os.environ["INTERLUDE_CLUSTER"], what],
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"kubelet {what}: {done.stderr}")

    def wait(self, holds, what, timeout=60):
        return self.api.wait("nodes", None, self.name, holds, what, timeout)

    def wait_until_ready(self):
        self.wait(lambda seen: seen and condition(seen, "Ready") == "True" and not taints(seen) & set(TAINTS),
                  "is Ready and has no taint")

    def declare_lost(self):
        """What the node controller says after its grace period, said at once; and an administrator's word that it is out of
        service, by which the pod garbage collector ends what is being deleted there. NoSchedule: only pods that are being
        deleted are to go."""
        self.api.patch("nodes", None, self.name, {"status": {"conditions": [
            {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "said by the test"}]}},
                       "strategic", "/status")
        self.taint("node.kubernetes.io/out-of-service", "NoSchedule")

    def taint(self, key, effect):
        kubectl("taint", "node", self.name, f"{key}=e2e:{effect}", "--overwrite")

    def restore(self):
        if self.neighbour is not None:
            self.neighbour.terminate()
            self.neighbour.wait()
            self.neighbour = None
            kubectl("delete", "node", NEIGHBOUR)
        self.kubelet("start")
        self.wait(lambda seen: seen is not None, "is registered")
        kubectl("taint", "node", self.name, "node.kubernetes.io/out-of-service-", check=False)
        kubectl("uncordon", self.name)
        self.wait_until_ready()


def condition(seen, kind):
    return next((c["status"] for c in seen["status"]["conditions"] if c["type"] == kind), None)


def taints(seen):
    return {taint["key"] for taint in seen["spec"].get("taints", [])}


def kubectl(*words, check=True, timeout=60):
    done = subprocess.run(["kubectl", *words], capture_output=True, text=True, timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout
