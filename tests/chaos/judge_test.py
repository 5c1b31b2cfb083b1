"""A judge counts once it has caught a planted error: made-up histories, each with one, and good
ones without any.
"""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import judge  # noqa: E402

MS = 1_000_000
END = 60_000


class Story:
    """Three places, all of them seats; times in ms. Without more it is a good run."""

    def __init__(self):
        self.harness = ["config 3 3 1000 7"]
        self.resource = []
        self.processes = {}
        self.numbers = 0
        for place in range(3):
            self.start(0, place, 1)
        self.harness.append(f"calm {30_000 * MS}")
        for place in range(3):
            self.hold(f"{place}.1", f"n{place}", 50_000, 50_010, 1000)

    def start(self, at, place, count):
        self.harness.append(f"start {at * MS} {place} 1 {place}.{count}")
        self.processes[f"{place}.{count}"] = [
            f"start {at * MS} 1",
            f"peer {at * MS} p{place}.{count}",
            f"view {at * MS} 1 p0.1,p1.1,p2.1",
        ]

    def ask(self, process, name, at, wait=-1):
        self.numbers += 1
        self.processes[process].append(f"request {at * MS} {self.numbers} {name} {wait}")
        return self.numbers

    def grant(self, process, name, at, token, asked=None, remaining=900, owner="2.1"):
        n = self.ask(process, name, at - 1 if asked is None else asked)
        self.processes[process].append(f"granted {at * MS} {n} {token} {remaining * MS} {owner}")
        return n

    def check(self, process, n, at, remaining):
        self.processes[process].append(f"check {at * MS} {n} {remaining * MS}")

    def release(self, process, n, at, result="ok"):
        self.processes[process] += [f"release {at * MS} {n}", f"released {at * MS} {n} {result}"]

    def lose(self, process, n, at, why="lease_lost"):
        self.processes[process].append(f"lost {at * MS} {n} {why}")

    def hold(self, process, name, start, end, token, asked=None):
        self.release(process, self.grant(process, name, start, token, asked), end)

    def write(self, at, name, token, said="accepted"):
        self.resource.append(f"{said} {at * MS} {name} {token} 0.1 1")

    def kill(self, at, place):
        self.harness += [f"kill {at * MS} {place}", f"gone {(at + 1) * MS} {place} -9 expected"]

    def stop(self, at, place, until):
        self.harness += [
            f"stop {at * MS} {at * MS} {place}",
            f"cont {until * MS} {until * MS} {place}",
        ]

    def cut(self, at, place, until):
        for state, when in (("cut", at), ("clean", until)):
            for other in {0, 1, 2} - {place}:
                self.harness += [
                    f"link {when * MS} {when * MS} {place} {other} {state}",
                    f"link {when * MS} {when * MS} {other} {place} {state}",
                ]

    def one_way(self, at, place, other, until):
        self.harness += [
            f"link {at * MS} {at * MS} {place} {other} cut",
            f"link {until * MS} {until * MS} {place} {other} clean",
        ]

    def cut_link(self, at, place, other, until):
        self.one_way(at, place, other, until)
        self.one_way(at, other, place, until)

    def rough(self, at, place, until):
        for state, when in (("rough", at), ("clean", until)):
            for other in {0, 1, 2} - {place}:
                self.harness.append(f"link {when * MS} {when * MS} {place} {other} {state}")

    def slow_disk(self, at, place, until):
        self.harness += [f"slow {at * MS} {place}", f"quick {until * MS} {place}"]

    def size(self, at, place, count, when, kib, descriptors, roster):
        name = f"{place}.{count}"
        self.harness.append(f"size {at * MS} {place} {name} {when} {kib} {descriptors} 1000")
        self.processes[name].append(f"roster {(at - 1) * MS} {roster}")

    def broken(self):
        """The promises that the judge finds broken."""
        with tempfile.TemporaryDirectory() as folder:
            files = {
                "harness": self.harness + [f"end {END * MS}"],
                "resource": self.resource,
            } | self.processes
            for name, told in files.items():
                with open(os.path.join(folder, name + ".history"), "w", encoding="utf-8") as f:
                    f.writelines(line + "\n" for line in told)
                    if name == "0.1":
                        f.write("check 12")  # it was killed in the midst of a line
            sys.stdout = open(os.devnull, "w", encoding="utf-8")
            try:
                return sorted({promise for promise, _ in judge.judge(folder)})
            finally:
                sys.stdout.close()
                sys.stdout = sys.__stdout__


