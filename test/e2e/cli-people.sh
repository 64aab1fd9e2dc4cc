#!/bin/sh
# callparkctl for users, roles, tokens, sessions, the audit trail and definitions, on the socket and signed in.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start
. "$e2e_here/ctl.sh"
export CALLPARK_CONFIG="$E2E_DIR/contexts/config.json"
url=http://127.0.0.1:$web
echo 'correct horse battery' >"$E2E_DIR/password"

# typed CODE PART WORD...: the same with the password on standard input.
typed() {
    code=$1 part=$2
    shift 2
    "$CALLPARKCTL" "$@" --password-stdin >"$out" 2>"$err" <"$E2E_DIR/password"
    got=$?
    if [ $got = "$code" ] && cat "$out" "$err" | grep -qF -- "$part"; then
        result ok "$* --password-stdin: $code"
    else
        result 'not ok' "$* --password-stdin ends with $code and says '$part' (it was $got)"
    fi
}

# somewhere CODE PART WORD...: not on the socket, but as the environment or the context says.
somewhere() { ( unset CALLPARK_SOCKET; ctl "$@"; [ $failed = 0 ] ) || failed=1; count=$((count + 1)); }
elsewhere_typed() { ( unset CALLPARK_SOCKET; typed "$@"; [ $failed = 0 ] ) || failed=1; count=$((count + 1)); }

# Set-up
ctl 0 "$url/setup#token=" setup
ctl 0 'user 0 on the admin socket' whoami
typed 0 'administrator all' user add anna --role administrator
typed 5 'anna' user add Anna --role viewer
typed 0 'attendant site:Here' user add desk --role attendant --site Here
typed 7 'role' user add emil --role emperor
ctl 2 'standard input' user passwd desk
ctl 5 'for whom' setup
ctl 0 "$url/signin#link=" setup --user anna
ctl 0 'sip:101@127.0.0.1' user update desk --phone sip:101@127.0.0.1
ctl 0 'viewer' role grant desk viewer
ctl 0 'attendant' role list --user desk
ctl 5 '' user disable anna
ctl 2 'only done with --yes' user rm desk

# Signed in over HTTP
elsewhere_typed 0 'signed in' login anna --url "$url" --name here
somewhere 0 anna whoami
somewhere 0 here context list
somewhere 0 '' range create Lobby 7000 7019
somewhere 0 '' range update Lobby --end 7029
mode=$(stat -c %a "$CALLPARK_CONFIG")
if [ "$mode" = 600 ]; then result ok 'nobody else may read the contexts'; else result 'not ok' "contexts have mode $mode"; fi
chmod 644 "$CALLPARK_CONFIG"
somewhere 1 'chmod 600' whoami
chmod 600 "$CALLPARK_CONFIG"
echo 'quite another word' >"$E2E_DIR/password"
elsewhere_typed 4 '' login anna --url "$url"
somewhere 0 'cpk_pat_' token create board --permissions calls.read --expires 1d
CALLPARK_TOKEN=$(cat "$out")
export CALLPARK_TOKEN
ctl 0 none call list --url "$url"
ctl 2 '--destination' range create Attic 400 409 --url "$url"
ctl 4 'ranges.write' range create Attic 400 409 -d pool1.example.com --url "$url"
unset CALLPARK_TOKEN
ctl 0 board token list
somewhere 0 'signed out' logout
somewhere 2 'signed in nowhere' logout

# The audit trail
ctl 0 'range.updated' audit list --action range
ctl 0 'auth.login_failed' audit list --action auth
ctl 0 'each as it was written' audit verify
undo=$("$CALLPARKCTL" audit list --action range.updated -o name | head -n 1)
ctl 0 'could be taken back' audit undo "$undo" -n
ctl 2 'only done with --yes' audit undo "$undo"
ctl 0 'taken back' audit undo "$undo" --yes
ctl 0 '7019' range get Lobby
ctl 5 '' audit undo "$undo" --yes
ctl 0 'range.updated' audit export --since 1h

# Looking
ctl 0 '6980' range gaps 6980 7099
ctl 0 'none' range gaps 7000 7019
ctl 2 'both ends' range gaps 7000
ctl 7 '' range gaps 7000 x
ctl 0 'pickup_timeout' settings set pickup_timeout=60 --range Lobby
ctl 0 '90' settings diff --range Lobby
ctl 0 'nothing is different' settings diff --site Here
ctl 0 'sip-listeners' system health
ctl 0 'settings.updated' event history --topics settings
ctl 0 'callparkctl call list' cheat

# What was written down is changed behind the server's back
sqlite3 "$E2E_DIR/callpark.db" "UPDATE audit SET actor = 'nobody' WHERE id = 3" 2>"$err"
ctl 1 'entry 3' audit verify

ctl_end
