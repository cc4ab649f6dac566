# SPDX-License-Identifier: Apache-2.0
"""One walk: operations drawn from a seed, done at their times, and what must hold when they stop."""
import bisect
import heapq
import http.client
import itertools
import json
import random
import signal
import time

import end
import operations
import oracle
from ground import requests, rules
from ground.case import Case
from ground.cluster import ApiError
from ground.controller import Controller
from ground.relay import Relay
from ground.runs import UNPROVEN
from ground.world import Together

OPERATIONS_OF_A_WALK = 30
GAP_S = 0.45  # on average between two operations
SETTLES_WITHIN_S = 90  # after faults stop, or after the last step that a migration took since; the longest backoff included
ENDS_WITHIN_S = 300  # however many steps they take, one migration of a database after the other
STAYS_FOR_S = 3
# What may still be written then, for a few times STAYS_FOR_S. That an application's pods have come to rest is told some
# seconds later: no step of any run. And where several controllers act, what the last of them asks for is so already.
MINOR = (("schemamigrations", "status"), ("events", None))
REFUSED = (404, 409)
MINOR_WRITES = 3
NAMESPACE_GOES_WITHIN_S = 600  # the namespace controller has many to do, and looks again when the pods had their time


def draw(seed):
    """The walk of a seed: [(seconds from its start, name of the operation, its arguments)]."""
    chance = random.Random(seed)
    steps = [(0.0, "roll_out", {"version": chance.choice(operations.VERSIONS)})] if chance.random() < 0.7 else []
    steps += [(0.0, "allow", {"on": True})]
    steps += [(0.0, "apply", {"name": name}) for name in chance.sample(operations.MIGRATIONS, 3)]
    names = list(operations.OPERATIONS)
    reach = list(itertools.accumulate(operations.OPERATIONS[name][0] for name in names))
    at = 0.3
    for _ in range(OPERATIONS_OF_A_WALK):
        name = names[bisect.bisect(reach, chance.random() * reach[-1])]
        steps.append((round(at, 2), name, {key: draw_one(chance) for key, draw_one in operations.OPERATIONS[name][1].items()}))
        at += chance.expovariate(1 / GAP_S)
    if chance.random() < 0.12:
        steps.append((round(at, 2), "delete_namespace", {}))
    return steps


class OwnController(Controller):
    """Killed, frozen and begun again; its log goes on."""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def start_quietly(self):
        if not self.alive():
            self.start(wait=False)

    def kill_if_alive(self):
        if self.alive():
            self.kill()

    def signal(self, number):
        if self.alive():
            self.process.send_signal(number)


