# SPDX-License-Identifier: Apache-2.0
"""R7 once more, by the API server's audit log alone: the gates that a person or the time opens, when a run was let go.

Of two requests that were under way at the same time nobody can say which the server took first: what happened within a
second of a look counts neither way. Where a spec was edited meanwhile, what all of its versions ask for is judged.
"""
import datetime
import re

from end import satisfies, tag_of
from ground import requests
from ground.case import APP
from ground.world import version_of

SECOND = datetime.timedelta(seconds=1)


def broken(world, namespace, asked):
    specs = {}
    for _, seen in world.told("schemamigrations", namespace):
        specs.setdefault(seen["metadata"]["uid"], []).append(seen["spec"])
    for job, labels, since in requests.starts(world, namespace, asked):
        versions = specs[labels["interlude.dev/migration-uid"]]
        yield from without_approval(job, versions, since, asked)
        yield from before_its_soak(world, namespace, job, versions, since, asked)


def time_of(request):
    return datetime.datetime.fromisoformat(request.at)


def without_approval(job, versions, since, asked):
    """The one that was read before the start had not been taken back by then."""
    if any(spec.get("approval") != "Required" for spec in versions):
        return
    read = next((seen for seen in since if (seen.resource, seen.code) == ("migrationapprovals", 200)), None)
    if not read:
        yield f"Job {job.name} was created and no approval was read since the claim"
        return
    revoked = [seen for seen in asked if (seen.resource, seen.name, seen.verb, seen.code) == ("migrationapprovals", read.name, "delete", 200)]
    if revoked and time_of(revoked[0]) < time_of(read) - SECOND:
        yield f"Job {job.name} was created by approval {read.name}, which was revoked at {revoked[0].at}, and read at {read.at}"


def before_its_soak(world, namespace, job, versions, since, asked):
    """While it lasted no pod of a version lived that it does not allow, and no rollout of the application began."""
    soak = min(seconds(spec.get("soak", "0s")) for spec in versions) * SECOND
    constraints = {application["versions"] for spec in versions for application in spec.get("applications", [])}
    looked = next((time_of(seen) for seen in since if (seen.resource, seen.code) == ("pods", 200)), None)
    if soak < 3 * SECOND or not looked or len(constraints) != 1 or not all(spec.get("applications") for spec in versions):
        return
    rollouts = {}
    for pod, began, ended in lives(world, namespace, asked):
        template = pod["metadata"]["labels"].get("pod-template-hash")
        rollouts[template] = min(began, rollouts.get(template, began))
        is_compatible = satisfies(tag_of(pod["spec"]), *constraints)
        if not is_compatible and began < looked - SECOND and ended > looked - soak + SECOND:
            yield f"Job {job.name} was created at {job.at} after a soak of {soak}, and pod {pod['metadata']['name']} lived until {ended}"
    for template, began in rollouts.items():
        if looked - soak + SECOND < began < looked - SECOND and is_application_there(world, namespace, job):
            yield f"Job {job.name} was created at {job.at} after a soak of {soak}, and the rollout of {template} began at {began}"


def is_application_there(world, namespace, job):
    created = next(version_of(seen) for _, seen in world.told("jobs", namespace) if seen["metadata"]["name"] == job.name)
    told = [how for how, seen in world.told("deployments", namespace) if version_of(seen) < created]
    return bool(told) and told[-1] != "DELETED"


def lives(world, namespace, asked):
    """(pod of the application, when it was created, when it was gone)."""
    pods = {}
    for _, pod in world.told("pods", namespace):
        if pod["metadata"].get("labels", {}).get("app") == APP:
            pods[pod["metadata"]["name"]] = pod
    gone = {seen.name: time_of(seen) for seen in asked if (seen.resource, seen.verb, seen.code) == ("pods", "delete", 200)}
    for name, pod in pods.items():
        ends = [gone.get(name, datetime.datetime.max.replace(tzinfo=datetime.timezone.utc))]
        ends += [datetime.datetime.fromisoformat(told["state"]["terminated"]["finishedAt"])
                 for told in pod.get("status", {}).get("containerStatuses", []) if "finishedAt" in told["state"].get("terminated", {})]
        yield pod, datetime.datetime.fromisoformat(pod["metadata"]["creationTimestamp"]), min(ends)


def seconds(duration):
    return int(re.fullmatch(r"(\d+)s", duration).group(1))
