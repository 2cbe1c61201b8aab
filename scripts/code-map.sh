#!/bin/sh
# Writes docs/code-map.md: the rooms and arrows from docs/code-map.head.md, then one sentence
# per file, taken from the "name - sentence" comment each file opens with.
set -eu
cd "$(dirname "$0")/.."

sentence() { # the first sentence of the opening comment, "name - " cut off
	awk '
		/^\/\*/ { inside = 1 }
		inside {
			line = $0
			sub(/^\/\*+ */, "", line); sub(/^ *\* */, "", line); end = sub(/ *\*\/.*$/, "", line)
			if (line != "") text = text (text == "" ? "" : " ") line
			else if (text != "") exit
			if (end || $0 ~ /\*\//) exit
		}
		!inside && NR > 3 { exit }
		END {
			sub(/^[a-z0-9_]+ - /, "", text)
			if (match(text, /[.;:] /)) text = substr(text, 1, RSTART)
			sub(/[;:.,]$/, "", text)
			print text
		}' "$1"
}

{
	cat docs/code-map.head.md
	for room in base config wire net term fleet host host/init tui cli; do
		printf '\n## %s/\n\n' "$room"
		for file in "$room"/*.h "$room"/*.c; do
			[ -f "$file" ] || continue
			case $file in
			*.c) [ -f "${file%.c}.h" ] && continue ;;
			esac
			text=$(sentence "$file")
			name=$(basename "$file")
			case $file in
			*.h) [ -f "${file%.h}.c" ] && name="$(basename "$file" .h).[ch]" ;;
			esac
			printf '* `%s`: %s\n' "$name" "${text:-(says nothing about itself)}"
		done
	done
} >docs/code-map.md
