# SPDX-License-Identifier: Apache-2.0
"""Wrong input that the schema lets pass ends in a condition that names it. What the schema refuses: tests/lint/crd-cases."""
from ground.case import APP, Case, steered


def template(container=None, spec=None, metadata=None):
    return {"podTemplate": {"metadata": metadata or {}, "spec": {
        "restartPolicy": "Never", "containers": [{"name": "tool", "image": "tool:1", **(container or {})}], **(spec or {})}}}


def container(**more):
    return {"container": {"image": "tool:1", **more}}


TWO = [{"name": "one", "image": "one:1"}, {"name": "two", "image": "two:1"}]

# name, spec, the gate that stays closed, words of its message
WRONG = [
    ("versions-operator", {"applications": [{"name": APP, "versions": ">>2.0.0"}]}, "JobValid", ("applications[0].versions", ">>2.0.0")),
    ("versions-half", {"applications": [{"name": APP, "versions": ">=2.0.0 <"}]}, "JobValid", ("applications[0].versions",)),
    ("versions-second", {"applications": [{"name": "a", "versions": "1"}, {"name": "b", "versions": "1 ||"}]}, "JobValid", ("applications[1].versions",)),
    ("selector-finds-none", {"applications": [{"selector": {"matchLabels": {"part-of": "nothing"}}, "versions": "1"}]}, "VersionsCompatible", ("part-of",)),
    ("missing-stateful-set", {"applications": [{"kind": "StatefulSet", "name": APP}]}, "VersionsCompatible", ("StatefulSet", APP)),
    ("missing-daemon-set", {"applications": [{"kind": "DaemonSet", "name": "agent"}]}, "VersionsCompatible", ("DaemonSet", "agent")),
    ("missing-container", {"applications": [{"name": APP, "container": "nope", "versions": "1"}]}, "VersionsCompatible", ("nope", "api")),
    ("missing-label", {"applications": [{"name": APP, "versions": "1", "versionFrom": {"source": "Label", "key": "release"}}]},
     "VersionsCompatible", ("label release",)),
    ("inherit-missing", {"run": {"container": {"inheritFrom": {"kind": "DaemonSet", "name": "agent"}}}}, "JobValid", ("DaemonSet/agent",)),
    ("inherit-container", {"run": {"container": {"inheritFrom": {"name": APP, "container": "nope"}}}}, "JobValid", ("nope",)),
    ("resources-name", {"run": container(resources={"limit": {"cpu": "1"}})}, "JobValid", ("limit",)),
    ("resources-quantity", {"run": container(resources={"limits": {"cpu": "-1"}})}, "JobValid", ("cpu",)),
    ("env-name", {"run": container(env=[{"name": "A=B", "value": "1"}])}, "JobValid", ("A=B",)),
    ("label-value", {"run": container(labels={"team": "a b"})}, "JobValid", ("a b",)),
    ("label-key", {"run": container(labels={"te am": "a"})}, "JobValid", ("te am",)),
    ("annotation-key", {"run": container(annotations={"te am": "a"})}, "JobValid", ("te am",)),
    ("template-field", {"run": template(container={"comand": ["x"]})}, "JobValid", ("comand",)),
    ("template-spec-field", {"run": template(spec={"restartpolicy": "Never"})}, "JobValid", ("restartpolicy",)),
    ("template-metadata", {"run": template(metadata={"label": {"a": "b"}})}, "JobValid", ("label",)),
    ("template-mount", {"run": template(container={"volumeMounts": [{"name": "nope", "mountPath": "/x"}]})}, "JobValid", ("nope",)),
    ("template-which-container", {"run": {"podTemplate": {"spec": {"restartPolicy": "Never", "containers": TWO}}}}, "JobValid", ("default-container",)),
    ("template-no-such-container", {"run": {"podTemplate": {
        "metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "three"}},
        "spec": {"restartPolicy": "Never", "containers": TWO}}}}, "JobValid", ("three",)),
    ("template-account", {"run": template(spec={"serviceAccountName": "nobody"})}, "JobValid", ("nobody",)),
    ("template-no-image", {"run": {"podTemplate": {"spec": {"restartPolicy": "Never", "containers": [{"name": "tool"}]}}}}, "JobValid", ("image",)),
    ("verify-probe", {"run": {**template(container={"readinessProbe": {"exec": {"command": ["true"]}}}), "verify": {"command": ["check"]}}},
     "JobValid", ("containers[0].readinessProbe", "run.verify")),
    ("recover-init-list", {"run": {**template(spec={"initContainers": {"name": "x"}}), "recover": {"command": ["unlock"]}}},
     "JobValid", ("initContainers", "list")),
    ("verify-env", {"run": {**container(env=[{"name": "A=B", "value": "1"}]), "verify": {"command": ["check"]}}}, "JobValid", ("A=B",)),
    ("from-version", {"fromVersion": "0.9"}, "SchemaVersionMet", ("0.9",)),
    ("to-version-taken", {"toVersion": "0"}, "SchemaVersionMet", ("version 0",)),
]


