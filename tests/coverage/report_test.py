#!/usr/bin/env python3
"""What report.py counts."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402

SOURCE = """void f() {
    if (a) {
        b();
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

    def test_lines_of_a_module(self):
        lease = self.measured(file_with("src/lease/voter.cpp", [(1, 4), (2, 4), (3, 0), (5, 1)]))[
            "lease"
        ]
        self.assertEqual(lease.run, 3)
        self.assertEqual(lease.missed, [("src/lease/voter.cpp", 3, "b();")])
        self.assertAlmostEqual(lease.per_cent(), 75.0)

    def test_a_line_of_a_template_ran_if_one_instance_did(self):
        lease = self.measured(file_with("src/lease/a.hpp", [(3, 0), (3, 2)]))["lease"]
        self.assertEqual((lease.run, lease.missed), (1, []))

    def test_other_folders_do_not_count(self):
        found = self.measured(
            file_with("src/sim/judge.cpp", [(3, 0)]), file_with("tests/lease/x.cpp", [(3, 0)])
        )
        self.assertEqual(found["lease"].lines(), 0)

    def test_a_module_of_which_nothing_was_measured_is_not_covered(self):
        self.assertEqual(self.measured()["ring"].per_cent(), 0.0)


if __name__ == "__main__":
    unittest.main()
