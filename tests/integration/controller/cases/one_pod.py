# SPDX-License-Identifier: Apache-2.0
"""R1: the Job controller makes a second pod of one Job, and it never starts (steps 9a and 9b)."""
from ground.case import Case
from ground.pods import is_gated

from cases import restart

OURS = "interlude.dev/outcome"


def others(case, first):
    return [pod for pod in case.pods() if pod["metadata"]["name"] != first["metadata"]["name"]]


class OnePod(Case):

    def finalizers(self, pod, *left):
        self.api.change("pods", self.namespace, pod["metadata"]["name"], {"metadata": {"finalizers": list(left) or None}})

    def second_pod(self, first):
        self.world.until(self.namespace, lambda: others(self, first), "the Job controller makes a second pod")
        return others(self, first)[0]["metadata"]["name"]

    def never_starts(self, name):
        shown = [pod for _, pod in self.world.told("pods", self.namespace) if pod["metadata"]["name"] == name]
        self.assertTrue(shown)
        for pod in shown:
            self.assertTrue(is_gated(pod) and "nodeName" not in pod["spec"], pod)

    def test_forgotten_by_its_job(self):
        """Without its own finalizer the Job controller takes the pod for one that it has never seen end."""
        self.migrate(how={"hold": "true", "message": "done"})
        first = self.running_pod()
        noted = self.migration()["status"]["attempt"]["podUID"]
        self.assertEqual(first["metadata"]["uid"], noted)
        self.finalizers(first, OURS)
        self.finish()
        second = self.second_pod(first)
        self.succeeds()
        self.assertEqual(noted, self.migration()["status"]["attempt"]["podUID"])
        self.never_starts(second)
        self.assertEqual("1", self.ledger()["version"])
        self.holds()

    def test_taken_away(self):
        """R8b: the noted pod is gone with its finalizers: nobody knows whether its process has ended."""
        self.migrate(how={"hold": "true"}, retries=2)
        first = self.running_pod()
        self.finalizers(first)
        self.api.delete("pods", self.namespace, first["metadata"]["name"], gracePeriodSeconds=0)
        self.reaches("first", "Failed", "PodVanished")
        self.stays(lambda: self.claim() and len(self.jobs()) == 1, "nothing follows", 3)
        for second in others(self, first):  # unless the Job was told to end first
            self.never_starts(second["metadata"]["name"])
        self.annotate(confirm_ended="1")
        self.released()
        self.let_go()
        self.holds()


class OnePodUnseen(Case):
    stage = "own"
    a_controller = restart.Restart.a_controller
    ends_well = restart.Restart.ends_well


    def test_stopped_and_resumed(self):
        """While no controller of ours looks: what the Job controller makes then is not let start either."""
        controller = self.a_controller().start()
        self.migrate(how={"hold": "true", "on_term_exit_code": 0})
        first = self.running_pod()
        controller.kill()
        job = self.jobs()[0]["metadata"]["name"]
        self.api.change("jobs", self.namespace, job, {"spec": {"suspend": True}})
        self.world.until(self.namespace, lambda: any("deletionTimestamp" in pod["metadata"] for pod in self.pods()), "its pod is stopped")
        self.api.change("jobs", self.namespace, job, {"spec": {"suspend": False}})
        self.world.until(self.namespace, lambda: others(self, first), "the Job controller makes a second pod")
        controller.start()
        self.fails(reason="InterruptedUnproven")
        for pod in others(self, first):
            self.assertTrue(is_gated(pod), pod)
        self.ends_well()
