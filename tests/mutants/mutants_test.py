"""The script that builds mutants: reading texts, finding them in a source, judging what was said.
"""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import build  # noqa: E402
import run  # noqa: E402
import texts  # noqa: E402

TEXT = """# a comment
mutant first 1
    A sentence about it,
    and its end.
    rule    OWN-4 (b)
    breaks  MUTEX, LIVE
    seen by judge directed, world vote
    file    a.cpp
    =   int before;
    -   int x = 1;
    +   int x = 2;

    -   f(x);

    file    b.cpp
    -   g();
    +   h();

mutant second 2
    rule    NOW-1
    seen by judge
    option of the simulator
"""

SOURCE = """int before;  // a comment
int x = 1;
f(
    x);
int max = 1;
"""


class Texts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        (self.root / "t.mutants").write_text(TEXT)
        (self.root / "a.cpp").write_text(SOURCE)
        (self.root / "b.cpp").write_text("g();\n")
        self.first, self.second = texts.read_all(self.root)

    def tearDown(self):
        self.folder.cleanup()

    def test_an_entry_is_read(self):
        self.assertEqual((self.first.name, self.first.number), ("first", 1))
        self.assertEqual(self.first.what, ["A sentence about it,", "and its end."])
        self.assertEqual(self.first.rule, "OWN-4 (b)")
        self.assertEqual(self.first.breaks, ["MUTEX", "LIVE"])
        self.assertEqual(self.first.seen_by, ["judge directed", "world vote"])
        self.assertEqual([e.file for e in self.first.edits], ["a.cpp", "a.cpp", "b.cpp"])
        self.assertTrue(self.second.option)

    def test_a_source_is_mutated_past_its_white_space_and_comments(self):
        text = texts.mutated(self.first, "a.cpp", self.root)
        self.assertIn("int x = 2;", text)
        self.assertNotIn("f(", text)
        self.assertIn("int max = 1;", text)

    def test_what_is_there_twice_or_never_does_not_fit(self):
        for source in ("int before; int x = 1;", SOURCE + SOURCE):
            (self.root / "a.cpp").write_text(source)
            with self.assertRaises(texts.TextError):
                texts.mutated(self.first, "a.cpp", self.root)

    def test_the_nearest_lines_are_shown(self):
        (self.root / "a.cpp").write_text("int before;\nint x = 3;\nf(x);\n")
        with self.assertRaisesRegex(texts.TextError, "2: int x = 3;"):
            texts.mutated(self.first, "a.cpp", self.root)

    def test_assertions_are_left_out(self):
        source = '#include "a.hpp"\n#include <b>\n\nvoid f() { HOLDFAST_ASSERT(x); }\n'
        lines = texts.without_assertions(source).splitlines()
        self.assertEqual(lines[2], "#undef HOLDFAST_ASSERT")
        self.assertEqual(lines[-1], "void f() { HOLDFAST_ASSERT(x); }")

    def test_words_are_not_cut(self):
        self.assertEqual(texts.places_of("max = 1;", ["x = 1;"]), [])
        self.assertEqual(texts.places_of("x = 12", ["x = 1"]), [])
        self.assertEqual(texts.places_of("(x = 1)", ["x = 1"]), [(1, 6)])

    def test_white_space_within_quotes_counts(self):
        self.assertEqual(texts.places_of('f("a b")', ['"ab"']), [])
        self.assertEqual(len(texts.places_of('f("a // b")', ['"a // b"'])), 1)

    def test_what_is_not_understood_is_said(self):
        (self.root / "t.mutants").write_text("mutant first 1\n    rule A\n    sean by judge\n")
        with self.assertRaisesRegex(texts.TextError, "t.mutants:3"):
            texts.read_all(self.root)

    def test_a_rule_has_a_mutant_or_a_reason(self):
        mutants = [self.first, self.second]
        rules = {"OWN-4": "", "NOW-1": "a-page", "OWN": "", "SEAT-1": "a-page"}
        self.assertEqual(texts.unbroken_rules(mutants, rules), ["NOW-1", "OWN"])


class Joined(unittest.TestCase):
    def test_a_mutated_source_takes_its_place_among_those_it_is_joined_with(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder, "lock-unity0.cpp")
            made.write_text("#include</s/lock/a.cpp>\n#include</s/lock/../lock/b.cpp>\n")
            entry = {"directory": folder, "file": made.name}
            joined = pathlib.Path(folder, "joined.cpp")
            used = build.Build.source_with(entry, {"/s/lock/b.cpp": "/m/b.cpp"}, joined)
            self.assertEqual(used.read_text(), '#include "/s/lock/a.cpp"\n#include "/m/b.cpp"\n')

    def test_a_source_that_is_compiled_alone_stays_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "a.cpp").write_text('#include "b.cpp"\n')
            entry = {"directory": folder, "file": "a.cpp"}
            used = build.Build.source_with(entry, {"/s/a.cpp": "/m/a.cpp"}, None)
            self.assertEqual(used, "/m/a.cpp")


class WhatSaw(unittest.TestCase):
    FAILED = "-" * 79 + "\nHOLD-1: a grant\n" + "-" * 79 + "\nx.cpp:1\n"

    def check(self, kind, name, code, text):
        return run.what_saw(run.Check(kind, name, "tests/" + name), code, text)

    def test_a_unit_test(self):
        self.assertIsNone(self.check("unit test", "test-lock", 0, ""))
        self.assertEqual(
            self.check("unit test", "test-lock", 1, self.FAILED),
            ("unit test", "test-lock: HOLD-1: a grant"),
        )

    def test_an_assertion_in_a_unit_test(self):
        text = "holdfast: broken invariant: a < b at owner.cpp:1\n" + self.FAILED
        self.assertEqual(self.check("unit test", "test-lock", -6, text)[0], "assertion")

    def test_the_judge(self):
        text = "MUTEX broken at 1 s: two\nholdfast-sim --seed 17 --nodes 5\n"
        self.assertEqual(
            self.check("judge", "directed", 1, text), ("judge", "MUTEX at seed 17, directed")
        )
        self.assertIsNone(self.check("judge", "", 0, "violations 0\n"))
        self.assertIsNone(self.check("judge", "", 2, "no such option"))

    def test_an_assertion_in_the_simulator(self):
        text = "INVARIANT broken at 1 s: p1: broken invariant: a\nholdfast-sim --seed 1\n"
        self.assertEqual(self.check("judge", "", 1, text), ("assertion", "a (seed 1)"))
        self.assertEqual(self.check("assertion", "", 1, text), ("assertion", "a (seed 1)"))
        text = "MUTEX broken at 1 s: two\nholdfast-sim --seed 1\n"
        self.assertIsNone(self.check("assertion", "", 1, text))

    def test_an_exhaustive_world(self):
        self.assertEqual(
            self.check("world", "vote", 1, "found: MUTEX: twice\n"), ("world", "vote: MUTEX: twice")
        )
        self.assertIsNone(self.check("world", "vote", 1, "FAILED\n"))


if __name__ == "__main__":
    unittest.main()
