"""Mutant builds: compiles the one mutated source with the command of the build (or what meson joins
it with, if the build is one in which it joins sources), and links it before the archives of a
program, so that all else in it are the very objects that ship."""
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import threading

import texts


JOINED = re.compile(r'^#include\s*[<"]([^>"]+\.cpp)[>"]', re.MULTILINE)


class DoesNotBuild(Exception):
    """A mutant that does not compile or link."""


def joined_in(path):
    """The sources that a source which meson has made joins, as it names them."""
    if "-unity" not in os.path.basename(path) or not os.path.isfile(path):
        return []
    return JOINED.findall(pathlib.Path(path).read_text())


def digest(*parts):
    sum_ = hashlib.sha256()
    for p in parts:
        sum_.update(p if isinstance(p, bytes) else str(p).encode())
        sum_.update(b"\0")
    return sum_.hexdigest()


def run(command, folder):
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise DoesNotBuild(f"{shlex.join(command)}\n{done.stdout}")
    return done.stdout


class Build:
    """A build directory of meson, with the clean programs in it."""

    def __init__(self, folder, root=texts.ROOT):
        self.root = root
        self.folder = pathlib.Path(folder).resolve()
        self.out = self.folder / "mutants"
        self.commands = {}
        for entry in json.loads((self.folder / "compile_commands.json").read_text()):
            made_of = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
            for name in joined_in(made_of) or [made_of]:
                path = os.path.normpath(os.path.join(os.path.dirname(made_of), name))
                # a source is compiled again for a program of its own (memory tests): archives count
                if path not in self.commands or ".a.p/" in entry["output"]:
                    self.commands[path] = entry
        self.sums = {}
        self.links = {}
        self.used = None
        self.lock = threading.Lock()

    def make(self, programs, jobs):
        """Brings the clean programs up to date."""
        command = ["ninja", "-C", str(self.folder), "-j", str(jobs), *sorted(programs)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise DoesNotBuild(done.stdout)

    def targets(self):
        """Every program that the build knows."""
        lines = run(["ninja", "-t", "targets", "all"], self.folder).splitlines()
        return {line.split(":")[0] for line in lines if line.endswith(("cpp_LINKER", "LINKER_RSP"))}

    def sum_of(self, path):
        path = str(path)
        with self.lock:
            if path not in self.sums:
                self.sums[path] = digest(pathlib.Path(path).read_bytes())
            return self.sums[path]

    def headers_of(self, output):
        """What the object was compiled from, but the system's headers."""
        with self.lock:
            if self.used is None:
                self.used, current = {}, []
                for line in run(["ninja", "-t", "deps"], self.folder).splitlines():
                    if line and not line[0].isspace():
                        current = self.used.setdefault(line.split(":")[0], [])
                    elif line.strip():
                        current.append(line.strip())
        found = (os.path.join(self.folder, p) for p in self.used.get(output, []))
        return sorted(p for p in found if os.path.abspath(p).startswith(str(self.root)))

    def objects_of(self, mutant, files, is_bare):
        """The mutated objects, compiled unless they are there: (path, what it was made from)."""
        by_output = {}
        for file in files:
            entry = self.commands.get(str(self.root / file))
            if entry is None:
                raise DoesNotBuild(
                    f"{mutant.where}: {mutant.name}: nothing is compiled from {file}"
                )
            by_output.setdefault(entry["output"], (entry, []))[1].append(file)
        return [self.object_of(mutant, *which, is_bare) for which in by_output.values()]

    def object_of(self, mutant, entry, files, is_bare):
        """Of the one object that is made from `files`, and maybe from others."""
        texts_of = {file: texts.mutated(mutant, file, self.root) for file in files}
        if is_bare:
            texts_of = {file: texts.without_assertions(text) for file, text in texts_of.items()}
        arguments = self.compile_command(entry)
        key = digest(
            *texts_of.values(),
            *arguments,
            *(self.sum_of(h) for h in self.headers_of(entry["output"])),
        )
        folder = self.out / mutant.name
        before = "bare_" if is_bare else ""
        made = (folder / (before + files[0].replace("/", "_"))).with_suffix(".o")
        stamp = made.with_suffix(".key")
        if made.is_file() and stamp.is_file() and stamp.read_text() == key:
            return made, key
        folder.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        sources, places = {}, []
        for file, text in texts_of.items():
            sources[str(self.root / file)] = folder / (before + file.replace("/", "_"))
            sources[str(self.root / file)].write_text(text)
            places += ["-iquote", str((self.root / file).parent)]
        source = self.source_with(entry, sources, made.with_suffix(".joined.cpp"))
        run([*arguments, *places, "-o", str(made), "-c", str(source)], entry["directory"])
        stamp.write_text(key)
        return made, key

    @staticmethod
    def source_with(entry, sources, joined):
        """What is to be compiled so that `sources` take the place of what they are made from:
        the one of them, or `joined`, written anew from what meson has joined."""
        made_of = pathlib.Path(entry["directory"], entry["file"])
        names = joined_in(made_of)
        if not names:
            return next(iter(sources.values()))
        paths = [os.path.normpath(made_of.parent / name) for name in names]
        joined.write_text("".join(f'#include "{sources.get(p, p)}"\n' for p in paths))
        return joined

    @staticmethod
    def compile_command(entry):
        """Without the names of files; a mutant may leave something unused, which is no error."""
        words = shlex.split(entry["command"])
        kept, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-c", "-MF", "-MQ"):
                skip = True
            elif word not in ("-MD", "-Werror"):
                kept.append(word)
        return [*kept, "-w"]

    def link_command(self, program):
        with self.lock:
            if program not in self.links:
                lines = run(["ninja", "-t", "commands", "-s", program], self.folder).splitlines()
                self.links[program] = shlex.split(lines[-1])
            return self.links[program]

    def program_of(self, mutant, program, is_bare=False):
        """The program with the mutant in it: (path, what it was made from). The clean program
        stands for everything in it that is not mutated. `is_bare`: without the assertions that
        see the mutant, so that what comes after them is tried too."""
        files = sorted({*mutant.files(), *mutant.bare}) if is_bare else mutant.files()
        command = list(self.link_command(program))
        # A unit test links no more than its module needs.
        linked = {os.path.dirname(word) for word in command if word.endswith(".a")}
        files = [file for file in files if os.path.dirname(file) in linked]
        objects = self.objects_of(mutant, files, is_bare)
        key = digest(self.sum_of(self.folder / program), *(k for _, k in objects), *command)
        made = self.out / mutant.name / (("bare-" if is_bare else "") + pathlib.Path(program).name)
        stamp = made.with_suffix(".key")
        if made.is_file() and stamp.is_file() and stamp.read_text() == key:
            return made, key
        stamp.unlink(missing_ok=True)
        at = command.index("-o")
        command[at + 1 : at + 2] = [str(made), *(str(path) for path, _ in objects)]
        run(command, self.folder)
        stamp.write_text(key)
        return made, key
