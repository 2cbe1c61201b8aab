#!/bin/sh
# PNGs of the real program into screenshots/. usage: screenshots.sh BUILD
set -eu
build=$1
svg=$(mktemp -d)
trap 'rm -rf "$svg"' EXIT
unset TMUX STY ZELLIJ E2B_API_KEY E2B_DOMAIN E2B_API_URL E2B_SANDBOX_URL SANDTOP_PROFILE NO_COLOR
SANDTOP_BIN=$(cd "$build" && pwd)/sandtop
export SANDTOP_BIN LC_ALL=C.UTF-8 TZ=UTC
"$build/tests/screenshots/shoot" "$svg" >"$svg/log" 2>&1 || { cat "$svg/log"; exit 1; }
mkdir -p screenshots
for picture in "$svg"/*.svg; do
	name=$(basename "$picture" .svg)
	rsvg-convert -o "screenshots/$name.png" "$picture"
	echo "screenshots/$name.png"
done
