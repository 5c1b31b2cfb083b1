"""What sees a mutant: unit tests, scenarios, small worlds, the judge of the simulator, chaos."""
import json
import os
import re
import subprocess
import time

import build
import texts

SIMULATOR = "tools/holdfast-sim/holdfast-sim"
EXPLORER = "tools/holdfast-explore/holdfast-explore"
SCENARIOS = "tests/scenarios/test-scenarios"
CHAOS = "tests/chaos/chaos"
WORKER = "tests/chaos/chaos-worker"
TESTS = {name: f"tests/{name.split('-')[1]}/{name}" for name in ("test-net", "test-peer")}
TESTS["test-locks"] = "tests/peer/test-locks"
UNIT_TESTS = {"src/net": ["tests/net/test-net"], "src/peer": ["tests/peer/test-peer"]}
SECONDS = {
    "test": 180,
    "scenario": 120,
    "world": 400,
    "assertion": 900,
    "judge": 1800,
    "chaos": 400,
}


class Check:
    """One program to run: it sees the mutant, or does not."""

    def __init__(self, kind, name, program, arguments=(), environment=None, others=()):
        self.kind = kind
        self.name = name
        self.program = program
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.others = list(others)  # programs that must be there, as they are
        self.must_see = True
        self.is_bare = False  # without the assertions that see the mutant before

    def __str__(self):
        return f"{self.kind} {self.name}".strip()


def unit_tests_of(mutant):
    """The programs with the tests of the mutant's modules."""
    if mutant.tests:
        return mutant.tests
    out = []
    for file in mutant.files():
        folder = "/".join(file.split("/")[:2])
        module = folder.split("/")[1]
        out += UNIT_TESTS.get(folder, [f"tests/unit/{module}/test-{module}"])
    return sorted(set(out))


def checks_of(mutant, scenarios, seeds):
    """In the order of their cost. Unit tests may see a mutant; what is named must."""
    named = [(seen.split(" ", 1) + [""])[:2] for seen in mutant.seen_by]
    out = []
    has_test = any(kind == "test" for kind, _ in named)
    for program in [] if mutant.option or has_test else unit_tests_of(mutant):
        check = Check("unit test", program.split("/")[-1], program, ["--abort"])
        check.must_see = ["unit", "test"] in named
        out.append(check)
    for kind, which in named:
        if kind == "test":  # test test-peer a name of test cases*
            program, _, cases = which.partition(" ")
            program = TESTS[program]
            out.append(Check("test", which, program, ["--abort"] + ([cases] if cases else [])))
    option = ["--mutant", mutant.name] if mutant.option else []
    judged = ["--seeds", str(seeds), "--nodes", "5", "--jobs", "1", "--until-failure"]
    is_asserted = ["assertion", ""] in named
    if is_asserted:
        how = ["--directed"] if ["judge", "directed"] in named else []
        out.append(Check("assertion", " ".join(how), SIMULATOR, judged + how))
    first_bare = len(out)
    if mutant.name in scenarios:
        names = " ".join(scenario for scenario, _ in scenarios[mutant.name])
        out.append(
            Check(
                "scenario",
                names,
                SCENARIOS,
                ["a scenario goes wrong*"],
                {"HOLDFAST_MUTANT": mutant.name},
            )
        )
    for kind, which in named:
        if kind == "world":
            arguments = ["--world", which, "--seconds", "300", *option]
            out.append(Check("world", which, EXPLORER, arguments))
    for kind, which in named:
        if kind == "judge":
            how = ["--directed"] if which == "directed" else []
            out.append(Check("judge", which, SIMULATOR, judged + how + option))
        elif kind == "chaos":
            out.append(Check("chaos", "", WORKER, ["--minutes", "0.5"], others=[CHAOS]))
    for check in out[first_bare:]:
        check.is_bare = is_asserted or bool(mutant.bare)
    return out


def first_failed_case(text):
    """Catch2 writes the name of a test case that failed between two lines of dashes."""
    m = re.search(r"^-{70,}\n(.+?)\n-{70,}$", text, re.M | re.S)
    return " / ".join(line.strip() for line in m[1].splitlines()) if m else "died"


