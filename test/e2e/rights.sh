#!/bin/sh
# A server that runs as nobody, with what it may not do and what it must not tell: passwords, keys, PINs, tokens.
# time-limit: 150
# The folder of a test run, and perhaps that of the checkout, is closed to nobody.
unset TMPDIR
. "$(dirname "$0")/lib.sh"
if [ "$(id -u)" = 0 ]; then
    chown 65534:65534 "$e2e_dir"
    install -m 755 "$CALLPARKD" "$e2e_dir/callparkd"
    cat >"$e2e_dir/as-nobody" <<AS
#!/bin/sh
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$e2e_dir/callparkd" "\$@"
AS
    chmod 755 "$e2e_dir/as-nobody"
    CALLPARKD=$e2e_dir/as-nobody
fi
CALLPARK_SIP_AUTH_USER=gate CALLPARK_SIP_AUTH_PASSWORD=secret-of-environment
export CALLPARK_SIP_AUTH_USER CALLPARK_SIP_AUTH_PASSWORD
e2e_start '[peer.provider]
networks = 192.0.2.7
auth-user = we
auth-password = secret-of-the-file'
e2e_phones rights.py
