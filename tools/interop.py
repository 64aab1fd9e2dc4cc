#!/usr/bin/env python3
"""docs/interop.md out of what the tests with software of others saw: tools/interop.py LOG... >docs/interop.md

A log has a JSON object on each line, as test/e2e/story.py writes it; ./dev interop runs the tests and this."""

import json
import sys

HEAD = """# With software of others

What Debian ships, started by the tests `e2e/interop` and `e2e/web-phone` beside a callparkd. Each telephone says a tone of its
own, so "each other" means that either heard the other's tone, and "music" that it sounded and was nobody's tone. A row stands here only
if its line passed. Made by `./dev interop`.

| package | version |
|---|---|
"""
TABLE = """
| line | what happens | who parked | who retrieved | heard and seen |
|---|---|---|---|---|
"""
REST = """
Kamailio is registrar and proxy of the telephones, dispatcher in front of callpark, and presence server; its configuration is in
`test/e2e/kamailio.py` and may be copied from. baresip 1.0 does not tell who transferred a call when it follows a REFER; Kamailio
adds Referred-By in that test, as a border controller does that ends a REFER itself.

Linphone's console opens no port for SIP, without a word about it, where it cannot make its database: the folder
`~/.local/share/linphone` must be there. It needs no sound card: `soundcard use files`.
"""


def read(files):
    versions, rows = {}, {}
    for file in files:
        with open(file, encoding="utf-8") as log:
            for entry in map(json.loads, log):
                if "versions" in entry:
                    versions.update(entry["versions"])
                else:
                    rows[entry["line"]] = entry
    return versions, rows


def main():
    versions, rows = read(sys.argv[1:])
    text = HEAD + "".join(f"| {name} | {version} |\n" for name, version in sorted(versions.items())) + TABLE
    for name, row in sorted(rows.items()):
        cells = name, row["words"], row["parked"] or "-", row["retrieved"] or "-", "; ".join(row["saw"]) or "-"
        text += "| " + " | ".join(cells) + " |\n"
    sys.stdout.write(text + REST)


if __name__ == "__main__":
    main()
