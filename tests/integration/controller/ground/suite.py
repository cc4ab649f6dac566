# SPDX-License-Identifier: Apache-2.0
"""What every suite on a control plane shares: its options, the ground its tests stand on, and its end, also an early one.

A suite is a program of its own: the integration tests, the crash matrix, the faults on the wire, the walks, state to state.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import sys
import time

from ground.audit import Audit
from ground.case import Case
from ground.cluster import REPO, Cluster, DirectApi
from ground.controller import Controller
from ground.planted import missed
from ground.world import World


def options(doc, build, cluster, width):
    """The options of all suites, for one to add its own. doc is the program's; build is the preset that it is meant for."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=REPO / "build" / build / "interlude", metavar="FILE",
                        help=f"the controller (default build/{build}/interlude)")
    parser.add_argument("--cluster", default=os.environ.get("INTERLUDE_TEST_CLUSTER") or cluster, metavar="NAME",
                        help="a cluster of tests/cluster/up (default $INTERLUDE_TEST_CLUSTER or %(default)s); one that is up is used "
                             "and stays, else it is brought up and taken down")
    parser.add_argument("--keep", action="store_true", help="leave a cluster up that was brought up")
    parser.add_argument("-j", type=int, default=width, metavar="NUMBER", help="how many at the same time (default %(default)s)")
    return parser


class Suite:
    """`with` brings up the cluster and tells Case and Controller of it; an interruption takes it down as well."""

    def __init__(self, name, arguments):
        if not os.access(arguments.program, os.X_OK):
            sys.exit(f"{arguments.program} is not there: build it first (cmake --workflow, or make test)")
        for mistake in missed():
            sys.exit(mistake)
        self.program = arguments.program
        self.cluster = Cluster(arguments.cluster, keep=arguments.keep)
        # Unlike any earlier session's, whose namespaces may still be there.
        self.prefix = f"{name}-{int(time.time()) % 46656:04x}"
        self.logs = REPO / "build" / f"{name}-logs"
        self.began = time.monotonic()

    def __enter__(self):
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir(parents=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.abort("interrupted"))
        self.cluster.__enter__()
        self.cluster.install_crds()
        self.kubeconfig = self.cluster.kubeconfig
        self.api = DirectApi(self.kubeconfig)
        self.world = World(self.api, self.is_ours)
        Case.prefix, Case.cluster, Case.api, Case.world = self.prefix, self.cluster, self.api, self.world
        Case.audit = Audit(self.cluster.audit_log)
        Controller.program, Controller.kubeconfig, Controller.logs = self.program, self.kubeconfig, self.logs
        return self

    def __exit__(self, *_):
        self.world.is_closed = True
        self.cluster.__exit__()

    def is_ours(self, namespace):
        return namespace is not None and namespace.startswith(self.prefix)

    def seconds(self):
        return time.monotonic() - self.began

    def print_end(self, more=""):
        print(f"{self.seconds():.0f} s{more}, logs in {self.logs.relative_to(REPO)}")

    @staticmethod
    def abort(why):
        """Ends at once, whatever threads wait for: no controller and no cluster may be left behind."""
        try:
            with contextlib.suppress(OSError):  # who reads it may have ended already
                print(f"ended early: {why}", flush=True)
            Cluster.take_all_down()
        finally:
            Controller.kill_all()  # last: until then the tests go on, and begin others
            os._exit(1)
