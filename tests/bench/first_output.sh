#!/bin/sh
# The npm package's way to a first output. usage: first_output.sh SANDTOP INTEROP-CACHE
# Skipped where `make test-interop` has not fetched the package.
set -u
sandtop=$1 cache=$2
here=$(cd "$(dirname "$0")" && pwd)
node=$cache/node/node_modules/node/bin/node
[ -x "$node" ] || node=$(command -v node) || node=
if [ -z "$node" ] || [ ! -d "$cache/js/node_modules/e2b" ]; then
	echo 'create to first output, JS SDK     skipped: `make test-interop` fetches the SDK'
	exit 0
fi
dir=$(mktemp -d)
cleanup() { "$sandtop" host stop >/dev/null 2>&1; rm -rf "$dir"; }
trap cleanup EXIT
export HOME="$dir" SANDTOP_CONFIG_DIR="$dir/config" XDG_STATE_HOME="$dir/state"
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
"$sandtop" host start >/dev/null || exit 1
eval "$("$sandtop" host env)"
ln -s "$cache/js/node_modules" "$dir/node_modules"
cp "$here/first_output.mjs" "$dir"
cd "$dir" && timeout 120 "$node" first_output.mjs
