#!/bin/sh
# callparkd --keep: sockets and connections stay open over kill -9 and over an upgrade in place.
# time-limit: 480
. "$(dirname "$0")/lib.sh"

# The program is a file that the test can replace, as a package would.
E2E_REAL=$CALLPARKD
printf '#!/bin/sh\nexec "%s" "$@"\n' "$E2E_REAL" >"$e2e_dir/callparkd"
chmod +x "$e2e_dir/callparkd"
CALLPARKD=$e2e_dir/parent
cat >"$CALLPARKD" <<'SH'
#!/bin/bash
exec -a "$(dirname "$0")/callparkd" "$E2E_REAL" "$@"
SH
chmod +x "$CALLPARKD"
export E2E_REAL
E2E_OPTIONS=--keep
e2e_start
E2E_CONFIG=$e2e_dir/callpark.conf
export E2E_CONFIG
e2e_phones keep.py
