#!/usr/bin/env python3
"""clang-tidy over the sources, side by side; what has not changed since it was found clean is left
out.

usage: clang_tidy.py [--deep] BUILD_FOLDER JOBS FOLDER...

BUILD_FOLDER has the compile_commands.json of a clang++; the sources in it that lie below one of the
FOLDERs, or are made of such by meson's unity build, are looked at. --deep adds clang's static
analyzer, which takes five times as long. A source is clean as long as its text, the texts of all
that it includes of ours, its command and the configuration are what they were: a stamp in
BUILD_FOLDER/lint says so.
"""

import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import time

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
DEEP = "--checks=clang-analyzer-*"


class Texts:
    """What each source includes, directly and not, of the files that lie in the project."""

    def __init__(self, root):
        self.root = root
        self.read = {}

    def of(self, path):
        """(text, names included) of one file."""
        if path not in self.read:
            with open(path, encoding="utf-8") as f:
                text = f.read()
            self.read[path] = text, INCLUDE.findall(text)
        return self.read[path]

    def closure(self, source, folders):
        """`source` and all of ours that it includes."""
        seen, waiting = set(), [source]
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            for name in self.of(path)[1]:
                for folder in [os.path.dirname(path), *folders]:
                    found = os.path.normpath(os.path.join(folder, name))
                    if found.startswith(self.root + os.sep) and os.path.isfile(found):
                        waiting.append(found)
                        break
        return sorted(seen)


def include_folders(command, directory):
    return [os.path.join(directory, f) for f in re.findall(r"-I\s*(\S+)", command)]


def digest(entry, texts, constants):
    """A hash of all that the findings about one source depend on."""
    source = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
    folders = include_folders(entry["command"], entry["directory"])
    sum_ = hashlib.sha256("\0".join([*constants, entry["command"]]).encode())
    for path in texts.closure(source, folders):
        sum_.update(f"\0{path}\0{texts.of(path)[0]}".encode())
    return sum_.hexdigest()


def entries_below(build, root, folders):
    """One entry of the compile database for each source below `folders`. The sources of a unity
    build lie below the same folders of the build."""
    below = [os.path.join(at, f) + os.sep for at in (root, os.path.abspath(build)) for f in folders]
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        entries = json.load(f)
    wanted = {}
    for entry in entries:
        source = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if source.startswith(tuple(below)):
            wanted.setdefault(source, entry)
    return wanted


def look_at(build, source, more):
    """The findings in one source, or None if there are none."""
    command = ["clang-tidy", "-p", build, "--quiet", "--warnings-as-errors=*", *more, source]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0 and not done.stdout.strip():
        return None
    return done.stdout.strip() or done.stderr.strip()


def stale(entries, texts, constants, stamps):
    """The sources without a stamp of what they are now, and that stamp."""
    for source, entry in sorted(entries.items()):
        now = digest(entry, texts, constants)
        stamp = os.path.join(stamps, now)
        if not os.path.exists(stamp):
            yield source, stamp


def main():
    started = time.monotonic()
    arguments = sys.argv[1:]
    more = [DEEP] if arguments[0] == "--deep" else []
    build, jobs, *folders = arguments[len(more) :]
    root = os.getcwd()
    with open(".clang-tidy", encoding="utf-8") as f:
        configuration = f.read()
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True).stdout
    stamps = os.path.join(build, "lint")
    os.makedirs(stamps, exist_ok=True)
    entries = entries_below(build, root, folders)
    waiting = list(stale(entries, Texts(root), [configuration, version, *more], stamps))
    findings = set()
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        for (_, stamp), found in zip(
            waiting, pool.map(lambda w: look_at(build, w[0], more), waiting)
        ):
            if found is None:
                open(stamp, "w", encoding="utf-8").close()
            elif found not in findings:
                findings.add(found)
                print(found, flush=True)
    took = time.monotonic() - started
    kind = "analyzer" if more else "clang-tidy"
    print(
        f"{kind}: {len(entries)} sources, {len(waiting)} looked at, "
        f"{len(findings)} with findings, {took:.0f} s"
    )
    return 1 if findings or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
