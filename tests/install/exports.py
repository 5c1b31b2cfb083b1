#!/usr/bin/env python3
"""The shared library exports what the public headers declare, and nothing else.

usage: exports.py LIBRARY INCLUDE_FOLDER WORK_FOLDER COMPILER

clang lists the functions that the headers declare without a body, by the names the linker knows
them by. Each must be exported, and each exported name of the library must be of a type or function
of the headers. Then a program that names all of them is linked: a name that is new in a header is
in it without further work.
"""

import json
import os
import re
import shutil
import subprocess
import sys

FUNCTIONS = {"FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl", "CXXDestructorDecl"}
# A constructor and a destructor have several names: clang says one, the library has these.
VARIANTS = {"C1": ("C1", "C2"), "D1": ("D1", "D2")}


def documents(text):
    """The JSON documents that stand one after another in `text`."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        found = re.compile(r"[{\[]").search(text, at)
        if not found:
            return
        document, at = decoder.raw_decode(text, found.start())
        yield document


def has_body(node):
    kinds = {child.get("kind") for child in node.get("inner", [])}
    return bool(kinds & {"CompoundStmt", "CXXTryStmt"})


def is_defined_in_headers(node):
    return (
        has_body(node)
        or node.get("explicitlyDefaulted")
        or node.get("explicitlyDeleted")
        or node.get("isImplicit")
        or node.get("pure")
    )


def declared(node, inside_template=False):
    """(mangled, name) of each function below `node` whose body is not in the headers."""
    kind = node.get("kind", "")
    if kind.endswith("TemplateDecl") or "Specialization" in kind:
        inside_template = True
    if kind in FUNCTIONS and not inside_template and "mangledName" in node:
        yield node["mangledName"], node.get("name", "?"), is_defined_in_headers(node)
    if kind not in FUNCTIONS:
        for child in node.get("inner", []):
            yield from declared(child, inside_template)


def functions_of(headers, include, clang="clang++"):
    """Mangled name -> name of what `headers` declare without a body."""
    source = "".join(f"#include <{h}>\n" for h in headers)
    command = [clang, "-std=c++20", "-x", "c++", "-I", include, "-fsyntax-only"]
    command += ["-Xclang", "-ast-dump=json", "-Xclang", "-ast-dump-filter=holdfast::", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"clang does not take the headers:\n{done.stderr}")
    without_body, with_body = {}, set()
    for document in documents(done.stdout):
        for mangled, name, is_defined in declared(document):
            if is_defined:
                with_body.add(mangled)
            else:
                without_body[mangled] = name
    return {m: n for m, n in without_body.items() if m not in with_body and "holdfast" in m}


def names_of(mangled):
    """All names under which the function `mangled` must be found."""
    found = re.search(r"(C1|D1)E", mangled)
    if not found:
        return {mangled}
    head, tail = mangled[: found.start()], mangled[found.start() + 2 :]
    return {head + variant + tail for variant in VARIANTS[found.group(1)]}


def exported_by(library):
    """Mangled name -> nm's letter, of what the library defines for others."""
    command = ["nm", "-D", "--defined-only", "--format=posix", library]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0]: line.split()[1] for line in lines}


def demangled(names):
    done = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True)
    return dict(zip(names, done.stdout.splitlines()))


def compare(functions, exported):
    """What is wrong with a library that exports `exported`: one sentence each."""
    wanted = {}
    for mangled, name in functions.items():
        for variant in names_of(mangled):
            wanted[variant] = name
    missing = sorted(set(wanted) - set(exported))
    # W and V are inline functions, templates, type information: the headers give them to all.
    strangers = sorted(m for m, letter in exported.items() if letter in "TBDR" and m not in wanted)
    text = demangled(missing + strangers)
    complaints = [f"{text[m]}: declared in a header, not exported" for m in missing]
    complaints += [f"{text[m]}: exported, but no public header declares it" for m in strangers]
    return complaints


def link_all(functions, library, folder, compiler):
    """Links a program that names every function; the linker's words if it cannot."""
    names = sorted(set().union(*map(names_of, functions)))
    source, program = os.path.join(folder, "every_name.cpp"), os.path.join(folder, "every_name")
    with open(source, "w", encoding="utf-8") as f:
        for name in names:
            f.write(f'extern "C" void {name}();\n')
        f.write("using function = void (*)();\nfunction volatile every[] = {\n")
        f.write("".join(f"    {name},\n" for name in names))
        f.write("};\nint main() { return every[0] == nullptr; }\n")
    path = os.path.dirname(os.path.abspath(library))
    command = compiler + ["-o", program, source, library, "-Wl,-z,defs", f"-Wl,-rpath,{path}"]
    linked = subprocess.run(command, capture_output=True, text=True)
    if linked.returncode != 0:
        return [linked.stderr]
    return [] if subprocess.run([program]).returncode == 0 else ["every_name does not run"]


def main():
    library, include, folder, *compiler = sys.argv[1:]
    if not shutil.which("clang++"):
        print("clang++ is not installed: it lists what the headers declare")
        return 77
    headers = sorted("holdfast/" + h for h in os.listdir(include + "/holdfast") if h[-4:] == ".hpp")
    functions = functions_of(headers, include)
    os.makedirs(folder, exist_ok=True)
    complaints = compare(functions, exported_by(library))
    complaints = complaints or link_all(functions, library, folder, compiler)
    print("\n".join(complaints) or f"{len(functions)} public functions, all exported and linked")
    return 1 if complaints or not functions else 0


if __name__ == "__main__":
    sys.exit(main())
