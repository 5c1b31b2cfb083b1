#!/usr/bin/env python3
"""What the formatter and the compilers do not see, looked up in every tracked file.

usage: tidy.py ROOT [--tighten]

What was wrong before a rule was made stands in ratchet.json, with its size. It may shrink and not
grow; --tighten writes down what it has come to.
"""

import collections
import json
import os
import re
import subprocess
import sys

COLUMNS = 100
FUNCTION_LINES = 70
SOURCE_LINES = 450
CLASS_LINES = 150
FILE_BYTES = 1 << 20
SUPPRESSIONS = 20
JOINED = 9  # so many sources of a part are compiled as one where they are tested (./dev)

SOURCES = (".cpp", ".hpp", ".h")
PROOF = ("src/sim/", "src/explore/")  # src is the product but for these

# A role has a name: owner, holder, waiter, voter, member, caller.
ROLES = "somebody nobody everybody anybody someone everyone anyone whoever whomever".split()
# Words of our own that the field has others for; the right ones are in docs/glossary.md.
DIALECT = """
accuser accusers accuses aftermath ambush befall befalls befell deadman deed errand farewell grip
kindness meddler planted plight prey slander stories story witness
""".split()
BANNED = re.compile(r"\b(" + "|".join(ROLES + DIALECT) + r")\b", re.IGNORECASE)
# The name of something is no prose.
QUOTED = re.compile(r"`[^`\n]*`")
HASH_COMMENT = re.compile(r"(?:^|\s)#.*")

# A document that is not in the repository.
NOT_HERE = re.compile(r"\bDESIGN\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}*/@-])/(?:home|root|Users|work|workspace)/[\w.]+")
REGISTRY = re.compile(
    r"\b(?:registry\.[a-z0-9-]+\.[a-z]+|(?:files\.)?pythonhosted\.org|pypi\.[a-z]+"
    r"|deb\.debian\.org|proxy\.golang\.org|[a-z0-9.-]*artifactory[a-z0-9.-]*"
    r"|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:internal|corp)(?![\w.(]))"
)
SUPPRESSION = re.compile(r"NOLINT\w*(\([\w.,*-]+\))?:?(.*)")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
SOURCE_IN_PROSE = re.compile(r"`([\w./-]+/\w+\.[ch]pp)`")
ADDRESS = re.compile(r"https?://\S+")


def blank(text):
    """Spaces for all but the line ends: what stood there keeps its place."""
    return re.sub(r"[^\n]", " ", text)


TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r'|(?P<raw>R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)")'
    r'|(?P<text>"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z])\'(?:\\.|[^\'\\\n])+\')',
    re.DOTALL,
)


def code_of(text):
    """`text` of C++ without comments, and with nothing in its strings."""

    def instead(found):
        return blank(found.group()) if found["comment"] else '"' + blank(found.group()[1:-1]) + '"'

    return TOKEN.sub(instead, text)


def comments_of(text):
    """(line, comment) of each comment in `text` of C++."""
    for found in TOKEN.finditer(text):
        if found["comment"]:
            yield text.count("\n", 0, found.start()) + 1, found.group()


def kind_of(head):
    """What a brace opens that follows `head`, outside of functions."""
    if re.search(r"=\s*$|\breturn\s*$", head):
        return "value"
    if re.search(r"\bnamespace\b|\bextern\s*\"", head):
        return "namespace"
    without_templates = re.sub(r"\btemplate\s*<[^{;]*?>(?=\s*[\w\[(])", "", head)
    if "(" not in re.sub(r"__attribute__\s*\(\(.*?\)\)|alignas\s*\([^)]*\)", "", head):
        found = re.search(
            r"\b(class|struct|union|enum)\b(?:\s+(?:class|[A-Z_]+\b))*\s+(\w+)", without_templates
        )
        if found:
            return "value" if found.group(1) == "enum" else "class " + found.group(2)
        return "value"
    name = re.search(r"([~\w:]+|operator\s*\S+?)\s*\(", without_templates)
    return "function " + (name.group(1).strip() if name else "?")


