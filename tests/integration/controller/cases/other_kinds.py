# SPDX-License-Identifier: Apache-2.0
"""Applications that are CronJobs, before Kubernetes' own controllers, or of a kind whose controller the test plays."""
import datetime

from ground.candidate import Candidate
from ground.case import APP, Case, steered
from ground.own_kind import ArgoRollout, OwnKind

COMPATIBLE = "VersionsCompatible"
SETTLED = "RolloutSettled"
NIGHTLY = "nightly"


def containers(version):
    return [{"name": "api", "image": f"registry.example:5000/orders-api:{version}"}]


class CronJobs(Case):

    def setUp(self):
        super().setUp()
        self.database(baseline="0")  # an empty ledger lets an absent application pass

    def cron_job(self, version, **more):
        """Suspended, so that it makes nothing before it is told to; its pods run until they are told to end."""
        template = {"metadata": {"annotations": steered(hold="true")}, "spec": {"containers": containers(version), "restartPolicy": "Never"}}
        spec = {"schedule": "0 * * * *", "suspend": True, "jobTemplate": {"spec": {"template": template}}, **more}
        return self.api.create("cronjobs", self.namespace, {"metadata": {"name": NIGHTLY}, "spec": spec})

    def set(self, **spec):
        return self.api.change("cronjobs", self.namespace, NIGHTLY, {"spec": spec})

    def template(self, version):
        self.set(jobTemplate={"spec": {"template": {"spec": {"containers": containers(version)}}}})

    def fire(self):
        """Its controller makes a Job for the hours that it missed; returns the pod, once it runs."""
        missed = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
        self.api.change("cronjobs", self.namespace, NIGHTLY, {"status": {"lastScheduleTime": missed.strftime("%Y-%m-%dT%H:%M:%SZ")}},
                        subresource="status")
        self.set(suspend=False)
        self.world.until(self.namespace, self.its_jobs, "a Job comes")
        self.set(suspend=True)
        return self.world.until(self.namespace, lambda: [
            pod for pod in self.its_pods() if pod["status"].get("phase") == "Running"], "its pod runs")[0]

    def its_jobs(self):
        return [job for job in self.world.all("jobs", self.namespace) if job["metadata"]["name"].startswith(NIGHTLY)]

    def its_pods(self):
        return [pod for pod in self.world.all("pods", self.namespace) if pod["metadata"]["name"].startswith(NIGHTLY)]

    def end(self, pod):
        self.api.change("pods", self.namespace, pod["metadata"]["name"], {"metadata": {"annotations": steered(finish="true")}})

    def contract(self, versions=">=2.0.0", **more):
        self.migrate(step="Contract", applications=[self.application(versions, NIGHTLY, kind="CronJob", **more)])

    def test_active_job(self):
        """The template is new, and a Job of the old one runs: until that is over, nothing starts; the CronJob is suspended all the while."""
        self.cron_job("1.0.0")
        pod = self.fire()
        self.template("2.0.0")
        self.contract()
        waiting = self.closed(COMPATIBLE, reason="VersionsIncompatible", says="nightly runs 1.0.0 in 1 of 1 pod; needs >=2.0.0")
        job = self.its_jobs()[0]["metadata"]["name"]
        self.assertIn(f"nightly is to run 2.0.0, and its Job {job} is of 1.0.0", self.condition(waiting, SETTLED)["message"])
        self.end(pod)
        found = self.succeeds()["status"]["applications"][0]
        self.assertEqual(("CronJob/nightly", "2.0.0", True), (found["workload"], found["desired"], found["settled"]))
        self.holds()

    def test_job_without_pods(self):
        """The template of a suspended CronJob counts, and so does a Job of it that has no pod yet, as it may be resumed."""
        meta = self.cron_job("1.0.0")["metadata"]
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": NIGHTLY, "uid": meta["uid"], "controller": True}
        self.api.create("jobs", self.namespace, {"metadata": {"name": "by-hand", "ownerReferences": [owner]}, "spec": {
            "suspend": True, "template": {"spec": {"containers": containers("1.1.0"), "restartPolicy": "Never"}}}})
        self.contract()
        self.closed(COMPATIBLE, reason="VersionsIncompatible", says="nightly is to run 1.0.0")
        self.template("2.0.0")
        self.closed(COMPATIBLE, says="nightly still wants 1 pod of 1.1.0 (Job by-hand)")
        self.delete("jobs", "by-hand")
        self.succeeds()
        self.holds()

    def test_job_by_hand(self):
        """It names its CronJob and is not controlled by it, as kubectl made them for years; then it does not even name it."""
        meta = self.cron_job("2.0.0")["metadata"]
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": NIGHTLY, "uid": meta["uid"]}
        template = {"metadata": {"annotations": steered(hold="true")}, "spec": {"containers": containers("1.0.0"), "restartPolicy": "Never"}}
        self.api.create("jobs", self.namespace, {"metadata": {"name": "by-hand", "ownerReferences": [owner]}, "spec": {"template": template}})
        pod = self.world.until(self.namespace, lambda: [
            pod for pod in self.world.all("pods", self.namespace) if pod["status"].get("phase") == "Running"], "its pod runs")[0]
        self.contract()
        waiting = self.closed(COMPATIBLE, reason="VersionsIncompatible", says="nightly runs 1.0.0 in 1 of 1 pod; needs >=2.0.0")
        self.assertIn("nightly is to run 2.0.0, and its Job by-hand is of 1.0.0", self.condition(waiting, SETTLED)["message"])
        self.api.change("jobs", self.namespace, "by-hand", {"metadata": {"ownerReferences": None}})
        self.stays(lambda: self.migration()["status"]["phase"] == "Waiting", "it looks like its own")
        self.end(pod)
        self.succeeds()
        self.holds()

    def test_orphaned_job(self):
        """The CronJob is gone but for its Job, whose pod runs on."""
        self.cron_job("2.0.0")
        pod = self.fire()
        self.contract(whenAbsent="Proceed", versions=">=3.0.0")
        self.closed(COMPATIBLE, says="nightly runs 2.0.0")
        self.delete("cronjobs", NIGHTLY, "Orphan")
        self.closed(COMPATIBLE, reason="VersionsIncompatible", says="nightly (deleted) runs 2.0.0 in 1 of 1 pod")
        self.end(pod)
        self.succeeds()
        self.holds()


