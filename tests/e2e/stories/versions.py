# SPDX-License-Identifier: Apache-2.0
"""Stories of which versions run: the demo's own, and what an application may look like."""
from harness.node import kubectl
from harness.story import APP, MIGRATE, Story

ORDERS = [{"name": APP, "versions": ">=2.0.0 <3.0.0"}]


class Versions(Story):

    def errors_of_the_application(self):
        return self.database.query("SELECT version, operation, message FROM app_errors ORDER BY id LIMIT 10")

    def every_pod_reports(self, pods):
        """Waits until so many pods have reported within the last second."""
        self.poll(lambda: int(self.database.one(
            "SELECT count(*) FROM app_runs WHERE updated_at > now() - interval '1.5 s'")) >= pods, f"{pods} pods report")

    def test_expand_roll_out_contract(self):
        """The demo's story: an application goes from 1.0.0 to 2.0.0, with a canary, and sees no error."""
        tool = {"image": "orders-api:1.0.0", "envFrom": [{"secretRef": {"name": "orders-db"}}]}
        self.migrate("create", {"container": {**tool, "command": [*MIGRATE, "1"]}})
        self.reaches("create", "Succeeded")
        label = {"app.kubernetes.io/name": APP}
        stable = self.deploy(self.workload(replicas=2, labels=label))
        inherit = {"inheritFrom": {"name": APP}}
        self.migrate("expand", {"container": {**inherit, "image": "orders-api:2.0.0", "command": [*MIGRATE, "2"]}},
                     fromVersion="1", toVersion="2", applications=[{"name": APP, "versions": "^1.0.0"}])
        self.migrate("contract", {"container": {**inherit, "command": [*MIGRATE, "3"]}}, step="Contract",
                     fromVersion="2", toVersion="3",
                     applications=[{"selector": {"matchLabels": label}, "versions": ">=2.0.0 <3.0.0"}])
        self.reaches("expand", "Succeeded")
        self.says("contract", "1.0.0", ">=2.0.0 <3.0.0", phase="Waiting")
        canary = self.deploy(self.workload(name=f"{APP}-canary", version="2.0.0", labels=label))
        self.expect("contract", lambda seen: "2.0.0 (1)" in seen["status"].get("running", ""), "counts the canary")
        self.assertEqual("Waiting", self.migration("contract")["status"]["phase"])
        self.set_image(stable, "orders-api:2.0.0")
        self.settled(stable)
        done = self.reaches("contract", "Succeeded")
        self.assertEqual("3", self.database.one("SELECT version FROM schema_migrations WHERE NOT dirty"))
        self.assertEqual("3", self.ledger()["version"])
        self.assertEqual(["1", "2", "3"], self.ledger()["passed"])
        self.assertEqual(self.namespace, canary and done["metadata"]["namespace"])
        self.every_pod_reports(3)
        self.assertEqual([], self.errors_of_the_application())
        self.assertEqual([["1.0.0"], ["2.0.0"]], self.database.query(
            "SELECT DISTINCT version FROM app_runs WHERE operations > 0 ORDER BY 1"))

    def test_a_version_that_never_comes(self):
        """It waits, says for what, and nothing runs."""
        self.database_stands_at("1")
        self.deploy(self.idle())
        self.migrate("contract", step="Contract", toVersion="2", applications=ORDERS)
        self.says("contract", APP, "1.0.0", ">=2.0.0 <3.0.0", phase="Waiting")
        seen = self.reaches("contract", "Waiting", "VersionsIncompatible")
        self.assertEqual("1.0.0 (1)", seen["status"]["running"])
        self.assertEqual("False", self.conditions(seen)["VersionsCompatible"]["status"])
        self.assertEqual("False", self.conditions(seen)["Ready"]["status"])
        self.assertNotEqual("True", self.conditions(seen).get("Stalled", {}).get("status"))
        # It stays so: what would wake it happens, another pod of the old version.
        self.api.patch("deployments", self.namespace, APP, {"spec": {"replicas": 2}})
        self.expect("contract", lambda now: now["status"]["running"] == "1.0.0 (2)", "sees two pods")
        self.assertEqual("Waiting", self.migration("contract")["status"]["phase"])
        self.assertEqual([], self.jobs())
        self.has_run()

    def test_a_rollback_keeps_it_waiting(self):
        """A pod of the new version is not enough while the old one comes back."""
        self.database_stands_at("1")
        workload = self.deploy(self.idle())
        self.migrate("contract", step="Contract", toVersion="2", applications=ORDERS)
        self.reaches("contract", "Waiting", "VersionsIncompatible")
        self.api.patch("deployments", self.namespace, APP, {"spec": {"paused": True}})
        self.set_image(workload, "orders-api:2.0.0")
        self.says("contract", "1.0.0", phase="Waiting")
        self.set_image(workload, "orders-api:1.0.0")
        self.api.patch("deployments", self.namespace, APP, {"spec": {"paused": False}})
        self.settled(workload)
        self.assertEqual("Waiting", self.migration("contract")["status"]["phase"])
        self.has_run()

    def follows_rollout(self, workload, **application):
        """1.0.0 makes the migration wait, 2.0.0 lets it run."""
        self.database_stands_at("1")
        self.deploy(workload)
        name = workload["metadata"]["name"]
        self.migrate("contract", step="Contract", toVersion="2",
                     applications=[{"kind": workload["kind"], "name": name, "versions": "^2", **application}])
        self.says("contract", "1.0.0", "^2", phase="Waiting")
        self.set_image(workload, "orders-api:2.0.0", {"app.kubernetes.io/version": "2.0.0"} if application else None)
        self.reaches("contract", "Succeeded")
        self.has_run("contract")

    def test_stateful_set(self):
        self.follows_rollout(self.idle(kind="StatefulSet", image="orders-api:1.0.0", replicas=2))

    def test_daemon_set(self):
        self.follows_rollout(self.idle(kind="DaemonSet", image="orders-api:1.0.0"))

    def test_cron_job(self):
        """What it started long ago runs on as 1.0.0, though its template is 2.0.0: nobody takes the column from it."""
        self.database_stands_at("1")
        template = self.idle()["spec"]["template"]["spec"] | {"restartPolicy": "Never"}
        self.api.create("cronjobs", self.namespace, {"metadata": {"name": "nightly"}, "spec": {
            "schedule": "0 3 1 1 *", "jobTemplate": {"spec": {"template": {"spec": template}}}}})
        kubectl("-n", self.namespace, "create", "job", "nightly-by-hand", "--from=cronjob/nightly")
        kubectl("-n", self.namespace, "wait", "job/nightly-by-hand", "--for=jsonpath={.status.ready}=1")
        newer = [template["containers"][0] | {"image": "orders-api:2.0.0"}]
        self.api.patch("cronjobs", self.namespace, "nightly", {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": newer}}}}}})
        self.migrate("contract", step="Contract", toVersion="2", applications=[{"kind": "CronJob", "name": "nightly", "versions": "^2"}])
        self.says("contract", "nightly runs 1.0.0 in 1 of 1 pod", phase="Waiting")
        self.has_run()
        self.api.delete("jobs", self.namespace, "nightly-by-hand")
        self.reaches("contract", "Succeeded")
        self.has_run("contract")

    def test_version_from_a_label(self):
        workload = self.idle(image="orders-api:1.0.0", version_label="1.0.0")
        self.follows_rollout(workload, versionFrom={"source": "Label"})

    def test_image_with_registry_port(self):
        """The port is not taken for the tag."""
        self.follows_rollout(self.idle(image="registry.example:5000/shop/orders-api:1.0.0"))

    def test_image_with_tag_and_digest(self):
        """The tag counts, the digest is no part of it."""
        digest = self.digest("registry.example:5000/shop/orders-api:1.0.0")
        self.follows_rollout(self.idle(image=f"registry.example:5000/shop/orders-api:1.0.0@{digest}"))

    def test_image_by_digest_alone(self):
        """It has no tag: the message says what to do; with a Label it works."""
        digest = self.digest("registry.example:5000/shop/orders-api:2.0.0")
        self.database_stands_at("1")
        self.deploy(self.idle(image=f"registry.example:5000/shop/orders-api@{digest}", version_label="2.0.0"))
        self.migrate("contract", step="Contract", toVersion="2", applications=[{"name": APP, "versions": "^2"}])
        self.says("contract", "has no tag", "Label", phase="Waiting")
        self.has_run()
        self.api.patch("schemamigrations", self.namespace, "contract", {"spec": {"applications": [
            {"name": APP, "versions": "^2", "versionFrom": {"source": "Label"}}]}})
        self.reaches("contract", "Succeeded")
        self.has_run("contract")
