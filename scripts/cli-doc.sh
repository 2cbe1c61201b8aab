#!/bin/sh
# Writes docs/cli.md from the command table, through the program itself. usage: cli-doc.sh SANDTOP
set -eu
sandtop=$1
cd "$(dirname "$0")/.."
{
	cat docs/cli.head.md
	printf '\n## All commands\n\n```\n'
	"$sandtop" help
	printf '```\n'
	for command in ls info create kill pause resume ttl shell exec metrics logs auth doctor reset \
		'host start' 'host stop' 'host status' 'host env' 'host run' 'host sample'; do
		printf '\n### sandtop %s\n\n```\n' "$command"
		# the options of every command stand above, once
		# shellcheck disable=SC2086
		"$sandtop" $command --help | sed '/^Options of every command/,$d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
		printf '```\n'
	done
} >docs/cli.md
