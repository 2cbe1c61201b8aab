# The bash kernel of the code interpreter: evaluates cells in this shell, so that variables,
# functions and the directory stay. host/kernel.h has the protocol. Read by `eval`; all
# names begin with __st_ and leave no other trace.
__st_mark=$SANDTOP_MARK
unset SANDTOP_MARK
exec {__st_in}<&0 0</dev/null

__st_frame() { # into __st_text
	local LC_ALL=C n
	IFS= read -r -u "$__st_in" n || exit 0
	__st_text=
	[ "$n" -eq 0 ] || IFS= read -r -d '' -N "$n" -u "$__st_in" __st_text || exit 0
}

__st_done() { # STATUS
	printf '\0%s\0%s\0' "$__st_mark" "$1"
	printf '\0%s\0%s\0' "$__st_mark" "$1" >&2
}

# What the request sets in the environment is undone by these words after the cell.
__st_set() { # NAME=value
	local name=${1%%=*}
	[[ $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || return 0
	if [ -n "${!name+set}" ]; then
		printf -v __st_undo '%sexport %s=%q;' "$__st_undo" "$name" "${!name}"
	else
		__st_undo+="unset $name;"
	fi
	export "$1"
}

# An interrupt ends the cell and not the shell: from then on each command is answered by
# a return from where it stands, until the cell is left.
__st_return() { [[ " ${FUNCNAME[*]} " != *" __st_cell "* ]] || return 2; }
__st_stop() {
	shopt -s extdebug
	set -T
	trap __st_return DEBUG
}
__st_cell() { eval "$1"; }
__st_run() {
	trap __st_stop INT
	__st_cell "$1"
	__st_status=$?
	trap - DEBUG
	trap '' INT
	shopt -u extdebug
	set +T
}

trap '' INT
__st_done 0
while :; do
	__st_undo=
	__st_frame
	for ((__st_n = __st_text; __st_n > 0; __st_n--)); do
		__st_frame
		__st_set "$__st_text"
	done
	__st_frame
	__st_run "$__st_text"
	eval "$__st_undo"
	__st_done "$__st_status"
done
