#!/bin/sh
# Writes the schema's files as C to stdout: tools/embed-sql.sh 001-first.sql 002-next.sql ...
# As bytes, because ISO C promises no string literal of more than 4095.
set -eu
export LC_ALL=C

echo '/* Made by tools/embed-sql.sh from src/store/schema/. */'
echo '#include "store/sqlite.h"'
echo
wanted=1
for file in "$@"; do
    name=$(basename "$file" .sql)
    number=$(echo "${name%%-*}" | sed 's/^0*//')
    [ "$number" = "$wanted" ] || { echo "$file: number $wanted is wanted here" >&2; exit 1; }
    printf 'static const char sql_%s[] = {\n' "$number"
    od -An -v -tx1 "$file" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
    printf '0x00};\n\n'
    wanted=$((wanted + 1))
done
echo 'const struct migration sqlite_migrations[] = {'
for file in "$@"; do
    name=$(basename "$file" .sql)
    printf '    { "%s", sql_%s },\n' "$name" "$(echo "${name%%-*}" | sed 's/^0*//')"
done
echo '};'
echo "const unsigned sqlite_migration_count = $((wanted - 1));"
