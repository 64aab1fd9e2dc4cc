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

# Music goes with it. A store keeps a file for a day after the last setting named it, so for a
# store that has it not, other.json has another file in its place.
tone() { # FILE, HOW HIGH
    python3 - "$@" <<'END'
import math, struct, sys, wave
with wave.open(sys.argv[1], "wb") as w:
    w.setnchannels(1), w.setsampwidth(2), w.setframerate(8000)
    w.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i / int(sys.argv[2])))) for i in range(16000)))
END
}
tone "$E2E_DIR/hold.wav" 3
tone "$E2E_DIR/other.wav" 5
ctl 0 '' music set "$E2E_DIR/hold.wav" --range Lobby
ctl 0 '"data"' definitions export --with-music
cp "$out" "$E2E_DIR/music.json"
ctl 0 'as it says already' definitions diff -f "$E2E_DIR/music.json"
ctl 0 '' music reset --range Lobby
ctl 0 'all made' definitions apply -f "$E2E_DIR/music.json" --prune --yes
ctl 0 'hold.wav' music get --range Lobby
python3 - "$E2E_DIR" <<'END'
import base64, hashlib, json, sys
d = sys.argv[1]
text, new = open(d + "/music.json").read(), open(d + "/other.wav", "rb").read()
old = json.loads(text)["music"][0]
assert base64.b64decode(old["data"]) == open(d + "/hold.wav", "rb").read()
text = text.replace(old["data"], base64.b64encode(new).decode()).replace("hold.wav", "other.wav")
open(d + "/wrong.json", "w").write(text.replace(old["sha256"], "0" * 64))
open(d + "/other.json", "w").write(text.replace(old["sha256"], hashlib.sha256(new).hexdigest()))
END
ctl 7 'not that of the file' definitions apply -f "$E2E_DIR/wrong.json" --yes
ctl 0 'would be made' definitions apply -f "$E2E_DIR/other.json" --dry-run
ctl 0 'hold.wav' music get --range Lobby
ctl 0 'all made' definitions apply -f "$E2E_DIR/other.json" --prune --yes
ctl 0 'other.wav' music get --range Lobby

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
