# SPDX-License-Identifier: Apache-2.0
"""Broken gates, planted: each must be found by oracle.py, or a walk without a finding would mean nothing."""
from ground.case import APP
from ground.planted import Told
from ground.requests import Request
from oracle import broken

MIGRATION = ("schemamigrations", "ADDED", {
    "metadata": {"name": "m1", "uid": "m1"},
    "spec": {"approval": "Required", "soak": "5s", "applications": [{"name": APP, "versions": ">=2.0.0"}]}})
DEPLOYMENT = ("deployments", "ADDED", {"metadata": {"name": APP}})
LABELS = {"interlude.dev/migration": "m1", "interlude.dev/migration-uid": "m1", "interlude.dev/attempt": "1", "interlude.dev/database": "d0"}
JOB = ("jobs", "ADDED", {"metadata": {"name": "m1-1", "uid": "j1", "labels": LABELS}, "spec": {"parallelism": 1}})


def at(second):
    return f"2026-11-22T12:00:{second:02}Z"


def pod(name, version, created, template):
    return ("pods", "ADDED", {"metadata": {"name": name, "uid": name, "creationTimestamp": at(created),
                                           "labels": {"app": APP, "pod-template-hash": template}},
                              "spec": {"containers": [{"image": f"{APP}:{version}"}]}})


def asked(second, verb, resource, name=None, subresource=None, code=200, agent="interlude/1"):
    return Request(at(second), verb, resource, name, subresource, "", code, agent, "any")


def start(*between):
    """The claim at 30 s, the look at 40 s, the Job at 41 s."""
    return [asked(30, "patch", "databases", "d0", "status"), asked(40, "list", "pods"), *between, asked(41, "create", "jobs", "m1-1", code=201)]


APPROVED = asked(40, "get", "migrationapprovals", "yes")
NEW = pod("new", "2.0.0", created=10, template="a")
PAST = [MIGRATION, DEPLOYMENT, NEW, JOB]

PLANTED = {
    "no approval was read": (PAST, start()),
    "no approval was read since": (PAST, [APPROVED, *start()]),
    "which was revoked at": (PAST, [asked(35, "delete", "migrationapprovals", "yes", agent="kubectl"), *start(APPROVED)]),
    "pod old lived until": ([*PAST, pod("old", "1.0.0", created=5, template="b")],
                            [asked(37, "delete", "pods", "old", agent="kubelet"), *start(APPROVED)]),
    "pod old lived": ([*PAST, pod("old", "1.0.0", created=5, template="b")], start(APPROVED)),
    "the rollout of c began": ([*PAST[:-1], pod("newer", "2.1.0", created=37, template="c"), JOB], start(APPROVED)),
}
SOUND = [
    (PAST, start(APPROVED)),
    (PAST, [*start(APPROVED), asked(42, "delete", "migrationapprovals", "yes", agent="kubectl")]),
    ([*PAST, pod("old", "1.0.0", created=5, template="b")], [asked(34, "delete", "pods", "old", agent="kubelet"), *start(APPROVED)]),
    ([*PAST, pod("scaled", "2.0.0", created=38, template="a")], start(APPROVED)),
]


def missed():
    for words, (past, requests) in PLANTED.items():
        if not any(words in problem for problem in broken(Told(*past), "any", requests)):
            yield f"a planted mistake was not found: {words}"
    for past, requests in SOUND:
        yield from (f"found where there is none: {problem}" for problem in broken(Told(*past), "any", requests))
