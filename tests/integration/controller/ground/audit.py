# SPDX-License-Identifier: Apache-2.0
"""What was asked of the API server, by its own record."""
import collections
import json

JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"


class Audit:
    def __init__(self, path):
        self.path = path

    def size(self):
        return self.path.stat().st_size

    def about(self, text, since=0):
        """The finished requests whose record has the text, from a size of the log on."""
        text = text.encode()
        with open(self.path, "rb") as log:
            log.seek(since)
            for line in log:
                if text in line:
                    event = json.loads(line)
                    if event["stage"] != "ResponseStarted":
                        yield event

    def of_controller(self, namespace, since=0):
        """Of Interlude about a namespace: (verb, path, code). Not watches, nor the leader election, which is of no migration."""
        found = []
        for event in self.about(f'"namespace":"{namespace}"', since):
            is_work = event["verb"] != "watch" and event["objectRef"].get("resource") != "leases"
            if event.get("userAgent", "").startswith("interlude/") and is_work:
                found.append((event["verb"], event["requestURI"], event["responseStatus"].get("code")))
        return found

    def writes_of(self, user, since=0):
        """What a user wrote, the leader election left out: (verb, path, code).

        Nor a request whose body never came, because its sender gave it up when only the header had gone out.
        """
        return [(event["verb"], event["requestURI"], event["responseStatus"].get("code")) for event in self.about(f'"{user}"', since)
                if event["user"]["username"] == user and event["verb"] in ("create", "update", "patch", "delete")
                and event["objectRef"].get("resource") != "leases"
                and not event["responseStatus"].get("message", "").startswith("stream error")]

    def pods_of_job_controller(self):
        """namespace -> how many pods the Job controller has created."""
        found = collections.Counter()
        for event in self.about(f'"{JOB_CONTROLLER}"'):
            reference = event.get("objectRef", {})
            if event["verb"] == "create" and reference.get("resource") == "pods" and event["responseStatus"].get("code") == 201:
                found[reference["namespace"]] += 1
        return found
