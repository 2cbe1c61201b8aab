#!/bin/sh
# Cheap and certain checks over the tree: banned functions, walls between rooms, headers
# that compile alone, sizes, formatting. Exit 1 on any finding.
set -u
cd "$(dirname "$0")/.." || exit 2
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
report() { # title, lines on stdin
	lines=$(cat)
	[ -n "$lines" ] || return 0
	printf '%s\n%s\n\n' "$1" "$lines" | tee -a "$findings"
}
sources() { git ls-files -- '*.c' '*.h' | grep -v '^tests/'; }

sources | grep -v '^host/init/' | xargs grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strncpy|strncat|gets|strtok|atoi|atol|sscanf|alloca)\s*\(' |
	report 'banned functions (base/str.h and base/buf.h have what to use):'
sources | grep -vE '^base/mem.c|^host/init/' | xargs grep -nE '\b(malloc|calloc|realloc|strdup|strndup|asprintf)\s*\(' |
	grep -vE '\bx(malloc|calloc|realloc|strdup|strndup|asprintf)' | report 'memory outside base/mem.h:'
git grep -nE '\b(TODO|FIXME|XXX)\b' -- '*.c' '*.h' | report 'loose ends:'
git grep -nE '\b(u?sleep|nanosleep)\s*\(' -- 'tests/*.c' | report 'sleeps in tests:'
git grep -nE '\bsleep\b' -- tests/interop | report 'sleeps in tests of other languages:'

wall() { # room pattern
	git ls-files -- "$1/*.c" "$1/*.h" | xargs -r grep -nE "#include *[<\"]($2)" | report "$1/ may not include:"
}
wall base '(config|wire|net|term|fleet|host|tui|cli)/|curses|vterm|curl|jansson'
wall config '(wire|net|term|fleet|host|tui|cli)/|curses|vterm|curl'
wall wire '(config|net|term|fleet|host|tui|cli)/|curses|vterm|curl|uv\.h'
wall net '(config|term|fleet|host|tui|cli)/|curses|vterm|jansson'
wall term '(config|wire|net|fleet|host|tui|cli)/|curses|curl|jansson|uv\.h'
wall fleet '(config|term|host|tui|cli)/|curses|vterm|curl|jansson'
wall host '(config|net|term|fleet|tui|cli)/|curses|vterm'
wall tui '(config|wire|net|host|cli)/|vterm|curl|jansson'
wall cli '(config|host|tui)/|curses|vterm|curl'

for header in $(git ls-files -- '*.h' | grep -vE '^(tests|host/init)/'); do
	printf '#include "%s"\n' "$header" |
		${CC:-cc} -std=c11 -D_GNU_SOURCE -DNCURSES_WIDECHAR=1 -DVERSION='"0"' -I. -fsyntax-only -x c - 2>&1 | head -n 3
done | report 'headers that do not compile alone:'

sources | xargs wc -l | awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines" }' | report 'long files:'
sources | grep '\.c$' | xargs awk 'FNR == 1 { open = 0 } /^\{/ { open = FNR } /^\}/ { if (open && FNR - open > 80) print FILENAME ":" open ": " FNR - open " lines"; open = 0 }' |
	report 'long functions:'
if command -v clang-format >/dev/null 2>&1; then
	git ls-files '*.c' '*.h' | xargs clang-format --dry-run 2>&1 | grep -E 'warning:' | cut -d: -f1 | sort -u | report 'not formatted (make format):'
fi
if [ -s "$findings" ]; then
	exit 1
fi
echo 'lint: nothing found'