class Input(Case):

    def test_wrong_values(self):
        """All of them at once, each on a Database of its own."""
        self.deploy(version="1.0.0", replicas=1)
        for name, spec, _, _ in WRONG:
            self.database(name, baseline="0")
            self.api.create("schemamigrations", self.namespace, {
                "apiVersion": "interlude.dev/v1alpha1", "kind": "SchemaMigration", "metadata": {"name": name},
                "spec": {**self.spec(), "database": name, **spec}})
        problems = []
        for name, _, gate, says in WRONG:
            def judged(seen, gate=gate):
                condition = self.condition(seen, gate)
                return condition and condition["status"] == "False" and seen["status"]["phase"] == "Waiting"

            try:
                seen = self.expect(name, judged, f"waits at {gate}")
            except AssertionError as failure:
                problems.append(f"{name}: {failure}")
                continue
            message = self.condition(seen, gate)["message"]
            problems += [f"{name}: {gate} does not name {words}: {message}" for words in says if words not in message]
            problems += [f"{name}: the status does not tell: {seen['status']['message']}" for words in says if words not in seen["status"]["message"]]
        self.assertEqual([], problems)
        self.assertEqual([], self.jobs(), "none of them may run")
        self.holds()

    test_wrong_values.lasts = 5

    def test_missing_config_map(self):
        """Only the node can tell: its words are the message, and the run goes on when the ConfigMap comes."""
        self.migrate(how={"waiting_reason": "CreateContainerConfigError", "message": 'configmap "settings" not found'},)
        waiting = self.reaches("first", "Running", "CreateContainerConfigError")
        self.assertIn('configmap "settings" not found', waiting["status"]["message"])
        self.api.change("pods", self.namespace, self.pods()[0]["metadata"]["name"],
                        {"metadata": {"annotations": {key: None for key in steered(waiting_reason="")}}})
        self.succeeds()
        self.holds()

    def test_annotations_that_are_no_numbers(self):
        """retry and confirm-ended that name no attempt ask for nothing."""
        self.migrate(how={"exit_code": 1}, annotations={"interlude.dev/retry": "yes", "interlude.dev/confirm-ended": "-1", "interlude.dev/abandon": "maybe"})
        self.fails()
        for value in ("true", "1x", " 1", "0", "99999999999999999999", ""):
            self.annotate(retry=value)
        self.stays(lambda: self.migration()["status"]["attempt"]["number"] == 1, "nothing runs again", 1.5)
        self.holds()

    def test_long_and_dotted_names(self):
        """63 characters, and dots where they are allowed: Job and label names are made to fit."""
        long = "a" * 63
        self.migrate(long, to="1")
        self.migrate("orders.v2.expand", to="2", database="orders.main")
        self.succeeds(long)
        self.succeeds("orders.v2.expand")
        self.assertTrue(all(len(job["metadata"]["name"]) <= 63 for job in self.jobs()))
        self.holds()
