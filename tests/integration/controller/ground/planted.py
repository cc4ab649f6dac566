# SPDX-License-Identifier: Apache-2.0
"""Broken rules, planted: each must be found by rules.py, or a green result of the tests would mean nothing."""
import copy

from ground.rules import broken_rules


class Told:
    """A past as World tells it: (kind, type, object), each a revision later."""

    def __init__(self, *past):
        self.past = [(kind, how, {**copy.deepcopy(seen), "metadata": {**seen["metadata"], "resourceVersion": str(revision)}})
                     for revision, (kind, how, seen) in enumerate(past, 10)]

    def told(self, kind, _):
        return [(how, seen) for its, how, seen in self.past if its == kind]


def migration(phase, *history, attempt=None, how="MODIFIED", retry=None, retries=0, confirm=None):
    status = {"phase": phase, "history": [{"phase": entry, "reason": "Any", "at": "now"} for entry in history]}
    if attempt:
        status["attempt"] = {"number": 1, "jobUID": "j1", "specHash": "v1:a", **attempt}
    annotations = {**({"interlude.dev/retry": retry} if retry else {}), **({"interlude.dev/confirm-ended": confirm} if confirm else {})}
    return ("schemamigrations", how, {"metadata": {"name": "first", "uid": "m1", "annotations": annotations},
                                      "spec": {"run": {"retries": retries}}, "status": status})


def approval(uid="m1", spec_hash="v1:a", how="ADDED"):
    return ("migrationapprovals", how, {"metadata": {"name": "yes", "uid": "a1"},
                                            "spec": {"migration": "first", "uid": uid, "specHash": spec_hash, "approvedBy": "alice"}})


def asks(record=True):
    """It begins, and asks for an approval."""
    kind, how, seen = migration("Running", "Running", attempt={**RUNS, **({"approval": {"uid": "a1", "approvedBy": "alice"}} if record else {})})
    return (kind, how, {**seen, "spec": {**seen["spec"], "approval": "Required"}})


def fails_after_an_interruption(on_interruption):
    """Attempt 1 was cut off before it began, attempt 2 fails by itself, and 3 begins: of one retry that is allowed."""
    past = []
    for attempt, *history in (({**BAD, "number": 2}, "Failed"), ({**AGAIN, "number": 3}, "Failed", "Running")):
        kind, how, seen = migration(history[-1], *history, attempt=attempt, retries=1)
        cut_off = {**BAD, "number": 1, "specHash": "v1:a", "reason": "NeverStarted", "interrupted": True}
        seen["spec"]["run"]["onInterruption"], seen["status"]["attempts"] = on_interruption, [cut_off]
        past.append((kind, how, seen))
    return past


def database(claim=None, passed=(), history=(), allows=None):
    """allows: the claim is of namespace shop, and these are allowed."""
    shop = {} if allows is None else {"namespace": "shop"}
    status = {"passed": list(passed), **({"claim": {"uid": "m1", "attempt": claim, **shop}} if claim else {})}
    if history:
        status["history"] = [{"uid": "m1", "version": version} for version in history]
    return ("databases", "MODIFIED", {"metadata": {"name": "orders", "uid": "d1"}, "spec": {"allowedNamespaces": allows or []}, "status": status})


def labels(attempt):
    return {"interlude.dev/migration-uid": "m1", "interlude.dev/attempt": str(attempt), "interlude.dev/database": "orders"}


def job(parallelism, deadline=None, ready=0):
    spec = {"parallelism": parallelism, **({"activeDeadlineSeconds": deadline} if deadline else {})}
    return ("jobs", "MODIFIED", {"metadata": {"name": "first-1", "uid": "j1", "labels": labels(1)}, "spec": spec,
                                 "status": {"ready": ready}})


def pod(state, name="p1", attempt=1, owner="j1", exit_code=0, **metadata):
    """state: waiting, running or terminated."""
    told = {"exitCode": exit_code, "containerID": "x"} if state == "terminated" else {}
    phase = {"waiting": "Pending", "running": "Running"}.get(state, "Failed" if exit_code else "Succeeded")
    return ("pods", "MODIFIED", {
        "metadata": {"name": name, "uid": name, "labels": labels(attempt), "ownerReferences": [{"uid": owner}], **metadata},
        "spec": {"containers": [{}], "nodeName": "node"},
        "status": {"phase": phase, "containerStatuses": [{"state": {state: told}}]}})


RUNS = {"number": 1, "podUID": "p1"}
GOOD = {"outcome": "Succeeded", "reason": "Completed"}
BAD = {"outcome": "Failed", "reason": "ExitCode"}
AGAIN = {"number": 2, "jobUID": "j2"}
START = [database(claim=1), job(0), migration("Running", "Running", attempt=RUNS), job(1)]
END = [pod("running"), pod("terminated"), migration("Succeeded", "Running", "Succeeded", attempt=GOOD), database(passed=["1"])]
LOST = {"attempt": {"outcome": "Failed", "reason": "EndUnproven"}}
UNPROVEN = migration("Failed", "Running", "Failed", **LOST)
CONFIRMED = migration("Failed", "Running", "Failed", confirm="1", **LOST)
FAILED = migration("Failed", "Running", "Failed", attempt=BAD)

