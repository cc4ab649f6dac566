# SPDX-License-Identifier: Apache-2.0
"""Leader election: one of several controllers acts, and hands over in every way there is."""
import datetime
import random
import threading
import time

from ground.candidate import QUICK, Candidate, ClientGo, Wire, timing
from ground.case import Case, side_by_side
from ground.cluster import ApiError
from ground.controller import Controller

LEASE = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
MICRO_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"
FOREIGN = "somebody-else_3f0c"
FREEZES = 6
LONG = {"lease-duration": "120s", "renew-deadline": "100s", "retry-period": "2s"}


def micro_time(moment=None):
    return (moment or datetime.datetime.now(datetime.timezone.utc)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Leader(Case):
    stage = "own"

    def candidate(self, name, *flags, **more):
        self.own_controller = Candidate(self, name, *flags, **more)
        return self.own_controller

    def lease(self):
        try:
            return self.api.request("GET", LEASE.format(self.namespace) + "/interlude")
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def change_lease(self, **spec):
        return self.api.request("PATCH", LEASE.format(self.namespace) + "/interlude", {"spec": spec}, "application/merge-patch+json")

    def foreign_lease(self, **spec):
        """As client-go writes it, by a clock that is years behind."""
        long_ago = micro_time(datetime.datetime(2001, 2, 3, tzinfo=datetime.timezone.utc))
        return self.api.request("POST", LEASE.format(self.namespace), {
            "metadata": {"name": "interlude"},
            "spec": {"holderIdentity": FOREIGN, "leaseDurationSeconds": 3, "acquireTime": long_ago, "renewTime": long_ago,
                     "leaseTransitions": 7, **spec}})

    def wait(self, holds, what, timeout=30):
        """Seconds until holds() is true."""
        began = time.monotonic()
        while not holds():
            self.assertLess(time.monotonic() - began, timeout, f"{what}: not within {timeout} s")
            time.sleep(0.01)
        return time.monotonic() - began

    def elected(self, controller, timeout=30):
        return self.wait(controller.leads, f"{controller.user} becomes leader", timeout)

    def two(self, **times):
        """A leader and its standby."""
        leader = self.candidate("one", *timing(times)).start()
        self.elected(leader)
        standby = self.candidate("two", *timing(times)).start()
        return leader, standby

    def ends_well(self, *controllers):
        for controller in controllers:
            self.assertIsNone(controller.stop())
            self.assertEqual(0, controller.said("Sanitizer"))
        self.holds()

    def test_one_acts(self):
        """The standby is warm and Ready, and writes nothing; the Lease reads as client-go's do."""
        leader, standby = self.two()
        names = [f"number-{number}" for number in range(4)]
        for number, name in enumerate(names):
            self.migrate(name, to=name, database=f"db-{number % 2}", how={"run_for": "50ms"})
        for name in names:
            self.succeeds(name)
        spec = self.lease()["spec"]
        self.assertEqual((15, 0), (spec["leaseDurationSeconds"], spec["leaseTransitions"]))
        self.assertRegex(spec["acquireTime"], MICRO_TIME)
        self.assertRegex(spec["renewTime"], MICRO_TIME)
        self.assertIn(f"became leader\" identity={spec['holderIdentity']}", leader.tail(5000))
        self.assertIn(f"leader={spec['holderIdentity']}", standby.tail(5000))
        self.wait(lambda: self.lease()["spec"]["renewTime"] > spec["renewTime"], "it is renewed")
        self.assertEqual(spec["acquireTime"], self.lease()["spec"]["acquireTime"])
        self.assertEqual((1, 0), (leader.metric("interlude_leader"), standby.metric("interlude_leader")))
        self.assertEqual((200, len(names)), (standby.get("/readyz")[0], standby.metric("interlude_migrations")))
        self.assertEqual([], self.audit.writes_of(standby.user))
        self.ends_well(standby, leader)
        self.assertEqual(1, leader.said("released the Lease"))

    def test_sigterm_hands_over(self):
        """What is applied meanwhile has its Job long before the lease would be over, by the other, and the run goes on."""
        leader, standby = self.two(**LONG)
        self.migrate("held", database="other", how={"hold": "true"})
        self.running("held")
        began = time.monotonic()
        self.assertIsNone(leader.stop())
        ended = time.monotonic() - began
        self.migrate(how={"run_for": "50ms"})
        self.world.until(self.namespace, lambda: self.jobs("first"), "the other creates its Job")
        took = time.monotonic() - began
        print(f"       SIGTERM: the leader was gone after {ended:.3f} s, the Job that the other created there after {took:.3f} s", flush=True)
        self.assertLess(took, 60, "a matter of milliseconds, if nothing else runs")
        self.assertTrue(standby.leads())
        self.assertEqual(1, self.lease()["spec"]["leaseTransitions"])
        self.succeeds()
        self.finish("held")
        self.succeeds("held")
        self.ends_well(standby)
        spec = self.lease()["spec"]
        self.assertEqual(("", 1, 1), (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]))

    def test_sigkill(self):
        """The other waits until the lease is over, and no longer."""
        leader, standby = self.two(**QUICK)
        self.migrate(how={"hold": "true"})
        self.running()
        leader.kill()
        took = self.elected(standby)
        print(f"       SIGKILL: the other leads after {took:.3f} s, the lease being 8 s", flush=True)
        self.assertGreater(took, 6, "the last renewal may be 0.8 s old, and its answer late")
        self.assertLess(took, 15)
        self.finish()
        self.succeeds()
        self.assertEqual(1, self.lease()["spec"]["leaseTransitions"])
        self.ends_well(standby)

    test_sigkill.lasts = 10

    def test_frozen_leader(self):
        """Frozen in the middle of its work until the other has done it: thawed, it sends not one write more of that."""
        pair = self.two(**QUICK)
        chance = random.Random(5)
        names = [f"number-{number:02}" for number in range(8 * FREEZES)]
        failing = names[3::8]

        def migrate(name):
            database = f"db-{int(name[7:]) % 8}"
            self.migrate(name, to=name, database=database, how={"run_for": "50ms", "exit_code": 1 if name in failing else 0})

        for turn in range(FREEZES):
            self.wait(lambda: pair[0].leads() or pair[1].leads(), "one of them leads")
            leader, standby = pair if pair[0].leads() else pair[::-1]
            batch = names[8 * turn:8 * turn + 8]
            threading.Timer(chance.uniform(0.05, 0.3), leader.freeze).start()
            side_by_side([lambda name=name: migrate(name) for name in batch])
            self.elected(standby)
            self.succeeds(batch[0])
            lost, since = leader.said("lost leadership"), self.audit.size()
            leader.thaw()
            self.wait(lambda: leader.said("lost leadership") > lost and leader.get("/readyz")[0] == 200, "it stands by")
            self.stays(lambda: not leader.leads(), "the other goes on leading", 0.3)
            self.assertEqual([], self.audit.writes_of(leader.user, since), f"freeze {turn}")
        for name in names:
            self.fails(name) if name in failing else self.succeeds(name)
            self.assertEqual(self.migration(name)["status"]["attempt"]["number"] - self.migration(name)["status"].get("withdrawn", 0),
                             len(self.started(name)), f"pods of {name}")
        self.ends_well(*pair)

    test_frozen_leader.lasts = 40

    def test_lease_deleted(self):
        """By hand: the leader makes it anew, and nobody else takes that for an invitation."""
        leader, standby = self.two(**QUICK)
        before = self.lease()["spec"]["holderIdentity"]
        self.api.request("DELETE", LEASE.format(self.namespace) + "/interlude")
        self.wait(lambda: self.lease() is not None, "the Lease is there again")
        self.assertEqual(before, self.lease()["spec"]["holderIdentity"])
        self.stays(lambda: leader.leads() and not standby.leads(), "the leader stays", 9)
        self.assertEqual(0, leader.said("lost leadership"))
        self.migrate()
        self.succeeds()
        self.ends_well(standby, leader)

    def test_lease_of_another_client(self):
        """Whatever its clock says: held as long as it is renewed, taken when it is not, and when it is released."""
        self.foreign_lease()
        controller = self.candidate("one", *timing(QUICK)).start()
        over = time.monotonic() + 5
        while time.monotonic() < over:
            self.change_lease(renewTime=micro_time())
            self.assertFalse(controller.leads())
            time.sleep(0.3)
        began = time.monotonic()
        self.elected(controller)
        self.assertGreater(time.monotonic() - began, 2)
        spec = self.lease()["spec"]
        self.assertEqual((8, 8), (spec["leaseTransitions"], spec["leaseDurationSeconds"]))
        self.change_lease(holderIdentity=FOREIGN, leaseDurationSeconds=60, leaseTransitions=9, renewTime=micro_time())
        self.wait(lambda: not controller.leads(), "it gives way")
        self.assertEqual(1, controller.said("somebody else has it"))
        self.stays(lambda: not controller.leads(), "the other's is held", 2)
        self.change_lease(holderIdentity="", leaseDurationSeconds=1, renewTime=micro_time())
        self.assertLess(self.elected(controller), 2)
        self.assertEqual(10, self.lease()["spec"]["leaseTransitions"])
        self.ends_well(controller)

    def test_client_go_itself(self):
        """kube-controller-manager elects by client-go: each waits for the other, and takes what the other has let go."""
        controller = self.candidate("one", *timing(QUICK)).start()
        self.elected(controller)
        other = ClientGo(self, QUICK)
        self.addCleanup(other.kill)
        self.wait(lambda: other.said("ttempting to acquire leader lease"), "it stands", 60)
        self.stays(lambda: controller.leads() and not other.said("uccessfully acquired lease"), "it waits while we renew", 9)
        self.ends_well(controller)
        took = self.wait(lambda: other.said("uccessfully acquired lease"), "it takes what was released")
        print(f"       client-go took the released Lease after {took:.3f} s", flush=True)
        holder = self.lease()["spec"]["holderIdentity"]
        self.assertTrue(holder)
        controller.start()
        self.assertIn(f"leader={holder}", controller.tail(5000))
        self.stays(lambda: not controller.leads(), "we wait while it renews", 9)
        other.kill()
        self.assertGreater(self.elected(controller), 2)
        self.assertEqual(2, self.lease()["spec"]["leaseTransitions"])
        self.ends_well(controller)

    test_client_go_itself.lasts = 20

    def test_cut_off(self):
        """A leader that cannot renew stops and says so; the other takes over, and it stands by when it is back."""
        wire = Wire(self.api)
        self.addCleanup(wire.close)
        leader = self.candidate("one", *timing(QUICK), server=wire.server).start()
        self.elected(leader)
        standby = self.candidate("two", *timing(QUICK)).start()
        self.migrate("held", how={"hold": "true"})
        self.running("held")
        wire.cut()
        lost = self.wait(lambda: not leader.leads(), "it stops")
        elected = lost + self.elected(standby)
        print(f"       cut off: the leader stopped after {lost:.3f} s, the other began after {elected:.3f} s", flush=True)
        self.assertGreater(elected - lost, 0.3, "the one has stopped before the other begins")
        self.wait(lambda: leader.said("it was not renewed in time"), "it says so", 5)
        self.finish("held")
        self.succeeds("held")
        since = self.audit.size()
        wire.mend()
        self.wait(lambda: leader.get("/readyz")[0] == 200, "it is Ready again", 60)
        self.assertFalse(leader.leads())
        self.assertEqual([], self.audit.writes_of(leader.user, since))
        self.ends_well(standby)
        self.elected(leader)
        self.migrate("next", to="next")
        self.succeeds("next")
        self.ends_well(leader)

    test_cut_off.lasts = 20

    def test_cut_off_alone(self):
        """Nobody else took the Lease: back again, it goes on at once with what it finds."""
        wire = Wire(self.api)
        self.addCleanup(wire.close)
        leader = self.candidate("one", *timing(QUICK), server=wire.server).start()
        self.elected(leader)
        self.migrate("held", how={"hold": "true"})
        self.running("held")
        wire.cut()
        self.wait(lambda: not leader.leads(), "it stops")
        self.finish("held")
        time.sleep(1)
        wire.mend()
        self.elected(leader, 60)
        self.succeeds("held")
        self.assertEqual(0, self.lease()["spec"]["leaseTransitions"])
        self.ends_well(leader)

    test_cut_off_alone.lasts = 20

    def test_sigterm_while_cut_off(self):
        """It cannot release the Lease, and ends all the same."""
        wire = Wire(self.api)
        self.addCleanup(wire.close)
        leader = self.candidate("one", server=wire.server).start()
        self.elected(leader)
        wire.cut()
        self.assertIsNone(leader.stop(within=5))
        self.assertEqual(1, leader.said("the Lease could not be released"))
        self.assertTrue(self.lease()["spec"]["holderIdentity"])

    def test_may_not_elect(self):
        """Without the Role for the Lease it does not act, is not Ready, and says why."""
        controller = self.candidate("one", may=("clusterrole.yaml",)).start(wait=False)
        self.wait(lambda: "leases" in controller.tail() and "forbidden" in controller.tail(), "it says why")
        self.wait(lambda: "Lease" in controller.get("/readyz")[1], "it is not Ready")
        self.migrate()
        self.stays(lambda: not self.is_judged(self.migration()), "nobody acts", 1)
        self.ends_well(controller)

    def test_without_election(self):
        """Two that act at once: the compare-and-swaps of the protocol alone keep R1 and R2."""
        pair = [Controller(f"without-election-{number}", "--namespace", self.namespace, "--leader-elect=false") for number in range(2)]
        for controller in pair:
            self.addCleanup(controller.stop)
            controller.start()
        self.own_controller = pair[0]
        names = [f"number-{number}" for number in range(36)]
        failing = names[::7]
        for number, name in enumerate(names):
            self.migrate(name, to=name, database=f"db-{number % 4}", how={"run_for": "50ms", "exit_code": 1 if name in failing else 0})
        for name in names:
            self.fails(name) if name in failing else self.succeeds(name)
            self.assertEqual(1, len(self.started(name)), f"pods of {name}")
        attempts = sum(self.migration(name)["status"]["attempt"]["number"] - self.migration(name)["status"].get("withdrawn", 0)
                       for name in names)
        self.assertEqual(attempts, self.audit.pods_of_job_controller()[self.namespace])
        self.assertEqual([1, 1], [controller.metric("interlude_leader") for controller in pair])
        self.ends_well(*pair)

    test_without_election.lasts = 30
