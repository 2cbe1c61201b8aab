#!/bin/sh
# What the build, the program and the tests need from the system's packages.
# usage: deps.sh build|run|test|interop|bench|screenshots
# Installs what is missing when CI=true or YES=1, asks on a terminal, else says the command.
set -u
goal=${1:-build}

build="build-essential pkg-config libncurses-dev ncurses-term libvterm-dev libcurl4-openssl-dev
libuv1-dev libmicrohttpd-dev libjansson-dev libinih-dev libsqlite3-dev
zlib1g-dev"
# the second line is what sandboxes find: ready commands of the SDKs ask ss and curl
run="bubblewrap slirp4netns uidmap
python3 procps iproute2 curl"
test="libcmocka-dev tmux htop vim-tiny less python3-matplotlib python3-pandas"
screenshots="fonts-dejavu-core librsvg2-bin"

case $goal in
build) want=$build ;;
run) want="$build $run" ;;
test) want="$build $run $test" ;;
interop) want="$build $run" ;;
bench) want="$build $run $test" ;;
screenshots) want="$build $run $test $screenshots" ;;
*) echo "deps.sh: unknown goal $goal" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
	exit 0 # not Debian or Ubuntu: the compiler will name what is missing
fi

# E2B's own clients need these, from wherever they come; without them, or where apt-get
# cannot bring them, those suites are skipped and say why.
add_clients() {
	clients=
	command -v node >/dev/null 2>&1 || clients="$clients nodejs"
	command -v npm >/dev/null 2>&1 || clients="$clients npm"
	python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || clients="$clients python3-venv"
	[ -n "$clients" ] && { [ "${CI:-}" = true ] || [ "${YES:-}" = 1 ]; } || return 0
	[ "$(id -u)" = 0 ] && sudo= || sudo=sudo
	echo "Packages for E2B's clients:$clients"
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends \
		$clients >/dev/null 2>&1 || echo "They could not be installed."
}

finish() {
	case $goal in test | interop) add_clients ;; esac
	exit 0
}

missing=
for package in $want; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
		missing="$missing $package"
done
[ -z "$missing" ] && finish

as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
echo "Missing packages:$missing"
if [ "${CI:-}" != true ] && [ "${YES:-}" != 1 ]; then
	if [ ! -t 0 ]; then
		echo "Install them with: $as_root apt-get install$missing   (or say YES=1)" >&2
		exit 1
	fi
	printf 'Install them now with apt-get? [y/N] '
	read -r answer
	case $answer in
	y | Y | yes) ;;
	*)
		echo "Install them with: $as_root apt-get install$missing" >&2
		exit 1
		;;
	esac
fi
export DEBIAN_FRONTEND=noninteractive
# An old package list names files that are gone: refresh it and try once more.
# shellcheck disable=SC2086
$as_root apt-get install -y -q $missing >/dev/null 2>&1 ||
	{ $as_root apt-get update -q && $as_root apt-get install -y -q $missing; } || exit 1
finish
