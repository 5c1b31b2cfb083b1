"""The program given links the core's libraries and xxHash, by the link line that ninja runs, and
nothing else.

usage: check_links.py BUILD_DIRECTORY TARGET
"""

import os
import re
import sys

CORE = {
    f"src/{m}/libholdfast-{m}.a" for m in ("base", "swim", "view", "lease", "ring", "lock", "node")
}


def link_line(build, target):
    """The arguments of the linker for `target`: its objects and libraries."""
    with open(os.path.join(build, "build.ninja"), encoding="utf-8") as f:
        lines = iter(f.read().replace("$\n", " ").split("\n"))
    for line in lines:
        if line.startswith(f"build {target}: cpp_LINKER "):
            words = line.split(": cpp_LINKER ", 1)[1].split(" | ")[0].split()
            for variable in lines:
                if not variable.startswith(" "):
                    return words
                if variable.strip().startswith("LINK_ARGS = "):
                    words += variable.split(" = ", 1)[1].split()
    return []


def main():
    build, target = sys.argv[1:]
    if not os.path.exists(os.path.join(build, "build.ninja")):
        print("not built by ninja: cannot be looked at")
        return 77
    libraries = {
        w
        for w in link_line(build, target)
        if re.match(r"-l|-framework", w) or re.search(r"\.(a|so|dylib)(\.\d+)*$", w)
    }
    xxhash = {
        w for w in libraries if w == "-lxxhash" or os.path.basename(w).startswith("libxxhash.")
    }
    system = {w for w in libraries if w in ("-lc", "-lm", "-lpthread")}
    foreign = libraries - CORE - xxhash - system
    missing = CORE - libraries
    for library in sorted(foreign):
        print(f"{target} links {library}: the core may not need it")
    for library in sorted(missing):
        print(f"{target} does not link {library}: is the link line still read rightly?")
    return 1 if foreign or missing else 0


sys.exit(main())
