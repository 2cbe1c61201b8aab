#!/bin/sh
# Every benchmark, with its peer in the same run. usage: tests/bench/run.sh BUILD
# The official CLI is a peer where npm can bring it (npm's registry, into a temporary folder).
set -u
build=$1
export LC_ALL=C.UTF-8 TZ=UTC
SANDTOP_BIN=$(cd "$build" && pwd)/sandtop
export SANDTOP_BIN
unset TMUX STY ZELLIJ E2B_API_KEY E2B_DOMAIN E2B_API_URL E2B_SANDBOX_URL SANDTOP_PROFILE

echo '== emulator (MB/s)'
"$build/tests/bench/bench_term"
echo
echo '== data frames (ns)'
"$build/tests/bench/bench_wire"
echo
echo '== ten thousand sandboxes in the model (ms)'
"$build/tests/bench/bench_fleet"
echo
echo '== the screen'
"$build/tests/bench/bench_screen" ${BENCH:-} 2>&1 | grep -vE '^\[|^$'
echo
echo '== the command line'
sh tests/bench/cli.sh "$SANDTOP_BIN"
