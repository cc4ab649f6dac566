# SPDX-License-Identifier: Apache-2.0
"""Requests that are refused, whose answers are lost, late or unreadable, or that never end."""
import json

from ground.own_kind import OwnKind

from fault import PATIENCE, Fault

# What is done to a request: "before", nothing happened; "applied", it was carried out all the same.
REFUSED = {
    "conflict_409": {"do": "answer", "status": 409},
    "busy_429": {"do": "answer", "status": 429, "retryAfter": 1},
    "failure_500": {"do": "answer", "status": 500},
    "unavailable_503": {"do": "answer", "status": 503},
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

# Every kind of request of a life, in its order. The first tries of five of them fail in a row.
STEPS = {
    "create_database": {"method": "POST", "path": "/databases$"},
    "dry_run_of_the_job": {"method": "POST", "path": "/jobs.*dryRun"},
    "dry_run_of_the_pod": {"method": "POST", "path": "/pods.*dryRun"},
    "claim": {"method": "PATCH", "path": "databases/orders/status"},
    "hold": {"method": "PATCH", "path": "schemamigrations/first$"},
    "look_at_the_application": {"method": "GET", "path": "deployments/"},
    "look_at_its_replica_sets": {"method": "GET", "path": "/replicasets"},
    "look_at_its_pods": {"method": "GET", "path": "/pods.labelSelector=app"},
    "create_job": {"method": "POST", "path": "/jobs.fieldValidation=Strict$"},
    "say_running": {"method": "PATCH", "path": "schemamigrations/first/status"},
    "arm": {"method": "PATCH", "path": "/jobs/"},
    "record_the_start": {"method": "POST", "path": "/events"},
    "write_the_outcome": {"method": "PATCH", "path": "schemamigrations/first/status", "first": 2},
    "release": {"method": "PATCH", "path": "databases/orders/status", "first": 2},
    "let_go_of_the_pod": {"method": "PATCH", "path": "/pods/"},
    "let_go_of_the_job": {"method": "PATCH", "path": "/jobs/", "first": 2},
    "record_the_end": {"method": "POST", "path": "/events", "first": 2},
    "let_go_of_the_migration": {"method": "PATCH", "path": "schemamigrations/first$", "first": 2},
    "let_go_of_the_database": {"method": "PATCH", "path": "databases/orders$"},
}
LIVES = 4
SAME = ("bad_gateway", "failure_500", "applied_failure_500", "late")  # to the controller as others are: only with --long
# What makes the controller wait half a minute on purpose: only with --long.
PATIENT = {("dry_run_of_the_job", 409), ("dry_run_of_the_pod", 409)}


class Answers(Fault):
    """Four lives, so that each kind of request meets the fault once."""

    def life_with(self, *rules):
        self.one_life()
        self.begin(*rules)
        self.succeeds(timeout=PATIENCE)
        self.nothing_is_left()
        self.session.fired(len(rules), within=5)
        self.one_success()


def some_steps(fault, offset):
    def test(self):
        steps = [name for name in list(STEPS)[offset::LIVES] if (name, fault.get("status")) not in PATIENT]
        self.life_with(*({**STEPS[name], **fault} for name in steps))
        self.assertEqual(len(steps), self.session.state()["fired"], "faults that happened")

    return test


for _name, _fault in ANSWERS.items():
    for _offset in range(0 if _name in SAME else LIVES):
        setattr(Answers, f"test_{_name}_{_offset + 1}", some_steps(_fault, _offset))


class EachAnswer(Fault):
    """Each fault at each step of a life by itself."""

    is_long = True
    life_with = Answers.life_with


def one_step(fault, step):
    def test(self):
        self.life_with({**step, **fault})
        self.assertEqual(1, self.session.state()["fired"], "faults that happened")

    return test


for _name, _fault in ANSWERS.items():
    for _at, _step in STEPS.items():
        setattr(EachAnswer, f"test_{_name}_at_{_at}", one_step(_fault, _step))


class Storms(Fault):
    """The same thing over and over."""

    def test_conflicts(self):
        """Eight conflicts in a row, at whatever is written."""
        self.one_life()
        self.begin({"method": "PATCH", "path": "databases", "times": 4, "do": "answer", "status": 409},
                   {"method": "PATCH", "path": "schemamigrations", "first": 3, "times": 4, "do": "answer", "status": 409})
        self.one_success()
        self.assertEqual(8, self.session.state()["fired"])

    def test_conflicts_of_writes_that_were_applied(self):
        """A proxy between may well send a request twice: the second is refused because of the first."""
        self.one_life()
        self.begin({"method": "PATCH", "times": -1, "path": "(databases/orders|schemamigrations/first)/status", "when": "applied",
                    "do": "answer", "status": 409, "first": 1, "times": 6})
        self.one_success()

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


def never_answered(which):
    def test(self):
        self.one_life()
        # The small request by which a late one is given company gets no answer either.
        self.begin({**which, "when": "applied", "do": "hold"}, {"path": "/version", "times": -1, "do": "hold"})
        self.assertTrue(self.session.fired())
        self.one_success()

    test.lasts = 40
    return test


for _name in ("dry_run_of_the_job", "claim", "hold", "look_at_its_pods", "create_job", "say_running", "arm", "write_the_outcome", "release"):
    setattr(NeverAnswered, f"test_{_name}", never_answered(STEPS[_name]))


class Endless(Fault):
    """Answers without an end: the limit ends them, and the memory that they took is given back."""

    def peak_kib(self):
        with open(f"/proc/{self.own_controller.process.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1])

    def test_answer(self):
        """A look that streams for ever is given up at 64 MiB."""
        self.one_life()
        self.begin({**STEPS["look_at_its_pods"], "do": "flood", "bytes": 0})
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
