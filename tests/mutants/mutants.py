#!/usr/bin/env python3
"""Builds the library with one rule broken, and looks whether the tests see it.

./dev mutants            all of them, each with everything that should see it
./dev mutants NAME...    these
./dev mutants --list     what there is, as a table
./dev mutants NAME --run PROGRAM [ARG...]
                         a program of the build with this mutant in it
"""
import argparse
import concurrent.futures
import os
import sys
import time

sys.dont_write_bytecode = True
import build  # noqa: E402
import run  # noqa: E402
import texts  # noqa: E402


def chosen(all_mutants, names):
    if not names:
        return all_mutants
    by_name = {m.name: m for m in all_mutants} | {str(m.number): m for m in all_mutants}
    unknown = [n for n in names if n not in by_name]
    if unknown:
        sys.exit(f"there is no mutant {', '.join(unknown)}")
    return [by_name[n] for n in names]


def print_table(mutants):
    print("| # | name | rule | what is broken | guarantee at stake |")
    print("| --- | --- | --- | --- | --- |")
    for m in sorted(mutants, key=lambda m: m.number):
        what = " ".join(m.what)
        print(f"| {m.number} | `{m.name}` | {m.rule} | {what} | {', '.join(m.breaks)} |")


def print_verdict(verdict):
    mutant = verdict.mutant
    first = ": ".join(verdict.seen[0]) if verdict.seen else "nothing"
    also = ", ".join(dict.fromkeys(kind for kind, _ in verdict.seen[1:]))
    took = f"{verdict.seconds:.1f} s" if verdict.is_new else "as before"
    print(
        f"{mutant.number:3} {mutant.name:31} {mutant.rule:12} "
        f"{'SURVIVED, seen first by ' if verdict.survived() else ''}{first}"
        f"{'; ' + also if also else ''}  [{took}]"
    )
    for check in verdict.missed:
        print(f"      NOT SEEN by {check}")
    sys.stdout.flush()


def judge_all(runner, mutants, jobs):
    """The number of survivors. One that does not build has survived: nothing was seen."""
    survivors = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(runner.judge, m): m for m in mutants}
        for done in concurrent.futures.as_completed(running):
            try:
                verdict = done.result()
                survivors += verdict.survived()
                print_verdict(verdict)
            except (build.DoesNotBuild, texts.TextError) as e:
                survivors += 1
                print(f"{running[done].number:3} {running[done].name:31} DOES NOT BUILD\n{e}")
    return survivors


def run_one(folder, mutant, words):
    """Replaces this process by the program, with the mutant in it."""
    of_build = build.Build(folder)
    known = {t.split("/")[-1]: t for t in of_build.targets()}
    if words[0] not in known:
        sys.exit(f"the build has no program {words[0]}")
    of_build.make([known[words[0]]], 2)
    arguments = words[1:]
    if mutant.option:
        program = of_build.folder / known[words[0]]
        arguments += ["--mutant", mutant.name]
    else:
        program, _ = of_build.program_of(mutant, known[words[0]])
    os.execv(program, [str(program), *arguments])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="names or numbers; none: all")
    parser.add_argument("--build", default="build", help="a configured build directory")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--seeds", type=int, default=10000, help="the judge looks at so many")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--fit", action="store_true", help="only whether each text fits its source")
    parser.add_argument("--quick", action="store_true", help="ask only what must see the mutant")
    parser.add_argument("--is-built", action="store_true", help="the clean programs are there")
    parser.add_argument("--run", nargs=argparse.REMAINDER, metavar="PROGRAM")
    options = parser.parse_args()

    all_mutants = texts.read_all()
    mutants = chosen(all_mutants, options.names)
    if options.list:
        return print_table(mutants)
    wrong = texts.complaints(all_mutants)
    print("\n".join(wrong), end="\n" if wrong else "")
    if options.fit:
        print(f"{len(all_mutants)} mutants, {len(wrong)} complaints")
        return 1 if wrong else 0
    if options.run:
        return run_one(options.build, mutants[0], options.run)

    runner = run.Runner(options.build, options.seeds, options.quick)
    started = time.monotonic()
    if not options.is_built:
        runner.build.make(runner.programs(mutants), options.jobs)
    survivors = judge_all(runner, mutants, options.jobs)
    lacking = len(texts.unbroken_rules(all_mutants, texts.read_rules()))
    print(f"{time.monotonic() - started:.0f} s")
    print(
        f"{len(mutants)} mutants, {survivors} survived, "
        f"{lacking} rules without a mutant or a reason"
    )
    return 1 if survivors or lacking or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
