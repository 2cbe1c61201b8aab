#!/bin/sh
# Lets E2B's own clients, pinned, judge the local host. usage: tests/interop/run.sh BUILD
# Packages come from npm and PyPI into BUILD/interop, once. Whatever cannot be had is
# skipped and said. Ends with "N passed, N failed, N skipped"; exit 1 on any failure.
set -u
JS_PINS='e2b@2.51.0 @e2b/cli@2.19.0 @e2b/code-interpreter@2.8.0'
PY_PINS='e2b==2.63.0 e2b-code-interpreter==2.11.5'
NODE_PIN='node@22.12.0'

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/interop"
sandtop=$(cd "$1" && pwd)/sandtop
cache=$(cd "$1/interop" && pwd)
work=$(mktemp -d)
passed=0 failed=0 skipped=0

unset E2B_API_KEY E2B_DOMAIN E2B_API_URL E2B_SANDBOX_URL E2B_DEBUG E2B_ACCESS_TOKEN E2B_TEAM_ID \
	SANDTOP_PROFILE NODE_OPTIONS PYTHONPATH PYTHONHOME

last_word() { # LOG: what a failed installation gives as the reason
	grep -E '^(npm error|npm ERR!|ERROR)' "$1" | head -n 1 | cut -c 1-200 | grep . ||
		echo 'it did not end in time'
}

skip() { # WHY SUITE...
	why=$1
	shift
	for suite in "$@"; do
		echo "skipped $suite: $why"
		skipped=$((skipped + 1))
	done
}

new_enough() { # NODE: what the packages ask for
	"$1" -e 'const [a, b, c] = process.versions.node.split(".").map(Number)
		const old = a < 20 || a === 21 || (a === 20 && (b < 18 || (b === 18 && c < 1)))
		process.exit(old ? 1 : 0)' 2>/dev/null
}

# FOLDER ARGUMENT...: npm packages into a folder, remembered once complete
npm_into() {
	folder=$1
	shift
	[ "$(cat "$folder/complete" 2>/dev/null)" = "$*" ] && return 0
	rm -rf "$folder"
	mkdir -p "$folder" && echo '{"private":true}' >"$folder/package.json"
	timeout 300 npm install --prefix "$folder" --no-audit --no-fund --save-exact \
		--fetch-retries=1 --fetch-timeout=30000 "$@" >"$folder.log" 2>&1 </dev/null ||
		return 1
	echo "$*" >"$folder/complete"
}

# An unreachable registry shall cost seconds, not minutes.
npm_answers() {
	timeout 25 npm view "${JS_PINS%% *}" version --fetch-retries=0 --fetch-timeout=8000 \
		>"$cache/js.log" 2>&1 </dev/null
}

pip_answers() {
	mkdir -p "$work/probe"
	timeout 25 "$cache/py/bin/pip" download -q --no-deps --retries 0 --timeout 8 \
		-d "$work/probe" "${PY_PINS%% *}" >"$cache/py.log" 2>&1 </dev/null
}

why_no_js=
prepare_js() {
	command -v npm >/dev/null 2>&1 || { why_no_js='npm is missing'; return; }
	[ "$(cat "$cache/js/complete" 2>/dev/null)" = "--ignore-scripts $JS_PINS" ] || npm_answers ||
		{ why_no_js="npm's registry does not answer: $(last_word "$cache/js.log")"; return; }
	node=$(command -v node)
	if [ -z "$node" ] || ! new_enough "$node"; then
		npm_into "$cache/node" "$NODE_PIN" ||
			{ why_no_js="no Node >= 20.18.1, and none from npm: $(last_word "$cache/node.log")"; return; }
		node=$cache/node/node_modules/node/bin/node
		new_enough "$node" || { why_no_js='the Node from npm does not run here'; return; }
	fi
	# shellcheck disable=SC2086
	npm_into "$cache/js" --ignore-scripts $JS_PINS ||
		why_no_js="npm could not install: $(last_word "$cache/js.log")"
}

why_no_py=
prepare_py() {
	command -v python3 >/dev/null 2>&1 || { why_no_py='python3 is missing'; return; }
	[ "$(cat "$cache/py/complete" 2>/dev/null)" = "$PY_PINS" ] && return
	rm -rf "$cache/py"
	python3 -m venv "$cache/py" >"$cache/py.log" 2>&1 ||
		{ why_no_py='python3 cannot make a venv (python3-venv is missing?)'; return; }
	pip_answers ||
		{ why_no_py="PyPI does not answer: $(last_word "$cache/py.log")"; return; }
	# shellcheck disable=SC2086
	timeout 300 "$cache/py/bin/pip" install -q --retries 1 --timeout 30 $PY_PINS \
		>"$cache/py.log" 2>&1 </dev/null ||
		{ why_no_py="pip could not install: $(last_word "$cache/py.log")"; return; }
	echo "$PY_PINS" >"$cache/py/complete"
}

