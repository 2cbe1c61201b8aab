#!/bin/sh
# Benchmarks, each with its peer in the same run. usage: tests/bench/run.sh BUILD
# BENCH=name runs one: see the table at the end. The official CLI is a peer where npm can
# bring it (npm's registry, into a temporary folder), nginx where it is installed.
set -u
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
only=${BENCH:-}
found=
export LC_ALL=C.UTF-8 TZ=UTC
SANDTOP_BIN=$build/sandtop
BENCH_PEER=$build/tests/bench/peer_mhd
export SANDTOP_BIN BENCH_PEER
unset TMUX STY ZELLIJ E2B_API_KEY E2B_DOMAIN E2B_API_URL E2B_SANDBOX_URL SANDTOP_PROFILE

quiet() { # COMMAND...: without the test library's own lines
	"$@" 2>&1 | grep -vE '^\[ *(=|-|RUN|OK|PASSED)|^$'
}

bench() { # NAME TITLE COMMAND...
	name=$1 title=$2
	shift 2
	[ -z "$only" ] || [ "$only" = "$name" ] || return 0
	found=yes
	[ -z "$title" ] || echo "== $title"
	"$@"
	echo
}

echo "load before: $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null), $(nproc) cores"
echo
bench term 'emulator (MB/s)' "$build/tests/bench/bench_term"
bench wire 'data frames (ns)' "$build/tests/bench/bench_wire"
bench fleet 'ten thousand sandboxes in the model (ms)' "$build/tests/bench/bench_fleet"
for name in first-frame flood echo create idle; do
	bench $name "the screen: $name" quiet "$build/tests/bench/bench_screen" $name
done
bench cli 'the command line' sh "$here/cli.sh" "$SANDTOP_BIN"
bench create-api 'create a sandbox' quiet "$build/tests/bench/bench_service" create-api
bench first-output 'create to first output' \
	sh "$here/first_output.sh" "$SANDTOP_BIN" "$build/interop"
bench tiny 'tiny JSON answers' quiet "$build/tests/bench/bench_service" tiny
bench transfer '1 GiB of a file' quiet "$build/tests/bench/bench_service" transfer
bench thousand '1,000 idle sandboxes' quiet "$build/tests/bench/bench_crowd" thousand
bench ptys 'PTYs that flood' quiet "$build/tests/bench/bench_crowd" ptys
if [ -z "$found" ]; then
	echo "no bench $only: term wire fleet first-frame flood echo create idle cli" \
		'create-api first-output tiny transfer thousand ptys' >&2
	exit 2
fi
