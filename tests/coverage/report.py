#!/usr/bin/env python3
"""The table of ./dev coverage: how many lines of each module of the core ran, and which did not.

    report.py LEAST MODULE... < gcovr.json

Reads what `gcovr --json` writes; paths are those below the present folder. Fails when a module has
less than LEAST per cent.
"""
import json
import sys


def module_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


class Module:
    def __init__(self):
        self.run = 0
        self.missed = []

    def lines(self):
        return self.run + len(self.missed)

    def per_cent(self):
        return 100.0 * self.run / self.lines() if self.lines() else 0.0


def measure(report, modules, read_source):
    """Module by name, from gcovr's report. `read_source` gives the lines of a file."""
    found = {name: Module() for name in modules}
    for file in report["files"]:
        path = file["file"]
        module = found.get(module_of(path))
        if module is None:
            continue
        source = read_source(path)
        counts = {}
        for line in file["lines"]:  # a template has one entry for each of its instances
            if not line.get("gcovr/noncode") and not line.get("gcovr/excluded"):
                number = line["line_number"]
                counts[number] = counts.get(number, 0) + line["count"]
        for number, count in sorted(counts.items()):
            if count:
                module.run += 1
            else:
                module.missed.append((path, number, source[number - 1].strip()))
    return found


def table(found):
    rows = [("module", "lines", "run", "not run", "covered")]
    total = Module()
    for name, module in found.items():
        rows.append(
            (
                name,
                module.lines(),
                module.run,
                len(module.missed),
                "%.1f %%" % module.per_cent(),
            )
        )
        total.run += module.run
        total.missed += module.missed
    rows.append(
        (
            "all",
            total.lines(),
            total.run,
            len(total.missed),
            "%.1f %%" % total.per_cent(),
        )
    )
    return "\n".join("%-8s %7s %7s %9s %9s" % row for row in rows)


def read_lines(path):
    with open(path, encoding="utf-8") as source:
        return source.readlines()


def main(arguments):
    least, modules = float(arguments[0]), arguments[1:]
    found = measure(json.load(sys.stdin), modules, read_lines)
    for module in found.values():
        for path, number, text in module.missed:
            print("not run: %s:%d: %s" % (path, number, text))
    print(table(found))
    low = [name for name, module in found.items() if module.per_cent() < least]
    if low:
        print("less than %g %% covered: %s" % (least, " ".join(low)))
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
