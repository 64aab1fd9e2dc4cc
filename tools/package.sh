#!/bin/sh
# Makes a Debian package out of a finished build: tools/package.sh BUILD_DIR PACKAGE_DIR
set -eu
cd "$(dirname "$0")/.."
build=$(cd "$1" && pwd)
version=$(meson introspect "$build" --projectinfo | python3 -c 'import json,sys; print(json.load(sys.stdin)["version"])')
machine=$(dpkg --print-architecture)
work=$2
root=$(pwd)/$work/callpark_${version}_$machine
rm -rf "$work"
mkdir -p "$root/DEBIAN" "$work/debian"

DESTDIR=$root meson install -C "$build" --quiet >/dev/null
[ -x "$root/usr/bin/callparkd" ] || { echo "package: callparkd was not installed" >&2; exit 1; }
find "$root/usr/bin" -type f -exec strip --strip-unneeded {} +
install -D -m 644 LICENSE "$root/usr/share/doc/callpark/copyright"
install -D -m 644 CHANGELOG.md "$root/usr/share/doc/callpark/CHANGELOG.md"
tools/man.sh "$build/callparkctl" "$work/man"
for page in "$work"/man/*.[0-9]; do
    gzip -9n <"$page" | install -D -m 644 /dev/stdin "$root/usr/share/man/man${page##*.}/${page##*/}.gz"
done
completions=$root/usr/share
"$build/callparkctl" completion bash | install -D -m 644 /dev/stdin "$completions/bash-completion/completions/callparkctl"
"$build/callparkctl" completion zsh | install -D -m 644 /dev/stdin "$completions/zsh/vendor-completions/_callparkctl"
"$build/callparkctl" completion fish | install -D -m 644 /dev/stdin "$completions/fish/vendor_completions.d/callparkctl.fish"

# dpkg-shlibdeps reads which packages the programs are linked with; it insists on a debian/control.
printf 'Source: callpark\nPackage: callpark\nArchitecture: any\n' >"$work/debian/control"
needs=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info "$root"/usr/bin/* 2>/dev/null |
    sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<CONTROL
Package: callpark
Version: $version
Architecture: $machine
Maintainer: callpark contributors <maintainers@callpark.invalid>
Section: comm
Priority: optional
Depends: $needs
Description: SIP call park server
 Parks telephone calls for any SIP phone system: a call is transferred to it, the caller hears music, and
 anybody who dials the number that the parker was told takes the call out again.
CONTROL
dpkg-deb --root-owner-group --build "$root" "$work" >/dev/null
echo "$work/callpark_${version}_$machine.deb"
