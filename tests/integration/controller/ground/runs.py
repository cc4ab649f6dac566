# SPDX-License-Identifier: Apache-2.0
"""Rules about what ran, when, and whether anybody asked for it: read off every version of every object, as rules.py does.

A pod runs from the version that first shows a container of it started, to the version that shows all of them ended, or
to that of a person's word that its attempt has.
"""
import collections

from ground.pods import has_started, is_gated, may_run, succeeded, was_asked_to_end
from ground.world import version_of

UID = "interlude.dev/migration-uid"
ATTEMPT = "interlude.dev/attempt"
DATABASE = "interlude.dev/database"
CONFIRM_ENDED = "interlude.dev/confirm-ended"
NEVER = float("inf")
UNPROVEN = ("EndUnproven", "PodVanished")  # the claim stays until a person says that it has ended

OWN_FAILURES = ("ExitCode", "OOMKilled", "InitContainerFailed", "NeverStarted", "RecoverFailed")


class Run:
    """One pod's life."""

    def __init__(self, attempt, database):
        self.attempt = attempt
        self.database = database
        self.versions = []  # (revision, pod), oldest first
        self.began = self.ended = NEVER

    def take(self, how, pod):
        revision = version_of(pod)
        self.versions.append((revision, pod))
        if self.began == NEVER and has_started(pod):
            self.began = revision
        if self.ended == NEVER and (how == "DELETED" or not may_run(pod)):
            self.ended = revision

    def at(self, revision):
        """As it was seen before a revision; None: it was not there yet."""
        return next((pod for seen, pod in reversed(self.versions) if seen < revision), None)

    def is_proof(self, revision):
        """R8a: by then it was seen that it ended with 0, by itself."""
        for seen, pod in self.versions:
            if seen < revision and succeeded(pod):
                return not was_asked_to_end(pod)
        return False

    @property
    def is_let_start(self):
        """Some version of it is not behind the scheduling gate, nor on its way out (then no node takes it any more)."""
        return any(not is_gated(pod) and (pod["spec"].get("nodeName") or "deletionTimestamp" not in pod["metadata"])
                   for _, pod in self.versions)

    @property
    def job(self):
        return next(iter(self.versions[0][1]["metadata"].get("ownerReferences", [])), {}).get("uid")

    @property
    def name(self):
        return self.versions[0][1]["metadata"]["name"]


def vouched_for(world, namespace):
    """The revision that first shows a person's word that an attempt has ended: by (UID of the migration, number)."""
    words = {}
    for kind in ("schemamigrations", "databases"):
        for _, seen in world.told(kind, namespace):
            number = seen["metadata"].get("annotations", {}).get(CONFIRM_ENDED)
            claim = seen.get("status", {}).get("claim", {})
            uid = claim.get("uid") if kind == "databases" else seen["metadata"]["uid"]
            if number and (kind != "databases" or number == str(claim.get("attempt"))):
                words.setdefault((uid, int(number)), version_of(seen))
    return words


def runs_of(world, namespace):
    runs = {}
    for how, pod in world.told("pods", namespace):
        labels = pod["metadata"].get("labels", {})
        if UID in labels and ATTEMPT in labels:
            attempt = (labels[UID], int(labels[ATTEMPT]))
            runs.setdefault(pod["metadata"]["uid"], Run(attempt, labels.get(DATABASE))).take(how, pod)
    words = vouched_for(world, namespace)
    for run in runs.values():
        run.ended = min(run.ended, words.get(run.attempt, NEVER))
    return list(runs.values())


def broken(world, namespace, migrations, touched):
    """touched: UIDs of Jobs that a person has edited, suspended or deleted, who may have made a second pod of them."""
    runs = runs_of(world, namespace)
    yield from one_pod_per_attempt(runs)
    yield from one_at_a_time(runs)
    for versions in migrations.values():
        of_it = [run for run in runs if run.attempt[0] == versions[0]["metadata"]["uid"]]
        yield from outcomes(versions, of_it, touched)
        yield from asked_for(versions)
    yield from gone_while_it_runs(world, namespace, runs)
    yield from ended_early(world, namespace, runs, touched)


def one_pod_per_attempt(runs):
    """R1: at most one Job of an attempt ever has a pod; and of its pods one is let start, whatever anybody does to them."""
    jobs = collections.defaultdict(set)
    pods = collections.defaultdict(set)
    for run in runs:
        jobs[run.attempt].add(run.job)
        if run.is_let_start:
            pods[run.attempt].add(run.name)
    for attempt, uids in jobs.items():
        if len(uids) > 1:
            yield f"attempt {attempt} had pods of several Jobs: {sorted(uids)}"
    for attempt, names in pods.items():
        if len(names) > 1:
            yield f"of attempt {attempt} several pods were let start: {sorted(names)}"


def one_at_a_time(runs):
    """R2; and never two pods of one attempt."""
    lives = collections.defaultdict(list)
    for run in runs:
        if run.began != NEVER:
            lives[run.database].append(run)
    for database, of_it in lives.items():
        of_it.sort(key=lambda run: run.began)
        for first, second in zip(of_it, of_it[1:]):
            if second.began < first.ended:
                yield f"database {database}: pod {second.name} of {second.attempt} began at {second.began}, " \
                      f"pod {first.name} of {first.attempt} ran until {first.ended}"


