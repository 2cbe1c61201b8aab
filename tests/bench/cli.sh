#!/bin/sh
# `sandtop ls` beside `e2b sandbox list` on the same local host. usage: cli.sh SANDTOP
set -u
sandtop=$1
dir=$(mktemp -d)
cleanup() { "$sandtop" host stop >/dev/null 2>&1; rm -rf "$dir"; }
trap cleanup EXIT
export HOME="$dir" SANDTOP_CONFIG_DIR="$dir/config"

"$sandtop" host start >/dev/null || exit 1
eval "$("$sandtop" host env)"
for i in 1 2 3; do "$sandtop" create base >/dev/null; done

# Median wall time of a command in microseconds: median RUNS COMMAND...
median() {
	runs=$1
	shift
	for i in $(seq "$runs"); do
		start=$(date +%s%N)
		"$@" >/dev/null 2>&1
		end=$(date +%s%N)
		echo $(((end - start) / 1000))
	done | sort -n | sed -n "$((runs / 2 + 1))p"
}

ours=$(median 21 "$sandtop" ls)
printf 'sandtop ls            %8d us (with the cost of starting a process and of date)\n' "$ours"
if (cd "$dir" && npm install --silent @e2b/cli >/dev/null 2>&1) && [ -x "$dir/node_modules/.bin/e2b" ]; then
	theirs=$(median 5 "$dir/node_modules/.bin/e2b" sandbox list)
	printf 'e2b sandbox list      %8d us   %d times ours (reach >= 50)\n' "$theirs" $((theirs / ours))
else
	echo 'e2b sandbox list      skipped: npm cannot bring @e2b/cli here'
fi
