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


def migration(phase, *history, attempt=None):
    status = {"phase": phase, "history": [{"phase": entry, "reason": "Any", "at": "now"} for entry in history]}
    if attempt:
        status["attempt"] = {"number": 1, "jobUID": "j1", **attempt}
    return ("schemamigrations", "MODIFIED", {"metadata": {"name": "first", "uid": "m1"}, "status": status})


def database(claim=None, passed=()):
    status = {"passed": list(passed), **({"claim": {"uid": "m1", "attempt": claim}} if claim else {})}
    return ("databases", "MODIFIED", {"metadata": {"name": "orders", "uid": "d1"}, "status": status})


LABELS = {"interlude.dev/migration-uid": "m1", "interlude.dev/attempt": "1"}


def job(parallelism):
    return ("jobs", "MODIFIED", {"metadata": {"name": "first-1", "uid": "j1", "labels": LABELS}, "spec": {"parallelism": parallelism}})


def pod(state, name="p1"):
    return ("pods", "MODIFIED", {
        "metadata": {"name": name, "uid": name, "labels": LABELS, "ownerReferences": [{"uid": "j1"}]},
        "spec": {"containers": [{}], "nodeName": "node"},
        "status": {"phase": "Running", "containerStatuses": [{"state": {state: {}}}]}})


RUNS = {"number": 1}
GOOD = {"outcome": "Succeeded"}
START = [database(claim=1), job(0), migration("Running", "Running", attempt=RUNS), job(1)]
END = [pod("running"), pod("terminated"), migration("Succeeded", "Running", "Succeeded", attempt=GOOD), database(passed=["1"])]

PLANTED = {
    "left Succeeded": [migration("Succeeded", "Succeeded"), migration("Running", "Succeeded", "Running")],
    "the history was rewritten": [migration("Waiting", "Waiting"), migration("Running", "Running")],
    "stands twice": [migration("Waiting", "Waiting", "Waiting")],
    "is not the newest": [migration("Running", "Waiting")],
    "several pods": [pod("terminated", "p1"), pod("terminated", "p2")],
    "not created parked": [database(claim=1), job(1)],
    "the claim came": [job(0), database(claim=1)],
    "was armed at": [database(claim=1), job(0), job(1), migration("Running", "Running", attempt=RUNS)],
    "had a pod at": [database(claim=1), job(0), pod("running"), *START[2:]],
    "the ledger moved without": [database(), database(passed=["1"])],
    "taken over": [database(claim=1), database(claim=2)],
    "released while": [*START, pod("running"), *END[2:]],
    "before its outcome": [*START, pod("terminated"), database()],
    "the ledger went from": [*START, *END[:3], database()],
}


def missed():
    """The planted mistakes that were not found; and a sound past in which one was."""
    for words, past in PLANTED.items():
        if not any(words in problem for problem in broken_rules(Told(*past), "any")):
            yield f"a planted mistake was not found: {words}"
    yield from (f"found where there is none: {problem}" for problem in broken_rules(Told(*START, *END), "any"))
