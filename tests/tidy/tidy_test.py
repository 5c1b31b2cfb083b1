"""Each rule of tidy.py is seen to fail on a text made for it, and to let its neighbour pass."""

import unittest

import tidy


def worse(path, text, ratchet=None, exists=lambda target: False):
    findings = tidy.check([(path, text.encode())], exists)
    return tidy.compare(findings, ratchet or {})[0]


def function_of(lines, name="f"):
    return f"int {name}(int a) {{\n" + "    a++;\n" * (lines - 3) + "    return a;\n}\n"


class Columns(unittest.TestCase):
    def test_101_columns_are_too_many(self):
        for path in ("src/lock/x.cpp", "include/holdfast/x.hpp", "tests/x.py", "x.sh"):
            self.assertIn("101 columns", worse(path, "#" * 101 + "\n")[0])
            self.assertEqual(worse(path, "#" * 100 + "\n"), [])

    def test_a_script_is_known_by_its_first_line(self):
        self.assertTrue(worse("dev", "#!/usr/bin/env bash\n" + "#" * 101))
        self.assertEqual(worse("notes", "#" * 101), [])

    def test_an_address_may_be_long(self):
        self.assertEqual(worse("a.py", "# https://example.org/" + "x" * 100), [])


class Sizes(unittest.TestCase):
    def test_a_function_of_71_lines_is_too_long(self):
        self.assertIn("f has 71 lines", worse("src/lock/x.cpp", function_of(71))[0])
        self.assertEqual(worse("src/lock/x.cpp", function_of(70)), [])
        self.assertEqual(worse("tests/x.cpp", function_of(71)), [])

    def test_a_member_in_a_namespace_is_found(self):
        text = "namespace a {\nstruct b {\n" + function_of(71, "c") + "};\n}\n"
        self.assertIn("c has 71 lines", worse("src/lock/x.cpp", text)[0])

    def test_a_constructor_with_braces_in_its_list_is_one_function(self):
        text = "b::b(int a)\n    : x_{a}, y_{[] { return 1; }()} {\n" + "    x();\n" * 68 + "}\n"
        self.assertIn("b::b has 71 lines", worse("src/lock/x.cpp", text)[0])

    def test_braces_in_strings_and_comments_do_not_count(self):
        body = '    auto s = "{"; // {\n    char c = \'{\'; /* { */\n    auto r = R"x({ " )x";\n'
        text = "void f() {\n" + body + "}\n" + function_of(60, "g") + function_of(60, "h")
        self.assertEqual(worse("src/lock/x.cpp", text), [])
        self.assertIn("g has 80", worse("src/lock/x.cpp", text + function_of(80, "g"))[0])

    def test_digit_separators_are_no_characters(self):
        text = "int x = 1'000;\n" + function_of(71) + "int y = 2'000;\n"
        self.assertIn("f has 71 lines", worse("src/lock/x.cpp", text)[0])

    def test_a_product_source_of_451_lines_is_too_long(self):
        self.assertIn("451 lines", worse("src/lock/x.cpp", "\n" * 451)[0])
        self.assertEqual(worse("src/lock/x.cpp", "\n" * 450), [])
        self.assertEqual(worse("src/sim/x.cpp", "\n" * 451), [])

    def test_a_class_of_151_header_lines_is_too_long(self):
        for head in ("class b {", "template <class T>\nclass EXPORT b final : public c {"):
            text = head + "\n" + "    int a;\n" * 150 + "};\n"
            self.assertIn("b has 15", worse("src/lock/x.hpp", text)[0])
        self.assertEqual(worse("src/lock/x.hpp", "class b {\n" + "    int a;\n" * 148 + "};\n"), [])

    def test_comments_count_in_src_and_not_in_a_public_header(self):
        text = "class b {\n" + "    /// What a does.\n    int a;\n" * 100 + "};\n"
        self.assertIn("b has 202", worse("src/lock/x.hpp", text)[0])
        self.assertEqual(worse("include/holdfast/x.hpp", text), [])
        longer = "class b {\n" + "    int a;\n" * 150 + "};\n"
        self.assertIn("b has 152", worse("include/holdfast/x.hpp", longer)[0])


