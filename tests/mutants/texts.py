"""Mutants as texts: reads *.mutants, finds in a source what a mutant replaces, and replaces it.

tests/mutants/README.md describes the format.
"""
import difflib
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class TextError(Exception):
    """A text that cannot be read, or that does not fit the source."""


class Edit:
    """In `file`, `find` becomes `replace`. Lines are as written in the text."""

    def __init__(self, file, where):
        self.file = file
        self.where = where
        self.find = []
        self.replace = []

    def is_empty(self):
        return not self.find and not self.replace


class Mutant:
    def __init__(self, name, number, where):
        self.name = name
        self.number = number
        self.where = where
        self.what = []  # sentences for people
        self.rule = ""
        self.breaks = []  # guarantees at stake
        self.seen_by = []  # what must see it: "judge", "judge directed", "world vote", ...
        self.option = False  # wrong code of the simulator itself, behind its option --mutant
        self.tests = []  # unit test programs, where not those of the folder of the source
        self.bare = []  # more files whose assertions would see it before the judge does
        self.edits = []

    def files(self):
        return sorted({e.file for e in self.edits})


class Reader:
    """Reads one file of mutants, line by line."""

    def __init__(self, path):
        self.path = path
        self.all = []
        self.edit = None

    def read(self):
        for number, line in enumerate(self.path.read_text().splitlines(), 1):
            self.where = f"{self.path.name}:{number}"
            text = line.strip()
            if text.startswith("#"):
                continue
            if not text:
                self.begin_edit()
            elif not line[0].isspace():
                self.begin_mutant(text)
            elif text[0] in "-+=" and self.edit is not None:
                self.add_line(text[0], line)
            else:
                self.add_key(text)
        return self.all

    def fail(self, why):
        raise TextError(f"{self.where}: {why}")

    def begin_mutant(self, text):
        m = re.fullmatch(r"mutant (\w+) (\d+)", text)
        if not m:
            self.fail(f"expected `mutant NAME NUMBER`, not `{text}`")
        self.all.append(Mutant(m[1], int(m[2]), self.where))
        self.edit = None

    def begin_edit(self, file=None):
        """A new edit, of the same file unless another is named."""
        if self.edit is None and file is None:
            return
        file = file or self.edit.file
        if self.edit is None or not self.edit.is_empty() or self.edit.file != file:
            self.edit = Edit(file, self.where)

    def add_line(self, sign, line):
        if self.edit.is_empty():
            self.all[-1].edits.append(self.edit)
            self.edit.where = self.where
        code = line.strip()[1:]
        if sign in "-=":
            self.edit.find.append(code)
        if sign in "+=":
            self.edit.replace.append(code)

    def add_key(self, text):
        if not self.all:
            self.fail("expected `mutant NAME NUMBER` first")
        mutant = self.all[-1]
        key, _, value = text.partition(" ")
        value = value.strip()
        items = [v.strip() for v in value.split(",")]
        if key == "rule":
            mutant.rule = value
        elif key == "breaks":
            mutant.breaks = items
        elif key == "seen" and value.startswith("by "):
            mutant.seen_by = [v.removeprefix("by ").strip() for v in items]
        elif key == "tests":
            mutant.tests = items
        elif key == "bare":
            mutant.bare = items
        elif text == "option of the simulator":
            mutant.option = True
        elif key == "file":
            self.begin_edit(value)
        elif self.edit is None and not mutant.rule:
            mutant.what.append(text)
        else:
            self.fail(f"`{text}` is not understood")


def read_all(folder=HERE):
    mutants = []
    for path in sorted(folder.glob("*.mutants")):
        mutants += Reader(path).read()
    return mutants


def visible(source):
    """The characters of `source` that count, and where they are: white space and // comments do
    not, so that a text still fits after the formatter has been over the source."""
    chars, places = [], []
    at, quote = 0, ""
    while at < len(source):
        char = source[at]
        if quote:
            if char == "\\":
                chars.append(char)
                places.append(at)
                at += 1
                char = source[at]
            elif char == quote:
                quote = ""
        elif source.startswith("//", at):
            at = source.find("\n", at)
            at = len(source) if at < 0 else at
            continue
        elif char == '"' or (char == "'" and not source[at - 1 : at].isalnum()):
            quote = char
        if quote or not char.isspace():
            chars.append(char)
            places.append(at)
        at += 1
    return "".join(chars), places


def is_word(char):
    return char.isalnum() or char == "_"


def places_of(source, find):
    """Where `find` is in `source`: [(begin, end)]."""
    haystack, places = visible(source)
    needle = visible("\n".join(find))[0]
    found, at = [], haystack.find(needle)
    while at >= 0:
        begin, end = places[at], places[at + len(needle) - 1] + 1
        cuts_front = is_word(needle[0]) and begin > 0 and is_word(source[begin - 1])
        cuts_back = is_word(needle[-1]) and end < len(source) and is_word(source[end])
        if not cuts_front and not cuts_back:
            found.append((begin, end))
        at = haystack.find(needle, at + 1)
    return found


