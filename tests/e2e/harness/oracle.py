# SPDX-License-Identifier: Apache-2.0
"""What must be true of all stories together, by the API server's own record: its audit log."""
import collections
import json
import os
import time
import unittest

JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"
CONTROLLER = "system:serviceaccount:interlude-system:interlude"
MOST_REQUESTS = 22  # for one migration with one application, from its apply until everything is let go: 21, and that it runs for long


def audit_events():
    """Every event of somebody known: who was not let in at all (401) is nobody, and has done nothing."""
    with open(os.environ["INTERLUDE_AUDIT_LOG"], encoding="utf-8") as log:
        for line in log:
            event = json.loads(line)
            if "username" in event["user"]:
                yield event


def pods_created():
    """Every pod that the Job controller has created for a run: namespace, migration, attempt, Job, the Job's UID."""
    for event in audit_events():
        reference = event.get("objectRef", {})
        if (event["user"]["username"] != JOB_CONTROLLER or event["verb"] != "create"
                or reference.get("resource") != "pods" or event.get("responseStatus", {}).get("code") != 201):
            continue
        metadata = event["requestObject"]["metadata"]
        labels = metadata.get("labels", {})
        if "interlude.dev/migration" in labels:
            owner = metadata["ownerReferences"][0]
            yield (reference["namespace"], labels["interlude.dev/migration"], int(labels["interlude.dev/attempt"]),
                   owner["name"], owner["uid"])


def requests_of_controller(namespace):
    """Method and path of what the controller sent about a namespace. A watch is recorded twice, at its start and its end."""
    for event in audit_events():
        if event["stage"] == "ResponseStarted":
            continue
        if event["user"]["username"] == CONTROLLER and event.get("objectRef", {}).get("namespace") == namespace:
            yield event["verb"], event["requestURI"].partition("?")[0], event.get("responseStatus", {}).get("code")


class Oracle(unittest.TestCase):
    """Run after all stories."""

    api = None
    recorded = None
    began = ""  # when the stories began, as the audit log writes it

    def setUp(self):
        if self._testMethodName != "test_namespaces_go" and not os.environ.get("INTERLUDE_AUDIT_LOG"):
            self.skipTest("a cluster that is not ours: there is no audit log to read")

    def test_one_pod_per_attempt(self):
        """R1: at most one pod for each Job and each attempt ever; exactly one for each attempt of a status."""
        by_job = collections.Counter()
        by_attempt = collections.Counter()
        for namespace, migration, attempt, job, uid in pods_created():
            by_job[(namespace, job, uid)] += 1
            by_attempt[(namespace, migration, attempt, job)] += 1
        self.assertEqual({}, {key: count for key, count in by_job.items() if count > 1}, "pods of one Job")
        self.assertEqual({}, {key: count for key, count in by_attempt.items() if count > 1}, "pods of one attempt")
        self.assertEqual([], [key for key in self.recorded if by_attempt[key] != 1], "attempts without a pod of their own")
        self.assertGreater(len(by_attempt), 0, "the audit log shows no run at all")

    def test_requests_of_a_plain_migration(self):
        """At most 22 requests, Events included; watches are counted apart, they are shared by all migrations."""
        every = list(requests_of_controller("e2e-runs-plain"))
        if not every:
            self.skipTest("the story Runs.test_plain has not run")
        watches = [request for request in every if request[0] == "watch"]
        rest = [request for request in every if request[0] != "watch"]
        listing = "\n".join(f"  {verb} {path} {code}" for verb, path, code in every)
        with open(os.path.join(os.environ.get("E2E_LOGS", "."), "requests.txt"), "w", encoding="utf-8") as file:
            file.write(listing + "\n")
        print(f"       a plain migration: {len(rest)} requests, and {len(watches)} watches", flush=True)
        self.assertLessEqual(len(rest), MOST_REQUESTS, f"{len(rest)} requests:\n{listing}")
        self.assertGreater(len(rest), 4, f"that cannot be all:\n{listing}")

    def test_namespaces_go(self):
        """The namespaces of the stories that passed are deleted with migrations in every state: nothing holds them."""
        deadline = time.monotonic() + 90
        while True:
            stuck = [n["metadata"]["name"] for n in self.api.list("namespaces", None, "interlude-e2e")
                     if n["metadata"].get("deletionTimestamp")]
            if not stuck:
                return
            if time.monotonic() > deadline:
                self.fail(f"still being deleted: {stuck}")
            time.sleep(0.5)

    def test_the_controller_was_never_restarted(self):
        pods = self.api.list("pods", "interlude-system", "app.kubernetes.io/name=interlude")
        self.assertEqual([0, 0], [status["restartCount"] for pod in pods for status in pod["status"]["containerStatuses"]])

    def test_the_controller_was_never_refused(self):
        """Its permissions suffice. What it may not create is another matter: a namespace that is being deleted, a pod whose
        service account is missing; and so is what a story lets it see only later."""
        refused = [f"{event['verb']} {event['requestURI']}" for event in audit_events()
                   if event["user"]["username"] == CONTROLLER and event.get("responseStatus", {}).get("code") == 403
                   and event["verb"] != "create" and event["requestReceivedTimestamp"] > self.began
                   and "waiting-secret-that-comes-later/secrets?" not in event["requestURI"]]
        self.assertEqual([], refused)
