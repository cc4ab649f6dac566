# SPDX-License-Identifier: Apache-2.0
"""Requests that are refused, whose answers are lost, late or unreadable, or that never end."""
import json

from ground.own_kind import OwnKind

from fault import PATIENCE, Fault
from steps import NOW_AND_THEN, STEPS, each

# What is done to a request: "before", nothing happened; "applied", it was carried out all the same.
REFUSED = {
    "conflict_409": {"do": "answer", "status": 409},
    "busy_429": {"do": "answer", "status": 429, "retryAfter": 1},
    "failure_500": {"do": "answer", "status": 500},
    "unavailable_503": {"do": "answer", "status": 503},
    "timeout_504": {"do": "answer", "status": 504},  # the same answer as below, and the other truth
    "bad_gateway": {"do": "answer", "status": 502, "body": "<html>no upstream</html>"},
    "reset": {"do": "reset"},
    "cut": {"do": "cut"},
    "goaway": {"do": "goaway"},
    "unauthorized_401": {"do": "answer", "status": 401},
    "late": {"do": "delay", "ms": 1200},
}
APPLIED = {
    "applied_timeout_504": {"when": "applied", "do": "answer", "status": 504},
    "applied_failure_500": {"when": "applied", "do": "answer", "status": 500},
    "applied_reset": {"when": "applied", "do": "reset"},
    "applied_cut": {"when": "applied", "do": "cut"},
    "applied_garbage": {"when": "applied", "do": "answer", "status": 200, "body": '{"kind":"Job","metadata":{"name"'},
    "applied_cut_off": {"do": "truncate", "bytes": 30},
    "applied_late": {"when": "applied", "do": "delay", "ms": 1200},
}
ANSWERS = {**REFUSED, **APPLIED}

LIVES = 4
SAME = ("bad_gateway", "failure_500", "unavailable_503", "applied_failure_500", "late")  # to the controller as others are: only with --long
# What makes the controller wait half a minute on purpose: only with --long.
PATIENT = {("dry_run_of_the_job", 409), ("dry_run_of_the_pod", 409)}


class Life(Fault):
    """STEPS is what a life asks for: a fault at each of them leaves no write without one."""

    def test_each_write_is_a_step(self):
        self.one_life()
        self.begin(*each(STEPS, times=-1, do="delay"), {**NOW_AND_THEN, "times": -1, "do": "delay"})  # by no time at all: seen, that is
        self.one_success()
        self.assertEqual([], [step for step, hits in zip(STEPS, self.session.hits()) if not hits], "steps that are none of its requests")
        # Of reads there may be more: a watch that is late makes the controller look for itself.
        unclear = [seen for seen in self.session.log() if seen["method"] != "GET" and seen.get("fault", "").count("delay") != 1]
        self.assertEqual([], unclear, "writes that are no step, or two of them")


class Answers(Fault):
    """Four lives, so that each request of a life meets the fault once. The first tries of some of them fail in a row."""

    def life_with(self, fault, steps):
        self.one_life()
        self.begin(*each(steps, **fault))
        self.succeeds(timeout=PATIENCE)
        self.nothing_is_left()
        self.session.fired(len(steps), within=5)
        self.one_success()
        self.assertEqual(dict.fromkeys(steps, 1), self.hits(steps))


def life(fault, steps):
    return lambda self: self.life_with(fault, steps)


for _name, _fault in ANSWERS.items():
    for _offset in range(0 if _name in SAME else LIVES):
        _steps = [step for step in list(STEPS)[_offset::LIVES] if (step, _fault.get("status")) not in PATIENT]
        setattr(Answers, f"test_{_name}_{_offset + 1}", life(_fault, _steps))


class EachAnswer(Fault):
    """Each fault at each step of a life by itself."""

    is_long = True
    life_with = Answers.life_with


for _name, _fault in ANSWERS.items():
    for _step in STEPS:
        setattr(EachAnswer, f"test_{_name}_at_{_step}", life(_fault, [_step]))


CONFLICT = {"do": "answer", "status": 409}
EXISTS = {**CONFLICT, "body": '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"it exists","reason":"AlreadyExists","code":409}'}
CREATED = ("create_database", "create_job", "record_the_start", "record_the_end")  # really, unlike what a dry run creates
# What is written in a life, by whose it is. Few at a time: with each conflict in a row the controller waits twice as long.
WRITES = {
    "databases": ("create_database", "claim", "release", "let_go_of_the_database"),
    "statuses": ("say_running", "note_the_pod", "write_the_outcome"),
    "jobs": ("create_job", "arm", "let_go_of_the_job"),
    "pods_and_migrations": ("hold", "open_the_pod", "let_go_of_the_pod", "let_go_of_the_migration"),
}
IN_A_ROW = 3


