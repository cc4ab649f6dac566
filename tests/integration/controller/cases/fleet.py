# SPDX-License-Identifier: Apache-2.0
"""What a real fleet does while a migration waits: most rows of docs/reference/fleet.md, before Kubernetes' own controllers."""
import time

from ground.case import APP, Case, steered
from ground.world import PATIENCE

COMPATIBLE = "VersionsCompatible"
SETTLED = "RolloutSettled"


def image(version):
    return f"registry.example:5000/orders-api:{version}"


class Fleet(Case):

    def setUp(self):
        super().setUp()
        self.database(baseline="0")  # an empty ledger lets an absent application pass

    def fleet(self, kind="Deployment", spec=None, **more):
        """A workload with more in its spec, rolled out."""
        workload = self.workload(kind, **more)
        workload["spec"].update(spec or {})
        self.api.create(kind.lower() + "s", self.namespace, workload)
        return self.rolled_out(workload["metadata"]["name"], kind)

    def set(self, kind="Deployment", **spec):
        return self.api.change(kind.lower() + "s", self.namespace, APP, {"spec": spec})

    def template(self, version, **how):
        return {"metadata": {"annotations": steered(**how)}, "spec": {"containers": [{"name": "api", "image": image(version)}]}}

    def contract(self, name="first", versions=">=2.0.0", application=None, **more):
        self.migrate(name, step="Contract", applications=[application or self.application(versions)], **more)

    def pods_of(self, version):
        return [pod for pod in self.world.all("pods", self.namespace)
                if "app" in pod["metadata"].get("labels", {}) and pod["spec"]["containers"][0]["image"] == image(version)]

    def one_runs(self, version):
        return self.world.until(self.namespace, lambda: [
            pod for pod in self.pods_of(version) if pod["status"].get("phase") == "Running"], f"a pod of {version} runs")[0]

    def kill(self, version):
        for pod in self.pods_of(version):
            self.delete("pods", pod["metadata"]["name"])

    def quota(self, pods):
        """For pods that request something, which a migration's does not; what it counts is known a moment later: only then it refuses."""
        self.api.create("resourcequotas", self.namespace, {"metadata": {"name": "few-pods"}, "spec": {
            "hard": {"pods": str(pods)}, "scopes": ["NotBestEffort"]}})
        deadline = time.monotonic() + PATIENCE  # nobody watches quotas here: asked
        while not self.api.get("resourcequotas", self.namespace, "few-pods").get("status", {}).get("used"):
            self.assertLess(time.monotonic(), deadline, "the quota counts")
            time.sleep(0.05)

    def requesting(self, version):
        return [{"name": "api", "image": image(version), "resources": {"requests": {"cpu": "1m"}}}]

    # ---- rollouts that are not over ----

    def test_hangs(self):
        """Recreate leaves only new pods, none of which gets Ready: all counts are met, and the rollout is not over."""
        self.fleet(spec={"strategy": {"type": "Recreate"}, "progressDeadlineSeconds": 1}, version="2.0.0")
        self.set(template=self.template("2.1.0", ready="false"))
        self.contract()
        waiting = self.closed(SETTLED, reason="RolloutInProgress", says="ProgressDeadlineExceeded")
        self.assertIn("has timed out progressing", waiting["status"]["message"])
        self.set(template=self.template("2.1.1", ready="true"))
        self.succeeds()
        self.holds()

    test_hangs.lasts = 8

    def test_recreate(self):
        """Old pods that take their time to end are named; when they are gone, and the new ones do not come yet, nothing is there."""
        self.fleet(spec={"strategy": {"type": "Recreate"}}, containers=self.requesting("2.0.0"), replicas=1)
        old = self.pods_of("2.0.0")[0]["metadata"]["name"]
        self.freeze(old)
        self.quota(0)
        self.set(template={"spec": {"containers": self.requesting("2.1.0")}})
        self.contract()
        waiting = self.closed(SETTLED, reason="RolloutInProgress", says=f"{APP} still has a terminating pod of 2.0.0 ({old} on node ")
        self.assertEqual("2.0.0 (1)", waiting["status"]["running"])
        self.end(old)
        waiting = self.closed(SETTLED, reason="RolloutInProgress", says=f"{APP} is rolling out 2.1.0: 0 of 1 pods updated, 0 in all")
        self.assertNotIn("running", waiting["status"])
        self.delete("resourcequotas", "few-pods")
        self.assertEqual("2.1.0 (1)", self.succeeds(timeout=120)["status"]["running"])
        self.holds()

    def freeze(self, pod):
        """Its node does not touch it any more: told to go, it stays."""
        self.api.change("pods", self.namespace, pod, {"metadata": {"annotations": steered(frozen="true")}})

    def end(self, pod):
        """Somebody makes sure that it is gone, and says so."""
        self.api.request("DELETE", self.api.path("pods", self.namespace, pod), {"gracePeriodSeconds": 0})

    def test_surge(self):
        """In the middle of a rollout by maxSurge all are updated, and the old ones are there as well."""
        self.fleet(spec={"strategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}}}, version="2.0.0")
        self.set(template=self.template("2.1.0", ready="false"))
        self.contract()
        self.closed(SETTLED, says="2 of 2 pods updated, 4 in all")
        self.set(template=self.template("2.1.0", ready="true"))
        self.succeeds()
        self.holds()

    def test_partition(self):
        """A partition keeps pods back, and a pod below it that is made anew is of the earlier template again."""
        self.fleet("StatefulSet", {"updateStrategy": {"rollingUpdate": {"partition": 1}}}, containers=self.requesting("1.0.0"))
        self.set("StatefulSet", template=self.template("2.0.0"))
        self.one_runs("2.0.0")
        self.quota(0)
        self.kill("1.0.0")
        self.world.until(self.namespace, lambda: not self.pods_of("1.0.0"), "no pod of 1.0.0 is left")
        application = self.application(">=2.0.0", kind="StatefulSet")
        self.contract(application=application, rollout="Any", suspend=True)
        waiting = self.closed(COMPATIBLE, reason="VersionUnknown", says="its partition is 1")
        self.assertEqual("2.0.0 (1)", waiting["status"]["running"])
        self.delete("resourcequotas", "few-pods")
        self.closed(COMPATIBLE, reason="VersionsIncompatible", says="runs 1.0.0 in 1 of 2 pods")
        self.change(suspend=False, rollout="Settled", applications=[{**application, "versions": ">=1.0.0"}])
        self.closed(SETTLED, says="its partition 1 keeps the others back")
        self.set("StatefulSet", updateStrategy={"rollingUpdate": {"partition": 0}})
        self.succeeds()
        self.holds()

    test_partition.lasts = 8

    def follows_deletions(self, kind):
        """OnDelete: the rollout goes on when somebody deletes the old pods, and the message says so."""
        self.fleet(kind, {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}, version="2.0.0")
        self.set(kind, template=self.template("2.1.0"))
        self.contract(application=self.application(">=2.0.0", kind=kind))
        self.closed(SETTLED, says="OnDelete")
        self.kill("2.0.0")
        self.succeeds()
        self.holds()

    def test_stateful_set_on_delete(self):
        self.follows_deletions("StatefulSet")

    def test_daemon_set_on_delete(self):
        self.follows_deletions("DaemonSet")

    def test_quota(self):
        """Pods that a quota keeps from being made: in the API server's words."""
        self.fleet(containers=self.requesting("2.0.0"), replicas=1)
        self.quota(1)
        self.set(replicas=3)
        self.contract()
        waiting = self.closed(SETTLED, says="exceeded quota: few-pods")
        self.assertIn("1 of 3 pods updated, 1 in all", waiting["status"]["message"])
        self.set(replicas=1)
        self.succeeds()
        self.holds()

    def test_replica_set_that_wants_pods(self):
        """No pod runs it, no template asks for it: a quota keeps the old version's pod away, and the rollout is paused. It will come yet."""
        self.fleet(containers=self.requesting("1.0.0"), replicas=1)
        self.quota(0)
        self.kill("1.0.0")
        self.set(paused=True, template=self.template("2.0.0"))
        self.world.until(self.namespace, lambda: not self.pods_of("1.0.0"), "no pod of 1.0.0 is left")
        self.contract(rollout="Any")
        waiting = self.closed(COMPATIBLE, reason="VersionsIncompatible", says=f"{APP} still wants 1 pod of 1.0.0 (ReplicaSet {APP}-")
        self.assertEqual(("2.0.0", []), tuple(waiting["status"]["applications"][0].get(key, []) for key in ("desired", "running")))
        self.set(paused=False, template={"spec": {"containers": [{"name": "api", "image": image("2.0.0"), "resources": {"requests": None}}]}})
        self.succeeds()
        self.holds()

    def test_terminating_on_a_lost_node(self):
        """A pod that was told to go and whose node does not answer: it is named, with its node."""
        self.fleet("DaemonSet", version="2.0.0")
        lost = self.pods_of("2.0.0")[0]["metadata"]["name"]
        self.freeze(lost)
        self.roll_to("2.1.0", kind="DaemonSet")
        self.contract(application=self.application(">=2.0.0", kind="DaemonSet"))
        self.closed(SETTLED, says=f"still has a terminating pod of 2.0.0 ({lost} on node ")
        self.end(lost)
        self.succeeds()
        self.holds()

    def test_surge_of_a_restart(self):
        """A DaemonSet by maxSurge: two pods on the node, both of one version, and the rollout is not over."""
        surge = {"updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
        self.fleet("DaemonSet", surge, version="2.0.0")
        self.set("DaemonSet", template=self.template("2.0.0", ready="false"))
        self.world.until(self.namespace, lambda: len(self.pods_of("2.0.0")) == 2, "the new pod is beside the old one")
        self.contract(application=self.application(">=2.0.0", kind="DaemonSet"))
        waiting = self.closed(SETTLED, says=f"{APP} is rolling out 2.0.0: 0 of 1 pods updated, 1 in all")
        self.assertEqual(("True", "2.0.0 (2)"), (self.conditions(waiting)[COMPATIBLE], waiting["status"]["running"]))
        self.set("DaemonSet", template=self.template("2.0.0", ready="true"))
        self.succeeds()
        self.holds()

    # ---- a node that tells nothing any more ----

    def node(self, state="True"):
        """A second node, which nobody speaks for but the test; other tests' pods keep away from it. Returns its name."""
        name = self.namespace
        told = {"type": "Ready", "status": state, "reason": "Told", "message": "by the test"}
        room = {"cpu": "1", "memory": "1Gi", "pods": "10"}
        self.api.create("nodes", None, {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
                                        "spec": {"taints": [{"key": "interlude.dev/test", "value": "lost", "effect": "NoSchedule"}]},
                                        "status": {"capacity": room, "allocatable": room, "conditions": [told]}})
        self.addCleanup(self.api.delete, "nodes", None, name)
        return name

    def test_old_pod_on_a_lost_node(self):
        """Nobody knows that it has ended, so it counts, until somebody makes sure that it is gone."""
        node = self.node()
        workload = self.workload("DaemonSet", version="1.0.0", pod={"tolerations": [{"operator": "Exists"}]})
        workload["spec"]["updateStrategy"] = {"type": "OnDelete"}
        self.api.create("daemonsets", self.namespace, workload)
        lost = self.world.until(self.namespace, lambda: [
            pod["metadata"]["name"] for pod in self.pods_of("1.0.0") if pod["spec"].get("nodeName") == node], "it is placed there")[0]
        self.tell("pods", lost, {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
        self.rolled_out(kind="DaemonSet")
        self.tell("nodes", node, {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]})
        self.roll_to("2.0.0", kind="DaemonSet")
        for pod in self.pods_of("1.0.0"):
            if pod["metadata"]["name"] != lost:
                self.delete("pods", pod["metadata"]["name"])
        self.one_runs("2.0.0")
        self.contract(application=self.application(">=2.0.0", kind="DaemonSet"), rollout="Any")
        self.closed(COMPATIBLE, reason="VersionsIncompatible", says=f"{APP} runs 1.0.0 in 1 of 2 pods")
        self.assertNotIn("deletionTimestamp", self.world.get("pods", self.namespace, lost)["metadata"])
        self.end(lost)
        self.succeeds()
        self.holds()

    def tell(self, kind, name, status):
        """In the place of a kubelet, or of the node's controller."""
        namespace = None if kind == "nodes" else self.namespace
        self.api.change(kind, namespace, name, {"status": status}, "strategic", "status")

    # ---- whose pods they are ----

    def test_orphans_of_another_selector(self):
        """Deleted but for its pods, and made anew with another selector: the old pods run on, and count as the deleted one's."""
        self.fleet(version="1.0.0", replicas=1)
        self.contract()
        self.closed(COMPATIBLE, says="runs 1.0.0")
        self.delete("deployments", APP, "Orphan")
        self.world.wait("deployments", self.namespace, APP, lambda seen: seen is None, "is gone")
        self.fleet(spec={"selector": {"matchLabels": {"app": "anew"}}}, version="2.0.0", pod_labels={"app": "anew"})
        self.closed(COMPATIBLE, says=f"{APP} (deleted; its pods: app={APP}) runs 1.0.0 in 1 of 1 pod")
        for replica_set in self.api.list("replicasets", self.namespace):
            if not replica_set["metadata"].get("ownerReferences"):
                self.delete("replicasets", replica_set["metadata"]["name"])
        self.succeeds()
        self.holds()

    def test_init_containers_and_sidecars(self):
        """Whatever an init container or a native sidecar is called, its version is not the application's."""
        inits = [{"name": "schema", "image": "schema:1.0.0"}, {"name": "proxy", "image": "proxy:9.0.0", "restartPolicy": "Always"}]
        self.fleet(version="2.0.0", pod={"initContainers": inits})
        self.contract(versions=">=2.0.0 <3.0.0")
        self.assertEqual("2.0.0 (2)", self.succeeds()["status"]["running"])
        self.holds()

    def test_injected_sidecar(self):
        """What is put into the pods on their way in, before the application even, is not in the template: not the application's either."""
        self.inject({"name": "proxy", "image": "registry.example:5000/proxy:9.0.0"})
        self.fleet(version="1.0.0", replicas=1)
        self.assertEqual(["proxy", "api"], [container["name"] for container in self.pods_with("proxy")[0]["spec"]["containers"]])
        self.contract(versions=">=2.0.0 <3.0.0")
        waiting = self.closed(COMPATIBLE, reason="VersionsIncompatible", says=f"{APP} runs 1.0.0 in 1 of 1 pod; needs >=2.0.0 <3.0.0")
        self.assertEqual("1.0.0 (1)", waiting["status"]["running"])
        self.roll_to("2.0.0")
        self.assertEqual("2.0.0 (1)", self.succeeds()["status"]["running"])
        self.holds()

    def pods_with(self, container):
        return [pod for pod in self.world.all("pods", self.namespace)
                if container in [found["name"] for found in pod["spec"]["containers"]]]

    def inject(self, container):
        """As a mesh's webhook does: first of all containers, into the application's pods. Waits until it is in force."""
        name, rest = self.namespace, "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolic"
        value = f'Object.spec.containers{{name: "{container["name"]}", image: "{container["image"]}"}}'
        pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        self.api.request("POST", rest + "ies", {"metadata": {"name": name}, "spec": {
            "failurePolicy": "Fail", "reinvocationPolicy": "Never",
            "matchConstraints": {"resourceRules": [pods], "objectSelector": {"matchLabels": {"app": APP}},
                                 "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}},
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {
                "expression": f'[JSONPatch{{op: "add", path: "/spec/containers/0", value: {value}}}]'}}]}})
        self.addCleanup(self.api.request, "DELETE", f"{rest}ies/{name}")
        self.api.request("POST", rest + "ybindings", {"metadata": {"name": name}, "spec": {"policyName": name}})
        self.addCleanup(self.api.request, "DELETE", f"{rest}ybindings/{name}")
        asked = {"metadata": {"name": "asks", "labels": {"app": APP}}, "spec": {"containers": [{"name": "api", "image": image("1.0.0")}]}}
        deadline = time.monotonic() + PATIENCE
        while len(self.api.request("POST", self.api.path("pods", self.namespace) + "?dryRun=All", asked)["spec"]["containers"]) < 2:
            self.assertLess(time.monotonic(), deadline, "the policy is in force")
            time.sleep(0.05)

    # ---- while it waits ----

    def test_autoscaler(self):
        """A real one: it asks for three pods, of which a quota lets one come; then for one."""
        self.fleet(containers=self.requesting("2.0.0"), replicas=1)
        self.quota(1)
        path = f"/apis/autoscaling/v2/namespaces/{self.namespace}/horizontalpodautoscalers"
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": APP}
        self.api.request("POST", path, {"metadata": {"name": "busy"}, "spec": {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 5}})
        self.addCleanup(self.api.request, "DELETE", f"{path}/busy")  # it would go on
        self.scaled_to(3)
        self.contract()
        waiting = self.closed(SETTLED, reason="RolloutInProgress", says=f"{APP} is rolling out 2.0.0: 1 of 3 pods updated, 1 in all")
        self.assertEqual("True", self.conditions(waiting)[COMPATIBLE])
        self.api.request("PATCH", f"{path}/busy", {"spec": {"minReplicas": 1, "maxReplicas": 1}}, "application/merge-patch+json")
        self.scaled_to(1)
        self.assertEqual("2.0.0 (1)", self.succeeds()["status"]["running"])
        self.holds()

    def scaled_to(self, replicas):
        self.world.wait("deployments", self.namespace, APP, lambda seen: seen["spec"]["replicas"] == replicas, f"is scaled to {replicas}")

    def test_scaled_during_the_wait(self):
        """As an autoscaler does: each step is seen, costs a few writes at most, and the last one is settled."""
        self.fleet(version="2.0.0", replicas=1)
        self.contract(suspend=True)
        self.closed("NotSuspended")
        before = self.writes()
        for replicas in (4, 2, 5, 0, 3):
            self.api.change("deployments", self.namespace, APP, {"spec": {"replicas": replicas}})
            self.rolled_out()
            running = {"running": f"2.0.0 ({replicas})"} if replicas else {}
            self.expect("first", lambda seen, r=running: {k: seen["status"].get(k) for k in r} == r
                        and self.conditions(seen)[SETTLED] == "True", f"has seen {replicas}")
        self.assertLess(self.writes() - before, 30, "writes for five steps of fourteen pods")
        self.change(suspend=False)
        self.succeeds()
        self.holds()

    def writes(self):
        return len([1 for how, _ in self.world.told("schemamigrations", self.namespace) if how == "MODIFIED"])
