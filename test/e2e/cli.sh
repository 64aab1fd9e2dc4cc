#!/bin/sh
# callparkctl against a real server: every noun, every format, every exit code.
# time-limit: 120
. "$(dirname "$0")/lib.sh"
e2e_start

. "$e2e_here/ctl.sh"

# 0: done
ctl 0 ready status
ctl 0 'callparkd' version
ctl 0 '"node":"e2e"' status -o json
ctl 0 'none' range list
prints '' range list -o name
ctl 0 '"items":[]' range list -o json
ctl 0 rng_ range create Lobby 7000 7019
ctl 0 'dry run' range create Later 7100 7119 -n
ctl 0 '*800' range create 'Sales, North' '*800' '*819' --destination ApplicationServer:pool1.example.com
prints "Lobby
Sales, North" range list -o name
prints "name,start
Lobby,7000
\"Sales, North\",*800" range list --fields name,start -o csv
ctl 0 pool1.example.com range get lobby
ctl 0 Lobby range find 7005
ctl 0 7029 range update Lobby --end 7029
ctl 0 'Reception' range update Lobby --name Reception
ctl 0 free range validate 7200 7209
prints Reception range list --name 'rec*' -o name
ctl 0 lru settings get --effective Reception
ctl 0 120 settings set pickup_timeout=2m music_on_hold=off --range Reception
ctl 0 'range rng_' settings get pickup_timeout --effective Reception
ctl 0 off settings reset pickup_timeout --range Reception
ctl 0 '' settings reset --range Reception --yes
ctl 0 Berlin site add Berlin
ctl 0 Berlin destination add pool2.example.com --site Berlin
ctl 0 Here destination update pool2.example.com --site Here
ctl 0 pool2.example.com destination list
ctl 0 removed destination remove pool2.example.com --yes
ctl 0 removed site remove Berlin --yes
ctl 0 free orbit get 7001
ctl 0 'parked in orbit' explain --from +4930123456 --to park --referred-by 105
ctl 0 'it rings 105 back, attempt 1 of 1 after 1:30' explain --from +4930123456 --to park --referred-by 105
ctl 0 'an orbit of range Reception' explain --from 105 --to 7001
ctl 0 '"decision":"park"' explain --from 105 --to 7001 -o json
ctl 0 'refused with 403' explain --from 105 --to 7001 --source 203.0.113.9
prints refuse explain --from 105 --to 9999 -o name
ctl 0 'no call is parked' explain --from 105 --to '7001' --action retrieve --fields code,reason
ctl 2 'who calls, and what is dialled' explain --from 105
ctl 7 'must be an address' explain --from 105 --to 7001 --source nowhere
ctl 0 none call list
ctl 0 outcome record export --since 7d
ctl 0 'callparkctl range create' range create --help
ctl 0 'range validate' help range
ctl 0 '_callparkctl()' completion bash
ctl 0 'complete -c callparkctl' completion fish
ctl 0 draining system drain
ctl 0 draining status
ctl 0 'again' system undrain
ctl 0 again system reload
ctl 0 whole system backup "$E2E_DIR/backup.db"

# A file goes out and comes back, names with commas and numbers with stars and all.
"$CALLPARKCTL" range export >"$E2E_DIR/ranges.csv"
ctl 0 unchanged range import "$E2E_DIR/ranges.csv" --upsert
ctl 0 deleted range delete 'Sales, North' --yes
ctl 0 created range import "$E2E_DIR/ranges.csv" --upsert
ctl 0 '=cmd' range create '=cmd|x' '#100' '#109'
"$CALLPARKCTL" range export >"$E2E_DIR/ranges.csv" # with a guard before the name, which comes off again
ctl 0 unchanged range import "$E2E_DIR/ranges.csv" --upsert
prints "name,start
\"'=cmd|x\",#100" range get '=cmd|x' -o csv --fields name,start
ctl 0 deleted range delete '=cmd|x' --yes
printf 'Identity;NumberRangeStart;NumberRangeEnd;Type\r\nRed;300;309;CallPark\r\n' >"$E2E_DIR/lync.csv"
ctl 0 created range import "$E2E_DIR/lync.csv" --destination pool1.example.com
ctl 0 300 range get red

