#!/usr/bin/env python3
"""The OpenAPI document of the API, from its pieces in src/api/openapi/.

openapi.py merge                 the whole document on standard output
openapi.py embed OUT.c           the same, without blanks, as bytes for the program
openapi.py check                 fails when a reference leads nowhere, an operation has no name, or the
                                 document and the table of routes in src/api/router.c do not agree,
                                 also about the permission (x-permission; "": to be signed in; null: none)
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PIECES = ROOT / "src/api/openapi"
ROUTER = ROOT / "src/api/router.c"
RIGHTS = ROOT / "src/core/rights.c"


def put(to, piece, where):
    """Objects are merged; anything else may be said once only."""
    for key, value in piece.items():
        if key in to and isinstance(to[key], dict) and isinstance(value, dict):
            put(to[key], value, where)
        elif key in to and to[key] != value:
            sys.exit(f"{where}: '{key}' is said in another piece as well")
        else:
            to[key] = value


def merged():
    whole = json.loads((PIECES / "callpark.json").read_text())
    for file in sorted(PIECES.glob("*.json")):
        if file.name != "callpark.json":
            put(whole, json.loads(file.read_text()), file.name)
    return whole


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def found(whole, reference):
    place = whole
    for part in reference.removeprefix("#/").split("/"):
        place = place.get(part) if isinstance(place, dict) else None
    return place is not None


def routes():
    """METHOD and path of each row of router.c, with {} for what varies; the permission that it needs, and the
    parameters that it knows."""
    text = ROUTER.read_text()
    prefixes = dict(re.findall(r'#define (\w+) "(/[^"]*)"', text))
    table = text[text.index("paths[] = {"):]
    table = table[:table.index("\n};")]
    words = dict(re.findall(r'\[(MAY_\w+)\] = "([^"]+)"', RIGHTS.read_text())) | {"SIGNED_IN": ""}
    lists = dict(re.findall(r'#define (\w+) "([a-z][a-z_,]*)"', text))
    row = re.compile(r'\{\s*"([A-Z]+)",\s*(\w+\s+)?"([^"]*)",\s*\w+,\s*([^\n]*?), (SIGNED_IN|MAY_\w+), ([A-Z |0]+) \},')
    for method, prefix, path, params, needs, flags in row.findall(table):
        known = "".join(lists.get(p, p.strip('"')) for p in re.findall(r'"[^"]*"|\w+', params))
        open_to_all = re.search("DOOR|HEALTH|OPEN", flags) and needs == "SIGNED_IN"
        yield (method, (prefixes[prefix.strip()] if prefix.strip() else "") + path), \
            (None if open_to_all else words[needs], set(known.split(",")) - {""})


def operations(whole):
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            if method in ("get", "put", "post", "patch", "delete"):
                yield method.upper(), path, operation


def faults(whole):
    names = set()
    for reference in references(whole):
        if not found(whole, reference):
            yield f"{reference} leads nowhere"
    used = set(references(whole))
    for name in whole["components"]["schemas"]:
        if f"#/components/schemas/{name}" not in used:
            yield f"nothing uses the schema {name}"
    said = set()
    for method, path, operation in operations(whole):
        said.add((method, re.sub(r"\{\w+\}", "{}", path)))
        name = operation.get("operationId")
        if not name or name in names:
            yield f"{method} {path}: its operationId is missing or another's"
        names.add(name)
        if not operation.get("summary"):
            yield f"{method} {path} has no summary"
        variable = set(re.findall(r"\{(\w+)\}", path))
        item = whole["paths"][path].get("parameters", [])
        if variable != {p["name"] for p in item if p["in"] == "path"}:
            yield f"{path}: not all that varies in it is described"
    there = dict(routes())
    for method, path, operation in operations(whole):
        if (method, re.sub(r"\{\w+\}", "{}", path)) not in there:
            continue
        needs, known = there[method, re.sub(r"\{\w+\}", "{}", path)]
        if needs != operation.get("x-permission"):
            yield f"{method} {path} needs {needs!r}, not {operation.get('x-permission')!r}"
        described = {p["name"] for p in operation.get("parameters", []) if p.get("in") == "query"}
        # Of what is answered in JSON the fields can be chosen; where that makes sense it is described.
        if method == "GET" and path.startswith("/api/v1/") and path != "/api/v1/events":
            described.discard("fields")
        if described != known:
            yield f"{method} {path} knows the parameters {sorted(known)}, not {sorted(described)}"
    for method, path in sorted(set(there) - said):
        yield f"{method} {path} can be asked and is not described"
    for method, path in sorted(said - set(there)):
        yield f"{method} {path} is described and cannot be asked"


def embed(whole, out):
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
    lines = [", ".join(map(str, text[i:i + 24])) for i in range(0, len(text), 24)]
    pathlib.Path(out).write_text(
        "/* Made by tools/openapi.py from src/api/openapi/. */\n"
        '#include "api/openapi.h"\n\n'
        f"const size_t openapi_size = {len(text)};\n"
        f"const unsigned char openapi_text[{len(text)}] = {{\n    " + ",\n    ".join(lines) + "\n};\n")


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    whole = merged()
    if what == "merge":
        json.dump(whole, sys.stdout, ensure_ascii=False, indent=1)
        print()
    elif what == "embed" and len(sys.argv) == 3:
        embed(whole, sys.argv[2])
    elif what == "check":
        wrong = sorted(faults(whole))
        for line in wrong:
            print(f"src/api/openapi: {line}")
        sys.exit(bool(wrong))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
