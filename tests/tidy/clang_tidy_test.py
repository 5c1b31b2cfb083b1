"""clang_tidy.py looks again at what has changed, and only at that."""

import json
import os
import tempfile
import unittest

import clang_tidy


class Stamps(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = os.path.realpath(self.folder.name)
        self.write("src/a.cpp", '#include "b.hpp"\n#include <vector>\n')
        self.write("src/b.hpp", "#include <c.hpp>\n")
        self.write("include/c.hpp", "// c\n")
        self.write("src/other.cpp", "int other;\n")
        self.write("tests/t.cpp", "int test;\n")
        self.command("c++ -I../include")

    def write(self, path, text):
        name = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)

    def command(self, command):
        sources = ("src/a.cpp", "src/other.cpp", "tests/t.cpp")
        build = os.path.join(self.root, "build")
        entries = [{"directory": build, "file": "../" + s, "command": command} for s in sources]
        self.write("build/compile_commands.json", json.dumps(entries))

    def waiting(self, configuration="checks"):
        """What would be looked at; it is stamped as clean."""
        build = os.path.join(self.root, "build")
        entries = clang_tidy.entries_below(build, self.root, ["src"])
        texts = clang_tidy.Texts(self.root)
        out = []
        for source, stamp in clang_tidy.stale(entries, texts, [configuration], self.root):
            open(stamp, "w", encoding="utf-8").close()
            out.append(os.path.relpath(source, self.root))
        return out

    def test_what_is_clean_is_left_out_and_other_folders_are_too(self):
        self.assertEqual(self.waiting(), ["src/a.cpp", "src/other.cpp"])
        self.assertEqual(self.waiting(), [])

    def test_a_header_that_changes_concerns_who_includes_it(self):
        self.waiting()
        self.write("include/c.hpp", "// changed\n")
        self.assertEqual(self.waiting(), ["src/a.cpp"])
        self.write("src/b.hpp", "// changed\n")
        self.assertEqual(self.waiting(), ["src/a.cpp"])

    def test_another_command_or_configuration_concerns_all(self):
        self.waiting()
        self.command("c++ -I../include -DX")
        self.assertEqual(len(self.waiting()), 2)
        self.assertEqual(len(self.waiting("other checks")), 2)


if __name__ == "__main__":
    unittest.main()