# Events: the first to come after the snapshot is the change that is made meanwhile.
timeout 20 "$CALLPARKCTL" event tail --topics ranges --count 2 -o ndjson >"$E2E_DIR/events" 2>&1 &
tail=$!
tries=0
until grep -q snapshot "$E2E_DIR/events" || [ $tries = 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
ctl 0 deleted range delete Red --yes
wait $tail
cp "$E2E_DIR/events" "$out"
if grep -q '"event":"range.deleted"' "$out"; then result ok 'event tail shows it'; else result 'not ok' 'event tail shows it'; fi

# 1: an error
"$CALLPARKCTL" range list >/dev/full 2>"$err"
if [ $? = 1 ]; then result ok 'a full disk: 1'; else result 'not ok' 'a full disk ends with 1'; fi

# 2: usage, or no consent
ctl 2 "did you mean 'range list'?" rnage list
ctl 2 "did you mean '--destination'?" range list --destnation x
ctl 2 "did you mean 'pickup_timeout'?" settings set pickup_timeuot=90
ctl 2 'needs more' range create Lobby
ctl 2 'only done with --yes' range delete Reception
ctl 2 'one of table' range list -o yaml
ctl 2 'nothing to change' range update Reception
ctl 2 'no length of time' call extend 7001 soon

# 3: not found
ctl 3 "no range 'Nix'" range get Nix
ctl 3 'no call is parked at 7001' call get 7001
ctl 3 'in no range' range find 42
ctl 3 '' destination get nowhere.example.com
ctl 3 '' call timeline call_0000000000ZZZ

# 4: not permitted
CALLPARK_TOKEN=wrong
export CALLPARK_TOKEN
web=$(sed -n 's/^listen = \(127.0.0.1:[0-9]*\)$/\1/p' "$E2E_DIR/callpark.conf")
ctl 4 '' --url "http://$web" range list
unset CALLPARK_TOKEN
CALLPARK_TOKEN_FILE=$E2E_DIR/callpark.db.token
export CALLPARK_TOKEN_FILE
ctl 0 Reception --url "http://$web" range list

# 5: conflict, with what is in the way and where there is room
ctl 5 'in the way: Reception 7000-7029' range create Other 7020 7039
ctl 5 'free block of that size: 7030-7049' range create Other 7020 7039
ctl 5 'Reception' range create reception 7300 7309
ctl 5 '"type":"/api/problems/range-overlap"' range create Other 7020 7039 -o json
ctl 5 'in the way' range validate 7020 7039

# 6: nobody there
ctl 6 'is callparkd running' --socket "$E2E_DIR/nowhere.sock" status
ctl 6 'is callparkd running' --url http://127.0.0.1:1 status

# 7: not valid
ctl 7 '' range create Bad 7100 70
ctl 7 10s settings set pickup_timeout=1
ctl 7 '' range update Reception --start 0700
printf 'nothing\nhere\n' >"$E2E_DIR/bad.csv"
ctl 7 'no list of ranges' range import "$E2E_DIR/bad.csv" --partial

# 8: done in part
printf 'name,start,end,destination\nGood,400,409,pool1.example.com\nClash,7000,7009,pool1.example.com\n' >"$E2E_DIR/part.csv"
ctl 5 'Clash' range import "$E2E_DIR/part.csv"
ctl 3 Good range get Good
ctl 8 "'Clash' is left out" range import "$E2E_DIR/part.csv" --partial
ctl 0 400 range get Good

# Calls, with the callers of the demo.
"$CALLPARKCTL" demo --calls 3 >"$E2E_DIR/demo" 2>&1 &
demo=$!
tries=0
until grep -q Ctrl-C "$E2E_DIR/demo" || [ $tries = 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
first=$(sed -n '1s/ .*//p' "$E2E_DIR/demo") second=$(sed -n '2s/ .*//p' "$E2E_DIR/demo")
ctl 0 'Alice Example' call list
ctl 0 'Alice Example' call get "$first"
ctl 0 call.parked call timeline "$first"
ctl 0 'Dr. Weber' call note "$first" 'wants Dr. Weber'
ctl 0 longer call extend "$first" 60s
ctl 2 'who is to get the call' call retrieve "$first"
ctl 7 '' call transfer "$first" --to 'not a uri'
ctl 0 'Alice Example' orbit get "$first"
ctl 2 'only done with --yes' call hangup "$second"
ctl 0 'hung up' call hangup "$second" --yes
ctl 0 hung_up record list --outcome hung_up
kill -TERM $demo
wait $demo
cp "$E2E_DIR/demo" "$out"
ctl 0 none call list

ctl_end
