# SPDX-License-Identifier: Apache-2.0
"""What must hold of every test, whatever it is about: the rules of the run protocol, read off all that was seen.

Objects of different kinds are put in order by their resourceVersion, which is etcd's revision.
"""
import collections

from ground import runs
from ground.pods import is_gated, may_run
from ground.world import version_of

RUN = "interlude.dev/run"
OUTCOME = "interlude.dev/outcome"
UID = "interlude.dev/migration-uid"
ATTEMPT = "interlude.dev/attempt"


def attempt_of(seen):
    labels = seen["metadata"].get("labels", {})
    return (labels[UID], int(labels[ATTEMPT])) if UID in labels else None


def by_uid(told):
    versions = collections.defaultdict(list)
    for how, seen in told:
        if how != "DELETED":
            versions[seen["metadata"]["uid"]].append(seen)
    return versions


def broken_rules(world, namespace, touched=()):
    """A sentence for each rule that was broken.

    touched: UIDs of Jobs that a person has edited, suspended or deleted.
    """
    migrations = by_uid(world.told("schemamigrations", namespace))
    yield from terminal_phases(migrations)
    yield from histories(migrations)
    yield from runs.broken(world, namespace, migrations, touched)
    yield from order_of_steps(world, namespace, migrations, touched)
    yield from approvals(world, namespace, migrations)
    yield from allowed(world, namespace)
    yield from releases(world, namespace, migrations)


def terminal_phases(migrations):
    """R3: never from Succeeded."""
    for versions in migrations.values():
        phases = [seen.get("status", {}).get("phase") for seen in versions]
        if "Succeeded" in phases and set(phases[phases.index("Succeeded"):]) != {"Succeeded"}:
            yield f"{versions[0]['metadata']['name']} left Succeeded: {phases}"


def histories(migrations):
    """R9: each transition stands in the history once, and none is ever changed."""
    for versions in migrations.values():
        before = []
        for seen in versions:
            history = seen.get("status", {}).get("history", [])
            name = seen["metadata"]["name"]
            if len(before) < 50 and history[:len(before)] != before:
                yield f"{name}: the history was rewritten: {before} became {history}"
            if any(a["phase"] == b["phase"] for a, b in zip(history, history[1:])):
                yield f"{name}: a transition stands twice in the history: {history}"
            if history and history[-1]["phase"] != seen["status"]["phase"]:
                yield f"{name}: phase {seen['status']['phase']} is not the newest of the history: {history}"
            before = history


def first(versions, holds):
    for seen in versions:
        if holds(seen):
            return version_of(seen)
    return None


def noted_pods(migration):
    status = migration.get("status", {})
    return [tried.get("podUID") for tried in [status.get("attempt", {}), *status.get("attempts", [])]]


def never_starts(world, namespace, pod):
    """It stands behind the gate, and nobody has ever noted it: whoever took it from its Job, it is but an object."""
    noted = {uid for _, seen in world.told("schemamigrations", namespace) for uid in noted_pods(seen)}
    return is_gated(pod) and pod["metadata"]["uid"] not in noted


