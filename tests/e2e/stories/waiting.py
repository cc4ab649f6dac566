# SPDX-License-Identifier: Apache-2.0
"""Stories of what is not there (yet), and of what it is not time for."""
import datetime
import json
import subprocess
import time

from harness.story import APP, Story


class Waiting(Story):

    def test_missing_deployment(self):
        """It waits for the application that it names, and runs when that comes."""
        self.database_stands_at("1")
        self.migrate("add-column", toVersion="2", applications=[{"name": APP, "versions": "^1"}])
        self.says("add-column", f"Deployment {APP}", "does not exist", phase="Waiting")
        self.has_run()
        self.deploy(self.idle())
        self.reaches("add-column", "Succeeded")
        self.has_run("add-column")

    def test_missing_deployment_to_inherit_from(self):
        run = {"container": {"inheritFrom": {"name": APP}, "image": "probe:1.0.0", "command": ["/bin/probe"], "args": ["-as=it"]}}
        self.migrate("add-column", run)
        self.says("add-column", APP, phase="Waiting")
        self.assertEqual("False", self.conditions(self.migration("add-column"))["JobValid"]["status"])
        self.has_run()
        self.deploy(self.idle())
        self.reaches("add-column", "Succeeded")
        self.has_run("it")

    def test_missing_container(self):
        """The application has no container of that name: it says which it has."""
        self.database_stands_at("1")
        self.deploy(self.idle())
        self.migrate("add-column", toVersion="2", applications=[{"name": APP, "container": "web", "versions": "^1"}])
        self.says("add-column", "no container web", "api", phase="Waiting")
        self.has_run()
        self.api.patch("schemamigrations", self.namespace, "add-column",
                       {"spec": {"applications": [{"name": APP, "container": "api", "versions": "^1"}]}})
        self.reaches("add-column", "Succeeded")
        self.has_run("add-column")

    def test_missing_config_map(self):
        """Only the start shows it: the message while Running names it, and startTimeout ends it."""
        run = self.probe("add-column", startTimeout="8s")
        run["container"]["envFrom"].append({"configMapRef": {"name": "settings"}})
        self.migrate("add-column", run)
        self.says("add-column", 'configmap "settings" not found', phase="Running")
        failed = self.reaches("add-column", "Failed", "NeverStarted")
        self.assertIn('configmap "settings" not found', failed["status"]["message"])
        self.has_run()
        self.assertNotIn("claim", self.ledger())

    def test_config_map_that_comes(self):
        """The same, but the ConfigMap comes in time: the same attempt runs."""
        run = self.probe("add-column")
        run["container"]["envFrom"].append({"configMapRef": {"name": "settings"}})
        self.migrate("add-column", run)
        self.says("add-column", 'configmap "settings" not found', phase="Running")
        self.api.create("configmaps", self.namespace, {"metadata": {"name": "settings"}, "data": {"A": "1"}})
        done = self.reaches("add-column", "Succeeded", timeout=90)
        self.assertEqual(1, done["status"]["attempt"]["number"])
        self.has_run("add-column")

    def test_missing_service_account(self):
        """The dry run of the pod finds it before anything is claimed."""
        self.migrate("add-column", {"podTemplate": {"spec": {"serviceAccountName": "migrator", "containers": [
            {"name": "run", "image": "probe:1.0.0", "args": ["-as=it"], "envFrom": [{"secretRef": {"name": "orders-db"}}]}]}}})
        self.says("add-column", "migrator", phase="Waiting")
        self.assertEqual("False", self.conditions(self.migration("add-column"))["JobValid"]["status"])
        self.has_run()

    def test_from_version(self):
        """The ledger must stand where the migration begins; it runs as soon as it does."""
        self.migrate("second", fromVersion="1", toVersion="2")
        self.reaches("second", "Waiting", "SchemaVersionNotMet")
        self.has_run()
        self.migrate("first", toVersion="1")
        self.reaches("second", "Succeeded")
        self.has_run("first", "second")

    def test_suspended(self):
        self.migrate("add-column", suspend=True)
        self.reaches("add-column", "Waiting", "Suspended")
        self.has_run()
        self.api.patch("schemamigrations", self.namespace, "add-column", {"spec": {"suspend": False}})
        self.reaches("add-column", "Succeeded")
        self.has_run("add-column")

    def test_after(self):
        """The expand, the backfill, the contract, applied all at once and the wrong way round: each runs after the one it names."""
        self.migrate("contract", toVersion="3", after=["backfill"])
        self.says("contract", "migration backfill does not exist", phase="Waiting")
        self.migrate("backfill", self.probe("backfill", gate="backfill"), toVersion="2", after=["expand"])
        self.says("backfill", "migration expand does not exist", phase="Waiting")
        self.has_run()
        self.migrate("expand", toVersion="1")
        self.running_probe("backfill")
        self.says("contract", "migration backfill runs", phase="Waiting")
        self.has_run("expand", "backfill")
        self.database.open_gate("backfill")
        self.reaches("contract", "Succeeded")
        self.has_run("expand", "backfill", "contract")

    def test_secret_that_comes_later(self):
        """First nobody has allowed the controller to look for Secrets, then there is none; it never sees what is in them."""
        self.migrate("add-column", requires=[{"apiVersion": "v1", "kind": "Secret", "name": "orders-token"}])
        self.says("add-column", "cannot watch resource", "interlude.dev/aggregate-to-controller", phase="Waiting")
        roles, name = "/apis/rbac.authorization.k8s.io/v1/clusterroles", f"{self.namespace}-sees-secrets"
        self.api.request("POST", roles, {
            "metadata": {"name": name, "labels": {"interlude.dev/aggregate-to-controller": "true", "interlude-e2e": "yes"}},
            "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]}]})
        self.addCleanup(self.api.request, "DELETE", f"{roles}/{name}")
        self.says("add-column", "Secret orders-token does not exist", phase="Waiting")
        self.has_run()
        self.api.create("secrets", self.namespace, {"metadata": {"name": "orders-token"}, "stringData": {"token": "t"}})
        self.reaches("add-column", "Succeeded")
        self.has_run("add-column")

    def test_broker_that_must_be_new_and_ready(self):
        """What is there already is too old; the new one is not ready, as its image does not exist; then it is."""
        broker = self.deploy(self.idle("broker"))
        time.sleep(1.1)  # the API server's times are whole seconds
        self.migrate("add-column", requires=[{"apiVersion": "apps/v1", "kind": "Deployment", "name": "broker", "condition": "Available",
                                              "newerThan": "Migration"}])
        self.says("add-column", "Deployment broker", "before this migration", phase="Waiting")
        self.reaches("add-column", "Waiting", "PrerequisiteTooOld")
        self.api.delete("deployments", self.namespace, "broker")
        self.says("add-column", "Deployment broker does not exist", phase="Waiting")
        self.api.create("deployments", self.namespace, self.idle("broker", image="127.0.0.1:1/orders-api:1.0.0"))
        self.says("add-column", "condition Available of Deployment broker is False (MinimumReplicasUnavailable)", phase="Waiting")
        self.reaches("add-column", "Waiting", "PrerequisiteNotReady")
        self.has_run()
        self.set_image(broker, "orders-api:1.0.0")
        self.reaches("add-column", "Succeeded")
        self.has_run("add-column")

    def test_database_of_another_namespace(self):
        """The platform team's Database lets in whom it names, and shows in its ledger who came."""
        platform = f"{self.namespace}-data"
        database = f"{platform}/orders"
        self.remove_namespace(platform)
        self.migrate("add-column", database=database)
        self.says("add-column", f"Database {database} does not exist", phase="Waiting")
        self.api.create("namespaces", None, {"metadata": {"name": platform, "labels": {"interlude-e2e": "yes"}}})
        self.addCleanup(self.api.delete, "namespaces", None, platform)
        self.api.create("databases", platform, {"apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": "orders"}})
        self.says("add-column", f"Database {database} does not allow migrations of namespace {self.namespace}", phase="Waiting")
        self.has_run()
        self.api.patch("databases", platform, "orders", {"spec": {"allowedNamespaces": [self.namespace]}})
        self.reaches("add-column", "Succeeded")
        self.has_run("add-column")
        ledger = self.api.wait("databases", platform, "orders", lambda seen: seen and "version" in seen.get("status", {}), "is released")["status"]
        self.assertEqual(("1", self.namespace), (ledger["version"], ledger["history"][-1].get("namespace")))

    def test_soak(self):
        """By the real clock: the platform team wants a Contract to wait; a rollout back and forth begins it anew."""
        self.database_stands_at("1")
        api = self.deploy(self.idle())
        self.api.patch("databases", self.namespace, "orders", {"spec": {"soak": {"Contract": "1h"}}})
        self.migrate("drop-column", step="Contract", toVersion="2", applications=[{"name": APP, "versions": "^1.0.0"}])
        self.says("drop-column", "versions and rollout have held since", "a soak of 1h (spec.soak.Contract of Database orders)", phase="Waiting")
        self.set_image(api, "orders-api:2.0.0")
        self.says("drop-column", f"{APP} runs 2.0.0", phase="Waiting")
        self.set_image(api, "orders-api:1.0.0")
        self.says("drop-column", "have held since", "last broken at", phase="Waiting")
        self.has_run()
        self.api.patch("databases", self.namespace, "orders", {"spec": {"soak": {"Contract": "5s"}}})
        done = self.reaches("drop-column", "Succeeded")
        held = max(done["status"]["applications"][0]["compatibleSince"], done["status"]["lastBreach"]["until"])
        began = datetime.datetime.fromisoformat(done["status"]["attempt"]["startTime"])
        self.assertLessEqual(datetime.datetime.fromisoformat(held) + datetime.timedelta(seconds=5), began)
        self.has_run("drop-column")

    def test_window(self):
        """By the real clock: the platform team's window is closed; the migration gets one of its own, from a moment on."""
        now = datetime.datetime.now(datetime.timezone.utc)
        later, earlier = now + datetime.timedelta(hours=2), now - datetime.timedelta(minutes=10)
        self.api.create("databases", self.namespace, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": "orders"},
            "spec": {"window": {"schedule": f"{later.minute} {later.hour} * * *", "duration": "1h"}}})
        self.migrate("add-column")
        self.says("add-column", "outside its window", later.strftime("opens next at %Y-%m-%dT%H:%M:00Z"), "Database orders", phase="Waiting")
        self.has_run()
        at = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        own = {"schedule": f"{earlier.minute} {earlier.hour} * * *", "duration": "1h", "timeZone": "Etc/UTC"}
        self.api.patch("schemamigrations", self.namespace, "add-column", {"spec": {"notBefore": at, "window": own}})
        self.reaches("add-column", "Waiting", "NotBefore")
        self.has_run()
        done = self.reaches("add-column", "Succeeded")
        self.assertLessEqual(at, done["status"]["attempt"]["startTime"])
        self.has_run("add-column")

    def kubectl(self, user, *words, manifest=None):
        """As that user; what it says, on either channel."""
        done = subprocess.run(["kubectl", "--as", user, "--namespace", self.namespace, *words], input=manifest and json.dumps(manifest),
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        return done.stdout

    def bind(self, role, *users):
        subprocess.run(["kubectl", "--namespace", self.namespace, "create", "rolebinding", role, f"--clusterrole={role}",
                        *[f"--user={user}" for user in users]], check=True, timeout=60, stdout=subprocess.DEVNULL)

    def approval(self, name, user):
        """Of the migration as it is now, with the words of its message."""
        seen = self.migration("add-column")
        return {"apiVersion": "interlude.dev/v1alpha1", "kind": "MigrationApproval", "metadata": {"name": name}, "spec": {
            "migration": "add-column", "uid": seen["metadata"]["uid"], "specHash": seen["status"]["specHash"], "approvedBy": user}}

    def test_approval(self):
        """The platform team wants a word for each step. The author cannot give it, nor can another in an approver's name; an
        edit takes it away; then it runs, and the record says by whose word, whatever becomes of that."""
        self.bind("edit", "author")
        self.bind("interlude-approve", "alice", "bob")
        self.api.create("databases", self.namespace, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": "orders"},
            "spec": {"approvalFor": ["Expand", "Data", "Contract"]}})
        self.migrate("add-column", suspend=True)
        uid = self.migration("add-column")["metadata"]["uid"]
        self.says("add-column", "needs an approval (spec.approvalFor of Database orders)", f"uid: {uid}", phase="Waiting")
        create = ("create", "--filename", "-")
        self.assertIn('User "author" cannot create resource "migrationapprovals"', self.kubectl("author", *create, manifest=self.approval("mine", "author")))
        self.assertIn('User "author" cannot patch resource "databases"',
                      self.kubectl("author", "patch", "database", "orders", "--type=merge", "--patch", '{"spec": {"approvalFor": null}}'))
        self.assertIn("spec.approvedBy is alice, and you are bob: approve in your own name",
                      self.kubectl("bob", *create, manifest=self.approval("forged", "alice")))
        self.assertIn("created", self.kubectl("alice", *create, manifest=self.approval("first", "alice")))
        self.expect("add-column", lambda seen: self.conditions(seen)["Approved"]["status"] == "True", "is approved")
        self.assertIn("patched", self.kubectl("author", "patch", "schemamigration", "add-column", "--type=merge",
                                              "--patch", '{"spec": {"suspend": false, "run": {"timeout": "5m"}}}'))
        self.says("add-column", "given by alice, is for another spec", phase="Waiting")
        self.has_run()
        self.assertIn("created", self.kubectl("bob", *create, manifest=self.approval("second", "bob")))
        self.reaches("add-column", "Succeeded")
        self.assertIn("deleted", self.kubectl("bob", "delete", "migrationapproval", "first", "second"))
        self.assertEqual("bob", self.migration("add-column")["status"]["attempt"]["approval"]["approvedBy"])
        self.has_run("add-column")
