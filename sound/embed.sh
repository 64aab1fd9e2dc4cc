#!/bin/sh
# Writes C that holds sound files as they are: embed.sh OUT FILE... What stands before the first dash of
# a name is a folder in the program: en-digit-7.snd is "en/digit-7". The assembler takes the bytes in, which
# is quick for megabytes, where a compiler would take minutes over an array.
set -eu
out=$1
shift

{
    echo '/* Written by sound/embed.sh. */'
    echo '#include "media/builtin.h"'
    n=0
    for file; do
        path=$(realpath "$file")
        # `;` ends a line for the assembler as well.
        cat <<END
extern const uint8_t builtin_${n}_start[], builtin_${n}_end[];
__asm__(".pushsection .rodata; .balign 4; .global builtin_${n}_start, builtin_${n}_end;"
        "builtin_${n}_start: .incbin \"$path\"; builtin_${n}_end: .byte 0; .popsection");
END
        n=$((n + 1))
    done
    echo 'const struct builtin_sound builtin_sounds[] = {'
    n=0
    for file; do
        name=$(basename "$file" .snd | sed 's,-,/,')
        echo "    { \"$name\", builtin_${n}_start, builtin_${n}_end },"
        n=$((n + 1))
    done
    echo '    { 0, 0, 0 },'
    echo '};'
} >"$out"
