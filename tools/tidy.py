#!/usr/bin/env python3
"""Runs clang-tidy over the C files of a folder, as many at a time as there are cores.

tools/tidy.py BUILD_DIR CACHE_DIR FOLDER: BUILD_DIR is a finished build that has made what is in FOLDER. A file whose text, headers and
checks are those of a run that found nothing is not looked at again.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
build, cache = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
folder = root / sys.argv[3]
cache.mkdir(parents=True, exist_ok=True)


def headers():
    """What each object was made from, as ninja remembers it; files of the project only."""
    found, output = {}, None
    for line in subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True,
                               text=True, check=True).stdout.splitlines():
        if line[:1] not in ("", " "):
            output = line.split(":")[0]
        elif line.strip():
            path = (build / line.strip()).resolve()
            if path.is_relative_to(root):
                found.setdefault(output, set()).add(path)
    return found


def key(entry, made_from):
    digest = hashlib.sha256((root / ".clang-tidy").read_bytes())
    digest.update(entry["command"].encode())
    for path in sorted(made_from):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def tidy(entry, made_from):
    """The complaints about one file; empty if there are none."""
    source = (build / entry["file"]).resolve()
    mark = cache / key(entry, made_from | {source})
    if mark.exists():
        return ""
    words = shlex.split(entry["command"])[1:]
    run = subprocess.run(["clang-tidy", "--quiet", source, "--", *words], cwd=build, capture_output=True, text=True)
    if run.returncode == 0:
        mark.touch()
        return ""
    return run.stdout or run.stderr


deps = headers()
jobs = {}
for entry in json.loads((build / "compile_commands.json").read_text()):
    source = (build / entry["file"]).resolve()
    if source.is_relative_to(folder) and source.suffix == ".c":
        # What a tool of the build is made of, too, is compiled twice; clang-tidy would look at both, and the second time
        # takes every va_list for one that was never begun.
        if source not in jobs or entry["output"].startswith(str(source.parent.relative_to(root))):
            jobs[source] = entry
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    complaints = list(filter(None, pool.map(
        lambda e: tidy(e, deps.get(e["output"], set())), jobs.values())))
print("\n".join(complaints), end="")
sys.exit(bool(complaints))