class Rollouts(Case):
    """A kind like that of Argo Rollouts: the test plays its controller, and its pods come by ReplicaSets."""

    def setUp(self):
        super().setUp()
        self.kind = OwnKind(self, "Rollout")

    def rollout(self, version="2.0.0", **more):
        template = {"metadata": {"labels": {"app": APP}}, "spec": {"containers": containers(version)}}
        return self.kind.create(APP, {"replicas": 1, "selector": {"matchLabels": {"app": APP}}, "template": template, **more})

    def is_told(self, phase="Healthy", **more):
        """What Argo Rollouts tell when all is done: the generation in digits, as a text."""
        now = self.api.request("GET", f"{self.kind.path}/{APP}")
        self.kind.tell(APP, observedGeneration=str(now["metadata"]["generation"]), phase=phase,
                       **{"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1, **more})

    def replica_set(self, name, version, owner=None):
        """One that no Deployment owns, and its pod, once that runs."""
        owners = [{"apiVersion": self.kind.api_version, "kind": "Rollout", "name": APP, "uid": owner["metadata"]["uid"],
                   "controller": True}] if owner else []
        labels = {"app": APP, "hash": name}
        self.api.create("replicasets", self.namespace, {"metadata": {"name": name, "labels": labels, "ownerReferences": owners}, "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers(version)}}}})
        self.world.until(self.namespace, lambda: [
            pod for pod in self.world.all("pods", self.namespace)
            if pod["metadata"]["name"].startswith(name) and pod["status"].get("phase") == "Running"], f"a pod of {name} runs")

    def its_application(self, versions=">=2.0.0", **more):
        return self.application(versions, kind="Rollout", apiVersion=self.kind.api_version, **more)

    def contract(self, to="1", **more):
        self.migrate(step="Contract", to=to, applications=[self.its_application(**more)])


class OtherKinds(Rollouts):

    def setUp(self):
        super().setUp()
        self.database(baseline="0")

    def test_rollout(self):
        """Its pods count whoever owns them, then its phase does; a ReplicaSet that a stranger made is one more."""
        self.kind.install()
        rollout = self.rollout()
        self.replica_set("old", "1.0.0", rollout)
        self.replica_set("new", "2.0.0")
        self.contract()
        self.closed(COMPATIBLE, says=f"{APP} runs 1.0.0 in 1 of 2 pods")
        self.delete("replicasets", "old")
        self.closed(SETTLED, reason="RolloutInProgress", says="does not tell whether its controller has seen its newest spec")
        self.is_told("Paused", message="CanaryPauseStep")
        self.closed(SETTLED, says="its phase is Paused (CanaryPauseStep)")
        self.is_told("Progressing", updatedReplicas=0)
        self.closed(SETTLED, says="its phase is Progressing")
        self.is_told(updatedReplicas=0)
        self.closed(SETTLED, says="its status.updatedReplicas is 0")
        self.is_told(readyReplicas=None)
        self.closed(SETTLED, says="its status.readyReplicas is not told")
        self.is_told()
        found = self.succeeds()["status"]["applications"][0]
        self.assertEqual((f"Rollout.{self.kind.group}/{APP}", "2.0.0", f"app={APP}", True),
                         (found["workload"], found["desired"], found["selector"], found["settled"]))
        self.holds()

    def test_replication_controller(self):
        """Of Kubernetes' own: it leaves out how many pods are ready while none is, and never tells how many are updated."""
        def template(version, **how):
            return {"metadata": {"labels": {"app": APP}, "annotations": steered(**how)}, "spec": {"containers": containers(version)}}

        self.api.create("replicationcontrollers", self.namespace, {"metadata": {"name": APP}, "spec": {
            "replicas": 2, "selector": {"app": APP}, "template": template("2.0.0", ready="false")}})
        self.migrate(step="Contract", applications=[self.application(">=2.0.0", kind="ReplicationController", apiVersion="v1")])
        self.closed(SETTLED, reason="RolloutInProgress", says="its spec.replicas is 2, and its status.readyReplicas is not told")
        self.api.change("replicationcontrollers", self.namespace, APP, {"spec": {"template": template("2.1.0", ready="true")}})
        waiting = self.closed(SETTLED, says=f"{APP} is rolling out 2.1.0")
        self.assertEqual(f"{APP} is to run 2.1.0, and runs 2.0.0 in 2 of 2 pods", waiting["status"]["lastBreach"]["message"])
        for pod in self.world.all("pods", self.namespace):
            self.delete("pods", pod["metadata"]["name"])
        found = self.succeeds()["status"]["applications"][0]
        self.assertEqual((f"ReplicationController/{APP}", "2.1.0", f"app={APP}", True),
                         (found["workload"], found["desired"], found["selector"], found["settled"]))
        self.holds()

    def test_deleted_with_pods_left(self):
        self.kind.install()
        self.rollout()
        self.replica_set("old", "1.0.0")  # of no owner: the garbage collector takes half a minute to know of a new kind
        self.is_told()
        self.contract(whenAbsent="Proceed")
        self.closed(COMPATIBLE, says=f"{APP} runs 1.0.0")
        self.kind.delete(APP)
        self.closed(COMPATIBLE, reason="VersionsIncompatible", says=f"{APP} (deleted; its pods: app={APP}) runs 1.0.0")
        self.delete("replicasets", "old")
        self.succeeds()
        self.holds()

    def test_template_of_another(self):
        """Nothing is guessed: neither the template that stands elsewhere, nor pods of a kind that has no selector."""
        self.kind.install()
        self.rollout(template=None, workloadRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "template"})
        self.is_told()
        self.contract()
        self.closed(COMPATIBLE, reason="VersionUnknown", says="its pod template is that of Deployment template (spec.workloadRef)")
        self.kind.change(APP, {"workloadRef": None, "selector": None, "template": {"spec": {"containers": containers("2.0.0")}}})
        self.closed(COMPATIBLE, reason="VersionUnknown", says="it has no spec.selector")
        self.kind.change(APP, {"selector": {"app": APP}})
        self.is_told()
        self.succeeds()
        self.holds()

    def test_kind_that_comes_later(self):
        """A kind that is not served is no absence, also where that would do."""
        self.contract(whenAbsent="Proceed")
        waiting = self.closed(COMPATIBLE, reason="ApplicationKindMissing", says=f"no kind Rollout in {self.kind.api_version}")
        self.assertEqual("RolloutInProgress", self.condition(waiting, SETTLED)["reason"])
        self.kind.install()
        self.succeeds(timeout=90)
        self.holds()

    def test_selected(self):
        """Several, by their own labels; one that is made meanwhile counts."""
        self.kind.install()
        for name, version in (("stable", "2.0.0"), ("canary", "1.0.0")):
            labels = {"app": name}
            self.kind.create(name, {"selector": {"matchLabels": labels},
                                    "template": {"metadata": {"labels": labels}, "spec": {"containers": containers(version)}}},
                             labels={"part-of": "orders"})
        self.migrate(applications=[self.its_application(selector={"matchLabels": {"part-of": "orders"}})])
        self.closed(COMPATIBLE, says="canary is to run 1.0.0")
        self.kind.delete("canary")
        self.assertEqual(["stable"], [found["workload"].split("/")[1] for found in self.succeeds()["status"]["applications"]])
        self.holds()


class ArgoRollouts(Rollouts):
    """Their own kind. What their controller writes into the status is taken from its sources; the test plays it."""

    def setUp(self):
        super().setUp()
        self.kind = ArgoRollout(self)
        self.database(baseline="0")

    def is_told(self, phase="Healthy", **more):
        told = {"phase": phase, "HPAReplicas": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
                "selector": f"app={APP}", "canary": {}, "blueGreen": {}, "stableRS": "old", "currentPodHash": "new", **more}
        status = self.kind.tell(APP, observedGeneration=str(self.rollout_now()["metadata"]["generation"]), **told)["status"]
        self.assertEqual(told, {key: status.get(key) for key in told}, "the schema has each of these words")

    def rollout_now(self):
        return self.api.request("GET", f"{self.kind.path}/{APP}")

    def test_canary(self):
        """Half of it is new, and it waits for a word; it is promoted; the old pods are gone, all is told to be healthy."""
        self.kind.install()
        steps = [{"setWeight": 50}, {"pause": {}}]
        rollout = self.rollout(replicas=2, strategy={"canary": {"steps": steps}}, noSuchField="dropped")
        self.assertNotIn("noSuchField", rollout["spec"], "the real schema is in force")
        self.replica_set("old", "1.0.0", rollout)
        self.replica_set("new", "2.0.0", rollout)
        condition = {"lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z", "reason": "r", "message": "m"}
        conditions = [{"type": "Available", "status": "True", **condition}, {"type": "Progressing", "status": "Unknown", **condition}]
        paused = {"message": "CanaryPauseStep", "controllerPause": True, "conditions": conditions,
                  "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}]}
        self.is_told("Paused", updatedReplicas=1, **paused)
        self.contract()
        waiting = self.closed(COMPATIBLE, reason="VersionsIncompatible", says=f"{APP} runs 1.0.0 in 1 of 2 pods; needs >=2.0.0")
        self.assertEqual("1.0.0 (1), 2.0.0 (1)", waiting["status"]["running"])
        self.change(applications=[self.its_application(">=1.0.0")])
        self.closed(SETTLED, reason="RolloutInProgress", says=f"{APP} is rolling out 2.0.0: its phase is Paused (CanaryPauseStep)")
        self.is_told("Progressing", message="more replicas need to be updated", updatedReplicas=1, pauseConditions=None)
        self.closed(SETTLED, says="its phase is Progressing (more replicas need to be updated)")
        self.delete("replicasets", "old")
        self.is_told("Healthy", message=None, stableRS="new")
        found = self.succeeds()["status"]["applications"][0]
        self.assertEqual((f"Rollout.argoproj.io/{APP}", "2.0.0", f"app={APP}", True),
                         (found["workload"], found["desired"], found["selector"], found["settled"]))
        self.holds()


class OtherKindsApart(Rollouts):
    """With a controller of their own, as the installation has it: it may not read what nobody has allowed it."""
    stage = "own"

    def start(self):
        self.own_controller = Candidate(self, "one").start()
        self.kind.install()

    def allow(self, *verbs):
        self.own_controller.grant({"apiGroups": [self.kind.group], "resources": [self.kind.plural], "verbs": list(verbs)})

    def test_permission(self):
        """What may not be read is named with its remedy, and no absence; get is never needed; then it is watched, no longer than needed."""
        self.start()
        always = self.own_controller.metric("interlude_watches")
        self.contract(whenAbsent="Proceed")
        waiting = self.closed(COMPATIBLE, reason="ApplicationForbidden", says='interlude.dev/aggregate-to-controller: "true"')
        self.assertIn(f'cannot watch resource "{self.kind.plural}"', waiting["status"]["message"])
        self.assertNotIn("withdrawn", waiting["status"], "nothing was claimed")
        self.assertEqual(0, self.own_controller.metric("interlude_watches_broken"))
        self.rollout("1.0.0")
        self.allow("list", "watch")
        self.closed(COMPATIBLE, reason="VersionsIncompatible", says="is to run 1.0.0", timeout=90)
        self.kind.delete(APP)
        self.succeeds(timeout=90)
        self.world.until(self.namespace, lambda: self.own_controller.metric("interlude_watches") == always, "nothing more is watched")
        self.holds()

    test_permission.lasts = 20

    def test_half_a_permission(self):
        """It may watch and not list: found out just before the start, and the claim is given back."""
        self.start()
        self.rollout()
        self.is_told()
        self.allow("watch")
        self.contract(whenAbsent="Proceed")
        given_back = self.expect("first", lambda seen: seen["status"].get("withdrawn", 0) > 0, "gives the claim back")
        self.assertIn(f'cannot list resource "{self.kind.plural}"', given_back["status"]["message"])
        self.assertEqual([], self.jobs("first"))
        self.allow("list")
        self.succeeds(timeout=90)
        self.holds()
