# SPDX-License-Identifier: Apache-2.0
"""The lives that the matrix breaks off: what is set up, what the user does, what must come of it.

A life is driven by what is there and not by what was done before, so that it goes on to the same end wherever the
controller was ended or frozen.
"""
import collections

from ground.case import Case, steered
from ground.rules import OUTCOME, RUN, attempt_of, broken_rules

SHORT = {"run_for": "50ms"}


class Life(Case):
    """One namespace, from its creation to the end that its migrations are to come to."""

    lasts = 3  # seconds, about: the long ones are begun first
    names = ("first",)
    ends = "Succeeded"  # the phase; None: the migrations are gone
    passed = ["1"]  # the ledger in the end
    runs = {"first": 1}  # how many attempts of each migration have a pod

    def __init__(self, name):
        super().__init__("begin")
        self.namespace = f"{self.prefix}-{name}"

    def begin(self):
        """Sets everything up. The controller is not there yet."""
        self.new_namespace(self.namespace)
        self.create()

    def create(self):
        raise NotImplementedError

    def user(self):
        """What the user does next, if anything."""

    # ---- where it is ----

    def histories(self):
        """The last history that was seen of each migration, whether it is still there or not."""
        return {seen["metadata"]["name"]: seen.get("status", {}).get("history", [])
                for how, seen in self.world.told("schemamigrations", self.namespace)}

    def unfinished(self):
        """What is missing until the life is over, each as a sentence."""
        for name in self.names:
            seen = self.migration(name)
            if self.ends is None:
                is_gone = not seen and name in self.histories()  # and not only unseen as yet
                yield from [] if is_gone else [f"{name} is still there"]
                continue
            phase = (seen or {}).get("status", {}).get("phase")
            if phase != self.ends:
                yield f"{name} is {phase}"
            elif RUN in seen["metadata"].get("finalizers", []):
                yield f"{name} has our finalizer"
        for name, database in ((seen["metadata"]["name"], seen) for seen in self.world.all("databases", self.namespace)):
            if "claim" in database.get("status", {}):
                yield f"database {name} has a claim"
            if database["metadata"].get("finalizers"):
                yield f"database {name} has a finalizer"
        for kind in ("jobs", "pods"):
            for seen in self.world.all(kind, self.namespace):
                if OUTCOME in seen["metadata"].get("finalizers", []):
                    yield f"{kind}/{seen['metadata']['name']} has our finalizer"
                if kind == "jobs" and seen["spec"].get("parallelism") == 0:
                    yield f"Job {seen['metadata']['name']} is left, parked"
        for name, history in self.histories().items():
            if len(self.events(name)) < len(history):
                yield f"{name} has {len(self.events(name))} Events for {len(history)} transitions"

    # ---- what must have come of it ----

    def problems(self):
        yield from self.unfinished()
        yield from broken_rules(self.world, self.namespace)
        pods = collections.Counter()
        for name in {seen["metadata"]["name"] for _, seen in self.world.told("schemamigrations", self.namespace)}:
            pods[name] = len(self.started(name))
        if dict(pods) != self.runs:
            yield f"pods of each migration: {dict(pods)}, there had to be {self.runs}"
        for name, history in self.histories().items():
            began = [entry["phase"] for entry in history].count("Running")
            if began != self.runs[name] or history[-1]["phase"] != (self.ends or "Succeeded"):
                yield f"{name} has the history {history}"
            if len(self.events(name)) != len(history):
                yield f"{name} has {len(self.events(name))} Events for {len(history)} transitions"
        if sorted(self.ledger().get("passed", [])) != self.passed:
            yield f"the ledger says {self.ledger().get('passed')}, and not {self.passed}"
        if len(self.ledger().get("history", [])) != len(self.passed):
            yield f"the ledger's history: {self.ledger().get('history')}"

    def verdict(self):
        """What nobody may change any more, to be compared before and after."""
        return ([(seen["metadata"]["name"], {key: seen["status"].get(key) for key in ("phase", "attempt", "history", "withdrawn")})
                 for seen in self.world.all("schemamigrations", self.namespace)],
                self.ledger(), sorted(name for migration in self.names for name in self.started(migration)))

    def shown_pods(self):
        """Pods of attempts, in the order of their creation."""
        first = {}
        for _, pod in self.world.told("pods", self.namespace):
            if attempt_of(pod):
                first.setdefault(pod["metadata"]["name"], pod)
        return list(first)


class Success(Life):
    """One migration with one application."""

    def create(self):
        self.deploy(version="1.0.0", replicas=1)
        self.migrate(applications=[self.application(">=1.0.0 <2.0.0")], how=SHORT)


class Retry(Life):
    """The first attempt fails, the second succeeds."""

    lasts = 15
    runs = {"first": 2}

    def create(self):
        self.migrate(retries=1, how={"hold": "true"})

    def user(self):
        for number, name in enumerate(self.shown_pods()):
            pod = self.world.get("pods", self.namespace, name)
            wanted = steered(exit_code=0 if number else 3, finish="true")
            if pod and not wanted.items() <= pod["metadata"]["annotations"].items():
                self.api.change("pods", self.namespace, name, {"metadata": {"annotations": wanted}})


class Deletion(Life):
    """Deleted while it runs: it stays until the run has ended, and the ledger moves."""

    ends = None

    def create(self):
        self.migrate(how={"hold": "true"})

    def user(self):
        seen = self.migration()
        for pod in self.pods():
            if pod["status"].get("phase") == "Running" and seen and "deletionTimestamp" not in seen["metadata"]:
                self.delete("schemamigrations", "first")
            if seen and "deletionTimestamp" in seen["metadata"] and self.running_still(pod):
                self.finish()

    def running_still(self, pod):
        return steered(finish="true").items() - pod["metadata"]["annotations"].items()


class Two(Life):
    """Two migrations on one database: one after the other."""

    lasts = 5
    names = ("first", "second")
    passed = ["1", "2"]
    runs = {"first": 1, "second": 1}

    def create(self):
        self.migrate("first", to="1", how=SHORT)
        self.migrate("second", to="2", how=SHORT)


LIVES = {"success": Success, "retry": Retry, "deletion": Deletion, "two": Two}