def what_saw(check, code, text):
    """Nothing, or (what it was, in which words)."""
    broken = re.search(r"broken invariant: (.+)", text)
    if check.kind in ("unit test", "test"):
        if code == 0:
            return None
        case = f"{check.program.split('/')[-1]}: {first_failed_case(text)}"
        return ("assertion", f"{broken[1]} ({case})") if broken else ("unit test", case)
    if check.kind == "scenario":
        return ("scenario", check.name) if code == 0 else None
    if check.kind == "world":
        found = re.search(r"^found: (.+)$", text, re.M)
        return ("world", f"{check.name}: {found[1]}") if found else None
    if check.kind == "chaos":
        broken = re.search(r"^[A-Z-]+ broken: .*$", text, re.M)
        return ("chaos", broken[0]) if broken else None
    promise = re.search(r"^([A-Z-]+) broken at", text, re.M)
    seed = re.search(r"holdfast-sim --seed (\d+)", text)
    if code == 0 or not seed:
        return None
    how = f"seed {seed[1]}{', ' + check.name if check.name else ''}"
    if broken:
        return "assertion", f"{broken[1]} ({how})"
    if check.kind == "assertion":
        return None
    return "judge", f"{promise[1] if promise else 'died'} at {how}"


class Verdict:
    def __init__(self, mutant):
        self.mutant = mutant
        self.seen = []  # (kind, words), in the order of cost
        self.missed = []  # what should have seen it
        self.seconds = 0.0
        self.is_new = False

    def survived(self):
        return bool(self.missed) or not self.seen


class Runner:
    def __init__(self, folder, seeds=10000, is_quick=False):
        self.build = build.Build(folder)
        self.scenarios = texts.scenarios_naming()
        self.seeds = seeds
        self.is_quick = is_quick  # only what must see it

    def checks(self, mutant):
        checks = checks_of(mutant, self.scenarios, self.seeds)
        return [c for c in checks if c.must_see or not self.is_quick]

    def programs(self, mutants):
        needed = set()
        for m in mutants:
            for c in self.checks(m):
                needed.update([c.program, *c.others])
        return needed

    def judge(self, mutant):
        """Builds the mutant and lets everything look at it."""
        out = Verdict(mutant)
        for check in self.checks(mutant):
            started = time.monotonic()
            saw = self.result_of(mutant, check, out)
            out.seconds += time.monotonic() - started
            if saw:
                out.seen.append(saw)
            elif check.must_see:
                out.missed.append(str(check))
        return out

    def result_of(self, mutant, check, verdict):
        """As it was the last time, when nothing in it has changed."""
        if mutant.option:
            program = self.build.folder / check.program
            made_from = self.build.sum_of(program)
        else:
            program, made_from = self.build.program_of(mutant, check.program, check.is_bare)
        told = [
            self.build.sum_of(texts.ROOT / "tests/scenarios" / f"{s}.txt")
            for s, _ in self.scenarios.get(mutant.name, [])
        ]
        key = build.digest(
            made_from,
            *check.arguments,
            str(check),
            *told,
            *(self.build.sum_of(self.build.folder / o) for o in check.others),
        )
        folder = self.build.out / mutant.name
        kept = folder / (re.sub(r"\W+", "-", str(check))[:100] + ".verdict")
        if kept.is_file():
            last = json.loads(kept.read_text())
            if last["key"] == key:
                return last["saw"]
        verdict.is_new = True
        folder.mkdir(parents=True, exist_ok=True)
        code, text = self.run(check, program)
        (folder / "output").write_text(text)
        saw = what_saw(check, code, text)
        if code == 77:
            return ("chaos", "not tried: needs root and /dev/net/tun")
        kept.write_text(json.dumps({"key": key, "saw": saw}))
        return saw

    def run(self, check, program):
        limit = SECONDS.get(check.kind, SECONDS["test"])
        command = [str(program), *check.arguments]
        if check.kind == "chaos":
            command = [
                str(self.build.folder / CHAOS),
                "--worker",
                str(program),
                "--folder",
                str(self.build.out / "runs"),
                *check.arguments,
            ]
        try:
            done = subprocess.run(
                command,
                cwd=self.build.folder,
                timeout=limit,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                errors="replace",
                env={**os.environ, **check.environment},
            )
            return done.returncode, done.stdout
        except subprocess.TimeoutExpired as e:
            text = (e.stdout or b"").decode(errors="replace")
            hangs = check.kind in ("unit test", "test")  # that it never ends is seen, too
            return (1 if hangs else 0), text + f"\nnot at its end after {limit} s\n"
