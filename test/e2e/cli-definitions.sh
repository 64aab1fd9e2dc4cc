#!/bin/sh
# callparkctl definitions, system backup and restore: the whole configuration out and in again.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start
. "$e2e_here/ctl.sh"
export CALLPARK_CONFIG="$E2E_DIR/contexts/config.json"
url=http://127.0.0.1:$web
echo 'correct horse battery' >"$E2E_DIR/password"
"$CALLPARKCTL" range create Lobby 7000 7019 >"$out" 2>"$err"
"$CALLPARKCTL" settings set pickup_timeout=60 --range Lobby >"$out" 2>"$err"
"$CALLPARKCTL" user add anna --role administrator --password-stdin <"$E2E_DIR/password" >"$out" 2>"$err"
"$CALLPARKCTL" user add desk --role attendant --site Here --password-stdin <"$E2E_DIR/password" >"$out" 2>"$err"

# Definitions
ctl 0 '"callpark-definitions"' definitions export
cp "$out" "$E2E_DIR/all.json"
ctl 0 'as it says already' definitions diff -f "$E2E_DIR/all.json"
ctl 0 '' range delete Lobby --yes
ctl 0 'create' definitions apply -f "$E2E_DIR/all.json" --dry-run
ctl 0 'all made' definitions apply -f "$E2E_DIR/all.json"
ctl 0 '7019' range get Lobby
ctl 0 '60' settings get pickup_timeout --range Lobby
ctl 7 'line 1' definitions apply -f "$E2E_DIR/password"
ctl 2 'which file' definitions apply

# Backup and restore
ctl 0 'whole' system backup "$E2E_DIR/copy.db"
ctl 0 '' range update Lobby --name Foyer
ctl 0 '' user rm desk --yes
ctl 0 'would be made' system restore "$E2E_DIR/copy.db" --dry-run
ctl 0 'all made' system restore "$E2E_DIR/copy.db" --yes
ctl 0 'Lobby' range list
ctl 0 'desk' user list
ctl 7 '' system restore "$E2E_DIR/password" --yes
ctl 0 'each as it was written' audit verify

ctl 0 'each as it was written' audit verify

ctl_end