def outcomes(versions, runs, touched):
    """R8, R8a, R8b: written when nothing runs any more; Succeeded with a proof, Failed not against one. R3: none is ever changed."""
    name = versions[0]["metadata"]["name"]
    known = {}
    last = None  # the attempt that succeeded
    for seen in versions:
        status = seen.get("status", {})
        attempt = status.get("attempt", {})
        for record in [attempt, *status.get("attempts", [])]:
            number, outcome = record.get("number"), record.get("outcome")
            if known.get(number, outcome) != outcome:
                yield f"{name}: attempt {number} was {known[number]} and became {outcome}"
            if outcome and number not in known:
                known[number] = outcome
                yield from at_outcome(name, record, version_of(seen), [run for run in runs if run.attempt[1] == number], touched)
        if last is not None and attempt.get("number", 0) != last:
            yield f"{name}: attempt {attempt['number']} came after success"
        if status.get("phase") == "Succeeded":
            last = attempt.get("number", 0)
            if last and attempt.get("outcome") != "Succeeded":
                yield f"{name}: it is Succeeded, and its attempt says {attempt}"


def is_declared_lost(pod):
    """It is said to have ended, by others than its node, which still tells of containers that run."""
    return pod["status"].get("phase") in ("Failed", "Succeeded") and may_run(pod)


def at_outcome(name, record, when, runs, touched):
    number, reason = record["number"], record.get("reason")
    alive = [run.name for run in runs if run.at(when) and may_run(run.at(when)) and not is_gated(run.at(when))]
    if reason == "NamespaceDeleted":  # which takes the pods of lost nodes, too, and nobody is asked to confirm
        alive = [run.name for run in runs if run.name in alive and not is_declared_lost(run.at(when))]
    if alive and reason not in UNPROVEN:
        yield f"{name}: the outcome of attempt {number} ({reason}) was written while {alive} ran"
    let_start = [run.name for run in runs if run.job == record.get("jobUID") and run.is_let_start]
    if let_start and reason == "StartMissed":
        yield f"{name}: attempt {number} is said to have missed its start, and {let_start} was let start"
    proven = [run.name for run in runs if run.job == record.get("jobUID") and run.is_proof(when)]
    if record["outcome"] == "Succeeded" and not proven:
        yield f"{name}: attempt {number} is Succeeded, and no pod proves it"
    can_tell = [run.name for run in runs if run.name in proven and not was_asked_to_end(run.at(when))]
    is_lost = can_tell and record["outcome"] == "Failed" and reason not in ("JobVanished", *UNPROVEN)
    if is_lost and record.get("jobUID") not in touched:
        yield f"{name}: attempt {number} is Failed ({reason}), and {proven} ended with 0: an outcome is lost"


def asked_for(versions):
    """R3: after a failed attempt another begins only because the spec changed, a retry of it was asked for, or retries allow it."""
    name = versions[0]["metadata"]["name"]
    before = None
    for seen in versions:
        status = seen.get("status", {})
        number = status.get("attempt", {}).get("number", 0)
        last = (before or {}).get("status", {}).get("attempt", {})
        if before and last.get("number", 0) and number > last["number"]:
            why = reason_to_run_again(before, seen)
            if not why:
                yield f"{name}: attempt {number} began and nobody asked for it: {last} {before['metadata'].get('annotations')}"
        before = seen


def reason_to_run_again(before, after):
    last, next_one = before["status"]["attempt"], after["status"]["attempt"]
    if before["metadata"].get("annotations", {}).get("interlude.dev/retry") == str(last["number"]):
        return "retry"
    if next_one["specHash"] != last["specHash"]:
        return "edit"
    if last.get("reason") == "StartMissed":
        return "missed"
    run = before["spec"]["run"]
    in_a_row = 0
    for record in [last, *before["status"].get("attempts", [])]:
        is_own = record.get("reason") in OWN_FAILURES
        if record.get("specHash") != last["specHash"] or not (is_own or is_overcome(record, run)):
            break
        in_a_row += not is_overcome(record, run)
    is_own = last.get("reason") in OWN_FAILURES
    if in_a_row <= run.get("retries", 0) and is_own:
        return "retries"
    is_interruption = last.get("interrupted") or not is_own
    return "interruption" if run.get("onInterruption") == "Retry" and is_interruption else None


def is_overcome(record, run):
    """By run.onInterruption, or our own lateness: neither counts as a failure nor begins their count anew."""
    is_retried = run.get("onInterruption") == "Retry" and record.get("interrupted") and record.get("reason") != "NamespaceDeleted"
    return record.get("reason") == "StartMissed" or is_retried


def gone_while_it_runs(world, namespace, runs):
    """R4: a migration whose run goes on is not let go, unless a person abandons it."""
    for how, seen in world.told("schemamigrations", namespace):
        meta = seen["metadata"]
        if how != "DELETED" or meta.get("annotations", {}).get("interlude.dev/abandon") == "true":
            continue
        alive = [run.name for run in runs if run.attempt[0] == meta["uid"] and run.began < version_of(seen) < run.ended]
        if alive:
            yield f"{meta['name']} was let go at {version_of(seen)} while {alive} ran"


def ended_early(world, namespace, runs, touched):
    """R4a: only a run of which nothing ever started gets the deadline that ends it, as far as its Job could tell.

    A start that the Job's status does not tell yet, for a second or so, nobody can see in one object.
    """
    before = {}
    for _, job in world.told("jobs", namespace):
        uid, deadline = job["metadata"]["uid"], job["spec"].get("activeDeadlineSeconds")
        was = before.get(uid)
        before[uid] = job
        if was and was["spec"].get("parallelism") == 1 and deadline == 1 != was["spec"].get("activeDeadlineSeconds"):
            started = [run.name for run in runs if run.job == uid and run.began < version_of(job) < run.ended]
            if started and was.get("status", {}).get("ready") and uid not in touched:
                yield f"Job {job['metadata']['name']} was ended at {version_of(job)} although {started} had started"
