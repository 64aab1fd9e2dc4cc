#!/bin/sh
# The check of the layers is itself worth something only if it can fail: one wrong line each.
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
n=0

# verdict NAME FILE LINE EXPECTED
verdict() {
    n=$((n + 1))
    rm -rf "$tree/src"
    mkdir -p "$tree/src/$(dirname "$2")"
    printf '%s\n' "$3" >"$tree/src/$2"
    if "$root/tools/check-layers.sh" "$tree" >"$tree/said"; then got=passes; else got=fails; fi
    if [ $got = "$4" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1: $got"
        sed 's/^/# /' "$tree/said"
    fi
}
passes() { verdict "$1 passes" "$2" "$3" passes; }
fails() { verdict "$1 fails" "$2" "$3" fails; }

passes 'core sees base' core/a.c '#include "base/err.h"'
passes 'core sees core' core/a.c '#include "core/b.h"'
passes 'an edge sees core and sys' sip/a.c '#include "sys/queue.h"'
passes 'app sees edges' app/a.c '#include "store/store.h"'
passes 'api sees app' api/a.c '#include "app/app.h"'
passes 'main sees all' main.c '#include "api/api.h"'
passes 'ctl sees core' ctl/a.c '#include "core/range.h"'
passes 'a library in its folder' store/sqlite.c '#include <sqlite3.h>'
passes 'a lock in sys' sys/queue.c 'pthread_mutex_lock(&q->lock);'

fails 'base to core' base/a.c '#include "core/b.h"'
fails 'core to sys' core/a.c '#include "sys/clock.h"'
fails 'sys to core' sys/a.c '#include "core/range.h"'
fails 'core to an edge' core/a.h '#include "store/store.h"'
fails 'an edge to another' sip/a.c '#include "media/media.h"'
fails 'an edge to app' http/a.c '#include "app/app.h"'
fails 'an arrow in other clothes' core/a.c '  #  include <sys/clock.h>'
fails 'app to api' app/a.c '#include "api/api.h"'
fails 'api to sip' api/a.c '#include "sip/sip.h"'
fails 'ctl to http' ctl/a.c '#include "http/server.h"'
fails 'a name that starts nowhere' core/a.c '#include "range.h"'
fails 'a way round' core/a.c '#include "../sys/clock.h"'
fails 'a folder that is no layer' extra/a.c '#include "base/err.h"'
fails 'Sofia-SIP in app' app/a.c '#include <sofia-sip/nta.h>'
fails 'SQLite beside its file' store/mem.c '#include <sqlite3.h>'
passes 'libsodium in the chain' store/chain.c '#include <sodium.h>'
fails 'libsodium beside the chain' store/sqlite.c '#include <sodium.h>'
fails 'libmicrohttpd in api' api/a.c '#include <microhttpd.h>'
fails 'inih beside the config' app/app.c '#include <ini.h>'
fails 'a lock in media' media/a.c '    pthread_mutex_lock(&m->lock);'
echo "1..$n"