run_suite() { # SUITE COMMAND...
	suite=$1 log=$cache/$1.log
	shift
	case $1 in
	run_*) "$@" >"$log" 2>&1 ;;
	*) timeout "${TEST_TIMEOUT:-300}" "$@" >"$log" 2>&1 </dev/null ;;
	esac
	status=$?
	good=$(grep -c '^ok   ' "$log")
	bad=$(grep -c '^FAIL ' "$log")
	none=$(grep -c '^skip ' "$log")
	grep '^end of suite$' "$log" >/dev/null || {
		bad=$((bad + 1))
		echo "FAIL $suite: it died (status $status)"
		tail -n 20 "$log"
	}
	sed -n "s/^ok   /ok   $suite: /p; s/^FAIL /FAIL $suite: /p; s/^skip /skipped $suite: /p" "$log"
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + none))
}

# LANGUAGE: every public method that the packages have must have been called and every error
# met (calls.mjs, calls.py), but for what not_here.txt excuses
run_coverage() {
	awk '
		FNR == NR { if ($1 && $1 != "#") excused[$1] = 1; next }
		excused[$2] { next }
		$1 == "public" { public[$2] = 1 }
		$1 == "called" { called[$2] = 1 }
		END {
			for (name in public) {
				split(name, part, ".")
				all[part[1]]++
				if (!called[name]) missed[part[1]] = missed[part[1]] " " part[2]
			}
			for (type in all)
				if (type in missed) printf "FAIL %s: never met:%s\n", type, missed[type]
				else printf "ok   %s: all %d met\n", type, all[type]
			if (length(all) < 5) print "FAIL nothing was recorded"
			print "end of suite"
		}' "$here/not_here.txt" "$cache/$1.calls"
}

end() {
	"$sandtop" host stop >/dev/null 2>&1
	rm -rf "$work"
}

prepare_js
prepare_py

# A host of its own: nothing of the person's is read, nothing is left.
mkdir -m 700 "$work/home" "$work/config" "$work/state" "$work/run" "$work/suites"
HOME=$work/home SANDTOP_CONFIG_DIR=$work/config XDG_CONFIG_HOME=$work/config
XDG_STATE_HOME=$work/state XDG_RUNTIME_DIR=$work/run LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1
NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
export HOME SANDTOP_CONFIG_DIR XDG_CONFIG_HOME XDG_STATE_HOME XDG_RUNTIME_DIR LC_ALL TZ NO_COLOR \
	NO_PROXY no_proxy
trap end EXIT
trap 'exit 1' INT TERM HUP
"$sandtop" host start >"$work/start.log" 2>&1 || {
	cat "$work/start.log"
	echo
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}
eval "$("$sandtop" host env)"
cp "$here"/*.mjs "$here"/*.py "$here"/*.sh "$work/suites"
cd "$work/suites" || exit 1

if [ -n "$why_no_js" ]; then
	skip "$why_no_js" sandbox.mjs commands.mjs pty.mjs files.mjs git.mjs templates.mjs interpreter.mjs coverage.js cli.sh cli_pty.py
else
	ln -s "$cache/js/node_modules" node_modules
	INTEROP_CALLS=$cache/js.calls
	export INTEROP_CALLS
	: >"$INTEROP_CALLS"
	cli=$cache/js/node_modules/@e2b/cli/dist/index.js
	for suite in sandbox.mjs commands.mjs pty.mjs files.mjs git.mjs templates.mjs interpreter.mjs; do
		run_suite $suite "$node" $suite
	done
	run_suite coverage.js run_coverage js
	run_suite cli.sh sh cli.sh "$node" "$cli"
	if command -v python3 >/dev/null 2>&1; then
		run_suite cli_pty.py python3 cli_pty.py "$node" "$cli"
	else
		skip 'python3 is missing' cli_pty.py
	fi
fi
if [ -n "$why_no_py" ]; then
	skip "$why_no_py" sandbox.py commands.py files.py async.py git.py templates.py interpreter.py coverage.py
else
	INTEROP_CALLS=$cache/py.calls
	export INTEROP_CALLS
	: >"$INTEROP_CALLS"
	for suite in sandbox.py commands.py files.py async.py git.py templates.py interpreter.py; do
		run_suite $suite "$cache/py/bin/python" $suite
	done
	run_suite coverage.py run_coverage py
fi

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
