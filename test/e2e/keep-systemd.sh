#!/bin/sh
# The same under systemd itself, with the unit of packaging/ as far as a test can have it: a manager of its own in
# namespaces of its own. Skipped where that cannot be.
# time-limit: 300
. "$(dirname "$0")/lib.sh"

skip() {
    echo "1..0 # SKIP $1"
    exit 0
}
[ "$(id -u)" = 0 ] || skip "only for root"
[ -x /lib/systemd/systemd ] || skip "no systemd"
unshare --mount --pid --fork true 2>/dev/null || skip "no namespaces"

# shellcheck disable=SC2046
set -- $(e2e_ports 2)
E2E_SIP=$1 web=$2
e2e_rtp $$
E2E_DIR=$e2e_dir E2E_SOCKET=$e2e_dir/admin.sock
export E2E_SIP E2E_DIR E2E_SOCKET
cat >"$e2e_dir/callpark.conf" <<CONF
[node]
name = e2e
destination = pool1.example.com
[sip]
listen = udp:127.0.0.1:$E2E_SIP
listen = tcp:127.0.0.1:$E2E_SIP
trusted = 127.0.0.1/32
[media]
rtp-ports = $rtp-$((rtp + 998))
[web]
listen = 127.0.0.1:$web
admin-socket = $E2E_SOCKET
[store]
url = sqlite:$e2e_dir/callpark.db
CONF

# What a manager of a user cannot do goes: another user, folders of the system, rights. The watchdog has less patience.
mkdir -p "$e2e_dir/.config/systemd/user" "$e2e_dir/run"
{
    sed -e 's|^ExecStart=.*|ExecStart='"$CALLPARKD -c $e2e_dir/callpark.conf"'|' -e 's/^WatchdogSec=.*/WatchdogSec=10/' \
        -e '/network-online/d' \
        -e '/^\(User\|RuntimeDir\|StateDir\|Capability\|Protect\|Private\|Restrict\|LimitN\|NoNew\|Lock\|Memory\|SystemCall\)/d' \
        "$e2e_root/packaging/callpark.service.in" | sed '/^\[Install\]/,$d'
    printf 'StandardOutput=append:%s\nStandardError=append:%s\n' "$e2e_dir/callparkd.log" "$e2e_dir/callparkd.log"
    env | sed -n 's/^\(\(A\|L\|UB\)SAN_OPTIONS=.*\)$/Environment="\1"/p'
} >"$e2e_dir/.config/systemd/user/callpark.service"

cat >"$e2e_dir/inside" <<'SH'
# Its own view of all that systemd looks at; nothing outside changes.
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && mount -t tmpfs tmpfs /sys/fs/cgroup || exit 77
mkdir -p /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
mount -t cgroup -o none,name=systemd systemd /sys/fs/cgroup/systemd && mount -t proc proc /proc || exit 77
mkdir -p "/sys/fs/cgroup/systemd/callpark-$2" && echo $$ >"/sys/fs/cgroup/systemd/callpark-$2/cgroup.procs" || exit 77
export XDG_RUNTIME_DIR="$E2E_DIR/run" HOME="$E2E_DIR"
/lib/systemd/systemd --user --unit=basic.target >"$E2E_DIR/systemd.log" 2>&1 &
tries=0
until systemctl --user show >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || exit 77
    sleep 0.1
done
exec python3 "$1"
SH
export PYTHONPATH="$e2e_here" PYTHONDONTWRITEBYTECODE=1
unshare --mount --pid --fork --kill-child sh "$e2e_dir/inside" "$e2e_here/keep_systemd.py" $$
status=$?
rmdir "/sys/fs/cgroup/systemd/callpark-$$" 2>/dev/null
[ $status != 77 ] || skip "systemd does not come up here"
exit $status