def pieces(text):
    """(kind, name, first line, number of lines) of each class and function in `text` of C++."""
    code = code_of(text)
    stack, head, line, began = [], "", 1, None
    for at, c in enumerate(code):
        is_in_function = any(kind.startswith("function") for kind, _, _ in stack)
        is_in_value = any(is_value for _, _, is_value in stack)
        if c == "\n":
            line += 1
        if c == "{":
            # Such as `x_{1}` in the list of a constructor: the head goes on after it.
            is_value = is_in_value or (at > 0 and not code[at - 1].isspace())
            kind = "value" if is_in_function or is_value else kind_of(head)
            stack.append((kind, began or line, is_value))
            if not is_value:
                head, began = "", None
        elif c == "}" and stack:
            kind, first, is_value = stack.pop()
            what, _, name = kind.partition(" ")
            if what in ("class", "function"):
                yield what, name, first, line - first + 1
            if not is_value:
                head, began = "", None
        elif c == ";" and not is_in_value:
            head, began = "", None
        else:
            if began is None and not c.isspace():
                began = line
            head += c


class Findings:
    def __init__(self):
        self.errors = []  # never allowed
        self.sizes = collections.defaultdict(dict)  # rule -> what -> size: may stand in the ratchet
        self.where = {}

    def error(self, path, line, text):
        self.errors.append(f"{path}:{line}: {text}")

    def size(self, rule, what, size, text):
        self.sizes[rule][what] = self.sizes[rule].get(what, 0) + size
        self.where.setdefault((rule, what), text)


def is_shell(path, text):
    return path.endswith(".sh") or re.match(r"#!.*\b(ba)?sh\b", text) is not None


def check_columns(path, text, findings):
    if not (path.endswith(SOURCES + (".py",)) or is_shell(path, text)):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if len(ADDRESS.sub("", line)) > COLUMNS:
            findings.error(path, number, f"{len(line)} columns, at most {COLUMNS}")


def check_sizes(path, text, findings):
    if not path.endswith(SOURCES) or not path.startswith(("src/", "include/")):
        return
    lines = text.count("\n")
    every_line = text.splitlines()
    if path.endswith(".cpp") and not path.startswith(PROOF) and lines > SOURCE_LINES:
        findings.size("source", path, lines, f"{lines} lines, at most {SOURCE_LINES}")
    for what, name, first, size in pieces(text):
        if what == "function" and size > FUNCTION_LINES:
            text_ = f"line {first}: {name} has {size} lines, at most {FUNCTION_LINES}"
            findings.size("function", f"{path} {name}", size, text_)
        if path.startswith("include/"):
            # Public headers are contracts: what they say in comments does not make a class larger.
            body = every_line[first - 1 : first - 1 + size]
            size -= sum(line.lstrip().startswith("//") for line in body)
        if what == "class" and size > CLASS_LINES and path.endswith(".hpp"):
            text_ = f"line {first}: {name} has {size} lines, at most {CLASS_LINES}"
            findings.size("class", f"{path} {name}", size, text_)


def folder_of(path):
    parts = path.split("/")
    return "/".join(parts[: min(2, len(parts) - 1)]) or "."


def has_hash_comments(path, text):
    is_scenario = path.startswith("tests/scenarios/") and path.endswith(".txt")
    return is_scenario or path.endswith((".py", "meson.build")) or is_shell(path, text)


def prose_of(path, text):
    """(line, text) of what is written for people: comments, and the lines of documents."""
    if path.endswith(SOURCES):
        yield from comments_of(text)
    elif path.endswith(".md"):
        yield from enumerate(text.splitlines(), 1)
    elif has_hash_comments(path, text):
        for number, line in enumerate(text.splitlines(), 1):
            if found := HASH_COMMENT.search(line):
                yield number, found.group()


def check_words(path, text, findings):
    if path.startswith("tests/tidy/"):
        return
    for first, prose in prose_of(path, text):
        for number, line in enumerate(prose.splitlines(), first):
            for word in BANNED.findall(QUOTED.sub("", line)):
                findings.error(path, number, f"the word '{word}'")


