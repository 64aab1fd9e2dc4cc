#!/bin/sh
# Fails when a file under src/ includes what its layer must not see, or holds a lock outside of src/sys.
# tools/check-layers.sh [ROOT]; ROOT is the folder that src/ is in. The picture is in docs/ARCHITECTURE.md.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 2

includes=$(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' src \
    --include='*.c' --include='*.h' --include='*.inc' | awk '
    BEGIN {
        # Which layers a layer sees besides itself.
        sees["base"] = ""
        sees["core"] = sees["sys"] = "base"
        sees["sip"] = sees["media"] = sees["store"] = sees["http"] = "core sys base"
        sees["app"] = "sip media store http core sys base"
        sees["api"] = "app http core sys base"
        sees["ctl"] = "core sys base"
        sees["main.c"] = "api app sip media store http core sys base"

        # Which files may include a library.
        only["sofia-sip/"] = "^src/sip/"
        only["sqlite3"] = "^src/store/sqlite[^/]*$"
        only["libpq"] = "^src/store/pg[^/]*$"
        only["microhttpd"] = "^src/http/"
        only["gnutls"] = "^src/http/"
        only["zlib"] = "^src/api/page[.]c$"
        only["jansson"] = "^src/(http|api|ctl)/"
        only["curl/"] = "^src/ctl/client[^/]*$"
        only["ini.h"] = "^src/app/config[^/]*$"
        only["sodium"] = "^src/(app/|api/|ctl/|store/chain[.]c$)"
        only["systemd/"] = "^src/(main[.]c$|app/)"
        only["spandsp"] = only["sndfile"] = only["samplerate"] = only["opus"] = "^src/media/"
        only["seccomp"] = "^src/sys/confine[^/]*$"
        only["wslay"] = "^src/sip/front"
        only["openssl/"] = "^src/(sip|media)/"
    }
    {
        split($0, part, ":")
        file = part[1]
        split(file, folder, "/")
        layer = folder[2]
        what = $0
        sub(/^[^<"]*[<"]/, "", what)
        quoted = $0 ~ /include[ \t]*"/
        sub(/[>"].*$/, "", what)
        if (!(layer in sees))
            print file ":" part[2] ": src/" layer " is no layer that tools/check-layers.sh knows"
        else if (quoted || what ~ /^(base|core|sys|sip|media|store|http|app|api|ctl)\//) {
            split(what, target, "/")
            if (what ~ /^\./ || what !~ /\//)
                print file ":" part[2] ": \"" what "\" should be named from src/, as \"core/range.h\" is"
            else if (target[1] != layer && index(" " sees[layer] " ", " " target[1] " ") == 0)
                print file ":" part[2] ": " layer " does not see " target[1] " (\"" what "\")"
        }
        for (library in only)
            if (index(what, library) == 1 && file !~ only[library])
                print file ":" part[2] ": <" what "> belongs in " only[library] " alone"
    }')

locks=$(grep -rnE '\<(pthread_(mutex|cond|rwlock|spin|barrier)_[a-z]+|mtx_[a-z]+|sem_(init|wait|post))[[:space:]]*\(' \
    src --include='*.c' --include='*.h' | grep -v '^src/sys/' |
    sed 's/\(:[0-9]*:\).*/\1 locks live in src\/sys alone; threads talk through sys\/queue.h/')

[ -z "$includes$locks" ] && exit 0
printf '%s\n' "$includes" "$locks" | sed '/^$/d'
exit 1
