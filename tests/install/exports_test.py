"""Each rule of exports.py is seen to fail on a library made for it."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import exports

HEADER = """#pragma once
#define SHOWN __attribute__((visibility("default")))
namespace holdfast {
struct SHOWN box {
    box();
    ~box();
    int inside() const { return 1; }
    int outside(int by) const;
    template <class T> int any(T what) const { return what; }
};
@function@
}
"""
SOURCE = """#include <holdfast/made_up.hpp>
namespace holdfast {
box::box() = default;
box::~box() {}
int box::outside(int by) const { return by; }
@function@
}
"""


@unittest.skipUnless(shutil.which("clang++"), "clang++ is not installed")
class Library(unittest.TestCase):
    def complaints(self, header="", source=""):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(folder + "/holdfast")
            with open(folder + "/holdfast/made_up.hpp", "w", encoding="utf-8") as f:
                f.write(HEADER.replace("@function@", header))
            with open(folder + "/made_up.cpp", "w", encoding="utf-8") as f:
                f.write(SOURCE.replace("@function@", source))
            library = folder + "/libmade_up.so"
            command = ["c++", "-std=c++20", "-fPIC", "-shared", "-fvisibility=hidden"]
            command += ["-I", folder, "-o", library, folder + "/made_up.cpp"]
            subprocess.run(command, check=True)
            functions = exports.functions_of(["holdfast/made_up.hpp"], folder)
            found = exports.compare(functions, exports.exported_by(library))
            return found or exports.link_all(functions, library, folder, ["c++"])

    def test_a_library_that_exports_what_is_declared_is_good(self):
        self.assertEqual(self.complaints("SHOWN int f(int);", "int f(int) { return 1; }"), [])

    def test_a_function_that_is_not_marked_is_told(self):
        found = self.complaints("int f(int);", "int f(int) { return 1; }")
        self.assertEqual(found, ["holdfast::f(int): declared in a header, not exported"])

    def test_one_overload_that_is_not_marked_is_told(self):
        found = self.complaints(
            "SHOWN int f(int); int f(long);", "int f(int) { return 1; } int f(long) { return 2; }"
        )
        self.assertEqual(found, ["holdfast::f(long): declared in a header, not exported"])

    def test_a_function_that_is_declared_but_nowhere_defined_is_told(self):
        found = self.complaints("SHOWN int f(int);")
        self.assertEqual(found, ["holdfast::f(int): declared in a header, not exported"])

    def test_an_inner_function_that_is_exported_is_told(self):
        found = self.complaints("", "SHOWN int inner() { return 1; }")
        self.assertEqual(found, ["holdfast::inner(): exported, but no public header declares it"])

    def test_an_inline_function_needs_no_mark(self):
        self.assertEqual(self.complaints("inline int f(int x) { return x; }"), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
