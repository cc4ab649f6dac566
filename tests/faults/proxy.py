# SPDX-License-Identifier: Apache-2.0
"""The fault proxy (tests/faults/proxy), for Python: its process and its sessions."""
import json
import pathlib
import subprocess
import tempfile
import urllib.error
import urllib.request

REPO = pathlib.Path(__file__).resolve().parents[2]


class Proxy:
    """One proxy process before one API server; `with` starts and ends it."""

    def __init__(self, kubeconfig, program=None):
        self.kubeconfig = kubeconfig
        self.program = program or built()

    def __enter__(self):
        # It ends when its standard input does, also when nobody says goodbye.
        self.process = subprocess.Popen([self.program, "--kubeconfig", str(self.kubeconfig)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = self.process.stdout.readline()
        if not told:
            raise RuntimeError("the fault proxy does not start")
        self.address = json.loads(told)["control"]
        self.folder = tempfile.TemporaryDirectory(prefix="interlude-faults-")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.folder.cleanup()

    def session(self, *rules, **how):
        """For one controller process: rules as README.md describes them; certificate="expired"; namespaces=[...]: no others are shown."""
        return Session(self, rules, how)

    def ask(self, method, path, body=None, timeout=60):
        request = urllib.request.Request(f"http://{self.address}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            raise ValueError(f"fault proxy: {method} {path} {body}: {error.read().decode()}") from None


class Session:
    """What one controller process is connected to. Its kubeconfig is a file, for --kubeconfig."""

    def __init__(self, proxy, rules, how):
        self.proxy = proxy
        made = proxy.ask("POST", "/sessions", how or None)
        self.path = f"/sessions/{made['id']}"
        self.kubeconfig = pathlib.Path(proxy.folder.name) / f"session-{made['id']}.kubeconfig"
        self.kubeconfig.write_text(made["kubeconfig"], encoding="utf-8")
        self.last = None
        if rules:
            self.rules(*rules)

    def rules(self, *rules):
        """In place of those before; what they counted begins anew."""
        return self.proxy.ask("PUT", f"{self.path}/rules", rules)

    def route(self, kubeconfig, path="", rewind=False):
        """Lists and watches whose path fits go to another API server; rewind: with whatever is in its caches."""
        return self.proxy.ask("PUT", f"{self.path}/route", {"kubeconfig": str(kubeconfig), "path": path, "rewind": rewind})

    def clock(self, ahead):
        """The server's clock is told so many seconds ahead, in the Date header of each answer from now on."""
        return self.proxy.ask("PUT", f"{self.path}/clock", ahead)

    def certificate(self, kind):
        """Another one is shown; all connections are cut."""
        return self.proxy.ask("PUT", f"{self.path}/certificate", kind)

    def cut(self):
        """All connections are cut."""
        return self.proxy.ask("POST", f"{self.path}/cut")

    def process(self, pid):
        """Whom kill and stop are meant for; a rule that needs it waits until it is told."""
        return self.proxy.ask("PUT", f"{self.path}/pid", pid)

    def release(self):
        """What is held goes on; a process that was stopped is continued."""
        return self.proxy.ask("POST", f"{self.path}/release")

    def state(self):
        """requests, fired, hits, open, quiet."""
        return self.last or self.proxy.ask("GET", self.path)

    def hits(self):
        """How often each of the rules was carried out, in their order."""
        return self.state()["hits"]

    def fired(self, times=1, within=30):
        """Waits until rules were carried out so many times; whether they were."""
        return self.proxy.ask("GET", f"{self.path}?fired={times}&within={within}", timeout=within + 30)["fired"] >= times

    def log(self):
        return (self.last or self.proxy.ask("GET", f"{self.path}?log=1")).get("log", [])

    def close(self):
        """The listener goes; what is known of the session stays."""
        if not self.last:
            self.last = self.proxy.ask("DELETE", self.path)

    def describe(self):
        return "\n".join(f"{seen['at']:8.3f} s {seen.get('took', 0) * 1000:6.0f} ms {seen['number'] or 'watch':>5} {seen.get('status', '-'):>4} "
                         f"{seen['method']} {seen['path']} {seen.get('fault', '')}" for seen in self.log())


def built():
    """The program, out of the cache of tests/cluster/programs."""
    build = subprocess.run([REPO / "tests/cluster/programs/build", "faultproxy"], capture_output=True, text=True)
    if build.returncode != 0:
        raise RuntimeError(f"the fault proxy does not build:\n{build.stderr}")
    return f"{build.stdout.strip()}/faultproxy"
