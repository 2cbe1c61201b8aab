#!/bin/sh
# The first minute: a local host, a sample fleet on it, the dashboard. usage: run.sh SANDTOP
set -eu
sandtop=$1

"$sandtop" host start
"$sandtop" host sample
if [ -t 0 ] && [ -t 1 ]; then
	exec "$sandtop" --profile local
fi
"$sandtop" --profile local ls
echo "No terminal here: run '$sandtop --profile local' in one to see the dashboard."
