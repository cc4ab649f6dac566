# SPDX-License-Identifier: Apache-2.0
"""One walk: operations drawn from a seed, done at their times, and what must hold when they stop."""
import bisect
import collections
import contextlib
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
from ground.pods import has_started
from ground.relay import Relay
from ground.runs import NEVER, UNPROVEN
from ground.world import Together
from harness.api import WaitFailed

APPLIED_AT_FIRST = 4
OPERATIONS_OF_A_WALK = 30
GAP_S = 0.45  # on average between two operations
LOOKS_EVERY_S = 0.1  # for what an operation is about that was put off
BEGINS_WITHIN_S = 8  # a run that is waited for at first
LAST_CHANCE_S = 5  # for those that are put off at the end
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
    steps += [(0.0, "apply", {"name": name}) for name in chance.sample(operations.MIGRATIONS, APPLIED_AT_FIRST)]
    steps += [(0.0, "wait_for_a_run", {})] if chance.random() < 0.7 else []
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

    # These return whether there was anything to do.

    def start_quietly(self):
        is_due = not self.alive()
        if is_due:
            self.start(wait=False)
        return is_due

    def kill_if_alive(self):
        is_due = self.alive()
        if is_due:
            self.kill()
        return is_due

    def signal(self, number):
        is_due = self.alive()
        if is_due:
            self.process.send_signal(number)
        return is_due


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
        self.ends = collections.Counter()  # of attempts, by their reason
        self.drawn, self.effective = collections.Counter(), collections.Counter()  # by the operation
        self.has_effect = False  # the operation that is being done
        self.put_off = []  # (operation, arguments): there was nothing yet that they could be about
        self.next_put_off = 0  # not before this
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
            if self.put_off and not self.is_namespace_deleted:
                self.until(self.now() + LAST_CHANCE_S)
            self.until(NEVER)
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
        """Waits, ends meanwhile what has lasted long enough, and does what was put off. NEVER: until nothing lasts any more."""
        while self.later or (at != NEVER and self.now() < at):
            next_end = self.later[0][0] if self.later else NEVER
            if next_end <= self.now():
                heapq.heappop(self.later)[2]()
                continue
            if self.now() >= at:
                return
            self.do_what_was_put_off()
            time.sleep(max(0, min(next_end, at, self.now() + LOOKS_EVERY_S) - self.now()))

    def do_what_was_put_off(self):
        """The first that finds something by now; no two at once, or all would be about the first moment of a run."""
        if self.now() < self.next_put_off:
            return
        done = next((one for one in self.put_off if self.do(*one)), None)
        if done:
            self.put_off.remove(done)
            self.next_put_off = self.now() + GAP_S

    def now(self):
        return time.monotonic() - self.began

    def step(self, name, arguments):
        self.drawn[name] += 1
        if not self.do(name, arguments):
            self.note(f"# {name}: there is nothing yet that it could be about")
            if name not in operations.NEVER_LATE:
                self.put_off.append((name, arguments))

    def do(self, name, arguments):
        """False: there was nothing that it could be about."""
        before = len(self.log)
        self.has_effect = False
        operations.OPERATIONS[name][2](self, **arguments)
        self.effective[name] += self.has_effect
        return len(self.log) > before

    def note(self, text):
        self.log.append(f"{self.now():6.2f}  {text}")

    def asked(self, text, request, before=None):
        """before: the object as it was; one that is as it was when the server has answered was not changed."""
        try:
            answer = request()
            self.note(text)
            versions = [seen.get("metadata", {}).get("resourceVersion") for seen in (before or {}, answer)]
            self.has_effect |= before is None or versions[0] != versions[1]
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
        self.asked(text, lambda: self.api.change(kind, self.home(kind, name), name, body, how, subresource), self.seen(kind, name))

    def delete(self, kind, name, propagation, **options):
        path = self.api.path(kind, self.home(kind, name), name)
        text = f"kubectl delete {kind} {name} --cascade={propagation.lower()} {options or ''}"
        self.asked(text, lambda: self.api.request("DELETE", path, {"propagationPolicy": propagation, **options}), self.seen(kind, name))

    def delete_namespace(self):
        self.is_namespace_deleted = True
        self.asked(f"kubectl delete namespace {self.namespace}", lambda: self.api.delete("namespaces", None, self.namespace))

    def evict(self, pod):
        self.asked(f"evict pod {pod}", lambda: self.api.evict(self.namespace, pod))

    def touch(self, of, change):
        """What a person does to the newest Job of a migration, whose pods are the person's from then on."""
        for job in self.pick(of, self.newest_jobs):
            self.touched.add(job["metadata"]["uid"])
            change(job["metadata"]["name"])

    def touch_job_of(self, pod):
        self.touched |= {owner["uid"] for owner in self.seen("pods", pod)["metadata"].get("ownerReferences", [])}

    def confirm(self, name):
        """A person makes sure that what is in doubt has ended, and says so."""
        attempt = self.attempt(name)
        if attempt.get("reason") not in UNPROVEN:
            return
        self.confirmed.add((self.world.get("schemamigrations", self.namespace, name)["metadata"]["uid"], attempt["number"]))
        self.patch("schemamigrations", name, {"metadata": {"annotations": {"interlude.dev/confirm-ended": str(attempt["number"])}}})

    def process(self, text, seconds, begin, finish=None):
        self.note(f"{text} {seconds} s")
        self.has_effect |= bool(begin())
        if finish:
            heapq.heappush(self.later, (self.now() + seconds, next(self.count), finish))

    def kill(self, controller):
        is_killed = controller.kill_if_alive()
        self.kills += is_killed
        return is_killed

    def start_again(self):
        self.controller.start_quietly()

    def stop_clock(self):
        return self.controller.signal(signal.SIGSTOP)

    def go_on(self):
        self.controller.signal(signal.SIGCONT)

    def wait_for_a_run(self):
        """The walk's time stands still meanwhile."""
        began = time.monotonic()
        with contextlib.suppress(WaitFailed):  # its migrations may all have to wait
            self.world.until(self.namespace, lambda: self.living_pods(has_started), "a run", BEGINS_WITHIN_S)
            self.has_effect = True
        self.began += time.monotonic() - began
        self.note("# waited for a run")

    # ---- looking ----

    @staticmethod
    def pick(of, find):
        """[one of those that find() finds now], by the number that was drawn, or []."""
        found = sorted(find(), key=lambda seen: seen["metadata"]["name"])
        return [found[of % len(found)]] if found else []

    def seen(self, kind, name):
        return self.world.get(kind, self.home(kind, name), name)

    def migrations(self, phases=operations.PHASES):
        """Those that are in one of these phases; None for one that nobody has looked at yet."""
        return [seen for seen in self.world.all("schemamigrations", self.namespace)
                if seen.get("status", {}).get("phase", operations.PHASES[0]) in phases]

    def migration(self, of, phases=operations.PHASES):
        """[the name of one] or []."""
        return [seen["metadata"]["name"] for seen in self.pick(of, lambda: self.migrations(phases))]

    def migration_in_doubt(self, of):
        """Likewise one of which only a person can tell whether it has ended."""
        def in_doubt():
            return [seen for seen in self.migrations() if seen.get("status", {}).get("attempt", {}).get("reason") in UNPROVEN]

        return [seen["metadata"]["name"] for seen in self.pick(of, in_doubt)]

    def newest_jobs(self):
        jobs = (self.world.get("jobs", self.namespace, seen.get("status", {}).get("attempt", {}).get("job")) for seen in self.migrations())
        return [job for job in jobs if job]

    def database(self, name):
        return self.seen("databases", name)

    def databases(self):
        return [seen for namespace in self.namespaces for seen in self.world.all("databases", namespace)]

    def attempt(self, name):
        return (self.world.get("schemamigrations", self.namespace, name) or {}).get("status", {}).get("attempt", {})

    def waiting_at(self, gate):
        return sorted((seen for seen in self.world.all("schemamigrations", self.namespace)
                       if any((told["type"], told["status"]) == (gate, "False") for told in seen.get("status", {}).get("conditions", []))
                       and seen["status"]["phase"] == "Waiting"), key=lambda seen: seen["metadata"]["name"])

    def pods(self, of, holds):
        """The names of those pods of one migration that have not ended, and of which this holds."""
        return [pod["metadata"]["name"] for one in self.pick(of, lambda: self.living_pods(holds)) for pod in self.living_pods(holds)
                if pod["metadata"]["labels"][end.MIGRATION] == one["metadata"]["labels"][end.MIGRATION]]

    def living_pods(self, holds):
        return [pod for pod in self.world.all("pods", self.namespace) if end.MIGRATION in pod["metadata"].get("labels", {})
                and pod["status"].get("phase") in ("Pending", "Running") and holds(pod)]

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
        self.ends.update(self.reasons().values())
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

    def reasons(self):
        """(migration, attempt) -> the reason of its outcome."""
        told = (seen for _, seen in self.world.told("schemamigrations", self.namespace))
        return {(seen["metadata"]["uid"], attempt["number"]): attempt["reason"] for seen in told
                for attempt in [seen.get("status", {}).get("attempt", {})] if "outcome" in attempt}

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


