#!/bin/sh
# Installs what package-lock.json of a folder names, when it has changed since: tools/npm.sh FOLDER
# Costs one comparison of two files when nothing has. CALLPARK_INSTALL=no leaves the folder as it is.
set -eu
cd "$1"
lock=package-lock.json
stamp=node_modules/.lock-installed

say() { printf 'dev: %s\n' "$*" >&2; }

if [ "${CALLPARK_INSTALL:-yes}" = no ] || cmp -s $lock $stamp; then exit 0; fi
if ! command -v npm >/dev/null; then
    say "npm is missing. Install Node.js 18 or later with npm, then try again."
    exit 1
fi
# Two builds at once: the second waits, then finds all of it there. Scripts of packages are not run: none
# that we use needs one.
exec 9<$lock
flock 9
cmp -s $lock $stamp && exit 0
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || {
    say "npm could not install what $1/$lock names (its own words stand above). Is there a network?"
    exit 1
}
cp $lock $stamp
