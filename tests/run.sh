#!/bin/sh
# Runs test programs and sums up. usage: tests/run.sh BUILD [unit|program|judged]
# judged: all of them, then E2B's own clients.
# Ends with "N passed, N failed, N skipped" alone on a line; exit 1 on any failure.
set -u
build=$1
kind=${2:-all}
logs=$build/tests/logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0

# A sealed environment: no key, no config, no colour wish of the person leaks in.
unset E2B_API_KEY E2B_DOMAIN E2B_API_URL E2B_SANDBOX_URL E2B_DEBUG SANDTOP_PROFILE NO_COLOR \
	http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy TMUX STY ZELLIJ
LC_ALL=C.UTF-8 TZ=UTC
SANDTOP_BIN=$(cd "$build" && pwd)/sandtop
export LC_ALL TZ SANDTOP_BIN

count() { # pattern file
	sed -n "s/^\[ *$1 *\] \([0-9][0-9]*\) test(s).*/\1/p" "$2" | tail -n 1
}

run_one() {
	name=$(basename "$1")
	log=$logs/$(echo "$1" | sed "s|^$build/tests/||; s|/|-|g").log
	timeout "${TEST_TIMEOUT:-180}" "$1" >"$log" 2>&1 </dev/null
	status=$?
	ok=$(count PASSED "$log") bad=$(count FAILED "$log") out=$(count SKIPPED "$log")
	passed=$((passed + ${ok:-0})) skipped=$((skipped + ${out:-0}))
	if [ "$status" -ne 0 ]; then
		failed=$((failed + ${bad:-1}))
		echo "FAIL $name (status $status, log $log)"
		tail -n 40 "$log"
	else
		echo "ok   $name (${ok:-0})"
	fi
	# cmocka counts a skipped test neither way in every version: name them.
	grep -h '^\[  SKIPPED \]' "$log" | grep -v 'test(s)' || true
}

list=
[ "$kind" = program ] || list="$list $(find "$build/tests/unit" -type f -name 'test_*' ! -name '*.*' 2>/dev/null | sort)"
[ "$kind" = unit ] || list="$list $(find "$build/tests/program" -type f -name 'test_*' ! -name '*.*' 2>/dev/null | sort)"
for program in $list; do
	run_one "$program"
done

# Its last line is counted, not shown: there is one sum.
run_judges() {
	log=$logs/interop.log
	: >"$log"
	sh tests/interop/run.sh "$build" 2>&1 | tee "$log" | grep -vE '^[0-9]+ passed, |^$'
	sum=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
	if [ -z "$sum" ]; then
		echo "FAIL interop: it died (log $log)"
		failed=$((failed + 1))
		return
	fi
	# shellcheck disable=SC2086
	set -- $sum
	passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + $5))
}
[ "$kind" != judged ] || run_judges

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
