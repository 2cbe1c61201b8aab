#!/bin/sh
# Shows what a sandbox cannot reach: starts a local host of its own with two sandboxes and
# lets the first try, as "user" and as root. Prints a row per attempt; exit 1 if one
# succeeded, 2 if it could not be shown. usage: scripts/show-walls.sh [BUILD]
set -u
build=${1:-build}
bin=$(cd "$build" && pwd)/sandtop
dir=$(mktemp -d) || exit 2
work=$dir/work
mkdir "$work"
echo "only the person reads this" >"$work/secret"
chmod 644 "$work/secret"
chmod 755 "$dir" "$work"
export SANDTOP_CONFIG_DIR="$dir/config"
unset E2B_API_KEY E2B_API_URL E2B_SANDBOX_URL E2B_DOMAIN SANDTOP_PROFILE
listener=

finish() {
	"$bin" host stop >/dev/null 2>&1
	[ -z "$listener" ] || kill "$listener" 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 2' INT TERM

"$bin" host start >/dev/null || exit 2
rung=$("$bin" host status | sed -n 's/^isolation: //p')
echo "isolation: $rung"
case $rung in plain*)
	echo "skipped: there are no walls on this machine"
	exit 2
	;;
esac
eval "$("$bin" host env)"
api=${E2B_API_URL##*:}

# What there is to find: a service on loopback, an abstract socket, a process, a neighbour.
cat >"$dir/listen.py" <<'END'
import socket, sys, time
tcp = socket.create_server(("127.0.0.1", 0))
name = socket.socket(socket.AF_UNIX)
name.bind("\0sandtop-walls-" + sys.argv[1])
name.listen(5)
print(tcp.getsockname()[1], flush=True)
while True:
    time.sleep(3600)
END
python3 "$dir/listen.py" $$ >"$dir/port" &
listener=$!
while [ ! -s "$dir/port" ]; do
	kill -0 "$listener" || exit 2
done
port=$(cat "$dir/port")

create() { "$bin" create base --ttl 10m; }
here=$(create | tail -n 1) there=$(create | tail -n 1)
[ -n "$here" ] && [ -n "$there" ] || exit 2
"$bin" exec "$there" -- 'echo theirs >/tmp/theirs; chmod 644 /tmp/theirs'
"$bin" exec -d "$there" -- 'exec python3 -m http.server -b 0.0.0.0 3000' >/dev/null
"$bin" exec --user root "$there" -- 'touch /usr/theirs' 2>/dev/null
"$bin" exec -d "$there" -- 'exec sleep 98765' >/dev/null
# Until the neighbour's service listens (0BB8 is 3000).
until "$bin" exec "$there" -- 'grep -q :0BB8 /proc/net/tcp'; do :; done

reached=0 tried=0
# The attempt succeeds, and is a hole, if the script ends with 0.
try() { # what script
	for user in user root; do
		tried=$((tried + 1))
		if said=$("$bin" exec -u "$user" "$here" -- "$2" 2>&1 </dev/null); then
			verdict="REACHED: $said"
			reached=$((reached + 1))
		else
			verdict=refused
		fi
		printf '%-58s %-5s %s\n' "$1" "$user" "$verdict"
	done
}
python() { printf "python3 -c '%s'" "$1"; }
tcp() { # address port
	python "import socket; socket.create_connection((\"$1\", $2), 2)"
}

# If the way of asking is broken, everything looks refused.
"$bin" exec "$here" -- 'python3 -c "import socket, ctypes" && cat /etc/passwd >/dev/null' ||
	{ echo "nothing can be tried: commands do not run"; exit 2; }

try "the person's files" "cat '$work/secret'"
try "the person's home" "ls -d '$HOME'/.[a-z]* | grep -vE '/\.(profile|bashrc|bash_logout|cache|config|local|npm)\$'"
try "the host's key and state" "cat '$SANDTOP_CONFIG_DIR'/*"
try "the machine's files through another process's root" "cat /proc/[0-9]*/root$work/secret"
try "/etc/shadow" "cat /etc/shadow /.sandtop/etc/shadow"
try "the machine's name" "{ uname -n; hostname; cat /etc/hostname /etc/hosts /proc/sys/kernel/hostname; } 2>/dev/null | grep -Fw '$(uname -n)'"
try "the neighbour's files" "cat /tmp/theirs || find / -xdev -name theirs 2>/dev/null | grep ."
try "the neighbour's processes" "pgrep -f '^sleep 98765'"
try "the neighbour's port 3000" "$(tcp 127.0.0.1 3000)"
try "a service on the machine's loopback" "$(tcp 127.0.0.1 "$port")"
try "the same through the gateway" "$(tcp 10.0.2.2 "$port")"
try "the host's API" "$(tcp 127.0.0.1 "$api")"
try "the host's API through the gateway" "$(tcp 10.0.2.2 "$api")"
try "an abstract socket of the machine" "$(python "import socket; socket.socket(socket.AF_UNIX).connect(\"\\0sandtop-walls-$$\")")"
try "a process of the machine by its number" "kill -0 $$"
try "memory of the supervisor" "head -c 1 /proc/1/mem"
try "descriptors of the supervisor" "ls /proc/1/fd/3 /proc/1/fd/4"
try "to trace the supervisor (PTRACE_SEIZE)" "$(python "import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0x4206, 1, None, None) < 0)")"
try "to read the supervisor's memory (process_vm_readv)" "$(python "import ctypes, sys
c = ctypes.CDLL(None, use_errno=True)
class V(ctypes.Structure): _fields_ = [(\"at\", ctypes.c_void_p), (\"n\", ctypes.c_size_t)]
b = ctypes.create_string_buffer(8)
mine, its = V(ctypes.addressof(b), 1), V(4096, 1)
c.process_vm_readv(1, ctypes.byref(mine), 1, ctypes.byref(its), 1, 0)
sys.exit(ctypes.get_errno() == 1)")"
try "a descriptor of the supervisor (pidfd_getfd)" "$(python "import os, ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(438, os.pidfd_open(1), 3, 0) < 0)")"
try "to end the supervisor" "kill -9 1; kill -STOP 1; false"
try "to write /proc/sys" "echo x >/proc/sys/kernel/core_pattern"
try "to mount over it" "mount -t tmpfs none /proc/sys"
try "what the neighbour wrote to /usr" "ls /usr/theirs"
try "to lift its own layer off /usr" "umount /usr || unshare -Urm umount /usr"
try "the layers themselves" "ls /.sandtop/system/usr || ls /.sandtop/layer/usr"
try "to make /usr writable" "mount -o remount,rw,bind /usr"
try "raw disks" "mknod /tmp/disk b 8 0 || cat /dev/sda /dev/vda /dev/nvme0n1"
try "memory of the machine" "head -c 1 /dev/mem || head -c 1 /proc/kcore"
try "/sys" "ls /sys/kernel"
try "its cgroup's files" "ls /sys/fs/cgroup/cgroup.procs || mount -t cgroup2 none /tmp"
try "the kernel's log" "dmesg"
try "keys of the person's session" "$(python "import ctypes, os, sys; sys.exit(ctypes.CDLL(None).syscall({\"x86_64\": 250, \"aarch64\": 219}[os.uname().machine], 0, -3, 0) < 0)")"
try "a namespace of another" "nsenter -t 1 -a true"
try "programs whose file makes one root" "find / -xdev -perm -4000 -type f 2>/dev/null | while read p; do \"\$p\" --help >/dev/null 2>&1; done; su -c true || test \"\$(id -u)\" != 0 -a \"\$(grep NoNewPrivs /proc/self/status | tr -dc 01)\" != 1"

echo
echo "$tried tried, $reached reached"
[ "$("$bin" exec "$here" -- 'echo alive')" = alive ] || { echo "the sandbox is gone"; exit 1; }
[ "$reached" -eq 0 ]
