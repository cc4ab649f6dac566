# SPDX-License-Identifier: Apache-2.0
"""The API server's audit log, followed: who asked for what in each namespace. And the rules that only it can tell of."""
import collections
import json
import threading
import time

from ground import runs
from ground.audit import JOB_CONTROLLER
from ground.world import version_of

Request = collections.namedtuple("Request", "at verb resource name subresource uri code agent user")

WORKLOADS = ("deployments", "statefulsets", "daemonsets")
WRITES = ("create", "update", "patch", "delete")


class Requests:
    """Follows the log from where it ends now; safe to be used by several threads."""

    def __init__(self, path, is_ours):
        self.path = path
        self.is_ours = is_ours
        self.lock = threading.Lock()
        self.known = collections.defaultdict(list)
        self.read = path.stat().st_size
        self.is_closed = False
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        with open(self.path, "rb") as log:
            log.seek(self.read)
            rest = b""
            while not self.is_closed:
                piece = log.read(1 << 20)
                if not piece:
                    time.sleep(0.1)
                    continue
                lines = (rest + piece).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    self._take(line)
                self.read += len(piece)

    def _take(self, line):
        if b'"namespace":"' not in line or b'"verb":"watch"' in line:
            return
        event = json.loads(line)
        reference = event.get("objectRef", {})
        namespace = reference.get("namespace")
        if event["stage"] == "ResponseStarted" or not self.is_ours(namespace):
            return
        request = Request(event["stageTimestamp"], event["verb"], reference.get("resource"), reference.get("name"),
                          reference.get("subresource"), event["requestURI"], event.get("responseStatus", {}).get("code"),
                          event.get("userAgent", ""), event["user"].get("username"))
        with self.lock:
            self.known[namespace].append(request)

    def of(self, namespace):
        """All so far, what is in the log by now included."""
        size = self.path.stat().st_size
        while self.read < size:
            time.sleep(0.02)
        with self.lock:
            return list(self.known[namespace])

    def forget(self, namespace):
        with self.lock:
            self.known.pop(namespace, None)


def is_controllers(request):
    return request.agent.startswith("interlude/")


def is_real_write(request):
    return request.verb in WRITES and "dryRun=" not in request.uri


def broken(world, namespace, asked, touched=(), kills=0):
    """A sentence for each rule that was broken, by all that was asked for; kills: how often a controller was killed."""
    yield from pods_were_seen(world, namespace, asked)
    yield from fresh_looks(world, namespace, asked)
    yield from killed_half_way(world, namespace, asked, touched)
    yield from events(world, namespace, kills)


def pods_were_seen(world, namespace, asked):
    """R1 by the server's own count: no pod of a Job was there that the watches did not tell of."""
    created = [request for request in asked if request.user == JOB_CONTROLLER and request.verb == "create"
               and request.resource == "pods" and request.code == 201]
    told = {run.versions[0][1]["metadata"]["uid"] for run in runs.runs_of(world, namespace)}
    if len(created) != len(told):
        yield f"the Job controller created {len(created)} pods, and {len(told)} were seen"


def starts(world, namespace, asked):
    """(the request that created a Job, its labels, what the controller asked for since the claim, newest first).

    Of Jobs that were let go: one that never was may be a late request's, long after its claim was given back.
    """
    named = {}  # as the controller made them: a person may take the labels off
    let_go = {job["metadata"]["name"] for _, job in world.told("jobs", namespace) if job["spec"].get("parallelism", 1) > 0}
    for _, job in world.told("jobs", namespace):
        if job["metadata"]["name"] in let_go:
            named.setdefault(job["metadata"]["name"], job["metadata"].get("labels", {}))
    for place, request in enumerate(asked):
        labels = named.get(request.name, {})
        if not (is_controllers(request) and request.verb == "create" and request.resource == "jobs" and request.code == 201
                and is_real_write(request) and runs.DATABASE in labels):
            continue
        since = []
        for earlier in reversed(asked[:place]):
            if earlier.resource == "databases" and earlier.name == labels[runs.DATABASE] and earlier.verb in WRITES \
                    and earlier.subresource == "status" and earlier.code == 200:
                break
            since.append(earlier)
        yield request, labels, [seen for seen in since if is_controllers(seen)]


def fresh_looks(world, namespace, asked):
    """R7: between the claim and its Job the migration was read, and its applications with their pods."""
    specs = collections.defaultdict(list)
    for _, seen in world.told("schemamigrations", namespace):
        specs[seen["metadata"]["name"]].append(seen["spec"])
    for request, labels, since in starts(world, namespace, asked):
        looked = {(seen.resource, seen.name) for seen in since if seen.code == 200}
        is_absent = any(seen.code == 404 for seen in since if seen.resource in WORKLOADS)
        migration = labels["interlude.dev/migration"]
        if ("schemamigrations", migration) not in looked:
            yield f"Job {request.name} was created and its migration was not read since the claim"
        has_applications = all(spec.get("applications") for spec in specs[migration])
        if has_applications and not is_absent and not any(what == "pods" for what, _ in looked):
            yield f"Job {request.name} was created and no pods were read since the claim"


def killed_half_way(world, namespace, asked, touched):
    """R4: the controller deletes no Job with a pod that runs."""
    by_it = {request.name for request in asked if is_controllers(request) and request.verb == "delete"
             and request.resource == "jobs" and request.code == 200}
    lives = runs.runs_of(world, namespace)
    is_told = set()
    for how, job in world.told("jobs", namespace):
        meta = job["metadata"]
        if meta["name"] not in by_it or meta["uid"] in is_told or (how != "DELETED" and "deletionTimestamp" not in meta):
            continue
        is_told.add(meta["uid"])
        alive = [run.name for run in lives if run.job == meta["uid"] and run.began < version_of(job) < run.ended]
        if alive and meta["uid"] not in touched:
            yield f"Job {meta['name']} was deleted at {version_of(job)} while {alive} ran"


def events(world, namespace, kills):
    """R9: an Event for each transition of what is still there, and no second one.

    An Event that is due goes with the next write and not before it: a kill between the two can lose one.
    """
    if "deletionTimestamp" in (world.get("namespaces", None, namespace) or {"metadata": {"deletionTimestamp": 0}})["metadata"]:
        return
    recorded = collections.Counter()
    for how, event in world.told("events", namespace):
        if how == "ADDED" and event["involvedObject"]["kind"] == "SchemaMigration" and event["reason"] != "VersionSkew":
            recorded[event["involvedObject"].get("uid")] += 1
    for migration in world.all("schemamigrations", namespace):
        uid, history = migration["metadata"]["uid"], migration.get("status", {}).get("history", [])
        # Two of the same attempt, phase and second have the same name.
        fewest = -kills + len({(entry["phase"], entry["at"]) for entry in history})
        if len(history) < 50 and not fewest <= recorded[uid] <= len(history):
            yield f"{migration['metadata']['name']}: {recorded[uid]} Events for the transitions {history}"