class Words(unittest.TestCase):
    def test_a_role_without_a_name_is_told_in_comments_and_documents(self):
        self.assertIn("'somebody'", worse("src/lock/x.cpp", "// somebody holds it\n")[0])
        self.assertIn("'Whoever'", worse("include/holdfast/x.hpp", "/* Whoever asks */\n")[0])
        self.assertIn("'nobody'", worse("docs/x.md", "nobody holds it\n")[0])
        self.assertIn("'nobody'", worse("tests/x.cpp", "f();  // nobody\n")[0])
        self.assertIn("'nobody'", worse("dev", "#!/usr/bin/env bash\n# nobody\n")[0])
        self.assertIn("'nobody'", worse("tests/scenarios/x.txt", "# nobody\n")[0])

    def test_a_word_of_our_own_is_told_with_its_line(self):
        found = worse("docs/x.md", "The lock\nwas his prey.\n")
        self.assertEqual(found, ["docs/x.md:2: the word 'prey'"])

    def test_code_and_strings_are_not_prose(self):
        self.assertEqual(worse("src/lock/x.cpp", 'auto x = nobody("nobody");\n'), [])
        self.assertEqual(worse("tests/x.py", "nobody = 1\n"), [])
        self.assertEqual(worse("tests/scenarios/x.txt", "now nobody\n"), [])
        self.assertEqual(worse("docs/x.md", "the user `nobody`\n"), [])

    def test_a_document_that_is_not_there_is_told(self):
        self.assertIn("DESIGN", worse("src/lock/x.cpp", "// DESIGN section 3\n")[0])
        self.assertIn("y.md does not exist", worse("docs/x.md", "see [y](y.md)\n")[0])
        self.assertEqual(worse("docs/x.md", "[y](y.md)", exists=lambda to: to == "docs/y.md"), [])
        self.assertEqual(worse("docs/x.md", "[y](https://example.org/y.md) [z](#part)"), [])

    def test_a_source_that_a_page_names_is_there(self):
        page, there = "see `lock/x.cpp` and `src/lock/x.cpp`\n", {"src/lock/x.cpp"}
        self.assertEqual(worse("docs/x.md", page, exists=there.__contains__), [])
        found = worse("docs/x.md", page, exists=lambda to: False)
        self.assertIn("no source lock/x.cpp", found[0])
        self.assertEqual(len(found), 2)
        self.assertEqual(worse("CHANGELOG.md", page, exists=lambda to: False), [])


class Places(unittest.TestCase):
    def test_a_path_of_one_machine_is_told(self):
        self.assertIn("/home/me", worse("a.py", "open('/home/me/x')\n")[0])
        self.assertEqual(worse("a.py", "open('/tmp/x', '/usr/bin/env', f'{x}/root/y')\n"), [])

    def test_a_host_of_a_registry_is_told(self):
        for host in (
            "registry." + "example" + ".org",
            "deb.debian" + ".org",
            "packages.build" + ".internal",
        ):
            self.assertIn(host, worse("dev", f"fetch https://{host}/x\n")[0])
        self.assertEqual(worse("src/lock/x.cpp", "x = o.internal();\n"), [])

    def test_a_file_over_a_megabyte_is_told(self):
        self.assertIn("bytes, at most", worse("x.bin", "\0" * ((1 << 20) + 1))[0])


class Joints(unittest.TestCase):
    def test_a_part_of_nine_sources_is_told(self):
        def part(folder, count):
            return [(f"src/{folder}/{n}.cpp", b"") for n in range(count)]

        def errors(files):
            return tidy.check(files).errors

        self.assertIn("18 sources", errors(part("lock", 18))[0])
        self.assertEqual(errors(part("lock", 17) + part("sim", 9)), [])


class Suppressions(unittest.TestCase):
    def test_a_suppression_has_a_check_and_a_reason(self):
        self.assertTrue(worse("src/lock/x.cpp", "f();  // NOLINT\n"))
        self.assertTrue(worse("src/lock/x.cpp", "f();  // NOLINT(bugprone-x)\n"))
        self.assertEqual(
            worse("src/lock/x.cpp", "f();  // NOLINT(bugprone-x): it is meant so\n"), []
        )

    def test_there_are_at_most_20(self):
        line = "f();  // NOLINT(bugprone-x): it is meant so\n"
        self.assertEqual(worse("src/lock/x.cpp", line * 20), [])
        self.assertIn("21 NOLINT", worse("src/lock/x.cpp", line * 21)[0])


class Ratchet(unittest.TestCase):
    TEXT = "// DESIGN\n// DESIGN\n"

    def test_what_was_wrong_before_may_stay_and_not_grow(self):
        self.assertEqual(worse("src/lock/x.cpp", self.TEXT, {"documents": {"src/lock": 2}}), [])
        self.assertTrue(worse("src/lock/x.cpp", self.TEXT, {"documents": {"src/lock": 1}}))
        self.assertTrue(worse("src/lock/x.cpp", self.TEXT, {"documents": {"src/node": 2}}))

    def test_words_are_in_no_ratchet(self):
        self.assertTrue(worse("src/lock/x.cpp", "// nobody\n", {"words": {"src/lock": 1}}))

    def test_tightening_lowers_and_never_adds(self):
        findings = tidy.check([("src/lock/x.cpp", self.TEXT.encode())])
        before = {"documents": {"src/lock": 3, "src/node": 2}}
        self.assertEqual(tidy.tightened(findings, before), {"documents": {"src/lock": 2}})
        self.assertEqual(tidy.tightened(findings, {}), {})
        self.assertEqual(len(tidy.compare(findings, before)[1]), 2)


if __name__ == "__main__":
    unittest.main()
