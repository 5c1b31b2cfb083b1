"""Arrows point down only (docs/architecture.md): what each directory of src/ may include, looked up
in every source.

usage: check_includes.py SOURCE_DIRECTORY
"""

import os
import re
import sys

PARTS = {"swim", "view", "lease", "ring", "lock"}  # the five never include one another
CORE = {"base", "node"} | PARTS
MAY_INCLUDE = {
    "base": {"base"},
    **{part: {"base", part} for part in PARTS},
    "node": CORE,
    "wire": CORE | {"wire"},
    "sim": CORE | {"wire", "sim"},
    "explore": CORE | {"wire", "explore"},
    "os": {"os"},
    "net": {"base", "net", "os"},
    "peer": CORE | {"wire", "net", "os", "peer"},
    "gate": {"gate", "os"},
}

# Third parties, and where alone they may be seen.
THIRD_PARTIES = {
    r"msgpack": lambda path: path.startswith("wire/pack."),
    r"sodium": lambda path: path.startswith("net/"),
    r"uv(\.h$|/)": lambda path: path.startswith(("net/", "peer/")),
    r"xxhash|xxh3": lambda path: path.startswith(("ring/", "wire/", "sim/", "explore/"))
    or path == "peer/record_file.cpp",
    r"tl/": lambda path: True,
}

# The core reads no clock, no socket, no thread and no random device.
NOT_IN_THE_CORE = {
    "atomic",
    "barrier",
    "condition_variable",
    "filesystem",
    "fstream",
    "future",
    "iostream",
    "latch",
    "mutex",
    "random",
    "semaphore",
    "shared_mutex",
    "stop_token",
    "thread",
    "ctime",
}
# The switch of base/assert.hpp, set before any thread starts, is the one exception.
EXCUSED = {("base/assert.cpp", "atomic")}
READS_THE_WORLD = re.compile(
    r"_clock::now|random_device|\bgetrandom\b|\bclock_gettime\b|\bstd::this_thread\b|"
    r"\bgettimeofday\b"
)

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)


def check(path, text):
    module = path.split("/")[0]
    if module not in MAY_INCLUDE:
        yield (
            f"{path}: {module}/ is not in the table of {os.path.basename(__file__)}: say what "
            "it may include"
        )
        return
    for line in text.split("\n"):
        found = INCLUDE.match(line)
        if not found:
            continue
        ours, other = found.groups()
        if ours:
            if "/" not in ours or ours.split("/")[0] not in MAY_INCLUDE[module]:
                yield f'{path}: may not include "{ours}"'
            continue
        if other.startswith("holdfast/"):
            continue
        for pattern, allowed in THIRD_PARTIES.items():
            if re.match(pattern, other) and not allowed(path):
                yield f"{path}: <{other}> does not belong here"
        if module in CORE:
            is_known = any(re.match(p, other) for p in THIRD_PARTIES)
            if not is_known and not re.fullmatch(r"[a-z_]+", other):
                yield (
                    f"{path}: <{other}> is not of the standard library, which is all "
                    "the core may use"
                )
            if other in NOT_IN_THE_CORE and (path, other) not in EXCUSED:
                yield f"{path}: <{other}>: the core does no I/O and knows no threads"
    if module in CORE and READS_THE_WORLD.search(without_comments(text)):
        yield f"{path}: the core reads no clock and no random device; `now` and the seed come in"


def main():
    root = sys.argv[1]
    complaints = []
    seen = set()
    for folder, _, files in os.walk(root):
        for name in sorted(files):
            if name.endswith((".cpp", ".hpp", ".h")):
                path = os.path.relpath(os.path.join(folder, name), root)
                seen.add(path.split("/")[0])
                with open(os.path.join(root, path), encoding="utf-8") as f:
                    complaints += check(path, f.read())
    complaints += [
        f"{module}/ has no sources: is the table still right?"
        for module in sorted(set(MAY_INCLUDE) - seen)
    ]
    print("\n".join(complaints) or f"{len(seen)} directories, every include points down")
    return 1 if complaints else 0


sys.exit(main())
