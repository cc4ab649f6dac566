# SPDX-License-Identifier: Apache-2.0
"""Connections that are not trusted, credentials that expire, servers that send their clients elsewhere."""
import pathlib
import tempfile
import time

import yaml

from ground.case import side_by_side
from ground.relay import Relay

from fault import Fault


class Trust(Fault):
    """TLS is always verified: the controller says what is wrong, does nothing, and goes on when it is right again."""

    def until_told(self, *words):
        self.eventually(lambda: any(text in self.own_controller.tail() for text in words), f"the log says one of {words}", 30)

    def not_trusted(self, kind, *says):
        self.begin(certificate=kind)
        self.migrate()
        self.until_told(*says)
        self.assertEqual((200, 500), (self.own_controller.get("/healthz")[0], self.own_controller.get("/readyz")[0]))
        self.assertEqual(0, self.session.state()["requests"])
        self.session.certificate("good")
        self.one_success()

    def test_unknown_authority(self):
        self.not_trusted("unknown", "certificate verification failed", "unable to get local issuer", "self-signed", "self signed")

    def test_expired(self):
        self.not_trusted("expired", "expired")

    def test_of_another_name(self):
        self.not_trusted("foreign", "does not match", "no alternative certificate subject name")

    def test_expires_during_a_run(self):
        """All connections end while the migration runs, and none comes back for some seconds."""
        self.begin(wait=True)
        self.migrate(how={"hold": "true"})
        self.running_pod()
        self.session.certificate("expired")
        self.finish()
        self.until_told("expired")
        self.world.until(self.namespace, lambda: [job for job in self.jobs() if job["status"].get("completionTime")], "the Job ends")
        self.assertEqual("Running", self.migration()["status"]["phase"])
        self.session.certificate("good")
        self.one_success()


class Credentials(Fault):
    """A token of a service account, from a file, straight to the API server."""

    def bound_token(self, secret):
        """A token that is good as long as the Secret is there."""
        made = self.api.create("secrets", self.namespace, {"metadata": {"name": secret}})
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {
            "boundObjectRef": {"kind": "Secret", "apiVersion": "v1", "name": secret, "uid": made["metadata"]["uid"]}}}
        return self.api.request("POST", self.api.path("serviceaccounts", self.namespace, "default") + "/token", body)["status"]["token"]

    def may_do_everything(self):
        self.api.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "metadata": {"name": self.namespace}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": self.namespace}]})

    def write_kubeconfig(self, token):
        """With a token file; returns (kubeconfig, token file)."""
        made = tempfile.TemporaryDirectory(prefix="interlude-faults-")
        self.addCleanup(made.cleanup)
        folder = pathlib.Path(made.name)
        with open(self.cluster.kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        (folder / "token").write_text(token)
        config["users"][0]["user"] = {"tokenFile": str(folder / "token")}
        (folder / "kubeconfig").write_text(yaml.safe_dump(config))
        return folder / "kubeconfig", folder / "token"

    def test_token_expires(self):
        """It is refused, in the middle of a run; the next one, in the same file, is read and goes on."""
        self.may_do_everything()
        kubeconfig, file = self.write_kubeconfig(self.bound_token("one"))
        self.own_controller = self.controller_at(kubeconfig).start()
        self.migrate(how={"hold": "true"})
        self.running_pod()
        self.migrate("second", to="2", database="other", how={"run_for": "100ms"})
        self.succeeds("second")
        self.delete("secrets", "one")
        # The server remembers for ten seconds that a token was good.
        self.eventually(lambda: self.poke() and "Unauthorized" in self.own_controller.tail(400), "the token is refused", 40)
        self.finish()
        file.write_text(self.bound_token("two"))
        self.one_success_beside("second")

    test_token_expires.lasts = 30

    def poke(self):
        """Gives the controller something to write, until a token does not do any more."""
        time.sleep(0.5)
        now = self.migration("second")["spec"].get("suspend", False)
        return self.change("second", suspend=not now)

    def one_success_beside(self, other):
        self.succeeds()
        self.reaches(other)
        self.assertEqual(1, len(self.started("first")))
        self.ends_well(pods=len(self.all_started()))


ENDED = 3  # connections at least: one request in fifty ends its own, and a run has twenty
LIMIT = 100  # runs, after which it is no chance any more


class Goaway(Fault):

    def runs(self, names):
        """All of them, at once."""
        side_by_side([lambda name=name: self.migrate(name, to=name, database=f"db-{name}", how={"run_for": "50ms"}) for name in names])
        for name in names:
            self.assertEqual(1, self.succeeds(name)["status"]["attempt"]["number"])
        return len(names)

    def test_in_the_middle_of_everything(self):
        """kube-apiserver --goaway-chance: connections end all the time, and no run notices."""
        folder = tempfile.TemporaryDirectory(prefix="interlude-faults-")
        self.addCleanup(folder.cleanup)
        kubeconfig = pathlib.Path(folder.name) / "kubeconfig"
        relay = Relay(self.servers.goaway(), kubeconfig)
        self.addCleanup(relay.close)
        self.own_controller = self.controller_at(kubeconfig).start()
        # Nobody else ends a connection: when each kind of request has one, all that are opened are in the place of others.
        ran, first = self.runs(["number-0"]), relay.opened
        while relay.opened - first < ENDED and ran < LIMIT:
            ran += self.runs([f"number-{number}" for number in range(ran, ran + 12)])
        self.assertGreaterEqual(relay.opened - first, ENDED, "connections that the server ended")
        with open(self.own_controller.log, encoding="utf-8") as log:
            failed = [line for line in log if "step failed" in line]
        # Of a request that was half sent nobody knows whether it was carried out: then all is looked at anew.
        self.assertEqual([], [line for line in failed if "ended before an answer" not in line])
        self.ends_well(pods=ran)
