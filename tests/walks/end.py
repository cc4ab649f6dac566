# SPDX-License-Identifier: Apache-2.0
"""After faults stop: what a person still does, and what keeps the state from being settled.

Whether a gate is closed is judged here from the objects again, not taken from the controller's conditions.
"""
import re

from ground.case import APP, steered
from ground.pods import is_gated, may_run
from ground.rules import OUTCOME, RUN, never_starts
from ground.runs import UNPROVEN
from operations import LOST

MIGRATION = "interlude.dev/migration"
GATES = ("JobValid", "NotSuspended", "SchemaVersionMet", "VersionsCompatible", "RolloutSettled", "Soaked", "Approved", "LockHeld")


def ours(walk, kind):
    return [seen for seen in walk.world.all(kind, walk.namespace) if "interlude.dev/migration-uid" in seen["metadata"].get("labels", {})]


def help_on(walk):
    """Runs that wait for a person end; what is in doubt is made sure of; Jobs that were changed by hand are put right."""
    for pod in ours(walk, "pods"):
        annotations = pod["metadata"].get("annotations", {})
        held, waits = (steered(**{key: ""}).popitem()[0] for key in ("hold", "waiting_reason"))
        finished = steered(finish="true")
        if may_run(pod) and annotations.get(held) == "true" and not finished.items() <= annotations.items():
            walk.patch("pods", pod["metadata"]["name"], {"metadata": {"annotations": finished}})
        if may_run(pod) and waits in annotations:
            walk.patch("pods", pod["metadata"]["name"], {"metadata": {"annotations": {waits: None}}})
    for pod in ours(walk, "pods"):
        if is_gated(pod) and "deletionTimestamp" not in pod["metadata"] and is_left_behind(walk, pod):
            walk.delete("pods", pod["metadata"]["name"], "Background")
    for job in ours(walk, "jobs"):
        if MIGRATION not in job["metadata"]["labels"]:
            name = job["metadata"]["name"].rsplit("-", 2)[0]  # <migration>-<of its UID>-<attempt>
            walk.patch("jobs", job["metadata"]["name"], {"metadata": {"labels": {MIGRATION: name}}})
    for migration in walk.world.all("schemamigrations", walk.namespace):
        attempt = migration.get("status", {}).get("attempt", {})
        wanted = {"interlude.dev/confirm-ended": str(attempt.get("number"))}
        if attempt.get("reason") in UNPROVEN and not wanted.items() <= migration["metadata"].get("annotations", {}).items():
            walk.confirm(migration["metadata"]["name"])
    for database in walk.databases():
        claim = database.get("status", {}).get("claim")
        there = [seen["metadata"]["uid"] for seen in walk.world.all("schemamigrations", walk.namespace)]
        frozen = [pod for pod in ours(walk, "pods") if steered(frozen="true").items() <= pod["metadata"].get("annotations", {}).items()
                  and claim and pod["metadata"]["labels"]["interlude.dev/migration-uid"] == claim["uid"]]
        wanted = {"interlude.dev/confirm-ended": str(claim["attempt"])} if claim else {}
        if frozen and claim["uid"] not in there and not wanted.items() <= database["metadata"].get("annotations", {}).items():
            walk.confirmed.add((claim["uid"], claim["attempt"]))
            walk.patch("databases", database["metadata"]["name"], {"metadata": {"annotations": wanted}})


def is_left_behind(walk, pod):
    """Its migration is gone and its Job over: whether somebody still opens its gate only a person can tell (O5)."""
    there = {seen["metadata"]["uid"] for seen in walk.world.all("schemamigrations", walk.namespace)}
    owners = {owner["uid"] for owner in pod["metadata"].get("ownerReferences", [])}
    jobs = [job for job in ours(walk, "jobs") if job["metadata"]["uid"] in owners]
    return (pod["metadata"]["labels"]["interlude.dev/migration-uid"] not in there
            and all("deletionTimestamp" in job["metadata"] or is_over(job) for job in jobs))


def is_over(job):
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in job.get("status", {}).get("conditions", []))


def remove_lost_node(walk):
    """Its pods are then deleted by force, as the pod garbage collector does; a namespace waits for that."""
    for pod in ours(walk, "pods"):
        if steered(frozen="true").items() <= pod["metadata"].get("annotations", {}).items():
            name = pod["metadata"]["name"]
            walk.in_passing(walk.api.change, "pods", walk.namespace, name, {"status": LOST}, "strategic", "status")
            walk.in_passing(walk.api.delete, "pods", walk.namespace, name, gracePeriodSeconds=0)