def nearest_lines(source, find, count=3):
    """The lines of `source` that are most like the longest line of `find`."""
    wanted = max((line.strip() for line in find), key=len)
    match = difflib.SequenceMatcher(b=wanted, autojunk=False)
    rated = []
    for number, line in enumerate(source.splitlines(), 1):
        match.set_seq1(line.strip())
        rated.append((match.ratio(), number, line))
    best = sorted(rated, key=lambda r: (-r[0], r[1]))[:count]
    return [f"    {number}: {line.strip()}" for _, number, line in sorted(best, key=lambda r: r[1])]


def mutated(mutant, file, root=ROOT):
    """The text of `file` with everything replaced that `mutant` replaces there."""
    path = root / file
    if not path.is_file():
        raise TextError(f"{mutant.where}: {mutant.name}: there is no file {file}")
    source = path.read_text()
    spans = []
    for edit in mutant.edits:
        if edit.file != file:
            continue
        if not edit.find:
            raise TextError(f"{edit.where}: {mutant.name}: nothing to find")
        found = places_of(source, edit.find)
        if len(found) != 1:
            lines = [f"{edit.where}: {mutant.name}: {file} has this {len(found)} times, not once:"]
            lines += ["   " + line for line in edit.find] + ["  nearest:"]
            raise TextError("\n".join(lines + nearest_lines(source, edit.find)))
        spans.append((*found[0], "\n".join(edit.replace).strip()))
    for begin, end, text in sorted(spans, reverse=True):
        source = source[:begin] + text + source[end:]
    return source


def without_assertions(source):
    """Its assertions are not checked: behind the includes, the macro becomes nothing."""
    includes = list(re.finditer(r"^#include .*\n", source, re.M))
    at = includes[-1].end() if includes else 0
    return (
        source[:at]
        + "#undef HOLDFAST_ASSERT\n"
        + "#define HOLDFAST_ASSERT(condition) static_cast<void>(0)\n"
        + source[at:]
    )


def scenarios_naming(root=ROOT):
    """{mutant: [(scenario, what goes wrong)]}: the lines `with NAME ...` of all scenarios."""
    named = {}
    for path in sorted((root / "tests/scenarios").glob("*.txt")):
        for m in re.finditer(r"^with (\w+) (breaks [\w-]+|fails)$", path.read_text(), re.M):
            named.setdefault(m[1], []).append((path.stem, m[2]))
    return named


def read_rules(path=HERE / "rules.txt"):
    """{rule: the page of docs/decisions that says why it has no mutant, or ""}."""
    rules = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, page = line.partition(" ")
            rules[name] = page.strip()
    return rules


def unbroken_rules(mutants, rules):
    """Rules that have neither a mutant nor a reason, and those that have both."""
    # "OWN-4 (b)" breaks OWN-4, and "OWN-10" does not break OWN-1
    broken = {m.rule.split(" (")[0] for m in mutants}
    return [r for r, page in rules.items() if (r in broken) == bool(page)]


def complaints(mutants, root=ROOT):
    """Everything that does not fit."""
    out = []
    for what in ("name", "number"):
        seen = {}
        for m in mutants:
            if getattr(m, what) in seen:
                out.append(f"{m.where}: {m.name}: {what} as at {seen[getattr(m, what)]}")
            seen.setdefault(getattr(m, what), m.where)
    for m in mutants:
        if not m.rule:
            out.append(f"{m.where}: {m.name}: no rule")
        if bool(m.edits) == m.option:
            out.append(f"{m.where}: {m.name}: needs a file to change or to be an option, not both")
        for file in m.files():
            try:
                if mutated(m, file, root) == (root / file).read_text():
                    out.append(f"{m.where}: {m.name}: changes nothing in {file}")
            except TextError as e:
                out.append(str(e))
    names = {m.name for m in mutants}
    for name, scenarios in scenarios_naming(root).items():
        if name not in names:
            out.append(f"tests/scenarios/{scenarios[0][0]}.txt: there is no mutant {name}")
    scenarios = scenarios_naming(root)
    for m in mutants:
        if not m.seen_by and m.name not in scenarios:
            out.append(f"{m.where}: {m.name}: nothing is said to see it")
    rules = read_rules()
    for rule in unbroken_rules(mutants, rules):
        page = rules[rule]
        out.append(
            f"rules.txt: {rule} has "
            + ("a mutant and a reason for none" if page else "neither a mutant nor a reason")
        )
    for rule, page in rules.items():
        if page and not (root / "docs/decisions" / f"{page}.md").is_file():
            out.append(f"rules.txt: {rule}: there is no page docs/decisions/{page}.md")
    return out
