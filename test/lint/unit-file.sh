#!/bin/sh
# systemd itself reads the unit file without a complaint.
root=$(cd "$(dirname "$0")/../.." && pwd)
echo 1..1
if ! command -v systemd-analyze >/dev/null; then
    echo "ok 1 # SKIP no systemd-analyze"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
cp /bin/true "$dir/bin/callparkd" # it must be there, and is not started
sed "s|@bindir@|$dir/bin|" "$root/packaging/callpark.service.in" >"$dir/callpark.service"
# Without its pages: what is installed here says nothing about the file.
said=$(systemd-analyze verify --man=no "$dir/callpark.service" 2>&1 | grep -F callpark.service)
if [ -z "$said" ]; then
    echo "ok 1 - callpark.service is understood"
else
    echo "not ok 1 - callpark.service is understood"
    printf '%s\n' "$said" | sed 's/^/# /'
fi
