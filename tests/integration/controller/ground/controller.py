# SPDX-License-Identifier: Apache-2.0
"""A controller process, its probes and its log."""
import os
import random
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

SANITIZERS = {"ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_leaks=1", "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99"}


def free_port():
    """Below those that the kernel gives to outgoing connections: a controller that is begun again finds it free."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Controller:
    """Started when entered, and stopped with SIGTERM when left: that must end it with exit 0."""

    program = None  # set by the runner
    kubeconfig = None
    logs = None
    number = 0
    running = set()  # processes, for kill_all

    def __init__(self, name, *flags, kubeconfig=None, level="debug", program=None):
        Controller.number += 1
        self.address = f"127.0.0.1:{free_port()}"
        self.log = os.path.join(self.logs, f"controller-{Controller.number:02}-{name}.log")
        self.command = [str(program or self.program), "controller", "--kubeconfig", str(kubeconfig or self.kubeconfig),
                        "--health-address", self.address, "--log-level", level, *flags]
        self.process = None

    def start(self, wait=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env={**os.environ, **SANITIZERS})
        self.running.add(self.process)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, timeout=20):
        deadline = time.monotonic() + timeout
        while self.get("/readyz")[0] != 200:
            if self.process.poll() is not None:
                raise AssertionError(f"the controller ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready within {timeout} s: {self.get('/readyz')}\n{self.tail()}")
            time.sleep(0.02)

    def get(self, path):
        """(status, text); status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def metric(self, name, labels=""):
        """The value of a metric; labels as they are written: {phase="Running"}."""
        status, text = self.get("/metrics")
        if status != 200:
            raise AssertionError(f"/metrics: {status} {text}")
        found = re.search(rf"^{name}{re.escape(labels)} (\S+)$", text, re.M)
        return float(found.group(1)) if found else None

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.running.discard(self.process)

    @classmethod
    def kill_all(cls):
        """At an early end: those of all tests. Nobody waits for them, as another thread may be in a wait()."""
        for process in list(cls.running):
            if process.returncode is None:
                os.kill(process.pid, signal.SIGKILL)

    def stop(self, within=5):
        """SIGTERM; what is wrong with the end, or None. A sanitizer's report is wrong too."""
        if self.process is None or self.process.returncode is not None:
            return None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return f"SIGTERM does not end it:\n{self.tail()}"
        self.running.discard(self.process)
        took = time.monotonic() - began
        if code != 0 or took > within:
            return f"SIGTERM: exit {code} after {took:.1f} s:\n{self.tail()}"
        return None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        problem = self.stop()
        if problem and kind is None:
            raise AssertionError(problem)

    def tail(self, lines=60):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def said(self, words):
        """How often its log has the words."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read().count(words)

    def about(self, namespace, lines=200):
        """The log records that name the namespace."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            found = [line for line in log if re.search(rf"\b{re.escape(namespace)}\b", line)]
        return "".join(found[-lines:])
