# SPDX-License-Identifier: Apache-2.0
"""Runs the stories: those of the installation first, then the others side by side, then those that must be alone, then
the oracle.

usage: python3 -m harness.runner [-j NUMBER] [-k TEXT] [--long] [--installed] [--list]
"""
import argparse
import concurrent.futures
import datetime
import os
import sys
import threading
import time
import traceback
import unittest

from harness.api import Proxy
from harness.choice import chosen
from harness.oracle import Oracle
from harness.story import Story
from stories.deletions import Deletions
from stories.failures import Failures
from stories.fleet import Fleet
from stories.installation import Installation
from stories.interruptions import Interruptions
from stories.jobs import Jobs
from stories.nodes import LongNodes, Nodes
from stories.runs import Runs
from stories.tutorials import Tutorials
from stories.upgrades import Upgrades
from stories.versions import Versions
from stories.waiting import Waiting

# The longest first, so that the end does not wait for one of them.
STORIES = [Versions, Tutorials, Failures, Waiting, Fleet, Interruptions, Jobs, Deletions, Runs, Nodes, Upgrades]
LONG_STORIES = [LongNodes]
LONGEST_FIRST = ("test_expand_roll_out_contract", "test_retries", "test_evicted_then_recovered", "test_config_map_that_comes",
                 "test_timeout", "test_many_on_one_database", "test_missing_config_map", "test_image_that_does_not_exist")


class Report:
    """Prints each story as it ends, counts, keeps what is known of a failure."""

    def __init__(self, logs):
        self.lock = threading.Lock()
        self.logs = logs
        self.passed = self.skipped = 0
        self.failed = []
        self.began = time.monotonic()

    def ended(self, test, result, seconds):
        name = title(test)
        problems = result.errors + result.failures
        with self.lock:
            if problems:
                self.failed.append(name)
                text = "\n".join(problem for _, problem in problems)
                path = os.path.join(self.logs, f"{name}.txt")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text + "\n" + described(test))
                print(f"FAILED {seconds:5.1f} s  {name}: the state of its namespace is in {path}\n"
                      + "\n".join("       " + line for line in without_calls(text)), flush=True)
            elif result.skipped:
                self.skipped += 1
                print(f"-      {seconds:5.1f} s  {name}: {result.skipped[0][1]}", flush=True)
            else:
                self.passed += 1
                print(f"ok     {seconds:5.1f} s  {name}", flush=True)

    def close(self):
        count = self.passed + self.skipped + len(self.failed)
        print(f"e2e: {count} stories: {self.passed} passed, {len(self.failed)} failed, {self.skipped} not run, "
              f"{time.monotonic() - self.began:.0f} s", flush=True)
        for name in self.failed:
            print(f"  failed: {name}")
        return 0 if count and not self.failed else 1


def without_calls(text):
    """A traceback's lines in the stories and all of its message; what the harness itself called is left out."""
    skip = False
    for line in text.splitlines():
        if line.startswith("  File"):
            skip = "/stories/" not in line
        elif not line.startswith("    "):
            skip = False
        if not skip and not line.strip().startswith("^"):
            yield line


def described(test):
    if not isinstance(test, Story) or not hasattr(test, "namespace"):
        return ""
    try:
        return test.describe()
    except Exception:  # the report of one failure must not end in another
        return "no more is known: " + traceback.format_exc(limit=1)


def run_story(test, report):
    began = time.monotonic()
    result = unittest.TestResult()
    test.run(result)
    report.ended(test, result, time.monotonic() - began)
    if result.wasSuccessful() and not result.skipped and isinstance(test, Story):
        test.leave()
    return result.wasSuccessful()


def title(test):
    return f"{type(test).__name__}.{test._testMethodName}"


def methods_of(case):
    return [case(name) for name in unittest.TestLoader().getTestCaseNames(case)]


def main():
    parser = argparse.ArgumentParser(prog="tests/e2e/run")
    parser.add_argument("-j", type=int, default=8, help="how many stories at the same time")
    parser.add_argument("-k", action="append", default=[], help="only stories whose name has this text; several times: any of them")
    parser.add_argument("--long", action="store_true", help="the stories that take minutes, too")
    parser.add_argument("--installed", action="store_true", help="Interlude is installed already; leave it as it is")
    parser.add_argument("--list", action="store_true", help="print the stories' names")
    arguments = parser.parse_args()
    stories = [test for case in STORIES + (LONG_STORIES if arguments.long else []) for test in methods_of(case)]
    stories = chosen(stories, arguments.k, title)
    stories.sort(key=lambda test: LONGEST_FIRST.index(test._testMethodName)
                 if test._testMethodName in LONGEST_FIRST else len(LONGEST_FIRST))
    if arguments.list:
        print(*map(title, stories), sep="\n")
        return 0
    report = Report(os.environ.get("E2E_LOGS", "."))
    with Proxy() as api:
        Story.api = Oracle.api = api
        Story.recorded = Oracle.recorded = []
        if not arguments.installed:
            # By Helm last: that is what the stories use.
            order = ["test_helm"] if arguments.k else ["test_kustomize", "test_helm"]
            if not all([run_story(Installation(name), report) for name in order][-1:]):
                print("Interlude is not installed: the stories are not begun", flush=True)
                return report.close()
        Oracle.began = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        with concurrent.futures.ThreadPoolExecutor(arguments.j) as pool:
            for done in [pool.submit(run_story, test, report) for test in stories if not test.alone]:
                done.result()
        for test in stories:
            if test.alone:
                run_story(test, report)
        for test in methods_of(Oracle):
            run_story(test, report)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
