#!/bin/sh
# Writes files, one after the other, as an array of bytes in C. usage: embed.sh NAME FILE... >OUT.c
set -eu
name=$1
shift
printf '/* Made by scripts/embed.sh from %s. */\n#include "host/kernel_drivers.h"\n\n' "$*"
printf 'const char kernel_%s_text[] = {\n' "$name"
cat "$@" | od -An -v -tx1 | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
printf '};\nconst size_t kernel_%s_len = sizeof kernel_%s_text;\n' "$name" "$name"