class Walk:

    def __init__(self, seed, suite, folder):
        self.seed = seed
        self.api, self.world, self.requests = suite.api, suite.world, suite.requests
        self.namespace = f"{suite.prefix}-{seed}"
        self.platform = f"{self.namespace}-data"  # where the Database ELSEWHERE is
        self.namespaces = (self.namespace, self.platform)
        self.specs = {name: self.spec(name) for name in operations.MIGRATIONS}
        # The controllers act in all namespaces, of which the proxy shows them these two.
        self.session = suite.proxy.session(namespaces=self.namespaces)
        self.relay = Relay(self.session.kubeconfig, folder / f"{seed}.kubeconfig")
        self.controller, self.second = (
            OwnController(f"{seed}-{which}", "--leader-elect=false", kubeconfig=folder / f"{seed}.kubeconfig")
            for which in ("first", "second"))
        self.later = []  # (when, count, what): the ends of what lasts
        self.count = itertools.count()
        self.log = []
        self.done = 0
        self.confirmed = set()
        self.touched = set()
        self.kills = 0
        self.is_namespace_deleted = False

    def spec(self, name):
        spec = operations.draw_spec(random.Random(f"{self.seed} {name}"), name)
        is_elsewhere = spec["database"] == operations.ELSEWHERE
        return {**spec, "database": f"{self.platform}/{spec['database']}"} if is_elsewhere else spec

    # ---- doing ----

    def run(self):
        """Returns what was wrong, as sentences."""
        self.began = time.monotonic()
        try:
            for namespace in self.namespaces:
                Case.new_namespace(self, namespace)
            self.controller.start(wait=False).wait_ready(60)
            self.began = time.monotonic()
            for at, name, arguments in draw(self.seed):
                self.until(at)
                self.done += 1
                self.step(name, arguments)
            self.until(float("inf"))
            problems = self.faults_stop()
        except BaseException:
            self.controller.kill_if_alive()
            raise
        finally:
            self.second.kill_if_alive()
        problems += [problem for problem in [self.controller.stop()] if problem]
        self.relay.close()
        self.session.close()
        self.session = None  # with all that it has seen
        return problems

    def until(self, at):
        """Waits, and ends meanwhile what has lasted long enough."""
        while self.later and self.later[0][0] <= at:
            when, _, what = heapq.heappop(self.later)
            self.sleep_until(when)
            what()
        if at < float("inf"):
            self.sleep_until(at)

    def sleep_until(self, at):
        left = self.began + at - time.monotonic()
        if left > 0:
            time.sleep(left)

    def now(self):
        return time.monotonic() - self.began

    def step(self, name, arguments):
        before = len(self.log)
        if name == "delete_namespace":
            self.is_namespace_deleted = True
            self.asked(f"kubectl delete namespace {self.namespace}", lambda: self.api.delete("namespaces", None, self.namespace))
        else:
            operations.OPERATIONS[name][2](self, **arguments)
        if len(self.log) == before:
            self.note(f"# {name} {arguments}: there is nothing that it could be about")

    def note(self, text):
        self.log.append(f"{self.now():6.2f}  {text}")

    def asked(self, text, request):
        try:
            request()
            self.note(text)
        except ApiError as error:
            self.note(f"{text}  # refused: {error.code}")
        except (OSError, http.client.HTTPException) as error:
            self.note(f"{text}  # {error!r}")

    # ---- the words of operations.py ----

    def home(self, kind, name):
        """The namespace of an object."""
        return self.platform if (kind, name) == ("databases", operations.ELSEWHERE) else self.namespace

    def create(self, kind, body):
        text = f"kubectl create {kind} {body['metadata']['name']} {json.dumps(body['spec'])}"
        self.asked(text, lambda: self.api.create(kind, self.home(kind, body["metadata"]["name"]), body))

    def patch(self, kind, name, body, how="merge", subresource=""):
        text = f"kubectl patch {kind} {name} --type={how} {f'--subresource={subresource} ' if subresource else ''}-p '{json.dumps(body)}'"
        self.asked(text, lambda: self.api.change(kind, self.home(kind, name), name, body, how, subresource))

    def delete(self, kind, name, propagation, **options):
        path = self.api.path(kind, self.home(kind, name), name)
        text = f"kubectl delete {kind} {name} --cascade={propagation.lower()} {options or ''}"
        self.asked(text, lambda: self.api.request("DELETE", path, {"propagationPolicy": propagation, **options}))

    def evict(self, pod):
        self.asked(f"evict pod {pod}", lambda: self.api.evict(self.namespace, pod))

    def touch(self, migration, change):
        """What a person does to the newest Job of a migration, whose pods are the person's from then on."""
        job = self.world.get("jobs", self.namespace, self.attempt(migration).get("job"))
        if job:
            self.touched.add(job["metadata"]["uid"])
            change(job["metadata"]["name"])

    def confirm(self, name):
        """A person makes sure that what is in doubt has ended, and says so."""
        attempt = self.attempt(name)
        if attempt.get("reason") not in UNPROVEN:
            return
        self.confirmed.add((self.world.get("schemamigrations", self.namespace, name)["metadata"]["uid"], attempt["number"]))
        self.patch("schemamigrations", name, {"metadata": {"annotations": {"interlude.dev/confirm-ended": str(attempt["number"])}}})

    def process(self, text, seconds, begin, finish=None):
        self.note(f"{text} {seconds} s")
        begin()
        if finish:
            heapq.heappush(self.later, (self.now() + seconds, next(self.count), finish))

    def kill(self, controller):
        self.kills += controller.alive()
        controller.kill_if_alive()

    def start_again(self):
        self.controller.start_quietly()

    def stop_clock(self):
        self.controller.signal(signal.SIGSTOP)

    def go_on(self):
        self.controller.signal(signal.SIGCONT)

    # ---- looking ----

    def database(self, name):
        return self.world.get("databases", self.home("databases", name), name)

    def databases(self):
        return [seen for namespace in self.namespaces for seen in self.world.all("databases", namespace)]

    def attempt(self, name):
        return (self.world.get("schemamigrations", self.namespace, name) or {}).get("status", {}).get("attempt", {})

    def waiting_at(self, gate):
        return sorted((seen for seen in self.world.all("schemamigrations", self.namespace)
                       if any((told["type"], told["status"]) == (gate, "False") for told in seen.get("status", {}).get("conditions", []))
                       and seen["status"]["phase"] == "Waiting"), key=lambda seen: seen["metadata"]["name"])

    def pods(self, name):
        """The names of a migration's pods that have not ended."""
        return [pod["metadata"]["name"] for pod in self.world.all("pods", self.namespace)
                if pod["metadata"].get("labels", {}).get("interlude.dev/migration") == name
                and pod["status"].get("phase") in ("Pending", "Running")]

    def workload(self, version):
        return Case.workload(self, version=version, replicas=2)

    # ---- the end ----

    def faults_stop(self):
        self.note("# faults stop")
        self.kill(self.second)
        self.go_on()
        self.start_again()
        self.relay.go_on()
        problems = self.namespace_goes() if self.is_namespace_deleted else self.settles()
        problems += rules.broken_rules(Together(self.world, self.namespaces), self.namespace, self.touched)
        asked = sorted((request for namespace in self.namespaces for request in self.requests.of(namespace)), key=lambda request: request.at)
        problems += requests.broken(self.world, self.namespace, asked, self.touched, self.kills)
        problems += oracle.broken(self.world, self.namespace, asked)
        return problems

    def namespace_goes(self):
        deadline = time.monotonic() + NAMESPACE_GOES_WITHIN_S
        while self.world.get("namespaces", None, self.namespace):
            if time.monotonic() > deadline:
                left = [f"{kind}/{seen['metadata']['name']} {seen['metadata'].get('finalizers')}"
                        for kind in ("schemamigrations", "databases", "jobs", "pods") for seen in self.world.all(kind, self.namespace)]
                why = [condition for condition in self.world.get("namespaces", None, self.namespace)["status"].get("conditions", [])
                       if condition["status"] == "True"]
                return [f"the namespace is not gone after {NAMESPACE_GOES_WITHIN_S} s: {left}, {why}"]
            end.help_on(self)
            end.remove_lost_node(self)
            time.sleep(0.3)
        return []

    def settles(self):
        """Eventually stable: what has open gates ends, and then nothing changes any more."""
        latest = time.monotonic() + ENDS_WITHIN_S
        deadline, before = 0, None
        while True:
            steps = self.steps()
            if steps != before:
                deadline, before = min(time.monotonic() + SETTLES_WITHIN_S, latest), steps
            end.help_on(self)
            left = list(end.unsettled(self))
            if not left:
                for namespace in self.namespaces:
                    self.world.catch_up(namespace)
                left = list(end.unsettled(self))
            if not left:
                break
            if time.monotonic() > deadline:
                return [f"not settled {SETTLES_WITHIN_S} s after the last step since faults stopped: {sentence}" for sentence in left]
            time.sleep(0.2)
        self.note("# settled")
        for _ in range(MINOR_WRITES):
            before = self.versions()
            writes = self.writes_while_nothing_happens()
            if not all(self.is_minor(request, before) for request in writes) or not writes:
                break
        return ([f"settled, and then {request}" for request in writes]
                + [f"settled, and then {sentence}" for sentence in end.unsettled(self)])

    def steps(self):
        """What each migration has come to: it changes as long as something goes on."""
        return {(seen["metadata"]["uid"], status.get("phase"), status.get("attempt", {}).get("number"))
                for seen in self.world.all("schemamigrations", self.namespace) for status in [seen.get("status", {})]}

    def versions(self):
        return {(kind, seen["metadata"]["name"]): seen["metadata"]["resourceVersion"]
                for kind in ("schemamigrations", "databases", "jobs", "pods") for namespace in self.namespaces
                for seen in self.world.all(kind, namespace)}

    def is_minor(self, request, before):
        key = (request.resource, request.name)
        return ((request.resource, request.subresource) in MINOR or request.code in REFUSED
                or key in before and self.versions().get(key) == before[key])

    def writes_while_nothing_happens(self):
        before = {namespace: len(self.requests.of(namespace)) for namespace in self.namespaces}
        time.sleep(STAYS_FOR_S)
        return [request for namespace in self.namespaces for request in self.requests.of(namespace)[before[namespace]:]
                if requests.is_controllers(request) and requests.is_real_write(request)]

    def clean_up(self):
        """Nobody is there to let go: what is left is let go by hand, and pods at once, so that the namespace need not wait."""
        for kind in ("schemamigrations", "databases", "jobs", "pods"):
            for seen in (seen for namespace in self.namespaces for seen in self.world.all(kind, namespace)):
                self.in_passing(self.api.change, kind, seen["metadata"]["namespace"], seen["metadata"]["name"], {"metadata": {"finalizers": None}})
        for kind in ("deployments", "jobs"):
            for seen in self.world.all(kind, self.namespace):
                self.in_passing(self.api.delete, kind, self.namespace, seen["metadata"]["name"])
        for seen in self.world.all("pods", self.namespace):
            self.in_passing(self.api.delete, "pods", self.namespace, seen["metadata"]["name"], gracePeriodSeconds=0)
        for namespace in self.namespaces:
            self.in_passing(self.api.delete, "namespaces", None, namespace)

    @staticmethod
    def in_passing(request, *arguments, **options):
        try:
            request(*arguments, **options)
        except ApiError:
            pass  # it is gone already

    def forget(self):
        for namespace in self.namespaces:
            self.world.forget(namespace)
            self.requests.forget(namespace)

    def describe(self):
        """For a failure: the walk as commands with times, what there is now, what the controller said."""
        return "\n".join([*self.log, Case.describe(self)])

    own_controller = property(lambda self: self.controller)


