# SPDX-License-Identifier: Apache-2.0
"""Gates VersionsCompatible and RolloutSettled: which versions really run, in every kind of workload."""
from ground.case import APP, Case, steered

GATE = "VersionsCompatible"
VERSION = "app.kubernetes.io/version"


class Versions(Case):

    def setUp(self):
        super().setUp()
        self.database(baseline="0")  # an empty ledger lets an absent application pass

    def contract(self, name="first", versions=">=2.0.0", application=None, **more):
        """A Contract migration that needs version 2."""
        self.migrate(name, step="Contract", applications=[application or self.application(versions)], **more)

    def test_old_version_then_rollout(self):
        """It waits for the rollout, tells what runs, and runs when the last old pod is gone."""
        self.deploy(version="1.9.2", replicas=3)
        self.contract(versions=">=2.0.0 <4.0.0")
        waiting = self.closed(GATE, reason="VersionsIncompatible", says="needs >=2.0.0 <4.0.0")
        self.assertEqual("1.9.2 (3)", waiting["status"]["running"])
        self.roll_to("2.0.0")
        self.succeeds()
        status = self.migration()["status"]
        self.assertEqual("2.0.0 (3)", status["running"])
        # No pod of 1.9.2 was left when the pod of the run was made.
        created = min(int(pod["metadata"]["resourceVersion"]) for _, pod in self.world.told("pods", self.namespace)
                      if pod["metadata"].get("labels", {}).get("interlude.dev/migration"))
        for pod in self.old_pods("1.9.2"):
            self.assertLess(pod["gone"], created, f"pod {pod['name']} of 1.9.2 was there when the run began")
        self.holds()

    test_old_version_then_rollout.lasts = 5

    def old_pods(self, version):
        """When each pod of a version was over, ended or gone, as a resourceVersion."""
        gone = {}
        for how, pod in self.world.told("pods", self.namespace):
            if pod["spec"]["containers"][0]["image"].endswith(f":{version}"):
                is_over = how == "DELETED" or pod["status"].get("phase") in ("Succeeded", "Failed")
                when = int(pod["metadata"]["resourceVersion"]) if is_over else 1 << 62
                name = pod["metadata"]["name"]
                gone[name] = min(when, gone.get(name, when))
        self.assertTrue(gone)
        return [{"name": name, "gone": when} for name, when in gone.items()]

    def test_newer_version_is_incompatible_too(self):
        self.deploy(version="4.0.0")
        self.contract(versions=">=2.0.0 <4.0.0")
        self.closed(GATE, reason="VersionsIncompatible", says="4.0.0")
        self.holds()

    def test_pre_release(self):
        """A pre-release satisfies only a constraint that names one."""
        self.deploy(version="2.1.0-rc.1")
        self.contract(versions=">=2.0.0")
        self.closed(GATE, reason="VersionsIncompatible", says="2.1.0-rc.1")
        self.change(applications=[self.application(">=2.0.0-0")])
        self.succeeds()
        self.holds()

    def test_tag_that_is_no_version(self):
        self.deploy(version="sha-4f2a")
        self.contract(versions="sha-4f2b || >=2.0.0")
        self.closed(GATE, reason="VersionsIncompatible", says="sha-4f2a")
        self.change(applications=[self.application("sha-4f2a || >=2.0.0")])
        self.succeeds()
        self.holds()

    def test_digest_has_no_tag(self):
        """An image by digest alone: told, with the remedy; a label tells the version instead."""
        digest = "sha256:" + "0" * 64
        self.deploy(image=f"registry.example:5000/orders-api@{digest}", pod_labels={VERSION: "2.0.0"})
        self.contract()
        self.closed(GATE, reason="VersionUnknown", says="versionFrom")
        self.change(applications=[self.application(">=2.0.0", versionFrom={"source": "Label"})])
        self.succeeds()
        self.holds()

    def test_label_and_annotation(self):
        """The version is a label of the pods, or an annotation with a key of one's own."""
        self.deploy(name="by-label", version="latest", pod_labels={VERSION: "1.0.0"})
        self.deploy(name="by-annotation", version="latest", pod_annotations={"team/release": "2.3.0"})
        self.contract(application=self.application(">=2.0.0", "by-annotation", versionFrom={"source": "Annotation", "key": "team/release"}))
        self.succeeds()
        self.contract("second", to="2", application=self.application(">=2.0.0", "by-label", versionFrom={"source": "Label"}))
        self.closed(GATE, "second", "VersionsIncompatible", "1.0.0")
        self.contract("third", to="3", application=self.application(">=2.0.0", "by-label", versionFrom={"source": "Annotation"}))
        self.closed(GATE, "third", "VersionUnknown", "annotation app.kubernetes.io/version")
        self.holds()

    def test_stateful_set(self):
        self.deploy("StatefulSet", version="1.0.0")
        self.contract(application=self.application(">=2.0.0", kind="StatefulSet"))
        self.closed(GATE, reason="VersionsIncompatible", says="1.0.0")
        self.roll_to("2.0.0", kind="StatefulSet")
        self.succeeds()
        self.assertEqual([f"StatefulSet/{APP}"], [a["workload"] for a in self.migration()["status"]["applications"]])
        self.holds()

    test_stateful_set.lasts = 5

    def test_daemon_set(self):
        self.deploy("DaemonSet", version="1.0.0")
        self.contract(application=self.application(">=2.0.0", kind="DaemonSet"))
        self.closed(GATE, reason="VersionsIncompatible", says="1.0.0")
        self.roll_to("2.0.0", kind="DaemonSet")
        self.succeeds()
        self.holds()

    test_daemon_set.lasts = 5

    def test_canary_by_selector(self):
        """A selector finds the canary beside the main Deployment, also one that comes later."""
        labels = {"part-of": "orders"}
        self.deploy(name="orders-main", version="2.0.0", labels=labels)
        self.deploy(name="orders-canary", version="1.0.0", labels=labels, replicas=1)
        self.deploy(name="other", version="0.1.0", labels={"part-of": "other"})
        self.contract(application=self.application(">=2.0.0", selector={"matchLabels": labels}))
        waiting = self.closed(GATE, reason="VersionsIncompatible", says="orders-canary runs 1.0.0")
        self.assertEqual({"Deployment/orders-main", "Deployment/orders-canary"},
                         {a["workload"] for a in waiting["status"]["applications"]})
        self.delete("deployments", "orders-canary")
        self.succeeds()
        self.holds()

    def test_terminating_pod_counts(self):
        """Scaled to nothing and rolled on: a pod of the old version that still terminates keeps the gate closed."""
        self.deploy(version="1.0.0", replicas=1, pod_annotations=steered(on_term_run_for="5s"))
        self.contract()
        self.closed(GATE)
        self.roll_to("2.0.0")
        self.rolled_out()
        self.world.until(self.namespace, lambda: [pod for pod in self.world.all("pods", self.namespace)
                                                  if pod["spec"]["containers"][0]["image"].endswith(":1.0.0")
                                                  and "deletionTimestamp" in pod["metadata"]], "the old pod terminates")
        self.expect("first", lambda seen: "2.0.0" in seen["status"].get("running", "") and "1.0.0" in seen["status"]["running"], "sees both")
        self.assertEqual("Waiting", self.migration()["status"]["phase"])
        self.succeeds()
        run = [int(job["metadata"]["resourceVersion"]) for _, job in self.world.told("jobs", self.namespace)][0]
        for pod in self.old_pods("1.0.0"):
            self.assertLess(pod["gone"], run, f"pod {pod['name']} still ran when the Job was made")
        self.holds()

    test_terminating_pod_counts.lasts = 9

    def test_deleted_deployment_leaves_pods(self):
        """Deleted with its pods orphaned: what still runs counts."""
        self.deploy(version="1.0.0", replicas=1)
        self.contract(application=self.application(">=2.0.0", whenAbsent="Proceed"))
        self.closed(GATE)
        self.delete("deployments", APP, "Orphan")
        self.world.wait("deployments", self.namespace, APP, lambda seen: seen is None, "is gone")
        self.closed(GATE, reason="VersionsIncompatible", says=f"{APP} (deleted; its pods: app={APP}) runs 1.0.0 in 1 of 1 pod; needs >=2.0.0")
        for replica_set in self.api.list("replicasets", self.namespace):
            self.delete("replicasets", replica_set["metadata"]["name"])
        self.succeeds()
        self.holds()

    def test_absent_waits(self):
        self.contract()
        self.closed(GATE, says=APP)
        self.stays(lambda: self.migration()["status"]["phase"] == "Waiting", "it waits", 0.5)
        self.deploy(version="2.0.0")
        self.succeeds()
        self.holds()

    def test_absent_proceeds(self):
        self.contract(application=self.application(">=2.0.0", whenAbsent="Proceed"))
        self.succeeds()
        self.holds()

    def test_absent_on_an_empty_ledger(self):
        """A first install must not deadlock."""
        self.contract("first", database="fresh")
        self.succeeds()
        self.contract("second", database="fresh", to="2")
        self.closed(GATE, "second", says=APP)
        self.holds()

    def test_two_applications(self):
        """All of them count, and the message names each that is not ready."""
        self.deploy(name="api", version="1.0.0")
        self.deploy(name="worker", version="1.5.0")
        self.migrate(step="Contract", applications=[self.application(">=2.0.0", "api"), self.application(">=2.0.0", "worker")])
        waiting = self.closed(GATE, says="api runs 1.0.0")
        self.assertIn("worker runs 1.5.0", waiting["status"]["message"])
        self.roll_to("2.0.0", "api")
        self.rolled_out("api")
        self.expect("first", lambda seen: "api runs" not in seen["status"]["message"], "is content with one")
        self.assertIn("worker", self.migration()["status"]["message"])
        self.roll_to("2.0.0", "worker")
        self.succeeds()
        self.holds()

    test_two_applications.lasts = 5

    def test_several_containers(self):
        """Which container is the application's must be said, or follow from the usual annotation."""
        containers = [{"name": "proxy", "image": "proxy:9"}, {"name": "api", "image": "orders-api:2.0.0"}]
        self.deploy(containers=containers)
        self.contract()
        self.closed(GATE, reason="VersionUnknown", says="proxy, api")
        self.change(applications=[self.application(">=2.0.0", container="nope")])
        self.closed(GATE, reason="VersionUnknown", says="no container nope")
        self.change(applications=[self.application(">=2.0.0", container="api")])
        self.succeeds()
        self.deploy(name="usual", containers=containers, pod_annotations={"kubectl.kubernetes.io/default-container": "api"})
        self.contract("second", to="2", application=self.application(">=2.0.0", "usual"))
        self.succeeds("second")
        self.holds()

    def test_skew_during_the_run(self):
        """R22: a version that leaves the constraint while the migration runs is told at once; nothing is stopped."""
        self.deploy()
        self.rolled_out()
        self.migrate(how={"hold": "true"}, applications=[self.application(">=1.0.0 <2.0.0")])
        self.running()
        self.roll_to("2.0.0")
        skewed = self.expect("first", lambda seen: self.conditions(seen).get("VersionSkew") == "True", "tells of the skew", 20)
        self.assertIn("2.0.0", self.condition(skewed, "VersionSkew")["message"])
        self.world.until(self.namespace, lambda: [event["type"] for event in self.events("first") if event["reason"] == "VersionSkew"] == ["Warning"],
                         "there is one Event of it")
        self.roll_to("1.0.1")
        self.expect("first", lambda seen: self.conditions(seen).get("VersionSkew") == "False", "tells that it is over")
        self.finish()
        self.succeeds()
        self.assertEqual(1, len([event for event in self.events("first") if event["reason"] == "VersionSkew"]))
        self.holds()


