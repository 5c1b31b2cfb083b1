"""The texts that the library and its tool complain with, as the sources have them, and as the
tables of docs/operating.md have them.

A text of the source is a piece between values: "hold of \"" + name + "\" lost". In the tables a
value is written as an ellipsis.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "operating.md"
BEGIN, END = "<!-- messages: begin", "<!-- messages: end"

# The texts of the tool are the arguments of these. Its other texts are help, or answers.
RAISED_BY = re.compile(r"\b(?:failure|log_line)\s*[({]|\bfprintf\(stderr,")
IN_WHOLE = {"tools/holdfast/lines.cpp"}  # what it says of lines that were lost

# Texts with two words that are no messages.
NO_MESSAGES = {
    "holdfast gate 1 exclusive": "the head of a file",
    "holdfast epoch 1": "the head of a file",
    "holdfast records 1": "the head of a file",
    "holdfast cluster": "what a key is derived with",
    "stream to the acceptor": "what a key is derived with",
    "stream to the dialler": "what a key is derived with",
    "a message without a kind": "of a static_assert",
}

TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)'|\s+|\w+|.", re.DOTALL
)
TWO_WORDS = re.compile(r"[a-z]{2,} [a-z]")


def plain(text):
    return " ".join(text.split())


def literals(source):
    """Those of C++, neighbours joined."""
    found, open_one = [], None
    for token in TOKEN.findall(source):
        if token.startswith('"'):
            open_one = (open_one or "") + token[1:-1]
        elif not token.isspace() and not token.startswith("//"):
            if open_one is not None:
                found.append(open_one)
            open_one = None
    unescaped = (t.replace("\\n", " ").replace('\\"', '"') for t in found)
    return [plain(t) for t in unescaped]


def arguments(source):
    """What stands between the parentheses or braces of each call that raises."""
    for call in RAISED_BY.finditer(source):
        depth, at = 1, call.end()
        in_text = False
        while depth > 0 and at < len(source):
            char = source[at]
            if in_text:
                at += char == "\\"
                in_text = char != '"'
            elif char == '"':
                in_text = True
            else:
                depth += (char in "({") - (char in ")}")
            at += 1
        yield source[call.end() : at - 1]


def sources():
    for folder in ("src", "tools/holdfast"):
        for path in sorted((ROOT / folder).rglob("*.[ch]pp")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(("src/sim/", "src/explore/", "src/base/rule_effects")):
                yield name, re.sub(r"#include[^\n]*", "", path.read_text(encoding="utf-8"))


def messages():
    """The texts that the page must have: (text, file)."""
    options = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for name, source in sources():
        if name.startswith("src/") or name in IN_WHOLE:
            texts = literals(source)
        else:
            texts = [t for part in arguments(source) for t in literals(part + ";")]
        for text in texts:
            is_help = name == "src/peer/config_options.cpp" and text in options
            if TWO_WORDS.search(text) and text not in NO_MESSAGES and not is_help:
                yield text, name


def all_texts():
    """Everything that the product may say, for looking up what the page says."""
    return {t for _, source in sources() for t in literals(source) if t}


def tables():
    page = PAGE.read_text(encoding="utf-8")
    return "\n".join(part.split(END)[0] for part in page.split(BEGIN)[1:])


def quoted():
    """The code spans in the first column of the tables."""
    for line in tables().splitlines():
        if line.startswith("|"):
            # a pipe in a code span is written \|
            first = re.split(r"(?<!\\)\|", line)[1].replace("\\|", "|")
            for span in re.finditer(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", first):
                yield plain(span.group(2))