def order_of_steps(world, namespace, migrations, touched):
    """Steps 2, 5, 7, 8: claimed, the Job parked, Running with its UID, armed; and only then a pod. 9a, 9b: noted, then let start.

    A person may let a parked Job go as well: its pod waits behind the gate.
    """
    jobs = by_uid(world.told("jobs", namespace))
    pods = by_uid(world.told("pods", namespace))
    databases = [seen for how, seen in world.told("databases", namespace) if how != "DELETED"]
    for uid, versions in jobs.items():
        attempt = attempt_of(versions[0])
        if attempt is None:
            continue
        name = versions[0]["metadata"]["name"]
        claimed = first(databases, lambda seen, a=attempt: claim_of(seen) == a)
        created = version_of(versions[0])
        armed = first(versions, lambda seen: seen["spec"].get("parallelism") == 1)
        running = first(migrations.get(attempt[0], []), lambda seen, u=uid:
                        u in [tried.get("jobUID") for tried in
                              [seen.get("status", {}).get("attempt", {}), *seen.get("status", {}).get("attempts", [])]])
        if versions[0]["spec"].get("parallelism") != 0 or "ownerReferences" in versions[0]["metadata"]:
            yield f"Job {name} was not created parked"
        if claimed is None or claimed > created:
            yield f"Job {name} was created at {created}, the claim came at {claimed}"
        if armed and (running is None or running > armed):
            yield f"Job {name} was armed at {armed}, the migration said Running at {running}"
        for pod_uid, of_pod in pods.items():
            if of_pod[0]["metadata"].get("ownerReferences", [{}])[0].get("uid") != uid:
                continue
            if uid not in touched and (armed is None or version_of(of_pod[0]) < armed):
                yield f"Job {name} had a pod at {version_of(of_pod[0])}, and was armed at {armed}"
            opened = first(of_pod, lambda seen: not is_gated(seen))
            noted = first(migrations.get(attempt[0], []), lambda seen, u=pod_uid: u in noted_pods(seen))
            if opened and (noted is None or noted > opened):
                yield f"pod {of_pod[0]['metadata']['name']} was let start at {opened}, the migration noted it at {noted}"


def approvals(world, namespace, migrations):
    """R7: what asks for an approval begins with one that was given before, for just this migration and the spec that runs."""
    given = by_uid(world.told("migrationapprovals", namespace))
    gone = {seen["metadata"]["uid"]: version_of(seen) for how, seen in world.told("migrationapprovals", namespace) if how == "DELETED"}
    for uid, versions in migrations.items():
        begun = {}  # number -> the first version that told of the attempt
        for seen in versions:
            begun.setdefault(seen.get("status", {}).get("attempt", {}).get("number", 0), seen)
        begun.pop(0, None)
        for number, seen in begun.items():
            name, attempt = seen["metadata"]["name"], seen["status"]["attempt"]
            record = attempt.get("approval")
            is_asked = seen["spec"].get("approval") == "Required" and attempt.get("generation") == seen["metadata"].get("generation")
            if is_asked and not record:
                yield f"{name}: attempt {number} began and nobody approved it"
            if record:
                found = given.get(record["uid"], [{"metadata": {"resourceVersion": "0"}, "spec": {}}])[0]
                spec = found["spec"]
                if (spec.get("uid"), spec.get("specHash"), spec.get("approvedBy")) != (uid, attempt["specHash"], record["approvedBy"]):
                    yield f"{name}: attempt {number} began by {record}, which is for something else: {spec}"
                elif version_of(found) > version_of(seen):
                    yield f"{name}: attempt {number} began before it was approved"
                elif gone.get(record["uid"], runs.NEVER) < claimed_at(world, namespace, uid, number):
                    yield f"{name}: attempt {number} began by {record}, which had been revoked before the claim"


def claimed_at(world, namespace, uid, number):
    databases = [seen for how, seen in world.told("databases", namespace) if how != "DELETED"]
    return first(databases, lambda seen: claim_of(seen) == (uid, number)) or 0


def claim_of(database):
    claim = database.get("status", {}).get("claim", {})
    return claim.get("uid"), claim.get("attempt")


def allowed(world, namespace):
    """A claim of another namespace is written onto a version of the Database that allows it."""
    for versions in by_uid(world.told("databases", namespace)).values():
        for before, after in zip([{}, *versions], versions):
            claim = after.get("status", {}).get("claim", {})
            is_new = claim and claim_of(after) != claim_of(before)
            if is_new and "namespace" in claim and claim["namespace"] not in after.get("spec", {}).get("allowedNamespaces", []):
                yield f"database {after['metadata']['name']}: {claim} was written, and its namespace is not allowed"