class Rollout(Case):

    def test_settled_waits_for_the_rollout(self):
        """All versions are compatible, but the rollout is under way: Settled waits, Any does not."""
        self.deploy(version="2.0.0", replicas=2)
        # The new pods never become Ready, so the rollout stays half done.
        template = {"metadata": {"annotations": steered(ready="false")},
                    "spec": {"containers": [{"name": "api", "image": "registry.example:5000/orders-api:2.1.0"}]}}
        self.api.change("deployments", self.namespace, APP, {"spec": {"template": template}})
        self.world.wait("deployments", self.namespace, APP, lambda seen: seen["status"].get("updatedReplicas") == 1
                        and seen["status"]["observedGeneration"] == seen["metadata"]["generation"], "is half done")
        applications = [self.application(">=2.0.0")]
        self.migrate("any", to="1", applications=applications)
        self.succeeds("any")
        self.migrate("settled", to="2", step="Data", applications=applications)
        waiting = self.closed("RolloutSettled", "settled", "RolloutInProgress", "2.1.0")
        self.assertEqual("True", self.conditions(waiting)["VersionsCompatible"])
        self.assertEqual([False], [a["settled"] for a in waiting["status"]["applications"]])
        template["metadata"]["annotations"] = steered(ready="true")
        self.api.change("deployments", self.namespace, APP, {"spec": {"template": template}})
        self.succeeds("settled")
        self.holds()

    test_settled_waits_for_the_rollout.lasts = 5

    def test_paused(self):
        """A paused Deployment with a new template is no settled one, and the message says so."""
        self.deploy(version="2.0.0")
        self.api.change("deployments", self.namespace, APP, {"spec": {"paused": True}})
        self.roll_to("2.1.0")
        self.migrate(step="Contract", applications=[self.application(">=2.0.0")])
        self.closed("RolloutSettled", reason="RolloutInProgress", says="0 of 2 pods updated, 2 in all, and it is paused: resume it")
        self.api.change("deployments", self.namespace, APP, {"spec": {"paused": False}})
        self.succeeds()
        self.holds()

    def test_scaled_to_nothing(self):
        """Nothing runs: only what the template asks for counts."""
        self.deploy(version="2.0.0", replicas=0)
        self.migrate(step="Contract", applications=[self.application(">=2.0.0")])
        self.succeeds()
        self.holds()
