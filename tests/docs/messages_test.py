"""docs/operating.md says of each complaint of the library and its tool what it means, and of none
that there is not.
"""

import sys
import unittest

sys.dont_write_bytecode = True
import messages  # noqa: E402


class Messages(unittest.TestCase):
    def test_each_text_of_the_sources_is_in_the_tables(self):
        page = list(messages.quoted())
        missing = sorted(
            f"{file}: {text}"
            for text, file in set(messages.messages())
            if not any(text in row for row in page)
        )
        self.assertFalse(missing, "docs/operating.md lacks\n" + "\n".join(missing))

    def test_each_text_of_the_tables_is_in_the_sources(self):
        known = messages.all_texts()
        gone = sorted(
            row
            for row in messages.quoted()
            for piece in row.split("…")
            if not any(messages.plain(piece).strip() in text for text in known)
        )
        self.assertFalse(gone, "no source of the product says\n" + "\n".join(gone))

    def test_each_row_says_what_it_means_and_what_to_do(self):
        for line in messages.tables().splitlines():
            if line.startswith("| `"):
                cells = [c.strip() for c in line.replace("\\|", "").strip("|").split("|")]
                self.assertEqual(len(cells), 3, line)
                self.assertTrue(all(cells), line)

    def test_each_exception_is_still_needed(self):
        self.assertLessEqual(set(messages.NO_MESSAGES), messages.all_texts())

    # ---- that the collector sees what it should

    def test_neighbours_are_joined_and_comments_left_out(self):
        source = 'f("one piece "  // and "no" text\n  "of it", other, \'"\', "a \\"quote\\"");'
        self.assertEqual(messages.literals(source), ["one piece of it", 'a "quote"'])

    def test_only_what_the_tool_raises(self):
        source = 'help("for people"); throw failure{"usage", "no " + f("is )") + x}; say("no");'
        self.assertEqual(
            [t for part in messages.arguments(source) for t in messages.literals(part + ";")],
            ["usage", "no", "is )"],
        )

    def test_there_are_many(self):
        self.assertGreater(len(set(messages.messages())), 150)
        self.assertGreater(len(list(messages.quoted())), 100)


if __name__ == "__main__":
    unittest.main()
