# SPDX-License-Identifier: Apache-2.0
"""Stories of a fleet on a real kubelet that is not where it should be: what a person on call reads, and what goes on by itself."""
from harness.node import kubectl
from harness.story import APP, BUSYBOX, Story

LABEL = "app.kubernetes.io/version"


class Fleet(Story):

    def setUp(self):
        super().setUp()
        self.database_stands_at("1")

    def contract(self, versions, **application):
        self.migrate("contract", step="Contract", toVersion="2", applications=[{"name": APP, "versions": versions, **application}])

    def set(self, **spec):
        return self.api.patch("deployments", self.namespace, APP, {"spec": spec})

    def pods(self, name=APP):
        return self.api.list("pods", self.namespace, f"app={name}")

    def test_a_rollout_that_is_not_over(self):
        """Paused; resumed with an image that nobody has, so that it hangs; scaled to nothing, which is an end of it."""
        api = self.idle()
        api["spec"]["progressDeadlineSeconds"] = 2
        self.deploy(api)
        self.set(paused=True)
        self.set_image(api, "orders-api:2.0.0")
        self.contract(">=1.0.0")
        self.says("contract", f"{APP} is rolling out 2.0.0: 0 of 1 pods updated, 1 in all, and it is paused: resume it", phase="Waiting")
        self.set_image(api, "127.0.0.1:1/orders-api:2.1.0")
        self.set(paused=False)
        self.says("contract", f"{APP} is rolling out 2.1.0: 1 of 1 pods updated, 2 in all, and it hangs: ", "has timed out progressing",
                  "(ProgressDeadlineExceeded): look at its new pods, or roll it back", phase="Waiting")
        self.has_run()
        self.set(replicas=0)
        found = self.reaches("contract", "Succeeded")["status"]["applications"][0]
        self.assertEqual(("2.1.0", True), (found["desired"], found["settled"]))
        self.assertNotIn("1.0.0", [running["version"] for running in found.get("running", [])])
        self.has_run("contract")

    def test_recreate_and_a_pod_that_takes_long(self):
        """Told to go, the old pod goes on with what it does. It is named; nothing runs before it is gone and the new one is there."""
        script = "trap : TERM; until [ -e /tmp/end ]; do sleep 0.2; done"
        api = self.idle(image=BUSYBOX, version_label="1.0.0")
        api["spec"]["strategy"] = {"type": "Recreate"}
        api["spec"]["template"]["spec"].update(terminationGracePeriodSeconds=300)
        api["spec"]["template"]["spec"]["containers"][0].update(command=["sh", "-c", script])
        self.deploy(api)
        old = self.pods()[0]
        pod, node = old["metadata"]["name"], old["spec"]["nodeName"]
        self.contract("^2", versionFrom={"source": "Label"})
        sleeps = {**api["spec"]["template"]["spec"]["containers"][0], "command": ["sleep", "1d"]}
        self.set(template={"metadata": {"labels": {LABEL: "2.0.0"}}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [sleeps]}})
        self.says("contract", f"{APP} runs 1.0.0 in 1 of 1 pod; needs ^2", phase="Waiting")
        settled = f"{APP} still has a terminating pod of 1.0.0 ({pod} on node {node})"
        self.expect("contract", lambda seen: self.conditions(seen)["RolloutSettled"]["message"] == settled, "names the pod that terminates")
        self.has_run()
        kubectl("-n", self.namespace, "exec", pod, "--", "touch", "/tmp/end")
        began = self.reaches("contract", "Succeeded")["status"]["attempt"]["startTime"]
        new = self.pods()
        self.assertEqual(["2.0.0"], [seen["metadata"]["labels"][LABEL] for seen in new])
        self.assertLessEqual(new[0]["metadata"]["creationTimestamp"], began)
        self.has_run("contract")

    def test_orphans_of_another_selector(self):
        """Deleted but for its pods, and made anew with other labels: Kubernetes knows the old pod no more, and it still runs."""
        self.deploy(self.idle())
        self.contract("^2")
        self.says("contract", f"{APP} runs 1.0.0 in 1 of 1 pod; needs ^2", phase="Waiting")
        kubectl("-n", self.namespace, "delete", "deployment", APP, "--cascade=orphan")
        anew = self.idle(image="orders-api:2.0.0")
        anew["spec"]["selector"]["matchLabels"] = anew["spec"]["template"]["metadata"]["labels"] = {"app": "anew"}
        self.deploy(anew)
        self.says("contract", f"{APP} (deleted; its pods: app={APP}) runs 1.0.0 in 1 of 1 pod; needs ^2", phase="Waiting")
        self.has_run()
        kubectl("-n", self.namespace, "delete", "replicaset", "--selector", f"app={APP}")
        self.assertEqual("2.0.0 (1)", self.reaches("contract", "Succeeded")["status"]["running"])
        self.assertEqual([], self.pods())
        self.has_run("contract")