def unsettled(walk):
    """Sentences; none: everything that could end has ended."""
    yield from unsettled_application(walk)
    waiting = set()
    for migration in walk.world.all("schemamigrations", walk.namespace):
        name = f"migration {migration['metadata']['name']}"
        status = migration.get("status", {})
        attempt = status.get("attempt", {})
        phase = status.get("phase")
        if phase == "Waiting" and is_allowed(walk, migration):
            waiting.add(database_of(migration))
        if "deletionTimestamp" in migration["metadata"]:
            yield f"{name} is being deleted"
        elif RUN in migration["metadata"].get("finalizers", []) and phase != "Waiting":
            yield f"{name} is held"  # one that was given back stays held while it waits
        elif status.get("observedGeneration") != migration["metadata"]["generation"]:
            yield f"{name} was edited, and the status is about generation {status.get('observedGeneration')}"
        elif phase == "Waiting":
            if status["reason"] == "RetryBackoff" or not closed_gates(walk, migration):
                yield f"{name} waits ({status['reason']}: {status['message']}), and all its gates are open"
        elif phase == "Failed" and migration["metadata"].get("annotations", {}).get("interlude.dev/retry") == str(attempt["number"]):
            yield f"{name} is Failed, and a retry is asked for"
        elif phase == "Failed" and attempt["generation"] != migration["metadata"]["generation"] and attempt["specHash"] != status["specHash"]:
            yield f"{name} is Failed, and its spec has changed"
        elif phase not in ("Failed", "Succeeded"):
            yield f"{name} is {phase}"
    for database in walk.databases():
        name = database["metadata"]["name"]
        is_held = RUN in database["metadata"].get("finalizers", [])
        if database.get("status", {}).get("claim"):
            yield f"database {name} is claimed: {database['status']['claim']}"
        if is_held != (name in waiting):
            yield f"database {name} is {'held' if is_held else 'not held'}, migrations that wait for it: {name in waiting}"
    for kind in ("jobs", "pods"):
        for seen in ours(walk, kind):
            if OUTCOME in seen["metadata"].get("finalizers", []):
                yield f"{kind}/{seen['metadata']['name']} is held"
    for job in ours(walk, "jobs"):
        if not is_over(job):
            yield f"Job {job['metadata']['name']} is there and not over, parallelism {job['spec'].get('parallelism')}"
    for pod in ours(walk, "pods"):
        labels = pod["metadata"]["labels"]
        is_inert = never_starts(walk.world, walk.namespace, pod) and not pod["metadata"].get("ownerReferences")
        if may_run(pod) and not is_inert and (labels["interlude.dev/migration-uid"], int(labels["interlude.dev/attempt"])) not in walk.confirmed:
            yield f"pod {pod['metadata']['name']} may run"


def unsettled_application(walk):
    """What its controller and the node still do to it would be told in the status."""
    for deployment in walk.world.all("deployments", walk.namespace):
        status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
        counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas")}
        if status.get("observedGeneration") != deployment["metadata"]["generation"] or counts != {wanted}:
            yield f"{APP} is rolling out"
    for pod in walk.world.all("pods", walk.namespace):
        if pod["metadata"].get("labels", {}).get("app") == APP and "deletionTimestamp" in pod["metadata"]:
            yield f"pod {pod['metadata']['name']} is terminating"


def database_of(migration):
    return migration["spec"]["database"].rpartition("/")[2]


def is_allowed(walk, migration):
    database = walk.database(database_of(migration))
    return "/" not in migration["spec"]["database"] or (database and walk.namespace in database["spec"].get("allowedNamespaces", []))


def is_approved(walk, migration):
    return any((given["spec"]["uid"], given["spec"]["specHash"]) == (migration["metadata"]["uid"], migration["status"]["specHash"])
               and "deletionTimestamp" not in given["metadata"] for given in walk.world.all("migrationapprovals", walk.namespace))


def are_told_closed(migration):
    """The gates of which its conditions say so."""
    return {c["type"] for c in migration.get("status", {}).get("conditions", []) if c["type"] in GATES and c["status"] == "False"}


def closed_gates(walk, migration):
    """Why it may not start, by the objects; none, too, where its conditions tell something else than what is so."""
    spec = migration["spec"]
    told = are_told_closed(migration)
    database = is_allowed(walk, migration) and walk.database(database_of(migration)) or {"metadata": {}}
    ledger = database.get("status", {})
    found = set()
    if spec.get("suspend"):
        found.add("NotSuspended")
    if not is_allowed(walk, migration):
        found.add("SchemaVersionMet")
    if spec.get("approval") == "Required" and not is_approved(walk, migration):
        found.add("Approved")
    if spec["toVersion"] in ledger.get("passed", []) or ("fromVersion" in spec and spec["fromVersion"] != ledger.get("version")):
        found.add("SchemaVersionMet")
    for application in spec.get("applications", []):
        found |= closed_by(walk, application, spec, ledger, told)
    if found & {"VersionsCompatible", "RolloutSettled"} and "soak" in spec:
        found.add("Soaked")  # it begins when they hold; after that its time is over soon
    # A Database that is being deleted stays until those that wait for it are deleted too, and takes no run any more.
    if "deletionTimestamp" in database["metadata"]:
        found.add("LockHeld")
    return found if found == told - ({"LockHeld"} - found) else set()


def closed_by(walk, application, spec, ledger, told):
    deployment = walk.world.get("deployments", walk.namespace, APP)
    pods = [pod for pod in walk.world.all("pods", walk.namespace) if pod["metadata"].get("labels", {}).get("app") == APP]
    if not deployment and pods:
        # Orphaned pods count if the application was seen while it was there.
        return told & {"VersionsCompatible", "RolloutSettled"}
    if not deployment:
        if application.get("whenAbsent") == "Proceed" or "version" not in ledger:
            return set()
        return {"VersionsCompatible", "RolloutSettled"} if must_settle(spec) else {"VersionsCompatible"}
    tags = {tag_of(pod["spec"]) for pod in pods} | {tag_of(deployment["spec"]["template"]["spec"])}
    return set() if all(satisfies(tag, application["versions"]) for tag in tags) else {"VersionsCompatible"}


def must_settle(spec):
    return spec.get("rollout", "Any" if spec["step"] == "Expand" else "Settled") == "Settled"


def tag_of(pod_spec):
    return pod_spec["containers"][0]["image"].rpartition(":")[2]


def satisfies(tag, constraint):
    """For the constraints that operations.py draws: one comparison of whole versions."""
    operator, wanted = re.fullmatch(r"(>=|<)([\d.]+)", constraint).groups()
    is_at_least = [int(part) for part in tag.split(".")] >= [int(part) for part in wanted.split(".")]
    return is_at_least == (operator == ">=")