def check_documents(path, text, findings, exists):
    if path.startswith("tests/tidy/"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if NOT_HERE.search(line):
            where = f"{path}:{number}: DESIGN is not in the repository"
            findings.size("documents", folder_of(path), 1, where)
        if path.endswith(".md"):
            for to in LINK.findall(line):
                if not re.match(r"\w+:", to):
                    target = os.path.normpath(os.path.join(os.path.dirname(path), to))
                    if not exists(target):
                        findings.error(path, number, f"{to} does not exist")
            if path != "CHANGELOG.md":
                for named in SOURCE_IN_PROSE.findall(line):
                    if not any(exists(root + named) for root in ("", "src/", "tests/", "tools/")):
                        findings.error(path, number, f"there is no source {named}")


def check_places(path, text, findings):
    if path.startswith("tests/tidy/"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        for found in MACHINE_PATH.findall(line):
            findings.error(path, number, f"{found} is a path of one machine")
        for found in REGISTRY.findall(line):
            findings.error(path, number, f"{found} is a host that builds must not need")


def check_suppressions(path, text, findings):
    """How many there are."""
    if not path.endswith(SOURCES):
        return 0
    count = 0
    for number, comment in comments_of(text):
        for checks, reason in SUPPRESSION.findall(comment):
            count += 1
            if not checks or len(reason.strip(" :")) < 10:
                findings.error(path, number, "NOLINT names its check and its reason")
    return count


def check_joints(sources, findings):
    """`sources`: for each folder how many. Of a multiple, meson 1.0 links an object too many."""
    for folder, count in sources.items():
        if folder.startswith("src/") and not folder.startswith(PROOF) and count % JOINED == 0:
            findings.error(folder, 0, f"{count} sources; a multiple of {JOINED} cannot be linked")


def check(files, exists=os.path.exists):
    """The findings in `files`: pairs of path and bytes."""
    findings, suppressions, sources = Findings(), 0, collections.Counter()
    for path, content in files:
        sources[os.path.dirname(path) + "/"] += path.endswith(".cpp")
        if len(content) > FILE_BYTES:
            findings.error(path, 1, f"{len(content)} bytes, at most {FILE_BYTES}")
        if b"\0" in content:
            continue
        text = content.decode("utf-8", "replace")
        check_columns(path, text, findings)
        check_sizes(path, text, findings)
        check_words(path, text, findings)
        check_documents(path, text, findings, exists)
        check_places(path, text, findings)
        suppressions += check_suppressions(path, text, findings)
    check_joints(+sources, findings)
    if suppressions > SUPPRESSIONS:
        findings.error(".", 0, f"{suppressions} NOLINT in the tree, at most {SUPPRESSIONS}")
    return findings


def compare(findings, ratchet):
    """(what is worse than the ratchet, what is better), one sentence each."""
    worse, better = list(findings.errors), []
    for rule, sizes in sorted(findings.sizes.items()):
        for what, size in sorted(sizes.items()):
            allowed = ratchet.get(rule, {}).get(what, 0)
            if size > allowed:
                where = findings.where[rule, what]
                worse.append(f"{what}: {rule}: {size}, the ratchet has {allowed} ({where})")
    for rule, sizes in sorted(ratchet.items()):
        for what, allowed in sorted(sizes.items()):
            size = findings.sizes.get(rule, {}).get(what, 0)
            if size < allowed:
                better.append(f"{what}: {rule}: {size}, the ratchet has {allowed}")
    return worse, better


def tightened(findings, ratchet):
    """The ratchet with what is better written down; nothing is added to it."""
    out = {}
    for rule, sizes in sorted(ratchet.items()):
        now = findings.sizes.get(rule, {})
        kept = {what: min(allowed, now[what]) for what, allowed in sizes.items() if what in now}
        if kept:
            out[rule] = dict(sorted(kept.items()))
    return out


def tracked(root):
    """Path and bytes of each file that git knows."""
    command = ["git", "-C", root, "ls-files", "-z"]
    for path in subprocess.run(command, check=True, capture_output=True).stdout.split(b"\0"):
        name = os.path.join(root, path.decode())
        if path and os.path.isfile(name) and not os.path.islink(name):
            with open(name, "rb") as f:
                yield path.decode(), f.read()


def main():
    root = sys.argv[1]
    if not os.path.exists(os.path.join(root, ".git")):
        print("not a checkout: git lists the files")
        return 77
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ratchet.json")
    with open(path, encoding="utf-8") as f:
        ratchet = json.load(f)
    files = list(tracked(root))
    findings = check(files, lambda target: os.path.exists(os.path.join(root, target)))
    worse, better = compare(findings, ratchet)
    if "--tighten" in sys.argv:
        with open(path, "w", encoding="utf-8") as f:
            json.dump(tightened(findings, ratchet), f, indent=2)
            f.write("\n")
    elif better:
        print(f"{len(better)} in the ratchet are better now: tidy.py --tighten writes it down")
    print("\n".join(worse) or f"tidy: {len(files)} files")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
