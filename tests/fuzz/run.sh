#!/bin/sh
# Runs fuzz targets on their kept inputs. usage: tests/fuzz/run.sh TARGET...
# TARGET is build/fuzz/fuzz_NAME; its inputs are tests/fuzz/corpus/NAME, its words
# tests/fuzz/NAME.dict if there is one. FUZZ_SECONDS (60) for each target. New inputs
# go to a directory beside the target; KEEP=1 merges those that reach new code into
# the kept ones. A finding is left beside the target, and the exit status is 1.
set -u
seconds=${FUZZ_SECONDS:-60}
here=$(dirname "$0")
failed=0
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"

[ $# -gt 0 ] || { echo "usage: $0 TARGET..." >&2; exit 2; }

for target in "$@"; do
	name=$(basename "$target")
	name=${name#fuzz_}
	kept=$here/corpus/$name
	grown=$target.corpus
	log=$target.log
	mkdir -p "$kept" "$grown"
	set -- -max_total_time="$seconds" -timeout=3 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$target-found-"
	[ -f "$here/$name.dict" ] && set -- "$@" -dict="$here/$name.dict"
	if "$target" "$@" "$grown" "$kept" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "ok   $name (${runs:-0} inputs in ${seconds}s)"
	else
		failed=1
		echo "FAIL $name (log $log)"
		tail -n 40 "$log"
	fi
	if [ "${KEEP:-}" = 1 ]; then
		"$target" -merge=1 -timeout=3 "$kept" "$grown" >"$log.merge" 2>&1
	fi
done
exit $failed