PLANTED = {
    "left Succeeded": [migration("Succeeded", "Succeeded"), migration("Running", "Succeeded", "Running")],
    "the history was rewritten": [migration("Waiting", "Waiting"), migration("Running", "Running")],
    "stands twice": [migration("Waiting", "Waiting", "Waiting")],
    "is not the newest": [migration("Running", "Waiting")],
    "several pods were let start": [pod("terminated", "p1"), pod("terminated", "p2")],
    "pods of several Jobs": [pod("terminated", "p1"), pod("terminated", "p2", owner="j2")],
    "ran until": [pod("running", "p1"), pod("running", "p2", attempt=2, owner="j2"), pod("terminated", "p1")],
    "and became": [*START, *END[:3], migration("Succeeded", "Running", "Succeeded", attempt=BAD)],
    "came after success": [*START, *END[:3], migration("Succeeded", "Running", "Succeeded", attempt={**GOOD, **AGAIN})],
    "and its attempt says": [*START, *END[:2], migration("Succeeded", "Running", "Succeeded", attempt=BAD)],
    "was written while": [*START, pod("running"), FAILED],
    "no pod proves it": [*START, END[0], pod("terminated", exit_code=1), *END[2:]],
    "Succeeded, and no pod proves it": [*START, pod("running", deletionTimestamp="now"), pod("terminated", deletionTimestamp="now"), *END[2:]],
    "an outcome is lost": [*START, *END[:2], FAILED],
    "nobody asked for it": [FAILED, migration("Running", "Running", "Failed", "Running", attempt=AGAIN)],
    "began and nobody asked": [migration("Failed", "Failed", attempt={**BAD, "reason": "PodDeleted"}, retries=3),
                               migration("Running", "Failed", "Running", attempt=AGAIN)],
    "attempt 3 began and nobody asked": fails_after_an_interruption("Fail"),
    "to have missed its start": [*START, pod("waiting"), migration("Failed", "Running", "Failed", attempt={**BAD, "reason": "StartMissed"})],
    "was let go at": [*START, pod("running"), migration("Running", "Running", attempt=RUNS, how="DELETED"), pod("terminated")],
    "was ended at": [*START, pod("running"), job(1, ready=1), job(1, deadline=1), pod("terminated")],
    "stands twice in passed": [*START, *END[:3], database(passed=["1", "1"])],
    "stands twice in the ledger": [*START, *END[:3], database(passed=["1"], history=["1", "1"])],
    "not created parked": [database(claim=1), job(1)],
    "the claim came": [job(0), database(claim=1)],
    "was armed at": [database(claim=1), job(0), job(1), migration("Running", "Running", attempt=RUNS)],
    "had a pod at": [database(claim=1), job(0), pod("running"), *START[2:]],
    "nobody approved it": [approval(), *START[:2], asks(record=False)],
    "which is for something else": [approval(spec_hash="v1:b"), *START[:2], asks()],
    "which is for something else: {'migration'": [approval(uid="m0"), *START[:2], asks()],
    "which is for something else: {}": [*START[:2], asks()],
    "before it was approved": [*START[:2], asks(), approval()],
    "revoked before the claim": [approval(), approval(how="DELETED"), *START[:2], asks()],
    "its namespace is not allowed": [database(allows=["shop"]), database(claim=1, allows=["shop-2"])],
    "was let start at": [*START, pod("running", "p2")],
    "the ledger moved without": [database(), database(passed=["1"])],
    "taken over": [database(claim=1), database(claim=2)],
    "released while": [*START, pod("running"), *END[2:]],
    "was released while": [*START, pod("running"), UNPROVEN, database(), CONFIRMED],
    "database orders: pod p2": [*START, pod("running"), UNPROVEN, pod("running", "p2", attempt=2, owner="j2"), CONFIRMED],
    "before its outcome": [*START, pod("terminated"), database()],
    "the ledger went from": [*START, *END[:3], database()],
}

SOUND = [
    [*START, *END],
    [*START, pod("running"), UNPROVEN, CONFIRMED, database(), migration("Failed", "Running", "Failed", how="DELETED", confirm="1", **LOST)],
    [approval(), *START[:2], asks()],
    [approval(), *START[:2], approval(how="DELETED"), asks()],
    [database(claim=1, allows=["shop"]), database(claim=1, allows=[])],
    [FAILED, migration("Running", "Running", "Failed", "Running", attempt={**AGAIN, "specHash": "v1:b"})],
    [migration("Failed", "Failed", attempt=BAD, retry="1"), migration("Running", "Failed", "Running", attempt=AGAIN)],
    [migration("Failed", "Failed", attempt=BAD, retries=1), migration("Running", "Failed", "Running", attempt=AGAIN)],
    fails_after_an_interruption("Retry"),
]


def missed():
    """The planted mistakes that were not found; and sound pasts in which one was."""
    for words, past in PLANTED.items():
        if not any(words in problem for problem in broken_rules(Told(*past), "any")):
            yield f"a planted mistake was not found: {words}"
    for past in SOUND:
        yield from (f"found where there is none: {problem}" for problem in broken_rules(Told(*past), "any"))
