#!/usr/bin/env python3
"""What report.py counts."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402

SOURCE = """void f() {
    if (settings_.bug == base::planted::one_ack_too_few) {
        --quorum_;
    }
    if (a && settings_.bug != base::planted::one_ack_too_few) {
        b();
    }
    if (settings_.bug == base::planted::none) {
        c();
    }
    if (x || settings_.bug == base::planted::one_ack_too_few) {
        d();
    }
}
"""
LINES = SOURCE.splitlines(keepends=True)


def file_with(path, counts):
    return {
        "file": path,
        "lines": [{"line_number": n, "count": c, "branches": []} for n, c in counts],
    }


class Counting(unittest.TestCase):
    def measured(self, *files):
        return report.measure({"files": list(files)}, ["lease", "ring"], lambda path: LINES)

    def test_only_what_a_planted_bug_alone_opens_is_left_out(self):
        self.assertEqual(report.planted_lines(LINES), {3})

    def test_lines_of_a_module(self):
        lease = self.measured(
            file_with("src/lease/voter.cpp", [(1, 4), (2, 4), (3, 0), (6, 0), (9, 1)])
        )["lease"]
        self.assertEqual((lease.run, lease.planted), (3, 1))
        self.assertEqual(lease.missed, [("src/lease/voter.cpp", 6, "b();")])
        self.assertAlmostEqual(lease.per_cent(), 75.0)

    def test_a_line_of_a_template_ran_if_one_instance_did(self):
        lease = self.measured(file_with("src/lease/a.hpp", [(6, 0), (6, 2)]))["lease"]
        self.assertEqual((lease.run, lease.missed), (1, []))

    def test_other_folders_do_not_count(self):
        found = self.measured(
            file_with("src/sim/judge.cpp", [(6, 0)]), file_with("tests/lease/x.cpp", [(6, 0)])
        )
        self.assertEqual(found["lease"].lines(), 0)

    def test_a_module_of_which_nothing_was_measured_is_not_covered(self):
        self.assertEqual(self.measured()["ring"].per_cent(), 0.0)


if __name__ == "__main__":
    unittest.main()
