# SPDX-License-Identifier: Apache-2.0
"""Runs tests side by side and prints each as it ends."""
import concurrent.futures
import threading
import time
import unittest

SHOWN = 80  # lines of a failure


def title(test):
    return f"{type(test).__name__}.{test._testMethodName}"


class Report:
    """Prints each test as it ends, counts, keeps what is known of a failure."""

    def __init__(self, logs):
        self.lock = threading.Lock()
        self.logs = logs
        self.passed = self.skipped = 0
        self.failed = []

    def ended(self, name, result, seconds, about):
        problems = result.errors + result.failures
        with self.lock:
            if problems:
                self.failed.append(name)
                text = "\n".join(problem for _, problem in problems) + "\n" + about
                (self.logs / f"{name}.txt").write_text(text)
                lines = text.splitlines()
                if len(lines) > SHOWN:
                    lines = [*lines[:SHOWN], f"… all of it: {self.logs / name}.txt"]
                print(f"FAILED {seconds:5.1f} s  {name}\n" + "\n".join("       " + line for line in lines), flush=True)
            elif result.skipped:
                self.skipped += 1
                print(f"-      {seconds:5.1f} s  {name}: {result.skipped[0][1]}", flush=True)
            else:
                self.passed += 1
                print(f"ok     {seconds:5.1f} s  {name}", flush=True)

    def close(self):
        for name in self.failed:
            print(f"failed: {name}")
        if self.skipped:
            print(f"{self.skipped} not run")
        print(f"{self.passed} passed, {len(self.failed)} failed", flush=True)
        return 0 if self.passed and not self.failed else 1


def run_test(test, report):
    began = time.monotonic()
    result = unittest.TestResult()
    test.run(result)
    about = ""
    if result.errors or result.failures:
        try:
            about = test.describe()
        except Exception as error:  # the report of one failure must not end in another
            about = f"no more is known: {error!r}"
    report.ended(title(test), result, time.monotonic() - began, about)


def run_all(tests, width, report):
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        for done in [pool.submit(run_test, test, report) for test in tests]:
            done.result()
