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

# Mean wall time of a command in microseconds, over RUNS in a row after one to warm up.
mean() { # RUNS COMMAND...
	runs=$1
	shift
	"$@" >/dev/null 2>&1
	start=$(date +%s%N)
	for i in $(seq "$runs"); do "$@" >/dev/null 2>&1; done
	end=$(date +%s%N)
	echo $(((end - start) / 1000 / runs))
}

ours=$(mean 40 "$sandtop" ls)
printf 'sandtop ls            %8d us\n' "$ours"
if (cd "$dir" && npm install --silent @e2b/cli >/dev/null 2>&1) && [ -x "$dir/node_modules/.bin/e2b" ]; then
	theirs=$(mean 5 "$dir/node_modules/.bin/e2b" sandbox list)
	printf 'e2b sandbox list      %8d us   %d times ours (reach >= 50)\n' "$theirs" $((theirs / ours))
else
	echo 'e2b sandbox list      skipped: npm cannot bring @e2b/cli here'
fi
