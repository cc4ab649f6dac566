# SPDX-License-Identifier: Apache-2.0
"""The further API servers of the test cluster, added when a test first asks for one."""
import pathlib
import socket
import subprocess
import threading

from ground.cluster import REPO


class Servers:
    def __init__(self, cluster):
        self.cluster = cluster
        self.lock = threading.Lock()
        self.is_flowing = False
        with open(cluster.state / "env", encoding="utf-8") as env:
            run = next(line for line in env if line.startswith("export INTERLUDE_CLUSTER_RUN="))
        self.run = pathlib.Path(run.split("=", 1)[1].strip())

    def kubeconfig(self, label, *flags):
        """Of the API server of that label."""
        with self.lock:
            command = [REPO / "tests/cluster/add-apiserver", "--name", self.cluster.name, *flags, label]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode != 0:
                raise RuntimeError(f"the API server {label} does not come up:\n{result.stdout}{result.stderr}")
        return self.cluster.state / f"kubeconfig-{label}"

    def goaway(self):
        """Closes a connection after every fiftieth request, the most that kube-apiserver can be told."""
        return self.kubeconfig("goaway", "--apiserver-flag=--goaway-chance=0.02")

    def slow(self):
        """Its caches stand still while it is held."""
        kubeconfig = self.kubeconfig("slow", "--behind-relay")
        with self.lock:
            if not self.is_flowing:
                self.order("release")  # an earlier session may have been ended during a hold
                self.is_flowing = True
        return kubeconfig

    def order(self, word):
        """hold or release, to the relay of slow()."""
        with socket.socket(socket.AF_UNIX) as relay:
            relay.connect(str(self.run / "relay-slow.sock"))
            relay.sendall(f"{word}\n".encode())
            answer = relay.recv(100).decode().strip()
        if answer != "ok":
            raise RuntimeError(f"the relay: {answer}")