class Storms(Fault):
    """The same thing over and over."""

    def test_conflicts_of_writes_that_were_applied(self):
        """A proxy between may well send a request twice: the second is refused because of the first. No write of this life is told otherwise."""
        steps = [step for step in STEPS if STEPS[step]["method"] == "PATCH" or step in CREATED]
        self.one_life()
        self.begin(*({**STEPS[step], **(EXISTS if step in CREATED else CONFLICT), "when": "applied", "times": -1} for step in steps))
        self.one_success()
        self.assertEqual([], [step for step, hits in self.hits(steps).items() if not hits], "that no conflict hit")

    def test_nothing_works_for_a_while(self):
        """All requests and all watches fail for some seconds, in the middle of the run."""
        self.one_life()
        self.begin()
        self.running_pod()
        self.session.rules({"times": -1, "do": "answer", "status": 503}, {"watch": True, "times": -1, "do": "answer", "status": 503})
        self.session.cut()
        self.assertTrue(self.session.fired(6))
        self.session.rules()
        self.one_success()

    def test_retry_after_is_waited_for(self):
        """After 429 with Retry-After nothing is asked for about this migration before that time."""
        self.one_life()
        self.begin({"method": "PATCH", "path": "databases/orders/status", "do": "answer", "status": 429, "retryAfter": 3})
        self.one_success()
        log = [seen for seen in self.session.log() if seen["number"]]
        busy = next(i for i, seen in enumerate(log) if seen.get("status") == 429)
        following = next(seen for seen in log[busy + 1:] if "first" in seen["path"] or "orders" in seen["path"] or "jobs" in seen["path"])
        waited = following["at"] - log[busy]["at"]
        self.assertGreaterEqual(waited, 2.9)
        self.assertLess(waited, 8)


def conflicts(steps):
    def test(self):
        """Nothing is written before some conflicts."""
        self.one_life()
        self.begin(*each(steps, **CONFLICT, times=IN_A_ROW))
        self.one_success()
        self.assertEqual(dict.fromkeys(steps, IN_A_ROW), self.hits(steps))

    return test


for _name, _steps in WRITES.items():
    setattr(Storms, f"test_conflicts_of_{_name}", conflicts(_steps))


class Selectors(Fault):
    """Servers of other kinds that take no selector: of all objects those are picked that the migration names."""

    def setUp(self):
        super().setUp()
        self.kind = OwnKind(self, "Rollout")
        self.kind.install()
        for name, version in (("api", "2.0.0"), ("far", "1.0.0")):
            labels = {"app": name}
            self.kind.create(name, labels=labels, spec={"selector": labels, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [{"name": "api", "image": f"registry.example:5000/orders-api:{version}"}]}}})

    def looks_for(self, which, **answer):
        self.migrate(applications=[{"versions": ">=2.0.0", "apiVersion": self.kind.api_version, "kind": "Rollout", **which}])
        self.begin({"method": "GET", "path": f"/{self.kind.plural}.(field|label)Selector", "times": -1, "do": "answer", **answer})
        self.one_success(withdrawn=False)
        self.assertEqual(1, self.session.state()["fired"], "how often it asked so")

    def all_of_them(self):
        return json.dumps(self.api.request("GET", self.kind.path))

    def test_name_is_refused(self):
        self.looks_for({"name": "api"}, status=400)

    def test_labels_are_refused(self):
        self.looks_for({"selector": {"matchLabels": {"app": "api"}}}, status=400)

    def test_name_is_overlooked(self):
        self.looks_for({"name": "api"}, status=200, body=self.all_of_them())

    def test_labels_are_overlooked(self):
        self.looks_for({"selector": {"matchLabels": {"app": "api"}}}, status=200, body=self.all_of_them())


class NeverAnswered(Fault):
    """The request was applied, and no answer ever comes: after 30 s it counts as lost."""


class NeverAnsweredEither(Fault):
    """The other requests of a life."""

    is_long = True


def never_answered(step):
    def test(self):
        self.one_life()
        # The small request by which a late one is given company gets no answer either.
        self.begin(*each([step], when="applied", do="hold"), {"path": "/version", "times": -1, "do": "hold"})
        self.one_success()
        self.assertEqual({step: 1}, self.hits([step]))

    test.lasts = 40
    return test


BLOCKING = ("dry_run_of_the_job", "claim", "hold", "look_at_its_pods", "create_job", "say_running", "arm", "note_the_pod", "open_the_pod",
            "write_the_outcome", "release", "let_go_of_the_pod")
for _step in STEPS:
    setattr(NeverAnswered if _step in BLOCKING else NeverAnsweredEither, f"test_{_step}", never_answered(_step))


class Endless(Fault):
    """Answers without an end: the limit ends them, and the memory that they took is given back."""

    def peak_kib(self):
        with open(f"/proc/{self.own_controller.process.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1])

    def test_answer(self):
        """A look that streams for ever is given up at 64 MiB."""
        self.one_life()
        self.begin(*each(["look_at_its_pods"], do="flood", bytes=0))
        self.one_success()

    test_answer.lasts = 20

    def test_line_of_100_mib(self):
        """A line of a watch is refused at 8 MiB; the memory does not grow with what the server sends."""
        self.deploy(version="1.0.0", replicas=1)
        self.begin(wait=True)
        self.migrate(applications=[self.application(">=2.0.0")])
        self.closed("VersionsCompatible")
        before = self.peak_kib()
        self.session.rules({"line": '"MODIFIED"', "path": "/deployments", "do": "flood", "bytes": 100 << 20})
        self.roll_to("2.0.0")
        self.assertTrue(self.session.fired())
        self.reaches("first", "Succeeded")
        self.assertLess(self.peak_kib() - before, 64 << 10, "KiB more than before")
        self.one_success()
