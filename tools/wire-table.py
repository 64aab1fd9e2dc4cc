#!/usr/bin/env python3
"""Writes docs/wire-tests.md: every line of the wire's specification, the tests that prove it, and how they ended.

tools/wire-table.py LOGS       LOGS: build/test/logs behind a ./dev test; a line nobody proves needs a reason below
tools/wire-table.py --check    only: is every line proved by some test or explained?

A line is proved by a scenario of that name (test/e2e), or by a unit test whose text names it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

GROUPS = [
    ("PB", 10, "Blind transfer"), ("PA", 13, "Attended transfer with Replaces"),
    ("PX", 7, "Attended transfer inside a PBX"), ("PD", 8, "Directed park"), ("PR", 8, "Park by REFER"),
    ("PI", 3, "Park by the API"), ("PK", 3, "Park keys"), ("OR", 5, "Telling the number"), ("RV", 9, "Retrieval"),
    ("RD", 5, "Direct media"), ("RX", 4, "Leaving the path"), ("RP", 6, "Pickup"), ("RC", 8, "Races"),
    ("RT", 6, "After the bridge"), ("RB", 19, "Ring back"), ("MD", 16, "Media"), ("BL", 20, "Lamps"),
    ("FO", 19, "After a restart"),
]
RO = [*range(1, 50), *range(60, 69), *range(70, 74), 80, 81, *range(90, 102)]

# What no test proves, and why.
REASONS = {
    "PD-08": "PK-01 is the same, with more star codes",
    "RO-80": "traffic made by chance is a run of its own: `./dev fuzz wire 3600`, with a park as ever behind each input",
    "PD-06": "free_orbit is park or reject: there is no announcement that a Replaces could come into",
    **{f"FO-{n}": "there is one node in this version" for n in (12, 13, 17, 18, 19)},
    "RV-03": "transcoding cannot be switched off: legs with different formats are always connected",
}


def all_lines():
    for prefix, count, title in GROUPS:
        yield title, [f"{prefix}-{n:02d}" for n in range(1, count + 1)]
    yield "Robustness", [f"RO-{n:02d}" for n in RO]


def scenarios():
    """{line: (file, words)} of test/e2e, as they are declared."""
    found = {}
    pattern = re.compile(r'^@(?:line|torture|six)\(\s*"([A-Z]{2}-\d+)\w*",\s*f?"((?:[^"\\]|\\.)*)"(?:,\s*"((?:[^"\\]|\\.)*)")?',
                         re.MULTILINE)
    for file in sorted((ROOT / "test/e2e").glob("*.py")):
        for name, words, more in pattern.findall(file.read_text()):
            found.setdefault(name, []).append((file.stem.replace("_", "-"), f"{words}: {more}" if more else words))
    for file in sorted((ROOT / "test/web").glob("*.mjs")):
        for name in set(re.findall(r"\b([A-Z]{2}-\d{2,3})\b", file.read_text())):
            found.setdefault(name, []).append((f"web/{file.stem}", ""))
    return found


def units():
    found = {}
    for file in sorted((ROOT / "test/unit").glob("test_*.c")):
        for name in set(re.findall(r"\b([A-Z]{2}-\d{2,3})\b", file.read_text())):
            found.setdefault(name, []).append((f"unit/{file.stem[5:]}", ""))
    return found


def results(logs):
    """{line: passed} and {program: passed} of what a run printed."""
    lines, programs = {}, {}
    for file in pathlib.Path(logs).glob("*.out"):
        text = file.read_text(errors="replace")
        programs[file.stem.replace("unit-", "unit/", 1)] = "not ok" not in text
        for mark, name in re.findall(r"^(not ok|ok) \d+ - ([A-Z]{2}-\d+)", text, re.MULTILINE):
            lines[name] = lines.get(name, True) and mark == "ok"
    return lines, programs


def row(name, proofs, lines, programs):
    if not proofs:
        return f"| {name} | | {REASONS[name]} |"
    words = next((w for _, w in proofs if w), "")
    tests = ", ".join(sorted({f"`{file}`" for file, _ in proofs}))
    passed = [lines[name]] if name in lines else [programs[f] for f, _ in proofs if f in programs]
    state = "pass" if passed and all(passed) else "fail" if passed else "not run"
    return f"| {name} | {state} | {tests}{': ' + words if words else ''} |"


def main():
    proofs = scenarios()
    for name, where in units().items():
        proofs.setdefault(name, []).extend(where)
    missing = [n for _, names in all_lines() for n in names if n not in proofs and n not in REASONS]
    needless = [n for n in REASONS if n in proofs]
    for name in missing:
        print(f"{name}: no test proves it, and tools/wire-table.py gives no reason", file=sys.stderr)
    for name in needless:
        print(f"{name}: a test names it; take its reason out of tools/wire-table.py", file=sys.stderr)
    if missing or needless or sys.argv[1:2] == ["--check"]:
        sys.exit(bool(missing or needless))
    lines, programs = results(sys.argv[1])
    out = ["# What the wire's tests prove", "",
           "Every line of the wire's specification by its ID, how its tests ended in the run that made this page, and which they",
           "are (`test/e2e`, `test/unit`, `test/web`). Made by `./dev test && tools/wire-table.py build/test/logs`."]
    for title, names in all_lines():
        out += ["", f"## {title}", "", "| line | | |", "|---|---|---|"]
        out += [row(name, proofs.get(name), lines, programs) for name in names]
    (ROOT / "docs/wire-tests.md").write_text("\n".join(out) + "\n")


main()
