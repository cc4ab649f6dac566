# SPDX-License-Identifier: Apache-2.0
"""The lives that the matrix breaks off: what is set up, what the user does, what must come of it.

A life is driven by what is there and not by what was done before, so that it goes on to the same end wherever the
controller was ended or frozen.
"""
import collections

from ground.case import ApiError, Case, steered
from ground.rules import OUTCOME, RUN, attempt_of, broken_rules
from ground.world import Together

SHORT = {"run_for": "50ms"}


class Life(Case):
    """One namespace, from its creation to the end that its migrations are to come to."""

    moments = {"crash": 1, "freeze": 0}  # of the default matrix, at each of the requests that it takes
    takes = 1  # every so-many-th
    lasts = 3  # seconds, about: the long ones are begun first
    names = ("first",)
    ends = "Succeeded"  # the phase; None: the migrations are gone
    passed = ["1"]  # the ledger in the end
    runs = {"first": 1}  # how many attempts of each migration have a pod
    events_at_risk = 0  # told by the matrix when a controller was ended or frozen while an Event was on its way

    def __init__(self, name):
        super().__init__("begin")
        self.namespace = f"{self.prefix}-{name}"

    @property
    def platform(self):
        """The namespace of the Database."""
        return self.namespace

    @property
    def namespaces(self):
        return sorted({self.namespace, self.platform})

    def begin(self):
        """Sets everything up. The controller is not there yet."""
        for namespace in self.namespaces:
            self.new_namespace(namespace)
        self.create()

    def create(self):
        raise NotImplementedError

    def user(self):
        """What the user does next, if anything."""

    def interfere(self):
        """What the user does just when the controller was ended or frozen."""

    def repair(self):
        """What the user does when that has had its effect, and the life has come to a rest."""

    # ---- where it is ----

    def histories(self):
        """The last history that was seen of each migration, whether it is still there or not."""
        return {seen["metadata"]["name"]: seen.get("status", {}).get("history", [])
                for how, seen in self.world.told("schemamigrations", self.namespace)}

    def ledger(self, name="orders"):
        return (self.world.get("databases", self.platform, name) or {}).get("status", {})

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
        for name, database in ((seen["metadata"]["name"], seen) for seen in self.world.all("databases", self.platform)):
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
        yield from self.missing_events()

    def missing_events(self):
        """What may be lost (docs/guarantees.md): an Event for each such fault, and never that of the newest transition."""
        histories = self.histories().items()
        told = {(name, event["reason"], event["lastTimestamp"]) for name, _ in histories for event in self.transition_events(name)}
        missing = [(name, entry) for name, history in histories for entry in history if (name, entry["phase"], entry["at"]) not in told]
        is_newest_missing = any(entry == history[-1] for missed, entry in missing for name, history in histories if name == missed)
        if is_newest_missing or len(missing) > self.events_at_risk:
            yield from (f"{name} has no Event of {entry}" for name, entry in missing)

    def transition_events(self, name):
        """Without those of what is no transition (R22)."""
        return [event for event in self.events(name) if event["reason"] != "VersionSkew"]

    # ---- what must have come of it ----

    def problems(self):
        yield from self.unfinished()
        yield from broken_rules(Together(self.world, self.namespaces), self.namespace)
        pods = collections.Counter()
        for name in {seen["metadata"]["name"] for _, seen in self.world.told("schemamigrations", self.namespace)}:
            pods[name] = len(self.started(name))
        if dict(pods) != self.runs:
            yield f"pods of each migration: {dict(pods)}, there had to be {self.runs}"
        for name, history in self.histories().items():
            if not self.is_right(name, [entry["phase"] for entry in history]):
                yield f"{name} has the history {history}"
            if len(self.transition_events(name)) > len(history):
                yield f"{name} has {len(self.transition_events(name))} Events for {len(history)} transitions"
        if sorted(self.ledger().get("passed", [])) != self.passed:
            yield f"the ledger says {self.ledger().get('passed')}, and not {self.passed}"
        if len(self.ledger().get("history", [])) != len(self.passed):
            yield f"the ledger's history: {self.ledger().get('history')}"

    def is_right(self, name, phases):
        return phases.count("Running") == self.runs[name] and phases[-1] == (self.ends or "Succeeded")

    def verdict(self):
        """What nobody may change any more, to be compared before and after.

        Not what was given back: one that was thawed may claim what its cache shows as open, and see by its fresh look
        that it is not (steps 2, 3, 12).
        """
        return ([(seen["metadata"]["name"], {key: seen["status"].get(key) for key in ("phase", "attempt", "history")})
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

    moments = {"crash": 3, "freeze": 2}

    def create(self):
        self.deploy(version="1.0.0", replicas=1)
        self.migrate(applications=[self.application(">=1.0.0 <2.0.0")], how=SHORT)

    def problems(self):
        yield from super().problems()
        number = self.migration()["status"]["attempt"]["number"]
        if "-success-crash-" in self.namespace and number != 1:
            yield f"attempt {number} has run: the controller that took over gave back what it found begun"


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


class Closing(Success):
    """A gate closes when the controller is ended or frozen: what has not begun is given back, and begins when it opens."""

    takes = 2
    moments = {"crash": 0, "freeze": 1}
    lasts = 6
    is_closed = False

    def interfere(self):
        self.roll_to("2.0.0")
        self.rolled_out()
        self.is_closed = True

    def unfinished(self):
        seen = self.migration()
        gate = self.condition(seen, "VersionsCompatible") if seen else None
        self.ends = "Waiting" if self.is_closed and not self.started("first") else "Succeeded"
        if self.ends == "Waiting" and (gate is None or gate["status"] != "False"):
            yield "the gate is still open"
        for missing in super().unfinished():
            if self.ends != "Waiting" or "has our finalizer" not in missing and "has a finalizer" not in missing:
                yield missing

    def repair(self):
        self.is_closed = False
        self.roll_to("1.1.0")
        self.rolled_out()


class Removal(Deletion):
    """Deleted when the controller is ended or frozen: if it has not begun by then, it never does."""

    takes = 2
    moments = {"crash": 1, "freeze": 1}

    def create(self):
        self.migrate(how=SHORT)

    def user(self):
        if self.is_begun() and "deletionTimestamp" not in (self.migration() or {"metadata": "deletionTimestamp"})["metadata"]:
            self.interfere()  # without a fault, too, it is to come to an end

    def is_begun(self):
        return bool(self.pods())

    def interfere(self):
        try:
            self.delete("schemamigrations", "first")
        except ApiError as error:
            if error.code != 404:  # gone by then
                raise

    def problems(self):
        ran = min(1, len(self.started("first")))
        self.runs, self.passed = {"first": ran}, ["1"] * ran
        yield from super().problems()

    def is_right(self, name, phases):
        """Running may be written, and the Job be taken back before it was armed."""
        return ("Succeeded" in phases) == bool(self.runs[name])


class Edit(Life):
    """Edited when the controller is ended or frozen: what has not begun begins anew, what runs is left alone."""

    takes = 2
    def create(self):
        self.migrate(how=SHORT)

    def interfere(self):
        self.change(run={"container": {"env": [{"name": "EDITED", "value": "yes"}]}})


class Policy(Life):
    """The Database of another namespace asks for a soak and for an approval, which a person gives while the soak goes on."""

    takes = 2
    lasts = 5

    @property
    def platform(self):
        return f"{self.namespace}-data"

    def create(self):
        self.deploy(version="1.0.0", replicas=1)
        self.api.create("databases", self.platform, {
            "apiVersion": "interlude.dev/v1alpha1", "kind": "Database", "metadata": {"name": "orders"},
            "spec": {"allowedNamespaces": [self.namespace], "soak": {"Data": "2s"}, "approvalFor": ["Data"]}})
        self.migrate(database=f"{self.platform}/orders", step="Data", applications=[self.application(">=1.0.0 <2.0.0")], how=SHORT)

    def user(self):
        seen = self.migration()
        gate = self.condition(seen, "Approved") if seen else None
        if gate and gate["reason"] == "ApprovalMissing" and not self.world.all("migrationapprovals", self.namespace):
            self.api.apply("migrationapprovals", {
                "apiVersion": "interlude.dev/v1alpha1", "kind": "MigrationApproval", "metadata": {"name": "yes"},
                "spec": {"migration": "first", "uid": seen["metadata"]["uid"], "specHash": seen["status"]["specHash"],
                         "approvedBy": "alice"}}, self.namespace)


LIVES = {"success": Success, "retry": Retry, "deletion": Deletion, "two": Two, "closing": Closing, "removal": Removal,
         "edit": Edit, "policy": Policy}
