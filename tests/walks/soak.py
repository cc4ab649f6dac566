# SPDX-License-Identifier: Apache-2.0
"""Walks of new seeds for as long as asked, and two controllers that live through all of them.

Both act in every namespace, beside the walks' own controllers. The release build's memory is watched: it must be flat. The
sanitized one ends with a report of every leak, and of whatever else its sanitizers found.
"""
import concurrent.futures
import itertools
import pathlib
import random
import re
import statistics
import threading
import time

from ground.controller import Controller

SAMPLE_EVERY_S = 5
LINE_EVERY = 12  # samples
# Measured in the second and in the last quarter of the time: the first is for caches and the allocator to fill.
MAY_GROW_BY = 0.05
MAY_GROW_BY_MIB = 0.5


class Memory:
    """What a process has in memory, from sample to sample."""

    def __init__(self, process):
        self.status = pathlib.Path(f"/proc/{process.pid}/status")
        self.samples = []

    def sample(self):
        self.samples.append(int(re.search(r"VmRSS:\s+(\d+)", self.status.read_text()).group(1)) / 1024)
        return self.samples[-1]

    def quarter(self, number):
        """The median of one quarter of the time, 0 to 3."""
        count = len(self.samples)
        return statistics.median(self.samples[number * count // 4:max(number * count // 4 + 1, (number + 1) * count // 4)])

    def __str__(self):
        return " → ".join(f"{self.quarter(number):.2f}" for number in range(4)) + f" MiB (at most {max(self.samples):.2f}), by quarters"

    def problem(self):
        """None while it is flat."""
        base, end = self.quarter(1), self.quarter(3)
        if end > base * (1 + MAY_GROW_BY) + MAY_GROW_BY_MIB:
            return f"the controller's memory grows: {self}"
        return None


def soak(seconds, width, walk, report, sanitized):
    """Calls walk(seed) side by side; a line a minute. sanitized is the program with sanitizers."""
    seeds = itertools.count(random.SystemRandom().randrange(10**6, 10**9))
    lock = threading.Lock()
    began = time.monotonic()

    def lane():
        while time.monotonic() - began < seconds:
            with lock:
                seed = next(seeds)
            walk(seed)

    watched = Controller("watched", "--leader-elect=false", level="warn")
    checked = Controller("sanitized", "--leader-elect=false", level="warn", program=sanitized)
    with watched, checked:
        memory = Memory(watched.process)
        with concurrent.futures.ThreadPoolExecutor(width) as pool:
            lanes = [pool.submit(lane) for _ in range(width)]
            while not all(one.done() for one in lanes):
                concurrent.futures.wait(lanes, timeout=SAMPLE_EVERY_S)
                ended = next((one for one in (watched, checked) if one.process.poll() is not None), None)
                if ended:
                    report.fail(f"a controller that was to live through all has ended:\n{ended.tail()}")
                    seconds = 0
                    break
                memory.sample()
                if len(memory.samples) % LINE_EVERY == 0:
                    report.line(f", {memory.samples[-1]:.2f} MiB")
        for one in (watched, checked):
            if problem := one.stop():
                report.fail(problem)
    if memory.samples:
        print(f"memory of the release build: {memory}")
        if problem := memory.problem():
            report.fail(problem)