class Judge(unittest.TestCase):
    def setUp(self):
        self.story = Story()

    def expect(self, *promises):
        self.assertEqual(self.story.broken(), sorted(promises))

    # ---- good runs

    def test_nothing_is_found_in_a_good_run(self):
        self.story.hold("0.1", "n0", 10_000, 10_500, 1)
        self.story.hold("1.1", "n0", 10_501, 11_000, 2)
        self.story.write(10_100, "n0", 1)
        self.story.write(10_600, "n0", 2)
        self.expect()

    def test_a_stopped_holder_that_is_refused_is_no_error(self):
        s = self.story
        n = s.grant("0.1", "n0", 10_000, 1)
        s.stop(10_100, 0, 13_000)
        s.hold("1.1", "n0", 10_950, 11_000, 2)
        s.write(10_960, "n0", 2)
        s.write(13_000, "n0", 1, "refused")
        s.lose("0.1", n, 13_001)
        s.release("0.1", n, 13_002, "lease_lost")
        self.expect()

    def test_a_killed_holder_holds_no_more(self):
        s = self.story
        s.grant("0.1", "n0", 10_000, 1)
        s.kill(10_100, 0)
        s.hold("1.1", "n0", 10_200, 10_300, 2)
        s.start(11_000, 0, 2)
        s.hold("0.2", "n0", 50_020, 50_030, 1001)
        self.expect()

    def test_a_hold_granted_and_lost_before_lock_returned_proves_nothing(self):
        s = self.story
        s.stop(10_000, 0, 13_000)
        s.hold("1.1", "n0", 11_500, 11_600, 2)
        n = s.grant("0.1", "n0", 13_001, 1, asked=9_999, remaining=0)
        s.release("0.1", n, 13_002, "lease_lost")
        self.expect()

    def test_a_process_that_loses_the_processor_between_the_clock_and_the_release(self):
        s = self.story
        s.stop(9_950, 0, 10_900)
        n = s.grant("0.1", "n0", 9_900, 1, remaining=900)
        s.processes["0.1"] += [
            f"write {9_940 * MS} {n} accepted 0",
            f"release {9_950 * MS} {n}",
            f"released {10_900 * MS} {n} lease_lost",
        ]
        self.expect()

    def test_a_slow_fail_over_while_the_others_are_cut_from_each_other(self):
        s = self.story
        s.grant("0.1", "n0", 10_000, 1)
        for state, when in (("cut", 10_102), ("clean", 14_000)):
            s.harness += [
                f"link {when * MS} {when * MS} {i} {j} {state}"
                for i in (0, 1, 2)
                for j in (0, 1, 2)
                if i != j
            ]
        s.kill(10_100, 0)
        s.hold("1.1", "n0", 14_200, 14_300, 2, asked=10_000)
        s.start(20_000, 0, 2)
        s.hold("0.2", "n0", 50_020, 50_030, 1001)
        self.expect()

    def test_a_seat_with_a_slow_disk_is_no_help_to_a_quorum(self):
        s = self.story
        s.slow_disk(9_000, 1, 10_900)
        s.slow_disk(9_000, 2, 10_900)
        n = s.grant("0.1", "n0", 9_100, 1)
        s.lose("0.1", n, 10_800)
        self.expect()

    def slow_fail_over(self):
        """By one process, which dies and is the only one that does."""
        s = self.story
        s.grant("0.1", "n0", 10_000, 1)
        s.kill(10_100, 0)
        s.hold("1.1", "n0", 14_200, 14_300, 2, asked=10_000)
        s.start(20_000, 0, 2)
        s.hold("0.2", "n0", 50_020, 50_030, 1001)

    def test_a_slow_fail_over_beside_a_slow_disk(self):
        self.slow_fail_over()
        self.story.slow_disk(9_000, 2, 11_000)
        self.expect()

    def test_a_slow_fail_over_of_a_process_behind_a_firewall(self):
        self.slow_fail_over()
        self.story.rough(9_000, 0, 10_500)
        self.expect()

    def test_a_slow_fail_over_of_a_process_that_dies_again_and_again(self):
        self.slow_fail_over()
        self.story.kill(12_000, 0)
        self.expect()

    def test_a_process_that_grows_as_it_may(self):
        self.story.size(10_000, 0, 1, "early", 5_000, 30, 3)
        self.story.size(59_000, 0, 1, "last", 13_000, 44, 6)
        self.expect()

    # ---- errors that it must find

    def test_a_process_whose_memory_grows(self):
        self.story.size(10_000, 0, 1, "early", 5_000, 30, 3)
        self.story.size(59_000, 0, 1, "last", 13_193, 30, 3)
        self.expect("SIZE")

    def test_a_process_whose_descriptors_grow(self):
        self.story.size(10_000, 0, 1, "early", 5_000, 30, 3)
        self.story.size(59_000, 0, 1, "last", 5_000, 45, 3)
        self.expect("SIZE")

    def test_a_process_that_knows_peers_that_never_were(self):
        self.story.size(59_000, 0, 1, "last", 5_000, 30, 7)
        self.expect("SIZE")

    def test_a_hold_lost_beside_one_slow_disk(self):
        self.story.slow_disk(9_000, 1, 10_900)
        n = self.story.grant("0.1", "n0", 9_100, 1)
        self.story.lose("0.1", n, 10_800)
        self.expect("NO-LOSS")

    def test_two_holds_at_once(self):
        self.story.hold("0.1", "n0", 10_000, 10_500, 1)
        self.story.hold("1.1", "n0", 10_499, 11_000, 2)
        self.expect("MUTEX")

    def test_a_short_hold_within_a_long_one(self):
        s = self.story
        n = s.grant("0.1", "n0", 10_000, 1)
        for at in range(10_100, 15_000, 100):
            s.check("0.1", n, at, 900)
        s.release("0.1", n, 15_000)
        s.hold("1.1", "n0", 12_010, 12_020, 2)
        self.expect("MUTEX")

    def test_a_grant_before_the_lease_of_a_stopped_holder_has_run_out(self):
        s = self.story
        n = s.grant("0.1", "n0", 10_000, 1, remaining=900)
        s.stop(10_100, 0, 13_000)
        s.hold("1.1", "n0", 10_899, 11_000, 2)
        s.lose("0.1", n, 13_001)
        self.expect("MUTEX")

    def test_a_valid_hold_whose_write_is_refused(self):
        s = self.story
        n = s.grant("0.1", "n0", 10_000, 1)
        s.processes["0.1"].append(f"write {10_001 * MS} {n} refused {800 * MS}")
        s.release("0.1", n, 10_010)
        self.expect("MUTEX")

    def test_falling_tokens(self):
        self.story.hold("0.1", "n0", 10_000, 10_500, 5)
        self.story.hold("1.1", "n0", 10_501, 11_000, 4, asked=9_000)
        self.expect("FENCE")

    def test_falling_tokens_of_calls_after_each_other(self):
        s = self.story
        s.stop(9_000, 0, 10_001)
        for process, at, token in (("0.1", 10_002, 5), ("1.1", 10_010, 4)):
            n = s.grant(process, "n0", at, token, remaining=0)
            s.release(process, n, at + 1, "lease_lost")
        s.stop(10_003, 1, 10_009)
        self.expect("FENCE")

    def test_a_token_given_twice(self):
        self.story.hold("0.1", "n0", 10_000, 10_500, 5)
        self.story.hold("1.1", "n0", 10_501, 11_000, 5)
        self.expect("FENCE")

    def test_an_accepted_late_write(self):
        s = self.story
        s.write(10_000, "n0", 5)
        s.write(10_001, "n1", 4)
        s.write(10_002, "n0", 4)
        self.expect("GATE")

    def test_a_lease_that_ends_before_its_time(self):
        s = self.story
        s.cut(9_000, 0, 10_500)
        n = s.grant("0.1", "n0", 9_100, 1, remaining=900)
        s.lose("0.1", n, 9_950)
        self.expect("LEASE")

    def test_a_hold_in_a_minority_beyond_its_lease(self):
        s = self.story
        s.cut(9_000, 0, 13_000)
        n = s.grant("0.1", "n0", 8_900, 1, remaining=900)
        s.check("0.1", n, 9_500, 600)
        s.lose("0.1", n, 10_101)
        self.expect("MINORITY")

    def test_a_lease_from_a_seat_that_was_stopped_and_answered_late(self):
        s = self.story
        # 0 and 1 are stopped; 2 asks them meanwhile, and the way from 2 is cut when they go on and
        # answer.
        s.stop(9_000, 0, 12_000)
        s.stop(9_000, 1, 12_000)
        s.one_way(11_500, 2, 0, 13_000)
        s.one_way(11_500, 2, 1, 13_000)
        n = s.grant("2.1", "n2", 12_010, 1, asked=9_500, remaining=480)
        s.release("2.1", n, 12_020)
        self.expect()

    def test_a_lease_from_a_seat_that_cannot_have_answered_yet(self):
        s = self.story
        s.stop(9_000, 0, 12_000)
        s.stop(9_000, 1, 12_000)
        n = s.grant("2.1", "n2", 11_000, 1, asked=8_999, remaining=480)
        s.release("2.1", n, 11_010)
        self.expect("MINORITY")

    def test_a_quorum_whose_seats_were_reached_one_after_the_other(self):
        s = self.story
        s.cut_link(9_000, 2, 1, 9_600)
        s.cut_link(9_500, 2, 0, 13_000)
        s.cut_link(9_700, 2, 1, 13_000)
        n = s.grant("2.1", "n2", 9_650, 1, remaining=840)
        s.lose("2.1", n, 10_600)
        self.expect()

    def test_a_hold_lost_without_a_cause(self):
        n = self.story.grant("0.1", "n0", 10_000, 1)
        self.story.lose("0.1", n, 11_000)
        self.expect("NO-LOSS")

    def test_a_hold_evicted_long_after_the_trouble(self):
        s = self.story
        s.cut(9_000, 0, 9_500)
        n = s.grant("0.1", "n0", 8_900, 1)
        s.check("0.1", n, 12_600, 800)
        s.lose("0.1", n, 12_700, "evicted")
        self.expect("NO-LOSS")

    def test_a_broken_hold_whatever_the_weather(self):
        s = self.story
        s.cut(9_000, 0, 10_500)
        n = s.grant("0.1", "n0", 9_100, 1)
        s.lose("0.1", n, 9_200, "broken")
        self.expect("NO-LOSS")

    def test_a_wait_that_does_not_end(self):
        n = self.story.ask("0.1", "n0", 10_000, wait=500)
        self.story.processes["0.1"].append(f"failed {14_000 * MS} {n} timed_out")
        self.expect("LIVE")

    def test_a_request_that_is_never_answered(self):
        self.story.ask("0.1", "n0", 10_000)
        self.expect("LIVE")

    def test_a_place_that_is_granted_nothing_in_the_end(self):
        for at, lines in self.story.processes.items():
            if at == "2.1":
                del lines[3:]
        self.expect("LIVE")

    def test_a_fail_over_that_takes_too_long(self):
        self.slow_fail_over()
        self.expect("LIVE")

    def test_a_process_that_dies_by_itself(self):
        s = self.story
        s.harness.append(f"gone {10_000 * MS} 0 -11 unexpected")
        s.start(10_001, 0, 2)
        s.processes["0.1"] = s.processes["0.1"][:3]
        s.hold("0.2", "n0", 50_000, 50_010, 1000)
        self.expect("SOUND")

    def test_a_process_that_does_not_leave(self):
        self.story.harness.append(f"hung {10_000 * MS} 0")
        self.expect("SOUND")

    def test_conflicting_reports(self):
        self.story.processes["0.1"].append(f"conflicts {10_000 * MS} 1")
        self.expect("SOUND")

    def test_a_peer_that_stops_with_an_error(self):
        self.story.processes["0.1"].append(f"stopped {10_000 * MS} internal_error owner.cpp:1")
        self.expect("SOUND")


if __name__ == "__main__":
    unittest.main()
