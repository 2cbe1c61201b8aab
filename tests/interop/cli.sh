#!/bin/sh
# The CLI of the npm package, piped: each sandbox command, what it prints and how it exits.
# usage: cli.sh NODE CLI.JS, with the host's variables set
set -u
node=$1 cli=$2
out=$(mktemp) err=$(mktemp)
trap 'rm -f "$out" "$err"' EXIT
gone=i00000000000000000000

e2b() { timeout 60 "$node" "$cli" "$@" >"$out" 2>"$err" </dev/null; }

# check NAME STATUS PATTERN COMMAND...: exit status, and a pattern in what is printed
check() {
	name=$1 status=$2 pattern=$3
	shift 3
	e2b "$@"
	got=$?
	if [ "$got" -ne "$status" ]; then
		echo "FAIL $name: exit $got, not $status: $(head -n 3 "$err" | tr '\n' ' ')"
	elif ! cat "$out" "$err" | grep -Eq -e "$pattern"; then
		echo "FAIL $name: no '$pattern' in: $(cat "$out" "$err" | head -n 5 | tr '\n' ' ')"
	else
		echo "ok   $name"
	fi
}

check 'create --detach' 0 '^i?[a-z0-9]{19,}$' sandbox create --detach base
id=$(head -n 1 "$out")
check 'list' 0 "^$id .*base .*Running" sandbox list
check 'list --format json' 0 "\"sandboxId\": \"$id\"" sandbox list --format json
check 'list --state paused' 0 'No |^SANDBOX' sandbox list --state paused
check 'info' 0 'State: running' sandbox info "$id"
check 'info --format json' 0 '"state": "running"' sandbox info --format json "$id"
check 'exec' 0 '^said here$' sandbox exec "$id" 'echo said here'
check 'exec: exit code' 3 '.*' sandbox exec "$id" 'exit 3'
check 'exec: stderr' 0 '^to err$' sandbox exec "$id" 'echo to err >&2'
check 'exec --cwd --env --user' 0 '^/tmp:b$' \
	sandbox exec --cwd /tmp --env A=b --user root "$id" 'echo $PWD:$A'
check 'exec --background' 0 '[0-9]' sandbox exec --background "$id" 'tail -f /dev/null'
if [ "$(printf 'piped' | timeout 60 "$node" "$cli" sandbox exec "$id" 'cat' 2>"$err")" = piped ]; then
	echo 'ok   exec with piped stdin'
else
	echo "FAIL exec with piped stdin: $(head -n 3 "$err" | tr '\n' ' ')"
fi
check 'metrics' 0 'CPU: .* Memory: .* Disk: ' sandbox metrics "$id"
check 'metrics --format json' 0 '"cpuCount":' sandbox metrics --format json "$id"
check 'logs' 0 'Sandbox created' sandbox logs "$id"
check 'logs --format json' 0 '"message":"Process started"' sandbox logs --format json "$id"
check 'logs --level ERROR' 0 'Logs for sandbox' sandbox logs --level ERROR "$id"
check 'pause' 0 "$id has been paused" sandbox pause "$id"
check 'pause again' 0 'already paused' sandbox pause "$id"
check 'list --state paused, one' 0 "^$id .*Paused" sandbox list --state paused
check 'resume' 0 "$id has been resumed" sandbox resume "$id"
check 'exec after resume' 0 '^again$' sandbox exec "$id" 'echo again'
check 'kill' 0 "$id has been killed" sandbox kill "$id"
check 'kill again' 0 "wasn't found" sandbox kill "$id"
check 'logs of a killed one' 0 'Sandbox killed' sandbox logs "$id"
check 'create with lifecycle' 0 '^i?[a-z0-9]{19,}$' sandbox create --detach --timeout 120 \
	--lifecycle.ontimeout pause --lifecycle.autoresume base
id=$(head -n 1 "$out")
check 'info: lifecycle' 0 '"onTimeout": "pause"' sandbox info "$id"

# follow WHAT WORD TIMES: starts a follower and reads until it has said that so often
follow() {
	e2b sandbox create --detach base
	followed=$(head -n 1 "$out")
	mkfifo "$out.pipe"
	timeout 60 "$node" "$cli" sandbox "$1" --follow "$followed" >"$out.pipe" 2>&1 </dev/null &
	follower=$!
	exec 3<"$out.pipe"
	rm "$out.pipe"
	: >"$out.follow"
	said=0
	while [ "$said" -lt "$3" ] && IFS= read -r line <&3; do
		printf '%s\n' "$line" >>"$out.follow"
		case $line in *"$2"*) said=$((said + 1)) ;; esac
	done
}

# What it says until its end, and how it exits.
follow_out() {
	cat <&3 >>"$out.follow"
	exec 3<&-
	wait $follower
}

# A log ends when its sandbox does. This CLI looks whether it runs after it has asked for lines:
# those of the kill come or do not.
follow logs 'Sandbox created' 1
e2b sandbox kill "$followed"
if follow_out && [ "$said" -ge 1 ] &&
	grep -Eq 'Stopped printing logs|Sandbox killed' "$out.follow"; then
	echo 'ok   logs --follow'
else
	echo "FAIL logs --follow: $(head -n 5 "$out.follow" | tr '\n' ' ')"
fi

# This CLI asks only once whether the sandbox runs, so its metrics never end by themselves.
follow metrics 'CPU:' 2
kill $follower 2>/dev/null
follow_out
if [ "$said" -ge 2 ]; then
	echo 'ok   metrics --follow'
else
	echo "FAIL metrics --follow: $(head -n 5 "$out.follow" | tr '\n' ' ')"
fi
rm -f "$out.follow"
e2b sandbox kill "$followed"

check 'kill --all' 0 "$id has been killed" sandbox kill --all
check 'kill --all of none' 0 'No running sandboxes' sandbox kill --all
check 'template list' 0 'base .*512' template list
check 'template list --format json' 0 '"localbase00000000001"' template list --format json
check 'errors: info of an unknown one' 1 "wasn't found" sandbox info $gone
check 'errors: exec in an unknown one' 1 'not found' sandbox exec $gone ls
check 'errors: pause an unknown one' 1 "wasn't found" sandbox pause $gone
check 'errors: resume an unknown one' 1 "not found|wasn't found" sandbox resume $gone
check 'errors: connect to an unknown one' 1 'not found' sandbox connect $gone
check 'errors: an unknown template' 1 'no-such-template' sandbox create --detach no-such-template
E2B_API_KEY=e2b_$(printf '%040d' 0)
export E2B_API_KEY
check 'errors: a wrong key' 1 'AuthenticationError' sandbox list
echo 'end of suite'
