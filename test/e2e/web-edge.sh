#!/bin/sh
# Clients that are slow, send too much, or look for files that are none of theirs: others are still answered.
# time-limit: 120
# shellcheck disable=SC2154,SC2034
. "$(dirname "$0")/lib.sh"
mkdir -p "$e2e_dir/page/assets"
printf '<!doctype html><p>from a folder' >"$e2e_dir/page/index.html"
printf 'the script' >"$e2e_dir/page/assets/app.js"
printf 'hidden' >"$e2e_dir/page/.hidden"
printf 'not for the web' >"$e2e_dir/secret"
E2E_OPTIONS="--web-root $e2e_dir/page"
e2e_start
E2E_WEB=$web
export E2E_WEB
e2e_phones web_edge.py
