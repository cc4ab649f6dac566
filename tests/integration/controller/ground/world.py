# SPDX-License-Identifier: Apache-2.0
"""What happens in the cluster, as watches tell it: every version of every object of some kinds, in order.

A test waits on this instead of asking, so that many can wait at once; and what must never happen, not even
for a moment, is looked for in it afterwards.
"""
import collections
import http.client
import threading
import time

from ground.cluster import ApiError
from harness.api import WaitFailed, brief

PATIENCE = 60  # seconds: long enough for a machine that does much else at the same time
KINDS = ("schemamigrations", "databases", "migrationapprovals", "jobs", "pods", "events", "deployments", "statefulsets", "daemonsets",
         "namespaces")


def version_of(seen):
    """Orders the versions of all objects: etcd's revision."""
    return int(seen["metadata"]["resourceVersion"])


class World:
    def __init__(self, api, is_ours):
        self.api = api
        self.is_ours = is_ours  # which namespaces count
        self.lock = threading.Lock()
        self.changed = collections.defaultdict(lambda: threading.Condition(self.lock))
        self.now = collections.defaultdict(dict)  # (kind, namespace) -> name -> object
        self.past = collections.defaultdict(list)  # (kind, namespace) -> (type, object), oldest first
        self.is_closed = False
        self.known = {kind: threading.Event() for kind in KINDS}
        for kind in KINDS:
            threading.Thread(target=self._follow, args=(kind,), daemon=True).start()
        for kind in KINDS:
            if not self.known[kind].wait(30):
                raise RuntimeError(f"the tests' own watch of {kind} does not start")

    def _follow(self, kind):
        version = since = None
        while not self.is_closed:
            try:
                version = version or self._list(kind, since)
                self.known[kind].set()
                for event in self.api.stream(self.api.path(kind), {"resourceVersion": version, "allowWatchBookmarks": "true"}):
                    if event["type"] == "ERROR":  # too old, as for a server that has only just started
                        version, since = None, int(version)
                        break
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        self._take(kind, event["type"], event["object"])
            except (OSError, http.client.HTTPException, ApiError):
                time.sleep(0.2)

    def _list(self, kind, since):
        found = self.api.request("GET", self.api.path(kind))
        listed = set()
        for item in found["items"]:
            listed.add((item["metadata"].get("namespace"), item["metadata"]["name"]))
            for missed in self._missed(kind, item, since):
                self._take(kind, "MODIFIED", missed)
            self._take(kind, "ADDED", item)
        with self.lock:
            known = [seen for key, named in self.now.items() if key[0] == kind for seen in named.values()]
        for seen in known:
            if (seen["metadata"].get("namespace"), seen["metadata"]["name"]) not in listed:
                self._take(kind, "DELETED", seen)
        return found["metadata"]["resourceVersion"]

    def _missed(self, kind, item, since):
        """The versions of it before this one that no watch told, oldest first: the rules look at the order of all of them."""
        missed = []
        meta = item["metadata"]
        at = version_of(item) - 1
        while since is not None and at > since and self.is_ours(meta.get("namespace") or meta["name"]):
            query = {"fieldSelector": f"metadata.name={meta['name']}", "resourceVersion": at, "resourceVersionMatch": "Exact"}
            before = self.api.request("GET", self.api.path(kind, meta.get("namespace"), query=query))["items"]
            if not before or version_of(before[0]) <= since:
                break
            missed.insert(0, before[0])
            at = version_of(before[0]) - 1
        return missed

    def _take(self, kind, how, seen):
        meta = seen["metadata"]
        namespace = meta.get("namespace")
        if not self.is_ours(namespace or meta["name"]):
            return
        meta.pop("managedFields", None)
        with self.lock:
            named = self.now[(kind, namespace)]
            before = named.get(meta["name"])
            is_missed = how == "DELETED" and before is seen  # its end was not seen: found by a new list
            if before and version_of(before) >= version_of(seen) and not is_missed:
                return
            if how == "DELETED":
                named.pop(meta["name"], None)
            else:
                named[meta["name"]] = seen
            if kind != "events" or how != "DELETED":
                self.past[(kind, namespace)].append((how, seen))
            self.changed[namespace].notify_all()

    def get(self, kind, namespace, name):
        with self.lock:
            return self.now[(kind, namespace)].get(name)

    def all(self, kind, namespace):
        with self.lock:
            return list(self.now[(kind, namespace)].values())

    def told(self, kind, namespace):
        """Every version that there was: (type, object), oldest first."""
        with self.lock:
            return list(self.past[(kind, namespace)])

    def forget(self, namespace):
        """For runs that go on for hours: what was told of a namespace that nobody asks about any more."""
        with self.lock:
            for known in (self.now, self.past):
                for key in [key for key in known if key[1] == namespace]:
                    del known[key]
            self.changed.pop(namespace, None)

    def catch_up(self, namespace):
        """Waits until everything is known that the API server knows of the namespace now; watches lag on a busy machine."""
        for kind in KINDS:
            if kind not in ("events", "namespaces"):
                found = self.api.request("GET", self.api.path(kind, namespace))
                version = int(found["metadata"]["resourceVersion"])
                items = {item["metadata"]["name"]: version_of(item) for item in found["items"]}
                self.until(namespace, lambda kind=kind, version=version, items=items: self._knows(kind, namespace, version, items),
                           f"the tests' own watch of {kind}")

    def _knows(self, kind, namespace, version, items):
        told = collections.defaultdict(int)
        for _, seen in self.told(kind, namespace):
            told[seen["metadata"]["name"]] = version_of(seen)
        there = {seen["metadata"]["name"] for seen in self.all(kind, namespace)}
        return (all(told[name] >= least for name, least in items.items())
                and all(name in items or told[name] > version for name in there))

    def until(self, namespace, holds, what, timeout=PATIENCE):
        """Waits until holds() is true of what is known of the namespace; returns what it returned."""
        deadline = time.monotonic() + timeout
        condition = self.changed[namespace]
        while True:
            with condition:
                mark = sum(len(self.past[(kind, namespace)]) for kind in KINDS)
            result = holds()
            if result:
                return result
            with condition:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise WaitFailed(f"{what}: not within {timeout} s")
                if mark == sum(len(self.past[(kind, namespace)]) for kind in KINDS):
                    condition.wait(left)

    def wait(self, kind, namespace, name, holds, what, timeout=PATIENCE, never=None):
        """Waits until holds(object) is true; None stands for "there is none". Returns the object."""
        found = []

        def check():
            seen = self.get(kind, namespace, name)
            if holds(seen):
                found.append(seen)
                return True
            if never and seen and never(seen):
                raise WaitFailed(f"{kind}/{name}: {what}: cannot come any more: {never(seen)}\n{brief(seen)}")
            return False

        try:
            self.until(namespace, check, what, timeout)
        except WaitFailed as failure:
            if "cannot come" in str(failure):
                raise
            raise WaitFailed(f"{kind}/{name}: {failure}; it is now\n{brief(self.get(kind, namespace, name))}") from None
        return found[0]


class Together:
    """What was told of several namespaces, as if it had been one: for the rules."""

    def __init__(self, world, namespaces):
        self.world, self.namespaces = world, namespaces

    def told(self, kind, _):
        return sorted((event for namespace in self.namespaces for event in self.world.told(kind, namespace)), key=lambda event: version_of(event[1]))
