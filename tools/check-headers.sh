#!/bin/sh
# Fails when a header under src/ or fuzz/ does not compile on its own.
set -u
cd "$(dirname "$0")/.." || exit 2
libraries=$(pkg-config --cflags sofia-sip-ua spandsp sqlite3 libmicrohttpd jansson | sed 's/-I/-isystem /g')

# shellcheck disable=SC2086
find src fuzz -name '*.h' -print0 | sort -z | xargs -0 -r -n 1 -P "$(nproc)" \
    gcc -std=gnu17 -fsyntax-only -Wall -Wextra -Werror -Isrc $libraries -x c ||
    exit 1