def releases(world, namespace, migrations):
    """R2, R6, R8b: a claim is only ever followed by none; by then nothing runs, and the outcome is written.

    The ledger moves with the release, and only for a success.
    """
    for versions in by_uid(world.told("databases", namespace)).values():
        name = versions[0]["metadata"]["name"]
        yield from written_twice(name, versions[-1].get("status", {}))
        for before, after in zip(versions, versions[1:]):
            old, new = before.get("status", {}).get("claim"), after.get("status", {}).get("claim")
            passed = [seen.get("status", {}).get("passed", []) for seen in (before, after)]
            if not old:
                # With the claim the baseline is written down as passed.
                if passed[0] != passed[1] and passed[1] != [after.get("spec", {}).get("baseline")]:
                    yield f"database {name}: the ledger moved without a claim: {passed}"
                continue
            if new and (new["uid"], new["attempt"]) != (old["uid"], old["attempt"]):
                yield f"database {name}: the claim {old} was taken over by {new}"
            if new:
                continue
            attempt = (old["uid"], old["attempt"])
            yield from at_release(world, namespace, after, attempt)
            if attempt[0] not in gone_by(world, namespace, version_of(after)):
                yield from ledger_at_release(migrations, name, attempt, version_of(after), passed)


def written_twice(name, ledger):
    for what, entries in (("passed", ledger.get("passed", [])),
                          ("the ledger", [(entry["uid"], entry["version"]) for entry in ledger.get("history", [])])):
        if len(entries) != len(set(entries)):
            yield f"database {name}: an entry stands twice in {what}: {entries}"


def at_release(world, namespace, database, attempt):
    name, when = database["metadata"]["name"], version_of(database)
    if runs.vouched_for(world, namespace).get(attempt, runs.NEVER) < when:
        return
    latest = {}
    for how, pod in world.told("pods", namespace):
        if attempt_of(pod) == attempt and version_of(pod) < when:
            latest[pod["metadata"]["uid"]] = None if how == "DELETED" else pod
    for pod in latest.values():
        if pod and is_lost_with_all(world, namespace, database, attempt, pod):
            continue
        if pod and may_run(pod) and not never_starts(world, namespace, pod):
            yield f"database {name}: the claim of {attempt} was released while pod {pod['metadata']['name']} ran: {pod['status']}"


def is_lost_with_all(world, namespace, database, attempt, pod):
    """Of a node that is lost, in a namespace that is deleted with its Database: nobody is left to confirm anything."""
    is_going = any(record.get("number") == attempt[1] and record.get("reason") == "NamespaceDeleted"
                   for _, seen in world.told("schemamigrations", namespace) if seen["metadata"]["uid"] == attempt[0]
                   for record in [seen.get("status", {}).get("attempt", {}), *seen.get("status", {}).get("attempts", [])])
    return is_going and runs.is_declared_lost(pod) and database["metadata"]["namespace"] == pod["metadata"]["namespace"]


def gone_by(world, namespace, when):
    """The migrations that nobody could write an outcome to any more (step 13)."""
    return {seen["metadata"]["uid"] for how, seen in world.told("schemamigrations", namespace)
            if how == "DELETED" and version_of(seen) < when}


def ledger_at_release(migrations, name, attempt, when, passed):
    seen = [seen for seen in migrations.get(attempt[0], []) if version_of(seen) < when]
    if not seen:
        return
    status = seen[-1].get("status", {})
    record = next((tried for tried in [status.get("attempt", {}), *status.get("attempts", [])]
                   if tried.get("number") == attempt[1]), {})
    is_open = record.get("number") is None and status.get("withdrawn", 0) < attempt[1]
    succeeded = record.get("outcome") == "Succeeded"
    grew = len(passed[1]) > len(passed[0])
    abandoned = seen[-1]["metadata"].get("annotations", {}).get("interlude.dev/abandon") == "true"
    if not abandoned and (is_open or (record and "outcome" not in record)):
        yield f"database {name}: the claim of {attempt} was released before its outcome was written: {status}"
    if not abandoned and succeeded != grew:
        yield f"database {name}: attempt {attempt} ended with {record.get('outcome')}, and the ledger went from {passed}"
