#!/bin/sh
# Installs what is missing of the Debian packages of some groups: tools/install.sh GROUP...
# Costs one dpkg-query when nothing is missing. CALLPARK_INSTALL=no leaves the machine as it is.
set -eu
list=$(dirname "$0")/packages.txt

wanted=$(awk -v groups="$*" '
    BEGIN { n = split(groups, g, " "); for (i = 1; i <= n; i++) want[g[i]] = 1 }
    /^#/ { next }
    { for (i = 2; i <= NF; i++) if ($i in want) { print $1; next } }' "$list")

# Node.js comes from many sources, and Debian's npm does not go with all of them: one that is there will do.
if command -v npm >/dev/null && node -e 'process.exit(+(parseInt(process.versions.node) < 18))' 2>/dev/null; then
    wanted=$(printf '%s\n' "$wanted" | grep -vx -e nodejs -e npm) || true
fi

say() { printf 'dev: %s\n' "$*" >&2; }

if [ "${CALLPARK_INSTALL:-yes}" = no ]; then
    exit 0
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is not Debian, so nothing is installed for you. What is needed, by Debian's names:"
    echo "$wanted" | tr '\n' ' ' | fold -s -w 90 >&2
    say "Install what corresponds to it, then set CALLPARK_INSTALL=no and try again."
    exit 1
fi

# shellcheck disable=SC2086  # one word for each package is meant
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
    sed -n 's/^installed //p') || true
missing=$(printf '%s\n' "$installed" "$wanted" | sort | uniq -u)
# What dpkg-query does not know at all is missing too; what is listed twice is there.
[ -n "$missing" ] || exit 0

say "installing" $missing
root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        say "that needs root, and there is no sudo. As root: apt-get install" $missing
        exit 1
    fi
    root=sudo
fi

# A test wants Kamailio's program, not its service: while packages are set up, no service starts. This is
# what policy-rc.d is for; one that the machine already has stays and decides.
# shellcheck disable=SC2016,SC2086
$root env DEBIAN_FRONTEND=noninteractive sh -eu -c '
    policy=/usr/sbin/policy-rc.d
    kamailio_was=$(dpkg-query -W -f "\${db:Status-Status}" kamailio 2>/dev/null || true)
    if [ ! -e $policy ]; then
        trap "rm -f $policy" EXIT
        trap "exit 130" INT TERM HUP
        printf "#!/bin/sh\nexit 101\n" >$policy
        chmod 755 $policy
    fi
    apt="apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
    $apt update >/dev/null || echo "dev: apt-get update failed; trying with the lists there are" >&2
    $apt install -y --no-install-recommends "$@" >/dev/null || {
        echo "dev: apt-get could not install all of it (its own words stand above)." >&2
        echo "dev: Is there a network, and is this Debian 12 with its main archive?" >&2
        exit 1
    }
    if [ "$kamailio_was" != installed ] && [ -d /run/systemd/system ]; then
        case " $* " in
        *" kamailio "*) systemctl disable kamailio >/dev/null 2>&1 || true ;;
        esac
    fi
' install $missing
